// SweepSummary: what several runs of one scenario came to, a line for each point of the sweep: how many of its runs
// passed, and what its expectations found, as means over the repeats with 95 % confidence intervals.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ghostnet::cli {

class SweepSummary {
 public:
  // A run, as the document of --json; in the order in which they are to be shown.
  void add(const nlohmann::json& document);
  // A table for each scenario that had several runs.
  std::string text() const;

 private:
  struct Expectation {
    std::string text;
    std::size_t held = 0;
    std::size_t judged = 0;
  };
  struct Point {
    nlohmann::json settings;
    std::size_t runs = 0;
    std::size_t passed = 0;
    std::vector<std::vector<double>> values{};  // by expectation
  };
  struct Scenario {
    std::string file;
    std::string name;
    std::size_t runs = 0;
    std::size_t passed = 0;
    std::vector<Point> points{};
    std::vector<Expectation> expectations{};

    std::string text() const;
    std::vector<std::vector<std::string>> table() const;
    std::vector<const Point*> by_columns(const std::vector<std::string>& paths) const;
  };

  std::vector<Scenario> scenarios_;
};

}  // namespace ghostnet::cli
