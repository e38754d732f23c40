#include "charts/readout.hpp"

#include <algorithm>
#include <cmath>

#include "charts/units.hpp"

namespace ghostnet::gui::chart {

namespace {

QString x_text(const Figure& figure, double x) {
  if (!figure.x.names.isEmpty()) {
    const auto index = static_cast<qsizetype>(std::lround(x));
    return index >= 0 && index < figure.x.names.size() ? figure.x.names[index] : QString();
  }
  return figure.x.unit == "s" ? seconds_text(x) : value_text(x, figure.x.unit);
}

QString y_text(const Line& line, std::size_t i, const std::string& unit) {
  const QString value = value_text(line.y[i], unit);
  if (line.interval == Line::Interval::none) return value;
  return QStringLiteral("%1  [%2 … %3]").arg(value, value_text(line.low[i], unit), value_text(line.high[i], unit));
}

std::optional<Readout> cell_at(const Figure& figure, double x, double y) {
  const HeatMap& heat = figure.heat;
  if (y < 0 || y >= static_cast<double>(heat.rows.size()) || x < heat.edges.front() || x >= heat.edges.back()) {
    return std::nullopt;
  }
  const auto row = static_cast<std::size_t>(y);
  const auto after = std::ranges::upper_bound(heat.edges, x) - heat.edges.begin();
  const auto column = static_cast<std::size_t>(after) - 1;
  const double value = heat.at(row, column);
  Readout readout{.x = x,
                  .heading = QStringLiteral("%1, %2 – %3")
                                 .arg(heat.rows[static_cast<qsizetype>(row)], x_text(figure, heat.edges[column]),
                                      x_text(figure, heat.edges[column + 1]))};
  readout.entries.push_back(
      {.label = figure.title,
       .value = std::isnan(value) ? QStringLiteral("not recorded") : value_text(value, heat.unit)});
  return readout;
}

}  // namespace

QString Readout::to_text() const {
  QString text = heading;
  for (const Entry& entry : entries) text += QStringLiteral("\n%1: %2").arg(entry.label, entry.value);
  return text;
}

std::optional<std::size_t> nearest_point(const std::vector<double>& x, double at) {
  if (x.empty()) return std::nullopt;
  auto after = std::ranges::lower_bound(x, at);
  if (after == x.end()) return x.size() - 1;
  const auto index = static_cast<std::size_t>(after - x.begin());
  if (index > 0 && at - x[index - 1] < x[index] - at) return index - 1;
  return index;
}

std::optional<Readout> readout_at(const Figure& figure, const FigureLayout& layout, const QPointF& pixel) {
  if (figure.empty() || !layout.plot.adjusted(-2, -2, 2, 2).contains(pixel)) return std::nullopt;
  const double at = layout.x.scale.to_value(pixel.x());
  if (!figure.heat.empty()) return cell_at(figure, at, layout.y.scale.to_value(pixel.y()));

  // The lines may have points at different places: all answer for the place of the nearest one.
  std::optional<double> nearest;
  for (const Line& line : figure.lines) {
    if (const auto index = nearest_point(line.x, at)) {
      if (!nearest || std::abs(line.x[*index] - at) < std::abs(*nearest - at)) nearest = line.x[*index];
    }
  }
  if (!nearest) return std::nullopt;
  Readout readout{.x = *nearest, .heading = x_text(figure, *nearest)};
  for (const Line& line : figure.lines) {
    const auto index = nearest_point(line.x, *nearest);
    if (!index || *nearest < line.x.front() || *nearest > line.x.back()) continue;
    readout.entries.push_back(
        {line.label, y_text(line, *index, figure.y.unit), line.colour, line.x[*index], line.y[*index]});
  }
  return readout;
}

}  // namespace ghostnet::gui::chart
