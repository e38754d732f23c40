// A measured value as people read it.
#pragma once

#include <fmt/core.h>

#include <cmath>
#include <string>
#include <string_view>
#include <utility>

namespace ghostnet::cli {

// In a unit that makes the number short, to the last digit of a count.
inline std::string with_unit(double value, std::string_view unit) {
  if (unit == "ns") {
    for (auto [scale, name] : {std::pair{1e9, "s"}, std::pair{1e6, "ms"}, std::pair{1e3, "us"}}) {
      if (value >= scale) return fmt::format("{:.3f} {}", value / scale, name);
    }
  }
  return fmt::format("{:.15g}{}{}", value, unit.empty() ? "" : " ", unit);
}

// To four digits; counts without their unit.
inline std::string rounded(double value, std::string_view unit) {
  if (unit == "ns") {
    for (auto [scale, name] : {std::pair{1e9, "s"}, std::pair{1e6, "ms"}, std::pair{1e3, "us"}}) {
      if (std::abs(value) >= scale) return fmt::format("{:.4g} {}", value / scale, name);
    }
    return fmt::format("{:.4g} ns", value);
  }
  const bool whole = value == std::floor(value) && std::abs(value) < 1e9;
  return whole ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
}

}  // namespace ghostnet::cli
