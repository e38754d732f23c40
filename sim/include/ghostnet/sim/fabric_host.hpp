// FabricHost: the runtime's Host on the fabric, and its UDP sockets. Its streams are those of a tcp::Stack
// (fabric_tcp.hpp).
//
// A host is some two hundred bytes: what few hosts need (further interfaces, addresses of their own, clock drift, a CPU
// model, captures) stands in an Extras record that is made when first needed. Hosts live as long as their fabric: a
// crash drops what runs on one and closes its sockets, a restart lets it begin anew.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ghostnet/runtime/host.hpp"
#include "ghostnet/sim/cpu_model.hpp"
#include "ghostnet/sim/digest.hpp"
#include "ghostnet/sim/port.hpp"
#include "ghostnet/sim/readings.hpp"

namespace ghostnet::capture {
class PcapngWriter;
}

namespace ghostnet::sim {

class Fabric;
class FabricTcp;
class FabricUdpSocket;

// What an interface is attached to.
struct Attachment {
  enum class Kind : std::uint8_t { none, region, lan, router };
  Kind kind = Kind::none;
  std::uint16_t index = 0;

  friend bool operator==(const Attachment&, const Attachment&) = default;
};

// What the hosts of one fabric share.
struct FabricContext : HostContext {
  Fabric& fabric;
};

class FabricHost final : public Host, public FromFramePool {
 public:
  static constexpr std::size_t kMaxInterfaces = 250;

  ~FabricHost() override;

  std::string name() const override;
  std::vector<Interface> interfaces() const override;
  Event& interfaces_changed() override;
  Task<Result<std::vector<IpAddress>>> resolve(std::string name) override;
  Result<std::unique_ptr<UdpSocket>> open_udp(const UdpOptions& options) override;
  Result<std::unique_ptr<Listener>> listen(const ListenOptions& options) override;
  Task<Result<std::unique_ptr<Stream>>> connect(ConnectOptions options) override;
  void charge(const CpuWork& work) override;

  // ---- for the world ----

  Fabric& fabric() const { return static_cast<const FabricContext&>(context_).fabric; }
  // Made when first needed.
  FabricTcp& tcp();
  bool up() const { return up_; }
  // Drops every task, closes every socket; packets for it are lost until restart().
  void crash();
  void restart();
  // Called at each restart, to start the host's services again.
  void on_restart(std::function<void(FabricHost&)> boot);

  // Local clocks gain drift_ppb parts per 10^9 from now on, and civil time is off by wall_error.
  void set_clock(std::int64_t drift_ppb, Duration wall_error);
  void set_cpu(const CpuModel& model);

  // Interfaces are numbered from 1, in the order they were attached.
  std::size_t interface_count() const {
    if (first_.attachment.kind == Attachment::Kind::none) return 0;
    return 1 + (extras_ ? further_interface_count() : 0);
  }
  Result<> set_interface_up(InterfaceIndex interface, bool up);
  // Replaces the link models of an interface while packets are in flight.
  Result<> set_links(InterfaceIndex interface, const link::LinkParams* up, const link::LinkParams* down);
  // For World: the wires of the first interface, and what TCP says of its connections.
  void watch_wires();
  std::vector<WireReading> wires() const;
  std::vector<ConnectionReading> connections() const;
  // Every packet of this interface is written as it passes. Null ends it.
  Result<> capture(InterfaceIndex interface, capture::PcapngWriter* writer, std::uint32_t pcap_interface);
  // The host's address of a family on its first interface that has one; unspecified when there is none.
  IpAddress address(IpFamily family = IpFamily::v4) const;

 protected:
  void submit(std::shared_ptr<ComputeJob> job) override;

 private:
  friend class Fabric;
  friend class FabricTcp;
  friend class FabricUdpSocket;

  struct NetInterface {
    Port out;
    std::unique_ptr<Port> in;  // null: unlimited
    Attachment attachment;
    bool up : 1 = true;
    bool numbered : 1 = false;  // its addresses follow from the host's number; else they stand in Extras
    bool captured : 1 = false;
    bool watched : 1 = false;  // what passes is counted
  };
  struct Extras;

  FabricHost(const FabricContext& context, HostId id, GroupId group, Random random, Random net_random);

  Extras& extras();
  Result<> check_up(std::string_view doing) const;
  NetInterface& interface(InterfaceIndex index) { return index <= 1 ? first_ : further_interface(index); }
  const NetInterface& interface(InterfaceIndex index) const { return index <= 1 ? first_ : further_interface(index); }
  NetInterface& further_interface(InterfaceIndex index) const;
  std::size_t further_interface_count() const;
  bool owns(const IpAddress& address) const;
  bool wants(const IpAddress& group, InterfaceIndex interface) const;
  bool has_cpu() const;
  std::int64_t occupy_cpu(const CpuWork& work, std::int64_t now_ns);
  std::int64_t crashed_at_ns() const;
  IpAddress interface_address(InterfaceIndex index, IpFamily family) const;
  Result<std::uint16_t> choose_port(const UdpOptions& options);
  IpAddress source_address(IpFamily family, InterfaceIndex via) const;
  FabricUdpSocket* socket_for(const Endpoint& local, const Endpoint& peer) const;
  bool port_taken(const UdpOptions& options, std::uint16_t port) const;
  std::size_t socket_count() const;

  // What sending touches, then what an arrival does: each in few lines of the cache.
  Random net_random_;  // of the links that this host sends into
  // `up_` and `boot_` stand in what the record would otherwise waste at its end.
  [[no_unique_address]] NetInterface first_;
  bool up_ = true;
  std::uint8_t boot_ = 0;
  RunDigest::Chain chain_;  // of what was delivered here
  FabricUdpSocket* sockets_ = nullptr;
  std::unique_ptr<FabricTcp> tcp_;
  std::unique_ptr<Extras> extras_;
};

class FabricUdpSocket final : public UdpSocket, public FromFramePool {
 public:
  FabricUdpSocket(FabricHost& host, const UdpOptions& options, std::uint16_t port);
  ~FabricUdpSocket() override;

  Endpoint local() const override;
  SendOutcome send(std::span<const Datagram> batch) override;
  Result<std::size_t> try_recv(std::span<ReceivedDatagram> batch) override;
  Result<> connect(const Endpoint& peer) override;
  Result<> join(const IpAddress& shown, InterfaceIndex interface) override;
  Result<> leave(const IpAddress& shown, InterfaceIndex interface) override;
  Result<std::size_t> max_payload_bytes(const Endpoint& peer) const override;
  UdpCounters counters() const override;

 protected:
  bool poll_readable() override { return queue_tail_ != nullptr || error_ != Errc::would_block || host_ == nullptr; }
  SoleWaiter* full() override { return nullptr; }

 private:
  friend class FabricHost;
  friend class Fabric;

  static constexpr std::size_t kMaxGroups = 256;

  // What few sockets have.
  struct Extras {
    IpAddress bound{};
    Endpoint peer;
    std::vector<std::pair<IpAddress, InterfaceIndex>> groups;
    std::uint8_t hop_limit = 64;
    std::uint8_t multicast_hop_limit = 1;
    bool multicast_loop = true;
    bool dont_fragment = false;
    bool broadcast = false;
    bool reuse = false;
    bool shares_port = false;
    std::uint32_t queue_limit_bytes = UdpOptions{}.receive_queue_bytes;
    std::uint32_t dropped = 0;
    std::uint32_t sent_wraps = 0;
    std::uint32_t received_wraps = 0;
  };
  static bool needs_extras(const UdpOptions& options);
  static bool takes_both_families(const UdpOptions& options);

  // Whether packets of a family are for this socket: one of IPv6 may take those of IPv4 as well.
  bool carries(IpFamily family) const { return family == family_ || both_families_; }
  bool bound_to_all() const { return !extras_ || extras_->bound.is_unspecified(); }
  Extras& extras() {
    if (!extras_) extras_ = std::make_unique<Extras>();
    return *extras_;
  }
  // How well a packet fits: a socket connected to its peer best, else one bound to its address, else one bound to all,
  // and of these rather one of its own family.
  static constexpr int kNoFit = -1;
  int fit(const Endpoint& local, const Endpoint& peer) const;
  bool member_of(const IpAddress& group, InterfaceIndex interface) const;
  // Of a datagram in the queue: with its record, as systems count, so that empty ones are bounded too.
  static std::uint32_t cost_bytes(std::uint32_t size_bytes) { return size_bytes + Flight::kRecordBytes; }
  bool has_room(std::uint32_t size_bytes) const {
    const std::uint32_t limit = extras_ ? extras_->queue_limit_bytes : UdpOptions{}.receive_queue_bytes;
    return queued_bytes_ + cost_bytes(size_bytes) <= limit;
  }
  void enqueue(Flight& flight);
  Flight* dequeue();
  void report(Errc error);
  void close_for_good();
  void prefetch_reader() const { reader_.prefetch(); }
  std::optional<Errc> send_one(const Datagram& datagram, ByteView payload, PacketBuf* storage);
  std::optional<Errc> send_to_group(Flight& flight, InterfaceIndex interface);

  FabricHost* host_;  // null once the host has crashed
  FabricUdpSocket* next_ = nullptr;
  Flight* queue_tail_ = nullptr;  // circular: its next is the head
  std::unique_ptr<Extras> extras_;
  std::uint32_t sent_ = 0;  // how often these two have come round to zero stands in Extras
  std::uint32_t received_ = 0;
  std::uint32_t queued_bytes_ = 0;
  std::uint16_t port_;
  IpFamily family_ : 7;
  bool both_families_ : 1;
  Errc error_ = Errc::would_block;  // another: reported once by the next receive
};
static_assert(sizeof(void*) != 8 || sizeof(FabricUdpSocket) == 64, "one line of the cache");

}  // namespace ghostnet::sim
