// Tuning: what can be chosen of a TCP: for all connections of a stack, with the defaults that widely used systems have.
#pragma once

#include <cstdint>

#include "ghostnet/runtime/time.hpp"
#include "ghostnet/tcp/congestion.hpp"

namespace ghostnet::tcp {

enum class EcnUse : std::uint8_t {
  off,
  accept,   // where the peer asks for it
  request,  // RFC 3168 6.1.1: ask for it in every SYN
};

// Segments spread over a round trip instead of sent in bursts as acknowledgments come in.
enum class Pacing : std::uint8_t {
  off,
  slow_start,  // while the window doubles: bursts would overflow a short queue long before the path is full
  always,
};

struct Tuning {
  const CongestionAlgorithm* congestion = &kCubic;
  EcnUse ecn = EcnUse::accept;
  bool window_scaling = true;  // RFC 7323 2
  bool timestamps = true;      // RFC 7323 3
  bool sack = true;            // RFC 2018
  Pacing pacing = Pacing::slow_start;
  bool nagle = false;  // even for streams that ask for no delay (RFC 9293 3.7.4)

  std::uint32_t initial_window_segments = 10;  // RFC 6928
  Duration initial_timeout = 1s;               // RFC 6298 2.1
  Duration least_timeout = 200ms;              // RFC 6298 2.4 recommends 1 s; systems in use have this
  Duration most_timeout = 120s;
  Duration delayed_ack = 40ms;  // at most 500 ms (RFC 9293 3.8.6.3)
  std::uint8_t syn_retries = 6;
  std::uint8_t synack_retries = 5;
  std::uint8_t retries = 15;  // R2 of RFC 9293 3.8.3
  std::uint8_t orphan_retries = 8;
  std::uint8_t keepalive_probes = 9;
  Duration keepalive_idle{};       // of streams that do not ask for their own; 0: off (RFC 9293 3.8.4)
  Duration user_timeout{};         // RFC 9293 3.9.1.1; 0: by retries
  Duration fin_wait = 60s;         // of a connection without an owner, for the peer's FIN
  Duration time_wait = 60s;        // 2 MSL (RFC 9293 3.4.2); with timestamps it can be cut short (RFC 6191)
  Duration challenge_gap = 500ms;  // between challenge ACKs of one connection (RFC 5961 7)

  // Buffers are made when there is something in them and follow what the path carries up to these bounds.
  std::uint32_t receive_buffer_bytes = 128 * 1024;
  std::uint32_t max_receive_buffer_bytes = 6 * 1024 * 1024;
  std::uint32_t send_buffer_bytes = 64 * 1024;
  std::uint32_t max_send_buffer_bytes = 4 * 1024 * 1024;

  // Of a stack.
  std::uint64_t max_buffer_bytes = std::uint64_t{1} << 30;  // of all connections together (ledger.hpp)
  std::uint32_t max_connections = 1'000'000;
  std::uint32_t max_half_open =
      4096;  // beyond it, or a listener's backlog, SYNs are answered by cookies (RFC 4987 3.6)
  std::uint32_t max_time_wait = 65'536;  // beyond it the oldest goes
};

}  // namespace ghostnet::tcp
