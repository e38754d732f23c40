#include "pubsub_trace.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base64.hpp"

namespace ghostnet::cli {
namespace {

using gossipsub::TraceEvent;
using gossipsub::TraceKind;
using Json = nlohmann::ordered_json;

const char* member_of(TraceKind kind) {
  switch (kind) {
    case TraceKind::publish_message: return "publishMessage";
    case TraceKind::reject_message: return "rejectMessage";
    case TraceKind::duplicate_message: return "duplicateMessage";
    case TraceKind::deliver_message: return "deliverMessage";
    case TraceKind::add_peer: return "addPeer";
    case TraceKind::remove_peer: return "removePeer";
    case TraceKind::join: return "join";
    case TraceKind::leave: return "leave";
    case TraceKind::graft: return "graft";
    case TraceKind::prune: return "prune";
  }
  return "";
}

bool about_a_message(TraceKind kind) { return kind <= TraceKind::deliver_message; }

}  // namespace

std::string trace_line(const TraceEvent& event, ByteView own_id, WallTime now) {
  Json what = Json::object();
  if (!event.message_id.empty()) what["messageID"] = encode_base64(event.message_id);
  if (!event.peer.empty()) what[about_a_message(event.kind) ? "receivedFrom" : "peerID"] = encode_base64(event.peer);
  if (event.kind == TraceKind::reject_message) what["reason"] = event.detail;
  if (event.kind == TraceKind::add_peer) what["proto"] = event.detail;
  if (!event.topic.empty()) what["topic"] = event.topic;
  const Json line{{"type", static_cast<int>(event.kind)},
                  {"peerID", encode_base64(own_id)},
                  {"timestamp", now.time_since_epoch().count()},
                  {member_of(event.kind), std::move(what)}};
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::unique_ptr<PubsubTrace>> PubsubTrace::create(const std::string& path, const libp2p::PeerId& own,
                                                         const Clock& clock) {
  if (path == "-") return fail(Errc::invalid_argument, "--trace -: a trace goes to a file");
  std::FILE* const file = std::fopen(path.c_str(), "we");
  if (file == nullptr) return fail(error_from_errno(errno, "making the trace " + path));
  return std::unique_ptr<PubsubTrace>(new PubsubTrace(file, own, clock));
}

void PubsubTrace::trace(const TraceEvent& event) {
  fmt::print(file_.get(), "{}\n", trace_line(event, own_.bytes(), clock_.wall_now()));
}

}  // namespace ghostnet::cli
