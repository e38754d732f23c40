#include "scene/marks.hpp"

#include <algorithm>

namespace ghostnet::gui {

namespace {

constexpr std::uint8_t kWire = 200;
constexpr std::uint8_t kWireBehind = 110;
constexpr std::uint8_t kRoute = 235;
constexpr std::uint8_t kLastMile = 190;
constexpr std::uint8_t kSelectedLink = 220;
constexpr std::uint8_t kBesideRoutes =
    90;  // where the ways themselves are shown, who is at their ends is less to the point
constexpr std::uint8_t kHeldByOthers = 45;  // entries of other tables
constexpr std::size_t kManyHops = 2'000;

float pixels(double width, const Camera& camera) { return static_cast<float>(width * camera.ratio); }

// Where each wire of the ground lies.
struct Wires {
  const Scene& scene;
  const Camera& camera;

  Spot router(std::uint32_t number) const { return camera.to_view(scene.placement->routers[number]); }
  Stroke stroke(std::uint32_t wire, QRgb colour, std::uint8_t opacity, float width) const {
    const results::Wire& ends = scene.ground->topology.wires[wire];
    return {router(ends.a), router(ends.b), colour, opacity, width};
  }
};

}  // namespace

std::vector<Stroke> wire_strokes(const Scene& scene, const Camera& camera) {
  std::vector<Stroke> strokes;
  if (!scene.shows_wires || !has_routers(scene)) return strokes;
  const QRgb colour = theme_of(scene.theme).link.rgb();
  const float width = wire_width(camera);
  for (std::uint32_t wire = 0; wire < scene.ground->topology.wires.size(); ++wire) {
    strokes.push_back(Wires{scene, camera}.stroke(wire, colour, is_background(scene) ? kWireBehind : kWire, width));
  }
  return strokes;
}

std::vector<Stroke> route_strokes(const Scene& scene, const Camera& camera) {
  std::vector<Stroke> strokes;
  if (scene.routes == nullptr || scene.size() == 0 || !has_routers(scene)) return strokes;
  const QRgb colour = link_colour(theme_of(scene.theme), "route").rgb();
  const Wires wires{scene, camera};
  for (const RouteLook::Load& load : scene.routes->wires) {
    strokes.push_back(wires.stroke(load.wire, colour, kRoute, route_width(load, camera)));
  }
  for (const std::uint32_t host : scene.routes->hosts) {
    const Spot router = wires.router(scene.ground->router_of[host]);
    strokes.push_back({camera.to_view((*scene.spots)[host]), router, colour, kLastMile, pixels(1.3, camera)});
  }
  return strokes;
}

std::vector<Stroke> selected_strokes(const Scene& scene, const Camera& camera) {
  std::vector<Stroke> strokes;
  if (scene.selected.empty() || scene.size() == 0) return strokes;
  const Theme& theme = theme_of(scene.theme);
  std::vector<bool> selected(scene.size());
  for (const std::uint32_t host : scene.selected) selected[host] = true;
  const std::uint8_t usual = scene.routes != nullptr ? kBesideRoutes : kSelectedLink;
  const float width = pixels(1.4, camera);
  std::vector<Stroke> entries;
  for (const Edge& edge : scene.edges->edges) {
    if (!scene.shows(edge) || !(selected[edge.a] || selected[edge.b])) continue;
    Stroke stroke{.from = camera.to_view((*scene.spots)[edge.a]),
                  .to = camera.to_view((*scene.spots)[edge.b]),
                  .colour = link_colour(theme, scene.edges->kinds[edge.kind]).rgb(),
                  .opacity = usual,
                  .width = width};
    if (scene.table && edge.bucket >= 0) {
      const bool is_own = edge.a == scene.table->host;
      if (is_own) stroke.colour = bucket_colour(theme, edge.bucket, scene.table->deepest).rgb();
      if (!is_own) stroke.opacity = kHeldByOthers;
      (is_own ? entries : strokes).push_back(stroke);
      continue;
    }
    strokes.push_back(stroke);
  }
  strokes.insert(strokes.end(), entries.begin(), entries.end());
  return strokes;
}

std::vector<Stroke> trace_strokes(const Scene& scene, const Camera& camera) {
  std::vector<Stroke> strokes;
  if (scene.trace == nullptr || scene.time_ns < scene.trace->began_ns) return strokes;
  const bool are_many = scene.trace->hops.size() > kManyHops;
  for (const TraceLook::Hop& hop : scene.trace->hops) {
    if (hop.arrived_ns > scene.time_ns) continue;
    strokes.push_back({.from = camera.to_view((*scene.spots)[hop.from]),
                       .to = camera.to_view((*scene.spots)[hop.to]),
                       .colour = hop.colour,
                       .opacity = static_cast<std::uint8_t>(are_many ? 120 : 200),
                       .width = pixels(are_many ? 1.0 : 1.6, camera)});
  }
  return strokes;
}

Focus focus_of(const Scene& scene) {
  if (scene.selected.empty()) return {};
  Focus focus{.selected = std::vector<bool>(scene.size())};
  for (const std::uint32_t host : scene.selected) focus.selected[host] = true;
  focus.near = focus.selected;
  for (const Edge& edge : scene.edges->edges) {
    if (!scene.shows(edge)) continue;
    if (focus.selected[edge.a]) focus.near[edge.b] = true;
    if (focus.selected[edge.b]) focus.near[edge.a] = true;
  }
  return focus;
}

}  // namespace ghostnet::gui
