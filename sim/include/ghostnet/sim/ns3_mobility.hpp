// Where wireless hosts are and how they move: the mobility models of ns-3 that scenarios can ask for.
//
// A trace of ns-2 ("$node_(0) set X_ 5.0", "$ns_ at 2.0 \"$node_(0) setdest 90 44 1.5\""), as setdest, BonnMotion and
// SUMO write it, is read by ns-3's own helper; it skips in silence what it does not understand and crashes on some of
// the rest, so every line is checked here first. Node n of the trace is the n-th host that the mobility is for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::sim {

struct Position {
  double x_m = 0;
  double y_m = 0;
  double z_m = 0;
};

// The rectangle from (0, 0).
struct Area {
  double width_m = 1000;
  double height_m = 1000;
};

struct FixedPositions {
  std::vector<Position> positions{};  // one for each host
};

struct GridPositions {
  double spacing_m = 50;
  std::uint32_t columns = 0;  // 0: about as many as rows
};

struct RandomPositions {
  Area area{};
};

// Walks straight to a random point of the area, rests, walks to the next.
struct RandomWaypoint {
  Area area{};
  double min_speed_m_s = 1;  // above 0: hosts that draw 0 would never arrive
  double max_speed_m_s = 5;
  Duration pause = 2s;
};

// Walks in a random direction for a while, then in another; bounces off the edges.
struct RandomWalk {
  Area area{};
  double min_speed_m_s = 1;
  double max_speed_m_s = 5;
  Duration leg = 10s;
};

struct Ns2Trace {
  std::string path{};
};

using Mobility = std::variant<FixedPositions, GridPositions, RandomPositions, RandomWaypoint, RandomWalk, Ns2Trace>;

// That the text is a trace of ns-2 that moves no other nodes than 0 .. nodes - 1. Errors: malformed, with the line.
Result<> check_ns2_trace(std::string_view text, std::size_t nodes);

}  // namespace ghostnet::sim
