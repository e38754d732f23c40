// Figure: everything that a chart shows, as plain values. The painter draws it on a screen and into files alike; the
// widget adds what a mouse does. A figure has either lines or a heat map.
#pragma once

#include <QString>
#include <QStringList>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "charts/range.hpp"

namespace ghostnet::gui::chart {

struct Axis {
  QString label{};
  std::string unit{};  // of the values, as units.hpp knows them
  bool logarithmic = false;
  bool from_zero = false;
  std::optional<Range> fixed{};
  QStringList names{};  // for the values 0, 1, 2, ...: a scale without numbers
};

struct Line {
  enum class Shape { line, steps, dots, bars };
  enum class Interval { none, band, whiskers };

  QString label{};
  std::vector<double> x{};  // ascending
  std::vector<double> y{};  // NaN breaks the line
  // Around each point, where there is an interval.
  std::vector<double> low{};
  std::vector<double> high{};
  // Of bars: each in the colour of so much of the sequential scale; empty: all in that of the line.
  std::vector<double> shades{};
  Shape shape = Shape::line;
  Interval interval = Interval::none;
  std::size_t colour = 0;
  bool dashed = false;
  bool in_legend = true;
};

// Cells of rows (hosts, groups) by columns (parts of the run).
struct HeatMap {
  std::vector<double> edges{};  // of the columns, one more than there are
  QStringList rows{};
  std::vector<double> values{};  // row after row; NaN: nothing was recorded
  std::string unit{};

  std::size_t columns() const { return edges.empty() ? 0 : edges.size() - 1; }
  bool empty() const { return rows.isEmpty() || columns() == 0; }
  double at(std::size_t row, std::size_t column) const { return values[row * columns() + column]; }
  Range range() const;
};

// A moment that something happened at, drawn across the chart.
struct Mark {
  double x = 0;
  QString label{};
};

struct Figure {
  QString title{};
  Axis x{};
  Axis y{};
  std::vector<Line> lines{};
  HeatMap heat{};
  std::vector<Mark> marks{};
  QString empty_text{};  // what to say where there is nothing to draw, and what to do about it

  bool empty() const;
  // Of everything in it, with the intervals; of the lines' y only where x is shown.
  Range x_range() const;
  Range y_range(const Range& shown_x) const;
};

}  // namespace ghostnet::gui::chart
