// Fabric: our own link layer on ns-3's time, for meshes of ten thousand hosts and more.
//
// It carries UDP datagrams and the segments of our own TCP (protocols/tcp) between FabricHosts over three kinds of
// ground: *regions* with a matrix of latencies (the Internet), *LANs* (broadcast domains with multicast), and explicit
// *graphs* of routers and links, routed by least delay. A host has interfaces, each with a link model out and one in
// (protocols/link). Real bytes travel, TCP headers among them; those of IP and UDP are accounted for in sizes (and
// fragments where a packet exceeds the MTU), not built.
//
// Every instant is exact to the nanosecond and FIFO among equals: packets before timers, each in the order in which
// they were scheduled. All draws come from the sending host's own stream. The digest covers every delivery.
//
// Build first, then run the Timeline. Mistakes in building (an address taken, an unknown region) are Results.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ghostnet/link/link_params.hpp"
#include "ghostnet/runtime/calendar.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/observer.hpp"
#include "ghostnet/sim/digest.hpp"
#include "ghostnet/sim/fabric_host.hpp"
#include "ghostnet/sim/flight.hpp"
#include "ghostnet/sim/path.hpp"
#include "ghostnet/sim/queued_port.hpp"
#include "ghostnet/sim/router_graph.hpp"
#include "ghostnet/sim/timeline.hpp"
#include "ghostnet/tcp/tuning.hpp"

namespace ghostnet::sim {

using RegionId = std::uint16_t;
using LanId = std::uint16_t;

struct FabricOptions {
  std::uint64_t seed = 1;
  std::uint32_t max_hosts = 1'000'000;
  std::uint32_t max_regions = 512;
  std::uint32_t max_lans = 65'535;
  std::uint32_t max_in_flight = 16'000'000;  // datagrams, in all receive queues too; more are dropped and counted
  std::uint32_t max_sockets_per_host = 65'535;
  tcp::Tuning tcp{};  // of every host
};

struct HostSpec {
  std::string name{};  // empty: "host-N"
  std::string group = "hosts";
};

struct InterfaceSpec {
  Attachment attachment;
  const link::LinkParams* out = nullptr;  // null: infinitely fast
  const link::LinkParams* in = nullptr;
  std::vector<InterfaceAddress> addresses{};  // empty: numbered automatically, 10.0.0.0/8 and fd67::/64
};

struct FabricCounters {
  std::uint64_t sent = 0;         // datagrams that sockets accepted, each segment being one, and segments of TCP
  std::uint64_t delivered = 0;    // into a receive queue, or to the TCP of a host
  std::uint64_t link_drops = 0;   // by a link model: queue, loss, MTU, down
  std::uint64_t path_losses = 0;  // between regions
  std::uint64_t partition_drops = 0;
  std::uint64_t host_down_drops = 0;
  std::uint64_t unroutable = 0;      // no such address, no way there
  std::uint64_t refused = 0;         // no socket at the port
  std::uint64_t queue_drops = 0;     // receive queue full
  std::uint64_t checksum_drops = 0;  // corrupted on a link
  std::uint64_t overload_drops = 0;  // max_in_flight
};

class Fabric final : private InstantSource {
 public:
  Fabric(Timeline& timeline, const HostContext& context, FabricOptions options);
  Fabric(const Fabric&) = delete;
  Fabric& operator=(const Fabric&) = delete;
  ~Fabric();

  // ---- building ----

  Result<RegionId> add_region(std::string name);
  // One direction. Within a region: from == to.
  void set_path(RegionId from, RegionId to, const PathParams& path);
  Result<LanId> add_lan(std::string name, Duration delay);
  Result<RouterId> add_router(std::string name) { return graph_.add_router(std::move(name)); }
  Result<> add_edge(RouterId from, RouterId to, const link::LinkParams& params);  // one direction

  Result<FabricHost*> add_host(const HostSpec& spec);
  Result<InterfaceIndex> attach(FabricHost& host, const InterfaceSpec& spec);

  std::size_t host_count() const { return hosts_.size(); }
  FabricHost& host(HostId id) { return *hosts_[id].host; }
  const FabricHost& host(HostId id) const { return *hosts_[id].host; }
  FabricHost* find_host(std::string_view name);
  FabricHost* find_host(const IpAddress& address);
  const std::string& region_name(RegionId region) const { return regions_[region].name; }
  RouterGraph& graph() { return graph_; }
  const RouterGraph& graph() const { return graph_; }

  // ---- faults ----

  // Hosts of different cells do not reach each other where blocked[from][to]. Empty: heals all.
  void partition(std::vector<std::uint8_t> cell_of_host, std::vector<std::vector<bool>> blocked);

  // Other addresses for the host's first interface. What is under way to the old ones finds nobody.
  Result<> readdress(FabricHost& host);

  // ---- results ----

  // Null ends it. It outlives the fabric, or the time until then.
  void observe(Observer* observer) { host_context_.observer = observer; }
  const FabricCounters& counters() const { return counters_; }
  std::uint64_t digest() const { return digest_.value(); }
  std::uint32_t in_flight() const { return in_flight_; }
  std::string host_name(HostId id) const;

 private:
  friend class FabricHost;
  friend class FabricUdpSocket;
  friend class FabricTcp;

  struct Region {
    std::string name;
  };
  struct Lan {
    std::string name;
    Duration delay;
    std::vector<std::pair<FabricHost*, InterfaceIndex>> members;
  };
  // Who has an address, and where it stands: all that a sender needs to know of the receiver.
  struct Owner {
    HostId host;
    InterfaceIndex interface;
    Attachment attachment;
  };
  // A host and what a sender needs to know of its first interface, side by side: looking that up does not touch the
  // host.
  struct Place {
    std::unique_ptr<FabricHost> host;
    Attachment attachment{};
    bool numbered = false;
  };

  // Hosts are numbered from 10.0.0.1 and fd67:686f:7374::1; interfaces beyond a host's first from 10.128.0.1.
  static constexpr std::uint32_t kFirstV4 = 0x0a00'0001;
  static constexpr std::uint32_t kFurtherV4 = 0x0a80'0001;
  static constexpr std::uint64_t kV6High = 0xfd67'686f'7374'0000;
  static constexpr std::uint64_t kFurtherV6High = 0xfd67'686f'7374'0001;

  // InstantSource
  std::int64_t lower_bound_ns() override { return flights_.lower_bound_ns(); }
  void run(Loop& loop, std::int64_t limit_ns, const bool& stop) override;

  std::int64_t now_ns() const { return to_ns(timeline_.now()); }
  void prefetch_flights();
  static bool last_stage(const Flight& flight);
  void prefetch_segments() const;
  void prefetch_timers(TimerQueue& timers) const;
  void arrive(Flight& flight);
  void schedule(Flight& flight, std::int64_t at_ns, Flight::Stage stage);

  // Each of these takes the flight over. An error is one that the sending socket sees; the flight is gone then too.
  std::optional<Errc> route(FabricHost& from, Flight& flight, InterfaceIndex via);
  void flood(FabricHost& from, InterfaceIndex via, Flight& flight);
  std::optional<Errc> send_through(FabricHost& from, InterfaceIndex via, Flight& flight);
  void cross(Port& port, Flight& flight, Random& random, Onward onward);
  void cross_watched(FabricHost& host, Port& port, Flight& flight, Random& random, Onward onward);
  void cross_in_fragments(Port& port, Flight& flight, Random& random, Onward onward);
  void enter_queue(Port& port, Flight& flight, link::PacketInfo info);
  void go_on(Onward onward, Flight& flight, std::int64_t at_ns, Random& random);
  void cross_ground(Attachment ground, Flight& flight, std::int64_t at_ns, Random& random);
  void fan_out(Lan& lan, Flight& flight, std::int64_t at_ns);
  void reach_router(Flight& flight);
  void reach_edge(Flight& flight);
  void reach_host(Flight& flight, std::int64_t at_ns);
  void deliver(Flight& flight);
  void hand_over(Flight& flight);
  void accept(FabricUdpSocket& socket, Flight& flight);
  void hand_to_tcp(Flight& flight);
  void hand_to_members(Flight& flight);
  void refuse(Flight& flight);
  void report_refusal(Flight& flight);
  void drop(Flight& flight) { discard(flight); }  // counted by the caller
  void follow_if_wanted(Flight& flight) {
    if (host_context_.observer != nullptr && host_context_.observer->follows_next()) [[unlikely]]
      follow(flight);
  }
  void follow(Flight& flight);
  void tell_fate(Flight& flight, bool arrived);
  void discard(Flight& flight);
  friend struct QueuedPort::Return;
  friend struct QueuedPort::Copy;
  void drop_from_queue(Flight& flight);

  static bool is_broadcast(const IpAddress& address) { return address == IpAddress::v4_broadcast(); }
  // Of an address that is not mapped.
  static bool is_group(const IpAddress& address) {
    if (address.is_v4()) return address.v4_value() >> 28 == 0xe || is_broadcast(address);
    return address.is_multicast();
  }
  static bool reaches(Attachment from, Attachment to);
  static void take_effect(Flight& flight, bool ce_marked, std::uint32_t corrupt_bit);
  bool blocked(const Flight& flight) const;
  bool lost_in_crash(const Flight& flight) const;
  void capture(FabricHost& host, InterfaceIndex interface, Flight& flight);

  Task<> pump(QueuedPort& port);

  Flight* new_flight(ByteView payload, PacketBuf* storage);
  Flight* clone(Flight& flight);
  Result<PacketBuf> take_buffer(std::size_t payload_bytes);
  std::optional<Owner> owner_of(const IpAddress& address) const;
  // The host whose number an address says, if it is one of those given by number; host_count() or more if not.
  std::uint64_t number_of(const IpAddress& address) const {
    return address.is_v4()             ? address.v4_value() - std::uint64_t{kFirstV4}
           : address.high() == kV6High ? address.low() - 1
                                       : hosts_.size();
  }
  // What owner_of() will look at.
  void prefetch_owner(const IpAddress& address) const { __builtin_prefetch(hosts_.data() + number_of(address)); }
  Result<std::shared_ptr<const link::LinkProfile>> profile_of(const link::LinkParams& params);
  Result<> set_port(Port& port, const link::LinkParams* params, Onward onward);
  Result<> number(FabricHost& host, FabricHost::NetInterface& interface, InterfaceIndex index,
                  const InterfaceSpec& spec);
  static IpAddress numbered_address(HostId id, IpFamily family);

  Timeline& timeline_;
  FabricOptions options_;
  CalendarQueue<Flight> flights_;
  std::uint32_t in_flight_ = 0;
  FabricCounters counters_;
  std::vector<std::unique_ptr<PacketPool>> pools_;  // by size class

  FabricContext host_context_;
  std::vector<Place> hosts_;
  std::unordered_map<HostId, std::string> names_;
  std::unordered_map<std::string, HostId> by_name_;
  struct AddressHash {
    std::size_t operator()(const IpAddress& address) const { return address.hash(); }
  };
  std::unordered_map<IpAddress, Owner, AddressHash> owners_;  // of addresses that do not follow from a number

  std::vector<Region> regions_;
  std::vector<PathParams> paths_;  // regions x regions
  std::vector<Lan> lans_;
  RouterGraph graph_;
  Random router_random_;
  std::deque<std::pair<link::LinkParams, std::shared_ptr<const link::LinkProfile>>> profiles_;  // one of a kind
  std::deque<std::unique_ptr<QueuedPort>> queued_ports_;

  std::vector<std::uint8_t> cell_of_host_;
  std::vector<std::vector<bool>> blocked_;
  bool any_crash_ = false;
  bool any_readdress_ = false;
  bool any_tcp_ = false;
  std::uint32_t numbered_further_ = 0;
  RunDigest digest_;
  std::unordered_map<const Flight*, std::int64_t> sent_at_ns_;  // of those that are followed
  Clock clock_;
  Scope pumps_;
};

}  // namespace ghostnet::sim
