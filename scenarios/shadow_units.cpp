#include "ghostnet/scenarios/shadow_units.hpp"

#include <cmath>
#include <string>
#include <utility>

namespace ghostnet::scenarios {

namespace {

struct Quantity {
  std::string_view number;
  std::string_view unit;  // in the singular
};

Quantity split(std::string_view text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789.+-eE "), text.size());
  Quantity quantity{text.substr(0, end), text.substr(end)};
  while (quantity.number.ends_with(' ')) quantity.number.remove_suffix(1);
  // Those of one or two letters (s, ms) are no plurals.
  if (quantity.unit.size() > 2 && quantity.unit.ends_with('s')) quantity.unit.remove_suffix(1);
  return quantity;
}

constexpr std::pair<std::string_view, double> kPrefixes[] = {{"", 1},
                                                             {"K", 1e3},
                                                             {"kilo", 1e3},
                                                             {"M", 1e6},
                                                             {"mega", 1e6},
                                                             {"G", 1e9},
                                                             {"giga", 1e9},
                                                             {"T", 1e12},
                                                             {"tera", 1e12},
                                                             {"Ki", 1024},
                                                             {"kibi", 1024},
                                                             {"Mi", 1 << 20},
                                                             {"mebi", 1 << 20},
                                                             {"Gi", 1 << 30},
                                                             {"gibi", 1 << 30},
                                                             {"Ti", 1024.0 * (1 << 30)},
                                                             {"tebi", 1024.0 * (1 << 30)}};

constexpr std::pair<std::string_view, std::string_view> kTimes[] = {
    {"nanosecond", "ns"}, {"microsecond", "us"}, {"millisecond", "ms"}, {"second", "s"}, {"sec", "s"},
    {"minute", "min"},    {"m", "min"},          {"hour", "h"},         {"hr", "h"}};

}  // namespace

Result<DataRate> parse_shadow_rate(std::string_view text) {
  std::string_view bare = text;
  if (bare.ends_with("/s")) bare.remove_suffix(2);
  auto [number, unit] = split(bare);
  if (!unit.ends_with("bit")) return parse_data_rate(text);
  unit.remove_suffix(3);
  for (const auto& [prefix, factor] : kPrefixes) {
    if (unit != prefix) continue;
    const Result<double> count = parse_real(number);
    const double bits = count ? *count * factor : -1;
    constexpr double kMost = 1e15;  // whole numbers are exact up to there
    if (bits < 0 || bits > kMost || bits != std::floor(bits)) break;
    return DataRate{static_cast<std::uint64_t>(bits)};
  }
  return parse_data_rate(text);
}

Result<Duration> parse_shadow_time(std::string_view text) {
  const auto [number, unit] = split(text);
  for (const auto& [name, ours] : kTimes) {
    if (unit == name) return parse_duration(std::string(number) + " " + std::string(ours));
  }
  return parse_duration(text);
}

}  // namespace ghostnet::scenarios
