// BenchRow: one figure of a benchmark beside its rival's, both measured in this run, and how rows are reported.
//
// A benchmark is a program of its own, tests/bench/<name>_bench.cpp, whose main() measures and ends with
//   return bench::report(rows, argc, argv);
// which prints a table, or with --json the array that `ghostnet bench` documents. Measuring alternates between ours and
// the rival, several times, and rows carry medians, so that a neighbour on the machine slows both alike.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ghostnet::bench {

struct BenchRow {
  std::string name;
  double value = 0;
  std::string unit{};
  std::string rival{};  // empty: none, and goal_value says what is aimed at
  double rival_value = 0;
  bool higher_is_better = true;
  std::optional<double> goal_ratio{};  // of ours over the rival's
  std::optional<double> goal_value{};
  int runs = 1;
  double spread = 0;  // (largest - smallest) / median of our runs
  std::string skipped_reason{};

  std::optional<double> ratio() const {
    if (rival.empty() || rival_value <= 0) return std::nullopt;
    return value / rival_value;
  }
  bool ok() const {
    auto meets = [this](double have, double goal) { return higher_is_better ? have >= goal : have <= goal; };
    if (!skipped_reason.empty()) return true;
    if (goal_value && !meets(value, *goal_value)) return false;
    return !goal_ratio || (ratio() && meets(*ratio(), *goal_ratio));
  }
};

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::size_t middle = values.size() / 2;
  return values.size() % 2 != 0 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

inline double spread(std::span<const double> values) {
  auto [least, most] = std::minmax_element(values.begin(), values.end());
  return (*most - *least) / median({values.begin(), values.end()});
}

// Fills in the row: one run of ours and one of the rival's to warm up, then row.runs of each in turn. Both functions
// make a run and return its figure.
template <class Ours, class Rival>
BenchRow compare(BenchRow row, Ours ours, Rival rivals) {
  std::vector<double> our_values;
  std::vector<double> rival_values;
  for (int run = -1; run < row.runs; ++run) {
    const double our_value = ours();
    const double rival_value = rivals();
    if (run < 0) continue;
    our_values.push_back(our_value);
    rival_values.push_back(rival_value);
  }
  row.value = median(our_values);
  row.rival_value = median(rival_values);
  row.spread = spread(our_values);
  return row;
}

inline std::string machine() { return fmt::format("{} processors", std::thread::hardware_concurrency()); }

inline nlohmann::json to_json(const BenchRow& row) {
  auto or_null = [](const std::optional<double>& value) { return value ? nlohmann::json(*value) : nlohmann::json(); };
  return {{"name", row.name},
          {"value", row.value},
          {"unit", row.unit},
          {"rival", row.rival.empty() ? nlohmann::json() : nlohmann::json(row.rival)},
          {"rival_value", row.rival.empty() ? nlohmann::json() : nlohmann::json(row.rival_value)},
          {"ratio", or_null(row.ratio())},
          {"better", row.higher_is_better ? "higher" : "lower"},
          {"goal_ratio", or_null(row.goal_ratio)},
          {"goal_value", or_null(row.goal_value)},
          {"ok", row.ok()},
          {"runs", row.runs},
          {"spread", row.spread},
          {"machine", machine()},
          {"skipped_reason", row.skipped_reason.empty() ? nlohmann::json() : nlohmann::json(row.skipped_reason)}};
}

inline void print_table(std::span<const BenchRow> rows) {
  fmt::print("{:<46} {:>12} {:<10} {:>12} {:>8} {:>14}  {}\n", "", "ours", "", "rival's", "ratio", "goal", "rival");
  for (const BenchRow& row : rows) {
    if (!row.skipped_reason.empty()) {
      fmt::print("{:<46} skipped: {}\n", row.name, row.skipped_reason);
      continue;
    }
    std::string goal = row.goal_ratio   ? fmt::format("{} {}x", row.higher_is_better ? ">=" : "<=", *row.goal_ratio)
                       : row.goal_value ? fmt::format("{} {}", row.higher_is_better ? ">=" : "<=", *row.goal_value)
                                        : "";
    fmt::print("{:<46} {:>12.4g} {:<10} {:>12} {:>8} {:>14}{} {}  (median of {}, spread {:.0f} %)\n", row.name,
               row.value, row.unit, row.rival.empty() ? "" : fmt::format("{:.4g}", row.rival_value),
               row.ratio() ? fmt::format("{:.3g}x", *row.ratio()) : "", goal, row.ok() ? " " : "!", row.rival, row.runs,
               row.spread * 100);
  }
}

// The exit code of a benchmark: 0, or 1 when a goal was missed.
inline int report(std::span<const BenchRow> rows, int argc, char** argv) {
  bool json = std::any_of(argv + 1, argv + argc, [](const char* word) { return std::string_view(word) == "--json"; });
  if (json) {
    nlohmann::json all = nlohmann::json::array();
    for (const BenchRow& row : rows) all.push_back(to_json(row));
    fmt::print("{}\n", all.dump(2));
  } else {
    print_table(rows);
  }
  return std::all_of(rows.begin(), rows.end(), [](const BenchRow& row) { return row.ok(); }) ? 0 : 1;
}

}  // namespace ghostnet::bench
