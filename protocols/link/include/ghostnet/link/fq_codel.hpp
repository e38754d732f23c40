// FqCodelQueue: flow queueing with controlled delay, RFC 8290.
//
// Packets are sorted into queues by flow hash. Each queue runs CoDel on its own and is served by deficit round robin; a
// queue that has just become active goes first, so sparse flows hardly wait. When a limit is exceeded, the queue with
// the most bytes loses packets from its front, at most 64 at a time (RFC 8290 4.1).
#pragma once

#include <cstdint>
#include <vector>

#include "ghostnet/link/codel.hpp"
#include "ghostnet/link/link_params.hpp"
#include "ghostnet/link/packet_pool.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::link {

class FqCodelQueue {
 public:
  explicit FqCodelQueue(std::uint32_t flows) : flows_(flows) {}

  bool empty() const { return packets_ == 0; }
  std::uint32_t packets() const { return packets_; }
  std::uint64_t bytes() const { return bytes_; }

  // Takes the packet in any case, then drops until the limits hold: the slots, maybe this one, are appended to
  // `overflow`.
  void push(PacketPool& pool, Slot slot, const LinkProfile& link, std::vector<Slot>& overflow);

  // The next packet to send at `now`. Appends the slots that CoDel dropped on the way to `dropped`.
  Dequeued dequeue(TimePoint now, const LinkParams& params, PacketPool& pool, std::vector<Slot>& dropped);

 private:
  using FlowNumber = std::uint32_t;
  static constexpr FlowNumber kNoFlow = 0xffff'ffff;

  struct Flow {
    CodelQueue queue;
    std::int64_t deficit_bytes = 0;
    FlowNumber next = kNoFlow;
    bool active = false;
  };
  struct FlowList {
    FlowNumber head = kNoFlow;
    FlowNumber tail = kNoFlow;
  };

  void append(FlowList& list, FlowNumber flow);
  void remove_head(FlowList& list);
  void drop_from_fattest(PacketPool& pool, std::vector<Slot>& overflow);

  std::vector<Flow> flows_;
  FlowList new_flows_;
  FlowList old_flows_;
  std::uint32_t packets_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace ghostnet::link
