// CodelQueue: a first-in-first-out queue under the controlled delay algorithm of RFC 8289.
//
// When packets have waited longer than `target` for a whole `interval`, one is dropped (or marked, if it can carry ECN
// and marking is on) at the moment it would be sent, and then one more at intervals that shrink with the square root of
// their number, until the delay is below the target. Bursts shorter than an interval pass.
//
// The owner bounds the queue before it pushes; a queue holds slots of the owner's pool (packet_pool.hpp).
#pragma once

#include <cstdint>
#include <vector>

#include "ghostnet/link/link_params.hpp"
#include "ghostnet/link/packet_pool.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::link {

class CodelQueue {
 public:
  bool empty() const { return list_.empty(); }
  std::uint32_t packets() const { return list_.packets(); }
  std::uint64_t bytes() const { return list_.bytes(); }

  void push(PacketPool& pool, Slot slot) { list_.push_back(pool, slot); }

  // Takes the front without judging it: for the owner's limit.
  Slot drop_front(PacketPool& pool) { return list_.pop_front(pool); }

  // The next packet to send at `now`. Appends the slots of packets that CoDel dropped on the way to `dropped`.
  Dequeued dequeue(TimePoint now, const CodelParams& params, bool mark, PacketPool& pool, std::vector<Slot>& dropped);

 private:
  struct Candidate {
    Slot slot = kNoSlot;
    bool may_drop = false;
  };
  Candidate take(TimePoint now, const CodelParams& params, PacketPool& pool);
  // Names as in RFC 8289 5.2.
  PacketList list_;
  TimePoint first_above_time_ = TimePoint::min();  // min(): the delay is not above the target
  TimePoint drop_next_{};
  std::uint32_t count_ = 0;
  std::uint32_t last_count_ = 0;
  std::uint32_t max_packet_bytes_ = 0;  // the largest seen stands for the MTU
  bool dropping_ = false;
};

}  // namespace ghostnet::link
