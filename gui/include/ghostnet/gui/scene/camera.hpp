// Camera: which part of the plane is seen, and how large. World units are those of a placement (placement.hpp), y down;
// pixels count from the top left corner of the view. They are those of the screen; where it has several for one of the
// window, `ratio` says how many, and what has a size of its own (hosts, letters) is so much larger.
#pragma once

#include <algorithm>
#include <cmath>

namespace ghostnet::gui {

struct Spot {
  float x = 0;
  float y = 0;
  bool operator==(const Spot&) const = default;
};

struct Extent {
  float left = 0;
  float top = 0;
  float right = 0;
  float bottom = 0;

  float width() const { return right - left; }
  float height() const { return bottom - top; }
  bool holds(Spot spot) const { return spot.x >= left && spot.x <= right && spot.y >= top && spot.y <= bottom; }
  bool operator==(const Extent&) const = default;
};

struct Camera {
  static constexpr double kMinScale = 1e-3;
  static constexpr double kMaxScale = 1e4;

  double x = 0;  // of the world, in the middle of the view
  double y = 0;
  double scale = 1;  // pixels of a world unit
  int width = 0;
  int height = 0;
  double ratio = 1;

  Spot to_view(Spot world) const {
    return {static_cast<float>((world.x - x) * scale + width * 0.5),
            static_cast<float>((world.y - y) * scale + height * 0.5)};
  }
  Spot to_world(Spot view) const {
    return {static_cast<float>((view.x - width * 0.5) / scale + x),
            static_cast<float>((view.y - height * 0.5) / scale + y)};
  }
  Extent seen() const {
    const Spot top_left = to_world({0, 0});
    const Spot bottom_right = to_world({static_cast<float>(width), static_cast<float>(height)});
    return {top_left.x, top_left.y, bottom_right.x, bottom_right.y};
  }
  // Moves what is seen by so many pixels.
  void pan(double dx, double dy) {
    x -= dx / scale;
    y -= dy / scale;
  }
  // What is under the pixel stays there.
  void zoom(double factor, Spot at) {
    const double before = scale;
    scale = std::clamp(scale * factor, kMinScale, kMaxScale);
    const double dx = at.x - width * 0.5;
    const double dy = at.y - height * 0.5;
    x += dx / before - dx / scale;
    y += dy / before - dy / scale;
  }
  // Shows all of the extent with a margin of so many pixels around it.
  void fit(const Extent& extent, double margin) {
    x = (extent.left + extent.right) * 0.5;
    y = (extent.top + extent.bottom) * 0.5;
    const double across = std::max(1.0, width - 2 * margin) / std::max(1e-3F, extent.width());
    const double down = std::max(1.0, height - 2 * margin) / std::max(1e-3F, extent.height());
    scale = std::clamp(std::min(across, down), kMinScale, kMaxScale);
  }
  bool operator==(const Camera&) const = default;
};

}  // namespace ghostnet::gui
