// RouterTracer: told of everything that a router does with messages, peers and topics, as go-libp2p-pubsub's tracer is
// (its trace.proto names the kinds and their numbers). A router without one pays a comparison for each event.
#pragma once

#include <cstdint>
#include <string_view>

#include "ghostnet/gossipsub/message.hpp"
#include "ghostnet/runtime/bytes.hpp"

namespace ghostnet::gossipsub {

enum class TraceKind : std::uint8_t {
  publish_message = 0,
  reject_message = 1,
  duplicate_message = 2,
  deliver_message = 3,
  add_peer = 4,
  remove_peer = 5,
  join = 9,
  leave = 10,
  graft = 11,
  prune = 12,
};

// Views that live as long as the call.
struct TraceEvent {
  TraceKind kind;
  ByteView peer{};  // whom it came from, or whom it is about
  ByteView message_id{};
  std::string_view topic{};
  std::string_view detail{};  // of reject_message why, of add_peer the protocol
};

class RouterTracer {
 public:
  // May not touch the router.
  virtual void trace(const TraceEvent& event) = 0;

 protected:
  ~RouterTracer() = default;
};

}  // namespace ghostnet::gossipsub
