#include "ghostnet/results/measured.hpp"

#include <array>
#include <cmath>
#include <span>
#include <utility>

#include "ghostnet/runtime/quantity.hpp"

namespace ghostnet::results {

namespace {

using Scale = std::pair<double, const char*>;

constexpr std::array<Scale, 4> kTimes{{{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}}};
constexpr std::array<Scale, 4> kRates{{{1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}, {1, "bit/s"}}};
constexpr std::array<Scale, 4> kSizes{{{0x1p30, "GiB"}, {0x1p20, "MiB"}, {0x1p10, "KiB"}, {1, "bytes"}}};
constexpr std::array<Scale, 1> kShares{{{0.01, "%"}}};

// What stands to the right of the comparison, without the window of time that may follow it.
std::string_view limit_of(std::string_view expression) {
  const std::size_t relation = expression.find_last_of("<>=");
  if (relation == std::string_view::npos) return {};
  std::string_view limit = expression.substr(relation + 1);
  limit = limit.substr(0, limit.find(" from "));
  const std::size_t first = limit.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view{} : limit.substr(first);
}

std::span<const Scale> scales_of(std::string_view limit) {
  if (limit.empty() || parse_real(limit)) return {};
  if (limit.ends_with('%')) return kShares;
  if (parse_duration(limit)) return kTimes;
  if (parse_data_rate(limit)) return kRates;
  if (parse_data_size(limit)) return kSizes;
  return {};
}

}  // namespace

std::string measured_text(std::string_view expression, double value, int digits) {
  const std::span<const Scale> scales = scales_of(limit_of(expression));
  for (const auto& [scale, unit] : scales) {
    if (std::abs(value) >= scale || &scale == &scales.back().first) {
      return fmt::format("{:.{}g} {}", value / scale, digits, unit);
    }
  }
  return fmt::format("{:.{}g}", value, digits);
}

}  // namespace ghostnet::results
