#include "panels/metric_figure.hpp"

#include <algorithm>

#include "charts/units.hpp"
#include "ghostnet/results/inspect.hpp"
#include "panels/figures.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

using View = MetricQuestion::View;

constexpr std::int64_t kMaxMarks = 200;
constexpr std::size_t kMostPoints = 400;

chart::Figure time_figure(const MetricQuestion& question) {
  return {.title = text_of(question.metric.name),
          .x = {.label = QObject::tr("time"), .unit = "s", .fixed = chart::Range{0, std::max(question.end_s, 1e-3)}},
          .y = {.unit = question.rate ? question.metric.unit + "/s" : question.metric.unit, .from_zero = true}};
}

// Faults, where they began and ended.
Result<> add_marks(chart::Figure& figure, const results::Database& database, std::int64_t run) {
  auto events = results::fault_changes(database, run, kMaxMarks);
  if (!events) return fail(std::move(events));
  for (const results::EventAt& event : *events) {
    const QString sign = event.kind == "fault_begins" ? QStringLiteral("▼ %1") : QStringLiteral("△ %1");
    figure.marks.push_back(
        {chart::seconds(event.time_ns), sign.arg(text_of(event.text).section(QLatin1Char('.'), -1))});
  }
  return {};
}

void add_points(chart::Figure& figure, const QString& label, const std::vector<results::Point>& points, bool rate,
                std::size_t colour) {
  figure.lines.push_back(line_of(label, rate ? per_second(points) : points, colour));
}

Result<> add_whole(chart::Figure& figure, const results::Database& database, const MetricQuestion& question) {
  if (question.group.empty()) {
    auto points = results::series(database, question.run, question.metric.name);
    if (!points) return fail(std::move(points));
    add_points(figure, QObject::tr("all hosts, sum"), *points, question.rate, 0);
    return {};
  }
  auto spread =
      results::spread_over_hosts(database, question.run, question.metric.metric_id, question.group, kMostPoints);
  if (!spread) return fail(std::move(spread));
  figure.y.unit = question.metric.unit;
  add_spread(figure, QObject::tr("%1: mean of the sampled hosts, lowest to highest").arg(text_of(question.group)),
             *spread, 0);
  return {};
}

Result<chart::Figure> over_time(const results::Database& database, const MetricQuestion& question,
                                const HostTable& hosts) {
  chart::Figure figure = time_figure(question);
  if (question.metric.kind == "histogram") {
    auto parts = results::percentiles_over_time(database, question.run, question.metric.metric_id, question.group);
    if (!parts) return fail(std::move(parts));
    add_percentiles(figure, text_of(question.group), *parts);
    if (parts->empty()) {
      figure.empty_text = question.group.empty()
                              ? QObject::tr("Nothing was measured yet.")
                              : QObject::tr(
                                    "Over time this histogram was recorded for all hosts together only. Its "
                                    "distribution by group is there at the end of the run.");
    }
  } else {
    if (Result<> added = add_whole(figure, database, question); !added) return fail(std::move(added));
    std::size_t colour = 1;
    for (const std::int64_t host : question.hosts) {
      if (colour > MetricQuestion::kMaxLines) break;
      auto points = results::series_of_host(database, question.run, question.metric.metric_id, host);
      if (!points) return fail(std::move(points));
      add_points(figure, host_text(hosts, host), *points, question.rate, colour++);
    }
    figure.empty_text = QObject::tr("Nothing was sampled of it. record.series asks for more.");
  }
  if (Result<> marked = add_marks(figure, database, question.run); !marked) return fail(std::move(marked));
  return figure;
}

Result<chart::Figure> distribution(const results::Database& database, const MetricQuestion& question,
                                   const HostTable& hosts) {
  chart::Figure figure{.title = text_of(question.metric.name),
                       .x = {.unit = question.metric.unit},
                       .y = {.label = QObject::tr("share of samples"), .unit = "share", .fixed = chart::Range{0, 1}},
                       .empty_text = QObject::tr("Nothing was measured yet.")};
  if (question.metric.kind != "histogram") {
    figure.y.label = QObject::tr("share of hosts");
    auto values = results::values_at(database, question.run, question.metric.metric_id,
                                     static_cast<std::int64_t>(question.end_s * 1e9));
    if (!values) return fail(std::move(values));
    Histogram of_hosts;
    for (const auto& [host, value] : values->values) of_hosts.record(static_cast<std::uint64_t>(std::max(0.0, value)));
    figure.lines.push_back(cdf_line(QObject::tr("hosts at the end"), of_hosts, 0));
    figure.empty_text = QObject::tr("No values of single hosts were recorded. record.series asks for them.");
    if (of_hosts.empty()) figure.lines.clear();
    return figure;
  }
  std::vector<std::string> groups{question.group};
  if (question.group.empty()) {
    for (const std::string& group : hosts.groups()) {
      if (!group.empty() && groups.size() <= MetricQuestion::kMaxLines) groups.push_back(group);
    }
  }
  std::size_t colour = 0;
  for (const std::string& group : groups) {
    auto histogram = results::histogram_of(database, question.run, question.metric.metric_id, group);
    if (!histogram) return fail(std::move(histogram));
    if (histogram->empty()) continue;
    figure.lines.push_back(cdf_line(group.empty() ? QObject::tr("all") : text_of(group), *histogram, colour++));
  }
  return figure;
}

Result<chart::Figure> heat_map(const results::Database& database, const MetricQuestion& question,
                               const HostTable& hosts) {
  chart::Figure figure = time_figure(question);
  figure.empty_text = question.metric.kind == "histogram"
                          ? QObject::tr("A histogram has no value for a single host at an instant.")
                          : QObject::tr("No values of single hosts were recorded. record.series asks for them.");
  std::vector<std::int64_t> ids;
  QStringList names;
  for (const results::HostRow& host : hosts.rows()) {
    if (!question.group.empty() && host.group != question.group) continue;
    ids.push_back(host.id);
    names << host_text(hosts, host.id);
  }
  HeatMapBuilder builder(ids, question.end_s, HeatMapBuilder::kMaxColumns);
  std::size_t samples = 0;
  Result<> read =
      results::for_each_sample(database, question.run, question.metric.metric_id, HeatMapBuilder::kMaxColumns,
                               [&](double time_s, std::int64_t host, double value) {
                                 ++samples;
                                 builder.add(time_s, host, value);
                               });
  if (!read) return fail(std::move(read));
  if (samples > 0) figure.heat = builder.build(names, question.metric.unit, question.rate);
  return figure;
}

}  // namespace

Result<chart::Figure> metric_figure(const results::Database& database, const MetricQuestion& question,
                                    const HostTable& hosts) {
  switch (question.view) {
    case View::over_time: return over_time(database, question, hosts);
    case View::distribution: return distribution(database, question, hosts);
    case View::heat_map: return heat_map(database, question, hosts);
  }
  return chart::Figure{};
}

}  // namespace ghostnet::gui
