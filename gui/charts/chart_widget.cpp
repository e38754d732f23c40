#include "charts/chart_widget.hpp"

#include <QAction>
#include <QContextMenuEvent>
#include <QFileDialog>
#include <QMenu>
#include <QMessageBox>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "charts/figure_export.hpp"
#include "charts/figure_painter.hpp"

namespace ghostnet::gui::chart {

namespace {

constexpr double kWheelFactor = 0.8;
constexpr double kSmallestMark = 6;  // pixels; a shorter drag means nothing
constexpr double kHighMark = 24;     // pixels; a higher mark zooms y as well
constexpr double kArrowShare = 0.1;
constexpr std::size_t kMostEntries = 12;
constexpr QSize kExportSize(960, 540);

// A drag with Shift moves what is shown, one without marks.
template <class Drag>
bool pans(const Drag& drag) {
  return drag.modifiers.testFlag(Qt::ShiftModifier);
}

QByteArray written(const Figure& figure, const Zoom& zoom, const ChartStyle& style, const QString& format) {
  if (format == QLatin1String("csv")) return figure_csv(figure);
  if (format == QLatin1String("svg")) return figure_svg(figure, zoom, style, kExportSize);
  return figure_png(figure, zoom, style, kExportSize);
}

}  // namespace

ChartWidget::ChartWidget(QWidget* parent) : Canvas(parent), style_(ChartStyle::of(palette())) {
  setAccessibleName(tr("Chart"));
}

void ChartWidget::set_figure(Figure figure) {
  setAccessibleName(figure.title.isEmpty() ? tr("Chart") : tr("Chart: %1").arg(figure.title));
  figure_ = std::make_shared<const Figure>(std::move(figure));
  readout_.reset();
  invalidate();
}

void ChartWidget::set_cursor(std::optional<double> x) {
  if (cursor_ == x) return;
  cursor_ = x;
  update();
}

void ChartWidget::set_zoom(const Zoom& zoom) {
  zoom_ = zoom;
  readout_.reset();
  invalidate();
  Q_EMIT zoom_changed();
}

void ChartWidget::invalidate() {
  picture_ = QPixmap();
  layout_ = layout_figure(*figure_, zoom_, QRectF(rect()), style_.font);
  update();
}

void ChartWidget::paintEvent(QPaintEvent*) {
  if (picture_.isNull()) {
    picture_ = QPixmap(size() * devicePixelRatioF());
    picture_.setDevicePixelRatio(devicePixelRatioF());
    QPainter painter(&picture_);
    paint_figure(painter, *figure_, layout_, style_);
  }
  QPainter painter(this);
  painter.drawPixmap(0, 0, picture_);
  painter.setRenderHint(QPainter::Antialiasing);
  if (!figure_->empty()) paint_cursor(painter);
  if (dragged() && !pans(*dragged())) {
    QColor fill = style_.colour(0);
    fill.setAlphaF(0.15F);
    painter.fillRect(mark_of(*dragged()), fill);
  }
  if (readout_) paint_readout(painter);
  if (shows_focus()) {
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(palette().color(QPalette::Highlight), 1));
    painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
  }
}

void ChartWidget::paint_cursor(QPainter& painter) const {
  if (!cursor_) return;
  const double at = layout_.x.scale.to_pixel(*cursor_);
  if (at < layout_.plot.left() - 1 || at > layout_.plot.right() + 1) return;
  painter.setPen(QPen(style_.cursor(), 1.5));
  painter.drawLine(QLineF(at, layout_.plot.top(), at, layout_.plot.bottom()));
}

void ChartWidget::paint_readout(QPainter& painter) const {
  const QFontMetricsF metrics(style_.font);
  const double line = metrics.height();
  const double at = std::clamp(layout_.x.scale.to_pixel(readout_->x), layout_.plot.left(), layout_.plot.right());
  painter.setPen(QPen(style_.faint(), 1, Qt::DashLine));
  painter.drawLine(QLineF(at, layout_.plot.top(), at, layout_.plot.bottom()));
  const std::size_t shown = std::min(readout_->entries.size(), kMostEntries);
  double wide = metrics.horizontalAdvance(readout_->heading);
  for (std::size_t i = 0; i < shown; ++i) {
    const Readout::Entry& entry = readout_->entries[i];
    wide = std::max(wide, metrics.horizontalAdvance(entry.label + QStringLiteral("   ") + entry.value) + 14);
    const QPointF dot(layout_.x.scale.to_pixel(entry.x), layout_.y.scale.to_pixel(entry.y));
    if (figure_->heat.empty() && layout_.plot.contains(dot)) {
      painter.setPen(QPen(style_.background(), 1.5));
      painter.setBrush(style_.colour(entry.colour));
      painter.drawEllipse(dot, 4, 4);
    }
  }
  QRectF box(at + 12, layout_.plot.top() + 4, wide + 16, line * static_cast<double>(shown + 1) + 10);
  if (box.right() > width() - 4) box.moveRight(at - 12);
  box.moveLeft(std::max(box.left(), 4.0));
  painter.setPen(QPen(style_.grid(), 1));
  QColor ground = style_.background();
  ground.setAlphaF(0.94F);
  painter.setBrush(ground);
  painter.drawRoundedRect(box, 4, 4);
  painter.setFont(style_.font);
  painter.setPen(style_.faint());
  QRectF row(box.left() + 8, box.top() + 5, box.width() - 16, line);
  painter.drawText(row, Qt::AlignLeft, readout_->heading);
  for (std::size_t i = 0; i < shown; ++i) {
    const Readout::Entry& entry = readout_->entries[i];
    row.translate(0, line);
    painter.setPen(Qt::NoPen);
    painter.setBrush(style_.colour(entry.colour));
    if (figure_->heat.empty()) painter.drawEllipse(QPointF(row.left() + 4, row.center().y()), 3.5, 3.5);
    painter.setPen(style_.text());
    painter.drawText(row.adjusted(14, 0, 0, 0), Qt::AlignLeft, entry.label);
    painter.drawText(row, Qt::AlignRight, entry.value);
  }
}

void ChartWidget::resizeEvent(QResizeEvent*) { invalidate(); }

void ChartWidget::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
    style_ = ChartStyle::of(palette());
    style_.font = font();
    invalidate();
  }
  QWidget::changeEvent(event);
}

void ChartWidget::on_hover(QPointF place) {
  readout_ = readout_at(*figure_, layout_, place);
  setAccessibleDescription(readout_text());
  update();
}

void ChartWidget::on_leave() {
  readout_.reset();
  update();
}

void ChartWidget::on_click(QPointF place, Qt::KeyboardModifiers) {
  if (figure_->empty() || !layout_.plot.adjusted(-4, 0, 4, 0).contains(place)) return;
  Q_EMIT picked(layout_.x.scale.to_value(std::clamp(place.x(), layout_.plot.left(), layout_.plot.right())));
}

void ChartWidget::on_drag_begins(const Drag&) { readout_.reset(); }

void ChartWidget::on_drag(const Drag& drag) {
  if (!figure_->empty() && pans(drag)) return move_x(-drag.step.x() / layout_.plot.width());
  update();
}

void ChartWidget::on_drag_ends(const Drag& drag) {
  update();
  const QRectF mark = mark_of(drag);
  if (pans(drag) || figure_->empty() || mark.width() < kSmallestMark || !figure_->x.names.isEmpty()) return;
  Zoom zoom = zoom_;
  zoom.x = Range{layout_.x.scale.to_value(mark.left()), layout_.x.scale.to_value(mark.right())};
  if (mark.height() < layout_.plot.height() && figure_->heat.empty()) {
    zoom.y = Range{layout_.y.scale.to_value(mark.bottom()), layout_.y.scale.to_value(mark.top())};
  }
  set_zoom(zoom);
}

QRectF ChartWidget::mark_of(const Drag& drag) const {
  QRectF mark = QRectF(drag.from, drag.to).normalized();
  if (mark.height() < kHighMark) mark = QRectF(mark.left(), layout_.plot.top(), mark.width(), layout_.plot.height());
  return mark & layout_.plot;
}

void ChartWidget::zoom_x_around(double pixel, double factor) {
  if (figure_->empty() || !figure_->x.names.isEmpty()) return;
  const double left = layout_.x.scale.to_value(pixel - (pixel - layout_.plot.left()) * factor);
  const double right = layout_.x.scale.to_value(pixel + (layout_.plot.right() - pixel) * factor);
  const Range all = figure_->x_range();
  Zoom zoom = zoom_;
  zoom.x = Range{std::max(left, all.low), std::min(right, all.high)};
  if (zoom.x->empty() || *zoom.x == all) zoom.x.reset();
  set_zoom(zoom);
}

void ChartWidget::move_x(double share) {
  if (!zoom_.x) return;
  const Range all = figure_->x_range();
  const Range& shown = *zoom_.x;
  const double by = std::clamp(share * shown.width(), all.low - shown.low, all.high - shown.high);
  Zoom zoom = zoom_;
  zoom.x = Range{shown.low + by, shown.high + by};
  set_zoom(zoom);
}

void ChartWidget::on_wheel(QPointF place, double notches) {
  zoom_x_around(std::clamp(place.x(), layout_.plot.left(), layout_.plot.right()), std::pow(kWheelFactor, notches));
}

bool ChartWidget::on_key(int key) {
  switch (key) {
    case Qt::Key_Plus:
    case Qt::Key_Equal: zoom_x_around(layout_.plot.center().x(), kWheelFactor); return true;
    case Qt::Key_Minus: zoom_x_around(layout_.plot.center().x(), 1 / kWheelFactor); return true;
    case Qt::Key_Left: move_x(-kArrowShare); return true;
    case Qt::Key_Right: move_x(kArrowShare); return true;
    case Qt::Key_Home: set_zoom({}); return true;
    default: return false;
  }
}

void ChartWidget::contextMenuEvent(QContextMenuEvent* event) {
  QMenu menu(this);
  for (const char* format : {"png", "svg", "csv"}) {
    const QString name = QString::fromLatin1(format);
    QAction* action = menu.addAction(tr("Export as %1…").arg(name.toUpper()), this, [this, name] { export_as(name); });
    action->setEnabled(!figure_->empty());
  }
  menu.addSeparator();
  QAction* log = menu.addAction(tr("Logarithmic y axis"));
  log->setCheckable(true);
  log->setChecked(figure_->y.logarithmic);
  log->setEnabled(figure_->heat.empty());
  connect(log, &QAction::toggled, this, [this](bool on) {
    Figure changed = *figure_;
    changed.y.logarithmic = on;
    set_figure(std::move(changed));
  });
  menu.addAction(tr("Show everything"), this, [this] { set_zoom({}); })->setEnabled(!zoom_.none());
  menu.exec(event->globalPos());
}

QByteArray ChartWidget::exported(const QString& format) const { return written(*figure_, zoom_, style_, format); }

void ChartWidget::export_as(const QString& format) {
  const QString name =
      figure_->title.isEmpty() ? tr("chart") : figure_->title.simplified().replace(QLatin1Char('/'), QLatin1Char('-'));
  const QString path = QFileDialog::getSaveFileName(this, tr("Export chart"), name + QLatin1Char('.') + format,
                                                    QStringLiteral("%1 (*.%2)").arg(format.toUpper(), format));
  if (path.isEmpty()) return;
  const auto made = [figure = figure_, zoom = zoom_, style = style_, format] {
    return written(*figure, zoom, style, format);
  };
  save_later(*this, path, made, [this](const Result<>& saved) {
    if (saved) return;
    const std::string_view why = saved.error().message();
    QMessageBox::warning(this, tr("Export chart"), QString::fromUtf8(why.data(), static_cast<qsizetype>(why.size())));
  });
}

}  // namespace ghostnet::gui::chart
