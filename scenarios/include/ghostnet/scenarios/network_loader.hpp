// What hosts stand on: regions with their latencies, or routers with their links, from the scenario itself, from a file
// that it names, or from a network that comes with the program.
//
//   regions: { europe: { weight: 3 }, asia: }          network: { regions: ethereum }       a name
//   latencies: [[12 ms, 90 ms], [90 ms, 25 ms]]        network: { regions: mine.yaml }      a file with these sections
//                                                      latencies: matrix.csv                milliseconds, one way
//   routers: [core, dsl]                               network: { graph: topology.gml }     or a file with these
//   links: [{ from: core, to: dsl, latency: 5 ms }]
//
// GML is read as Shadow reads it: nodes are where hosts stand, edges have `latency`, `jitter` and `packet_loss`, paths
// are shortest by latency (host_bandwidth_up and _down are those of hosts at a node). Edges with a `bandwidth` are
// links with queues between routers.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ghostnet/scenarios/option_reader.hpp"
#include "ghostnet/scenarios/scenario.hpp"

namespace ghostnet::scenarios {

// The region of a file that names none.
inline constexpr std::string_view kEverywhere = "everywhere";

// A network that comes with the program.
struct ShippedNetwork {
  std::string_view name;
  std::string_view text;  // YAML with `regions` and `latencies`
};
std::span<const ShippedNetwork> shipped_networks();

// Fills scenario.regions or scenario.graph. What is wrong goes to the reader.
void load_ground(const Node& root, Scenario& scenario, SourceFiles& files, OptionReader& reader);

}  // namespace ghostnet::scenarios
