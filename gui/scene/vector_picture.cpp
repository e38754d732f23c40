#include "scene/vector_picture.hpp"

#include <QColor>
#include <algorithm>
#include <span>

#include "ghostnet/gui/scene/raster.hpp"
#include "ghostnet/gui/scene/world_map.hpp"
#include "scene/marks.hpp"

namespace ghostnet::gui {

namespace {

// Lines of one path lie in one layer. Many layers let a crowd of lines be denser than one, as on the screen.
constexpr std::size_t kLayers = 300;
constexpr double kLetters = 13;  // the height of a line of words, in pixels of the window

class SvgText {
 public:
  SvgText(const Scene& scene, const Camera& camera) : scene_(scene), camera_(camera), theme_(theme_of(scene.theme)) {
    out_ += QString(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%1\" height=\"%2\" viewBox=\"0 0 %1 %2\" "
                "font-family=\"sans-serif\" font-size=\"%3\">\n<rect width=\"100%\" height=\"100%\" fill=\"%4\"/>\n")
                .arg(camera.width)
                .arg(camera.height)
                .arg(kLetters * camera.ratio)
                .arg(theme_.canvas.name())
                .toUtf8();
  }

  void add_map() {
    QByteArray lines;
    for (const auto& line : graticule()) {
      for (std::size_t at = 1; at < line.size(); ++at) add_line(lines, view(line[at - 1]), view(line[at]));
    }
    add_path(lines, theme_.line, camera_.ratio, 0.35);
    const double radius = land_radius(camera_);
    QByteArray dots;
    for (const Spot dot : land_dots()) {
      if (camera_.seen().holds(dot)) dots += "M" + place(view(dot)) + "h0";
    }
    add_path(dots, theme_.land, 2 * radius, 1);
  }

  void add_wires() {
    QByteArray hosts;
    for_each_host_wire(scene_, camera_, [&](Spot from, Spot to) { add_line(hosts, from, to); });
    add_path(hosts, theme_.link, camera_.ratio, is_background(scene_) ? 0.1 : 0.3);
    add_strokes(wire_strokes(scene_, camera_));
  }

  // Those that are drawn alike are one path.
  void add_strokes(const std::vector<Stroke>& strokes) {
    for (auto at = strokes.begin(); at != strokes.end();) {
      const auto end = std::find_if(at, strokes.end(), [&](const Stroke& each) {
        return each.colour != at->colour || each.opacity != at->opacity || each.width != at->width;
      });
      QByteArray path;
      for (const Stroke& stroke : std::span(at, end)) add_line(path, stroke.from, stroke.to);
      add_path(path, QColor(at->colour), at->width, at->opacity / 255.0);
      at = end;
    }
  }

  void add_routers() {
    if (!scene_.shows_wires || !has_routers(scene_)) return;
    const double half = router_half(scene_, camera_);
    QByteArray squares;
    for (const Spot router : scene_.placement->routers) squares += "M" + place(view(router)) + "h0";
    add_path(squares, theme_.text, 2 * half, 1, "square");
  }

  void add_links() {
    const std::vector<Edge>& edges = scene_.edges->edges;
    for (std::uint16_t kind = 0; kind < scene_.edges->kinds.size(); ++kind) {
      add_links_if(link_colour(theme_, scene_.edges->kinds[kind]),
                   [&](const Edge& edge) { return edge.kind == kind && scene_.shows(edge) && !scene_.is_cut(edge); });
    }
    if (scene_.parts == nullptr || edges.empty()) return;
    add_links_if(theme_.bad, [&](const Edge& edge) { return scene_.shows(edge) && scene_.is_cut(edge); });
  }

  void add_hosts() {
    for_each_host_mark(scene_, camera_, [&](const HostMark& mark) {
      const double opacity = mark.opacity / 255.0;
      if (mark.is_selected) {
        constexpr double kWidth = kRingTo - kRingFrom;
        const double away = mark.radius + (kRingFrom + kWidth / 2) * camera_.ratio;
        add_ring(mark.at, away, theme_.accent, kWidth * camera_.ratio);
      }
      if (mark.part != 0) {
        add_circle(mark.at, mark.radius + 3 * camera_.ratio, part_colour(theme_, mark.part), {}, opacity);
      }
      const QColor colour(mark.colour);
      mark.condition == Condition::up ? add_circle(mark.at, mark.radius, colour, {}, opacity)
                                      : add_circle(mark.at, mark.radius, theme_.canvas, colour, opacity);
    });
  }

  void add_trace() {
    if (scene_.trace == nullptr || scene_.time_ns < scene_.trace->began_ns) return;
    add_strokes(trace_strokes(scene_, camera_));
    const double radius = std::max(1.6, static_cast<double>(node_radius(scene_, camera_)));
    for (const TraceLook::Hop& hop : scene_.trace->hops) {
      if (hop.arrived_ns > scene_.time_ns) continue;
      add_circle(view((*scene_.spots)[hop.to]), radius * 1.15, QColor(hop.colour));
    }
    add_circle(view((*scene_.spots)[scene_.trace->root]), radius * 1.5, theme_.message, theme_.message);
  }

  void add_flights() {
    QByteArray dots;
    QByteArray beside;
    for_each_flight(scene_, camera_, [&](const FlightMark& mark) {
      if (!mark.flight.lost) (mark.opacity == 255 ? dots : beside) += "M" + place(mark.track.at(mark.share)) + "h0";
    });
    constexpr double kOpacity = 0.9;
    add_path(beside, theme_.message, 3 * camera_.ratio, kOpacity * kDimmed / 255);
    add_path(dots, theme_.message, 3 * camera_.ratio, kOpacity);
  }

  void add_caption(const Caption& caption) {
    out_ += "<text x=\"" + QByteArray::number(caption.at.x, 'f', 1) + "\" y=\"" +
            QByteArray::number(caption.at.y, 'f', 1) + "\" fill=\"" + QColor(caption.colour).name().toUtf8() + "\"" +
            (caption.in_the_middle ? " text-anchor=\"middle\">" : ">") + caption.text.toHtmlEscaped().toUtf8() +
            "</text>\n";
  }

  QByteArray finish() {
    out_ += "</svg>\n";
    return std::move(out_);
  }

 private:
  Spot view(Spot spot) const { return camera_.to_view(spot); }
  static QByteArray place(Spot spot) {
    return QByteArray::number(spot.x, 'f', 1) + " " + QByteArray::number(spot.y, 'f', 1);
  }

  // The part of it that is seen.
  void add_line(QByteArray& path, Spot from, Spot to) const {
    if (!clip(from, to, static_cast<float>(camera_.width), static_cast<float>(camera_.height))) return;
    path += "M" + place(from) + "L" + place(to);
  }

  template <class Which>
  void add_links_if(const QColor& colour, Which&& which) {
    const std::vector<Edge>& edges = scene_.edges->edges;
    const std::size_t in_layer = edges.size() / kLayers + 1;
    const double opacity = std::clamp(30 / (1 + static_cast<double>(std::min(edges.size(), kLayers))), 0.12, 0.8);
    for (std::size_t begin = 0; begin < edges.size(); begin += in_layer) {
      QByteArray path;
      for (const Edge& edge : std::span(edges).subspan(begin, std::min(in_layer, edges.size() - begin))) {
        if (which(edge)) add_line(path, view((*scene_.spots)[edge.a]), view((*scene_.spots)[edge.b]));
      }
      add_path(path, colour, camera_.ratio, is_background(scene_) ? opacity * 0.3 : opacity);
    }
  }

  void add_path(const QByteArray& path, const QColor& colour, double width, double opacity, const char* cap = "round") {
    if (path.isEmpty()) return;
    out_ += "<path fill=\"none\" stroke-linecap=\"" + QByteArray(cap) + "\" stroke=\"" + colour.name().toUtf8() +
            "\" stroke-width=\"" + QByteArray::number(width, 'f', 2) + "\" opacity=\"" +
            QByteArray::number(opacity, 'f', 2) + "\" d=\"" + path + "\"/>\n";
  }

  void add_circle(Spot at, double radius, const QColor& fill, const QColor& rim = {}, double opacity = 1) {
    out_ += "<circle cx=\"" + QByteArray::number(at.x, 'f', 1) + "\" cy=\"" + QByteArray::number(at.y, 'f', 1) +
            "\" r=\"" + QByteArray::number(radius, 'f', 2) + "\" fill=\"" + fill.name().toUtf8() + "\"";
    if (rim.isValid()) out_ += " stroke=\"" + rim.name().toUtf8() + "\"";
    if (opacity < 1) out_ += " opacity=\"" + QByteArray::number(opacity, 'f', 2) + "\"";
    out_ += "/>\n";
  }

  void add_ring(Spot at, double radius, const QColor& colour, double width) {
    out_ += "<path fill=\"none\" stroke=\"" + colour.name().toUtf8() + "\" stroke-width=\"" +
            QByteArray::number(width, 'f', 2) + "\" d=\"M" + place({at.x - static_cast<float>(radius), at.y});
    const QByteArray arc =
        "a" + QByteArray::number(radius, 'f', 2) + " " + QByteArray::number(radius, 'f', 2) + " 0 1 0 ";
    out_ += arc + QByteArray::number(2 * radius, 'f', 2) + " 0" + arc + QByteArray::number(-2 * radius, 'f', 2) +
            " 0\"/>\n";
  }

  const Scene& scene_;
  const Camera& camera_;
  const Theme& theme_;
  QByteArray out_;
};

}  // namespace

QByteArray svg_of(const Scene& scene, const Camera& camera, const std::vector<Caption>& captions) {
  SvgText svg(scene, camera);
  if (scene.placement->kind == LayoutKind::map) svg.add_map();
  if (scene.size() > 0) {
    svg.add_wires();
    svg.add_links();
    svg.add_strokes(selected_strokes(scene, camera));
    svg.add_strokes(route_strokes(scene, camera));
    svg.add_routers();
    svg.add_hosts();
    svg.add_trace();
    svg.add_flights();
  }
  for (const Caption& caption : captions) svg.add_caption(caption);
  return svg.finish();
}

}  // namespace ghostnet::gui
