#include "charts/scale.hpp"

#include <algorithm>
#include <cmath>

namespace ghostnet::gui::chart {

namespace {

constexpr double kSmallestShare = 1e-12;  // of its values; a range that is narrower has no width
constexpr double kLogSpan = 1e-9;         // of the highest value, where a logarithmic range begins at 0 or below

// The step of the axis: 1, 2 or 5 times a power of ten.
double round_step(double width, int at_most) {
  const double rough = width / std::max(at_most, 1);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * (1 - kSmallestShare)) return factor * power;
  }
  return 10 * power;
}

bool has_width(const Range& range) {
  return !range.empty() && range.width() > kSmallestShare * std::max(std::abs(range.low), std::abs(range.high));
}

}  // namespace

Scale::Scale(Range values, double low_px, double high_px, bool logarithmic)
    : values_(values.empty() ? Range{0, 1} : values), low_px_(low_px), high_px_(high_px), logarithmic_(logarithmic) {
  if (logarithmic_) {
    if (values_.high <= 0) values_ = {1, 10};
    if (values_.low <= 0) values_.low = values_.high * kLogSpan;
    if (!has_width(values_)) values_ = {values_.low / 2, values_.high * 2};
  } else if (!has_width(values_)) {
    const double half = values_.low == 0 ? 0.5 : std::abs(values_.low) / 2;
    values_ = {values_.low - half, values_.high + half};
  }
}

double Scale::to_pixel(double value) const {
  const double from = position(values_.low);
  return low_px_ + (high_px_ - low_px_) * (position(value) - from) / (position(values_.high) - from);
}

double Scale::to_value(double pixel) const {
  const double from = position(values_.low);
  const double at = from + (position(values_.high) - from) * (pixel - low_px_) / (high_px_ - low_px_);
  return logarithmic_ ? std::pow(10, at) : at;
}

std::vector<double> round_ticks(const Range& range, int at_most) {
  if (range.empty()) return {};
  if (!has_width(range)) return {range.low};
  const double step = round_step(range.width(), at_most);
  std::vector<double> ticks;
  // Counted in steps, since adding up a step that is no binary fraction drifts away from the round numbers.
  const double slack = 1e-9;
  const double last = std::floor(range.high / step + slack);
  for (double at = std::ceil(range.low / step - slack); at <= last; ++at) ticks.push_back(at == 0 ? 0 : at * step);
  return ticks;
}

std::vector<double> log_ticks(const Range& range, int at_most) {
  if (range.empty() || range.high <= 0 || range.low <= 0) return {};
  const double slack = 1e-9;
  std::vector<double> powers;
  for (double at = std::ceil(std::log10(range.low) - slack); at <= std::log10(range.high) + slack; ++at) {
    powers.push_back(std::pow(10, at));
  }
  if (static_cast<int>(powers.size()) > at_most) {
    const auto every = (powers.size() + static_cast<std::size_t>(at_most) - 1) / static_cast<std::size_t>(at_most);
    std::vector<double> fewer;
    for (std::size_t i = 0; i < powers.size(); i += every) fewer.push_back(powers[i]);
    return fewer;
  }
  if (powers.size() >= 3) return powers;
  std::vector<double> ticks;
  for (double at = std::floor(std::log10(range.low)); at <= std::log10(range.high) + slack; ++at) {
    for (double factor : {1.0, 2.0, 5.0}) {
      const double tick = factor * std::pow(10, at);
      if (tick >= range.low * (1 - slack) && tick <= range.high * (1 + slack)) ticks.push_back(tick);
    }
  }
  return ticks.size() < 2 ? round_ticks(range, at_most) : ticks;
}

Range widened_to_ticks(const Range& range, int at_most) {
  if (!has_width(range)) return range;
  const double step = round_step(range.width(), at_most);
  return {std::floor(range.low / step + 1e-9) * step, std::ceil(range.high / step - 1e-9) * step};
}

}  // namespace ghostnet::gui::chart
