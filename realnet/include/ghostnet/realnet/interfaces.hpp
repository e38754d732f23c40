// The network interfaces of a machine or of a network namespace, and being told when they change.
#pragma once

#include <vector>

#include "ghostnet/realnet/file_descriptor.hpp"
#include "ghostnet/realnet/network_namespace.hpp"
#include "ghostnet/realnet/poller.hpp"
#include "ghostnet/runtime/host.hpp"

namespace ghostnet::realnet {

class World;

// By index, with their addresses. Empty when the system tells nothing.
std::vector<Interface> list_interfaces(const NetworkNamespace* where);

// Pulses an Event when list_interfaces() has a new answer. The kernel announces more than that (statistics, wireless
// events), so each announcement is compared with what was known.
class InterfaceMonitor final : private Watch {
 public:
  // `where` outlives the monitor.
  InterfaceMonitor(World& world, const NetworkNamespace* where);
  InterfaceMonitor(const InterfaceMonitor&) = delete;
  InterfaceMonitor& operator=(const InterfaceMonitor&) = delete;
  ~InterfaceMonitor();

  Event& changed() { return changed_; }

 private:
  Result<> start();
  void ready(std::uint32_t events) override;

  World& world_;
  const NetworkNamespace* where_;
  FileDescriptor fd_;
  std::vector<Interface> known_;
  Event changed_;
};

}  // namespace ghostnet::realnet
