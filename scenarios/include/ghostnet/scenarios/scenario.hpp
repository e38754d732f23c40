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

#include "ghostnet/link/link_params.hpp"
#include "ghostnet/runtime/options.hpp"
#include "ghostnet/runtime/registry.hpp"
#include "ghostnet/scenarios/diagnostic.hpp"
#include "ghostnet/scenarios/document.hpp"
#include "ghostnet/scenarios/expectation.hpp"
#include "ghostnet/scenarios/ns3_options.hpp"
#include "ghostnet/scenarios/sweep.hpp"
#include "ghostnet/sim/world.hpp"

namespace ghostnet::scenarios {

enum class Ground : std::uint8_t { internet, lan, wireless };

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
inline constexpr OptionChoice<link::Discipline> kChoices<link::Discipline>[] = {
    {link::Discipline::drop_tail, "drop_tail"},
    {link::Discipline::codel, "codel"},
    {link::Discipline::fq_codel, "fq_codel"}};
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
  std::uint32_t repeat = 1;

  static constexpr OptionDesc kOptions[] = {
      option<&RunOptions::schema>("schema", "version of the scenario language", in(1U, 1U)),
      option<&RunOptions::name>("name", "what the run is called; the file's name when left out"),
      option<&RunOptions::seed>("seed", "everything that is left to chance follows from it"),
      option<&RunOptions::duration>("duration", "simulated time, or real time of a live run", in(1ms, 24h * 365)),
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
  Probability messages;
  std::string logs;

  static constexpr OptionDesc kOptions[] = {
      option<&RecordOptions::interval>("interval", "from one sample of a series to the next", in(1ms, 24h)),
      option<&RecordOptions::series>("series", "metrics that are sampled host by host; a choice of them when left out"),
      option<&RecordOptions::hosts>("hosts", "groups whose hosts are sampled"),
      option<&RecordOptions::host_histograms>("host_histograms", "histograms that every host has to itself"),
      option<&RecordOptions::messages>("messages", "share of the messages that are kept for the visualizer"),
      option<&RecordOptions::logs>("logs", "a directory for the log of each host, a file each"),
  };
};

// What a link of a host is like; absent keys leave the surrounding value. Rates are of each direction.
struct LinkOptions {
  std::optional<DataRate> bandwidth;
  std::optional<DataRate> uplink;
  std::optional<DataRate> downlink;
  std::optional<Probability> loss;
  std::optional<Probability> duplicate;
  std::optional<Probability> corrupt;
  std::optional<Duration> access_delay;
  std::optional<DataSize> queue;
  std::optional<link::Discipline> discipline;
  std::optional<bool> ecn;
  std::optional<std::uint32_t> mtu;

  // The link that these keys, over those of `base`, describe.
  sim::LinkPair over(const LinkOptions& base) const;
};

struct NetworkOptions : LinkOptions {
  sim::Carrier carrier = sim::Carrier::fabric;
  Ground ground = Ground::internet;
  std::uint32_t hosts = 2;
  Duration latency = 20ms;
  Duration jitter{};
  sim::WirelessSpec::Kind wireless = sim::WirelessSpec::Kind::adhoc;
  sim::WirelessSpec::Routing routing = sim::WirelessSpec::Routing::olsr;
  double spacing = 50;
  double speed = 0;
  Duration cpu_per_packet{};

  static const OptionDesc kOptions[21];
};

struct GroupOptions : LinkOptions {
  std::uint32_t count = 1;
  std::string place;
  Duration clock_error{};
  double clock_drift = 0;
  double slowness = 1;

  static const OptionDesc kOptions[16];
};

struct RegionOptions {
  std::uint32_t weight = 1;

  static constexpr OptionDesc kOptions[] = {
      option<&RegionOptions::weight>("weight", "share of the hosts that stand here", at_most(1'000'000U)),
  };
};

// How often and by whom an operation is asked for; the operation's own options stand beside these.
struct WorkloadOptions {
  std::string from = "all";
  std::string to = "all";
  Frequency rate = Frequency::hz(1);
  std::uint64_t count = 0;
  Duration start{};
  std::optional<Duration> stop;

  static constexpr OptionDesc kOptions[] = {
      option<&WorkloadOptions::from>("from", "the group whose hosts do it, or all"),
      option<&WorkloadOptions::to>("to", "the group that a peer is drawn from each time, or all"),
      option<&WorkloadOptions::rate>("rate", "how often each of these hosts does it"),
      option<&WorkloadOptions::count>("count", "how often in all, of each host; 0: until the end"),
      option<&WorkloadOptions::start>("start", "when the first ones begin, spread over one interval",
                                      in(0ns, 24h * 365)),
      option<&WorkloadOptions::stop>("stop", "when no more begin", in(0ns, 24h * 365)),
  };
};

struct FaultOptions {
  Duration at{};
  std::optional<Duration> for_;  // how long; else to the end
  std::optional<std::string> crash;
  std::optional<std::vector<std::string>> partition;

  static constexpr OptionDesc kOptions[] = {
      option<&FaultOptions::at>("at", "when it happens", in(0ns, 24h * 365)),
      option<&FaultOptions::for_>("for", "how long it lasts; to the end when left out", in(1ms, 24h * 365)),
      option<&FaultOptions::crash>("crash", "the group whose hosts go down"),
      option<&FaultOptions::partition>("partition", "the groups that are cut off from all others"),
  };
};

struct Scenario {
  struct Group {
    std::string name;
    GroupOptions options;
    Position at;
  };
  struct Protocol {
    const ServiceDescriptor* service;
    AnyOptions options;
    std::string on = "all";  // the group that it runs on
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
  Ns3Options ns3;
  sim::RegionsSpec regions;
  std::vector<Group> groups;
  std::vector<Protocol> protocols;
  std::vector<Workload> workloads;
  std::vector<FaultOptions> faults;
  std::vector<ExpectationRule> expectations;
  Settings parameters;         // what --set changed
  std::string pcap_directory;  // for a carrier that writes its traces itself

  std::uint32_t host_count() const;
  sim::WorldSpec world() const;
};

struct Overrides {
  Settings set;
  std::optional<std::uint64_t> seed;
  std::optional<Duration> until;
  std::optional<sim::Carrier> carrier;
};

using LoadResult = std::expected<Scenario, std::vector<Diagnostic>>;

// All mistakes of one file, not only the first.
LoadResult load_scenario(std::string_view text, const std::string& file, const ServiceRegistry& registry,
                         const Overrides& overrides = {});

}  // namespace ghostnet::scenarios
