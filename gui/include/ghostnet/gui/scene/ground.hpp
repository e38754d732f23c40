// Ground: the network beneath the hosts of a run on a graph: its routers and wires, which host is wired to which
// router, and the ways that packets take. Other runs have none: their regions are a cloud.
//
// A router is called by its place in the topology. Those that hosts name and no wire does are at the end of it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/scene/camera.hpp"
#include "ghostnet/gui/scene/placement.hpp"
#include "ghostnet/results/topology.hpp"

namespace ghostnet::gui {

struct Ground {
  static constexpr std::uint32_t kNowhere = UINT32_MAX;

  results::Topology topology{};
  results::Routing routing = results::Routing::least_delay;
  std::vector<std::uint32_t> router_of{};  // by host; kNowhere: at none
};

// Null where the topology is empty. `carrier` is that of the run.
std::shared_ptr<const Ground> ground_of(results::Topology topology, const std::string& carrier, const HostTable& hosts);

// Where the routers stand, for hosts that stand already: amid their hosts; those that have none, amid the routers that
// they are wired to.
std::vector<Spot> router_spots(const Ground& ground, std::span<const Spot> hosts);

// The way from one host to another.
struct Route {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::vector<std::uint32_t> routers{};  // one or more
  std::vector<std::uint32_t> wires{};    // between them
  std::int64_t delay_ns = 0;             // of these
};

// Finds ways and keeps what it found. Used by one thread at a time.
class RouteFinder {
 public:
  explicit RouteFinder(std::shared_ptr<const Ground> ground);

  // Nothing where a host is at no router, or there is no way.
  std::optional<Route> between(std::uint32_t from, std::uint32_t to);
  // The routers that a packet passes, shared by all packets that pass the same; null as above.
  std::shared_ptr<const std::vector<std::uint32_t>> routers_between(std::uint32_t from, std::uint32_t to);

 private:
  static constexpr std::size_t kMaxKept = 100'000;

  std::shared_ptr<const Ground> ground_;
  results::Ways ways_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::shared_ptr<const std::vector<std::uint32_t>>> kept_;
};

// Ways that are drawn: how many of them take each wire.
struct RouteLook {
  struct Load {
    std::uint32_t wire = 0;
    std::uint32_t routes = 0;
  };
  std::vector<Load> wires{};
  std::vector<std::uint32_t> hosts{};  // at their ends
  std::size_t count = 0;
  std::optional<Route> only{};  // where there is just one
};
RouteLook look_of_routes(RouteFinder& finder, std::span<const Pair> from_to);

// "seattle → chicago → new_york"; some of many are left out.
QString routers_text(const Route& route, const results::Topology& topology);
// "32 ms on 2 wires"
QString cost_text(const Route& route);

}  // namespace ghostnet::gui
