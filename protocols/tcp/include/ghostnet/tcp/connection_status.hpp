// ConnectionStatus: one connection of a stack as it stands at this moment, for metrics, traces and whoever looks.
#pragma once

#include <cstdint>
#include <string>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/time.hpp"
#include "ghostnet/tcp/connection.hpp"

namespace ghostnet::tcp {

struct ConnectionStatus {
  Endpoint local;
  Endpoint peer;
  State state = State::closed;
  std::uint32_t window_bytes = 0;     // the congestion window
  std::uint32_t threshold_bytes = 0;  // of slow start
  std::uint32_t in_flight_bytes = 0;
  std::uint32_t unsent_bytes = 0;
  std::uint32_t unread_bytes = 0;          // received in order
  std::uint32_t receive_window_bytes = 0;  // offered to the peer
  Duration smoothed_rtt{};                 // 0: not measured yet
  Connection::Counters counters{};
};

// In one line, without the endpoints: "ESTABLISHED cwnd 28960 ssthresh 14480 in flight 24616 unsent 39280 ...".
std::string describe(const ConnectionStatus& status);

}  // namespace ghostnet::tcp
