// BulkService: how much gets through, and how well: throughput tests in the manner of iperf3, over UDP at a rate, or
// over streams as fast as they go; and the server for those of others.
//
//   auto bulk = BulkService::start(host, {});
//   Result<Summary> summary = co_await (*bulk)->transfer(Endpoint(peer, 7009), {.bitrate = DataRate::mbit(10)});
//   summary->received.goodput_bps(), .lost, .jitter_ns
#pragma once

#include <memory>

#include "ghostnet/bulk/client.hpp"
#include "ghostnet/bulk/options.hpp"
#include "ghostnet/bulk/server.hpp"
#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/runtime/service.hpp"

namespace ghostnet::bulk {

class BulkService final : public Service {
 public:
  using Options = BulkOptions;
  using Metrics = BulkMetrics;

  // Errors: those of BulkServer::start.
  static Result<std::unique_ptr<BulkService>> start(const ServiceContext& context, BulkOptions options);

  // BulkClient::transfer.
  Task<Result<Summary>> transfer(Endpoint server, const BulkRequest& request) {
    return client_.transfer(server, request);
  }
  // The operation of scenarios: to the port that this service has itself.
  Task<Result<>> send(Peer peer, const BulkRequest& request);

  // Transfers under way, in both directions, may finish.
  Task<> stop(TimePoint deadline) override;

  const BulkServer* server() const { return server_.get(); }

 private:
  BulkService(Host& host, const BulkOptions& options);

  Host& host_;
  std::uint16_t port_;
  BulkClient client_;
  std::unique_ptr<BulkServer> server_;
};

ServiceDescriptor service();

}  // namespace ghostnet::bulk
