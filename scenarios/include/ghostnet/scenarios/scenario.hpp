// Scenario: what one file says, checked; and the tables from which its keys are checked, documented and completed.
//
// Every key of every section is a row of a kOptions table (runtime/options.hpp), so the loader, `ghostnet list` and the
// reference say the same. Services and operations bring tables of their own through the registry.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ghostnet/runtime/log.hpp"
#include "ghostnet/runtime/options.hpp"
#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/scenarios/diagnostic.hpp"
#include "ghostnet/scenarios/document.hpp"
#include "ghostnet/scenarios/expectation.hpp"
#include "ghostnet/scenarios/fault.hpp"
#include "ghostnet/scenarios/link_options.hpp"
#include "ghostnet/scenarios/ns3_options.hpp"
#include "ghostnet/scenarios/source_files.hpp"
#include "ghostnet/scenarios/sweep.hpp"
#include "ghostnet/sim/world.hpp"
#include "ghostnet/tcp/tcp_options.hpp"

namespace ghostnet::scenarios {

enum class Ground : std::uint8_t { internet, lan, wireless };
enum class Arrival : std::uint8_t { regular, poisson };
enum class EndState : std::uint8_t { any, up, down };

}  // namespace ghostnet::scenarios

namespace ghostnet {

template <>
inline constexpr OptionChoice<sim::Carrier> kChoices<sim::Carrier>[] = {{sim::Carrier::fabric, "fabric"},
                                                                        {sim::Carrier::ns3, "ns3"}};
template <>
inline constexpr OptionChoice<scenarios::Ground> kChoices<scenarios::Ground>[] = {
    {scenarios::Ground::internet, "internet"},
    {scenarios::Ground::lan, "lan"},
    {scenarios::Ground::wireless, "wireless"}};
template <>
inline constexpr OptionChoice<LogLevel> kChoices<LogLevel>[] = {{LogLevel::trace, "trace"}, {LogLevel::debug, "debug"},
                                                                {LogLevel::info, "info"},   {LogLevel::warn, "warn"},
                                                                {LogLevel::error, "error"}, {LogLevel::off, "off"}};
template <>
inline constexpr OptionChoice<scenarios::Arrival> kChoices<scenarios::Arrival>[] = {
    {scenarios::Arrival::regular, "regular"}, {scenarios::Arrival::poisson, "poisson"}};
template <>
inline constexpr OptionChoice<scenarios::EndState> kChoices<scenarios::EndState>[] = {
    {scenarios::EndState::any, "any"}, {scenarios::EndState::up, "up"}, {scenarios::EndState::down, "down"}};
template <>
inline constexpr OptionChoice<sim::WirelessSpec::Kind> kChoices<sim::WirelessSpec::Kind>[] = {
    {sim::WirelessSpec::Kind::adhoc, "adhoc"},
    {sim::WirelessSpec::Kind::mesh_80211s, "mesh_80211s"},
    {sim::WirelessSpec::Kind::infrastructure, "infrastructure"}};
template <>
inline constexpr OptionChoice<sim::WirelessSpec::Routing> kChoices<sim::WirelessSpec::Routing>[] = {
    {sim::WirelessSpec::Routing::none, "none"},
    {sim::WirelessSpec::Routing::olsr, "olsr"},
    {sim::WirelessSpec::Routing::aodv, "aodv"},
    {sim::WirelessSpec::Routing::dsdv, "dsdv"}};

}  // namespace ghostnet

namespace ghostnet::scenarios {

// The file itself.
struct RunOptions {
  std::uint32_t schema = 1;
  std::string name;
  std::uint64_t seed = 1;
  Duration duration = 10s;
  Duration warm_up{};
  std::uint32_t repeat = 1;

  static constexpr OptionDesc kOptions[] = {
      option<&RunOptions::schema>("schema", "version of the scenario language", in(1U, 1U)),
      option<&RunOptions::name>("name", "what the run is called; the file's name when left out"),
      option<&RunOptions::seed>("seed", "everything that is left to chance follows from it"),
      option<&RunOptions::duration>("duration", "simulated time, or real time of a live run", in(1ms, 24h * 365)),
      option<&RunOptions::warm_up>("warm_up", "at the beginning; what happens then is in no metric",
                                   in(0ns, 24h * 365)),
      option<&RunOptions::repeat>("repeat", "runs of each point of the sweep; the nth has seed + n, from 0",
                                  in(1U, 100'000U)),
  };
};

// What of a run is kept, beyond its totals.
struct RecordOptions {
  Duration interval = 500ms;
  std::vector<std::string> series;
  std::vector<std::string> hosts{"all"};
  std::vector<std::string> host_histograms;
  bool links = true;
  std::vector<std::string> routing_tables{"all"};
  Probability messages = Probability::ratio(1, 100);
  std::uint32_t max_messages = 20'000;
  std::uint32_t traces = 10;
  Duration positions = 1s;
  std::vector<std::string> connections;
  std::vector<std::string> wires;
  std::string logs;
  LogLevel log_level = LogLevel::info;

  static constexpr OptionDesc kOptions[] = {
      option<&RecordOptions::interval>("interval", "from one sample of a series to the next", in(1ms, 24h)),
      option<&RecordOptions::series>("series", "metrics that are sampled host by host; a choice of them when left out"),
      option<&RecordOptions::hosts>("hosts", "groups whose hosts are sampled"),
      option<&RecordOptions::host_histograms>("host_histograms", "histograms that every host has to itself"),
      option<&RecordOptions::links>("links",
                                    "who is linked with whom: wires, radio, connections, meshes, routing tables"),
      option<&RecordOptions::routing_tables>(
          "routing_tables", "groups whose hosts' routing tables are among them, those of at most 1,000 hosts"),
      option<&RecordOptions::messages>("messages", "share of the packets that are followed from host to host"),
      option<&RecordOptions::max_messages>("max_messages", "so many of them at most, spread evenly over the run",
                                           at_most(10'000'000U)),
      option<&RecordOptions::traces>("traces", "published messages whose every hop is kept, spread evenly over the run",
                                     at_most(1'000U)),
      option<&RecordOptions::positions>("positions", "from one position of a host that moves to the next",
                                        in(10ms, 24h)),
      option<&RecordOptions::connections>("connections",
                                          "groups whose connections are sampled: window, round trip, bytes in flight"),
      option<&RecordOptions::wires>("wires", "groups whose wires are sampled: queue, utilisation, drops"),
      option<&RecordOptions::logs>("logs", "a directory for the log of each host, a file each"),
      option<&RecordOptions::log_level>("log_level", "of what these hold"),
  };
};

struct NetworkOptions : LinkOptions, CpuOptions {
  sim::Carrier carrier = sim::Carrier::fabric;
  Ground ground = Ground::internet;
  std::uint32_t hosts = 2;
  std::string regions;
  std::string graph;
  Duration latency = 20ms;
  Duration jitter{};
  sim::WirelessSpec::Kind wireless = sim::WirelessSpec::Kind::adhoc;
  sim::WirelessSpec::Routing routing = sim::WirelessSpec::Routing::olsr;
  double spacing = 50;
  double speed = 0;
  std::string movements;

  static const std::array<OptionDesc, 30> kOptions;
};

struct GroupOptions : LinkOptions, CpuOptions {
  std::uint32_t count = 1;
  std::string place;
  Duration clock_error{};
  double clock_drift = 0;
  EndState end_state = EndState::any;

  static const std::array<OptionDesc, 23> kOptions;
};

// A further interface of every host of a group.
struct InterfaceOptions : LinkOptions {
  std::string place;

  static const std::array<OptionDesc, 15> kOptions;
};

// A link between two routers, the same in both directions.
struct RouterLinkOptions : LinkOptions {
  std::string from;
  std::string to;
  Duration latency{};
  Duration jitter{};

  static const std::array<OptionDesc, 14> kOptions;
};

struct RegionOptions {
  std::uint32_t weight = 1;
  std::optional<DataRate> uplink;
  std::optional<DataRate> downlink;
  std::optional<double> longitude;
  std::optional<double> latitude;

  static constexpr OptionDesc kOptions[] = {
      option<&RegionOptions::uplink>("uplink", "of hosts here for which nothing else says a bandwidth",
                                     at_least(DataRate{1})),
      option<&RegionOptions::downlink>("downlink", "likewise", at_least(DataRate{1})),
      option<&RegionOptions::weight>("weight", "share of the hosts that stand here", at_most(1'000'000U)),
      option<&RegionOptions::longitude>("longitude", "where it is on the map, in degrees; for who draws it",
                                        in(-180.0, 180.0)),
      option<&RegionOptions::latitude>("latitude", "likewise", in(-90.0, 90.0)),
  };
};

// How often and by whom an operation is asked for; the operation's own options stand beside these.
struct WorkloadOptions {
  std::string from = "all";
  std::string to = "all";
  Frequency rate = Frequency::hz(1);
  Arrival arrival = Arrival::regular;
  std::uint64_t count = 0;
  Duration start{};
  std::optional<Duration> stop;

  static constexpr OptionDesc kOptions[] = {
      option<&WorkloadOptions::from>("from", "the group whose hosts do it, or all"),
      option<&WorkloadOptions::to>("to", "the group that a peer is drawn from each time, or all"),
      option<&WorkloadOptions::rate>("rate", "how often each of these hosts does it"),
      option<&WorkloadOptions::arrival>("arrival", "regular: at even intervals; poisson: by chance, as calls arrive"),
      option<&WorkloadOptions::count>("count", "how often in all, of each host; 0: until the end"),
      option<&WorkloadOptions::start>("start", "when the first ones begin, spread over one interval",
                                      in(0ns, 24h * 365)),
      option<&WorkloadOptions::stop>("stop", "when no more begin", in(0ns, 24h * 365)),
  };
};

// When an expectation is measured; the whole run, from the end of the warm-up, when left out.
struct ExpectationOptions {
  std::string that;
  std::optional<Duration> from;
  std::optional<Duration> until;

  static constexpr OptionDesc kOptions[] = {
      option<&ExpectationOptions::that>("that", "the comparison", required),
      option<&ExpectationOptions::from>("from", "what happened before does not count", in(0ns, 24h * 365)),
      option<&ExpectationOptions::until>("until", "what happened afterwards does not count", in(1ms, 24h * 365)),
  };
};

struct Scenario {
  struct Group {
    std::string name;
    GroupOptions options;
    std::vector<std::pair<std::string, InterfaceOptions>> interfaces;
    Position at;
  };
  struct Protocol {
    const ServiceDescriptor* service;
    AnyOptions options;
    std::vector<std::string> on = {"all"};  // the groups that it runs on
  };
  struct Workload {
    ServiceRegistry::Operation operation;
    WorkloadOptions when;
    AnyOptions options;
  };

  std::string file;
  std::string text;
  RunOptions run;
  Sweep sweep;
  RecordOptions record;
  NetworkOptions network;
  tcp::TcpOptions tcp;
  Ns3Options ns3;
  sim::RegionsSpec regions;  // one, where the file has neither regions nor routers
  bool has_named_regions = false;
  sim::GraphSpec graph;  // without routers: there is none
  std::vector<Group> groups;
  std::vector<Protocol> protocols;
  std::vector<Workload> workloads;
  std::vector<Fault> faults;
  std::vector<ExpectationRule> expectations;
  Settings parameters;         // what --set changed
  std::string pcap_directory;  // for a carrier that writes its traces itself

  // The file as it was read: with what it includes and what --set changed, as YAML on one line; for telling whether two
  // scenarios begin alike. `rest` is everything beside the two lists.
  struct Written {
    std::string rest;
    std::vector<std::string> workloads;
    std::vector<std::string> faults;
  };
  Written written;

  std::vector<std::string> files;           // that were read: the scenario, what it includes, its graphs and matrices
  std::vector<std::uint64_t> file_digests;  // of their contents, by digest_of()

  std::uint32_t host_count() const;
  sim::WorldSpec world() const;
  // The links of a group's hosts that stand in a region (or anywhere, by an empty name).
  LinkOptions links_of(const Group& group, std::string_view region) const;
  // "a.yaml:3:5"
  std::string place_of(Position at) const;
};

struct Overrides {
  Settings set;
  std::optional<std::uint64_t> seed;
  std::optional<Duration> until;
  std::optional<sim::Carrier> carrier;
  bool is_point = false;  // of a sweep: the sweep itself is not read again
};

using LoadResult = std::expected<Scenario, std::vector<Diagnostic>>;

// All mistakes, not only the first; at most 20. Files that the scenario names are read by `read`, from the directory
// of the file that names them.
LoadResult load_scenario(std::string_view text, const std::string& file, const ServiceRegistry& registry,
                         const Overrides& overrides = {}, const ReadFile& read = read_text_file);

}  // namespace ghostnet::scenarios
