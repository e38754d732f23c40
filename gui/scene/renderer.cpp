#include "ghostnet/gui/scene/renderer.hpp"

#include <algorithm>
#include <cmath>

#include "ghostnet/gui/scene/world_map.hpp"
#include "scene/marks.hpp"

namespace ghostnet::gui {

namespace {

constexpr double kBackground = 0.3;  // of links beside the point

bool same_backdrop(const Scene& a, const Scene& b) {
  return a.theme == b.theme && a.placement == b.placement && a.spots == b.spots && a.edges == b.edges &&
         a.hidden_kinds == b.hidden_kinds && a.parts == b.parts && a.topic == b.topic && a.selected == b.selected &&
         a.ground == b.ground && a.shows_wires == b.shows_wires && a.routes == b.routes && a.table == b.table &&
         (a.trace == nullptr) == (b.trace == nullptr);
}

// The opacity of one line where all of them together cover each pixel so many times.
double line_opacity(double lines_a_pixel) { return std::clamp(0.9 / (1 + 5 * lines_a_pixel), 0.05, 0.9); }

void draw_strokes(QImage& image, const std::vector<Stroke>& strokes) {
  for (const Stroke& stroke : strokes) {
    draw_line(image, stroke.from, stroke.to, stroke.colour, stroke.opacity, stroke.width);
  }
}

}  // namespace

QColor part_colour(const Theme& theme, std::uint8_t part) {
  return part == 1 ? theme.warning : category_colour(theme, part + 1U);
}

double bucket_share(std::int16_t bucket, std::int16_t deepest) {
  constexpr double kLeast = 0.2;
  return deepest <= 0 ? 1 : kLeast + (1 - kLeast) * static_cast<double>(bucket) / deepest;
}

QColor bucket_colour(const Theme& theme, std::int16_t bucket, std::int16_t deepest) {
  return sequential_colour(theme, bucket_share(bucket, deepest));
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
  draw_flights(scene, camera, image);
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
  for_each_host_wire(scene, camera, [&](Spot from, Spot to) { density_.add_line(from, to); });
  density_.lay_over(backdrop_, theme.link.rgb(), 0.3, is_background(scene) ? kBackground : 1);
  draw_strokes(backdrop_, wire_strokes(scene, camera));
  draw_links(scene, camera, quality);
  draw_strokes(backdrop_, selected_strokes(scene, camera));
  draw_strokes(backdrop_, route_strokes(scene, camera));
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
  const double strength = is_background(scene) ? kBackground : 1;

  const Theme& theme = theme_of(scene.theme);
  for (std::uint16_t kind = 0; kind < scene.edges->kinds.size(); ++kind) {
    if (kind < scene.hidden_kinds.size() && scene.hidden_kinds[kind]) continue;
    for (std::size_t at = 0; at < drawn; ++at) {
      const Edge& edge = edges[at];
      if (edge.kind != kind || !scene.shows(edge) || scene.is_cut(edge)) continue;
      density_.add_line(camera.to_view(spots[edge.a]), camera.to_view(spots[edge.b]), weight);
    }
    const QRgb colour = link_colour(theme, scene.edges->kinds[kind]).rgb();
    density_.lay_over(backdrop_, colour, opacity, strength);
  }
  if (scene.parts != nullptr) {
    for (std::size_t at = 0; at < drawn; ++at) {
      const Edge& edge = edges[at];
      if (!scene.shows(edge) || !scene.is_cut(edge)) continue;
      density_.add_line(camera.to_view(spots[edge.a]), camera.to_view(spots[edge.b]), weight);
    }
    density_.lay_over(backdrop_, theme.bad.rgb(), opacity, std::min(0.7, strength));
  }
}

void Renderer::draw_nodes(const Scene& scene, const Camera& camera, QImage& image) {
  const Theme& theme = theme_of(scene.theme);
  const QRgb canvas = theme.canvas.rgb();
  const auto pixel = static_cast<float>(camera.ratio);
  const bool has_links = !scene.edges->edges.empty();
  for_each_host_mark(scene, camera, [&](const HostMark& mark) {
    const float radius = mark.radius;
    if (mark.is_selected) {
      discs_.draw(image, mark.at, radius + static_cast<float>(kRingTo) * pixel, theme.accent.rgb(), 255,
                  radius + static_cast<float>(kRingFrom) * pixel);
    }
    if (mark.part != 0) {
      discs_.draw(image, mark.at, radius + pixel * 3, part_colour(theme, mark.part).rgb(), mark.opacity);
      if (radius < 2) discs_.draw(image, mark.at, radius + pixel, canvas, mark.opacity);
    }
    if (mark.condition != Condition::up) {
      discs_.draw(image, mark.at, radius, canvas);
      const float inner = std::max(0.3F, radius - std::max(pixel, radius / 4));
      return discs_.draw(image, mark.at, radius, mark.colour, mark.opacity, inner);
    }
    // A rim in the colour of the canvas keeps neighbours apart, and small hosts in sight where links are many.
    if (radius < 2 && has_links) {
      discs_.draw(image, mark.at, radius + 0.7F * pixel, canvas, mark.opacity == kDimmed ? 60 : 150);
    }
    if (radius >= 2) discs_.draw(image, mark.at, radius + std::min(1.2F * pixel, radius / 4), canvas, 200);
    discs_.draw(image, mark.at, radius, mark.colour, mark.opacity);
  });
}

void Renderer::draw_trace(const Scene& scene, const Camera& camera, QImage& image) {
  const Theme& theme = theme_of(scene.theme);
  const TraceLook& trace = *scene.trace;
  if (scene.time_ns < trace.began_ns) return;
  draw_strokes(image, trace_strokes(scene, camera));
  const auto pixel = static_cast<float>(camera.ratio);
  const float radius = std::max(1.6F, node_radius(scene, camera));
  for (const TraceLook::Hop& hop : trace.hops) {
    if (hop.arrived_ns > scene.time_ns) continue;
    const Spot at = camera.to_view((*scene.spots)[hop.to]);
    if (radius >= 2) discs_.draw(image, at, radius * 1.15F + pixel, theme.canvas.rgb(), 200);
    discs_.draw(image, at, radius * 1.15F, hop.colour);
  }
  const Spot root = camera.to_view((*scene.spots)[trace.root]);
  discs_.draw(image, root, radius * 1.5F + 5 * pixel, theme.message.rgb(), 255, radius * 1.5F + 3 * pixel);
  discs_.draw(image, root, radius * 1.5F, theme.message.rgb());
}

void Renderer::draw_flights(const Scene& scene, const Camera& camera, QImage& image) {
  if (scene.flights == nullptr) return;
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
  for_each_flight(scene, camera, [&](const FlightMark& mark) {
    if (mark.flight.lost) {
      // It fades out half way.
      const auto opacity = static_cast<std::uint32_t>(static_cast<float>(mark.opacity) * (1 - mark.share));
      return discs_.draw(image, mark.track.at(0.5F * mark.share + 0.1F), radius + pixel, theme.bad.rgb(), opacity,
                         radius - 0.3F * pixel);
    }
    const std::vector<Spot> tail = mark.track.between(std::max(0.0F, mark.share - tail_share), mark.share);
    for (std::size_t corner = 1; corner < tail.size(); ++corner) {
      draw_line(image, tail[corner - 1], tail[corner], theme.message.rgb(), tail_opacity * mark.opacity / 255,
                radius * 0.8F);
    }
    discs_.draw(image, tail.back(), radius, theme.message.rgb(), head_opacity * mark.opacity / 255);
  });
}

}  // namespace ghostnet::gui
