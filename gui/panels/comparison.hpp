// What two runs have to say about each other: asked on the worker, shown by the ComparePanel.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "charts/figure.hpp"
#include "ghostnet/gui/theme.hpp"
#include "ghostnet/results/compare.hpp"
#include "panels/table_kit.hpp"

namespace ghostnet::gui {

// Two sets of runs by what `ghostnet results compare` calls them: "7", "batch:1[network.loss=5 %]".
Result<results::Comparison> compare_sets(const results::Database& database, const std::string& a, const std::string& b);

struct ComparisonFilter {
  QString words{};  // of the metric's name
  bool only_differences = false;
};
// metric, statistic, a, b, difference, verdict; the key is the index in `comparison`.
std::vector<CellModel::Row> comparison_rows(const results::Comparison& comparison, const ComparisonFilter& filter,
                                            const Theme& theme);
// "12 of 40 statistics differ beyond their noise"
QString comparison_summary(const results::Comparison& comparison);

// A metric of two runs in one chart: a series over time, or the distribution of a histogram.
Result<chart::Figure> overlaid(const results::Database& database, std::int64_t run_a, std::int64_t run_b,
                               const std::string& metric);

}  // namespace ghostnet::gui
