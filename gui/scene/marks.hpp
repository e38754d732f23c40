// Marks: what of a scene is drawn as single lines and discs, in pixels of a camera and in the order in which they lie
// over each other. A Renderer paints them, the SVG export writes them down: both go through the scene here.
#pragma once

#include <QColor>
#include <cstdint>
#include <vector>

#include "ghostnet/gui/scene/camera.hpp"
#include "ghostnet/gui/scene/scene.hpp"

namespace ghostnet::gui {

inline constexpr std::uint8_t kDimmed = 70;  // of 255: what is beside the point

struct Stroke {
  Spot from{};
  Spot to{};
  QRgb colour = 0;
  std::uint8_t opacity = 255;
  float width = 1;
};

// Whether links and wires give way to what is selected or followed.
inline bool is_background(const Scene& scene) { return !scene.selected.empty() || scene.trace != nullptr; }

// Between a host and its router: draw(from, to). Nothing where no routers are shown.
template <class Draw>
void for_each_host_wire(const Scene& scene, const Camera& camera, Draw&& draw) {
  if (!scene.shows_wires || !has_routers(scene)) return;
  for (std::size_t host = 0; host < std::min(scene.size(), scene.ground->router_of.size()); ++host) {
    const std::uint32_t router = scene.ground->router_of[host];
    if (router == Ground::kNowhere) continue;
    draw(camera.to_view((*scene.spots)[host]), camera.to_view(scene.placement->routers[router]));
  }
}

// Between routers.
std::vector<Stroke> wire_strokes(const Scene& scene, const Camera& camera);
// The more ways take a wire, the wider; and the last mile to the hosts at their ends.
std::vector<Stroke> route_strokes(const Scene& scene, const Camera& camera);
// Links of selected hosts. Entries of the routing table of a host that is selected alone lie over the others, in the
// colour of their bucket.
std::vector<Stroke> selected_strokes(const Scene& scene, const Camera& camera);
// The hops of the followed message that have arrived, each in the colour of its delay.
std::vector<Stroke> trace_strokes(const Scene& scene, const Camera& camera);

// The ring around a host that is selected: how far from the host's rim it begins and ends, in pixels of the window.
inline constexpr double kRingFrom = 2.9;
inline constexpr double kRingTo = 5.1;

struct HostMark {
  std::size_t host = 0;
  Spot at{};
  float radius = 0;
  QRgb colour = 0;  // of a host that does not take part: that of its rim, which is all that is seen of it
  Condition condition = Condition::up;
  std::uint8_t part = 0;  // of a network that is cut apart; 0: the largest
  std::uint8_t opacity = 255;
  bool is_selected = false;
};

// By host: who is selected, and who is or is linked to one that is. Empty: none is selected.
struct Focus {
  std::vector<bool> selected{};
  std::vector<bool> near{};
};
Focus focus_of(const Scene& scene);

// Those that are seen, or nearly: draw(HostMark).
template <class Draw>
void for_each_host_mark(const Scene& scene, const Camera& camera, Draw&& draw) {
  constexpr float kLargestFactor = 3;
  const Theme& theme = theme_of(scene.theme);
  const float usual = node_radius(scene, camera);
  const float margin = usual * kLargestFactor + 4 * static_cast<float>(camera.ratio);
  const auto width = static_cast<float>(camera.width);
  const auto height = static_cast<float>(camera.height);
  const Focus focus = focus_of(scene);
  for (std::size_t host = 0; host < scene.size(); ++host) {
    const Spot at = camera.to_view((*scene.spots)[host]);
    if (at.x < -margin || at.y < -margin || at.x > width + margin || at.y > height + margin) continue;
    const float factor = host < scene.nodes->sizes.size() ? scene.nodes->sizes[host] : 1;
    const bool is_dim = scene.trace != nullptr || (!focus.near.empty() && !focus.near[host]);
    HostMark mark{.host = host,
                  .at = at,
                  .radius = std::max(0.5F, usual * factor),
                  .colour = host < scene.nodes->colours.size() ? scene.nodes->colours[host] : theme.node.rgb(),
                  .condition = scene.condition_of(host),
                  .part = scene.parts != nullptr ? scene.parts->of_host[host] : std::uint8_t{0},
                  .opacity = is_dim ? kDimmed : std::uint8_t{255},
                  .is_selected = !focus.selected.empty() && focus.selected[host]};
    if (mark.condition == Condition::down) mark.colour = theme.down.rgb();
    if (mark.condition == Condition::offline) mark.colour = theme.warning.rgb();
    draw(mark);
  }
}

struct FlightMark {
  const Flight& flight;
  Track track;
  float share = 0;  // of the way
  std::uint8_t opacity = 255;
};

// Messages that are on their way at the scene's instant: draw(FlightMark). Where one is followed, none but those that
// are traced; where hosts are selected, those of others are dimmed.
template <class Draw>
void for_each_flight(const Scene& scene, const Camera& camera, Draw&& draw) {
  if (scene.flights == nullptr) return;
  std::vector<bool> selected(scene.trace != nullptr || scene.selected.empty() ? 0 : scene.size());
  if (!selected.empty()) {
    for (const std::uint32_t host : scene.selected) selected[host] = true;
  }
  for (const Flight& flight : *scene.flights) {
    if (scene.time_ns < flight.sent_ns || scene.time_ns > flight.until_ns) continue;
    if (scene.trace != nullptr && flight.trace == 0) continue;
    const bool is_dim = !selected.empty() && !selected[flight.from] && !selected[flight.to];
    const auto took = static_cast<float>(std::max<std::int64_t>(1, flight.until_ns - flight.sent_ns));
    draw(FlightMark{.flight = flight,
                    .track = Track(scene, camera, flight),
                    .share = static_cast<float>(scene.time_ns - flight.sent_ns) / took,
                    .opacity = is_dim ? kDimmed : std::uint8_t{255}});
  }
}

}  // namespace ghostnet::gui
