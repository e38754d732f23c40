#include "ghostnet/gui/scene/placement.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <utility>

#include "ghostnet/gui/scene/force_layout.hpp"
#include "ghostnet/gui/scene/ground.hpp"
#include "ghostnet/gui/scene/world_map.hpp"

namespace ghostnet::gui {

namespace {

constexpr float kRoomyDegreesSpacing = 4.5F;     // world units between hosts that stand by their degrees
constexpr float kSeedsPerSpacing = 0.59F;        // the radius of seed n is this * spacing * sqrt(n)
constexpr std::size_t kMostPushedApart = 1'000;  // crowds; of more, each pair takes too long

struct Crowd {
  std::string name;
  std::vector<std::size_t> hosts{};
  Spot home{};
  Spot middle{};
};

float radius_of(const Crowd& crowd, float spacing) {
  return kSeedsPerSpacing * spacing * std::sqrt(static_cast<float>(crowd.hosts.size()));
}

// Moves crowds apart that overlap, a little at a time, and lets them lean back home.
void push_apart(std::vector<Crowd>& crowds, float spacing) {
  constexpr int kRounds = 200;
  constexpr float kGap = 6;
  for (int round = 0; round < kRounds; ++round) {
    for (Crowd& crowd : crowds) {
      crowd.middle.x += (crowd.home.x - crowd.middle.x) * 0.02F;
      crowd.middle.y += (crowd.home.y - crowd.middle.y) * 0.02F;
    }
    for (std::size_t a = 0; a < crowds.size(); ++a) {
      for (std::size_t b = a + 1; b < crowds.size(); ++b) {
        const float want = radius_of(crowds[a], spacing) + radius_of(crowds[b], spacing) + kGap;
        float dx = crowds[b].middle.x - crowds[a].middle.x;
        float dy = crowds[b].middle.y - crowds[a].middle.y;
        float apart = std::hypot(dx, dy);
        if (apart >= want) continue;
        if (apart < 1e-3F) dx = apart = 1;
        const float push = (want - apart) / 2 / apart;
        crowds[a].middle.x -= dx * push;
        crowds[a].middle.y -= dy * push;
        crowds[b].middle.x += dx * push;
        crowds[b].middle.y += dy * push;
      }
    }
  }
}

// Crowds as large as they may be without covering the world or each other much.
float crowd_spacing(const std::vector<Crowd>& crowds) {
  constexpr float kLargest = 62;  // world units: about the width of Europe
  constexpr float kWidest = 5;
  float spacing = kWidest;
  for (const Crowd& crowd : crowds) {
    spacing = std::min(spacing, kLargest / (kSeedsPerSpacing * std::sqrt(static_cast<float>(crowd.hosts.size()))));
  }
  for (std::size_t a = 0; a < crowds.size(); ++a) {
    for (std::size_t b = a + 1; b < crowds.size(); ++b) {
      const float apart = std::hypot(crowds[a].home.x - crowds[b].home.x, crowds[a].home.y - crowds[b].home.y);
      const float radii = radius_of(crowds[a], 1) + radius_of(crowds[b], 1);
      spacing = std::min(spacing, std::max(kLargest / 3, 1.5F * apart) / radii);
    }
  }
  return spacing;
}

// `free`: so many seeds in the middle have no host.
void place_seeds(const std::vector<Crowd>& crowds, Placement& placement, std::size_t free) {
  for (const Crowd& crowd : crowds) {
    for (std::size_t n = 0; n < crowd.hosts.size(); ++n) {
      const Spot seed = sunflower(n + free, placement.spacing);
      placement.spots[crowd.hosts[n]] = {crowd.middle.x + seed.x, crowd.middle.y + seed.y};
    }
    placement.crowds.push_back({.text = crowd.name,
                                .hosts = crowd.hosts.size(),
                                .middle = crowd.middle,
                                .radius = radius_of(crowd, placement.spacing)});
  }
}

void place_crowds(std::vector<Crowd>& crowds, Placement& placement) {
  if (crowds.empty()) return;
  placement.spacing = crowd_spacing(crowds);
  push_apart(crowds, placement.spacing);
  place_seeds(crowds, placement, 0);
}

bool is_on_map(const results::HostRow& host) { return host.on_map && host.x && host.y; }

// Whether hosts with degrees can stand there without hiding each other.
bool have_room(const Crowd& crowd, const HostTable& hosts, std::span<const Spot> spots) {
  std::vector<Spot> known;
  for (const std::size_t host : crowd.hosts) {
    if (!is_on_map(hosts[host])) return false;
    known.push_back(spots[host]);
  }
  const Extent extent = extent_of(known);
  const float room = extent.width() * extent.height() / static_cast<float>(known.size());
  return known.size() < 3 || room > kRoomyDegreesSpacing * kRoomyDegreesSpacing;
}

CrowdLabel label_of_roomy(const Crowd& crowd, std::span<const Spot> spots) {
  std::vector<Spot> known;
  for (const std::size_t host : crowd.hosts) known.push_back(spots[host]);
  const Extent extent = extent_of(known);
  return {.text = crowd.name,
          .hosts = crowd.hosts.size(),
          .middle = {(extent.left + extent.right) / 2, (extent.top + extent.bottom) / 2},
          .radius = extent.height() / 2};
}

// In the midst of those whose degrees are known.
std::optional<Spot> middle_of(const Crowd& crowd, const HostTable& hosts, std::span<const Spot> spots) {
  Spot sum{};
  float count = 0;
  for (const std::size_t host : crowd.hosts) {
    if (!is_on_map(hosts[host])) continue;
    sum.x += spots[host].x;
    sum.y += spots[host].y;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return Spot{sum.x / count, sum.y / count};
}

// The usual distance of neighbours of so many hosts that fill the extent evenly.
float even_spacing(const Extent& extent, std::size_t hosts) {
  const float area = std::max(1e-6F, extent.width() * extent.height());
  return std::sqrt(area / static_cast<float>(std::max<std::size_t>(1, hosts)));
}

// ---- Rings ----

struct Neighbours {
  std::vector<std::uint32_t> first;  // of host h: others[first[h]] to others[first[h + 1]]
  std::vector<std::uint32_t> others;

  Neighbours(std::size_t hosts, std::span<const Pair> links) : first(hosts + 1), others(links.size() * 2) {
    for (const Pair& link : links) {
      ++first[link.a + 1];
      ++first[link.b + 1];
    }
    for (std::size_t at = 0; at < hosts; ++at) first[at + 1] += first[at];
    std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
    for (const Pair& link : links) {
      others[next[link.a]++] = link.b;
      others[next[link.b]++] = link.a;
    }
  }
  std::span<const std::uint32_t> of(std::uint32_t host) const {
    return std::span(others).subspan(first[host], first[host + 1] - first[host]);
  }
};

struct Ring {
  std::vector<std::uint32_t> hosts;
};

// Breadth first from the host with most links; within a ring in the order of the ring before, so that children stand by
// their parents.
std::vector<Ring> rings_of(const Neighbours& neighbours, std::size_t hosts, std::vector<bool>& reached) {
  std::uint32_t centre = 0;
  for (std::uint32_t host = 0; host < hosts; ++host) {
    if (neighbours.of(host).size() > neighbours.of(centre).size()) centre = host;
  }
  std::vector<Ring> rings = {{{centre}}};
  reached[centre] = true;
  while (true) {
    Ring next;
    for (const std::uint32_t host : rings.back().hosts) {
      for (const std::uint32_t other : neighbours.of(host)) {
        if (reached[other]) continue;
        reached[other] = true;
        next.hosts.push_back(other);
      }
    }
    if (next.hosts.empty()) return rings;
    rings.push_back(std::move(next));
  }
}

void place_rings(const std::vector<Ring>& rings, Placement& placement) {
  constexpr float kTurn = 2 * std::numbers::pi_v<float>;
  constexpr float kRingWidth = 40;
  float radius = 0;
  for (std::size_t ring = 0; ring < rings.size(); ++ring) {
    // A ring with more hosts than its length bears is as broad as several.
    const auto& hosts = rings[ring].hosts;
    const float bears = std::max(1.0F, kTurn * radius / (placement.spacing * 1.2F));
    const auto rows = static_cast<std::size_t>(std::ceil(static_cast<float>(hosts.size()) / bears));
    for (std::size_t at = 0; at < hosts.size(); ++at) {
      const float angle = kTurn * static_cast<float>(at) / static_cast<float>(hosts.size());
      const float away = ring == 0 ? 0 : radius + placement.spacing * static_cast<float>(at % rows);
      placement.spots[hosts[at]] = {away * std::cos(angle), away * std::sin(angle)};
    }
    radius += kRingWidth + placement.spacing * static_cast<float>(rows - (ring == 0 ? 0 : 1));
  }
}

Placement sector_placement(const HostTable& hosts) {
  Placement placement{.kind = LayoutKind::radial, .spots = std::vector<Spot>(hosts.size()), .spacing = 10};
  std::map<std::string, Crowd> by_group;
  for (std::size_t at = 0; at < hosts.size(); ++at) {
    Crowd& crowd = by_group[hosts[at].group];
    crowd.name = hosts[at].group;
    crowd.hosts.push_back(at);
  }
  std::vector<Crowd> crowds;
  for (auto& [name, crowd] : by_group) {
    if (!crowd.hosts.empty()) crowds.push_back(std::move(crowd));
  }
  std::ranges::sort(crowds, [](const Crowd& a, const Crowd& b) {
    return a.hosts.size() != b.hosts.size() ? a.hosts.size() > b.hosts.size() : a.name < b.name;
  });
  // The largest in the middle, the others about it.
  for (std::size_t at = 0; at < crowds.size(); ++at) {
    crowds[at].home = at == 0 ? Spot{} : sunflower(at + 2, 60);
    crowds[at].middle = crowds[at].home;
  }
  place_crowds(crowds, placement);
  placement.extent = extent_of(placement.spots);
  return placement;
}

}  // namespace

LayoutKind chosen_layout(const HostTable& hosts, LayoutKind wanted, bool has_links, bool has_routers) {
  if (wanted != LayoutKind::automatic) return wanted;
  if (has_routers && std::ranges::none_of(hosts.rows(), &results::HostRow::on_map)) return LayoutKind::network;
  const bool on_map = std::ranges::any_of(
      hosts.rows(), [](const auto& host) { return host.on_map || place_of_region(host.region).has_value(); });
  if (on_map) return LayoutKind::map;
  const bool on_plane = std::ranges::any_of(hosts.rows(), [](const auto& host) { return host.x && host.y; });
  if (on_plane) return LayoutKind::plane;
  return has_links ? LayoutKind::force : LayoutKind::radial;
}

Placement map_placement(const HostTable& hosts) {
  Placement placement{.kind = LayoutKind::map, .spots = std::vector<Spot>(hosts.size())};
  std::map<std::string, Crowd> by_region;
  for (std::size_t at = 0; at < hosts.size(); ++at) {
    const results::HostRow& host = hosts[at];
    if (is_on_map(host)) placement.spots[at] = project({*host.x, *host.y});
    if (!is_on_map(host) || !host.region.empty()) by_region[host.region].hosts.push_back(at);
  }
  std::vector<Crowd> crowds;
  double elsewhere = -150;
  for (auto& [region, crowd] : by_region) {
    crowd.name = region;
    if (have_room(crowd, hosts, placement.spots)) {
      placement.crowds.push_back(label_of_roomy(crowd, placement.spots));
      continue;
    }
    const std::optional<Degrees> place = place_of_region(region);
    if (const std::optional<Spot> middle = middle_of(crowd, hosts, placement.spots)) {
      crowd.home = *middle;
    } else {
      crowd.home = project(place.value_or(Degrees{elsewhere, -50}));
      if (!place) elsewhere += 40;
    }
    crowd.middle = crowd.home;
    crowds.push_back(std::move(crowd));
  }
  placement.spacing = kRoomyDegreesSpacing;
  place_crowds(crowds, placement);
  const Spot south_east = project({180, -50});
  const Spot north_west = project({-180, 78});
  const Spot equator = project({168, 0});
  placement.extent = {-equator.x, north_west.y, equator.x, south_east.y};
  return placement;
}

Placement plane_placement(const HostTable& hosts) {
  Placement placement{.kind = LayoutKind::plane, .spots = std::vector<Spot>(hosts.size())};
  std::vector<std::size_t> nowhere;
  for (std::size_t at = 0; at < hosts.size(); ++at) {
    if (hosts[at].x && hosts[at].y) {
      placement.spots[at] = {static_cast<float>(*hosts[at].x), static_cast<float>(-*hosts[at].y)};
    } else {
      nowhere.push_back(at);
    }
  }
  placement.extent = extent_of(placement.spots);
  placement.spacing = even_spacing(placement.extent, hosts.size());
  for (std::size_t n = 0; n < nowhere.size(); ++n) placement.spots[nowhere[n]] = sunflower(n, placement.spacing / 2);
  return placement;
}

Placement radial_placement(const HostTable& hosts, std::span<const Pair> links) {
  if (links.empty() || hosts.size() == 0) return sector_placement(hosts);
  Placement placement{.kind = LayoutKind::radial, .spots = std::vector<Spot>(hosts.size()), .spacing = 12};
  std::vector<bool> reached(hosts.size());
  const Neighbours neighbours(hosts.size(), links);
  std::vector<Ring> rings = rings_of(neighbours, hosts.size(), reached);
  Ring unreached;
  for (std::uint32_t host = 0; host < hosts.size(); ++host) {
    if (!reached[host]) unreached.hosts.push_back(host);
  }
  if (!unreached.hosts.empty()) rings.push_back(std::move(unreached));
  place_rings(rings, placement);
  placement.extent = extent_of(placement.spots);
  return placement;
}

Placement network_placement(const HostTable& hosts, const Ground& ground) {
  constexpr float kSpacing = 10;
  constexpr float kWireLength = 100;  // between the crowds at its ends
  constexpr std::size_t kRouterSeeds = 3;
  Placement placement{.kind = LayoutKind::network, .spots = std::vector<Spot>(hosts.size()), .spacing = kSpacing};
  std::vector<Pair> pairs;
  for (const results::Wire& wire : ground.topology.wires) {
    if (wire.a != wire.b) pairs.push_back({std::min(wire.a, wire.b), std::max(wire.a, wire.b)});
  }
  std::ranges::sort(pairs, {}, [](const Pair& pair) { return std::pair{pair.a, pair.b}; });
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  // Those that no wire leads to would drift off; they stand below.
  std::vector<bool> is_wired(ground.topology.routers.size());
  for (const Pair& pair : pairs) is_wired[pair.a] = is_wired[pair.b] = true;
  ForceLayout forces(ground.topology.routers.size(), pairs);
  while (forces.step()) {
  }
  std::vector<Crowd> crowds(ground.topology.routers.size());
  std::vector<std::size_t> nowhere;
  for (std::size_t host = 0; host < hosts.size(); ++host) {
    const std::uint32_t router = ground.router_of[host];
    (router == Ground::kNowhere ? nowhere : crowds[router].hosts).push_back(host);
  }
  // As much larger as wires need to be seen between the crowds.
  float length = 0;
  float wanted = 0;
  for (const Pair& pair : pairs) {
    length += std::hypot(forces.spots()[pair.a].x - forces.spots()[pair.b].x,
                         forces.spots()[pair.a].y - forces.spots()[pair.b].y);
    wanted += radius_of(crowds[pair.a], kSpacing) + radius_of(crowds[pair.b], kSpacing) + kWireLength;
  }
  const float larger = length > 0 ? wanted / length : 1;
  for (std::size_t router = 0; router < crowds.size(); ++router) {
    crowds[router].name = ground.topology.routers[router];
    crowds[router].home = {forces.spots()[router].x * larger, forces.spots()[router].y * larger};
    crowds[router].middle = crowds[router].home;
  }
  float lowest = 0;
  for (std::size_t router = 0; router < crowds.size(); ++router) {
    if (is_wired[router]) lowest = std::max(lowest, crowds[router].home.y);
  }
  float beside = 0;
  for (std::size_t router = 0; router < crowds.size(); ++router) {
    if (is_wired[router]) continue;
    crowds[router].middle = crowds[router].home = {beside, lowest + 1.5F * kWireLength};
    beside += kWireLength;
  }
  if (crowds.size() <= kMostPushedApart) push_apart(crowds, kSpacing);
  place_seeds(crowds, placement, kRouterSeeds);
  for (const Crowd& crowd : crowds) placement.routers.push_back(crowd.middle);
  const Extent network = extent_of(placement.routers);
  for (std::size_t n = 0; n < nowhere.size(); ++n) {
    const Spot seed = sunflower(n, kSpacing);
    placement.spots[nowhere[n]] = {network.left + seed.x, network.bottom + 3 * kWireLength + seed.y};
  }
  std::vector<Spot> all = placement.spots;
  all.insert(all.end(), placement.routers.begin(), placement.routers.end());
  placement.extent = extent_of(all);
  return placement;
}

Extent extent_of(std::span<const Spot> spots) {
  if (spots.empty()) return {-1, -1, 1, 1};
  Extent extent{spots[0].x, spots[0].y, spots[0].x, spots[0].y};
  for (const Spot spot : spots) {
    extent.left = std::min(extent.left, spot.x);
    extent.right = std::max(extent.right, spot.x);
    extent.top = std::min(extent.top, spot.y);
    extent.bottom = std::max(extent.bottom, spot.y);
  }
  if (extent.width() < 1) extent = {extent.left - 1, extent.top, extent.right + 1, extent.bottom};
  if (extent.height() < 1) extent = {extent.left, extent.top - 1, extent.right, extent.bottom + 1};
  return extent;
}

Spot sunflower(std::size_t n, float spacing) {
  constexpr float kGoldenAngle = 2.39996323F;
  const float away = kSeedsPerSpacing * spacing * std::sqrt(static_cast<float>(n));
  const float angle = kGoldenAngle * static_cast<float>(n);
  return {away * std::cos(angle), away * std::sin(angle)};
}

}  // namespace ghostnet::gui
