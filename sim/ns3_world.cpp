#include "ghostnet/sim/ns3_world.hpp"

#include <algorithm>

#include "ghostnet/runtime/quantity.hpp"
#include "ghostnet/runtime/random.hpp"

namespace ghostnet::sim {

namespace {

constexpr std::uint64_t kUnlimitedBps = 100'000'000'000;  // where a scenario gives no rate
constexpr std::uint16_t kUsualMtuBytes = 1500;
constexpr Duration kLongLanDelay = 100us;  // some kilometres of cable

// What a queue of ns-3 is like; its devices have one kind in a network.
Result<link::LinkParams> queue_of(const WorldSpec& spec) {
  const GroupSpec* first = nullptr;
  auto shape = [](const GroupSpec& group) { return group.links.out.value_or(link::LinkParams{}); };
  for (const GroupSpec& group : spec.groups) {
    if (first == nullptr) first = &group;
    const link::LinkParams own = shape(group), other = shape(*first);
    if (own.discipline != other.discipline || own.codel_ecn != other.codel_ecn || own.codel != other.codel) {
      return fail(Errc::not_supported,
                  "groups {} and {}: the ns3 carrier has one queue discipline for all; use `carrier: fabric`",
                  first->name, group.name);
    }
  }
  return first != nullptr ? shape(*first) : link::LinkParams{};
}

std::string type_of(link::Discipline discipline) {
  switch (discipline) {
    case link::Discipline::drop_tail: return "";
    case link::Discipline::codel: return "ns3::CoDelQueueDisc";
    case link::Discipline::fq_codel: return "ns3::FqCoDelQueueDisc";
  }
  return "";
}

std::vector<Ns3Attribute> attributes_of(const link::LinkParams& queue) {
  const std::string type = type_of(queue.discipline);
  if (type.empty()) return {};
  return {{type + "::UseEcn", queue.codel_ecn ? "true" : "false"},
          {type + "::Interval", fmt::format("{}ns", queue.codel.interval.count())},
          {type + "::Target", fmt::format("{}ns", queue.codel.target.count())}};
}

Result<LossOptions> loss_of(const link::LinkParams& link) {
  const link::BurstLoss& burst = link.burst_loss;
  if (burst.enter_bad.is_never()) return LossOptions{.ratio = link.loss.value()};
  if (burst.loss_in_bad != Probability::always() || !burst.loss_in_good.is_never()) {
    return fail(Errc::not_supported,
                "bursts of the ns3 carrier lose everything, and what is between them nothing; use `carrier: fabric`");
  }
  const double enter = burst.enter_bad.value(), leave = burst.leave_bad.value();
  return LossOptions{.ratio = enter / (enter + leave), .burst_packets = leave > 0 ? 1 / leave : 1e6};
}

Result<WireDirection> direction_of(const link::LinkParams& link) {
  if (link.jitter != Duration::zero() || !link.duplicate.is_never() || !link.corrupt.is_never() ||
      !link.reorder.is_never() || link.ecn_threshold_bytes != 0 || link.frame_overhead_bytes != 0 ||
      link.queue_limit_packets != 0) {
    return fail(Errc::not_supported,
                "wires of the ns3 carrier know no jitter, duplicates, corruption, reordering, framing, limits in "
                "packets or marks by a full drop_tail queue; use `carrier: fabric`");
  }
  Result<LossOptions> loss = loss_of(link);
  if (!loss) return fail(std::move(loss));
  WireDirection direction{.rate_bps = link.rate_bps != 0 ? link.rate_bps : kUnlimitedBps,
                          .queue = fmt::format("{}B", link.queue_limit_bytes),
                          .loss = *loss};
  // A queue discipline governs only what the device cannot take: it is given as little as ns-3 allows.
  if (link.discipline != link::Discipline::drop_tail) direction.queue = "2p";
  return direction;
}

// From the first end to the second it is as `out` says, back as `in` does.
Result<WireOptions> wire_for(const LinkPair& links, Duration delay) {
  const link::LinkParams out = links.out.value_or(link::LinkParams{}), in = links.in.value_or(link::LinkParams{});
  Result<WireDirection> ahead = direction_of(out);
  if (!ahead) return fail(std::move(ahead));
  Result<WireDirection> back = direction_of(in);
  if (!back) return fail(std::move(back));
  const std::uint32_t mtu_bytes = out.mtu_bytes != 0 ? out.mtu_bytes : in.mtu_bytes;
  if (in.mtu_bytes != 0 && in.mtu_bytes != mtu_bytes) {
    return fail(Errc::not_supported, "a wire of the ns3 carrier has one MTU, not {} and {} bytes", mtu_bytes,
                in.mtu_bytes);
  }
  WireOptions wire{.rate_bps = ahead->rate_bps, .queue = ahead->queue, .loss = ahead->loss, .back = *back};
  wire.mtu_bytes =
      mtu_bytes != 0 ? static_cast<std::uint16_t>(std::min<std::uint32_t>(mtu_bytes, 65'535)) : kUsualMtuBytes;
  // A wire is as long in both directions: round trips take their time, one way they may differ.
  wire.delay = delay + (out.delay + in.delay) / 2;
  return wire;
}

// Meshes and access points forward below IP.
Ns3Routing routing_of(const WirelessSpec& radio) {
  if (radio.kind != WirelessSpec::Kind::adhoc) return Ns3Routing::paths;
  switch (radio.routing) {
    case WirelessSpec::Routing::none: return Ns3Routing::paths;
    case WirelessSpec::Routing::olsr: return Ns3Routing::olsr;
    case WirelessSpec::Routing::aodv: return Ns3Routing::aodv;
    case WirelessSpec::Routing::dsdv: return Ns3Routing::dsdv;
  }
  return Ns3Routing::paths;
}

Mobility movement_of(const WirelessSpec& radio, std::size_t hosts) {
  if (!radio.ns2_trace.empty()) return Ns2Trace{radio.ns2_trace};
  std::size_t columns = 1;
  while (columns * columns < hosts) ++columns;
  const double side_m = radio.spacing_m * static_cast<double>(columns);
  const Area area{radio.width_m > 0 ? radio.width_m : side_m, radio.height_m > 0 ? radio.height_m : side_m};
  const double slowest_m_s = radio.speed_m_per_s / 2;
  switch (radio.movement) {
    case WirelessSpec::Movement::grid:
      if (radio.speed_m_per_s > 0) break;
      return GridPositions{.spacing_m = radio.spacing_m};
    case WirelessSpec::Movement::scattered: return RandomPositions{area};
    case WirelessSpec::Movement::walk:
      return RandomWalk{
          .area = area, .min_speed_m_s = slowest_m_s, .max_speed_m_s = radio.speed_m_per_s, .leg = radio.leg};
    case WirelessSpec::Movement::waypoints: break;
  }
  return RandomWaypoint{
      .area = area, .min_speed_m_s = slowest_m_s, .max_speed_m_s = radio.speed_m_per_s, .pause = radio.pause};
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

void Ns3World::observe(Observer* observer) {
  if (context_.observer != nullptr) network_->stop_following(*context_.observer);
  context_.observer = observer;
  if (observer != nullptr) network_->follow_segments();
}

Ns3World::Ns3World(const WorldSpec& spec, MetricHub& metrics, LogHub& log)
    : timeline_({.lock_step = true, .wall_epoch = spec.wall_epoch}), context_{timeline_.loop(), metrics, log} {}

Ns3World::~Ns3World() = default;

Result<> Ns3World::build(const WorldSpec& spec) {
  Result<link::LinkParams> queue = queue_of(spec);
  if (!queue) return fail(std::move(queue));
  Ns3Options options{.seed = spec.seed, .queue_disc = type_of(queue->discipline), .attributes = attributes_of(*queue)};
  options.routing = spec.ns3_routing == WiredRouting::global ? Ns3Routing::global : Ns3Routing::paths;
  options.pcap_directory = spec.pcap_directory;
  for (const auto& [name, value] : spec.ns3_attributes) options.attributes.push_back({name, value});
  if (const auto* radio = std::get_if<WirelessSpec>(&spec.ground)) options.routing = routing_of(*radio);
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
          return lay_radio(spec, ground);
      },
      spec.ground);
  if (!laid) return laid;
  return network_->start();
}

// The scenario's hosts come first, so that their ids are 0 to n - 1; routers follow.
Result<> Ns3World::add_hosts(const WorldSpec& spec) {
  for (const GroupSpec& group : spec.groups) {
    if (!group.more_interfaces.empty()) {
      return fail(Errc::not_supported, "group {}: hosts of the ns3 carrier have one interface; use `carrier: fabric`",
                  group.name);
    }
    if (group.clock_drift_ppb != 0 || group.wall_error != Duration::zero()) {
      return fail(Errc::not_supported, "group {}: clocks of the ns3 carrier are right; use `carrier: fabric`",
                  group.name);
    }
    if (group.cpu && group.cpu->per_packet > Duration::zero()) {
      return fail(Errc::not_supported,
                  "group {}: hosts of the ns3 carrier take packets in at once; leave out cpu_per_packet, or use "
                  "`carrier: fabric`",
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
  if (Result<> wired = wire_regions(regions, routers); !wired) return wired;
  Random placement = Random::derive(spec.seed, 0, "fabric.placement");  // the same places as on the fabric
  for (HostId id = 0; id < host_count(); ++id) {
    const GroupSpec& group = spec.groups[group_of_host_[id]];
    std::size_t region = 0;
    if (group.place.empty()) {
      if (total_weight == 0)
        return fail(Errc::invalid_argument, "regions without weight, and {} has no place", group.name);
      std::uint64_t draw = placement.below(total_weight);
      while (draw >= regions.regions[region].weight) draw -= regions.regions[region++].weight;
    } else {
      while (region < count && regions.regions[region].name != group.place) ++region;
      if (region == count) return fail(Errc::not_found, "group {}: there is no region {}", group.name, group.place);
    }
    place_of_host_[id] = regions.regions[region].name;
    const LinkPair links = regions.regions[region].with_rates(group.links);
    Result<> wired = wire_to_router(id, routers[region], regions.paths[region * count + region].delay / 2, links);
    if (!wired) return wired;
  }
  return {};
}

// Half of each region's own latency lies on the wires of its hosts; the rest between the routers.
Result<> Ns3World::wire_regions(const RegionsSpec& regions, const std::vector<HostId>& routers) {
  const std::size_t count = regions.regions.size();
  auto path = [&](std::size_t from, std::size_t to) -> const PathParams& { return regions.paths[from * count + to]; };
  auto name = [&](std::size_t region) -> const std::string& { return regions.regions[region].name; };
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      if (path(i, j).jitter != Duration::zero() || (i == j && !path(i, j).loss.is_never())) {
        return fail(Errc::not_supported,
                    "from {} to {}: the ns3 carrier knows no jitter of paths, nor loss within a region; "
                    "use `carrier: fabric`",
                    name(i), name(j));
      }
      if (path(i, j).delay != path(j, i).delay) {
        return fail(Errc::not_supported,
                    "from {} to {}: paths of the ns3 carrier are as long in both directions; use `carrier: fabric`",
                    name(i), name(j));
      }
      if (j <= i) continue;
      const Duration delay = path(i, j).delay - path(i, i).delay / 2 - path(j, j).delay / 2;
      if (delay < Duration::zero()) {
        return fail(Errc::not_supported, "from {} to {} is nearer than within them, which the ns3 carrier cannot wire",
                    name(i), name(j));
      }
      WireDirection back{.rate_bps = kUnlimitedBps, .loss = {.ratio = path(j, i).loss.value()}};
      Result<LinkId> wire = network_->connect(
          routers[i], routers[j],
          {.rate_bps = kUnlimitedBps, .delay = delay, .loss = {.ratio = path(i, j).loss.value()}, .back = back});
      if (!wire) return fail(std::move(wire));
    }
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
  const Result<link::LinkParams> queue = queue_of(spec);
  if (!queue) return fail(queue);
  for (const GraphSpec::Edge& edge : graph.edges) {
    std::size_t from = position(graph.routers, edge.from);
    std::size_t to = position(graph.routers, edge.to);
    if (from == routers.size() || to == routers.size()) {
      return fail(Errc::invalid_argument, "the link from {} to {} names a router that there is not", edge.from,
                  edge.to);
    }
    const link::Discipline discipline = edge.params.discipline;
    if (discipline != link::Discipline::drop_tail && discipline != queue->discipline) {
      return fail(Errc::not_supported,
                  "from {} to {}: the ns3 carrier has one queue discipline for all, which groups have too; use "
                  "`carrier: fabric`",
                  edge.from, edge.to);
    }
    Result<WireOptions> options = wire_for({.out = edge.params, .in = edge.params}, Duration::zero());
    if (!options) return fail(options.error().while_doing(fmt::format("from {} to {}", edge.from, edge.to)));
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
  wire_of_host_[host] = {*wire, delay};
  return {};
}

Result<> Ns3World::lay_lan(const WorldSpec& spec, const LanSpec& lan) {
  LanOptions options{.delay = lan.delay};
  for (const GroupSpec& group : spec.groups) {
    if (group.links != spec.groups.front().links) {
      return fail(Errc::not_supported,
                  "groups {} and {}: hosts of a LAN of the ns3 carrier share one medium, so their links are alike; "
                  "use `carrier: fabric`",
                  spec.groups.front().name, group.name);
    }
  }
  if (!spec.groups.empty() && (spec.groups.front().links.out || spec.groups.front().links.in)) {
    const LinkPair& links = spec.groups.front().links;
    Result<WireOptions> wire = wire_for(links, lan.delay);
    if (!wire) return fail(wire.error().while_doing(fmt::format("group {}", spec.groups.front().name)));
    if (links.out && links.in && wire->rate_bps != wire->back->rate_bps) {
      return fail(Errc::not_supported, "a LAN of the ns3 carrier is as fast in both directions; use `carrier: fabric`");
    }
    if (links.out && links.out->rate_bps != 0) options.rate_bps = wire->rate_bps;
    options.delay =
        lan.delay + links.out.value_or(link::LinkParams{}).delay + links.in.value_or(link::LinkParams{}).delay;
    options.mtu_bytes = wire->mtu_bytes;
    options.queue = wire->queue;
    options.loss = wire->loss;
  }
  if (options.delay > kLongLanDelay && host_count() != 0) {
    network_->host(0).log().named("ns3").warn(
        "a LAN of the ns3 carrier carries one frame at a time: with {} from end to end at most {} frames/s in all",
        to_text(options.delay), 1s / options.delay);
  }
  Result<LinkId> added = network_->add_lan(all_hosts(), options);
  if (!added) return fail(std::move(added));
  return {};
}

Result<> Ns3World::lay_radio(const WorldSpec& spec, const WirelessSpec& radio) {
  for (const GroupSpec& group : spec.groups) {
    if (!group.links.out && !group.links.in) continue;
    return fail(Errc::not_supported,
                "group {}: radio has no bandwidth, loss, queue or MTU of each host: its standard, data mode, distances "
                "and the others that send decide",
                group.name);
  }
  WifiOptions options;
  switch (radio.kind) {
    case WirelessSpec::Kind::adhoc: options.kind = WifiKind::ad_hoc; break;
    case WirelessSpec::Kind::mesh_80211s: options.kind = WifiKind::mesh; break;
    case WirelessSpec::Kind::infrastructure: options.kind = WifiKind::infrastructure; break;
  }
  options.standard = radio.standard;
  options.rate_control = radio.rate_control;
  options.data_mode = radio.data_mode;
  options.tx_power_dbm = radio.tx_power_dbm;
  // By default it hears its neighbours on the grid, diagonals included.
  if (radio.propagation == WirelessSpec::Propagation::range) {
    options.range_m = radio.range_m > 0 ? radio.range_m : radio.spacing_m * 1.5;
  }
  if (radio.kind == WirelessSpec::Kind::infrastructure && host_count() < 2) {
    return fail(Errc::invalid_argument, "an access point (the first host) and no station: expected two hosts or more");
  }
  const bool moves =
      radio.movement == WirelessSpec::Movement::waypoints || radio.movement == WirelessSpec::Movement::walk;
  if (moves && !(radio.speed_m_per_s > 0) && radio.ns2_trace.empty()) {
    return fail(Errc::invalid_argument, "radios that move need a speed (network.speed), above 0 m/s");
  }
  const std::vector<HostId> hosts = all_hosts();
  Result<LinkId> added = network_->add_wifi(hosts, options);
  if (!added) return fail(std::move(added));
  return network_->move(hosts, movement_of(radio, hosts.size()));
}

std::vector<HostId> Ns3World::all_hosts() const {
  std::vector<HostId> hosts(host_count());
  for (HostId id = 0; id < hosts.size(); ++id) hosts[id] = id;
  return hosts;
}

// ---- running ----

std::optional<OnPlane> Ns3World::position_of(HostId id) const {
  const Result<Position> at = network_->position(id);
  if (!at) return std::nullopt;
  return OnPlane{at->x_m, at->y_m};
}

WorldCounters Ns3World::counters() const {
  const UdpCounters datagrams = network_->datagrams();
  return {.datagrams_sent = datagrams.datagrams_sent,
          .datagrams_delivered = datagrams.datagrams_received,
          .datagrams_dropped = datagrams.dropped_queue_full,
          .turns = timeline_.turns(),
          .ns3_events = timeline_.ns3_events()};
}

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

Result<> Ns3World::set_links(HostId id, InterfaceIndex interface, const LinkPair& links) {
  if (!wire_of_host_[id] || interface != 1) {
    return fail(Errc::not_supported, "{}: only wires of the ns3 carrier change while it runs", host(id).name());
  }
  Result<WireOptions> options = wire_for(links, wire_of_host_[id]->delay);
  if (!options) return fail(options.error().while_doing(host(id).name()));
  if (Result<> changed = network_->change(wire_of_host_[id]->link, *options); !changed) return changed;
  network_->set_link_up(wire_of_host_[id]->link, (!links.out || links.out->up) && (!links.in || links.in->up));
  return {};
}

Result<> Ns3World::set_interface_up(HostId id, InterfaceIndex interface, bool up) {
  return network_->set_interface_up(id, interface, up);
}

Result<> Ns3World::set_clock(HostId, std::int64_t drift_ppb, Duration wall_error) {
  if (drift_ppb == 0 && wall_error == Duration::zero()) return {};
  return fail(Errc::not_supported, "clocks of the ns3 carrier are right; use `carrier: fabric`");
}

Result<> Ns3World::set_cpu(HostId, const CpuModel&) {
  return fail(Errc::not_supported, "CPUs of the ns3 carrier do not change; use `carrier: fabric`");
}

Result<> Ns3World::readdress(HostId) {
  return fail(Errc::not_supported, "addresses of the ns3 carrier do not change; use `carrier: fabric`");
}

Result<> Ns3World::capture(HostId, ByteSink) {
  return fail(Errc::not_supported, "the ns3 carrier traces its devices itself: give the world a pcap_directory");
}

}  // namespace ghostnet::sim
