// What can be read of a host's wires and connections while a simulation runs.
#pragma once

#include <cstdint>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::sim {

// One direction of the wire of a host's first interface, as it is at this moment.
struct WireReading {
  bool out = true;                 // from the host; else towards it
  std::uint64_t rate_bps = 0;      // 0: infinitely fast
  std::uint64_t queued_bytes = 0;  // not yet sent
  std::uint64_t sent_bytes = 0;    // since it is watched, headers included
  std::uint64_t dropped = 0;       // packets, since it is watched
};

// A connection of TCP, as its sender on this host sees it at this moment.
struct ConnectionReading {
  Endpoint local;
  Endpoint peer;
  std::uint64_t window_bytes = 0;  // the congestion window
  std::uint64_t in_flight_bytes = 0;
  Duration smoothed_rtt{};  // 0: not measured yet
};

}  // namespace ghostnet::sim
