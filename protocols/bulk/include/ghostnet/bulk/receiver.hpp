// Receiver: the engine that measures what arrives of one transfer: goodput, loss, order, duplicates, jitter, and
// goodput interval by interval. Clockless, no I/O.
//
// Duplicates are found among the last kWindow sequence numbers; what comes later than that counts as a duplicate too,
// since nobody could tell. Jitter is that of RFC 3550 6.4.1: J += (|D| - J) / 16, D the change of transit time from one
// packet to the next in order of arrival; the clocks of the two ends need not agree.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>

#include "ghostnet/bulk/wire.hpp"
#include "ghostnet/runtime/histogram.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::bulk {

class Receiver {
 public:
  static constexpr std::uint64_t kWindow = 4096;
  // Intervals without a byte are recorded too, up to so many in a row.
  static constexpr std::uint64_t kMaxGapIntervals = 3600;

  // `interval` > 0.
  explicit Receiver(Duration interval) : interval_(interval) {}

  enum class Verdict : std::uint8_t { in_order, reordered, duplicate };
  Verdict on_packet(std::uint64_t sequence, std::int64_t sent_at_ns, std::size_t size_bytes, TimePoint now);
  // Bytes of a stream.
  void on_bytes(std::size_t size_bytes, TimePoint now);

  // Visits the goodput, in bit/s, of every interval that has ended by `now` and was not visited before.
  template <class Visit>
  void for_each_interval(TimePoint now, Visit&& visit);

  // What arrived, of `sent` packets that were sent.
  Report report(std::uint64_t sent) const;

 private:
  bool seen_before(std::uint64_t sequence);
  void note_jitter(std::int64_t sent_at_ns, TimePoint now);
  void note_bytes(std::size_t size_bytes, TimePoint now);

  Duration interval_;
  Report counts_;
  bool started_ = false;
  TimePoint first_at_{};
  TimePoint last_at_{};
  std::bitset<kWindow> seen_;        // by sequence modulo kWindow
  std::uint64_t next_expected_ = 0;  // one past the highest sequence that arrived
  std::int64_t last_transit_ns_ = 0;
  std::uint64_t jitter_16th_ns_ = 0;  // J times 16, as in RFC 3550 A.8

  TimePoint interval_start_{};
  std::uint64_t interval_bytes_ = 0;
};

template <class Visit>
void Receiver::for_each_interval(TimePoint now, Visit&& visit) {
  if (!started_) return;
  std::uint64_t visited = 0;
  while (now - interval_start_ >= interval_) {
    if (++visited > kMaxGapIntervals) {
      interval_start_ = now;
      return;
    }
    Report over_interval;
    over_interval.bytes = interval_bytes_;
    over_interval.duration_ns = interval_.count();
    visit(over_interval.goodput_bps());
    interval_start_ += interval_;
    interval_bytes_ = 0;
  }
}

}  // namespace ghostnet::bulk
