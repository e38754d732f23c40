// Comparison: whether two runs, or two sets of repeats, differ by more than their own noise.
//
// A set of repeats gives each statistic once a run, and Welch's t test compares the means of the two sets. A single run
// is its own witness: its time is cut into kBatches parts, and how the statistic differs between these says how noisy
// it is (the method of batch means). Where many statistics are compared some would seem to differ by chance; Holm's
// procedure holds the chance that any of them does at 1 - confidence.
//
// Compared are the sums of counters, the means over time of gauges, and count, mean, p50 and p99 of histograms.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ghostnet/results/database.hpp"
#include "ghostnet/results/reader.hpp"
#include "ghostnet/results/statistics.hpp"

namespace ghostnet::results {

struct RunSet {
  std::string label;
  const Database* database = nullptr;
  std::vector<RunRow> runs;
};

inline constexpr double kSingleRunTolerance = 0.01;

struct CompareOptions {
  double confidence = 0.95;
  double tolerance = 0;              // of a; a smaller difference does not count
  std::vector<std::string> metrics;  // only these; all when empty
  bool strict = false;               // what only one side measured differs, too
};

struct ComparedStatistic {
  enum class Verdict : std::uint8_t {
    same,     // within the noise, or within the tolerance
    differs,  // beyond it
    unknown,  // too little was recorded to know the noise, and the values are not equal
    added,    // only b measured it
    gone,     // only a measured it
  };
  std::string metric;
  std::string statistic;
  std::string unit;
  std::optional<Estimate> a;  // nothing: not measured there
  std::optional<Estimate> b;
  Estimate difference{};
  double p = 1;
  Verdict verdict = Verdict::same;
};

struct Comparison {
  static constexpr std::size_t kBatches = 20;
  static constexpr std::size_t kFewestBatches = 5;

  std::vector<ComparedStatistic> statistics;
  bool identical = false;  // single runs with the same digest

  bool differs() const;
};

// invalid_argument: a set holds runs of several scenarios.
Result<Comparison> compare(const RunSet& a, const RunSet& b, const CompareOptions& options);

// The values of one statistic of a metric over a set, as an estimate; nothing where none of the runs has it.
struct Statistic {
  std::string metric;
  std::string name;  // "sum", "mean", "count", "p50", "p99"
  std::string unit;
  Estimate estimate;
};
Result<std::vector<Statistic>> statistics_of(const RunSet& set);

// The runs that words stand for: "7", "7,9", "7-12", "last", "batch:3", each with conditions behind it where wanted,
// "batch:3[network.loss=1 %]". Only finished ones, each once; not_found where none is left.
Result<std::vector<RunRow>> select_runs(const Database& database, const std::string& words);

}  // namespace ghostnet::results
