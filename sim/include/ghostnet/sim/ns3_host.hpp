// Ns3Host: our Host over one node of ns-3, and Ns3Shared: what the hosts of one Ns3Network share.
//
// Callbacks of ns-3 reach sockets in the middle of ns-3's work; they queue what arrived, wake whoever waits, and ask
// the Timeline for a turn, in which the coroutines run once ns-3 has come back. So nothing of ours ever runs on top of
// ns-3, and everything may be dropped at any point.
// Only for the sources of the ns3 carrier: it includes ns-3.
#pragma once

#include <ns3/address.h>
#include <ns3/ipv6-address.h>
#include <ns3/net-device.h>
#include <ns3/node.h>
#include <ns3/ptr.h>

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/sim/digest.hpp"
#include "ghostnet/sim/ns3_followed.hpp"
#include "ghostnet/sim/ns3_routing.hpp"
#include "ghostnet/sim/ns3_tcp_socket.hpp"
#include "ghostnet/sim/ns3_udp.hpp"
#include "ghostnet/sim/timeline.hpp"

namespace ns3 {
class Ipv4L3Protocol;
class Ipv6L3Protocol;
class UdpL4Protocol;
}  // namespace ns3

namespace ghostnet::sim {

class Ns3Host;

struct Ns3Shared {
  Timeline& timeline;
  const HostContext& context;
  std::function<Duration(HostId, const CpuWork&)> cpu_price;  // empty: CPUs are infinitely fast
  RunDigest digest{};
  UdpCounters datagrams{};  // of all sockets
  FollowedPackets followed{};
  RoutingGraph graph{};
  std::vector<std::unique_ptr<Ns3Host>> hosts{};
  std::map<std::string, HostId, std::less<>> names{};
  std::uint32_t tcp_segment_bytes[2] = {0, 0};  // by IpFamily
  bool started = false;                         // before, ns-3's devices are not ready to send
};

// One interface of a host.
struct Ns3Port {
  ns3::Ptr<ns3::NetDevice> device;
  std::string name;
  std::int32_t v4_number = -1;  // ns-3's numbers of the interface
  std::int32_t v6_number = -1;
  bool loopback = false;
  bool up = true;
  std::vector<InterfaceAddress> addresses;
  bool groups = true;  // whether multicast gets through; ns-3's 802.11s floods broadcasts only
  // Without groups there is no neighbour discovery: who is who on the segment, for IPv6.
  std::vector<std::pair<ns3::Ipv6Address, ns3::Address>> neighbours;
  std::function<void(bool on)> switch_radio;  // of wireless devices, which forward for others without asking IP
};

class Ns3Host final : public Host {
 public:
  // Datagrams of one host that nobody has taken yet.
  static constexpr std::size_t kMaxReceiveBuffers = 1024;
  static constexpr std::size_t kReceiveBufferBytes = 2048;

  // The node has its Internet stack.
  Ns3Host(Ns3Shared& world, HostId id, GroupId group, Random random, std::string name, ns3::Ptr<ns3::Node> node);
  ~Ns3Host() override;

  std::string name() const override { return name_; }
  std::vector<Interface> interfaces() const override;
  Event& interfaces_changed() override { return interfaces_changed_; }
  Task<Result<std::vector<IpAddress>>> resolve(std::string name) override;
  Result<std::unique_ptr<UdpSocket>> open_udp(const UdpOptions& options) override;
  Result<std::unique_ptr<Listener>> listen(const ListenOptions& options) override;
  Task<Result<std::unique_ptr<Stream>>> connect(ConnectOptions options) override;
  void charge(const CpuWork& work) override;

  // ---- for the network ----

  const ns3::Ptr<ns3::Node>& node() const { return node_; }
  Ns3Port& add_port(Ns3Port port);
  std::vector<Ns3Port>& ports() { return ports_; }
  void set_port_up(InterfaceIndex index, bool up);
  // Makes the neighbours of a port known to ns-3, which forgets them when the interface goes down.
  void introduce_neighbours(const Ns3Port& port);
  // Power off: every task ends where it stands, sockets are gone without a word, interfaces and radios are off.
  void crash();
  // Power on: the same interfaces, no tasks. Routing daemons of ns-3 go on with what they knew.
  void restart();
  bool is_up() const { return up_; }

  // ---- for sockets ----

  Ns3Shared& world() { return world_; }
  UdpPorts& udp_ports() { return udp_ports_; }
  TcpRegistry& tcp_registry() { return tcp_registry_; }
  const ns3::Ptr<ns3::UdpL4Protocol>& udp() const { return udp_; }
  bool has(IpFamily family) const { return family == IpFamily::v4 ? ipv4_ != nullptr : ipv6_ != nullptr; }
  std::uint32_t tcp_segment_bytes(IpFamily family) const;

  // ns-3 may be ahead of the loop while its callbacks run.
  TimePoint true_now() const;
  void request_turn() { world_.timeline.request_turn(); }
  void record_delivery(ByteView bytes) { world_.digest.deliver(chain_, true_now(), id_, bytes); }
  UdpCounters& all_datagrams() { return world_.datagrams; }
  // A buffer of the bounded pool; larger ones are of the heap. Empty: the pool is.
  Result<PacketBuf> receive_buffer(std::size_t size_bytes);

  bool owns(const IpAddress& address) const;
  Ns3Port* port(InterfaceIndex index);
  InterfaceIndex index_of(const ns3::Ptr<ns3::NetDevice>& device) const;
  // Where groups go when nobody says: the first interface that is up and no loopback.
  InterfaceIndex default_multicast_interface(IpFamily family) const;
  // Of a port, of this family; the link-local one where `scope_local`.
  IpAddress address_on(InterfaceIndex index, IpFamily family) const;

  // `packet` may get what a MANET protocol must remember of it; null asks for the source address only.
  std::expected<ns3::Ptr<ns3::Ipv4Route>, Errc> route_v4(const IpAddress& to, InterfaceIndex interface,
                                                         const ns3::Ptr<ns3::Packet>& packet) const;
  std::expected<ns3::Ptr<ns3::Ipv6Route>, Errc> route_v6(const IpAddress& to, InterfaceIndex interface,
                                                         const ns3::Ptr<ns3::Packet>& packet) const;
  std::expected<IpAddress, Errc> source_for(const IpAddress& to, InterfaceIndex interface) const;
  std::expected<std::uint32_t, Errc> mtu_towards(const IpAddress& to) const;

 protected:
  void submit(std::shared_ptr<ComputeJob> job) override;

 private:
  Result<> check_local(const Endpoint& local, const char* doing) const;
  TimePoint occupy_cpu(const CpuWork& work);
  Task<> finish_at(TimePoint at, std::shared_ptr<ComputeJob> job);
  void apply_port_state(Ns3Port& port, bool up);

  Ns3Shared& world_;
  std::string name_;
  ns3::Ptr<ns3::Node> node_;
  ns3::Ptr<ns3::Ipv4L3Protocol> ipv4_;
  ns3::Ptr<ns3::Ipv6L3Protocol> ipv6_;
  ns3::Ptr<ns3::UdpL4Protocol> udp_;
  std::vector<Ns3Port> ports_;  // [0] is the loopback; an InterfaceIndex counts from 1
  RunDigest::Chain chain_;
  PacketPool pool_;
  Event interfaces_changed_;
  UdpPorts udp_ports_;
  TcpRegistry tcp_registry_;
  TimePoint cpu_free_at_{};
  bool up_ = true;
};

}  // namespace ghostnet::sim
