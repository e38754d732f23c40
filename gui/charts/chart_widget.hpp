// ChartWidget: a figure that answers to mouse and keyboard.
//
//   hover                    reads out the values there
//   drag                     zooms to what was marked, in x; in both directions where the mark is high too
//   wheel, + and -           zoom around the pointer, or the middle
//   Shift and drag, arrows   move what is shown
//   double click, Home       show everything again
//   click                    picked(x): where x is time, the view goes there
//   right click              PNG, SVG, CSV, logarithmic y axis
//
// The figure is drawn once for each size and zoom; cursor and read-out are laid over the picture.
#pragma once

#include <QPixmap>
#include <memory>
#include <optional>

#include "charts/chart_style.hpp"
#include "charts/figure.hpp"
#include "charts/figure_layout.hpp"
#include "charts/readout.hpp"
#include "ghostnet/gui/canvas.hpp"

namespace ghostnet::gui::chart {

class ChartWidget : public Canvas {
  Q_OBJECT

 public:
  explicit ChartWidget(QWidget* parent = nullptr);

  // The zoom stays, so that a growing run does not jump.
  void set_figure(Figure figure);
  const Figure& figure() const { return *figure_; }
  // A line across the chart, at the time that the window shows.
  void set_cursor(std::optional<double> x);
  void set_zoom(const Zoom& zoom);
  const Zoom& zoom() const { return zoom_; }
  QSize sizeHint() const override { return {420, 260}; }
  QSize minimumSizeHint() const override { return {180, 130}; }

  // What the pointer reads out; for tests and for screen readers.
  QString readout_text() const { return readout_ ? readout_->to_text() : QString(); }

  // Asks where, writes, and says what went wrong. `format`: png, svg, csv.
  void export_as(const QString& format);
  QByteArray exported(const QString& format) const;

 Q_SIGNALS:
  void picked(double x);
  void zoom_changed();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void on_hover(QPointF place) override;
  void on_leave() override;
  void on_click(QPointF place, Qt::KeyboardModifiers modifiers) override;
  void on_double_click(QPointF) override { set_zoom({}); }
  void on_drag_begins(const Drag& drag) override;
  void on_drag(const Drag& drag) override;
  void on_drag_ends(const Drag& drag) override;
  void on_wheel(QPointF place, double notches) override;
  bool on_key(int key) override;

 private:
  void invalidate();
  void zoom_x_around(double pixel, double factor);
  void move_x(double share);
  // What a drag marks of the plot.
  QRectF mark_of(const Drag& drag) const;
  void paint_cursor(QPainter& painter) const;
  void paint_readout(QPainter& painter) const;

  std::shared_ptr<const Figure> figure_ = std::make_shared<Figure>();
  Zoom zoom_;
  FigureLayout layout_;
  ChartStyle style_;
  QPixmap picture_;
  std::optional<double> cursor_;
  std::optional<Readout> readout_;
};

}  // namespace ghostnet::gui::chart
