// Decimation: of a long series, the few points that a screen can tell apart.
//
// Every column of pixels keeps its first and last point and its lowest and highest, in their order, so that the drawn
// line covers the pixels that the whole one would. A million points become four a column.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "charts/range.hpp"

namespace ghostnet::gui::chart {

// The indices of the points to draw; `x` ascends. The neighbours on either side of the range are kept too, since the
// line from them crosses the frame. NaN in `y`, which breaks a line, is kept where it breaks one.
std::vector<std::size_t> decimated(std::span<const double> x, std::span<const double> y, const Range& shown,
                                   std::size_t columns);

}  // namespace ghostnet::gui::chart
