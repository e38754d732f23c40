#include "panels/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "charts/units.hpp"
#include "ghostnet/results/inspect.hpp"
#include "panels/figures.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

using Verdict = results::ComparedStatistic::Verdict;

Cell value_cell(const std::optional<results::Estimate>& estimate, const std::string& unit) {
  if (!estimate)
    return {.text = QStringLiteral("–"), .sort_by = -std::numeric_limits<double>::infinity(), .right = true};
  Cell cell{.text = chart::value_text(estimate->value, unit), .sort_by = estimate->value, .right = true};
  if (estimate->knows_noise()) {
    cell.tip =
        QObject::tr("%1 ± %2 (standard error)").arg(cell.text, chart::value_text(estimate->standard_error, unit));
  }
  return cell;
}

Cell difference_cell(const results::ComparedStatistic& row) {
  if (!row.a || !row.b) return {.text = QStringLiteral("–"), .sort_by = 0.0, .right = true};
  const double by = row.difference.value;
  Cell cell{.sort_by = by, .right = true};
  const double of = row.a->value;
  if (by == 0) {
    cell.text = QStringLiteral("0");
  } else if (of != 0) {
    cell.sort_by = by / std::abs(of);
    const double percent = std::abs(100 * by / of);
    cell.text = QString("%1%2 %").arg(
        by > 0 ? "+" : "−", percent < 1000 ? QString::number(percent, 'g', 3) : QString::number(percent, 'f', 0));
  } else {
    cell.text = (by > 0 ? QStringLiteral("+") : QString()) + chart::value_text(by, row.unit);
  }
  cell.tip = QObject::tr("%1, p = %2").arg(chart::value_text(by, row.unit)).arg(row.p, 0, 'g', 3);
  return cell;
}

Cell verdict_cell(const results::ComparedStatistic& row, const Theme& theme) {
  switch (row.verdict) {
    case Verdict::same: return {.text = QObject::tr("= within noise"), .sort_by = 2, .colour = theme.faint_text};
    case Verdict::differs: return {.text = QObject::tr("≠ differs"), .sort_by = 0, .colour = theme.bad};
    case Verdict::unknown: return {.text = QObject::tr("? too little to tell"), .sort_by = 1, .colour = theme.warning};
  }
  return {};
}

}  // namespace

Result<results::Comparison> compare_sets(const results::Database& database, const std::string& a,
                                         const std::string& b) {
  Result<std::vector<results::RunRow>> runs_a = results::select_runs(database, a);
  if (!runs_a) return fail(std::move(runs_a));
  Result<std::vector<results::RunRow>> runs_b = results::select_runs(database, b);
  if (!runs_b) return fail(std::move(runs_b));
  results::CompareOptions options;
  if (runs_a->size() == 1 || runs_b->size() == 1) options.tolerance = results::kSingleRunTolerance;
  return results::compare({a, &database, std::move(*runs_a)}, {b, &database, std::move(*runs_b)}, options);
}

std::vector<CellModel::Row> comparison_rows(const results::Comparison& comparison, const ComparisonFilter& filter,
                                            const Theme& theme) {
  std::vector<CellModel::Row> rows;
  for (std::size_t i = 0; i < comparison.statistics.size(); ++i) {
    const results::ComparedStatistic& row = comparison.statistics[i];
    if (filter.only_differences && row.verdict != Verdict::differs) continue;
    if (!text_of(row.metric).contains(filter.words, Qt::CaseInsensitive)) continue;
    const std::string unit = row.statistic == "count" ? std::string() : row.unit;
    rows.push_back({{{.text = text_of(row.metric)},
                     {.text = text_of(row.statistic)},
                     value_cell(row.a, unit),
                     value_cell(row.b, unit),
                     difference_cell(row),
                     verdict_cell(row, theme)},
                    static_cast<qint64>(i)});
  }
  return rows;
}

QString comparison_summary(const results::Comparison& comparison) {
  if (comparison.identical) return QObject::tr("Both runs delivered the same bytes at the same times (one digest).");
  const auto differ = std::ranges::count(comparison.statistics, Verdict::differs, &results::ComparedStatistic::verdict);
  if (comparison.statistics.empty()) return QObject::tr("The two have no metric in common.");
  if (differ == 0) {
    return QObject::tr("None of %1 statistics differs beyond its noise.").arg(comparison.statistics.size());
  }
  return QObject::tr("%1 of %2 statistics differ beyond their noise.").arg(differ).arg(comparison.statistics.size());
}

Result<chart::Figure> overlaid(const results::Database& database, std::int64_t run_a, std::int64_t run_b,
                               const std::string& metric) {
  chart::Figure figure{.title = text_of(metric), .x = {.label = QObject::tr("time"), .unit = "s"}};
  std::size_t colour = 0;
  for (const std::int64_t run : {run_a, run_b}) {
    Result<std::vector<results::SeriesName>> names = results::series_names(database, run);
    if (!names) return fail(std::move(names));
    const auto named = std::ranges::find(*names, metric, &results::SeriesName::name);
    const QString label = QObject::tr("%1: run %2").arg(QLatin1Char(colour == 0 ? 'A' : 'B')).arg(run);
    if (named == names->end()) {
      ++colour;
      continue;
    }
    figure.y.unit = named->unit;
    if (named->kind == "histogram") {
      figure.x = {.label = QString(), .unit = named->unit};
      figure.y = {.label = QObject::tr("share of samples"), .unit = "share", .fixed = chart::Range{0, 1}};
      Result<Histogram> histogram = results::histogram_of(database, run, named->metric_id, "");
      if (!histogram) return fail(std::move(histogram));
      figure.lines.push_back(cdf_line(label, *histogram, colour++));
    } else {
      Result<std::vector<results::Point>> points = results::series(database, run, metric);
      if (!points) return fail(std::move(points));
      figure.lines.push_back(line_of(label, *points, colour++));
    }
  }
  figure.empty_text = QObject::tr("Neither run recorded this metric over time.");
  return figure;
}

}  // namespace ghostnet::gui
