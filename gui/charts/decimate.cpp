#include "charts/decimate.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace ghostnet::gui::chart {

namespace {

constexpr std::size_t kKeptAColumn = 4;

// What is kept of one column of pixels.
struct Column {
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t lowest = 0;
  std::size_t highest = 0;
  std::size_t gap = 0;
  bool has_gap = false;
  bool used = false;

  void add(std::size_t index, std::span<const double> y) {
    if (!used) first = lowest = highest = index;
    used = true;
    last = index;
    if (std::isnan(y[index])) {
      gap = index;
      has_gap = true;
      return;
    }
    if (std::isnan(y[lowest]) || y[index] < y[lowest]) lowest = index;
    if (std::isnan(y[highest]) || y[index] > y[highest]) highest = index;
  }

  void flush(std::vector<std::size_t>& out) {
    if (!used) return;
    std::array<std::size_t, kKeptAColumn + 1> kept{first, lowest, highest, last, has_gap ? gap : first};
    std::ranges::sort(kept);
    for (std::size_t index : kept) {
      if (out.empty() || out.back() != index) out.push_back(index);
    }
    *this = {};
  }
};

}  // namespace

std::vector<std::size_t> decimated(std::span<const double> x, std::span<const double> y, const Range& shown,
                                   std::size_t columns) {
  std::vector<std::size_t> out;
  if (x.empty() || shown.empty()) return out;
  auto from = static_cast<std::size_t>(std::ranges::lower_bound(x, shown.low) - x.begin());
  auto to = static_cast<std::size_t>(std::ranges::upper_bound(x, shown.high) - x.begin());
  if (from > 0) --from;
  if (to < x.size()) ++to;
  if (to - from <= kKeptAColumn * columns) {
    for (std::size_t i = from; i < to; ++i) out.push_back(i);
    return out;
  }
  out.reserve(kKeptAColumn * columns);
  const double per_column = static_cast<double>(columns) / std::max(shown.width(), 1e-300);
  Column column;
  auto at = static_cast<long>(std::floor((x[from] - shown.low) * per_column));
  for (std::size_t i = from; i < to; ++i) {
    const auto here = static_cast<long>(std::floor((x[i] - shown.low) * per_column));
    if (here != at) column.flush(out);
    at = here;
    column.add(i, y);
  }
  column.flush(out);
  return out;
}

}  // namespace ghostnet::gui::chart
