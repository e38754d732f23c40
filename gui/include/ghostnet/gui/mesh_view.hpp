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

#include <QByteArray>
#include <QImage>
#include <QTimer>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ghostnet/gui/background.hpp"
#include "ghostnet/gui/canvas.hpp"
#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/scene/camera.hpp"
#include "ghostnet/gui/scene/renderer.hpp"
#include "ghostnet/gui/scene/scene_model.hpp"

class QRubberBand;

namespace ghostnet::gui {

class LegendCard;

class MeshView : public Canvas {
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
  // The mesh as a picture of its own, in full quality, with its legend and the name and instant of the run; also larger
  // than the screen. picture() draws here and now, the others do on another thread and hand over what they made.
  QImage picture(QSize size);
  void ask_picture(QSize size, std::function<void(QImage)> done);
  void ask_svg(std::function<void(QByteArray)> done);

  std::optional<std::size_t> host_at(QPointF place) const;
  std::optional<Edge> link_at(QPointF place) const;

 Q_SIGNALS:
  void camera_changed();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void on_hover(QPointF place) override;
  void on_leave() override;
  void on_click(QPointF place, Qt::KeyboardModifiers modifiers) override;
  void on_double_click(QPointF place) override;
  void on_drag_begins(const Drag& drag) override;
  void on_drag(const Drag& drag) override;
  void on_drag_ends(const Drag& drag) override;
  void on_wheel(QPointF place, double notches) override;
  bool on_key(int key) override;

 private:
  // Cameras and scenes work in pixels of the screen, events in those of the window.
  Spot pixel_of(QPointF place) const;
  // As it is seen now, for a picture of this size.
  Camera camera_for(QSize size) const;
  // What is written over the mesh and its legend, on nothing.
  QImage overlay_of(const Camera& camera) const;
  void measure();
  void fit_all();
  bool legend_hides_hosts() const;
  void moved();
  void remember_view();
  void ask_frame();
  void draw_frame(Quality quality);
  void select_at(QPointF place, bool one_more);
  void select_within(const QRect& rectangle, bool one_more);
  void place_legend();

  Document& document_;
  SceneModel model_;
  Background drawing_;
  Inquiry frame_inquiry_;
  Inquiry picture_inquiry_;
  std::shared_ptr<Renderer> renderer_ = std::make_shared<Renderer>();
  bool frame_asked_ = false;
  bool frame_stale_ = true;
  bool synchronous_ = false;
  QTimer rest_;
  Camera camera_;
  std::vector<Camera> views_;   // before changes of view
  bool by_hand_ = false;        // else all is shown, whatever comes
  bool beside_legend_ = false;  // all is shown beside the legend, which would hide hosts
  QImage frame_;
  Camera frame_camera_;
  Quality frame_quality_ = Quality::full;
  LegendCard* legend_ = nullptr;
  QRubberBand* band_ = nullptr;
  std::optional<std::size_t> hovered_;
};

}  // namespace ghostnet::gui
