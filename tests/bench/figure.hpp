// What came of measurements that were made several times, and how far it can be trusted.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace ghostnet::bench {

// A figure of a page: what came of some measurements, each in a process of its own.
struct Figure {
  std::string name;
  std::vector<double> values{};

  double mean() const {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  }
  double least() const { return *std::ranges::min_element(values); }
  // Within so much of the mean lies the true one, with 95 %: two standard errors.
  double stray() const {
    if (values.size() < 2) return 0;
    double squares = 0;
    for (const double value : values) squares += (value - mean()) * (value - mean());
    const auto count = static_cast<double>(values.size());
    return 2 * std::sqrt(squares / (count - 1) / count);
  }
  std::string text() const {
    return values.size() < 2 ? fmt::format("{:.2f}", mean()) : fmt::format("{:.2f} ± {:.2f}", mean(), stray());
  }
};

// Of two figures whose n-th runs met the same.
struct PairedRatio {
  double value = 0;
  double stray = 0;  // as of a Figure

  PairedRatio(const Figure& a, const Figure& b) {
    const std::size_t count = std::min(a.values.size(), b.values.size());
    double sum_a = 0, sum_b = 0, squares = 0;
    for (std::size_t i = 0; i < count; ++i) sum_a += a.values[i], sum_b += b.values[i];
    value = sum_a / sum_b;
    if (count < 2) return;
    for (std::size_t i = 0; i < count; ++i) squares += std::pow(a.values[i] - value * b.values[i], 2);
    const auto runs = static_cast<double>(count);
    stray = 2 * std::sqrt(squares / (runs - 1) * runs) / sum_b;
  }
  std::string text() const {
    return stray == 0 ? fmt::format("{:.2f}", value) : fmt::format("{:.3f} ± {:.3f}", value, stray);
  }
};

}  // namespace ghostnet::bench
