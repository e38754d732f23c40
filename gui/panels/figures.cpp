#include "panels/figures.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace ghostnet::gui {

namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

}  // namespace

std::vector<results::Point> per_second(std::span<const results::Point> totals) {
  std::vector<results::Point> rates;
  for (std::size_t i = 1; i < totals.size(); ++i) {
    const double passed_s = totals[i].time_s - totals[i - 1].time_s;
    if (passed_s > 0) rates.push_back({totals[i].time_s, (totals[i].value - totals[i - 1].value) / passed_s});
  }
  return rates;
}

chart::Line line_of(const QString& label, std::span<const results::Point> points, std::size_t colour) {
  chart::Line line{.label = label, .colour = colour};
  line.x.reserve(points.size());
  line.y.reserve(points.size());
  for (const results::Point& point : points) {
    line.x.push_back(point.time_s);
    line.y.push_back(point.value);
  }
  return line;
}

void add_percentiles(chart::Figure& figure, const QString& label, std::span<const results::Percentiles> percentiles) {
  const QString before = label.isEmpty() ? QString() : label + QLatin1Char(' ');
  chart::Line p50{.label = before + QStringLiteral("p50"), .interval = chart::Line::Interval::band, .colour = 0};
  chart::Line p90{.label = before + QStringLiteral("p90"), .colour = 2};
  chart::Line p99{.label = before + QStringLiteral("p99"), .colour = 1};
  for (const results::Percentiles& part : percentiles) {
    const double middle = (part.from_s + part.to_s) / 2;
    for (auto [line, value] : {std::pair{&p50, part.p50}, std::pair{&p90, part.p90}, std::pair{&p99, part.p99}}) {
      line->x.push_back(middle);
      line->y.push_back(value);
    }
    p50.low.push_back(part.p50);
    p50.high.push_back(part.p99);
  }
  for (chart::Line* line : {&p50, &p90, &p99}) figure.lines.push_back(std::move(*line));
}

void add_spread(chart::Figure& figure, const QString& label, std::span<const results::Spread> spread,
                std::size_t colour) {
  chart::Line mean{.label = label, .interval = chart::Line::Interval::band, .colour = colour};
  for (const results::Spread& at : spread) {
    mean.x.push_back(at.time_s);
    mean.y.push_back(at.mean);
    mean.low.push_back(at.min);
    mean.high.push_back(at.max);
  }
  figure.lines.push_back(std::move(mean));
}

chart::Line cdf_line(const QString& label, const Histogram& histogram, std::size_t colour) {
  chart::Line line{.label = label, .shape = chart::Line::Shape::steps, .colour = colour};
  if (histogram.empty()) return line;
  const auto all = static_cast<double>(histogram.count());
  std::uint64_t seen = 0;
  line.x.push_back(static_cast<double>(histogram.min()));
  line.y.push_back(0);
  histogram.for_each_bucket([&](std::uint64_t, std::uint64_t highest, std::uint64_t count) {
    seen += count;
    line.x.push_back(static_cast<double>(std::min(highest, histogram.max())));
    line.y.push_back(static_cast<double>(seen) / all);
  });
  return line;
}

HeatMapBuilder::HeatMapBuilder(std::vector<std::int64_t> hosts, double end_s, std::size_t columns)
    : hosts_(std::move(hosts)),
      end_s_(std::max(end_s, 1e-9)),
      columns_(std::clamp<std::size_t>(columns, 1, kMaxColumns)),
      hosts_a_row_(std::max<std::size_t>(1, (hosts_.size() + kMaxRows - 1) / kMaxRows)),
      last_(hosts_.size(), kNothing),
      rows_(row_count()),
      cells_(row_count() * columns_, kNothing),
      counts_(cells_.size()) {}

void HeatMapBuilder::add(double time_s, std::int64_t host, double value) {
  const auto found = std::ranges::lower_bound(hosts_, host);
  if (found == hosts_.end() || *found != host || time_s < 0) return;
  const auto place = static_cast<std::size_t>(found - hosts_.begin());
  const std::size_t number = place / hosts_a_row_;
  Row& row = rows_[number];
  const double before = std::exchange(last_[place], value);
  if (std::isnan(before)) ++row.count;
  row.sum += value - (std::isnan(before) ? 0 : before);
  const auto column = static_cast<std::size_t>(time_s / end_s_ * static_cast<double>(columns_));
  const std::size_t cell = number * columns_ + std::min(column, columns_ - 1);
  cells_[cell] = row.sum;
  counts_[cell] = row.count;
}

chart::HeatMap HeatMapBuilder::build(const QStringList& names, const std::string& unit, bool totals) {
  for (std::size_t cell = 0; cell < cells_.size(); ++cell) {
    const std::size_t first = cell / columns_ * hosts_a_row_;
    const std::size_t hosts = totals ? std::min(hosts_a_row_, hosts_.size() - first) : counts_[cell];
    cells_[cell] /= static_cast<double>(hosts);
  }
  chart::HeatMap heat{.values = std::move(cells_), .unit = totals ? unit + "/s" : unit};
  for (qsizetype first = 0; first < names.size(); first += static_cast<qsizetype>(hosts_a_row_)) {
    const qsizetype last = std::min(first + static_cast<qsizetype>(hosts_a_row_), names.size()) - 1;
    heat.rows << (last == first ? names[first] : QStringLiteral("%1 – %2").arg(names[first], names[last]));
  }
  const double width_s = end_s_ / static_cast<double>(columns_);
  for (std::size_t i = 0; i <= columns_; ++i) heat.edges.push_back(width_s * static_cast<double>(i));
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    double last = kNothing;
    std::size_t last_column = 0;
    for (std::size_t column = 0; column < columns_; ++column) {
      double& cell = heat.values[row * columns_ + column];
      if (!totals) {
        if (std::isnan(cell)) {
          cell = last;
        } else {
          last = cell;
        }
        continue;
      }
      if (std::isnan(cell)) continue;
      // What came since the last sample is spread over the columns that have passed since.
      const double since = std::isnan(last) ? cell / (column + 1.0) : (cell - last) / double(column - last_column);
      const std::size_t from = std::isnan(last) ? 0 : last_column + 1;
      last = cell;
      last_column = column;
      for (std::size_t i = from; i <= column; ++i) heat.values[row * columns_ + i] = since / width_s;
    }
  }
  return heat;
}

chart::Figure sweep_figure(const QString& title, const QString& path, const std::string& unit,
                           std::vector<std::pair<QString, std::vector<SweepPoint>>> curves, double confidence) {
  chart::Figure figure{.title = title, .x = {.label = path}, .y = {.unit = unit, .from_zero = true}};
  const bool numbers = std::ranges::all_of(curves, [](const auto& curve) {
    return std::ranges::all_of(curve.second, [](const SweepPoint& point) { return std::isfinite(point.number); });
  });
  if (!numbers) {
    for (const auto& [label, points] : curves) {
      for (const SweepPoint& point : points) {
        if (!figure.x.names.contains(point.setting)) figure.x.names << point.setting;
      }
    }
  }
  std::size_t colour = 0;
  for (auto& [label, points] : curves) {
    chart::Line line{.label = label, .interval = chart::Line::Interval::whiskers, .colour = colour++};
    if (numbers) std::ranges::sort(points, {}, &SweepPoint::number);
    for (const SweepPoint& point : points) {
      const double half = point.estimate.knows_noise() ? results::half_width(point.estimate, confidence) : 0;
      line.x.push_back(numbers ? point.number : static_cast<double>(figure.x.names.indexOf(point.setting)));
      line.y.push_back(point.estimate.value);
      line.low.push_back(point.estimate.value - half);
      line.high.push_back(point.estimate.value + half);
    }
    figure.lines.push_back(std::move(line));
  }
  return figure;
}

}  // namespace ghostnet::gui
