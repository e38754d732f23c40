#include "ghostnet/sim/fabric_world.hpp"

#include <algorithm>
#include <limits>

namespace ghostnet::sim {

namespace {

const link::LinkParams* pointer_to(const std::optional<link::LinkParams>& params) {
  return params ? &*params : nullptr;
}

template <class Items>
std::optional<std::uint16_t> position(const Items& items, auto matches) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (matches(items[i])) return static_cast<std::uint16_t>(i);
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<World>> FabricWorld::make(const WorldSpec& spec, MetricHub& metrics, LogHub& log) {
  std::unique_ptr<FabricWorld> world(new FabricWorld(spec, metrics, log));
  if (Result<> laid = world->lay_ground(spec); !laid) return fail(std::move(laid));
  for (const GroupSpec& group : spec.groups) {
    if (Result<> added = world->add_group(spec, group); !added) return fail(std::move(added));
  }
  return world;
}

FabricWorld::FabricWorld(const WorldSpec& spec, MetricHub& metrics, LogHub& log)
    : timeline_({.wall_epoch = spec.wall_epoch}),
      context_{timeline_.loop(), metrics, log},
      fabric_(timeline_, context_, {.seed = spec.seed, .tcp = spec.tcp.tuning()}),
      placement_(Random::derive(spec.seed, 0, "fabric.placement")) {}

Result<> FabricWorld::lay_ground(const WorldSpec& spec) {
  if (const auto* regions = std::get_if<RegionsSpec>(&spec.ground)) {
    std::size_t count = regions->regions.size();
    if (count == 0) return fail(Errc::invalid_argument, "a network of regions has at least one");
    if (regions->paths.size() != count * count) {
      return fail(Errc::invalid_argument, "{} regions want a matrix of {} paths, not {}", count, count * count,
                  regions->paths.size());
    }
    for (const RegionsSpec::Region& region : regions->regions) {
      if (Result<RegionId> added = fabric_.add_region(region.name); !added) return fail(std::move(added));
      total_weight_ += region.weight;
    }
    if (total_weight_ == 0) return fail(Errc::invalid_argument, "no region has a weight");
    for (std::size_t i = 0; i < regions->paths.size(); ++i) {
      fabric_.set_path(static_cast<RegionId>(i / count), static_cast<RegionId>(i % count), regions->paths[i]);
    }
    return {};
  }
  if (const auto* lan = std::get_if<LanSpec>(&spec.ground)) {
    Result<LanId> added = fabric_.add_lan("lan", lan->delay);
    if (!added) return fail(std::move(added));
    return {};
  }
  const auto* graph = std::get_if<GraphSpec>(&spec.ground);
  if (graph == nullptr) {
    return fail(Errc::not_supported, "the fabric has no radio; run with `carrier: ns3`, which has");
  }
  if (graph->routers.empty()) return fail(Errc::invalid_argument, "a graph has at least one router");
  for (const std::string& router : graph->routers) {
    if (Result<RouterId> added = fabric_.add_router(router); !added) return fail(std::move(added));
  }
  for (const GraphSpec::Edge& edge : graph->edges) {
    auto from = position(graph->routers, [&](const std::string& name) { return name == edge.from; });
    auto to = position(graph->routers, [&](const std::string& name) { return name == edge.to; });
    if (!from || !to) {
      return fail(Errc::invalid_argument, "the link from {} to {} names a router that there is not", edge.from,
                  edge.to);
    }
    for (auto [a, b] : {std::pair{*from, *to}, std::pair{*to, *from}}) {
      if (Result<> added = fabric_.add_edge(a, b, edge.params); !added) return added;
    }
  }
  return {};
}

Result<> FabricWorld::add_group(const WorldSpec& spec, const GroupSpec& group) {
  group_names_.push_back(group.name);
  for (std::uint32_t i = 0; i < group.count; ++i) {
    Result<FabricHost*> host = fabric_.add_host({.name = {}, .group = group.name});
    if (!host) return fail(std::move(host));
    Result<Attachment> ground = place(spec, group.name, group.place);
    if (!ground) return fail(std::move(ground));
    Result<> attached = attach(spec, **host, *ground, group.links);
    if (!attached) return fail(attached.error().while_doing(fmt::format("group {}", group.name)));
    for (const GroupSpec::MoreInterface& more : group.more_interfaces) {
      Result<Attachment> there = more.place.empty() ? *ground : place(spec, group.name, more.place);
      if (!there) return fail(std::move(there));
      attached = attach(spec, **host, *there, more.links);
      if (!attached) return fail(attached.error().while_doing(fmt::format("group {}, {}", group.name, more.name)));
    }
    if (group.cpu) (*host)->set_cpu(*group.cpu);
    if (group.clock_drift_ppb != 0 || group.wall_error != Duration::zero()) {
      (*host)->set_clock(group.clock_drift_ppb, group.wall_error);
    }
    group_of_host_.push_back(static_cast<std::uint32_t>(group_names_.size() - 1));
    ground_of_host_.push_back(*ground);
  }
  return {};
}

Result<> FabricWorld::attach(const WorldSpec& spec, FabricHost& host, Attachment ground, const LinkPair& links) {
  LinkPair here = links;
  if (ground.kind == Attachment::Kind::region) {
    here = std::get<RegionsSpec>(spec.ground).regions[ground.index].with_rates(std::move(here));
  }
  Result<InterfaceIndex> attached = fabric_.attach(
      host, {.attachment = ground, .out = pointer_to(here.out), .in = pointer_to(here.in), .addresses = {}});
  if (!attached) return fail(std::move(attached));
  return {};
}

Result<Attachment> FabricWorld::place(const WorldSpec& spec, const std::string& group, const std::string& place) {
  if (const auto* regions = std::get_if<RegionsSpec>(&spec.ground)) {
    if (!place.empty()) {
      auto region = position(regions->regions, [&](const auto& known) { return known.name == place; });
      if (!region) return fail(Errc::not_found, "group {}: there is no region {}", group, place);
      return Attachment{Attachment::Kind::region, *region};
    }
    std::uint64_t draw = placement_.below(total_weight_);
    std::uint16_t region = 0;
    while (draw >= regions->regions[region].weight) draw -= regions->regions[region++].weight;
    return Attachment{Attachment::Kind::region, region};
  }
  if (std::holds_alternative<LanSpec>(spec.ground)) return Attachment{Attachment::Kind::lan, 0};
  const auto& graph = std::get<GraphSpec>(spec.ground);
  if (place.empty()) {
    return Attachment{Attachment::Kind::router, static_cast<std::uint16_t>(placed_++ % graph.routers.size())};
  }
  auto router = position(graph.routers, [&](const std::string& name) { return name == place; });
  if (!router) return fail(Errc::not_found, "group {}: there is no router {}", group, place);
  return Attachment{Attachment::Kind::router, *router};
}

std::string FabricWorld::region_of(HostId id) const {
  Attachment ground = ground_of_host_[id];
  if (ground.kind == Attachment::Kind::region) return fabric_.region_name(ground.index);
  return ground.kind == Attachment::Kind::router ? fabric_.graph().name(ground.index) : "";
}

WorldCounters FabricWorld::counters() const {
  const FabricCounters& all = fabric_.counters();
  return {.datagrams_sent = all.sent,
          .datagrams_delivered = all.delivered,
          .datagrams_dropped = all.link_drops + all.path_losses + all.partition_drops + all.host_down_drops +
                               all.unroutable + all.refused + all.queue_drops + all.checksum_drops + all.overload_drops,
          .turns = timeline_.turns(),
          .ns3_events = timeline_.ns3_events()};
}

void FabricWorld::on_restart(HostId id, std::function<void(Host&)> boot) {
  fabric_.host(id).on_restart([boot = std::move(boot)](FabricHost& host) { boot(host); });
}

Result<> FabricWorld::partition(std::vector<std::uint8_t> cell_of_host, std::vector<std::vector<bool>> blocked) {
  if (!blocked.empty() && cell_of_host.size() != fabric_.host_count()) {
    return fail(Errc::invalid_argument, "a partition gives a cell to each of {} hosts, not to {}", fabric_.host_count(),
                cell_of_host.size());
  }
  for (const std::vector<bool>& row : blocked) {
    if (row.size() != blocked.size()) return fail(Errc::invalid_argument, "a partition's matrix is square");
  }
  if (!blocked.empty() &&
      std::ranges::any_of(cell_of_host, [&](std::uint8_t cell) { return cell >= blocked.size(); })) {
    return fail(Errc::invalid_argument, "a partition has {} cells, numbered from 0", blocked.size());
  }
  fabric_.partition(std::move(cell_of_host), std::move(blocked));
  return {};
}

Result<> FabricWorld::set_links(HostId id, InterfaceIndex interface, const LinkPair& links) {
  return fabric_.host(id).set_links(interface, pointer_to(links.out), pointer_to(links.in));
}

Result<> FabricWorld::set_cpu(HostId id, const CpuModel& cpu) {
  fabric_.host(id).set_cpu(cpu);
  return {};
}

Result<> FabricWorld::set_interface_up(HostId id, InterfaceIndex interface, bool up) {
  return fabric_.host(id).set_interface_up(interface, up);
}

Result<> FabricWorld::set_clock(HostId id, std::int64_t drift_ppb, Duration wall_error) {
  if (drift_ppb > ClockModel::kMaxDriftPpb || drift_ppb < -ClockModel::kMaxDriftPpb) {
    return fail(Errc::invalid_argument, "a clock drift of {} ppb: at most {} either way", drift_ppb,
                ClockModel::kMaxDriftPpb);
  }
  fabric_.host(id).set_clock(drift_ppb, wall_error);
  return {};
}

Result<> FabricWorld::capture(HostId id, ByteSink out) {
  FabricHost& host = fabric_.host(id);
  auto writer = std::make_unique<capture::PcapngWriter>(std::move(out));
  for (const Interface& interface : host.interfaces()) {
    Result<std::uint32_t> number = writer->add_interface(
        {.name = fmt::format("{}/{}", host.name(), interface.name), .link_type = capture::LinkType::raw_ip});
    if (!number) return fail(std::move(number));
    if (Result<> set = host.capture(interface.index, writer.get(), *number); !set) return set;
  }
  captures_.push_back(std::move(writer));
  return {};
}

Result<> FabricWorld::flush_captures() {
  Result<> first;
  for (const auto& writer : captures_) {
    Result<> flushed = writer->flush();
    if (!flushed && first) first = std::move(flushed);
  }
  return first;
}

}  // namespace ghostnet::sim
