#include "ghostnet/gui/scene/ground.hpp"

#include <QObject>
#include <QStringList>
#include <set>
#include <utility>

#include "charts/units.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kRelaxings = 60;
constexpr qsizetype kMostNamed = 12;  // routers of a way that is written out

}  // namespace

std::shared_ptr<const Ground> ground_of(results::Topology topology, const std::string& carrier,
                                        const HostTable& hosts) {
  if (topology.routers.empty()) return nullptr;
  auto ground = std::make_shared<Ground>();
  ground->routing = carrier == "ns3" ? results::Routing::fewest_hops : results::Routing::least_delay;
  std::unordered_map<std::string, std::uint32_t> known;
  for (const std::string& router : topology.routers)
    known.try_emplace(router, static_cast<std::uint32_t>(known.size()));
  std::vector<std::uint32_t> router_of_region;
  for (const std::string& region : hosts.regions()) {
    if (region.empty()) {
      router_of_region.push_back(Ground::kNowhere);
      continue;
    }
    const auto [place, is_new] = known.try_emplace(region, static_cast<std::uint32_t>(known.size()));
    if (is_new) topology.routers.push_back(region);
    router_of_region.push_back(place->second);
  }
  ground->router_of.reserve(hosts.size());
  for (std::size_t host = 0; host < hosts.size(); ++host) {
    ground->router_of.push_back(router_of_region[hosts.region_of(host)]);
  }
  ground->topology = std::move(topology);
  return ground;
}

std::vector<Spot> router_spots(const Ground& ground, std::span<const Spot> hosts) {
  const std::size_t count = ground.topology.routers.size();
  std::vector<Spot> spots(count);
  std::vector<float> weights(count);
  const auto add = [](Spot& sum, float& weight, Spot spot) {
    sum.x += spot.x;
    sum.y += spot.y;
    ++weight;
  };
  for (std::size_t host = 0; host < std::min(hosts.size(), ground.router_of.size()); ++host) {
    const std::uint32_t router = ground.router_of[host];
    if (router != Ground::kNowhere) add(spots[router], weights[router], hosts[host]);
  }
  std::vector<bool> is_fixed(count);
  for (std::size_t router = 0; router < count; ++router) {
    is_fixed[router] = weights[router] > 0;
    if (is_fixed[router]) spots[router] = {spots[router].x / weights[router], spots[router].y / weights[router]};
  }
  for (int round = 0; round < kRelaxings; ++round) {
    std::vector<Spot> sums(count);
    weights.assign(count, 0);
    for (const results::Wire& wire : ground.topology.wires) {
      add(sums[wire.a], weights[wire.a], spots[wire.b]);
      add(sums[wire.b], weights[wire.b], spots[wire.a]);
    }
    for (std::size_t router = 0; router < count; ++router) {
      if (is_fixed[router] || weights[router] == 0) continue;
      spots[router] = {sums[router].x / weights[router], sums[router].y / weights[router]};
    }
  }
  return spots;
}

RouteFinder::RouteFinder(std::shared_ptr<const Ground> ground)
    : ground_(std::move(ground)), ways_(ground_->topology, ground_->routing) {}

std::optional<Route> RouteFinder::between(std::uint32_t from, std::uint32_t to) {
  if (from >= ground_->router_of.size() || to >= ground_->router_of.size()) return std::nullopt;
  const std::uint32_t first = ground_->router_of[from];
  const std::uint32_t last = ground_->router_of[to];
  if (first == Ground::kNowhere || last == Ground::kNowhere) return std::nullopt;
  std::optional<std::vector<std::uint32_t>> wires = ways_.between(first, last);
  if (!wires) return std::nullopt;
  Route route{.from = from, .to = to, .routers = {first}, .wires = std::move(*wires)};
  for (const std::uint32_t wire : route.wires) {
    route.routers.push_back(ground_->topology.wires[wire].other_end(route.routers.back()));
    route.delay_ns += ground_->topology.wires[wire].delay_ns;
  }
  return route;
}

std::shared_ptr<const std::vector<std::uint32_t>> RouteFinder::routers_between(std::uint32_t from, std::uint32_t to) {
  if (from >= ground_->router_of.size() || to >= ground_->router_of.size()) return nullptr;
  const std::pair ends(ground_->router_of[from], ground_->router_of[to]);
  if (const auto found = kept_.find(ends); found != kept_.end()) return found->second;
  if (kept_.size() >= kMaxKept) kept_.clear();
  std::optional<Route> route = between(from, to);
  auto& kept = kept_[ends];
  if (route) kept = std::make_shared<const std::vector<std::uint32_t>>(std::move(route->routers));
  return kept;
}

RouteLook look_of_routes(RouteFinder& finder, std::span<const Pair> from_to) {
  RouteLook look;
  std::map<std::uint32_t, std::uint32_t> loads;
  std::set<std::uint32_t> hosts;
  for (const Pair& pair : from_to) {
    std::optional<Route> route = finder.between(pair.a, pair.b);
    if (!route) continue;
    ++look.count;
    for (const std::uint32_t wire : route->wires) ++loads[wire];
    hosts.insert({pair.a, pair.b});
    look.only = std::move(route);
  }
  if (look.count != 1) look.only.reset();
  for (const auto& [wire, routes] : loads) look.wires.push_back({wire, routes});
  look.hosts.assign(hosts.begin(), hosts.end());
  return look;
}

QString routers_text(const Route& route, const results::Topology& topology) {
  QStringList names;
  for (const std::uint32_t router : route.routers) names.push_back(QString::fromStdString(topology.routers[router]));
  if (names.size() > kMostNamed) {
    const qsizetype left_out = names.size() - kMostNamed;
    names.remove(kMostNamed / 2, left_out);
    names.insert(kMostNamed / 2, QObject::tr("%1 more").arg(left_out));
  }
  return names.join(QStringLiteral(" → "));
}

QString cost_text(const Route& route) {
  const auto wires = static_cast<int>(route.wires.size());
  const QString on = wires == 1 ? QObject::tr("1 wire") : QObject::tr("%1 wires").arg(wires);
  return QObject::tr("%1 on %2").arg(chart::duration_text(route.delay_ns), on);
}

}  // namespace ghostnet::gui
