#include "scene/vector_picture.hpp"

#include <QColor>
#include <algorithm>
#include <span>

#include "ghostnet/gui/scene/raster.hpp"
#include "ghostnet/gui/scene/world_map.hpp"

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
    if (!scene_.shows_wires || !has_routers(scene_)) return;
    const std::vector<Spot>& routers = scene_.placement->routers;
    QByteArray hosts;
    for (std::size_t host = 0; host < std::min(scene_.size(), scene_.ground->router_of.size()); ++host) {
      const std::uint32_t router = scene_.ground->router_of[host];
      if (router != Ground::kNowhere) add_line(hosts, view((*scene_.spots)[host]), view(routers[router]));
    }
    add_path(hosts, theme_.link, camera_.ratio, 0.3);
    QByteArray wires;
    for (const results::Wire& wire : scene_.ground->topology.wires) {
      add_line(wires, view(routers[wire.a]), view(routers[wire.b]));
    }
    add_path(wires, theme_.link, wire_width(camera_), 0.8);
  }

  void add_routes() {
    if (scene_.routes == nullptr || !has_routers(scene_)) return;
    const std::vector<Spot>& routers = scene_.placement->routers;
    const QColor colour = link_colour(theme_, "route");
    for (const RouteLook::Load& load : scene_.routes->wires) {
      const results::Wire& wire = scene_.ground->topology.wires[load.wire];
      QByteArray line;
      add_line(line, view(routers[wire.a]), view(routers[wire.b]));
      add_path(line, colour, route_width(load, camera_), 0.9);
    }
    QByteArray ends;
    for (const std::uint32_t host : scene_.routes->hosts) {
      add_line(ends, view((*scene_.spots)[host]), view(routers[scene_.ground->router_of[host]]));
    }
    add_path(ends, colour, 1.3 * camera_.ratio, 0.8);
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
    const double usual = node_radius(scene_, camera_);
    const bool is_dim = scene_.trace != nullptr;
    out_ += is_dim ? "<g opacity=\"0.3\">\n" : "<g>\n";
    for (std::size_t host = 0; host < scene_.size(); ++host) {
      const double radius = usual * (host < scene_.nodes->sizes.size() ? scene_.nodes->sizes[host] : 1);
      const Spot at = view((*scene_.spots)[host]);
      if (scene_.parts != nullptr && scene_.parts->of_host[host] != 0) {
        add_circle(at, radius + 3 * camera_.ratio, part_colour(theme_, scene_.parts->of_host[host]));
      }
      const Condition condition = scene_.condition_of(host);
      const QColor colour = host < scene_.nodes->colours.size() ? QColor(scene_.nodes->colours[host]) : theme_.node;
      if (condition == Condition::up) {
        add_circle(at, radius, colour);
      } else {
        add_circle(at, radius, theme_.canvas, condition == Condition::down ? theme_.down : theme_.warning);
      }
    }
    out_ += "</g>\n";
  }

  // Those hops that have arrived, each in the colour of its delay.
  void add_trace() {
    if (scene_.trace == nullptr || scene_.time_ns < scene_.trace->began_ns) return;
    const double radius = std::max(1.6, static_cast<double>(node_radius(scene_, camera_)));
    for (const TraceLook::Hop& hop : scene_.trace->hops) {
      if (hop.arrived_ns > scene_.time_ns) continue;
      QByteArray line;
      add_line(line, view((*scene_.spots)[hop.from]), view((*scene_.spots)[hop.to]));
      add_path(line, QColor(hop.colour), 1.4 * camera_.ratio, 0.7);
    }
    for (const TraceLook::Hop& hop : scene_.trace->hops) {
      if (hop.arrived_ns <= scene_.time_ns)
        add_circle(view((*scene_.spots)[hop.to]), radius * 1.15, QColor(hop.colour));
    }
    add_circle(view((*scene_.spots)[scene_.trace->root]), radius * 1.5, theme_.message, theme_.message);
  }

  void add_flights() {
    if (scene_.flights == nullptr) return;
    QByteArray dots;
    for (const Flight& flight : *scene_.flights) {
      if (flight.lost || scene_.time_ns < flight.sent_ns || scene_.time_ns > flight.until_ns) continue;
      if (scene_.trace != nullptr && flight.trace == 0) continue;
      const auto took = static_cast<float>(std::max<std::int64_t>(1, flight.until_ns - flight.sent_ns));
      const float share = static_cast<float>(scene_.time_ns - flight.sent_ns) / took;
      dots += "M" + place(Track(scene_, camera_, flight).at(share)) + "h0";
    }
    add_path(dots, theme_.message, 3 * camera_.ratio, 0.9);
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
      add_path(path, colour, camera_.ratio, scene_.trace != nullptr ? opacity * 0.3 : opacity);
    }
  }

  void add_path(const QByteArray& path, const QColor& colour, double width, double opacity, const char* cap = "round") {
    if (path.isEmpty()) return;
    out_ += "<path fill=\"none\" stroke-linecap=\"" + QByteArray(cap) + "\" stroke=\"" + colour.name().toUtf8() +
            "\" stroke-width=\"" + QByteArray::number(width, 'f', 2) + "\" opacity=\"" +
            QByteArray::number(opacity, 'f', 2) + "\" d=\"" + path + "\"/>\n";
  }

  void add_circle(Spot at, double radius, const QColor& fill, const QColor& rim = {}) {
    out_ += "<circle cx=\"" + QByteArray::number(at.x, 'f', 1) + "\" cy=\"" + QByteArray::number(at.y, 'f', 1) +
            "\" r=\"" + QByteArray::number(radius, 'f', 2) + "\" fill=\"" + fill.name().toUtf8() + "\"";
    if (rim.isValid()) out_ += " stroke=\"" + rim.name().toUtf8() + "\"";
    out_ += "/>\n";
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
    svg.add_routes();
    svg.add_routers();
    svg.add_hosts();
    svg.add_trace();
    svg.add_flights();
  }
  for (const Caption& caption : captions) svg.add_caption(caption);
  return svg.finish();
}

}  // namespace ghostnet::gui
