// EchoClient: sends messages to echo servers and checks what comes back, byte by byte.
//
// A datagram starts with the number of its request, and what follows is a Pattern of a seed drawn for that request. A
// reply counts only when it comes from where the request went, in time, with that content; all else is a stray.
// Over a stream, every request is a new stream that carries nothing but the pattern.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "ghostnet/echo/options.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/operation_gate.hpp"
#include "ghostnet/runtime/scope.hpp"

namespace ghostnet::echo {

class EchoClient {
 public:
  EchoClient(Host& host, std::size_t max_outstanding);

  // The round-trip time. Errors: timed_out; malformed when the content had changed; limit when max_outstanding are
  // under way; closed after close(); those of sending and connecting. `request` outlives the task.
  Task<Result<Duration>> request(Endpoint server, const EchoRequest& request);

  void close() { gate_.close(); }
  // After close(): completes when no request is under way.
  Event& finished() { return gate_.idle(); }

 private:
  struct Pending;

  Task<Result<Duration>> over_udp(Endpoint server, const EchoRequest& request);
  Task<Result<Duration>> over_stream(Endpoint server, const EchoRequest& request);
  Result<UdpSocket*> socket_for(IpFamily family);
  Task<> receive(UdpSocket& socket);
  void take_reply(const ReceivedDatagram& datagram);
  Result<Duration> counted(Result<Duration> outcome);

  Host& host_;
  EchoMetrics& metrics_;
  OperationGate gate_;
  std::uint64_t next_number_;
  std::unordered_map<std::uint64_t, Pending*> pending_;
  std::array<std::unique_ptr<UdpSocket>, 2> sockets_;  // by family, opened when first needed
  Scope scope_;
};

}  // namespace ghostnet::echo
