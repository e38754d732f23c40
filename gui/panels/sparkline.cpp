#include "panels/sparkline.hpp"

#include <QApplication>
#include <QPainter>

#include "charts/chart_style.hpp"
#include "charts/decimate.hpp"
#include "charts/scale.hpp"

namespace ghostnet::gui {

void SparklineDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  QStyledItemDelegate::paint(painter, option, index);
  const QVariant value = index.data(kRole);
  if (!value.canConvert<Sparkline>()) return;
  const auto spark = value.value<Sparkline>();
  if (!spark.points || spark.points->empty()) return;
  const chart::ChartStyle style = chart::ChartStyle::of(option.palette);
  const QRectF room = QRectF(option.rect).adjusted(4, 4, -4, -4);
  chart::Range values;
  std::vector<double> x;
  std::vector<double> y;
  for (const results::Point& point : *spark.points) {
    x.push_back(point.time_s);
    y.push_back(point.value);
    values.include(point.value);
  }
  const chart::Range time{0, std::max(spark.end_s, x.back())};
  const chart::Scale across(time, room.left(), room.right());
  const chart::Scale up(values, room.bottom(), room.top());
  QPolygonF line;
  for (const std::size_t i : chart::decimated(x, y, time, static_cast<std::size_t>(std::max(1.0, room.width())))) {
    line << QPointF(across.to_pixel(x[i]), up.to_pixel(y[i]));
  }
  const bool selected = option.state.testFlag(QStyle::State_Selected);
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  painter->setPen(QPen(selected ? option.palette.color(QPalette::HighlightedText) : style.colour(0), 1.3));
  if (line.size() == 1) painter->drawEllipse(line.front(), 1.5, 1.5);
  painter->drawPolyline(line);
  painter->setPen(QPen(style.cursor(), 1));
  const double now = across.to_pixel(spark.now_s);
  painter->drawLine(QLineF(now, room.top() - 2, now, room.bottom() + 2));
  painter->restore();
}

}  // namespace ghostnet::gui
