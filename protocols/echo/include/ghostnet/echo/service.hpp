// EchoService: the echo server and client of one host.
//
//   auto echo = EchoService::start(host, {});
//   Result<Duration> rtt = co_await (*echo)->round_trip(Endpoint(peer, 7007), {.size = DataSize::kib(1)});
//
// In a scenario: `protocols: { echo: {} }` and `workload: [ echo: { from: clients, to: servers, rate: 1 /s } ]`.
#pragma once

#include <memory>

#include "ghostnet/echo/client.hpp"
#include "ghostnet/echo/options.hpp"
#include "ghostnet/echo/server.hpp"
#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/runtime/service.hpp"

namespace ghostnet::echo {

class EchoService final : public Service {
 public:
  using Options = EchoOptions;
  using Metrics = EchoMetrics;

  // Errors: those of EchoServer::start.
  static Result<std::unique_ptr<EchoService>> start(const ServiceContext& context, EchoOptions options);

  // EchoClient::request.
  Task<Result<Duration>> round_trip(Endpoint server, const EchoRequest& request) {
    return client_.request(server, request);
  }
  // The operation of scenarios: to the port that this service has itself.
  Task<Result<>> exchange(Peer peer, const EchoRequest& request);

  // The server takes nothing new; requests under way and streams being served may finish.
  Task<> stop(TimePoint deadline) override;

  const EchoServer* server() const { return server_.get(); }

 private:
  EchoService(Host& host, const EchoOptions& options);

  Host& host_;
  std::uint16_t port_;
  EchoClient client_;
  std::unique_ptr<EchoServer> server_;
};

ServiceDescriptor service();

}  // namespace ghostnet::echo
