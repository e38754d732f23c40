// Figures out of what a results file holds: the one place that decides how each kind of data is drawn.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "charts/figure.hpp"
#include "ghostnet/results/inspect.hpp"
#include "ghostnet/results/statistics.hpp"
#include "ghostnet/runtime/histogram.hpp"

namespace ghostnet::gui {

// What each second brought, of a running total.
std::vector<results::Point> per_second(std::span<const results::Point> totals);

chart::Line line_of(const QString& label, std::span<const results::Point> points, std::size_t colour);
// p50, p90 and p99 as lines; between p50 and p99 a band.
void add_percentiles(chart::Figure& figure, const QString& label, std::span<const results::Percentiles> percentiles);
// The mean, in a band from the lowest host to the highest.
void add_spread(chart::Figure& figure, const QString& label, std::span<const results::Spread> spread,
                std::size_t colour);
// Of how many samples a value is at most x; 100 % at the end.
chart::Line cdf_line(const QString& label, const Histogram& histogram, std::size_t colour);

// Hosts by time. Between samples a host keeps its last value; before the first there is none. Of more hosts than
// kMaxRows a row has several, which follow each other, and shows their mean: of a running total over all of them, since
// a host has nothing until its first sample, of other values over those that have one.
class HeatMapBuilder {
 public:
  static constexpr std::size_t kMaxColumns = 240;
  static constexpr std::size_t kMaxRows = 1'000;

  // In the order of `hosts`, from 0 to end_s.
  HeatMapBuilder(std::vector<std::int64_t> hosts, double end_s, std::size_t columns);
  // In order of time.
  void add(double time_s, std::int64_t host, double value);
  // `names` of the hosts. `totals`: the values are running totals, and cells show what a second brought.
  chart::HeatMap build(const QStringList& names, const std::string& unit, bool totals);

 private:
  struct Row {
    double sum = 0;         // of the last values of its hosts
    std::size_t count = 0;  // of hosts that have one
  };
  std::size_t row_count() const { return (hosts_.size() + hosts_a_row_ - 1) / hosts_a_row_; }

  std::vector<std::int64_t> hosts_;
  double end_s_;
  std::size_t columns_;
  std::size_t hosts_a_row_;
  std::vector<double> last_;  // by host; NaN: none
  std::vector<Row> rows_;
  std::vector<double> cells_;        // row after row: the sum at the end of the column; NaN: no sample came in it
  std::vector<std::size_t> counts_;  // likewise of how many hosts
};

// A swept parameter's settings, each with what its repeats measured.
struct SweepPoint {
  QString setting{};
  double number = 0;
  results::Estimate estimate{};
};
// Means with their confidence intervals; on a scale of numbers where every setting is one, else of names.
chart::Figure sweep_figure(const QString& title, const QString& path, const std::string& unit,
                           std::vector<std::pair<QString, std::vector<SweepPoint>>> curves, double confidence);

}  // namespace ghostnet::gui
