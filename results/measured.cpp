#include "ghostnet/results/measured.hpp"

#include <fmt/format.h>

#include <cmath>

#include "ghostnet/results/larger_units.hpp"
#include "ghostnet/runtime/quantity.hpp"

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

// That of the limit's quantity, as it is measured in; empty for a number, "%" for a share.
std::string_view unit_of(std::string_view limit) {
  if (limit.empty() || parse_real(limit)) return {};
  if (limit.ends_with('%')) return "%";
  if (parse_duration(limit)) return "ns";
  if (parse_data_rate(limit)) return "bit/s";
  if (parse_data_size(limit)) return "bytes";
  return {};
}

}  // namespace

std::string measured_text(std::string_view expression, double value, int digits) {
  const std::string_view unit = unit_of(limit_of(expression));
  if (unit == "%") return fmt::format("{:.{}g} %", value / 0.01, digits);
  for (const auto& [scale, name] : larger_units(unit)) {
    if (std::abs(value) >= scale) return fmt::format("{:.{}g} {}", value / scale, digits, name);
  }
  return fmt::format("{:.{}g}{}{}", value, digits, unit.empty() ? "" : " ", unit);
}

}  // namespace ghostnet::results
