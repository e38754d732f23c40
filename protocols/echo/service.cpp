#include "ghostnet/echo/service.hpp"

#include "ghostnet/runtime/combine.hpp"

namespace ghostnet::echo {

Result<> EchoRequest::validate() const {
  if (transport != Transport::udp || size.bytes <= kMaxUdpPayloadBytes) return {};
  return fail(Errc::invalid_argument, "size: '{}' does not fit a datagram: expected at most {} B, or transport: stream",
              to_text(size), kMaxUdpPayloadBytes);
}

Result<std::unique_ptr<EchoService>> EchoService::start(const ServiceContext& context, EchoOptions options) {
  std::unique_ptr<EchoService> service(new EchoService(context.host, options));
  if (options.server) {
    Result<std::unique_ptr<EchoServer>> server = EchoServer::start(context.host, options);
    if (!server) return fail(std::move(server));
    service->server_ = std::move(*server);
  }
  return service;
}

EchoService::EchoService(Host& host, const EchoOptions& options)
    : host_(host), port_(options.port), client_(host, options.max_outstanding) {}

Task<Result<>> EchoService::exchange(Peer peer, const EchoRequest& request) {
  const Result<Duration> rtt = co_await client_.request(Endpoint(peer.address, port_), request);
  if (!rtt) co_return fail(rtt);
  co_return Result<>();
}

Task<> EchoService::stop(TimePoint deadline) {
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
  return describe<EchoService>("echo",
                               "Sends messages to others and checks what comes back; sends back theirs (RFC 862)")
      .operation<&EchoService::exchange>("echo", "one message there and back");
}

}  // namespace ghostnet::echo
