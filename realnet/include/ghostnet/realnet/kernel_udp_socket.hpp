// KernelUdpSocket: the runtime's UdpSocket on a UDP socket of Linux.
//
// Batches go through sendmmsg and recvmmsg. Where the kernel can, consecutive datagrams of one size to one peer leave
// as one message that it cuts apart (UDP_SEGMENT), and datagrams of one flow arrive gathered (UDP_GRO): 50 datagrams
// then cost about what one costs. Both are tried, not assumed: what a device or a path refuses is sent plainly, and not
// tried again (with that size, or at all).
//
// received_at is the turn in which the datagram was taken from the kernel. A super-datagram whose segments had to be
// sent one by one counts as accepted once its first segment was; what the system then had no room for is lost, as on
// any full queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "ghostnet/realnet/file_descriptor.hpp"
#include "ghostnet/realnet/network_namespace.hpp"
#include "ghostnet/realnet/poller.hpp"
#include "ghostnet/realnet/receive_batch.hpp"
#include "ghostnet/realnet/send_batch.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet::realnet {

class LoopbackNetwork;
class World;

// What a socket takes from its host.
struct UdpSite {
  bool multicast = true;                    // false: joining a group is not_supported
  const NetworkNamespace* where = nullptr;  // null: the namespace of this process. Outlives the socket.
  LoopbackNetwork* network = nullptr;       // that datagrams to its hosts go through. Outlives the socket.
};

class KernelUdpSocket final : public UdpSocket, private Watch {
 public:
  static Result<std::unique_ptr<UdpSocket>> open(World& world, const UdpOptions& options, const UdpSite& site = {});
  ~KernelUdpSocket() override;

  Endpoint local() const override { return local_; }
  SendOutcome send(std::span<const Datagram> batch) override;
  // Hands to the kernel what has come through the network.
  void release(std::span<const Datagram> batch);
  Result<std::size_t> try_recv(std::span<ReceivedDatagram> batch) override;
  Result<> connect(const Endpoint& peer) override;
  Result<> join(const IpAddress& group, InterfaceIndex interface) override;
  Result<> leave(const IpAddress& group, InterfaceIndex interface) override;
  Result<std::size_t> max_payload_bytes(const Endpoint& peer) const override;
  UdpCounters counters() const override;

 protected:
  bool poll_readable() override;
  SoleWaiter* full() override { return writable_ ? nullptr : &writer_; }

 private:
  static constexpr std::size_t kMaxSegments = 64;            // UDP_MAX_SEGMENTS of older kernels
  static constexpr std::size_t kMaxSegmentedBytes = 65'000;  // what every family and its headers leave

  KernelUdpSocket(World& world, FileDescriptor fd, const UdpOptions& options, const UdpSite& site);

  void ready(std::uint32_t events) override;
  void forget_strangers();
  Result<> change_membership(const IpAddress& group, InterfaceIndex interface, bool join);

  std::size_t take_gathered(std::span<ReceivedDatagram> out);
  std::size_t receive(std::span<ReceivedDatagram> out);
  bool convert(std::size_t message, ReceivedDatagram& out);

  static bool is_super(const Datagram& datagram);
  bool can_segment(const Datagram& datagram) const;
  std::optional<Errc> check(const Datagram& datagram) const;
  Families families(const Datagram& datagram) const;
  std::size_t run_length(std::span<const Datagram> batch) const;
  void compose(std::span<const Datagram> batch);
  SendOutcome send_now(std::span<const Datagram> batch);
  SendOutcome send_through(LoopbackNetwork& network, std::span<const Datagram> batch);
  std::optional<Errc> send_some(std::span<const Datagram> batch, std::size_t& accepted);
  std::optional<Errc> send_plainly(std::span<const Datagram> run, std::size_t& accepted);
  std::optional<Errc> send_failed(int errno_value);
  void set_dont_fragment(bool dont_fragment);

  World& world_;
  UdpSite site_;
  FileDescriptor fd_;
  Endpoint local_;
  IpAddress bound_address_;
  IpAddress received_at_;  // where datagrams were sent to, unless the kernel tells it of each
  Endpoint peer_;          // port 0: not connected
  IpFamily family_;
  bool readable_ = true;
  bool writable_ = true;
  bool segments_;                                 // the kernel cuts super-datagrams
  bool dont_fragment_;                            // the socket's own choice
  bool fragmenting_ = true;                       // how the kernel is set now
  std::uint16_t max_segment_bytes_ = UINT16_MAX;  // larger segments were refused
  Errc error_ = Errc::would_block;                // another: reported once by the next receive
  SoleWaiter writer_;
  std::unique_ptr<ReceiveBatch::Gathered> gathered_;  // null: nothing
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace ghostnet::realnet
