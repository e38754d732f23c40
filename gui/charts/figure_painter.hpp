// Draws a figure: on a widget, an image, or into an SVG.
#pragma once

#include "charts/chart_style.hpp"
#include "charts/figure.hpp"
#include "charts/figure_layout.hpp"

class QPainter;

namespace ghostnet::gui::chart {

void paint_figure(QPainter& painter, const Figure& figure, const FigureLayout& layout, const ChartStyle& style);

}  // namespace ghostnet::gui::chart
