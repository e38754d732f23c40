#include "ghostnet/gui/canvas.hpp"

#include <QFocusEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QWheelEvent>
#include <utility>

namespace ghostnet::gui {

namespace {

constexpr double kNotch = 120;  // in the eighths of a degree that Qt counts

bool is_for_drag(Qt::MouseButtons buttons) { return (buttons & (Qt::LeftButton | Qt::MiddleButton)) != 0; }

}  // namespace

Canvas::Canvas(QWidget* parent) : QWidget(parent) {
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setAttribute(Qt::WA_OpaquePaintEvent);
}

void Canvas::mousePressEvent(QMouseEvent* event) {
  if (!is_for_drag(event->button())) return;
  pressed_ =
      Drag{.from = event->position(), .to = event->position(), .step = QPointF(), .modifiers = event->modifiers()};
}

void Canvas::mouseMoveEvent(QMouseEvent* event) {
  if (!is_for_drag(event->buttons())) return on_hover(event->position());
  if (!pressed_) return;
  if (!dragged_) {
    if ((event->position() - pressed_->from).manhattanLength() <= kDragBegins) return;
    dragged_ = pressed_;
    on_drag_begins(*dragged_);
  }
  dragged_->step = event->position() - dragged_->to;
  dragged_->to = event->position();
  on_drag(*dragged_);
}

void Canvas::mouseReleaseEvent(QMouseEvent* event) {
  const std::optional<Drag> pressed = std::exchange(pressed_, std::nullopt);
  const std::optional<Drag> dragged = std::exchange(dragged_, std::nullopt);
  if (dragged) return on_drag_ends(*dragged);
  if (pressed && event->button() == Qt::LeftButton) on_click(event->position(), event->modifiers());
}

void Canvas::mouseDoubleClickEvent(QMouseEvent* event) {
  pressed_.reset();  // so that its release is no click
  on_double_click(event->position());
}

void Canvas::wheelEvent(QWheelEvent* event) {
  if (event->angleDelta().y() == 0) return event->ignore();
  on_wheel(event->position(), event->angleDelta().y() / kNotch);
  event->accept();
}

void Canvas::keyPressEvent(QKeyEvent* event) {
  if (!on_key(event->key())) QWidget::keyPressEvent(event);
}

void Canvas::leaveEvent(QEvent*) { on_leave(); }

void Canvas::focusInEvent(QFocusEvent* event) {
  const Qt::FocusReason reason = event->reason();
  shows_focus_ = reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason || reason == Qt::ShortcutFocusReason;
  QWidget::focusInEvent(event);
  update();
}

void Canvas::focusOutEvent(QFocusEvent* event) {
  shows_focus_ = false;
  QWidget::focusOutEvent(event);
  update();
}

}  // namespace ghostnet::gui
