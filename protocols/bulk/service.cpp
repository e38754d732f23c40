#include "ghostnet/bulk/service.hpp"

#include "ghostnet/runtime/combine.hpp"

namespace ghostnet::bulk {

Result<std::unique_ptr<BulkService>> BulkService::start(const ServiceContext& context, BulkOptions options) {
  std::unique_ptr<BulkService> service(new BulkService(context.host, options));
  if (options.server) {
    Result<std::unique_ptr<BulkServer>> server = BulkServer::start(context.host, options);
    if (!server) return fail(std::move(server));
    service->server_ = std::move(*server);
  }
  return service;
}

BulkService::BulkService(Host& host, const BulkOptions& options)
    : host_(host), port_(options.port), client_(host, options.max_transfers) {}

Task<Result<>> BulkService::send(Peer peer, const BulkRequest& request) {
  const Result<Summary> summary = co_await client_.transfer(Endpoint(peer.address, port_), request);
  if (!summary) co_return fail(summary);
  co_return Result<>();
}

Task<> BulkService::stop(TimePoint deadline) {
  client_.close();
  if (server_) {
    server_->close();
    co_await first_of(all_of(client_.finished(), server_->finished()), host_.clock().sleep_until(deadline));
    server_.reset();
  } else {
    co_await first_of(client_.finished(), host_.clock().sleep_until(deadline));
  }
}

ServiceDescriptor service() {
  return describe<BulkService>("bulk", "Measures throughput, loss and jitter of transfers to others; receives theirs")
      .operation<&BulkService::send>("bulk", "one transfer to one peer");
}

}  // namespace ghostnet::bulk
