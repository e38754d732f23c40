#include "ghostnet/sim/ns3_world.hpp"

#include <algorithm>

#include "ghostnet/runtime/random.hpp"

namespace ghostnet::sim {

namespace {

constexpr std::uint64_t kUnlimitedBps = 100'000'000'000;  // where a scenario gives no rate
constexpr std::uint16_t kUsualMtuBytes = 1500;

// The name of a queue discipline of ns-3; ns-3's devices have one kind in a network.
Result<std::string> queue_disc_of(const WorldSpec& spec) {
  std::optional<link::Discipline> one;
  for (const GroupSpec& group : spec.groups) {
    link::Discipline wanted = group.links.out ? group.links.out->discipline : link::Discipline::drop_tail;
    if (one && *one != wanted) {
      return fail(Errc::not_supported,
                  "group {}: the ns3 carrier has one queue discipline for all; use `carrier: fabric`", group.name);
    }
    one = wanted;
  }
  switch (one.value_or(link::Discipline::drop_tail)) {
    case link::Discipline::drop_tail: return "";
    case link::Discipline::codel: return "ns3::CoDelQueueDisc";
    case link::Discipline::fq_codel: return "ns3::FqCoDelQueueDisc";
  }
  return "";
}

Result<WireOptions> wire_for(const LinkPair& links, Duration delay) {
  WireOptions wire{.rate_bps = kUnlimitedBps, .delay = delay, .mtu_bytes = kUsualMtuBytes};
  if (!links.out && !links.in) return wire;
  link::LinkParams out = links.out.value_or(link::LinkParams{});
  if (links.in && links.in->rate_bps != out.rate_bps) {
    return fail(Errc::not_supported, "a wire of the ns3 carrier is as fast in both directions; use `carrier: fabric`");
  }
  if (out.jitter != Duration::zero() || !out.duplicate.is_never() || !out.corrupt.is_never() ||
      !out.reorder.is_never()) {
    return fail(Errc::not_supported,
                "wires of the ns3 carrier know no jitter, duplicates, corruption or reordering; "
                "use `carrier: fabric`");
  }
  if (out.rate_bps != 0) wire.rate_bps = out.rate_bps;
  if (out.mtu_bytes != 0) wire.mtu_bytes = static_cast<std::uint16_t>(std::min<std::uint32_t>(out.mtu_bytes, 65'535));
  wire.delay += out.delay;
  wire.queue = fmt::format("{}B", out.queue_limit_bytes);
  // A packet passes the wires of both its ends: half of the loss stands at each.
  wire.loss.ratio = out.loss.value() / 2;
  return wire;
}

std::size_t position(const auto& names, const std::string& name) {
  return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
}

}  // namespace

Result<std::unique_ptr<World>> Ns3World::make(const WorldSpec& spec, MetricHub& metrics, LogHub& log) {
  std::unique_ptr<Ns3World> world(new Ns3World(spec, metrics, log));
  if (Result<> built = world->build(spec); !built) return fail(std::move(built));
  return world;
}

Ns3World::Ns3World(const WorldSpec& spec, MetricHub& metrics, LogHub& log)
    : timeline_({.lock_step = true, .wall_epoch = spec.wall_epoch}), context_{timeline_.loop(), metrics, log} {}

Ns3World::~Ns3World() = default;

Result<> Ns3World::build(const WorldSpec& spec) {
  Result<std::string> queue_disc = queue_disc_of(spec);
  if (!queue_disc) return fail(std::move(queue_disc));
  Ns3Options options{.seed = spec.seed, .routing = Ns3Routing::paths, .queue_disc = std::move(*queue_disc)};
  options.pcap_directory = spec.pcap_directory;
  for (const auto& [name, value] : spec.ns3_attributes) options.attributes.push_back({name, value});
  if (const auto* radio = std::get_if<WirelessSpec>(&spec.ground);
      radio != nullptr && radio->kind == WirelessSpec::Kind::adhoc) {
    options.routing = radio->routing == WirelessSpec::Routing::aodv   ? Ns3Routing::aodv
                      : radio->routing == WirelessSpec::Routing::dsdv ? Ns3Routing::dsdv
                      : radio->routing == WirelessSpec::Routing::olsr ? Ns3Routing::olsr
                                                                      : Ns3Routing::global;
  }
  if (std::ranges::any_of(spec.groups, [](const GroupSpec& group) { return group.cpu.has_value(); })) {
    std::vector<std::optional<CpuModel>> models;
    for (const GroupSpec& group : spec.groups) models.insert(models.end(), group.count, group.cpu);
    options.cpu_price = [models = std::move(models)](HostId id, const CpuWork& work) {
      return id < models.size() && models[id] ? models[id]->cost(work) : Duration::zero();
    };
  }
  Result<std::unique_ptr<Ns3Network>> network = Ns3Network::make(timeline_, context_, std::move(options));
  if (!network) return fail(std::move(network));
  network_ = std::move(*network);
  if (Result<> added = add_hosts(spec); !added) return added;
  Result<> laid = std::visit(
      [&](const auto& ground) -> Result<> {
        using Ground = std::remove_cvref_t<decltype(ground)>;
        if constexpr (std::same_as<Ground, RegionsSpec>)
          return lay_regions(spec, ground);
        else if constexpr (std::same_as<Ground, GraphSpec>)
          return lay_graph(spec, ground);
        else if constexpr (std::same_as<Ground, LanSpec>)
          return lay_lan(spec, ground);
        else
          return lay_radio(ground);
      },
      spec.ground);
  if (!laid) return laid;
  return network_->start();
}

// The scenario's hosts come first, so that their ids are 0 to n - 1; routers follow.
Result<> Ns3World::add_hosts(const WorldSpec& spec) {
  for (const GroupSpec& group : spec.groups) {
    if (group.clock_drift_ppb != 0 || group.wall_error != Duration::zero()) {
      return fail(Errc::not_supported, "group {}: clocks of the ns3 carrier are right; use `carrier: fabric`",
                  group.name);
    }
    group_names_.push_back(group.name);
    for (std::uint32_t i = 0; i < group.count; ++i) {
      Result<HostId> id = network_->add_host(fmt::format("host-{}", group_of_host_.size()), group.name);
      if (!id) return fail(std::move(id));
      group_of_host_.push_back(static_cast<std::uint32_t>(group_names_.size() - 1));
    }
  }
  place_of_host_.resize(host_count());
  wire_of_host_.resize(host_count());
  wire_options_.resize(host_count());
  boots_.resize(host_count());
  return {};
}

Result<> Ns3World::lay_regions(const WorldSpec& spec, const RegionsSpec& regions) {
  std::size_t count = regions.regions.size();
  if (count == 0 || regions.paths.size() != count * count) {
    return fail(Errc::invalid_argument, "{} regions want a matrix of {} paths, not {}", count, count * count,
                regions.paths.size());
  }
  std::vector<HostId> routers;
  std::uint64_t total_weight = 0;
  for (const RegionsSpec::Region& region : regions.regions) {
    Result<HostId> router = network_->add_host(fmt::format("router-{}", region.name), "routers");
    if (!router) return fail(std::move(router));
    routers.push_back(*router);
    total_weight += region.weight;
  }
  auto path = [&](std::size_t from, std::size_t to) -> const PathParams& { return regions.paths[from * count + to]; };
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      if (path(i, j).jitter != Duration::zero() || !path(i, j).loss.is_never()) {
        return fail(Errc::not_supported, "paths of the ns3 carrier know no jitter or loss; use `carrier: fabric`");
      }
      if (path(i, j).delay != path(j, i).delay) {
        return fail(Errc::not_supported,
                    "paths of the ns3 carrier are as long in both directions; use `carrier: fabric`");
      }
      if (j <= i) continue;
      // Half of each region's own latency lies on the wires of its hosts.
      Duration delay = path(i, j).delay - path(i, i).delay / 2 - path(j, j).delay / 2;
      if (delay < Duration::zero()) {
        return fail(Errc::not_supported, "from {} to {} is nearer than within them, which the ns3 carrier cannot wire",
                    regions.regions[i].name, regions.regions[j].name);
      }
      Result<LinkId> wire = network_->connect(routers[i], routers[j], {.rate_bps = kUnlimitedBps, .delay = delay});
      if (!wire) return fail(std::move(wire));
    }
  }
  Random placement = Random::derive(spec.seed, 0, "fabric.placement");  // the same places as on the fabric
  for (HostId id = 0; id < host_count(); ++id) {
    const GroupSpec& group = spec.groups[group_of_host_[id]];
    std::size_t region = 0;
    if (group.place.empty()) {
      std::uint64_t draw = placement.below(total_weight);
      while (draw >= regions.regions[region].weight) draw -= regions.regions[region++].weight;
    } else {
      while (region < count && regions.regions[region].name != group.place) ++region;
      if (region == count) return fail(Errc::not_found, "group {}: there is no region {}", group.name, group.place);
    }
    place_of_host_[id] = regions.regions[region].name;
    Result<> wired = wire_to_router(id, routers[region], path(region, region).delay / 2, group.links);
    if (!wired) return wired;
  }
  return {};
}

Result<> Ns3World::lay_graph(const WorldSpec& spec, const GraphSpec& graph) {
  std::vector<HostId> routers;
  for (const std::string& name : graph.routers) {
    Result<HostId> router = network_->add_host(fmt::format("router-{}", name), "routers");
    if (!router) return fail(std::move(router));
    routers.push_back(*router);
  }
  if (routers.empty()) return fail(Errc::invalid_argument, "a graph has at least one router");
  for (const GraphSpec::Edge& edge : graph.edges) {
    std::size_t from = position(graph.routers, edge.from);
    std::size_t to = position(graph.routers, edge.to);
    if (from == routers.size() || to == routers.size()) {
      return fail(Errc::invalid_argument, "the link from {} to {} names a router that there is not", edge.from,
                  edge.to);
    }
    Result<WireOptions> options = wire_for({.out = edge.params, .in = std::nullopt}, Duration::zero());
    if (!options) return fail(std::move(options));
    options->loss.ratio = edge.params.loss.value();
    Result<LinkId> wire = network_->connect(routers[from], routers[to], *options);
    if (!wire) return fail(std::move(wire));
  }
  std::size_t placed = 0;
  for (HostId id = 0; id < host_count(); ++id) {
    const GroupSpec& group = spec.groups[group_of_host_[id]];
    std::size_t at = group.place.empty() ? placed++ % routers.size() : position(graph.routers, group.place);
    if (at == routers.size()) return fail(Errc::not_found, "group {}: there is no router {}", group.name, group.place);
    place_of_host_[id] = graph.routers[at];
    if (Result<> wired = wire_to_router(id, routers[at], Duration::zero(), group.links); !wired) return wired;
  }
  return {};
}

Result<> Ns3World::wire_to_router(HostId host, HostId router, Duration delay, const LinkPair& links) {
  Result<WireOptions> options = wire_for(links, delay);
  if (!options) return fail(options.error().while_doing(fmt::format("group {}", group_of(host))));
  Result<LinkId> wire = network_->connect(host, router, *options);
  if (!wire) return fail(std::move(wire));
  wire_of_host_[host] = *wire;
  wire_options_[host] = *options;
  return {};
}

Result<> Ns3World::lay_lan(const WorldSpec& spec, const LanSpec& lan) {
  LanOptions options{.delay = lan.delay};
  for (const GroupSpec& group : spec.groups) {
    if (!group.links.out) continue;
    Result<WireOptions> wire = wire_for(group.links, Duration::zero());
    if (!wire) return fail(wire.error().while_doing(fmt::format("group {}", group.name)));
    options.rate_bps = std::min(wire->rate_bps, options.rate_bps);
    options.loss.ratio = std::max(options.loss.ratio, wire->loss.ratio * 2);
  }
  Result<LinkId> added = network_->add_lan(all_hosts(), options);
  if (!added) return fail(std::move(added));
  return {};
}

Result<> Ns3World::lay_radio(const WirelessSpec& radio) {
  WifiOptions options;
  options.kind = radio.kind == WirelessSpec::Kind::adhoc ? WifiKind::ad_hoc : WifiKind::mesh;
  options.range_m = radio.spacing_m * 1.5;  // hears its neighbours on the grid, diagonals included
  std::vector<HostId> hosts = all_hosts();
  Result<LinkId> added = network_->add_wifi(hosts, options);
  if (!added) return fail(std::move(added));
  if (!radio.ns2_trace.empty()) return network_->move(hosts, Ns2Trace{radio.ns2_trace});
  if (radio.speed_m_per_s == 0) return network_->move(hosts, GridPositions{.spacing_m = radio.spacing_m});
  std::size_t columns = 1;
  while (columns * columns < hosts.size()) ++columns;
  double side_m = radio.spacing_m * static_cast<double>(columns);
  return network_->move(hosts, RandomWaypoint{.area = {side_m, side_m},
                                              .min_speed_m_s = radio.speed_m_per_s / 2,
                                              .max_speed_m_s = radio.speed_m_per_s});
}

std::vector<HostId> Ns3World::all_hosts() const {
  std::vector<HostId> hosts(host_count());
  for (HostId id = 0; id < hosts.size(); ++id) hosts[id] = id;
  return hosts;
}

// ---- running ----

WorldCounters Ns3World::counters() const { return {.turns = timeline_.turns(), .ns3_events = timeline_.ns3_events()}; }

void Ns3World::restart(HostId id) {
  if (network_->is_up(id)) return;
  network_->restart(id);
  if (boots_[id]) boots_[id](network_->host(id));
}

void Ns3World::on_restart(HostId id, std::function<void(Host&)> boot) { boots_[id] = std::move(boot); }

Result<> Ns3World::partition(std::vector<std::uint8_t>, std::vector<std::vector<bool>> blocked) {
  if (blocked.empty()) return {};
  return fail(Errc::not_supported, "the ns3 carrier cannot be partitioned by group; use `carrier: fabric`");
}

Result<> Ns3World::set_links(HostId id, const LinkPair& links) {
  if (!wire_of_host_[id]) {
    return fail(Errc::not_supported, "{}: only wires of the ns3 carrier change while it runs", host(id).name());
  }
  Result<WireOptions> options = wire_for(links, wire_options_[id].delay);
  if (!options) return fail(std::move(options));
  return network_->change(*wire_of_host_[id], *options);
}

Result<> Ns3World::set_interface_up(HostId id, InterfaceIndex interface, bool up) {
  return network_->set_interface_up(id, interface, up);
}

Result<> Ns3World::set_clock(HostId, std::int64_t drift_ppb, Duration wall_error) {
  if (drift_ppb == 0 && wall_error == Duration::zero()) return {};
  return fail(Errc::not_supported, "clocks of the ns3 carrier are right; use `carrier: fabric`");
}

Result<> Ns3World::capture(HostId, ByteSink) {
  return fail(Errc::not_supported, "the ns3 carrier traces its devices itself: give the world a pcap_directory");
}

}  // namespace ghostnet::sim
