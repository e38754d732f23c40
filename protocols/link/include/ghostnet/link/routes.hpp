// Routes: the way from router to router that packets take on the fabric and in the live world.
//
// The rule: the way of least delay. A hop counts for a nanosecond besides its delay, so that among ways without delay
// the one with fewer hops is taken. Among ways that are equal, each router takes the hop that was laid first; routes
// are therefore the same in every run and every world.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ghostnet/runtime/time.hpp"

namespace ghostnet::link {

// One direction of a link between two routers, which are called by number.
struct Hop {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  Duration delay{};  // not negative
  bool up = true;
};

inline constexpr std::uint32_t kNoHop = UINT32_MAX;

// For each router the place in `hops` of the hop to take there towards `to`: kNoHop where there is no way, and at `to`
// itself. `hops` are in the order in which they were laid, their ends below `routers`.
std::vector<std::uint32_t> hops_towards(std::uint32_t to, std::span<const Hop> hops, std::size_t routers);

}  // namespace ghostnet::link
