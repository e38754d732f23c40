// Placement: where every host stands on the plane, and what is written beside crowds of them. How it came about is one
// of the layouts: on the map, by coordinates, radially, or by forces (force_layout.hpp).
//
// The same hosts and links give the same placement on every start. Spots are in the order of the host table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/scene/camera.hpp"

namespace ghostnet::gui {

struct Ground;

// Two hosts by their indexes.
struct Pair {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  bool operator==(const Pair&) const = default;
};

// A name for a crowd: a region, a group.
struct CrowdLabel {
  std::string text;
  std::size_t hosts = 0;
  Spot middle{};
  float radius = 0;
};

struct Placement {
  LayoutKind kind = LayoutKind::radial;
  std::vector<Spot> spots{};
  std::vector<Spot> routers{};  // of a run on a graph (ground.hpp)
  std::vector<CrowdLabel> crowds{};
  Extent extent{};    // what a camera should show at first
  float spacing = 1;  // the usual distance of neighbours
};

// What `automatic` stands for: the network where the run is on a graph and no degrees are known, the map where regions
// or degrees are, the plane where metres are, forces where there are links, else radial.
LayoutKind chosen_layout(const HostTable& hosts, LayoutKind wanted, bool has_links, bool has_routers = false);

// Hosts with degrees stand there while they have room. Those of a crowded region, or of one whose place alone is known,
// stand about its middle as the seeds of a sunflower do, so that none hides another; crowds are moved apart where they
// would overlap. Regions of no known place line the south.
Placement map_placement(const HostTable& hosts);

// By metres.
Placement plane_placement(const HostTable& hosts);

// Without links a disc of sectors, one for each group. With links rings around the host that has most of them: a ring
// for each hop of the shortest way, each host beside the one that it is reached by.
Placement radial_placement(const HostTable& hosts, std::span<const Pair> links);

// Routers by the forces of their wires, each with its hosts about it.
Placement network_placement(const HostTable& hosts, const Ground& ground);

// The smallest extent with all spots.
Extent extent_of(std::span<const Spot> spots);

// The n-th seed of a sunflower whose seeds are `spacing` apart.
Spot sunflower(std::size_t n, float spacing);

}  // namespace ghostnet::gui
