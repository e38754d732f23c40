// BeaconService: announces a host to a multicast group of its LAN, and listens to the others: the first half of every
// protocol of discovery, and a measure of what multicast does.
//
//   auto beacon = BeaconService::start(host, {});
//   co_await (*beacon)->announce({.size = DataSize{200}});
//
// In a scenario: `protocols: { beacon: }` and `workload: [ announce: { rate: 1 /s } ]`. It needs an interface that has
// multicast.
#pragma once

#include <memory>
#include <vector>

#include "ghostnet/beacon/audience.hpp"
#include "ghostnet/beacon/options.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/runtime/service.hpp"

namespace ghostnet::beacon {

class BeaconService final : public Service {
 public:
  using Options = BeaconOptions;
  using Metrics = BeaconMetrics;

  // Errors: not_supported when no interface has multicast; those of opening and joining.
  static Result<std::unique_ptr<BeaconService>> start(const ServiceContext& context, BeaconOptions options);
  ~BeaconService() override;

  // One beacon on every interface that has multicast. Errors: closed; those of sending, of the first that failed.
  Task<Result<>> announce(const BeaconRequest& request);

  Task<> stop(TimePoint deadline) override;

 private:
  BeaconService(Host& host, const BeaconOptions& options);

  Result<> open();
  Task<> listen();
  void hear(const ReceivedDatagram& datagram);

  Host& host_;
  BeaconOptions options_;
  BeaconMetrics& metrics_;
  Audience audience_;
  std::uint64_t epoch_;
  std::uint64_t sequence_ = 0;
  std::unique_ptr<UdpSocket> socket_;
  std::vector<InterfaceIndex> interfaces_;
  Scope listening_;
};

ServiceDescriptor service();

}  // namespace ghostnet::beacon
