// TimeWait: what is left of a connection that both sides have finished, for twice the time that a segment may live (RFC
// 9293 3.6.1): enough to answer the peer's FIN again, and to tell its old segments from a new connection's.
#pragma once

#include <cstdint>
#include <optional>

#include "ghostnet/runtime/frame_pool.hpp"
#include "ghostnet/runtime/time.hpp"
#include "ghostnet/runtime/waiter.hpp"
#include "ghostnet/tcp/connection.hpp"
#include "ghostnet/tcp/flow_table.hpp"

namespace ghostnet::tcp {

class TimeWait final : public Flow, public ListLink, public FromFramePool {
 public:
  TimeWait(TimePoint now, const Flow& flow, const Connection& connection, const Tuning& tuning);

  enum class Verdict : std::uint8_t {
    ignore,
    answer,  // with answer()
    renew,   // the same, and the wait begins again
    reopen,  // a SYN of a new connection: this one gives way
  };
  // RFC 9293 3.10.7.4 for TIME-WAIT, RFC 6191 2, RFC 1337 3.
  Verdict judge(const Segment& segment) const;
  SegmentHeader answer(TimePoint now) const;

  // A new connection of the same addresses starts its numbers from here, or later (RFC 6191 2).
  SeqNumber next_initial_sequence() const { return snd_nxt_ + 65'537; }

  TimePoint expires_at;

 private:
  bool begins_anew(const SegmentHeader& syn) const;

  SeqNumber snd_nxt_;
  SeqNumber rcv_nxt_;
  std::uint32_t ts_recent_;
  std::uint32_t timestamp_offset_;
  std::uint16_t window_;
  bool timestamps_;         // of the connection that it is left of
  bool offers_timestamps_;  // and of one that would take its place, where the peer offers them
};

}  // namespace ghostnet::tcp
