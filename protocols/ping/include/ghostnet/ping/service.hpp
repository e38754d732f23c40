// PingService: measures round-trip times and loss to other hosts over UDP, and answers their probes.
//
//   auto ping = PingService::start(host, {});
//   Result<PingSummary> summary = co_await (*ping)->measure(Endpoint(peer, 7008), {.probes = 10, .interval = 100ms});
//
// It needs nothing but UDP: unlike the ping of ICMP, no privileges. All sessions of a host share one socket for each IP
// version, opened when first needed; replies are told apart by the session's number.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "ghostnet/ping/options.hpp"
#include "ghostnet/ping/prober.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/operation_gate.hpp"
#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/runtime/service.hpp"

namespace ghostnet::ping {

struct PingSummary {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t reordered = 0;
  Duration rtt_min{};
  Duration rtt_mean{};
  Duration rtt_max{};
  std::optional<Error> unsent{};  // why the network did not take a probe, the first time that it did not

  double loss() const { return sent == 0 ? 0 : 1 - static_cast<double>(received) / static_cast<double>(sent); }
};

class PingService final : public Service {
 public:
  using Options = PingOptions;
  using Metrics = PingMetrics;

  // Errors: those of opening the responder's sockets.
  static Result<std::unique_ptr<PingService>> start(const ServiceContext& context, PingOptions options);

  // Runs a session to its end: all replies are there, or a timeout after the last probe. Lost probes are no error.
  // Errors: invalid_argument, closed, limit when max_sessions are under way, those of opening a socket.
  Task<Result<PingSummary>> measure(Endpoint responder, const PingRequest& request);
  // The operation of scenarios: to the port that this service has itself. When nothing came back: why a probe could
  // not be sent, else timed_out.
  Task<Result<>> probe(Peer peer, const PingRequest& request);

  // Sessions under way may finish; probes of others are no longer answered.
  Task<> stop(TimePoint deadline) override;

 private:
  struct Session;

  PingService(Host& host, const PingOptions& options);

  Task<> respond(UdpSocket& socket);
  void answer(UdpSocket& socket, ReceivedDatagram& datagram);
  Task<> receive(UdpSocket& socket);
  void take_reply(const ReceivedDatagram& datagram);
  Result<UdpSocket*> socket_for(IpFamily family);
  void send_due_probes(UdpSocket& socket, Session& session);

  Host& host_;
  std::uint16_t port_;
  PingMetrics& metrics_;
  OperationGate gate_;
  std::unordered_map<std::uint64_t, Session*> sessions_;
  std::vector<std::unique_ptr<UdpSocket>> responders_;
  std::array<std::unique_ptr<UdpSocket>, 2> sockets_;  // by family
  Scope responding_;
  Scope receiving_;
};

ServiceDescriptor service();

}  // namespace ghostnet::ping
