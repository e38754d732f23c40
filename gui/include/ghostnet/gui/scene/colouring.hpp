// Colouring: which colour and size a host has, and the legend that says so.
#pragma once

#include <QString>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/scene/moment.hpp"
#include "ghostnet/gui/scene/scene.hpp"

namespace ghostnet::gui {

struct Legend {
  struct Entry {
    QRgb colour = 0;
    QString text{};
    std::size_t hosts = 0;
  };
  QString title{};
  std::vector<Entry> categories{};  // empty: a scale from low to high
  bool is_scale = false;
  bool is_reversed = false;  // low is at the far end of the colours
  QString low{};
  QString high{};
};

// What the size of a host says.
struct SizeLegend {
  QString metric{};
  QString low{};
  QString high{};
};

// Between which values a scale runs.
struct ValueRange {
  double low = 0;
  double high = 1;
  double share(double value) const { return high > low ? (value - low) / (high - low) : 0; }
};

// From the least, or 0 where all are positive, to that which one in a hundred exceeds: single hosts do not darken all
// others.
ValueRange range_of(const HostValues& values);

// By group, region or state (up, down, link down).
struct Colouring {
  std::vector<QRgb> colours{};
  Legend legend{};
};
Colouring colour_by_name(const HostTable& hosts, const std::string& by, const std::vector<Condition>& conditions,
                         const Theme& theme);
Colouring colour_by_value(const HostValues& values, const ValueRange& range, const results::SeriesName& series,
                          const Theme& theme);

// Factors on the radius: areas grow with the value; and what the least and the largest are.
inline constexpr double kSmallestSize = 0.6;
inline constexpr double kLargestSize = 2.3;
std::vector<float> sizes_by_value(const HostValues& values, const ValueRange& range);

}  // namespace ghostnet::gui
