#include "ghostnet/gui/mesh_view.hpp"

#include <QPainter>
#include <QRubberBand>
#include <algorithm>
#include <cmath>
#include <utility>

#include "ghostnet/gui/time_bar.hpp"
#include "scene/vector_picture.hpp"
#include "view/legend_card.hpp"
#include "view/mesh_overlay.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kRestMs = 90;  // without change, then the picture is drawn in full
constexpr double kMeshMargin = 46;
constexpr int kLegendGap = 14;
constexpr std::size_t kMaxViews = 100;
constexpr double kReach = 7;  // pixels of the screen around a host that count as it
constexpr double kKeyPan = 80;
constexpr double kKeyZoom = 1.3;
constexpr double kNotchZoom = 1.2;
constexpr double kDoubleClickZoom = 2.5;

QImage with_overlay(QImage image, const QImage& overlay) {
  QPainter(&image).drawImage(0, 0, overlay);
  return image;
}

}  // namespace

MeshView::MeshView(Document& document, QWidget* parent)
    : Canvas(parent), document_(document), model_(document), legend_(new LegendCard(document, model_, this)) {
  setMinimumSize(320, 160);
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
  connect(&model_, &SceneModel::placed, this, [this] {
    if (!by_hand_) fit_all();
  });
  connect(&document_, &Document::run_changed, this, [this] { by_hand_ = beside_legend_ = false; });
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
  by_hand_ = beside_legend_ = false;
  fit_all();
}

void MeshView::fit_all() {
  const Extent& extent = model_.scene().placement->extent;
  const double margin = kMeshMargin * devicePixelRatioF();
  camera_.fit(extent, margin);
  beside_legend_ = beside_legend_ || legend_hides_hosts();
  if (beside_legend_ && legend_->isVisible()) {
    // Right of the legend or above it, whichever shows the hosts larger.
    const double across = (legend_->width() + kLegendGap) * devicePixelRatioF();
    const double up = (legend_->height() + kLegendGap) * devicePixelRatioF();
    Camera beside = camera_;
    beside.width -= static_cast<int>(across);
    beside.fit(extent, margin);
    Camera above = camera_;
    above.height -= static_cast<int>(up);
    above.fit(extent, margin);
    camera_.scale = std::max(beside.scale, above.scale);
    if (beside.scale >= above.scale) {
      camera_.x -= across / 2 / camera_.scale;
    } else {
      camera_.y += up / 2 / camera_.scale;
    }
  }
  moved();
}

bool MeshView::legend_hides_hosts() const {
  const Scene& scene = model_.scene();
  if (!legend_->isVisible() || scene.spots == nullptr) return false;
  const Spot corner = pixel_of(legend_->geometry().topRight() + QPoint(kLegendGap, -kLegendGap));
  return std::ranges::any_of(*scene.spots, [&](Spot spot) {
    const Spot at = camera_.to_view(spot);
    return at.x < corner.x && at.y > corner.y;
  });
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
  camera_.fit(extent, kMeshMargin * devicePixelRatioF());
  moved();
}

void MeshView::remember_view() {
  by_hand_ = true;
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

Camera MeshView::camera_for(QSize size) const {
  Camera camera = camera_;
  const double larger = std::min(static_cast<double>(size.width()) / std::max(1, camera.width),
                                 static_cast<double>(size.height()) / std::max(1, camera.height));
  camera.scale *= larger;
  camera.ratio = std::max(1.0, camera.ratio * larger);  // words of a small picture must still be read
  camera.width = size.width();
  camera.height = size.height();
  return camera;
}

QImage MeshView::overlay_of(const Camera& camera) const {
  QImage image(camera.width, camera.height, QImage::Format_ARGB32_Premultiplied);
  image.fill(Qt::transparent);
  QPainter painter(&image);
  paint_overlay(painter, {.document = document_, .model = model_, .camera = camera, .hovered = {}, .captioned = true});
  const bool fits = legend_->height() * camera.ratio < 0.6 * camera.height;
  if (model_.scene().size() == 0 || !fits) return image;
  painter.translate(kLegendGap * camera.ratio, camera.height - (legend_->height() + kLegendGap) * camera.ratio);
  painter.scale(camera.ratio, camera.ratio);
  legend_->paint(painter);
  return image;
}

QImage MeshView::picture(QSize size) {
  const Camera camera = camera_for(size);
  return with_overlay(Renderer().draw(model_.scene(), camera), overlay_of(camera));
}

void MeshView::ask_picture(QSize size, std::function<void(QImage)> done) {
  const Camera camera = camera_for(size);
  // What is written over it is of the same instant, whatever the window shows by the time the mesh is drawn.
  drawing_.ask(
      picture_inquiry_,
      [scene = model_.scene(), camera, overlay = overlay_of(camera)](const Ticket&) {
        return with_overlay(Renderer().draw(scene, camera), overlay);
      },
      std::move(done));
}

void MeshView::ask_svg(std::function<void(QByteArray)> done) {
  const Theme& theme = document_.theme();
  const Camera camera = camera_;
  std::vector<Caption> captions;
  for (const CrowdLabel& crowd : model_.scene().placement->crowds) {
    Spot at = camera.to_view(crowd.middle);
    at.y -= static_cast<float>(crowd.radius * camera.scale + 9 * camera.ratio);
    const QString name = QString::fromStdString(crowd.text);
    captions.push_back({at, QString("%1  %L2").arg(name).arg(crowd.hosts), theme.text.rgb(), true});
  }
  for (const std::uint32_t host : model_.scene().selected) {
    const Spot at = camera.to_view((*model_.scene().spots)[host]);
    const auto aside = node_radius(model_.scene(), camera) + static_cast<float>(6 * camera.ratio);
    captions.push_back(
        {{at.x + aside, at.y}, QString::fromStdString((*document_.hosts())[host].name), theme.text.rgb(), false});
  }
  const auto corner = static_cast<float>(30 * camera.ratio);
  if (document_.run() != nullptr) {
    const QString run = QString::fromStdString(document_.run()->name);
    const QString words = QString("%1   %2").arg(run, time_text(document_.time_ns(), document_.end_ns()));
    captions.push_back({{corner, corner}, words, theme.text.rgb(), false});
  }
  drawing_.ask(
      picture_inquiry_,
      [scene = model_.scene(), camera, captions = std::move(captions)](const Ticket&) {
        return svg_of(scene, camera, captions);
      },
      std::move(done));
}

void MeshView::paintEvent(QPaintEvent*) {
  if (camera_.ratio != devicePixelRatioF()) measure();  // it was moved to another screen
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
  if (!shows_focus()) return;
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(document_.theme().accent, 2 * camera_.ratio));
  painter.drawRect(QRectF(0, 0, camera_.width, camera_.height).adjusted(1, 1, -1, -1));
}

void MeshView::resizeEvent(QResizeEvent*) {
  measure();
  place_legend();
}

void MeshView::measure() {
  const double ratio = devicePixelRatioF();
  camera_.scale *= ratio / camera_.ratio;
  camera_.ratio = ratio;
  camera_.width = static_cast<int>(std::lround(width() * ratio));
  camera_.height = static_cast<int>(std::lround(height() * ratio));
  if (by_hand_) return moved();
  fit_all();
}

void MeshView::place_legend() {
  // In a small view the mesh is worth more than what its colours mean.
  const auto most_height = static_cast<int>(0.6 * height());
  const bool was_shown = legend_->isVisible();
  legend_->refresh(most_height);
  if (legend_->width() > 0.42 * width() || legend_->height() > most_height) legend_->hide();
  legend_->move(kLegendGap, height() - legend_->height() - kLegendGap);
  if (was_shown && !legend_->isVisible() && std::exchange(beside_legend_, false) && !by_hand_) fit_all();
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

// ---- Hands ----

void MeshView::on_hover(QPointF place) {
  const auto host = host_at(place);
  if (host == hovered_) return;
  hovered_ = host;
  setCursor(host ? Qt::PointingHandCursor : Qt::ArrowCursor);
  update();
}

void MeshView::on_leave() {
  hovered_.reset();
  update();
}

void MeshView::on_click(QPointF place, Qt::KeyboardModifiers modifiers) {
  select_at(place, modifiers.testFlag(Qt::ControlModifier));
}

void MeshView::on_double_click(QPointF place) {
  remember_view();
  camera_.zoom(kDoubleClickZoom, pixel_of(place));
  moved();
}

void MeshView::on_drag_begins(const Drag& drag) {
  hovered_.reset();
  if (drag.modifiers.testFlag(Qt::ShiftModifier)) return band_->show();
  remember_view();
}

void MeshView::on_drag(const Drag& drag) {
  if (band_->isVisible()) return band_->setGeometry(QRect(drag.from.toPoint(), drag.to.toPoint()).normalized());
  const QPointF step = drag.step * devicePixelRatioF();
  camera_.pan(step.x(), step.y());
  moved();
}

void MeshView::on_drag_ends(const Drag& drag) {
  if (!band_->isVisible()) return;
  band_->hide();
  select_within(band_->geometry(), drag.modifiers.testFlag(Qt::ControlModifier));
}

void MeshView::on_wheel(QPointF place, double notches) {
  remember_view();
  camera_.zoom(std::pow(kNotchZoom, notches), pixel_of(place));
  moved();
}

bool MeshView::on_key(int key) {
  const Spot middle{static_cast<float>(camera_.width) / 2, static_cast<float>(camera_.height) / 2};
  const double step = kKeyPan * devicePixelRatioF();
  switch (key) {
    case Qt::Key_Left: camera_.pan(step, 0); break;
    case Qt::Key_Right: camera_.pan(-step, 0); break;
    case Qt::Key_Up: camera_.pan(0, step); break;
    case Qt::Key_Down: camera_.pan(0, -step); break;
    case Qt::Key_Plus:
    case Qt::Key_Equal: camera_.zoom(kKeyZoom, middle); break;
    case Qt::Key_Minus: camera_.zoom(1 / kKeyZoom, middle); break;
    case Qt::Key_0:
    case Qt::Key_Home: show_all(); return true;
    case Qt::Key_Backspace: take_back(); return true;
    case Qt::Key_Escape: document_.select({}); return true;
    default: return false;
  }
  by_hand_ = true;
  moved();
  return true;
}

}  // namespace ghostnet::gui
