#include "ghostnet/tcp/connection_status.hpp"

#include <fmt/core.h>

namespace ghostnet::tcp {

std::string describe(const ConnectionStatus& status) {
  return fmt::format(
      "{} cwnd {} ssthresh {} in flight {} unsent {} unread {} srtt {:.3f} ms retransmitted {} timeouts {}",
      to_string(status.state), status.window_bytes, status.threshold_bytes, status.in_flight_bytes, status.unsent_bytes,
      status.unread_bytes, std::chrono::duration<double, std::milli>(status.smoothed_rtt).count(),
      status.counters.retransmitted, status.counters.timeouts);
}

}  // namespace ghostnet::tcp
