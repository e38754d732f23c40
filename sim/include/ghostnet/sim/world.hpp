// World: a whole simulation behind one interface, as programs see it: they load the module that makes worlds and so run
// where there is no ns-3. This header needs none.
//
//   Result<std::unique_ptr<World>> world = module.make(spec, metrics, log);
//   start services on world->host(i); world->run_until(end); read world->digest()
//
// A process has one world at a time, since ns-3 has one simulator. What a carrier cannot do is refused with
// not_supported and a message that says which can.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ghostnet/link/link_params.hpp"
#include "ghostnet/runtime/byte_sink.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/log.hpp"
#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/observer.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/sim/cpu_model.hpp"
#include "ghostnet/sim/path.hpp"
#include "ghostnet/sim/readings.hpp"
#include "ghostnet/tcp/tcp_options.hpp"

namespace ghostnet::sim {

enum class Carrier : std::uint8_t {
  fabric,  // our own link layer: fast, datagrams only for now
  ns3,     // ns-3's Internet stack and devices
};

// An interface's links: out of the host and into it. Absent: infinitely fast.
struct LinkPair {
  std::optional<link::LinkParams> out;
  std::optional<link::LinkParams> in;

  bool operator==(const LinkPair&) const = default;
};

struct GroupSpec {
  std::string name = "hosts";
  std::uint32_t count = 1;
  LinkPair links;
  std::optional<CpuModel> cpu;
  std::int64_t clock_drift_ppb = 0;
  Duration wall_error{};
  std::string place;  // the region or router to stand at; empty: by weight, round robin over routers

  // A further interface of each host.
  struct MoreInterface {
    std::string name;  // for messages
    LinkPair links;
    std::string place;  // empty: where the first one is
  };
  std::vector<MoreInterface> more_interfaces;
};

// Regions with a matrix of paths, row by row: from the first to each, from the second to each, ...
struct RegionsSpec {
  struct Region {
    std::string name;
    std::uint32_t weight = 1;  // share of the hosts that have no place of their own
    // Of interfaces here that are given no rate; 0: infinitely fast.
    std::uint64_t up_bps = 0;
    std::uint64_t down_bps = 0;
    std::optional<OnMap> place{};  // for who draws it

    LinkPair with_rates(LinkPair links) const {
      if (up_bps != 0 && (!links.out || links.out->rate_bps == 0)) {
        if (!links.out) links.out.emplace();
        links.out->rate_bps = up_bps;
      }
      if (down_bps != 0 && (!links.in || links.in->rate_bps == 0)) {
        if (!links.in) links.in.emplace();
        links.in->rate_bps = down_bps;
      }
      return links;
    }
  };
  std::vector<Region> regions;
  std::vector<PathParams> paths;
};

// One broadcast domain for all.
struct LanSpec {
  Duration delay{};
};

// Routers and the links between them, used in both directions.
struct GraphSpec {
  struct Edge {
    std::string from;
    std::string to;
    link::LinkParams params;
  };
  std::vector<std::string> routers;
  std::vector<Edge> edges;
};

// Hosts that hear each other by radio; of the ns3 carrier.
struct WirelessSpec {
  enum class Kind : std::uint8_t { adhoc, mesh_80211s, infrastructure };  // the first host is the access point
  enum class Routing : std::uint8_t { none, olsr, aodv, dsdv };           // of ad hoc networks
  enum class Movement : std::uint8_t { grid, scattered, waypoints, walk };
  enum class Propagation : std::uint8_t { range, log_distance };
  Kind kind = Kind::adhoc;
  Routing routing = Routing::olsr;

  double spacing_m = 50;     // of the grid that hosts stand on
  double speed_m_per_s = 0;  // at most, of those that move; above 0, the grid stands for waypoints
  Movement movement = Movement::grid;
  double width_m = 0;  // of the area that hosts are in, unless they stand on the grid; 0: as wide as the grid would be
  double height_m = 0;
  Duration pause = 2s;    // at a waypoint
  Duration leg = 10s;     // of a walk in one direction
  std::string ns2_trace;  // a file of movements, in place of all of these; empty: none

  Propagation propagation = Propagation::range;
  double range_m = 0;  // nobody is heard beyond; 0: one and a half times the spacing
  double tx_power_dbm = 16.0206;
  std::string standard = "802.11a";
  std::string rate_control;  // a type of ns-3; empty: ns3::ConstantRateWifiManager
  std::string data_mode;     // of that; empty: a robust one of the standard
};

enum class WiredRouting : std::uint8_t { paths, global };  // shortest paths of our own, or ns-3's global routing

struct WorldSpec {
  Carrier carrier = Carrier::fabric;
  std::uint64_t seed = 1;
  Duration wall_epoch = std::chrono::duration_cast<Duration>(std::chrono::hours(24 * 20'454));  // 2026-01-01
  std::variant<RegionsSpec, LanSpec, GraphSpec, WirelessSpec> ground;
  std::vector<GroupSpec> groups;
  tcp::TcpOptions tcp;         // of the fabric's streams
  std::string pcap_directory;  // of the ns3 carrier: a trace of every device; empty: none
  WiredRouting ns3_routing = WiredRouting::paths;
  std::vector<std::pair<std::string, std::string>> ns3_attributes;  // "ns3::TcpL4Protocol::SocketType", its value
};

struct WorldCounters {
  std::uint64_t datagrams_sent = 0;
  std::uint64_t datagrams_delivered = 0;
  std::uint64_t datagrams_dropped = 0;  // for whatever reason
  std::uint64_t turns = 0;              // instants at which something of ours ran
  std::uint64_t ns3_events = 0;
};

class World {
 public:
  virtual ~World() = default;

  virtual Loop& loop() = 0;
  virtual TimePoint now() const = 0;
  virtual std::size_t host_count() const = 0;
  virtual Host& host(HostId id) = 0;
  virtual const std::string& group_of(HostId id) const = 0;
  virtual std::string region_of(HostId id) const = 0;  // or router; empty where there is none

  // Runs virtual time up to and including `end`, or until stop().
  virtual void run_until(TimePoint end) = 0;
  virtual void stop() = 0;
  // Runs `body` at an instant, in a turn of the world's own.
  virtual void at(TimePoint at, std::function<void()> body) = 0;

  virtual std::uint64_t digest() const = 0;
  virtual WorldCounters counters() const = 0;

  // What there is to see; looking changes nothing, not even the digest.
  // Null ends it. The observer outlives the world, or the time until then.
  virtual void observe(Observer* observer) = 0;
  // Where a host with a radio is; nothing for others.
  virtual std::optional<OnPlane> position_of(HostId id) const = 0;
  // wires() of this host is going to be asked.
  virtual void watch_wires(HostId id) = 0;
  // Both directions; fewer where one is infinitely fast.
  virtual std::vector<WireReading> wires(HostId id) const = 0;
  virtual std::vector<ConnectionReading> connections(HostId id) const = 0;

  // Faults.
  virtual bool up(HostId id) const = 0;
  virtual void crash(HostId id) = 0;
  virtual void restart(HostId id) = 0;
  virtual void on_restart(HostId id, std::function<void(Host&)> boot) = 0;
  // Hosts of cell a do not reach hosts of cell b where blocked[a][b]. Empty lists heal.
  virtual Result<> partition(std::vector<std::uint8_t> cell_of_host, std::vector<std::vector<bool>> blocked) = 0;
  // An absent link stays as it is.
  virtual Result<> set_links(HostId id, InterfaceIndex interface, const LinkPair& links) = 0;
  virtual Result<> set_interface_up(HostId id, InterfaceIndex interface, bool up) = 0;
  virtual Result<> set_clock(HostId id, std::int64_t drift_ppb, Duration wall_error) = 0;
  virtual Result<> set_cpu(HostId id, const CpuModel& cpu) = 0;
  // Gives the host's first interface other addresses. What is under way to the old ones is lost.
  virtual Result<> readdress(HostId id) = 0;

  // Writes every packet of a host's interfaces as pcapng.
  virtual Result<> capture(HostId id, ByteSink out) = 0;
  // Hands captured packets on. The first failure of any sink.
  virtual Result<> flush_captures() = 0;
};

// What the module exports as `ghostnet_sim_module`.
struct Module {
  static constexpr std::uint32_t kVersion = 3;
  static constexpr const char* kSymbol = "ghostnet_sim_module";

  std::uint32_t version;
  Result<std::unique_ptr<World>> (*make)(const WorldSpec& spec, MetricHub& metrics, LogHub& log);
};

using ModuleEntry = const Module* (*)();

// The maker behind the module, for those who link the library.
Result<std::unique_ptr<World>> make_world(const WorldSpec& spec, MetricHub& metrics, LogHub& log);

}  // namespace ghostnet::sim
