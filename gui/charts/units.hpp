// Units: a value as a person reads it, and an axis whose numbers share one unit.
//
// Metrics are kept in base units: ns, bytes, bit/s, a share, a plain number (1), or things that are counted (messages,
// requests).
#pragma once

#include <QString>
#include <cstdint>
#include <string_view>

#include "charts/range.hpp"

namespace ghostnet::gui::chart {

// How the numbers of an axis are written: value / divisor, in `unit`.
struct AxisUnit {
  double divisor = 1;
  QString unit;
};

// By the largest value of the range, so that its number has few digits: 1,500,000,000 ns become 1.5 s.
AxisUnit axis_unit(const Range& range, std::string_view unit);
// Without the unit, to as many digits as a step of the axis needs: 0.05, 1.5k, 20M.
QString tick_text(double value, double step, const AxisUnit& unit);
// With the unit, to four digits: "12.5 ms", "1.21 MiB", "37 messages", "99.9 %".
QString value_text(double value, std::string_view unit);
// A time as value_text has it: "12.5 ms".
QString duration_text(std::int64_t ns);
// Of a run.
inline double seconds(std::int64_t ns) { return static_cast<double>(ns) / 1e9; }
// "12.500 s", "1 min 05.0 s".
QString seconds_text(double seconds);

}  // namespace ghostnet::gui::chart
