#include <algorithm>
#include <map>
#include <set>

#include "ghostnet/results/compare.hpp"
#include "ghostnet/results/inspect.hpp"
#include "ghostnet/results/larger_units.hpp"
#include "ghostnet/results/moments.hpp"
#include "report_parts.hpp"
#include "setting_number.hpp"
#include "svg_chart.hpp"

namespace ghostnet::results {

namespace {

constexpr std::int64_t kMaxFaultChanges = 500;
constexpr double kConfidence = 0.95;
constexpr double kLongGap = 2;            // windows
constexpr std::uint64_t kManyTimes = 20;  // from where on a scale of values is logarithmic

std::string in_unit(const std::string& name, const std::string& unit) {
  return unit.empty() ? name : fmt::format("{} ({})", name, unit);
}

// "partition" of faults[0].partition.
std::string kind_of_fault(const std::string& key) { return key.substr(key.rfind('.') + 1); }

// Each from when it struck until it was over, which may be the end of the run.
Result<std::vector<ChartSpan>> fault_spans(const Database& database, const RunRow& run) {
  Result<std::vector<EventAt>> changes = fault_changes(database, run.id, kMaxFaultChanges);
  if (!changes) return fail(std::move(changes));
  std::vector<ChartSpan> spans;
  std::map<std::string, std::size_t> under_way;
  for (const EventAt& change : *changes) {
    const double at_s = static_cast<double>(change.time_ns) / 1e9;
    if (change.kind == "fault_begins") {
      const std::string kind = kind_of_fault(change.text);
      under_way[change.text] = spans.size();
      // New addresses are taken once; everything else lasts.
      spans.push_back({.from = at_s, .until = kind == "readdress" ? at_s : run.simulated_s, .label = kind});
    } else if (const auto begun = under_way.find(change.text); begun != under_way.end()) {
      spans[begun->second].until = at_s;
      under_way.erase(begun);
    }
  }
  return spans;
}

// Of all charts of a run, so that what is below each other happened at the same time: to the last that was recorded,
// which may be of services that were still stopping.
using TimeSpan_s = std::pair<double, double>;

Result<TimeSpan_s> time_of(const Database& database, const RunRow& run) {
  const Result<std::int64_t> until_ns = recorded_until(database, run.id);
  if (!until_ns) return fail(until_ns);
  return TimeSpan_s{0, std::max(static_cast<double>(*until_ns) / 1e9, 1e-9)};
}

Result<Chart> rate_chart(const Database& database, const RunRow& run, const MetricRow& metric, TimeSpan_s time) {
  Result<std::vector<Point>> points = series(database, run.id, metric.name);
  if (!points) return fail(std::move(points));
  const bool counts = metric.kind == "counter";
  ChartLine line{.label = metric.name, .points = {}};
  Point before{0, 0};
  double largest = 0;
  for (const Point& point : *points) {
    const double span_s = point.time_s - before.time_s;
    const double value = counts && span_s > 0 ? (point.value - before.value) / span_s : point.value;
    line.points.push_back({.x = point.time_s, .y = value});
    largest = std::max(largest, value);
    before = point;
  }
  const DisplayUnit unit = display_unit(metric.unit, largest);
  for (ChartPoint& point : line.points) point.y *= unit.factor;
  return Chart{.title = metric.name,
               .x_label = "time (s)",
               .y_label = counts ? (unit.name.empty() ? "1/s" : unit.name + "/s") : unit.name,
               .x_range = time,
               .lines = {std::move(line)}};
}

Result<Chart> percentile_chart(const Database& database, const RunRow& run, const MetricRow& metric, TimeSpan_s time) {
  Result<std::vector<WindowRow>> all = windows(database, run.id, metric.name);
  if (!all) return fail(std::move(all));
  const DisplayUnit unit = display_unit(metric.unit, static_cast<double>(metric.histogram.percentile(99)));
  Chart chart{
      .title = metric.name + " over time", .x_label = "time (s)", .y_label = unit.name, .x_range = time, .lines = {}};
  for (const auto& [percent, label] : {std::pair{50.0, "p50"}, std::pair{90.0, "p90"}, std::pair{99.0, "p99"}}) {
    ChartLine line{.label = label, .points = {}};
    double known_until_s = 0;
    for (const WindowRow& window : *all) {
      const auto value = static_cast<double>(window.histogram.percentile(percent));
      // Where nothing was measured for long the line is broken; what comes every second window makes one line.
      const bool apart = window.from_s - known_until_s > kLongGap * (window.to_s - window.from_s);
      line.points.push_back({.x = window.to_s, .y = value * unit.factor, .apart = apart});
      known_until_s = window.to_s;
    }
    chart.lines.push_back(std::move(line));
  }
  return chart;
}

ChartLine distribution_of(const std::string& label, const Histogram& histogram, double factor) {
  ChartLine line{.label = label, .points = {}};
  const auto count = static_cast<double>(histogram.count());
  std::uint64_t below = 0;
  const auto add = [&](std::uint64_t value) {
    line.points.push_back({.x = static_cast<double>(value) * factor, .y = static_cast<double>(below) / count});
  };
  // A step at each bucket; between two of them there is nothing.
  histogram.for_each_bucket([&](std::uint64_t lowest, std::uint64_t highest, std::uint64_t times) {
    add(std::max(lowest, histogram.min()));
    below += times;
    add(std::min(highest, histogram.max()));
  });
  return line;
}

// The distributions of one metric, each with what it is of.
struct Curves {
  std::string unit;
  std::vector<std::pair<std::string, Histogram>> histograms;

  void add(const std::string& label, const MetricRow& metric) {
    unit = metric.unit;
    const auto known = std::ranges::find(histograms, label, [](const auto& each) { return each.first; });
    if (known == histograms.end()) {
      histograms.emplace_back(label, metric.histogram);
    } else {
      known->second.merge(metric.histogram);
    }
  }
};

Chart distribution_chart(const std::string& metric, const Curves& curves) {
  Histogram all;
  for (const auto& [label, histogram] : curves.histograms) all.merge(histogram);
  const DisplayUnit unit = display_unit(curves.unit, static_cast<double>(all.percentile(99)));
  // Where values are of several magnitudes, each gets its room.
  const std::uint64_t small = all.percentile(1);
  const bool log_x = small > 0 && all.max() / small >= kManyTimes;
  Chart chart{.title = "Distribution of " + metric,
              .x_label = in_unit(metric, unit.name),
              .y_label = "share at most so large",
              .log_x = log_x,
              .y_max = 1,
              .lines = {}};
  if (log_x) {
    chart.x_range = std::pair(static_cast<double>(std::max<std::uint64_t>(all.min(), 1)) * unit.factor,
                              static_cast<double>(all.max()) * unit.factor);
  }
  for (const auto& [label, histogram] : curves.histograms) {
    chart.lines.push_back(distribution_of(label, histogram, unit.factor));
  }
  return chart;
}

// The runs of each point of a sweep, in the order of their first.
std::vector<std::vector<RunRow>> repeats_of(const std::vector<RunRow>& runs) {
  std::vector<std::vector<RunRow>> points;
  for (const RunRow& run : runs) {
    auto point =
        std::ranges::find_if(points, [&](const auto& each) { return each.front().sweep_point == run.sweep_point; });
    if (point == points.end()) point = points.emplace(points.end());
    point->push_back(run);
  }
  return points;
}

// A setting of a sweep: its text, and its number where it is one.
struct Setting {
  std::optional<double> number;
  std::string text;
  friend auto operator<=>(const Setting&, const Setting&) = default;
};

// What an axis of such settings is numbered in: the factor is of setting_number().
DisplayUnit unit_of_axis(const Setting& largest) {
  const std::string_view unit = setting_unit(largest.text);
  if (unit == "%") return {100, "%"};
  const double to_base = unit == "ns" ? 1e9 : 1;  // metrics count nanoseconds
  DisplayUnit shown = display_unit(std::string(unit), largest.number.value_or(0) * to_base);
  shown.factor *= to_base;
  return shown;
}

// The runs of a sweep along one axis, apart by everything else that was swept.
struct SweepAxis {
  std::string path;
  std::vector<Setting> settings;                                         // along x
  std::vector<std::string> others;                                       // in order of the runs
  std::map<std::string, std::map<std::string, std::vector<RunRow>>> at;  // by the other settings, then by this one
};

SweepAxis axis_of(const std::vector<RunRow>& runs, const std::string& path) {
  SweepAxis axis{.path = path, .settings = {}, .others = {}, .at = {}};
  std::set<Setting> settings;
  for (const RunRow& run : runs) {
    std::string here, others;
    for (const auto& [name, value] : run.sweep_point) {
      if (name == path) {
        here = value;
      } else {
        others += fmt::format("{}{}={}", others.empty() ? "" : ", ", name, value);
      }
    }
    settings.insert({setting_number(here), here});
    if (!axis.at.contains(others)) axis.others.push_back(others);
    axis.at[others][here].push_back(run);
  }
  axis.settings.assign(settings.begin(), settings.end());
  return axis;
}

// What is drawn of a metric: the one statistic that says most.
bool is_shown(const Statistic& statistic) {
  return statistic.name == "sum" || statistic.name == "p50" || statistic.name == "p99";
}

using ByStatistic =
    std::map<std::pair<std::string, std::string>, std::map<std::string, std::map<std::string, Statistic>>>;

Result<ByStatistic> estimates_along(const Database& database, const SweepAxis& axis) {
  ByStatistic all;
  for (const auto& [others, by_setting] : axis.at) {
    for (const auto& [setting, runs] : by_setting) {
      Result<std::vector<Statistic>> statistics = statistics_of({.label = {}, .database = &database, .runs = runs});
      if (!statistics) return fail(std::move(statistics));
      for (Statistic& statistic : *statistics) {
        if (runs.size() == 1) statistic.estimate.degrees_of_freedom = 0;  // noise between runs is not known
        if (is_shown(statistic)) all[{statistic.metric, statistic.name}][others][setting] = statistic;
      }
    }
  }
  return all;
}

Chart sweep_chart(const SweepAxis& axis, const std::pair<std::string, std::string>& what,
                  const std::map<std::string, std::map<std::string, Statistic>>& lines) {
  const bool numbers = std::ranges::all_of(axis.settings, [](const Setting& s) { return s.number.has_value(); });
  double largest = 0;
  std::string unit;
  for (const auto& [others, by_setting] : lines) {
    for (const auto& [setting, statistic] : by_setting) {
      largest = std::max(largest, statistic.estimate.value);
      unit = statistic.unit;
    }
  }
  const DisplayUnit display = display_unit(unit, largest);
  // Settings are in order of their numbers.
  const DisplayUnit x_unit = numbers ? unit_of_axis(axis.settings.back()) : DisplayUnit{1, ""};
  Chart chart{.title = fmt::format("{} of {} by {}", what.second, what.first, axis.path),
              .x_label = in_unit(axis.path, x_unit.name),
              .y_label = display.name,
              .lines = {}};
  if (!numbers) {
    for (const Setting& setting : axis.settings) chart.x_names.push_back(setting.text);
  }
  for (const std::string& others : axis.others) {
    const auto line_of = lines.find(others);
    if (line_of == lines.end()) continue;
    const auto& by_setting = line_of->second;
    ChartLine line{.label = others.empty() ? what.first : others, .points = {}, .markers = true};
    for (std::size_t i = 0; i < axis.settings.size(); ++i) {
      const auto found = by_setting.find(axis.settings[i].text);
      if (found == by_setting.end()) continue;
      const Estimate& estimate = found->second.estimate;
      const double width = half_width(estimate, kConfidence) * display.factor;
      const double value = estimate.value * display.factor;
      const double x = numbers ? *axis.settings[i].number * x_unit.factor : static_cast<double>(i);
      // What is counted is never less than nothing.
      const double low = value < 0 ? value - width : std::max(value - width, 0.0);
      line.points.push_back({.x = x, .y = value, .low = low, .high = value + width});
    }
    chart.lines.push_back(std::move(line));
  }
  return chart;
}

// The value that all points of all lines have, where they have one.
std::optional<double> only_value(const Chart& chart) {
  std::optional<double> only;
  for (const ChartLine& line : chart.lines) {
    for (const ChartPoint& point : line.points) {
      if (only && *only != point.y) return std::nullopt;
      only = point.y;
    }
  }
  return only;
}

// Whether the chart says anything: some line is not flat at 0.
bool says_something(const Chart& chart) {
  return std::ranges::any_of(chart.lines, [](const ChartLine& line) {
    return std::ranges::any_of(line.points, [](const ChartPoint& point) { return point.y != 0; });
  });
}

}  // namespace

DisplayUnit display_unit(const std::string& unit, double largest) {
  for (const auto& [scale, name] : larger_units(unit)) {
    if (largest >= scale) return {1 / scale, std::string_view(name) == "us" ? "µs" : name};
  }
  return {1, unit};
}

std::string point_label(const RunRow& run) {
  std::string label;
  for (const auto& [path, value] : run.sweep_point) {
    label += fmt::format("{}{}={}", label.empty() ? "" : ", ", path, value);
  }
  return label;
}

std::string run_label(const RunRow& run) {
  std::string label = point_label(run);
  if (run.repeat != 0) label += fmt::format("{}repeat {}", label.empty() ? "" : ", ", run.repeat);
  return label.empty() ? fmt::format("run {}", run.id) : label;
}

Result<SweepCharts> sweep_charts(const Database& database, const std::vector<RunRow>& runs) {
  std::vector<std::string> paths;
  for (const RunRow& run : runs) {
    for (const auto& [path, value] : run.sweep_point) {
      if (std::ranges::find(paths, path) == paths.end()) paths.push_back(path);
    }
  }
  SweepCharts made;
  std::vector<std::pair<std::string, std::string>> said;  // metric and statistic
  for (const std::string& path : paths) {
    const SweepAxis axis = axis_of(runs, path);
    if (axis.settings.size() < 2) continue;
    Result<ByStatistic> statistics = estimates_along(database, axis);
    if (!statistics) return fail(std::move(statistics));
    for (const auto& [what, lines] : *statistics) {
      const Chart chart = sweep_chart(axis, what, lines);
      if (!says_something(chart)) continue;
      const std::optional<double> same = only_value(chart);
      if (!same) {
        made.charts += chart.html();
      } else if (std::ranges::find(said, what) == said.end()) {
        said.push_back(what);
        made.unchanged.push_back(fmt::format("{} of {}: {}{}{}", what.second, what.first, short_number(*same),
                                             chart.y_label.empty() ? "" : " ", chart.y_label));
      }
    }
  }
  return made;
}

Result<std::string> time_charts(const Database& database, const RunRow& run) {
  Result<std::vector<MetricRow>> all = metrics(database, run.id, false);
  if (!all) return fail(std::move(all));
  Result<std::vector<ChartSpan>> faults = fault_spans(database, run);
  if (!faults) return fail(std::move(faults));
  const Result<TimeSpan_s> time = time_of(database, run);
  if (!time) return fail(time);
  std::string html;
  for (const MetricRow& metric : *all) {
    Result<Chart> chart = metric.kind == "histogram" ? percentile_chart(database, run, metric, *time)
                                                     : rate_chart(database, run, metric, *time);
    if (!chart) return fail(std::move(chart));
    if (!says_something(*chart)) continue;
    chart->spans = *faults;
    html += chart->html();
  }
  return html;
}

Result<std::string> distribution_charts(const Database& database, const std::vector<RunRow>& runs) {
  std::map<std::string, Curves> by_metric;
  const std::vector<std::vector<RunRow>> points = repeats_of(runs);
  const std::size_t shown = std::min(points.size(), Chart::kColours);
  for (std::size_t i = 0; i < shown; ++i) {
    // Spread over all of them, where there are more than can be told apart.
    const std::vector<RunRow>& repeats = points[i * points.size() / shown];
    for (const RunRow& run : repeats) {
      Result<std::vector<MetricRow>> all = metrics(database, run.id, points.size() == 1);
      if (!all) return fail(std::move(all));
      for (const MetricRow& metric : *all) {
        if (metric.kind != "histogram" || metric.histogram.empty()) continue;
        const std::string group = metric.group.empty() ? "all" : metric.group;
        by_metric[metric.name].add(points.size() > 1 ? point_label(run) : group, metric);
      }
    }
  }
  std::string html;
  for (auto& [metric, curves] : by_metric) {
    // One group is everything.
    if (points.size() == 1 && curves.histograms.size() == 2) curves.histograms.pop_back();
    html += distribution_chart(metric, curves).html();
  }
  return html;
}

}  // namespace ghostnet::results
