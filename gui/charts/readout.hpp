// Readout: what a figure says at one place: the values of all lines at an x, or the cell of a heat map.
#pragma once

#include <QPointF>
#include <QString>
#include <optional>
#include <vector>

#include "charts/figure.hpp"
#include "charts/figure_layout.hpp"

namespace ghostnet::gui::chart {

struct Readout {
  struct Entry {
    QString label;
    QString value;
    std::size_t colour = 0;
    double x = 0;
    double y = 0;
  };
  double x = 0;  // where the nearest point stands
  QString heading{};
  std::vector<Entry> entries{};

  // On one line each, for a screen reader.
  QString to_text() const;
};

// The point of a line that is nearest to x; nothing where it has none.
std::optional<std::size_t> nearest_point(const std::vector<double>& x, double at);

// Of the place under a pixel; nothing outside of the plot, or where nothing was recorded.
std::optional<Readout> readout_at(const Figure& figure, const FigureLayout& layout, const QPointF& pixel);

}  // namespace ghostnet::gui::chart
