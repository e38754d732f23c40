// The units in which much of a measured quantity is written: for tables, verdicts and reports alike.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace ghostnet::results {

// What a unit is written in when there is much of it, the largest first.
inline std::span<const std::pair<double, const char*>> larger_units(std::string_view unit) {
  static constexpr std::array<std::pair<double, const char*>, 3> kTimes{{{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}}};
  static constexpr std::array<std::pair<double, const char*>, 3> kRates{
      {{1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}}};
  static constexpr std::array<std::pair<double, const char*>, 3> kSizes{
      {{1024.0 * 1024 * 1024, "GiB"}, {1024.0 * 1024, "MiB"}, {1024, "KiB"}}};
  if (unit == "ns") return kTimes;
  if (unit == "bit/s") return kRates;
  if (unit == "bytes") return kSizes;
  return {};
}

}  // namespace ghostnet::results
