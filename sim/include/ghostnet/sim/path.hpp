// PathParams: the way between two regions of the Internet, one direction.
#pragma once

#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::sim {

struct PathParams {
  Duration delay{};
  Duration jitter{};  // uniform in delay +- jitter; packets may overtake each other
  Probability loss{};
};

}  // namespace ghostnet::sim
