// The parts of the report, each a piece of HTML; empty where there is nothing to show.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ghostnet/results/database.hpp"
#include "ghostnet/results/reader.hpp"

namespace ghostnet::results {

// The scale on which values of a unit are shown: times in the unit that suits the largest.
struct DisplayUnit {
  double factor = 1;
  std::string name;
};
DisplayUnit display_unit(const std::string& unit, double largest);

// "network.loss=1 %": where in a sweep a run stands.
std::string point_label(const RunRow& run);
// "network.loss=1 %, repeat 2", or "run 7".
std::string run_label(const RunRow& run);

// Means with confidence intervals over what was swept.
struct SweepCharts {
  std::string charts;
  std::vector<std::string> unchanged;  // "sum of echo.requests: 800": what is the same at every point
};
Result<SweepCharts> sweep_charts(const Database& database, const std::vector<RunRow>& runs);
// Rates of counters, levels of gauges and percentiles of histograms over the time of one run.
Result<std::string> time_charts(const Database& database, const RunRow& run);
// Cumulative distributions: of one run by group, of several by point of the sweep, its repeats taken together.
Result<std::string> distribution_charts(const Database& database, const std::vector<RunRow>& runs);
// Where the hosts stand.
Result<std::string> topology_chart(const Database& database, const RunRow& run);

// The style sheet of the page.
std::string_view report_style();

}  // namespace ghostnet::results
