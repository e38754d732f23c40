// A measured value as people read it.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>

namespace ghostnet::cli {

inline std::string with_unit(double value, std::string_view unit) {
  if (unit == "ns") {
    for (auto [scale, name] : {std::pair{1e9, "s"}, std::pair{1e6, "ms"}, std::pair{1e3, "us"}}) {
      if (value >= scale) return fmt::format("{:.3f} {}", value / scale, name);
    }
  }
  return fmt::format("{:.15g}{}{}", value, unit.empty() ? "" : " ", unit);
}

}  // namespace ghostnet::cli
