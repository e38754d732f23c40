#include "ghostnet/gui/mesh_view.hpp"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QRubberBand>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "view/legend_card.hpp"
#include "view/mesh_overlay.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kRestMs = 90;  // without change, then the picture is drawn in full
constexpr double kMargin = 46;
constexpr std::size_t kMaxViews = 100;
constexpr double kReach = 7;  // pixels of the screen around a host that count as it
constexpr double kKeyPan = 80;
constexpr double kKeyZoom = 1.3;

}  // namespace

MeshView::MeshView(Document& document, QWidget* parent)
    : QWidget(parent), document_(document), model_(document), legend_(new LegendCard(document, model_, this)) {
  setMinimumSize(320, 240);
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setAttribute(Qt::WA_OpaquePaintEvent);
  setAccessibleName(tr("Mesh"));
  setAccessibleDescription(tr("The hosts of the run and the links between them"));
  band_ = new QRubberBand(QRubberBand::Rectangle, this);
  rest_.setSingleShot(true);
  rest_.setInterval(kRestMs);
  connect(&rest_, &QTimer::timeout, this, [this] {
    if (frame_quality_ == Quality::moving) draw_frame(Quality::full);
  });
  connect(&model_, &SceneModel::changed, this, [this] {
    place_legend();
    ask_frame();
  });
  connect(&model_, &SceneModel::placed, this, &MeshView::show_all);
}

MeshView::~MeshView() = default;

Spot MeshView::pixel_of(QPointF place) const {
  const double ratio = devicePixelRatioF();
  return {static_cast<float>(place.x() * ratio), static_cast<float>(place.y() * ratio)};
}

// ---- The camera ----

void MeshView::set_camera(const Camera& camera) {
  camera_ = camera;
  moved();
}

void MeshView::show_all() {
  remember_view();
  camera_.fit(model_.scene().placement->extent, kMargin * devicePixelRatioF());
  moved();
}

void MeshView::show_hosts(const std::vector<std::int64_t>& hosts) {
  std::vector<Spot> spots;
  for (const std::int64_t host : hosts) {
    const auto index = document_.hosts()->index_of(host);
    if (index && *index < model_.scene().size()) spots.push_back((*model_.scene().spots)[*index]);
  }
  if (spots.empty()) return;
  remember_view();
  Extent extent = extent_of(spots);
  // A host is seen with its neighbourhood.
  const float around = model_.scene().placement->spacing * 12;
  extent = {extent.left - around, extent.top - around, extent.right + around, extent.bottom + around};
  camera_.fit(extent, kMargin);
  moved();
}

void MeshView::remember_view() {
  if (!views_.empty() && views_.back() == camera_) return;
  views_.push_back(camera_);
  if (views_.size() > kMaxViews) views_.erase(views_.begin());
}

void MeshView::take_back() {
  if (views_.empty()) return;
  const Camera before = views_.back();
  views_.pop_back();
  camera_.x = before.x;
  camera_.y = before.y;
  camera_.scale = before.scale;
  moved();
}

void MeshView::moved() {
  Q_EMIT camera_changed();
  update();
  ask_frame();
}

// ---- Pictures ----

// One picture is under way at a time; what changes meanwhile is in the next.
void MeshView::ask_frame() {
  frame_stale_ = true;
  rest_.start();
  if (synchronous_) return update();
  if (!frame_asked_) draw_frame(Quality::moving);
}

void MeshView::draw_frame(Quality quality) {
  if (camera_.width == 0 || synchronous_) return;
  frame_asked_ = true;
  frame_stale_ = false;
  const auto work = [renderer = renderer_, scene = model_.scene(), camera = camera_, quality](const Ticket&) {
    return renderer->draw(scene, camera, quality);
  };
  drawing_.ask(frame_inquiry_, work, [this, camera = camera_, quality](QImage image) {
    frame_ = std::move(image);
    frame_camera_ = camera;
    frame_quality_ = quality;
    frame_asked_ = false;
    update();
    if (frame_stale_) draw_frame(Quality::moving);
  });
}

bool MeshView::is_settled() const {
  return document_.data().pending() == 0 && !model_.is_busy() && (synchronous_ || (!frame_asked_ && !frame_stale_));
}

QImage MeshView::picture(QSize size) {
  Camera camera = camera_;
  const double larger = std::min(static_cast<double>(size.width()) / std::max(1, camera.width),
                                 static_cast<double>(size.height()) / std::max(1, camera.height));
  camera.scale *= larger;
  camera.width = size.width();
  camera.height = size.height();
  Renderer renderer;
  QImage image = renderer.draw(model_.scene(), camera);
  QPainter painter(&image);
  paint_overlay(painter, {.document = document_, .model = model_, .camera = camera, .hovered = {}});
  return image;
}

void MeshView::paintEvent(QPaintEvent*) {
  if (synchronous_ && frame_stale_) {
    frame_ = renderer_->draw(model_.scene(), camera_);
    frame_camera_ = camera_;
    frame_stale_ = false;
  }
  QPainter painter(this);
  // From here on pixels are those of the screen.
  painter.scale(1 / devicePixelRatioF(), 1 / devicePixelRatioF());
  if (frame_.isNull() || frame_camera_ != camera_)
    painter.fillRect(0, 0, camera_.width, camera_.height, document_.theme().canvas);
  if (!frame_.isNull()) {
    if (frame_camera_ == camera_) {
      painter.drawImage(0, 0, frame_);
    } else {
      // Where the corners of the picture are seen by now.
      const Spot corner = camera_.to_view(frame_camera_.to_world({0, 0}));
      const double larger = camera_.scale / frame_camera_.scale;
      painter.drawImage(QRectF(corner.x, corner.y, frame_.width() * larger, frame_.height() * larger), frame_);
    }
  }
  paint_overlay(painter, {.document = document_, .model = model_, .camera = camera_, .hovered = hovered_});
}

void MeshView::resizeEvent(QResizeEvent*) {
  const bool is_first = camera_.width == 0;
  camera_.width = static_cast<int>(std::lround(width() * devicePixelRatioF()));
  camera_.height = static_cast<int>(std::lround(height() * devicePixelRatioF()));
  // A view that was not chosen by hand goes on showing all.
  if (is_first || views_.size() <= 1) camera_.fit(model_.scene().placement->extent, kMargin * devicePixelRatioF());
  place_legend();
  moved();
}

void MeshView::place_legend() {
  legend_->refresh();
  constexpr int kGap = 14;
  legend_->move(kGap, height() - legend_->height() - kGap);
}

// ---- What is where ----

std::optional<std::size_t> MeshView::host_at(QPointF place) const {
  const Scene& scene = model_.scene();
  const Spot pixel = pixel_of(place);
  const float reach = std::max(node_radius(scene, camera_) + 2, static_cast<float>(kReach * devicePixelRatioF()));
  float nearest = reach * reach;
  std::optional<std::size_t> found;
  for (std::size_t host = 0; host < scene.size(); ++host) {
    const Spot at = camera_.to_view((*scene.spots)[host]);
    const float away = (at.x - pixel.x) * (at.x - pixel.x) + (at.y - pixel.y) * (at.y - pixel.y);
    if (away > nearest) continue;
    nearest = away;
    found = host;
  }
  return found;
}

std::optional<Edge> MeshView::link_at(QPointF place) const {
  const Scene& scene = model_.scene();
  if (scene.size() == 0) return std::nullopt;
  const Spot pixel = pixel_of(place);
  float nearest = static_cast<float>(4 * devicePixelRatioF());
  std::optional<Edge> found;
  for (const Edge& edge : scene.edges->edges) {
    if (!scene.shows(edge)) continue;
    const Spot a = camera_.to_view((*scene.spots)[edge.a]);
    const Spot b = camera_.to_view((*scene.spots)[edge.b]);
    const float dx = b.x - a.x;
    const float dy = b.y - a.y;
    const float length2 = dx * dx + dy * dy;
    if (length2 < 1) continue;
    const float share = std::clamp(((pixel.x - a.x) * dx + (pixel.y - a.y) * dy) / length2, 0.0F, 1.0F);
    const float away = std::hypot(a.x + dx * share - pixel.x, a.y + dy * share - pixel.y);
    if (away >= nearest) continue;
    nearest = away;
    found = edge;
  }
  return found;
}

void MeshView::select_at(QPointF place, bool one_more) {
  Selection selection{.hosts = {}, .link = {}, .trace = document_.selection().trace};
  if (const auto host = host_at(place)) {
    if (one_more) selection.hosts = document_.selection().hosts;
    const std::int64_t id = (*document_.hosts())[*host].id;
    const auto there = std::ranges::find(selection.hosts, id);
    if (there != selection.hosts.end()) {
      selection.hosts.erase(there);
    } else {
      selection.hosts.push_back(id);
    }
  } else if (const auto link = link_at(place)) {
    const HostTable& hosts = *document_.hosts();
    selection.link = {.kind = model_.scene().edges->kinds[link->kind], .a = hosts[link->a].id, .b = hosts[link->b].id};
  }
  document_.select(std::move(selection));
}

void MeshView::select_within(const QRect& rectangle, bool one_more) {
  Selection selection{.hosts = {}, .link = {}, .trace = document_.selection().trace};
  if (one_more) selection.hosts = document_.selection().hosts;
  const Spot top_left = camera_.to_world(pixel_of(rectangle.topLeft()));
  const Spot bottom_right = camera_.to_world(pixel_of(rectangle.bottomRight()));
  const Extent extent{top_left.x, top_left.y, bottom_right.x, bottom_right.y};
  for (std::size_t host = 0; host < model_.scene().size(); ++host) {
    if (extent.holds((*model_.scene().spots)[host])) selection.hosts.push_back((*document_.hosts())[host].id);
  }
  std::ranges::sort(selection.hosts);
  selection.hosts.erase(std::unique(selection.hosts.begin(), selection.hosts.end()), selection.hosts.end());
  document_.select(std::move(selection));
}

void MeshView::hover(QPointF place) {
  const auto host = host_at(place);
  if (host == hovered_) return;
  hovered_ = host;
  setCursor(host ? Qt::PointingHandCursor : Qt::ArrowCursor);
  update();
}

// ---- Hands ----

void MeshView::mousePressEvent(QMouseEvent* event) {
  pressed_ = last_ = event->position();
  dragged_ = false;
  if (event->button() == Qt::LeftButton && (event->modifiers() & Qt::ShiftModifier) != 0) {
    band_->setGeometry(QRect(pressed_.toPoint(), QSize()));
    band_->show();
  }
}

void MeshView::mouseMoveEvent(QMouseEvent* event) {
  if ((event->buttons() & (Qt::LeftButton | Qt::MiddleButton)) == 0) return hover(event->position());
  if ((event->position() - pressed_).manhattanLength() > 4 && !dragged_) {
    dragged_ = true;
    if (!band_->isVisible()) remember_view();
  }
  if (!dragged_) return;
  if (band_->isVisible()) {
    band_->setGeometry(QRect(pressed_.toPoint(), event->position().toPoint()).normalized());
  } else {
    const QPointF step = (event->position() - last_) * devicePixelRatioF();
    camera_.pan(step.x(), step.y());
    hovered_.reset();
    moved();
  }
  last_ = event->position();
}

void MeshView::mouseReleaseEvent(QMouseEvent* event) {
  const bool one_more = (event->modifiers() & Qt::ControlModifier) != 0;
  if (band_->isVisible()) {
    band_->hide();
    select_within(band_->geometry(), one_more);
  } else if (!dragged_ && event->button() == Qt::LeftButton) {
    select_at(event->position(), one_more);
  }
}

void MeshView::mouseDoubleClickEvent(QMouseEvent* event) {
  remember_view();
  camera_.zoom(2.5, pixel_of(event->position()));
  moved();
}

void MeshView::wheelEvent(QWheelEvent* event) {
  if (event->angleDelta().y() == 0) return;
  remember_view();
  camera_.zoom(std::pow(1.0015, event->angleDelta().y()), pixel_of(event->position()));
  moved();
}

void MeshView::keyPressEvent(QKeyEvent* event) {
  const Spot middle{static_cast<float>(camera_.width) / 2, static_cast<float>(camera_.height) / 2};
  const double step = kKeyPan * devicePixelRatioF();
  switch (event->key()) {
    case Qt::Key_Left: camera_.pan(step, 0); break;
    case Qt::Key_Right: camera_.pan(-step, 0); break;
    case Qt::Key_Up: camera_.pan(0, step); break;
    case Qt::Key_Down: camera_.pan(0, -step); break;
    case Qt::Key_Plus:
    case Qt::Key_Equal: camera_.zoom(kKeyZoom, middle); break;
    case Qt::Key_Minus: camera_.zoom(1 / kKeyZoom, middle); break;
    case Qt::Key_0:
    case Qt::Key_Home: return show_all();
    case Qt::Key_Backspace: return take_back();
    case Qt::Key_Escape: return document_.select({});
    default: return QWidget::keyPressEvent(event);
  }
  moved();
}

void MeshView::leaveEvent(QEvent*) {
  hovered_.reset();
  update();
}

}  // namespace ghostnet::gui
