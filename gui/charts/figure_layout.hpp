// FigureLayout: where everything in a figure stands, for one size and one zoom. Made once a size, used for drawing and
// for finding what is under the mouse.
#pragma once

#include <QFont>
#include <QRectF>
#include <optional>
#include <utility>
#include <vector>

#include "charts/figure.hpp"
#include "charts/scale.hpp"
#include "charts/units.hpp"

namespace ghostnet::gui::chart {

// A part of the whole that is looked at; nothing: all of it.
struct Zoom {
  std::optional<Range> x{};
  std::optional<Range> y{};

  bool none() const { return !x && !y; }
};

struct AxisLayout {
  Scale scale;
  AxisUnit unit;
  std::vector<double> ticks;
  QStringList tick_labels;
};

struct FigureLayout {
  QRectF area;
  QRectF plot;
  QRectF colour_bar;  // of a heat map
  QRectF title;
  std::vector<std::pair<QRectF, std::size_t>> legend;  // and the line that it is of
  AxisLayout x;
  AxisLayout y;
  AxisLayout heat;  // of the colour bar
};

FigureLayout layout_figure(const Figure& figure, const Zoom& zoom, const QRectF& area, const QFont& font);

}  // namespace ghostnet::gui::chart
