#include "ghostnet/link/codel.hpp"

#include <algorithm>
#include <cmath>

namespace ghostnet::link {
namespace {

// The control law, RFC 8289 3.3. Division and square root are correctly rounded by IEEE 754: the same on any machine.
TimePoint control_law(TimePoint from, Duration interval, std::uint32_t count) {
  const double step_ns = static_cast<double>(interval.count()) / std::sqrt(static_cast<double>(count));
  return from + Duration{static_cast<std::int64_t>(step_ns)};
}

// Answers true for a packet that is to be marked and sent; any other is dropped.
bool marks_or_drops(Slot slot, bool mark, const PacketPool& pool, std::vector<Slot>& dropped) {
  if (mark && pool[slot].info.ecn_capable) return true;
  dropped.push_back(slot);
  return false;
}

}  // namespace

// RFC 8289 5.6
CodelQueue::Candidate CodelQueue::take(TimePoint now, const CodelParams& params, PacketPool& pool) {
  if (list_.empty()) {
    first_above_time_ = TimePoint::min();
    return {};
  }
  Candidate candidate{.slot = list_.pop_front(pool)};
  const PooledPacket& packet = pool[candidate.slot];
  max_packet_bytes_ = std::max(max_packet_bytes_, packet.wire_bytes);
  if (now - packet.enqueued_at < params.target || list_.bytes() <= max_packet_bytes_) {
    first_above_time_ = TimePoint::min();
  } else if (first_above_time_ == TimePoint::min()) {
    first_above_time_ = now + params.interval;
  } else {
    candidate.may_drop = now >= first_above_time_;
  }
  return candidate;
}

// RFC 8289 5.5. A packet that is marked goes out in the place of the one that would follow a dropped one.
Dequeued CodelQueue::dequeue(TimePoint now, const CodelParams& params, bool mark, PacketPool& pool,
                             std::vector<Slot>& dropped) {
  Candidate candidate = take(now, params, pool);
  if (dropping_) {
    if (!candidate.may_drop) dropping_ = false;
    while (dropping_ && now >= drop_next_) {
      ++count_;
      if (marks_or_drops(candidate.slot, mark, pool, dropped)) {
        drop_next_ = control_law(drop_next_, params.interval, count_);
        return {.slot = candidate.slot, .ce_marked = true};
      }
      candidate = take(now, params, pool);
      if (candidate.may_drop) {
        drop_next_ = control_law(drop_next_, params.interval, count_);
      } else {
        dropping_ = false;
      }
    }
    return {.slot = candidate.slot};
  }
  if (!candidate.may_drop) return {.slot = candidate.slot};

  const bool marked = marks_or_drops(candidate.slot, mark, pool, dropped);
  if (!marked) candidate = take(now, params, pool);
  dropping_ = true;
  // Coming back soon after the last dropping state: go on near the rate of drops that worked then.
  const std::uint32_t delta = count_ - last_count_;
  count_ = delta > 1 && now - drop_next_ < 16 * params.interval ? delta : 1;
  drop_next_ = control_law(now, params.interval, count_);
  last_count_ = count_;
  return {.slot = candidate.slot, .ce_marked = marked};
}

}  // namespace ghostnet::link
