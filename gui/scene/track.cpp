#include <algorithm>
#include <cmath>

#include "ghostnet/gui/scene/scene.hpp"

namespace ghostnet::gui {

Track::Track(const Scene& scene, const Camera& camera, const Flight& flight) {
  corners_.push_back(camera.to_view((*scene.spots)[flight.from]));
  if (flight.way != nullptr && scene.shows_wires && has_routers(scene)) {
    for (const std::uint32_t router : *flight.way) {
      corners_.push_back(camera.to_view(scene.placement->routers[router]));
    }
  }
  corners_.push_back(camera.to_view((*scene.spots)[flight.to]));
  lengths_.push_back(0);
  for (std::size_t corner = 1; corner < corners_.size(); ++corner) {
    const float dx = corners_[corner].x - corners_[corner - 1].x;
    const float dy = corners_[corner].y - corners_[corner - 1].y;
    lengths_.push_back(lengths_.back() + std::hypot(dx, dy));
  }
}

Spot Track::at(float share) const {
  const float length = lengths_.back() * std::clamp(share, 0.0F, 1.0F);
  const auto after = std::upper_bound(lengths_.begin(), lengths_.end() - 1, length);
  const auto next = std::max<std::size_t>(1, static_cast<std::size_t>(after - lengths_.begin()));
  const float leg = lengths_[next] - lengths_[next - 1];
  const float along = leg > 0 ? (length - lengths_[next - 1]) / leg : 0;
  return {std::lerp(corners_[next - 1].x, corners_[next].x, along),
          std::lerp(corners_[next - 1].y, corners_[next].y, along)};
}

std::vector<Spot> Track::between(float from, float to) const {
  std::vector<Spot> spots = {at(from)};
  for (std::size_t corner = 1; corner + 1 < corners_.size(); ++corner) {
    if (lengths_[corner] > from * lengths_.back() && lengths_[corner] < to * lengths_.back()) {
      spots.push_back(corners_[corner]);
    }
  }
  spots.push_back(at(to));
  return spots;
}

}  // namespace ghostnet::gui
