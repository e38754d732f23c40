#include "ghostnet/scenarios/scenario.hpp"

#include <algorithm>

namespace ghostnet::scenarios {

namespace {

constexpr std::array kNetworkKeys{
    option<&NetworkOptions::carrier>("carrier", "what carries packets: our own fabric, or ns-3's stack"),
    option<&NetworkOptions::ground>("ground", "what hosts stand on: the Internet, one LAN, or radio"),
    option<&NetworkOptions::hosts>("hosts", "in all; those in no group are in group `rest`", in(1U, 1'000'000U)),
    option<&NetworkOptions::regions>("regions", "regions and latencies by name (ethereum, cloud), or a file of them"),
    option<&NetworkOptions::graph>("graph", "a file of routers and links, as YAML or GML"),
    option<&NetworkOptions::latency>("latency", "one way between any two hosts, where no regions are given",
                                     in(0ns, 24h)),
    option<&NetworkOptions::jitter>("jitter", "latency between regions varies by so much either way", in(0ns, 24h)),
    option<&NetworkOptions::wireless>("wireless", "kind of radio network"),
    option<&NetworkOptions::routing>("routing", "routing protocol of the ad hoc network"),
    option<&NetworkOptions::spacing>("spacing", "of the grid of radios", in(0.1, 100'000.0), unit("m")),
    option<&NetworkOptions::speed>("speed", "of radios that walk to random waypoints; 0: they stand", in(0.0, 1000.0),
                                   unit("m/s")),
    option<&NetworkOptions::movements>("movements", "an ns-2 trace of how radios move"),
};

constexpr std::array kGroupKeys{
    option<&GroupOptions::count>("count", "hosts in the group", in(1U, 1'000'000U)),
    option<&GroupOptions::place>("place",
                                 "the region or router that they stand at; by weight, or in turn, when left out"),
    option<&GroupOptions::clock_error>("clock_error", "civil time is off by so much", in(-8760h, 525'600min)),
    option<&GroupOptions::clock_drift>("clock_drift", "clocks run fast by so many parts per million",
                                       in(-500'000.0, 500'000.0), unit("ppm")),
    option<&GroupOptions::end_state>("end_state", "what the hosts must be when the run ends"),
};

constexpr std::array kRouterLinkKeys{
    option<&RouterLinkOptions::from>("from", "a router", required),
    option<&RouterLinkOptions::to>("to", "another router", required),
    option<&RouterLinkOptions::latency>("latency", "one way", in(0ns, 24h)),
    option<&RouterLinkOptions::jitter>("jitter", "the latency varies by so much either way", in(0ns, 24h)),
};

// A link between routers has no access and one rate.
constexpr std::array<OptionDesc, 10> router_link_keys() {
  constexpr std::array<OptionDesc, 14> kAll = link_keys<RouterLinkOptions>();
  std::array<OptionDesc, 10> some{};
  std::size_t at = 0;
  for (const OptionDesc& key : kAll) {
    if (key.name != "uplink" && key.name != "downlink" && !key.name.starts_with("access_")) some[at++] = key;
  }
  return some;
}

}  // namespace

const std::array<OptionDesc, 30> NetworkOptions::kOptions =
    joined(kNetworkKeys, link_keys<NetworkOptions>(), cpu_keys<NetworkOptions>());
const std::array<OptionDesc, 23> GroupOptions::kOptions =
    joined(kGroupKeys, link_keys<GroupOptions>(), cpu_keys<GroupOptions>());
const std::array<OptionDesc, 15> InterfaceOptions::kOptions =
    joined(std::array{option<&InterfaceOptions::place>("place", "as a group's; the first interface's when left out")},
           link_keys<InterfaceOptions>());
const std::array<OptionDesc, 14> RouterLinkOptions::kOptions = joined(kRouterLinkKeys, router_link_keys());

LinkOptions Scenario::links_of(const Group& group, std::string_view region) const {
  LinkOptions links = group.options.LinkOptions::over(network);
  const auto here = std::ranges::find(regions.regions, region, &sim::RegionsSpec::Region::name);
  if (here == regions.regions.end()) return links;
  if (here->up_bps != 0 && !links.bandwidth && !links.uplink) links.uplink = DataRate{here->up_bps};
  if (here->down_bps != 0 && !links.bandwidth && !links.downlink) links.downlink = DataRate{here->down_bps};
  return links;
}

std::string Scenario::place_of(Position at) const {
  const std::string& name = at.file < files.size() ? files[at.file] : file;
  return at.line == 0 ? name : fmt::format("{}:{}:{}", name, at.line, at.column);
}

std::uint32_t Scenario::host_count() const {
  std::uint32_t count = 0;
  for (const Group& group : groups) count += group.options.count;
  return count;
}

sim::WorldSpec Scenario::world() const {
  sim::WorldSpec spec;
  spec.carrier = network.carrier;
  spec.seed = run.seed;
  spec.pcap_directory = pcap_directory;
  switch (network.ground) {
    case Ground::internet:
      if (graph.routers.empty()) {
        spec.ground = regions;
      } else {
        spec.ground = graph;
      }
      break;
    case Ground::lan: spec.ground = sim::LanSpec{.delay = network.latency}; break;
    case Ground::wireless: {
      sim::WirelessSpec radio;
      radio.kind = network.wireless;
      radio.routing = network.routing;
      radio.spacing_m = network.spacing;
      radio.speed_m_per_s = network.speed;
      radio.ns2_trace = network.movements;
      spec.ground = radio;
      break;
    }
  }
  for (const Group& group : groups) {
    sim::GroupSpec& hosts = spec.groups.emplace_back();
    hosts.name = group.name;
    hosts.count = group.options.count;
    hosts.links = links_of(group, group.options.place).pair();
    hosts.cpu = group.options.CpuOptions::over(network).model();
    hosts.clock_drift_ppb = static_cast<std::int64_t>(group.options.clock_drift * 1000);
    hosts.wall_error = group.options.clock_error;
    hosts.place = group.options.place;
    for (const auto& [name, options] : group.interfaces) {
      hosts.more_interfaces.push_back({.name = name, .links = options.over(network).pair(), .place = options.place});
    }
  }
  spec.tcp = tcp;
  ns3.apply_to(spec);
  return spec;
}

}  // namespace ghostnet::scenarios
