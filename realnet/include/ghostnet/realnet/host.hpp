// realnet::Host: the runtime's Host on this machine.
//
// Three kinds: the machine itself; one of many hosts that share it, each with an address of its own in 127.0.0.0/8
// (`address`); and one in a network namespace (`where`). A host with an address is held to it: sockets that leave the
// choice open are bound there, others must name it, and IPv6 and multicast are not_supported, since the addresses of a
// machine's loopback are all it has.
//
// resolve() asks, in this order: literal addresses, the names of the world's own hosts, the system (on a thread, since
// the system blocks). compute() runs on the world's worker threads.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/realnet/interfaces.hpp"
#include "ghostnet/realnet/network_namespace.hpp"
#include "ghostnet/runtime/host.hpp"

namespace ghostnet::realnet {

class LoopbackNetwork;
class World;

struct HostOptions {
  HostId id = 0;
  std::string name{};                   // empty: the machine's. With an address, the world's hosts resolve it.
  std::string group = "hosts";          // of its metrics
  std::optional<std::uint64_t> seed{};  // of its random numbers, with its id; else the system's
  IpAddress address{};                  // unspecified: the machine's own
  std::shared_ptr<const NetworkNamespace> where{};
  // Of TCP, by the kernel's name for it; empty: the system's. Sockets keep the system's where it has none of that name.
  std::string congestion_control{};
  // Of a host with an address: what it sends to other hosts of this network goes through it. Outlives the host.
  LoopbackNetwork* network = nullptr;
};

class Host final : public ghostnet::Host {
 public:
  Host(World& world, HostOptions options);
  ~Host() override;

  std::string name() const override { return options_.name; }
  void fill_secret(MutableByteView bytes) override;
  std::vector<Interface> interfaces() const override;
  Event& interfaces_changed() override;
  Task<Result<std::vector<IpAddress>>> resolve(std::string name) override;
  Result<std::unique_ptr<UdpSocket>> open_udp(const UdpOptions& options) override;
  Result<std::unique_ptr<Listener>> listen(const ListenOptions& options) override;
  Task<Result<std::unique_ptr<Stream>>> connect(ConnectOptions options) override;
  Result<std::unique_ptr<Listener>> listen_local(const std::string& path) override;
  Task<Result<std::unique_ptr<Stream>>> connect_local(std::string path) override;

  World& world() const { return world_; }

 protected:
  void submit(std::shared_ptr<ComputeJob> job) override;

 private:
  bool has_address() const { return !options_.address.is_unspecified(); }
  // The endpoint to bind to when `wanted` was asked for.
  Result<Endpoint> own_endpoint(const Endpoint& wanted, std::string_view doing) const;

  World& world_;
  HostOptions options_;
  std::unique_ptr<InterfaceMonitor> monitor_;
};

}  // namespace ghostnet::realnet
