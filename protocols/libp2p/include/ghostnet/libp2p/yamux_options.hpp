// The bounds and times of a yamux session.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ghostnet/runtime/time.hpp"

namespace ghostnet::libp2p {

// Every stream begins with so much in either direction; a larger window is announced by an update.
inline constexpr std::uint32_t kYamuxInitialWindowBytes = 256 * 1024;

struct YamuxOptions {
  std::uint32_t max_window_bytes = 16 * 1024 * 1024;  // of one stream, where auto-tuning ends
  std::size_t max_receive_bytes = 32 * 1024 * 1024;   // held for readers of all streams; beyond it the session ends
  std::size_t max_send_bytes = 128 * 1024;            // on the way to the connection; beyond it writers wait
  std::uint32_t max_inbound_streams = 512;            // open at once; more are reset
  std::uint32_t max_outbound_streams = 512;
  std::uint32_t max_ack_backlog = 256;        // opened by us, not yet acknowledged
  std::uint32_t max_frame_bytes = 64 * 1024;  // of data that we send; a larger one of the peer's is read as well
  // What a peer still sends on a stream that was dropped behind its end is thrown away, and given back to the peer as
  // window, so that its writer does not hang: up to so many bytes, on so many streams; beyond either it is reset.
  std::uint32_t max_drained_bytes = 1024 * 1024;
  std::uint32_t max_drained_streams = 64;
  Duration keepalive_interval = 30s;  // 0: no pings
  Duration keepalive_timeout = 10s;   // without an answer for so long, the session ends
};

// What all sessions of a node have together; one of them alone cannot use up what the others need.
struct YamuxBudget {
  // Held for readers of all streams. Beyond it a session that holds more than kYamuxInitialWindowBytes ends when more
  // comes to it.
  std::size_t max_receive_bytes;
  std::size_t max_inbound_streams;  // open at once; more are reset
  std::size_t held_bytes = 0;
  std::size_t inbound_streams = 0;
};

}  // namespace ghostnet::libp2p
