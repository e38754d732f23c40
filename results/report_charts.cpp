#include <algorithm>
#include <map>
#include <set>

#include "ghostnet/results/compare.hpp"
#include "ghostnet/runtime/quantity.hpp"
#include "report_parts.hpp"
#include "svg_chart.hpp"

namespace ghostnet::results {

namespace {

constexpr std::int64_t kMaxMarks = 200;
constexpr double kConfidence = 0.95;
constexpr std::uint64_t kManyTimes = 20;  // from where on a scale of values is logarithmic

std::string in_unit(const std::string& name, const std::string& unit) {
  return unit.empty() ? name : fmt::format("{} ({})", name, unit);
}

// Faults and the like, where they stood still for the eye: many at one instant are one mark.
Result<std::vector<ChartMark>> marks_of(const Database& database, std::int64_t run) {
  Result<std::vector<EventRow>> all = events(database, run, kMaxMarks);
  if (!all) return fail(std::move(all));
  std::vector<ChartMark> marks;
  for (const EventRow& event : *all) {
    if (!marks.empty() && marks.back().x == event.time_s && marks.back().label == event.kind) continue;
    marks.push_back({event.time_s, event.kind});
  }
  return marks;
}

// So that what is below each other happened at the same time.
std::pair<double, double> time_of(const RunRow& run) { return {0, std::max(run.simulated_s, 1e-9)}; }

Result<Chart> rate_chart(const Database& database, const RunRow& run, const MetricRow& metric) {
  Result<std::vector<Point>> points = series(database, run.id, metric.name);
  if (!points) return fail(std::move(points));
  const bool counts = metric.kind == "counter";
  ChartLine line{.label = metric.name, .points = {}};
  Point before{0, 0};
  for (const Point& point : *points) {
    const double span_s = point.time_s - before.time_s;
    const double value = counts && span_s > 0 ? (point.value - before.value) / span_s : point.value;
    line.points.push_back({.x = point.time_s, .y = value});
    before = point;
  }
  return Chart{.title = metric.name,
               .x_label = "time (s)",
               .y_label = counts ? (metric.unit.empty() ? "1/s" : metric.unit + "/s") : metric.unit,
               .x_range = time_of(run),
               .lines = {std::move(line)}};
}

Result<Chart> percentile_chart(const Database& database, const RunRow& run, const MetricRow& metric) {
  Result<std::vector<WindowRow>> all = windows(database, run.id, metric.name);
  if (!all) return fail(std::move(all));
  const DisplayUnit unit = display_unit(metric.unit, static_cast<double>(metric.histogram.percentile(99)));
  Chart chart{.title = metric.name + " over time",
              .x_label = "time (s)",
              .y_label = unit.name,
              .x_range = time_of(run),
              .lines = {}};
  for (const auto& [percent, label] : {std::pair{50.0, "p50"}, std::pair{90.0, "p90"}, std::pair{99.0, "p99"}}) {
    ChartLine line{.label = label, .points = {}};
    double known_until_s = 0;
    for (const WindowRow& window : *all) {
      const auto value = static_cast<double>(window.histogram.percentile(percent));
      // Between two windows there may be time in which nothing was measured.
      const bool apart = window.from_s > known_until_s;
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

std::optional<double> number_in(const std::string& text) {
  if (const auto real = parse_real(text)) return *real;
  if (text.ends_with('%')) {
    if (const auto share = parse_fraction(text)) return share->value() * 100;
  }
  if (const auto time = parse_duration(text)) return static_cast<double>(time->count()) / 1e9;
  if (const auto rate = parse_data_rate(text)) return static_cast<double>(rate->bits_per_second);
  if (const auto size = parse_data_size(text)) return static_cast<double>(size->bytes);
  if (const auto rate = parse_frequency(text)) return static_cast<double>(rate->micro_per_hour) / 3.6e9;
  return std::nullopt;
}

// What an axis of such settings is numbered in, given the largest of number_in().
DisplayUnit unit_of_axis(const std::string& text, double largest) {
  const auto scaled = [largest](double step, std::initializer_list<const char*> names) {
    DisplayUnit unit{1, *names.begin()};
    for (const char* name : names) {
      if (name != *names.begin() && largest * unit.factor >= step) unit = {unit.factor / step, name};
    }
    return unit;
  };
  if (parse_real(text)) return {1, ""};
  if (text.ends_with('%')) return {1, "%"};
  if (parse_duration(text)) {
    const DisplayUnit unit = display_unit("ns", largest * 1e9);
    return {unit.factor * 1e9, unit.name};
  }
  if (parse_data_rate(text)) return scaled(1000, {"bit/s", "kbit/s", "Mbit/s", "Gbit/s"});
  if (parse_data_size(text)) return scaled(1024, {"bytes", "KiB", "MiB", "GiB"});
  if (parse_frequency(text)) return {1, "1/s"};
  return {1, ""};
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
    settings.insert({number_in(here), here});
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
  const DisplayUnit x_unit =
      numbers ? unit_of_axis(axis.settings.front().text, *axis.settings.back().number) : DisplayUnit{1, ""};
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
  if (unit != "ns") return {1, unit};
  if (largest >= 1e9) return {1e-9, "s"};
  if (largest >= 1e6) return {1e-6, "ms"};
  if (largest >= 1e3) return {1e-3, "µs"};
  return {1, "ns"};
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
  Result<std::vector<ChartMark>> marks = marks_of(database, run.id);
  if (!marks) return fail(std::move(marks));
  std::string html;
  for (const MetricRow& metric : *all) {
    Result<Chart> chart =
        metric.kind == "histogram" ? percentile_chart(database, run, metric) : rate_chart(database, run, metric);
    if (!chart) return fail(std::move(chart));
    if (!says_something(*chart)) continue;
    chart->marks = *marks;
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
