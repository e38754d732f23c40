// MeshView: the mesh on the screen: a picture that another thread draws, and over it what follows the pointer.
//
// The window's thread never draws the mesh itself: it shows the last picture, moved and scaled to where the camera is
// by then, and asks for the next. So pan and zoom follow the hand at once whatever the number of hosts, and the exact
// picture comes a few milliseconds later; when nothing moves any more it is drawn once again in full quality.
//
// Mouse: drag pans, the wheel zooms at the pointer, a click selects a host or a link (with Ctrl one more), Shift-drag
// selects a rectangle, a double click zooms in. Keys: arrows pan, + and - zoom, 0 or Home shows all, Backspace takes
// back a change of view, Escape selects nothing.
#pragma once

#include <QImage>
#include <QTimer>
#include <QWidget>
#include <memory>
#include <optional>
#include <vector>

#include "ghostnet/gui/background.hpp"
#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/scene/camera.hpp"
#include "ghostnet/gui/scene/renderer.hpp"
#include "ghostnet/gui/scene/scene_model.hpp"

class QRubberBand;

namespace ghostnet::gui {

class LegendCard;

class MeshView : public QWidget {
  Q_OBJECT

 public:
  explicit MeshView(Document& document, QWidget* parent = nullptr);
  ~MeshView() override;

  SceneModel& model() { return model_; }
  const Camera& camera() const { return camera_; }
  void set_camera(const Camera& camera);
  void show_all();
  // Brings the hosts into view, near enough to see what is around them.
  void show_hosts(const std::vector<std::int64_t>& hosts);
  void take_back();

  // Pictures are drawn within paint events: for tests and screenshots.
  void set_synchronous(bool synchronous) { synchronous_ = synchronous; }
  // Whether everything that was asked for is there and drawn.
  bool is_settled() const;
  // The mesh as a picture of its own, in full quality; also larger than the screen.
  QImage picture(QSize size);

  std::optional<std::size_t> host_at(QPointF place) const;
  std::optional<Edge> link_at(QPointF place) const;

 Q_SIGNALS:
  void camera_changed();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void leaveEvent(QEvent* event) override;

 private:
  // Cameras and scenes work in pixels of the screen, events in those of the window.
  Spot pixel_of(QPointF place) const;
  void moved();
  void remember_view();
  void ask_frame();
  void draw_frame(Quality quality);
  void select_at(QPointF place, bool one_more);
  void select_within(const QRect& rectangle, bool one_more);
  void hover(QPointF place);
  void place_legend();

  Document& document_;
  SceneModel model_;
  Background drawing_;
  Inquiry frame_inquiry_;
  std::shared_ptr<Renderer> renderer_ = std::make_shared<Renderer>();
  bool frame_asked_ = false;
  bool frame_stale_ = true;
  bool synchronous_ = false;
  QTimer rest_;
  Camera camera_;
  std::vector<Camera> views_;  // before changes of view
  QImage frame_;
  Camera frame_camera_;
  Quality frame_quality_ = Quality::full;
  LegendCard* legend_ = nullptr;
  QRubberBand* band_ = nullptr;
  QPointF pressed_;
  QPointF last_;
  bool dragged_ = false;
  std::optional<std::size_t> hovered_;
};

}  // namespace ghostnet::gui
