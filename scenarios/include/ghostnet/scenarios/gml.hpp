// GML, the Graph Modelling Language, as graphs for Shadow and of the Internet Topology Zoo are written in.
//
//   graph [
//     directed 0
//     node [ id 0  label "zurich"  host_bandwidth_up "100 Mbit" ]
//     edge [ source 0  target 1  latency "10 ms"  packet_loss 0.01 ]
//   ]
//
// parse_gml() reads any GML into a list of keys with values. It is total; depth and entries are bounded.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/scenarios/diagnostic.hpp"

namespace ghostnet::scenarios {

struct GmlLimits {
  std::size_t max_depth = 16;
  std::size_t max_entries = 1'000'000;
};

struct GmlEntry {
  std::string key;
  std::string text;               // of a number, or a string without its quotes
  std::vector<GmlEntry> entries;  // of a list
  bool list = false;
  Position at;

  // The first entry of this key that is no list; null where there is none.
  const GmlEntry* find(std::string_view key) const;
};

// Diagnostics have no file.
std::expected<std::vector<GmlEntry>, Diagnostic> parse_gml(std::string_view text, const GmlLimits& limits = {});

}  // namespace ghostnet::scenarios
