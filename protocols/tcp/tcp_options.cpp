#include "ghostnet/tcp/tcp_options.hpp"

namespace ghostnet::tcp {

Tuning TcpOptions::tuning() const {
  Tuning tuning;
  tuning.congestion = congestion == CongestionChoice::newreno ? &kNewReno : &kCubic;
  tuning.pacing = pacing;
  tuning.ecn = ecn;
  tuning.sack = sack;
  tuning.timestamps = timestamps;
  tuning.window_scaling = window_scaling;
  tuning.nagle = nagle;
  tuning.keepalive_idle = keepalive;
  tuning.delayed_ack = delayed_ack;
  tuning.least_timeout = min_rto;
  tuning.initial_timeout = initial_rto;
  tuning.user_timeout = user_timeout;
  tuning.time_wait = time_wait;
  tuning.initial_window_segments = initial_window;
  tuning.syn_retries = static_cast<std::uint8_t>(syn_retries);
  tuning.retries = static_cast<std::uint8_t>(retries);
  tuning.receive_buffer_bytes = static_cast<std::uint32_t>(receive_buffer.bytes);
  tuning.max_receive_buffer_bytes = static_cast<std::uint32_t>(max_receive_buffer.bytes);
  tuning.send_buffer_bytes = static_cast<std::uint32_t>(send_buffer.bytes);
  tuning.max_send_buffer_bytes = static_cast<std::uint32_t>(max_send_buffer.bytes);
  tuning.max_buffer_bytes = max_buffers.bytes;
  return tuning;
}

}  // namespace ghostnet::tcp
