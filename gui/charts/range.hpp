// Range: from the lowest to the highest of some values. An empty one has low > high.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace ghostnet::gui::chart {

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  bool empty() const { return !(low <= high); }
  double width() const { return high - low; }
  bool contains(double value) const { return low <= value && value <= high; }

  // NaN and the infinities are no values and change nothing.
  void include(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  void include(const Range& other) {
    if (other.empty()) return;
    include(other.low);
    include(other.high);
  }

  friend bool operator==(const Range&, const Range&) = default;
};

}  // namespace ghostnet::gui::chart
