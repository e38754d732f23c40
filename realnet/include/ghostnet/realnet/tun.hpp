// Tun: a TUN device of Linux as an IpLink: the kernel's packets for us, and ours for the kernel.
//
// With the virtio header (IFF_VNET_HDR) the kernel hands over TCP and UDP super-packets of up to 64 KiB, unsegmented
// and with their checksums still to be computed, and takes such from us: sixteen times the throughput of single
// packets. Where a kernel lacks it, or `offload` is off, packets are single and complete, and a partial checksum is
// completed here.
//
// Opening wants CAP_NET_ADMIN, and blocks until the kernel serves the addresses that were asked for. The device goes
// when the Tun is destroyed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/realnet/file_descriptor.hpp"
#include "ghostnet/realnet/network_namespace.hpp"
#include "ghostnet/realnet/poller.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/ip_link.hpp"

namespace ghostnet::realnet {

class World;

struct TunOptions {
  std::string name = "ghostnet%d";  // %d: the first free number
  std::vector<InterfaceAddress> addresses{};
  std::vector<IpPrefix> routes{};  // beyond what the addresses imply
  std::uint32_t mtu_bytes = 1500;
  std::uint32_t queue_packets = 1000;  // from the kernel to us; more are dropped
  bool up = true;
  bool offload = true;
  std::shared_ptr<const NetworkNamespace> where{};  // null: the namespace of this process
};

class Tun final : public IpLink, private Watch {
 public:
  // Errors: permission, not_supported (no TUN driver), busy (the name is taken), invalid_argument.
  static Result<std::unique_ptr<Tun>> open(World& world, const TunOptions& options);
  ~Tun() override;

  const std::string& name() const { return name_; }
  InterfaceIndex index() const { return index_; }
  bool offloads() const { return offloads_; }

  std::size_t mtu_bytes() const override { return mtu_bytes_; }
  std::size_t max_segmented_bytes() const override;
  // Also: message_too_large, invalid_argument (not an IP packet, or offsets that it has not), unreachable (it is down).
  SendOutcome send(std::span<IpPacket> batch) override;
  Result<std::size_t> try_recv(std::span<IpPacket> batch) override;

  // Received, but the pool of buffers was empty, or the packet was not whole.
  std::uint64_t dropped() const { return dropped_; }

 protected:
  bool poll_readable() override;
  bool poll_writable() override { return writable_; }

 private:
  Tun(World& world, FileDescriptor fd, std::string name, InterfaceIndex index, const TunOptions& options,
      bool offloads);

  void ready(std::uint32_t events) override;
  bool read_one(IpPacket& packet);
  Errc write_failed(int errno_value);

  World& world_;
  FileDescriptor fd_;
  std::string name_;
  InterfaceIndex index_;
  std::uint32_t mtu_bytes_;
  bool offloads_;
  bool readable_ = true;
  bool writable_ = true;
  std::optional<Errc> error_;  // for the next try_recv()
  std::optional<IpPacket> gathered_;
  std::uint64_t dropped_ = 0;
};

}  // namespace ghostnet::realnet
