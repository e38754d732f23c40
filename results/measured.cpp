#include "ghostnet/results/measured.hpp"

#include <fmt/format.h>

#include <cmath>

#include "ghostnet/results/larger_units.hpp"
#include "setting_number.hpp"

namespace ghostnet::results {

namespace {

// What stands to the right of the comparison, without the window of time that may follow it.
std::string_view limit_of(std::string_view expression) {
  const std::size_t relation = expression.find_last_of("<>=");
  if (relation == std::string_view::npos) return {};
  std::string_view limit = expression.substr(relation + 1);
  limit = limit.substr(0, limit.find(" from "));
  const std::size_t first = limit.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view{} : limit.substr(first);
}

}  // namespace

std::string measured_text(std::string_view expression, double value, int digits) {
  const std::string_view unit = setting_unit(limit_of(expression));
  if (unit == "%") return fmt::format("{:.{}g} %", value / 0.01, digits);
  for (const auto& [scale, name] : larger_units(unit)) {
    if (std::abs(value) >= scale) return fmt::format("{:.{}g} {}", value / scale, digits, name);
  }
  return fmt::format("{:.{}g}{}{}", value, digits, unit.empty() ? "" : " ", unit);
}

}  // namespace ghostnet::results
