// A drop-tail queue written the plain way, in fractions: every packet waits in a list and is sent bit by bit.
// It shares nothing with the engine that it checks.
#pragma once

#include <cstdint>
#include <deque>

#include "ghostnet/runtime/time.hpp"

namespace ghostnet::link {

class FifoReference {
 public:
  FifoReference(std::uint64_t rate_bps, std::uint64_t limit_bytes, std::uint64_t limit_packets)
      : rate_bps_(rate_bps), limit_bytes_(limit_bytes), limit_packets_(limit_packets) {}

  // The departure in whole nanoseconds, or kNever for a packet that does not fit.
  TimePoint offer(TimePoint now, std::uint64_t size_bytes) {
    const Time at = static_cast<Time>(to_ns(now)) * static_cast<Time>(rate_bps_);
    while (!waiting_.empty() && waiting_.front().end <= at) waiting_.pop_front();
    Time unsent = 0;  // in 10^-9 bit
    std::uint64_t packets = 0;
    for (const Packet& packet : waiting_) {
      unsent += packet.end - (packet.start > at ? packet.start : at);
      packets += floor_ns(packet.end) > now ? 1 : 0;
    }
    const Time work = static_cast<Time>(size_bytes) * kWorkPerByte;
    if (unsent + work > static_cast<Time>(limit_bytes_) * kWorkPerByte) return kNever;
    if (limit_packets_ != 0 && packets >= limit_packets_) return kNever;
    const Time start = waiting_.empty() ? at : waiting_.back().end;
    waiting_.push_back({start, start + work});
    return floor_ns(start + work);
  }

 private:
  // Time in units of 1 / rate nanoseconds, in which the end of every packet is a whole number.
  __extension__ typedef __int128 Time;
  static constexpr Time kWorkPerByte = 8'000'000'000;

  struct Packet {
    Time start;
    Time end;
  };

  TimePoint floor_ns(Time t) const { return from_ns(static_cast<std::int64_t>(t / static_cast<Time>(rate_bps_))); }

  std::uint64_t rate_bps_;
  std::uint64_t limit_bytes_;
  std::uint64_t limit_packets_;
  std::deque<Packet> waiting_;
};

}  // namespace ghostnet::link
