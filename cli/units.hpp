// A measured value as people read it.
#pragma once

#include <fmt/core.h>

#include <cmath>
#include <string>
#include <string_view>

#include "ghostnet/results/larger_units.hpp"

namespace ghostnet::cli {

using results::larger_units;

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
