// TunPort: the place of a host in a network namespace on a LoopbackNetwork.
//
// The namespace has one interface beside its loopback, a TUN device. Each packet that the namespace's kernel sends
// there goes through the network's links, and is given to the device of whoever has its destination when it has come
// through. So whole packets of the kernel's own protocols travel, TCP of its own control among them. IPv4 only; what is
// sent to nobody, to groups or to all is dropped.
//
// The network outlives it, and sends it nothing afterwards.
#pragma once

#include <cstdint>
#include <memory>

#include "ghostnet/realnet/loopback_network.hpp"
#include "ghostnet/realnet/network_namespace.hpp"
#include "ghostnet/realnet/tun.hpp"
#include "ghostnet/runtime/scope.hpp"

namespace ghostnet::realnet {

class TunPort {
 public:
  struct Options {
    IpAddress address;
    std::uint8_t prefix_bits = 8;
    std::uint32_t mtu_bytes = 1500;
  };

  // Makes the device in the namespace and brings its loopback up. Errors: permission, not_supported (no TUN driver).
  static Result<std::unique_ptr<TunPort>> open(World& world, LoopbackNetwork& network,
                                               std::shared_ptr<const NetworkNamespace> where, const Options& options);
  TunPort(const TunPort&) = delete;
  TunPort& operator=(const TunPort&) = delete;
  ~TunPort();

 private:
  class PacketParcel;

  TunPort(World& world, LoopbackNetwork& network, std::unique_ptr<Tun> tun, const IpAddress& address);
  Task<> read();
  void send(IpPacket packet);

  LoopbackNetwork& network_;
  std::unique_ptr<Tun> tun_;
  IpAddress address_;
  Scope scope_;
};

}  // namespace ghostnet::realnet
