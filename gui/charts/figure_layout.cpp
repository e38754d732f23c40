#include "charts/figure_layout.hpp"

#include <QFontMetricsF>
#include <algorithm>
#include <cmath>

namespace ghostnet::gui::chart {

namespace {

constexpr double kPad = 8;
constexpr double kTickPad = 6;
constexpr double kLegendSwatch = 18;
constexpr double kLegendGap = 14;
constexpr double kColourBar = 12;
constexpr double kSmallestPlot = 20;
constexpr double kCaption = 1.9;  // lines: the caption, and half of the highest tick

int ticks_for(double pixels, double pixels_a_tick) { return std::max(2, static_cast<int>(pixels / pixels_a_tick)); }

double step_of(const std::vector<double>& ticks) { return ticks.size() < 2 ? 0 : ticks[1] - ticks[0]; }

AxisLayout number_axis(const Axis& axis, const Range& shown, double low_px, double high_px, int at_most) {
  AxisLayout layout;
  layout.scale = Scale(shown, low_px, high_px, axis.logarithmic);
  const Range& values = layout.scale.values();
  layout.unit = axis_unit(values, axis.unit);
  const Range divided{values.low / layout.unit.divisor, values.high / layout.unit.divisor};
  layout.ticks = axis.logarithmic ? log_ticks(divided, at_most) : round_ticks(divided, at_most);
  const double step = axis.logarithmic ? 0 : step_of(layout.ticks);
  const AxisUnit as_it_is{};
  for (double& tick : layout.ticks) {
    layout.tick_labels << tick_text(tick, step > 0 ? step : std::min(1.0, std::abs(tick)), as_it_is);
    tick *= layout.unit.divisor;
  }
  return layout;
}

AxisLayout name_axis(const QStringList& names, double middle, const Range& shown, double low_px, double high_px,
                     int at_most) {
  AxisLayout layout;
  layout.scale = Scale(shown, low_px, high_px);
  const auto every = std::max<qsizetype>(1, static_cast<qsizetype>(std::ceil(shown.width() / at_most)));
  for (qsizetype i = 0; i < names.size(); i += every) {
    const double at = static_cast<double>(i) + middle;
    if (!shown.contains(at)) continue;
    layout.ticks.push_back(at);
    layout.tick_labels << names[i];
  }
  return layout;
}

Range to_round_numbers(const Range& range, const std::string& unit, int at_most) {
  const double divisor = axis_unit(range, unit).divisor;
  const Range wide = widened_to_ticks({range.low / divisor, range.high / divisor}, at_most);
  return {wide.low * divisor, wide.high * divisor};
}

// A dot at either end is seen whole.
Range x_shown(const Figure& figure, const Zoom& zoom) {
  constexpr double kAside = 0.012;
  if (zoom.x) return *zoom.x;
  if (figure.x.fixed) return *figure.x.fixed;
  Range range = figure.x_range();
  const bool has_dots = std::ranges::any_of(figure.lines, [](const Line& line) {
    return line.shape == Line::Shape::dots || line.interval == Line::Interval::whiskers;
  });
  if (!has_dots || range.empty() || figure.x.logarithmic) return range;
  const double aside = range.width() * kAside;
  return {range.low - aside, range.high + aside};
}

Range y_shown(const Figure& figure, const Zoom& zoom, const Range& x, int at_most) {
  if (zoom.y) return *zoom.y;
  if (figure.y.fixed) return *figure.y.fixed;
  Range range = figure.y_range(x);
  if (range.empty()) return {0, 1};
  if (!figure.heat.empty() || figure.y.logarithmic) return range;
  if (figure.y.from_zero) range.include(0);
  if (range == Range{0, 0}) return {0, 1};
  return to_round_numbers(range, figure.y.unit, at_most);
}

double widest(const QStringList& labels, const QFontMetricsF& metrics, double at_most) {
  double widest = 0;
  for (const QString& label : labels) widest = std::max(widest, metrics.horizontalAdvance(label));
  return std::min(widest, at_most);
}

// Lines of entries, wrapped at the width; returns their height.
double lay_legend(const Figure& figure, FigureLayout& layout, double left, double top, double width,
                  const QFontMetricsF& metrics) {
  const auto shown = std::ranges::count_if(figure.lines, [](const Line& line) { return line.in_legend; });
  if (shown < 2) return 0;
  double x = left;
  double y = top;
  const double height = metrics.height() + 2;
  for (std::size_t i = 0; i < figure.lines.size(); ++i) {
    if (!figure.lines[i].in_legend) continue;
    const double wide = std::min(kLegendSwatch + kTickPad + metrics.horizontalAdvance(figure.lines[i].label), width);
    if (x > left && x + wide > left + width) {
      x = left;
      y += height;
    }
    layout.legend.emplace_back(QRectF(x, y, wide, height), i);
    x += wide + kLegendGap;
  }
  return y + height - top + 4;
}

AxisLayout y_axis(const Figure& figure, const Range& shown, const QRectF& plot, double line_height) {
  const int ticks = ticks_for(plot.height(), 2.4 * line_height);
  if (!figure.heat.empty()) {
    const int rows = ticks_for(plot.height(), 1.3 * line_height);
    return name_axis(figure.heat.rows, 0.5, shown, plot.top(), plot.bottom(), rows);
  }
  return number_axis(figure.y, shown, plot.bottom(), plot.top(), ticks);
}

AxisLayout x_axis(const Figure& figure, const Range& shown, const QRectF& plot, double digit_width) {
  if (!figure.x.names.isEmpty()) {
    const Range names{-0.5, static_cast<double>(figure.x.names.size()) - 0.5};
    qsizetype letters = 0;
    for (const QString& name : figure.x.names) letters = std::max(letters, name.size());
    const double longest = std::clamp<double>(static_cast<double>(letters) + 1, 3, 11);
    return name_axis(figure.x.names, 0, names, plot.left(), plot.right(),
                     ticks_for(plot.width(), longest * digit_width));
  }
  return number_axis(figure.x, shown, plot.left(), plot.right(), ticks_for(plot.width(), 8 * digit_width));
}

}  // namespace

FigureLayout layout_figure(const Figure& figure, const Zoom& zoom, const QRectF& area, const QFont& font) {
  const QFontMetricsF metrics(font);
  const double line = metrics.height();
  const bool has_heat = !figure.heat.empty();
  FigureLayout layout;
  layout.area = area;
  const QRectF inner = area.adjusted(kPad, kPad, -kPad, -kPad);
  double top = inner.top();
  if (!figure.title.isEmpty()) {
    layout.title = QRectF(inner.left(), top, inner.width(), line + 4);
    top += line + 4;
  }
  top += lay_legend(figure, layout, inner.left(), top, inner.width(), metrics);
  top += kCaption * line;  // what the y axis measures stands above it
  const double bottom = inner.bottom() - 2 * line - kTickPad;

  const Range x = x_shown(figure, zoom);
  QRectF plot(inner.left(), top, inner.width(), std::max(kSmallestPlot, bottom - top));
  const Range y = y_shown(figure, zoom, x, ticks_for(plot.height(), 2.4 * line));
  layout.y = y_axis(figure, y, plot, line);
  plot.setLeft(inner.left() + widest(layout.y.tick_labels, metrics, inner.width() / 3) + kTickPad);
  plot.setRight(inner.right() - metrics.horizontalAdvance(QLatin1Char('0')) * 2);
  if (has_heat) {
    Range values = figure.heat.range();
    if (values.empty()) values = {0, 1};
    const Axis bar{.unit = figure.heat.unit};
    const int ticks = ticks_for(plot.height(), 3 * line);
    layout.heat = number_axis(bar, to_round_numbers(values, bar.unit, ticks), plot.bottom(), plot.top(), ticks);
    plot.setRight(inner.right() - widest(layout.heat.tick_labels, metrics, inner.width() / 4) - kTickPad - kColourBar -
                  kPad);
    layout.colour_bar = QRectF(plot.right() + kPad, plot.top(), kColourBar, plot.height());
  }
  plot.setWidth(std::max(kSmallestPlot, plot.width()));
  layout.plot = plot;
  layout.x = x_axis(figure, x, plot, metrics.horizontalAdvance(QLatin1Char('0')));
  return layout;
}

}  // namespace ghostnet::gui::chart
