#include "view/mesh_overlay.hpp"

#include <QFontMetrics>
#include <QGuiApplication>
#include <algorithm>
#include <vector>

#include "charts/units.hpp"
#include "ghostnet/gui/time_bar.hpp"

namespace ghostnet::gui {

namespace {

constexpr std::size_t kMostNames = 120;  // of hosts at once
constexpr float kNamedRadius = 9;        // of hosts that are large enough to be named
constexpr std::size_t kMostNamedSelected = 12;
constexpr std::size_t kMostCrowds = 400;  // that are named at once

QPointF point(Spot spot) { return {spot.x, spot.y}; }

// What lies below words, so that they can be read over anything.
void draw_plate(QPainter& painter, const QRectF& place, const Overlay& overlay) {
  QColor soft = overlay.document.theme().canvas;
  soft.setAlpha(165);
  painter.setPen(Qt::NoPen);
  painter.setBrush(soft);
  painter.drawRoundedRect(place, 4 * overlay.camera.ratio, 4 * overlay.camera.ratio);
}

void draw_text(QPainter& painter, QPointF baseline, const QString& text, const QColor& colour) {
  painter.setPen(colour);
  painter.drawText(baseline, text);
}

QRectF place_of(QPointF baseline, const QString& text, const QFontMetricsF& metrics, double unit) {
  const QRectF place(baseline.x(), baseline.y() - metrics.ascent(), metrics.horizontalAdvance(text), metrics.height());
  return place.adjusted(-4 * unit, -unit, 4 * unit, unit);
}

// Keeps what is written from being written over, and single hosts from being covered.
class FreePlaces {
 public:
  void keep_free(const QRectF& place) { covered_.push_back(place); }
  bool take(const QRectF& place) {
    if (meets(taken_, place)) return false;
    taken_.push_back(place);
    return true;
  }
  bool take_beside_hosts(const QRectF& place) { return !meets(covered_, place) && take(place); }

 private:
  static bool meets(const std::vector<QRectF>& places, const QRectF& place) {
    return std::ranges::any_of(places, [&](const QRectF& other) { return other.intersects(place); });
  }

  std::vector<QRectF> taken_;
  std::vector<QRectF> covered_;
};

// Where a name may stand: right of a disc, left of it, above, below.
std::vector<QPointF> baselines_around(QPointF middle, double away, const QString& name, const QFontMetricsF& metrics) {
  const double width = metrics.horizontalAdvance(name);
  const double level = middle.y() + metrics.capHeight() / 2;
  return {{middle.x() + away, level},
          {middle.x() - away - width, level},
          {middle.x() - width / 2, middle.y() - away},
          {middle.x() - width / 2, middle.y() + away + metrics.ascent()}};
}

bool is_within(const QRectF& place, const Camera& camera) {
  return QRectF(0, 0, camera.width, camera.height).contains(place);
}

void name_crowds(QPainter& painter, const Overlay& overlay, FreePlaces& places) {
  const Theme& theme = overlay.document.theme();
  const double unit = overlay.camera.ratio;
  const QFontMetricsF metrics(painter.font());
  const Extent seen = overlay.camera.seen();
  std::size_t named = 0;
  for (const CrowdLabel& crowd : overlay.model.scene().placement->crowds) {
    const double radius = crowd.radius * overlay.camera.scale;
    if (crowd.text.empty() || radius > overlay.camera.height || named >= kMostCrowds) continue;
    const bool is_seen = crowd.middle.x + crowd.radius >= seen.left && crowd.middle.x - crowd.radius <= seen.right &&
                         crowd.middle.y + crowd.radius >= seen.top && crowd.middle.y - crowd.radius <= seen.bottom;
    if (!is_seen) continue;
    ++named;
    const QPointF middle = point(overlay.camera.to_view(crowd.middle));
    const QString name = QString::fromStdString(crowd.text);
    const QString count = crowd.hosts > 0 ? QString("  %L1").arg(crowd.hosts) : QString();
    const double width = metrics.horizontalAdvance(name + count);
    QPointF baseline(middle.x() - width / 2, middle.y() - radius - 9 * unit);
    QRectF place(baseline.x() - 4 * unit, baseline.y() - metrics.ascent(), width + 8 * unit,
                 metrics.height() + 2 * unit);
    if (!places.take(place)) {
      baseline.setY(middle.y() + radius + metrics.ascent() + 7 * unit);
      place.moveTop(baseline.y() - metrics.ascent());
      if (!places.take(place)) continue;
    }
    draw_plate(painter, place, overlay);
    draw_text(painter, baseline, name, theme.text);
    draw_text(painter, baseline + QPointF(metrics.horizontalAdvance(name), 0), count, theme.faint_text);
  }
}

// Where no crowd has their names.
void name_routers(QPainter& painter, const Overlay& overlay, FreePlaces& places) {
  const Scene& scene = overlay.model.scene();
  const LayoutKind layout = scene.placement->kind;
  if (!scene.shows_wires || !has_routers(scene) || layout == LayoutKind::network || layout == LayoutKind::map) return;
  const Theme& theme = overlay.document.theme();
  const QFontMetricsF metrics(painter.font());
  const double away = router_half(scene, overlay.camera) + 5 * overlay.camera.ratio;
  const Extent seen = overlay.camera.seen();
  for (std::size_t router = 0; router < std::min(scene.placement->routers.size(), kMostNames); ++router) {
    if (!seen.holds(scene.placement->routers[router])) continue;
    const QPointF middle = point(overlay.camera.to_view(scene.placement->routers[router]));
    const QString name = QString::fromStdString(scene.ground->topology.routers[router]);
    const QPointF baseline(middle.x() + away, middle.y() + metrics.capHeight() / 2);
    const QRectF place = place_of(baseline, name, metrics, overlay.camera.ratio);
    if (!places.take(place)) continue;
    draw_plate(painter, place, overlay);
    draw_text(painter, baseline, name, theme.text);
  }
}

void name_hosts(QPainter& painter, const Overlay& overlay, FreePlaces& places) {
  const Scene& scene = overlay.model.scene();
  const HostTable& hosts = *overlay.document.hosts();
  const float radius = node_radius(scene, overlay.camera);
  const double unit = overlay.camera.ratio;
  if (radius < kNamedRadius * unit) return;
  const Theme& theme = overlay.document.theme();
  const QFontMetricsF metrics(painter.font());
  const Extent seen = overlay.camera.seen();
  for (const Spot spot : *scene.spots) {
    if (!seen.holds(spot)) continue;
    const QPointF middle = point(overlay.camera.to_view(spot));
    places.keep_free(QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius));
  }
  std::size_t named = 0;
  for (std::size_t host = 0; host < scene.size() && named < kMostNames; ++host) {
    if (!seen.holds((*scene.spots)[host]) || host >= hosts.size()) continue;
    const QPointF middle = point(overlay.camera.to_view((*scene.spots)[host]));
    const QString name = QString::fromStdString(hosts[host].name);
    for (const QPointF baseline : baselines_around(middle, radius * 1.3 + 4 * unit, name, metrics)) {
      const QRectF place = place_of(baseline, name, metrics, unit);
      if (!is_within(place, overlay.camera) || !places.take_beside_hosts(place)) continue;
      ++named;
      draw_plate(painter, place, overlay);
      draw_text(painter, baseline, name, theme.text);
      break;
    }
  }
}

void ring(QPainter& painter, QPointF middle, double radius, const QColor& colour, double width) {
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(colour, width));
  painter.drawEllipse(middle, radius, radius);
}

void mark_selected(QPainter& painter, const Overlay& overlay, FreePlaces& places) {
  const Scene& scene = overlay.model.scene();
  const HostTable& hosts = *overlay.document.hosts();
  const Theme& theme = overlay.document.theme();
  const QFontMetricsF metrics(painter.font());
  const double radius = node_radius(scene, overlay.camera);
  const double unit = overlay.camera.ratio;
  const bool are_named = scene.selected.size() <= kMostNamedSelected && radius < kNamedRadius * unit;
  for (std::size_t at = 0; are_named && at < scene.selected.size(); ++at) {
    const std::uint32_t host = scene.selected[at];
    if (host >= scene.size() || host >= hosts.size()) continue;
    const QPointF middle = point(overlay.camera.to_view((*scene.spots)[host]));
    const QString name = QString::fromStdString(hosts[host].name);
    for (const QPointF baseline : baselines_around(middle, radius + 10 * unit, name, metrics)) {
      const QRectF place = place_of(baseline, name, metrics, unit);
      if (!is_within(place, overlay.camera) || !places.take(place)) continue;
      draw_plate(painter, place, overlay);
      draw_text(painter, baseline, name, theme.text);
      break;
    }
  }
  const auto& link = overlay.document.selection().link;
  if (!link) return;
  const auto a = hosts.index_of(link->a);
  const auto b = hosts.index_of(link->b);
  if (!a || !b || *a >= scene.size() || *b >= scene.size()) return;
  const QPointF from = point(overlay.camera.to_view((*scene.spots)[*a]));
  const QPointF to = point(overlay.camera.to_view((*scene.spots)[*b]));
  painter.setPen(QPen(theme.accent, 3 * unit));
  painter.drawLine(from, to);
  ring(painter, from, radius + 3 * unit, theme.accent, 2 * unit);
  ring(painter, to, radius + 3 * unit, theme.accent, 2 * unit);
}

// A rounded card with lines of text, the first of them bold.
void draw_card(QPainter& painter, QRectF place, const QStringList& lines, const Theme& theme, double unit) {
  QColor ground = theme.raised;
  ground.setAlpha(242);
  painter.setPen(QPen(theme.line, unit));
  painter.setBrush(ground);
  painter.drawRoundedRect(place, 7 * unit, 7 * unit);
  const QFont usual = painter.font();
  QFont bold = usual;
  bold.setWeight(QFont::DemiBold);
  double y = place.top() + 9 * unit;
  for (qsizetype at = 0; at < lines.size(); ++at) {
    painter.setFont(at == 0 ? bold : usual);
    painter.setPen(at == 0 ? theme.text : theme.faint_text);
    const QFontMetricsF metrics(painter.font());
    painter.drawText(QPointF(place.left() + 12 * unit, y + metrics.ascent()), lines[at]);
    y += metrics.height() + 2 * unit;
  }
  painter.setFont(usual);
}

QSizeF card_size(const QPainter& painter, const QStringList& lines, double unit) {
  QFont bold = painter.font();
  bold.setWeight(QFont::DemiBold);
  const QFontMetricsF metrics(bold);
  double width = 0;
  for (const QString& line : lines) width = std::max(width, metrics.horizontalAdvance(line));
  return {width + 24 * unit, static_cast<double>(lines.size()) * (metrics.height() + 2 * unit) + 16 * unit};
}

void describe_hovered(QPainter& painter, const Overlay& overlay) {
  const Scene& scene = overlay.model.scene();
  if (!overlay.hovered || *overlay.hovered >= scene.size()) return;
  const std::size_t host = *overlay.hovered;
  const Theme& theme = overlay.document.theme();
  const results::HostRow& row = (*overlay.document.hosts())[host];
  QStringList lines = {QString::fromStdString(row.name)};
  const QString group = QString::fromStdString(row.group);
  const QString region = QString::fromStdString(row.region);
  lines.push_back(region.isEmpty() ? group : group.isEmpty() ? region : group + "  ·  " + region);
  std::size_t links = 0;
  for (const Edge& edge : scene.edges->edges) links += edge.a == host || edge.b == host ? 1 : 0;
  if (!scene.edges->edges.empty()) lines.push_back(QObject::tr("%L1 links").arg(links));
  if (scene.condition_of(host) == Condition::down) lines.push_back(QObject::tr("down"));
  if (scene.condition_of(host) == Condition::offline) lines.push_back(QObject::tr("its link is down"));
  if (scene.parts != nullptr) {
    const std::size_t part = scene.parts->of_host[host];
    lines.push_back(QObject::tr("with %L1 of %L2 hosts in a network that is cut apart")
                        .arg(scene.parts->sizes[part])
                        .arg(scene.size()));
  }
  if (const QString value = overlay.model.value_of(host); !value.isEmpty()) lines.push_back(value);
  const Propagation& spread = overlay.model.propagation();
  if (const auto arrival = spread.of.find(row.id); arrival != spread.of.end()) {
    const Arrival& got = spread.arrivals[arrival->second];
    lines.push_back(QObject::tr("after %1, hop %2 took %3")
                        .arg(chart::duration_text(got.delay_ns))
                        .arg(got.depth)
                        .arg(chart::duration_text(got.hop_ns)));
  }
  const QPointF middle = point(overlay.camera.to_view((*scene.spots)[host]));
  const double radius = node_radius(scene, overlay.camera);
  const double unit = overlay.camera.ratio;
  const double gap = radius + 12 * unit;
  const double edge = 8 * unit;
  ring(painter, middle, radius + 3 * unit, theme.text, 1.6 * unit);
  const QSizeF size = card_size(painter, lines, unit);
  QPointF corner = middle + QPointF(gap, -size.height() / 2);
  if (corner.x() + size.width() > overlay.camera.width - edge) corner.setX(middle.x() - gap - size.width());
  corner.setY(std::clamp(corner.y(), edge, std::max(edge, overlay.camera.height - size.height() - edge)));
  draw_card(painter, QRectF(corner, size), lines, theme, unit);
}

// What is the matter with the network at this instant: "13 down", "churn", "partition 511 | 489".
QStringList troubles(const Moment& moment) {
  QStringList words;
  if (moment.down_count > 0) words.push_back(QObject::tr("%L1 down").arg(moment.down_count));
  if (moment.offline_count > 0) words.push_back(QObject::tr("%L1 without a link").arg(moment.offline_count));
  for (const std::string& fault : moment.faults) {
    QString name = QString::fromStdString(fault);
    if (fault == "partition" && moment.parts != nullptr) {
      QStringList sizes;
      for (const std::size_t size : moment.parts->sizes) sizes.push_back(QString("%L1").arg(size));
      name += "  " + sizes.join(" | ");
    }
    if (!words.contains(name)) words.push_back(name);
  }
  if (moment.edges->cut_short) words.push_back(QObject::tr("only the first %L1 links").arg(LinkBook::kMaxLinks));
  return words;
}

// Top right.
void tell_state(QPainter& painter, const Overlay& overlay) {
  const Theme& theme = overlay.document.theme();
  const QStringList words = troubles(overlay.model.moment());
  const double unit = overlay.camera.ratio;
  double right = overlay.camera.width - 16 * unit;
  const QFontMetricsF metrics(painter.font());
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    const double width = metrics.horizontalAdvance(*word) + 38 * unit;
    const QRectF chip(right - width, 14 * unit, width, metrics.height() + 10 * unit);
    QColor ground = theme.raised;
    ground.setAlpha(235);
    painter.setPen(QPen(theme.line, unit));
    painter.setBrush(ground);
    painter.drawRoundedRect(chip, chip.height() / 2, chip.height() / 2);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.warning);
    painter.drawEllipse(QPointF(chip.left() + 15 * unit, chip.center().y()), 4 * unit, 4 * unit);
    painter.setPen(theme.text);
    painter.drawText(QPointF(chip.left() + 25 * unit, chip.center().y() + metrics.capHeight() / 2), *word);
    right -= width + 8 * unit;
  }
}

// Below, right of the legend: the way between two hosts.
void tell_route(QPainter& painter, const Overlay& overlay) {
  const RouteLook* routes = overlay.model.routes();
  if (routes == nullptr || !routes->only || overlay.model.scene().ground == nullptr) return;
  constexpr double kLegend = 244;
  const double unit = overlay.camera.ratio;
  const HostTable& hosts = *overlay.document.hosts();
  const Route& route = *routes->only;
  QStringList lines = {QString("%1 – %2").arg(QString::fromStdString(hosts[route.from].name),
                                              QString::fromStdString(hosts[route.to].name)),
                       routers_text(route, overlay.model.scene().ground->topology), cost_text(route)};
  const QFontMetricsF metrics(painter.font());
  const double most = std::max(160 * unit, overlay.camera.width - (kLegend + 60) * unit);
  for (QString& line : lines) line = metrics.elidedText(line, Qt::ElideMiddle, most);
  const QSizeF size = card_size(painter, lines, unit);
  const double left = kLegend * unit + std::max(0.0, (overlay.camera.width - kLegend * unit - size.width()) / 2);
  draw_card(painter, QRectF(QPointF(left, overlay.camera.height - size.height() - 14 * unit), size), lines,
            overlay.document.theme(), unit);
}

// Top left, where no time bar tells it: the run and its instant.
void tell_instant(QPainter& painter, const Overlay& overlay) {
  const results::RunRow* run = overlay.document.run();
  if (run == nullptr) return;
  const Theme& theme = overlay.document.theme();
  const double unit = overlay.camera.ratio;
  const QFontMetricsF metrics(painter.font());
  const QString name = QString::fromStdString(run->name);
  const QPointF baseline(18 * unit, 18 * unit + metrics.ascent());
  draw_text(painter, baseline, name, theme.text);
  draw_text(painter, baseline + QPointF(metrics.horizontalAdvance(name + "   "), 0),
            time_text(overlay.document.time_ns(), overlay.document.end_ns()), theme.faint_text);
}

}  // namespace

void paint_overlay(QPainter& painter, const Overlay& overlay) {
  painter.setRenderHints(QPainter::Antialiasing | QPainter::TextAntialiasing);
  if (overlay.model.scene().size() == 0) return;
  QFont font = painter.font();
  font.setPointSizeF(font.pointSizeF() * overlay.camera.ratio);
  painter.setFont(font);
  FreePlaces places;
  mark_selected(painter, overlay, places);
  if (overlay.document.look().show_labels) {
    name_crowds(painter, overlay, places);
    name_routers(painter, overlay, places);
    name_hosts(painter, overlay, places);
  }
  tell_state(painter, overlay);
  tell_route(painter, overlay);
  if (overlay.captioned) tell_instant(painter, overlay);
  describe_hovered(painter, overlay);
}

}  // namespace ghostnet::gui
