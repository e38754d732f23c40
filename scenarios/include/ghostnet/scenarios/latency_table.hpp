// Latencies between regions as a table of comma-separated values: a header with a name for each column, a row for each
// region, its name first, then (where the header says `weight`) its weight, then milliseconds one way to each.
// Lines that begin with # are comments.
//
//   region,weight,europe,asia
//   europe,3,12,90
//   asia,1,90,25.5
#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

#include "ghostnet/scenarios/diagnostic.hpp"
#include "ghostnet/sim/world.hpp"

namespace ghostnet::scenarios {

// Diagnostics have no file. Total.
std::expected<sim::RegionsSpec, Diagnostic> read_latency_table(std::string_view text, std::size_t max_regions);

}  // namespace ghostnet::scenarios
