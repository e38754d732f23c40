// Canvas: a widget that is worked with by hand, as the mesh and the charts are. It tells a click from a drag and says
// what the hand does in a few words; what that means is up to who derives from it.
#pragma once

#include <QPointF>
#include <QWidget>
#include <optional>

namespace ghostnet::gui {

class Canvas : public QWidget {
  Q_OBJECT

 public:
  explicit Canvas(QWidget* parent = nullptr);

 protected:
  static constexpr double kDragBegins = 4;  // pixels from where it was pressed; less is a click

  // With the left or the middle button. Places are in pixels of the widget.
  struct Drag {
    QPointF from{};
    QPointF to{};
    QPointF step{};                     // since it was last told
    Qt::KeyboardModifiers modifiers{};  // when the button was pressed
  };

  virtual void on_hover(QPointF place) = 0;  // no button is pressed
  virtual void on_leave() = 0;
  virtual void on_click(QPointF place, Qt::KeyboardModifiers modifiers) = 0;
  virtual void on_double_click(QPointF place) = 0;
  virtual void on_drag_begins(const Drag&) {}
  virtual void on_drag(const Drag& drag) = 0;
  virtual void on_drag_ends(const Drag&) {}
  // Notches of the wheel, away from the user is more.
  virtual void on_wheel(QPointF place, double notches) = 0;
  // Whether the key means something here.
  virtual bool on_key(int key) = 0;

  // Where it was pressed and is dragged to; nothing: it is not.
  const std::optional<Drag>& dragged() const { return dragged_; }
  // Whether the keyboard was led here by the keyboard, and so is to be seen to be here.
  bool shows_focus() const { return shows_focus_; }

  void mousePressEvent(QMouseEvent* event) final;
  void mouseMoveEvent(QMouseEvent* event) final;
  void mouseReleaseEvent(QMouseEvent* event) final;
  void mouseDoubleClickEvent(QMouseEvent* event) final;
  void wheelEvent(QWheelEvent* event) final;
  void keyPressEvent(QKeyEvent* event) final;
  void leaveEvent(QEvent* event) final;
  void focusInEvent(QFocusEvent* event) final;
  void focusOutEvent(QFocusEvent* event) final;

 private:
  std::optional<Drag> pressed_;
  std::optional<Drag> dragged_;
  bool shows_focus_ = false;
};

}  // namespace ghostnet::gui
