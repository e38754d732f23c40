#include "charts/figure_painter.hpp"

#include <QFontMetricsF>
#include <QImage>
#include <QPainter>
#include <QPainterPath>
#include <QPolygonF>
#include <algorithm>
#include <cmath>

#include "charts/decimate.hpp"

namespace ghostnet::gui::chart {

namespace {

constexpr double kBandOpacity = 0.18;
constexpr double kDot = 3.2;
constexpr double kWhisker = 4;
constexpr std::size_t kMostDots = 120;  // of a line; with more of them they would hide it

// One figure being drawn.
struct Pen {
  QPainter& painter;
  const Figure& figure;
  const FigureLayout& layout;
  const ChartStyle& style;
  QFontMetricsF metrics;

  double x(double value) const { return layout.x.scale.to_pixel(value); }
  double y(double value) const { return layout.y.scale.to_pixel(value); }
  void text(const QRectF& where, int flags, const QString& words) const {
    painter.drawText(where, flags, metrics.elidedText(words, Qt::ElideRight, where.width()));
  }
};

void draw_axes(const Pen& pen) {
  const QRectF& plot = pen.layout.plot;
  const double line = pen.metrics.height();
  const bool has_heat = !pen.figure.heat.empty();
  pen.painter.setPen(QPen(pen.style.grid(), 1));
  if (!has_heat) {
    for (double tick : pen.layout.y.ticks)
      pen.painter.drawLine(QLineF(plot.left(), pen.y(tick), plot.right(), pen.y(tick)));
  }
  for (double tick : pen.layout.x.ticks) {
    pen.painter.drawLine(QLineF(pen.x(tick), plot.bottom(), pen.x(tick), plot.bottom() + (has_heat ? 4 : 0)));
  }
  pen.painter.setPen(QPen(pen.style.faint(), 1));
  pen.painter.drawLine(plot.bottomLeft(), plot.bottomRight());
  for (std::size_t i = 0; i < pen.layout.y.ticks.size(); ++i) {
    const double at = pen.y(pen.layout.y.ticks[i]);
    pen.text(QRectF(pen.layout.area.left() + 2, at - line / 2, plot.left() - pen.layout.area.left() - 8, line),
             Qt::AlignRight | Qt::AlignVCenter, pen.layout.y.tick_labels[static_cast<qsizetype>(i)]);
  }
  const double room = pen.layout.x.ticks.size() > 1
                          ? std::abs(pen.x(pen.layout.x.ticks[1]) - pen.x(pen.layout.x.ticks[0]))
                          : plot.width();
  for (std::size_t i = 0; i < pen.layout.x.ticks.size(); ++i) {
    const double at = pen.x(pen.layout.x.ticks[i]);
    pen.text(QRectF(at - room / 2, plot.bottom() + 5, room, line), Qt::AlignHCenter | Qt::AlignTop,
             pen.layout.x.tick_labels[static_cast<qsizetype>(i)]);
  }
}

QString axis_title(const QString& label, const QString& unit) {
  if (unit.isEmpty() || label == unit) return label.isEmpty() ? unit : label;
  return label.isEmpty() ? unit : QStringLiteral("%1 (%2)").arg(label, unit);
}

void draw_titles(const Pen& pen) {
  const QRectF& plot = pen.layout.plot;
  const double line = pen.metrics.height();
  const QRectF& area = pen.layout.area;
  pen.painter.setPen(pen.style.faint());
  const QString y_unit = pen.figure.heat.empty() ? pen.layout.y.unit.unit : QString();
  pen.text(QRectF(area.left() + 8, plot.top() - 1.7 * line, area.width() / 2, line), Qt::AlignLeft,
           axis_title(pen.figure.y.label, y_unit));
  if (!pen.figure.heat.empty()) {
    pen.text(QRectF(area.center().x(), plot.top() - 1.7 * line, area.width() / 2 - 8, line), Qt::AlignRight,
             pen.layout.heat.unit.unit);
  }
  const QString x_unit = pen.figure.x.names.isEmpty() ? pen.layout.x.unit.unit : QString();
  pen.text(QRectF(plot.left(), area.bottom() - line - 6, plot.width(), line), Qt::AlignRight,
           axis_title(pen.figure.x.label, x_unit));
  if (pen.figure.title.isEmpty()) return;
  QFont bold = pen.painter.font();
  bold.setWeight(QFont::DemiBold);
  pen.painter.save();
  pen.painter.setFont(bold);
  pen.painter.setPen(pen.style.text());
  pen.painter.drawText(pen.layout.title, Qt::AlignLeft | Qt::AlignVCenter,
                       QFontMetricsF(bold).elidedText(pen.figure.title, Qt::ElideRight, pen.layout.title.width()));
  pen.painter.restore();
}

void draw_legend(const Pen& pen) {
  for (const auto& [where, index] : pen.layout.legend) {
    const Line& line = pen.figure.lines[index];
    const double middle = where.center().y();
    pen.painter.setPen(pen.style.pen(line.colour, line.dashed));
    pen.painter.drawLine(QLineF(where.left(), middle, where.left() + 16, middle));
    pen.painter.setPen(pen.style.text());
    pen.text(where.adjusted(22, 0, 2, 0), Qt::AlignLeft | Qt::AlignVCenter, line.label);
  }
}

void draw_band(const Pen& pen, const Line& line, const std::vector<std::size_t>& kept) {
  QPolygonF outline;
  for (std::size_t i : kept) {
    if (std::isfinite(line.high[i])) outline << QPointF(pen.x(line.x[i]), pen.y(line.high[i]));
  }
  for (auto i = kept.rbegin(); i != kept.rend(); ++i) {
    if (std::isfinite(line.low[*i])) outline << QPointF(pen.x(line.x[*i]), pen.y(line.low[*i]));
  }
  QColor fill = pen.style.colour(line.colour);
  fill.setAlphaF(kBandOpacity);
  pen.painter.setPen(Qt::NoPen);
  pen.painter.setBrush(fill);
  pen.painter.drawPolygon(outline);
  pen.painter.setBrush(Qt::NoBrush);
}

void draw_whiskers(const Pen& pen, const Line& line, const std::vector<std::size_t>& kept) {
  pen.painter.setPen(QPen(pen.style.colour(line.colour), 1.3));
  for (std::size_t i : kept) {
    const double at = pen.x(line.x[i]);
    const double low = pen.y(line.low[i]);
    const double high = pen.y(line.high[i]);
    pen.painter.drawLine(QLineF(at, low, at, high));
    pen.painter.drawLine(QLineF(at - kWhisker, low, at + kWhisker, low));
    pen.painter.drawLine(QLineF(at - kWhisker, high, at + kWhisker, high));
  }
}

void draw_curve(const Pen& pen, const Line& line, const std::vector<std::size_t>& kept) {
  QPolygonF points;
  const auto flush = [&] {
    if (points.size() == 1) pen.painter.drawPoint(points.front());
    if (points.size() > 1) pen.painter.drawPolyline(points);
    points.clear();
  };
  pen.painter.setPen(pen.style.pen(line.colour, line.dashed));
  for (std::size_t i : kept) {
    if (!std::isfinite(line.y[i])) {
      flush();
      continue;
    }
    const QPointF here(pen.x(line.x[i]), pen.y(line.y[i]));
    if (line.shape == Line::Shape::steps && !points.isEmpty()) points << QPointF(here.x(), points.back().y());
    points << here;
  }
  flush();
}

void draw_bars(const Pen& pen, const Line& line) {
  constexpr double kHalf = 0.36;  // of the way from one to the next
  pen.painter.setPen(Qt::NoPen);
  for (std::size_t i = 0; i < line.x.size(); ++i) {
    if (!std::isfinite(line.y[i])) continue;
    pen.painter.setBrush(line.shades.empty() ? pen.style.colour(line.colour) : pen.style.shade(line.shades[i]));
    const QPointF from(pen.x(line.x[i] - kHalf), pen.y(0));
    pen.painter.drawRect(QRectF(from, QPointF(pen.x(line.x[i] + kHalf), pen.y(line.y[i]))).normalized());
  }
  pen.painter.setBrush(Qt::NoBrush);
}

void draw_line(const Pen& pen, const Line& line) {
  if (line.shape == Line::Shape::bars) return draw_bars(pen, line);
  const std::vector<std::size_t> kept = decimated(line.x, line.y, pen.layout.x.scale.values(),
                                                  static_cast<std::size_t>(std::max(1.0, pen.layout.plot.width())));
  if (line.interval == Line::Interval::band) draw_band(pen, line, kept);
  if (line.interval == Line::Interval::whiskers) draw_whiskers(pen, line, kept);
  if (line.shape != Line::Shape::dots) draw_curve(pen, line, kept);
  const bool dots = line.shape == Line::Shape::dots || line.interval == Line::Interval::whiskers || kept.size() == 1;
  if (!dots || kept.size() > kMostDots) return;
  pen.painter.setPen(Qt::NoPen);
  pen.painter.setBrush(pen.style.colour(line.colour));
  for (std::size_t i : kept) {
    if (std::isfinite(line.y[i])) pen.painter.drawEllipse(QPointF(pen.x(line.x[i]), pen.y(line.y[i])), kDot, kDot);
  }
  pen.painter.setBrush(Qt::NoBrush);
}

// The cells as an image with a pixel each, stretched: as fast for ten thousand hosts as for ten.
void draw_heat(const Pen& pen) {
  const HeatMap& heat = pen.figure.heat;
  const Range values = pen.layout.heat.scale.values();
  const auto columns = static_cast<int>(heat.columns());
  const auto rows = static_cast<int>(heat.rows.size());
  QImage cells(columns, rows, QImage::Format_RGB32);
  for (int row = 0; row < rows; ++row) {
    auto* line = reinterpret_cast<QRgb*>(cells.scanLine(row));
    for (int column = 0; column < columns; ++column) {
      const double value = heat.at(static_cast<std::size_t>(row), static_cast<std::size_t>(column));
      line[column] = pen.style.heat((value - values.low) / values.width()).rgb();
    }
  }
  const QRectF where(QPointF(pen.x(heat.edges.front()), pen.y(0)), QPointF(pen.x(heat.edges.back()), pen.y(rows)));
  const bool shrinks = where.height() < rows || where.width() < columns;
  pen.painter.setRenderHint(QPainter::SmoothPixmapTransform, shrinks);
  pen.painter.drawImage(where, cells);
}

void draw_colour_bar(const Pen& pen) {
  const QRectF& bar = pen.layout.colour_bar;
  constexpr int kShades = 128;
  QImage shades(1, kShades, QImage::Format_RGB32);
  for (int i = 0; i < kShades; ++i) shades.setPixelColor(0, kShades - 1 - i, pen.style.heat(i / (kShades - 1.0)));
  pen.painter.drawImage(bar, shades);
  pen.painter.setPen(pen.style.faint());
  const double line = pen.metrics.height();
  for (std::size_t i = 0; i < pen.layout.heat.ticks.size(); ++i) {
    const double at = pen.layout.heat.scale.to_pixel(pen.layout.heat.ticks[i]);
    pen.painter.drawText(QRectF(bar.right() + 4, at - line / 2, pen.layout.area.right() - bar.right() - 4, line),
                         Qt::AlignLeft | Qt::AlignVCenter, pen.layout.heat.tick_labels[static_cast<qsizetype>(i)]);
  }
}

void draw_marks(const Pen& pen) {
  const QRectF& plot = pen.layout.plot;
  double free_from = plot.left();
  for (const Mark& mark : pen.figure.marks) {
    const double at = pen.x(mark.x);
    if (at < plot.left() || at > plot.right()) continue;
    pen.painter.setPen(QPen(pen.style.faint(), 1, Qt::DotLine));
    pen.painter.drawLine(QLineF(at, plot.top(), at, plot.bottom()));
    const double wide = pen.metrics.horizontalAdvance(mark.label) + 4;
    if (at < free_from || at + wide > plot.right()) continue;
    pen.painter.setPen(pen.style.faint());
    pen.painter.drawText(QPointF(at + 4, plot.top() + pen.metrics.ascent()), mark.label);
    free_from = at + wide + 4;
  }
}

}  // namespace

void paint_figure(QPainter& painter, const Figure& figure, const FigureLayout& layout, const ChartStyle& style) {
  painter.save();
  painter.fillRect(layout.area, style.background());
  painter.setFont(style.font);
  painter.setRenderHint(QPainter::Antialiasing);
  const Pen pen{painter, figure, layout, style, QFontMetricsF(style.font)};
  if (figure.empty()) {
    painter.setPen(style.faint());
    const QString words = figure.empty_text.isEmpty() ? QStringLiteral("Nothing to show") : figure.empty_text;
    painter.drawText(layout.area.adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap, words);
    if (!figure.title.isEmpty()) {
      painter.setPen(style.text());
      painter.drawText(layout.title, Qt::AlignLeft | Qt::AlignVCenter, figure.title);
    }
    painter.restore();
    return;
  }
  draw_axes(pen);
  draw_titles(pen);
  draw_legend(pen);
  painter.save();
  painter.setClipRect(layout.plot.adjusted(-1, -2, 2, 1));
  if (figure.heat.empty()) {
    for (const Line& line : figure.lines) draw_line(pen, line);
  } else {
    draw_heat(pen);
  }
  draw_marks(pen);
  painter.restore();
  if (!figure.heat.empty()) draw_colour_bar(pen);
  painter.restore();
}

}  // namespace ghostnet::gui::chart
