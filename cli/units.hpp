// A measured value as people read it.
#pragma once

#include <fmt/core.h>

#include <array>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace ghostnet::cli {

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

// In a unit that makes the number short, to the last digit of a count.
inline std::string with_unit(double value, std::string_view unit) {
  for (const auto& [scale, name] : larger_units(unit)) {
    if (value >= scale) return fmt::format("{:.3f} {}", value / scale, name);
  }
  return fmt::format("{:.15g}{}{}", value, unit.empty() ? "" : " ", unit);
}

// To four digits; counts without their unit.
inline std::string rounded(double value, std::string_view unit) {
  for (const auto& [scale, name] : larger_units(unit)) {
    if (std::abs(value) >= scale) return fmt::format("{:.4g} {}", value / scale, name);
  }
  if (unit == "ns") return fmt::format("{:.4g} ns", value);
  const bool whole = value == std::floor(value) && std::abs(value) < 1e9;
  return whole ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
}

}  // namespace ghostnet::cli
