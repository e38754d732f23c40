#include "charts/figure.hpp"

#include <algorithm>

namespace ghostnet::gui::chart {

Range HeatMap::range() const {
  Range range;
  for (double value : values) range.include(value);
  return range;
}

bool Figure::empty() const {
  return heat.empty() && std::ranges::all_of(lines, [](const Line& line) { return line.x.empty(); });
}

Range Figure::x_range() const {
  Range range;
  if (!heat.empty()) return {heat.edges.front(), heat.edges.back()};
  for (const Line& line : lines) {
    if (line.x.empty()) continue;
    range.include(line.x.front());
    range.include(line.x.back());
  }
  return range;
}

Range Figure::y_range(const Range& shown_x) const {
  if (!heat.empty()) return {0, static_cast<double>(heat.rows.size())};
  Range range;
  for (const Line& line : lines) {
    auto from = std::ranges::lower_bound(line.x, shown_x.low) - line.x.begin();
    auto to = std::ranges::upper_bound(line.x, shown_x.high) - line.x.begin();
    for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(to); ++i) {
      range.include(line.y[i]);
      if (line.interval == Line::Interval::none) continue;
      range.include(line.low[i]);
      range.include(line.high[i]);
    }
  }
  return range;
}

}  // namespace ghostnet::gui::chart
