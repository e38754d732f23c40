// Ns3Network: the ns3 carrier. Hosts on ns-3's own Internet stack and devices, for fidelity.
//
//   Timeline timeline({.lock_step = true});
//   HostContext context{timeline.loop(), metrics, log};
//   auto network = Ns3Network::make(timeline, context, {.seed = 42});
//   HostId a = *(*network)->add_host("a"), b = *(*network)->add_host("b");
//   (*network)->connect(a, b, {.rate_bps = 10'000'000, .delay = 5ms});
//   (*network)->start();
//   (*network)->host(a).scope().spawn(client((*network)->host(a)));
//   timeline.run_until(TimePoint{60s});
//
// First the hosts, then what connects them and how they move, then start(); after that only states change: links and
// hosts go down and come back. Addresses are given out in order: IPv4 subnets just large enough from ipv4_pool, IPv6
// subnets of 64 bits from fd67:6873::/32.
//
// Two runs with the same seed, topology and code are equal, also within one process; every random variable of ns-3 is
// given a stream of its own. Nothing that a user can write makes ns-3 end the process: it comes back as an Error.
// The timeline and the context outlive the network. ns-3's defaults are the process's, so one network at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/sim/ns3_attributes.hpp"
#include "ghostnet/sim/ns3_mobility.hpp"
#include "ghostnet/sim/readings.hpp"
#include "ghostnet/sim/timeline.hpp"

namespace ghostnet::sim {

// How IPv4 finds its way. IPv6 always takes the shortest path over wires, LANs and meshes, and only reaches neighbours
// in a radio cell: ns-3's MANET protocols are of IPv4.
enum class Ns3Routing : std::uint8_t {
  global,  // ns-3's global routing: link-state, computed from outside; slow to build beyond some hundred hosts
  paths,   // shortest paths in hops, of our own: the same ways, for thousands of hosts
  olsr,
  aodv,
  dsdv,
};

struct Ns3Options {
  std::uint64_t seed = 1;  // the lower half is ns-3's run number, the upper half moves its seed on from 1
  bool ipv4 = true;
  bool ipv6 = true;
  Ns3Routing routing = Ns3Routing::global;
  IpPrefix ipv4_pool{IpAddress::v4(10, 0, 0, 0), 8};
  std::string queue_disc = "ns3::FqCoDelQueueDisc";             // on every device, as in ns-3; empty: none
  std::vector<Ns3Attribute> attributes{};                       // defaults for everything that is made
  std::string pcap_directory{};                                 // a trace of every device; empty: none
  std::function<Duration(HostId, const CpuWork&)> cpu_price{};  // empty: CPUs are infinitely fast
};

// Packets that a device loses when they arrive, each with the same chance, or in bursts.
struct LossOptions {
  double ratio = 0;          // 0 .. 1
  double burst_packets = 1;  // mean length of a burst
};

struct WireDirection {
  std::uint64_t rate_bps = 1'000'000'000;
  std::string queue = "100p";  // of the device that sends; "64KiB" counts bytes
  LossOptions loss{};          // where it arrives
};

struct WireOptions {
  std::uint64_t rate_bps = 1'000'000'000;
  Duration delay = 1ms;
  std::uint16_t mtu_bytes = 1500;
  std::string queue = "100p";
  LossOptions loss{};
  std::optional<WireDirection> back{};  // from the second host to the first, where that differs

  WireDirection ahead() const { return {rate_bps, queue, loss}; }
};

// An Ethernet with a shared medium (CSMA).
struct LanOptions {
  std::uint64_t rate_bps = 100'000'000;
  Duration delay = 6560ns;
  std::uint16_t mtu_bytes = 1500;
  std::string queue = "100p";
  LossOptions loss{};
};

enum class WifiKind : std::uint8_t {
  ad_hoc,          // IBSS-like cell; IPv4 finds its way by a MANET protocol
  mesh,            // 802.11s: forwards below IP
  infrastructure,  // the first host is the access point
};

struct WifiOptions {
  WifiKind kind = WifiKind::ad_hoc;
  std::string standard = "802.11a";  // a, b, g, p, n, ac, ax
  // A type of ns-3, or empty for ns3::ConstantRateWifiManager, which sends at data_mode.
  std::string rate_control{};
  std::string data_mode{};  // "OfdmRate24Mbps", "HtMcs7"; empty: a robust one of the standard
  double range_m = 0;       // nobody is heard beyond; 0: ns-3's log-distance loss decides
  double tx_power_dbm = 16.0206;
  std::string ssid = "ghostnet";
};

using LinkId = std::uint32_t;

class Ns3Network {
 public:
  static constexpr std::uint32_t kMaxHosts = 100'000;

  // Errors: those of the options; busy where there is another network.
  static Result<std::unique_ptr<Ns3Network>> make(Timeline& timeline, const HostContext& context, Ns3Options options);
  Ns3Network(const Ns3Network&) = delete;
  Ns3Network& operator=(const Ns3Network&) = delete;
  ~Ns3Network();

  // ---- building ----

  // Names are unique; their group is that of their metrics.
  Result<HostId> add_host(const std::string& name, std::string_view group = "hosts");
  Result<LinkId> connect(HostId a, HostId b, const WireOptions& options);
  Result<LinkId> add_lan(std::span<const HostId> hosts, const LanOptions& options);
  Result<LinkId> add_wifi(std::span<const HostId> hosts, const WifiOptions& options);
  Result<> move(std::span<const HostId> hosts, const Mobility& mobility);
  // Computes routes and opens traces; nothing is added afterwards.
  Result<> start();

  // ---- running ----

  std::size_t host_count() const;
  Host& host(HostId id);
  // Off and on: see Ns3Host. A crash drops the tasks of the host; who restarts it starts its services anew.
  void crash(HostId id);
  void restart(HostId id);
  bool is_up(HostId id) const;

  // All interfaces on the link, or the one of a host, go down or up; routes follow.
  void set_link_up(LinkId link, bool up);
  Result<> set_interface_up(HostId host, InterfaceIndex interface, bool up);
  // Rates, delay, queues and losses of a wire from now on; its MTU stays.
  Result<> change(LinkId wire, const WireOptions& options);

  Result<Position> position(HostId host) const;
  // For World: of the host's first interface that is one end of a wire, and of its streams.
  std::vector<WireReading> wires(HostId host) const;
  // Of the hosts that there are.
  void follow_segments();
  void stop_following(Observer& observer);
  std::vector<ConnectionReading> connections(HostId host) const;
  std::uint64_t digest() const;
  // Of all sockets that there were; what the network lost is nowhere counted.
  UdpCounters datagrams() const;

 private:
  struct Impl;
  explicit Ns3Network(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace ghostnet::sim
