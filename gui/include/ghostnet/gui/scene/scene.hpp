// Scene: everything that a picture of the mesh is made of, in values that do not change, so that the thread that draws
// it shares them with the window. Made from the document and a moment (scene_model.hpp), drawn by a Renderer.
#pragma once

#include <QColor>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/gui/scene/ground.hpp"
#include "ghostnet/gui/scene/moment.hpp"
#include "ghostnet/gui/scene/placement.hpp"
#include "ghostnet/gui/theme.hpp"

namespace ghostnet::gui {

// How hosts look, by index.
struct NodeLook {
  std::vector<QRgb> colours{};
  std::vector<float> sizes{};  // a factor on the usual radius; empty: all 1
};

// The followed message: who has it, and over which links it came.
struct TraceLook {
  struct Hop {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::int64_t sent_ns = 0;
    std::int64_t arrived_ns = 0;
    QRgb colour = 0;  // by its delay
  };
  std::uint32_t root = 0;
  std::int64_t began_ns = 0;
  std::vector<Hop> hops{};  // in order of arrival
};

// The routing table of the one host that is selected.
struct TableLook {
  std::uint32_t host = 0;
  std::size_t entries = 0;
  std::size_t held_by = 0;    // hosts that have it in theirs
  std::int16_t deepest = -1;  // the bucket nearest to it that holds an entry; -1: it has none
  bool operator==(const TableLook&) const = default;
};

struct Scene {
  ThemeKind theme = ThemeKind::dark;
  std::int64_t time_ns = 0;
  std::shared_ptr<const Placement> placement = std::make_shared<Placement>();
  std::shared_ptr<const std::vector<Spot>> spots{};  // at this instant; of the placement unless hosts move
  std::shared_ptr<const EdgeSet> edges = std::make_shared<EdgeSet>();
  std::vector<bool> hidden_kinds{};        // by the edge set's kinds
  std::uint16_t topic = 0;                 // 0: all
  std::shared_ptr<const Ground> ground{};  // null: the run is on no graph
  bool shows_wires = true;
  std::shared_ptr<const RouteLook> routes{};  // of what is selected; null: none are shown
  std::optional<TableLook> table{};           // nothing: no table is shown
  std::shared_ptr<const NodeLook> nodes = std::make_shared<NodeLook>();
  std::shared_ptr<const std::vector<Condition>> conditions{};
  std::shared_ptr<const Parts> parts{};
  std::shared_ptr<const std::vector<Flight>> flights{};
  std::shared_ptr<const TraceLook> trace{};
  std::vector<std::uint32_t> selected{};

  std::size_t size() const { return spots ? spots->size() : 0; }
  Condition condition_of(std::size_t host) const {
    return conditions != nullptr && host < conditions->size() ? (*conditions)[host] : Condition::up;
  }
  // Whether the link goes from one part of a network that is cut apart to another.
  bool is_cut(const Edge& edge) const { return parts != nullptr && parts->of_host[edge.a] != parts->of_host[edge.b]; }
  bool shows(const Edge& edge) const {
    const bool hidden = edge.kind < hidden_kinds.size() && hidden_kinds[edge.kind];
    return !hidden && (topic == 0 || edge.topic == 0 || edge.topic == topic);
  }
};

// Whether the run is on a graph and its routers have their places.
inline bool has_routers(const Scene& scene) {
  return scene.ground != nullptr && scene.placement->routers.size() == scene.ground->topology.routers.size();
}

// The way that a message is seen to go: straight, or by the routers that it passes. In pixels.
class Track {
 public:
  Track(const Scene& scene, const Camera& camera, const Flight& flight);
  // A share of its length away from the sender.
  Spot at(float share) const;
  // The corners between two shares, these included.
  std::vector<Spot> between(float from, float to) const;

 private:
  std::vector<Spot> corners_;
  std::vector<float> lengths_;  // up to each corner
};

// The rim of the hosts in a part of a network that is cut apart, other than the largest.
QColor part_colour(const Theme& theme, std::uint8_t part);

// Of an entry in a routing table: the nearer its bucket is to the table's owner, the stronger. How far that is along
// the scale, and its colour.
double bucket_share(std::int16_t bucket, std::int16_t deepest);
QColor bucket_colour(const Theme& theme, std::int16_t bucket, std::int16_t deepest);

// The radius of a host of size 1, in pixels: a share of the room that hosts have, within what can be seen and told
// apart.
float node_radius(const Scene& scene, const Camera& camera);

// Likewise how wide a wire and a route are, and half the side of a router.
float wire_width(const Camera& camera);
float route_width(const RouteLook::Load& load, const Camera& camera);
float router_half(const Scene& scene, const Camera& camera);

}  // namespace ghostnet::gui
