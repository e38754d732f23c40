#include "ghostnet/gui/scene/renderer.hpp"

#include <algorithm>
#include <cmath>

#include "ghostnet/gui/scene/world_map.hpp"

namespace ghostnet::gui {

namespace {

constexpr std::uint32_t kDimmed = 70;  // of 255: what is beside the point
constexpr double kBackground = 0.3;    // the same, of links

bool same_backdrop(const Scene& a, const Scene& b) {
  return a.theme == b.theme && a.placement == b.placement && a.spots == b.spots && a.edges == b.edges &&
         a.hidden_kinds == b.hidden_kinds && a.parts == b.parts && a.topic == b.topic && a.selected == b.selected &&
         a.ground == b.ground && a.shows_wires == b.shows_wires && a.routes == b.routes &&
         (a.trace == nullptr) == (b.trace == nullptr);
}

// Hosts that are linked to a selected one, and those themselves.
std::vector<bool> focus_of(const Scene& scene) {
  std::vector<bool> focus(scene.size());
  for (const std::uint32_t host : scene.selected) focus[host] = true;
  std::vector<bool> near = focus;
  for (const Edge& edge : scene.edges->edges) {
    if (!scene.shows(edge)) continue;
    if (focus[edge.a]) near[edge.b] = true;
    if (focus[edge.b]) near[edge.a] = true;
  }
  return near;
}

// The opacity of one line where all of them together cover each pixel so many times.
double line_opacity(double lines_a_pixel) { return std::clamp(0.9 / (1 + 5 * lines_a_pixel), 0.05, 0.9); }

}  // namespace

QColor part_colour(const Theme& theme, std::uint8_t part) {
  return part == 1 ? theme.warning : category_colour(theme, part + 1U);
}

float node_radius(const Scene& scene, const Camera& camera) {
  constexpr double kLeast = 0.7;
  constexpr double kMost = 11;
  const double room = scene.placement->spacing * camera.scale;
  return static_cast<float>(std::clamp(0.36 * room, kLeast * camera.ratio, kMost * camera.ratio));
}

float wire_width(const Camera& camera) { return static_cast<float>(std::clamp(camera.scale, 1.2, 3.0) * camera.ratio); }

float route_width(const RouteLook::Load& load, const Camera& camera) {
  return static_cast<float>(std::min(9.0, 2.6 + std::log2(1.0 + load.routes)) * camera.ratio);
}

float router_half(const Scene& scene, const Camera& camera) {
  return std::clamp(0.9F * node_radius(scene, camera), static_cast<float>(2 * camera.ratio),
                    static_cast<float>(9 * camera.ratio));
}

QImage Renderer::draw(const Scene& scene, const Camera& camera, Quality quality) {
  const bool kept = !backdrop_.isNull() && backdrop_camera_ == camera && same_backdrop(backdrop_scene_, scene) &&
                    (backdrop_quality_ == Quality::full || backdrop_quality_ == quality);
  if (!kept) draw_backdrop(scene, camera, quality);
  QImage image = backdrop_.copy();
  if (scene.size() == 0) return image;
  if (scene.shows_wires && has_routers(scene)) draw_routers(scene, camera, image);
  draw_nodes(scene, camera, image);
  if (scene.trace != nullptr) draw_trace(scene, camera, image);
  if (scene.flights != nullptr) draw_flights(scene, camera, image);
  return image;
}

void Renderer::draw_backdrop(const Scene& scene, const Camera& camera, Quality quality) {
  const Theme& theme = theme_of(scene.theme);
  if (backdrop_.size() != QSize(camera.width, camera.height)) {
    backdrop_ = QImage(camera.width, camera.height, QImage::Format_RGB32);
  }
  backdrop_.fill(theme.canvas);
  density_.reset(camera.width, camera.height);
  if (scene.placement->kind == LayoutKind::map) draw_map(theme, camera);
  if (scene.shows_wires && has_routers(scene)) draw_wires(scene, camera);
  draw_links(scene, camera, quality);
  if (scene.routes != nullptr && has_routers(scene)) draw_routes(scene, camera);
  backdrop_scene_ = scene;
  backdrop_camera_ = camera;
  backdrop_quality_ = quality;
}

void Renderer::draw_map(const Theme& theme, const Camera& camera) {
  const auto view = [&](Spot spot) { return camera.to_view(spot); };
  for (const auto& line : graticule()) {
    for (std::size_t at = 1; at < line.size(); ++at) density_.add_line(view(line[at - 1]), view(line[at]));
  }
  density_.lay_over(backdrop_, theme.line.rgb(), 0.35);
  const float radius = land_radius(camera);
  const Extent seen = camera.seen();
  for (const Spot dot : land_dots()) {
    if (seen.holds(dot)) discs_.draw(backdrop_, view(dot), radius, theme.land.rgb());
  }
}

void Renderer::draw_wires(const Scene& scene, const Camera& camera) {
  const QRgb colour = theme_of(scene.theme).link.rgb();
  const std::vector<Spot>& routers = scene.placement->routers;
  const bool in_background = !scene.selected.empty() || scene.trace != nullptr;
  for (std::size_t host = 0; host < std::min(scene.size(), scene.ground->router_of.size()); ++host) {
    const std::uint32_t router = scene.ground->router_of[host];
    if (router == Ground::kNowhere) continue;
    density_.add_line(camera.to_view((*scene.spots)[host]), camera.to_view(routers[router]));
  }
  density_.lay_over(backdrop_, colour, 0.3, in_background ? kBackground : 1);
  const float width = wire_width(camera);
  for (const results::Wire& wire : scene.ground->topology.wires) {
    draw_line(backdrop_, camera.to_view(routers[wire.a]), camera.to_view(routers[wire.b]), colour,
              in_background ? 110 : 200, width);
  }
}

// The more ways take a wire, the wider.
void Renderer::draw_routes(const Scene& scene, const Camera& camera) {
  const QRgb colour = link_colour(theme_of(scene.theme), "route").rgb();
  const std::vector<Spot>& routers = scene.placement->routers;
  for (const RouteLook::Load& load : scene.routes->wires) {
    const results::Wire& wire = scene.ground->topology.wires[load.wire];
    draw_line(backdrop_, camera.to_view(routers[wire.a]), camera.to_view(routers[wire.b]), colour, 235,
              route_width(load, camera));
  }
  for (const std::uint32_t host : scene.routes->hosts) {
    const std::uint32_t router = scene.ground->router_of[host];
    draw_line(backdrop_, camera.to_view((*scene.spots)[host]), camera.to_view(routers[router]), colour, 190,
              static_cast<float>(1.3 * camera.ratio));
  }
}

// Squares, which no host is.
void Renderer::draw_routers(const Scene& scene, const Camera& camera, QImage& image) {
  const Theme& theme = theme_of(scene.theme);
  const float half = router_half(scene, camera);
  const auto rim = static_cast<float>(1.4 * camera.ratio);
  const auto square = [&](Spot middle, float side, QRgb colour) {
    draw_line(image, {middle.x - side, middle.y}, {middle.x + side, middle.y}, colour, 255, 2 * side);
  };
  for (const Spot router : scene.placement->routers) {
    const Spot middle = camera.to_view(router);
    square(middle, half + rim, theme.canvas.rgb());
    square(middle, half, theme.text.rgb());
    if (half > 3 * rim) square(middle, half - rim, theme.raised.rgb());
  }
}

void Renderer::draw_links(const Scene& scene, const Camera& camera, Quality quality) {
  const std::vector<Edge>& edges = scene.edges->edges;
  if (edges.empty() || scene.size() == 0) return;
  const std::vector<Spot>& spots = *scene.spots;
  const auto width = static_cast<float>(camera.width);
  const auto height = static_cast<float>(camera.height);
  // How much there is to draw, from a sample: edges are shuffled.
  constexpr std::size_t kSample = 2'000;
  const std::size_t sampled = std::min(edges.size(), kSample);
  double pixels = 0;
  for (std::size_t at = 0; at < sampled; ++at) {
    Spot from = camera.to_view(spots[edges[at].a]);
    Spot to = camera.to_view(spots[edges[at].b]);
    if (!scene.shows(edges[at]) || !clip(from, to, width, height)) continue;
    pixels += std::max(std::abs(to.x - from.x), std::abs(to.y - from.y));
  }
  pixels *= static_cast<double>(edges.size()) / static_cast<double>(sampled);
  const double opacity = line_opacity(pixels / (static_cast<double>(camera.width) * camera.height));
  const bool too_many = quality == Quality::moving && pixels > kMovingBudget;
  const auto weight = too_many ? static_cast<std::uint32_t>(std::ceil(pixels / kMovingBudget)) : 1U;
  const std::size_t drawn = edges.size() / weight;
  const bool in_background = !scene.selected.empty() || scene.trace != nullptr;

  const Theme& theme = theme_of(scene.theme);
  for (std::uint16_t kind = 0; kind < scene.edges->kinds.size(); ++kind) {
    if (kind < scene.hidden_kinds.size() && scene.hidden_kinds[kind]) continue;
    for (std::size_t at = 0; at < drawn; ++at) {
      const Edge& edge = edges[at];
      if (edge.kind != kind || !scene.shows(edge) || scene.is_cut(edge)) continue;
      density_.add_line(camera.to_view(spots[edge.a]), camera.to_view(spots[edge.b]), weight);
    }
    const QRgb colour = link_colour(theme, scene.edges->kinds[kind]).rgb();
    density_.lay_over(backdrop_, colour, opacity, in_background ? kBackground : 1);
  }
  if (scene.parts != nullptr) {
    for (std::size_t at = 0; at < drawn; ++at) {
      const Edge& edge = edges[at];
      if (!scene.shows(edge) || !scene.is_cut(edge)) continue;
      density_.add_line(camera.to_view(spots[edge.a]), camera.to_view(spots[edge.b]), weight);
    }
    density_.lay_over(backdrop_, theme.bad.rgb(), opacity, in_background ? kBackground : 0.7);
  }
  if (!scene.selected.empty()) draw_selected_links(scene, camera);
}

void Renderer::draw_selected_links(const Scene& scene, const Camera& camera) {
  const Theme& theme = theme_of(scene.theme);
  std::vector<bool> selected(scene.size());
  for (const std::uint32_t host : scene.selected) selected[host] = true;
  // Where the ways themselves are shown, who is at their ends is less to the point.
  const std::uint32_t opacity = scene.routes != nullptr ? 90 : 220;
  for (const Edge& edge : scene.edges->edges) {
    if (!scene.shows(edge) || !(selected[edge.a] || selected[edge.b])) continue;
    const QRgb colour = link_colour(theme, scene.edges->kinds[edge.kind]).rgb();
    draw_line(backdrop_, camera.to_view((*scene.spots)[edge.a]), camera.to_view((*scene.spots)[edge.b]), colour,
              opacity, static_cast<float>(1.4 * camera.ratio));
  }
}

void Renderer::draw_nodes(const Scene& scene, const Camera& camera, QImage& image) {
  const Theme& theme = theme_of(scene.theme);
  const QRgb canvas = theme.canvas.rgb();
  const float usual = node_radius(scene, camera);
  constexpr float kLargestFactor = 3;
  const auto pixel = static_cast<float>(camera.ratio);
  const bool has_links = !scene.edges->edges.empty();
  const float margin = usual * kLargestFactor + 4 * pixel;
  const std::vector<bool> focus = scene.selected.empty() ? std::vector<bool>() : focus_of(scene);
  for (std::size_t host = 0; host < scene.size(); ++host) {
    const Spot at = camera.to_view((*scene.spots)[host]);
    if (at.x < -margin || at.y < -margin || at.x > static_cast<float>(camera.width) + margin ||
        at.y > static_cast<float>(camera.height) + margin) {
      continue;
    }
    const float factor = host < scene.nodes->sizes.size() ? scene.nodes->sizes[host] : 1;
    const float radius = std::max(0.5F, usual * factor);
    const bool is_dim = scene.trace != nullptr || (!focus.empty() && !focus[host]);
    const std::uint32_t opacity = is_dim ? kDimmed : 255;
    if (scene.parts != nullptr && scene.parts->of_host[host] != 0) {
      discs_.draw(image, at, radius + pixel * 3, part_colour(theme, scene.parts->of_host[host]).rgb(), opacity);
      if (radius < 2) discs_.draw(image, at, radius + pixel, canvas, opacity);
    }
    const Condition condition = scene.condition_of(host);
    if (condition != Condition::up) {
      const QRgb colour = condition == Condition::down ? theme.down.rgb() : theme.warning.rgb();
      discs_.draw(image, at, radius, canvas);
      discs_.draw(image, at, radius, colour, opacity, std::max(0.3F, radius - std::max(pixel, radius / 4)));
      continue;
    }
    // A rim in the colour of the canvas keeps neighbours apart, and small hosts in sight where links are many.
    if (radius < 2 && has_links) discs_.draw(image, at, radius + 0.7F * pixel, canvas, is_dim ? 60 : 150);
    if (radius >= 2) discs_.draw(image, at, radius + std::min(1.2F * pixel, radius / 4), canvas, 200);
    const QRgb colour = host < scene.nodes->colours.size() ? scene.nodes->colours[host] : theme.node.rgb();
    discs_.draw(image, at, radius, colour, opacity);
  }
}

void Renderer::draw_trace(const Scene& scene, const Camera& camera, QImage& image) {
  const Theme& theme = theme_of(scene.theme);
  const TraceLook& trace = *scene.trace;
  const std::vector<Spot>& spots = *scene.spots;
  if (scene.time_ns < trace.began_ns) return;
  const auto reached = [&](const TraceLook::Hop& hop) { return hop.arrived_ns <= scene.time_ns; };
  const auto pixel = static_cast<float>(camera.ratio);
  const float line = (trace.hops.size() > 2'000 ? 1.0F : 1.6F) * pixel;
  const std::uint32_t opacity = trace.hops.size() > 2'000 ? 120 : 200;
  for (const TraceLook::Hop& hop : trace.hops) {
    if (!reached(hop)) continue;
    draw_line(image, camera.to_view(spots[hop.from]), camera.to_view(spots[hop.to]), hop.colour, opacity, line);
  }
  const float radius = std::max(1.6F, node_radius(scene, camera));
  for (const TraceLook::Hop& hop : trace.hops) {
    if (!reached(hop)) continue;
    if (radius >= 2) discs_.draw(image, camera.to_view(spots[hop.to]), radius * 1.15F + pixel, theme.canvas.rgb(), 200);
    discs_.draw(image, camera.to_view(spots[hop.to]), radius * 1.15F, hop.colour);
  }
  const Spot root = camera.to_view(spots[trace.root]);
  discs_.draw(image, root, radius * 1.5F + 5 * pixel, theme.message.rgb(), 255, radius * 1.5F + 3 * pixel);
  discs_.draw(image, root, radius * 1.5F, theme.message.rgb());
}

void Renderer::draw_flights(const Scene& scene, const Camera& camera, QImage& image) {
  const Theme& theme = theme_of(scene.theme);
  // The more there are, the smaller and fainter each: thousands are a stream, not a wall.
  const auto on_their_way = static_cast<double>(std::ranges::count_if(*scene.flights, [&](const Flight& flight) {
    return scene.time_ns >= flight.sent_ns && scene.time_ns <= flight.until_ns;
  }));
  const double crowding = std::sqrt(std::max(1.0, on_their_way / 150));
  const float tail_share = on_their_way > 600 ? 0.08F : 0.2F;  // of the way
  const auto tail_opacity = static_cast<std::uint32_t>(std::max(40.0, 150 / crowding));
  const auto head_opacity = static_cast<std::uint32_t>(std::max(120.0, 255 / std::sqrt(crowding)));
  const auto pixel = static_cast<float>(camera.ratio);
  const float usual = std::clamp(node_radius(scene, camera) * 0.55F, 1.3F * pixel, 4.0F * pixel);
  const float radius = on_their_way > 600 ? std::min(usual, 1.3F * pixel) : usual;
  for (const Flight& flight : *scene.flights) {
    if (scene.time_ns < flight.sent_ns || scene.time_ns > flight.until_ns) continue;
    if (scene.trace != nullptr && flight.trace == 0) continue;
    const auto took = static_cast<float>(std::max<std::int64_t>(1, flight.until_ns - flight.sent_ns));
    const float share = static_cast<float>(scene.time_ns - flight.sent_ns) / took;
    const Track track(scene, camera, flight);
    if (flight.lost) {
      // It fades out half way.
      const auto opacity = static_cast<std::uint32_t>(255 * (1 - share));
      discs_.draw(image, track.at(0.5F * share + 0.1F), radius + pixel, theme.bad.rgb(), opacity,
                  radius - 0.3F * pixel);
      continue;
    }
    const std::vector<Spot> tail = track.between(std::max(0.0F, share - tail_share), share);
    for (std::size_t corner = 1; corner < tail.size(); ++corner) {
      draw_line(image, tail[corner - 1], tail[corner], theme.message.rgb(), tail_opacity, radius * 0.8F);
    }
    discs_.draw(image, tail.back(), radius, theme.message.rgb(), head_opacity);
  }
}

}  // namespace ghostnet::gui
