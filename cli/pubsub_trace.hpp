// PubsubTrace: what a gossipsub router does, written to a file as go-libp2p-pubsub's JSON tracer writes it.
//
// One event a line: {"type": NUMBER, "peerID": base64 of ours, "timestamp": nanoseconds of 1970, and one object named
// after the kind}. Of the kinds of its trace.proto those about whole RPCs are left out (RECV_RPC, SEND_RPC, DROP_RPC).
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "ghostnet/gossipsub/tracer.hpp"
#include "ghostnet/libp2p/peer_id.hpp"
#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::cli {

// The line of one event, without its end.
std::string trace_line(const gossipsub::TraceEvent& event, ByteView own_id, WallTime now);

class PubsubTrace final : public gossipsub::RouterTracer {
 public:
  // Writes the file anew; "-" is refused, for standard output is for events. Errors: those of the file.
  static Result<std::unique_ptr<PubsubTrace>> create(const std::string& path, const libp2p::PeerId& own,
                                                     const Clock& clock);

  void trace(const gossipsub::TraceEvent& event) override;

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  PubsubTrace(std::FILE* file, const libp2p::PeerId& own, const Clock& clock) : file_(file), own_(own), clock_(clock) {}

  std::unique_ptr<std::FILE, Close> file_;
  libp2p::PeerId own_;
  Clock clock_;
};

}  // namespace ghostnet::cli
