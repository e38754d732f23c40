// Graphs in GML as networks: see network_loader.hpp for what they mean.
#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

#include "ghostnet/scenarios/diagnostic.hpp"
#include "ghostnet/sim/world.hpp"

namespace ghostnet::scenarios {

// One of the two is filled: regions with the shortest path between each two, or routers with links.
struct GraphFile {
  sim::RegionsSpec regions;
  sim::GraphSpec graph;
};

// Diagnostics have no file. Total.
std::expected<GraphFile, Diagnostic> read_gml_graph(std::string_view text, std::size_t max_regions,
                                                    std::size_t max_routers, std::size_t max_links);

}  // namespace ghostnet::scenarios
