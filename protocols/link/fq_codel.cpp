#include "ghostnet/link/fq_codel.hpp"

#include <algorithm>

namespace ghostnet::link {
namespace {

constexpr std::uint32_t kOverflowBatchPackets = 64;  // RFC 8290 4.1

// Spreads hashes that differ in few bits over all queues.
std::uint32_t flow_of(std::uint32_t hash, std::size_t flows) {
  const std::uint64_t mixed = (std::uint64_t{hash} + 1) * 0x9e37'79b9'7f4a'7c15;
  return static_cast<std::uint32_t>(((mixed >> 32) * flows) >> 32);
}

}  // namespace

// RFC 8290 4.1
void FqCodelQueue::push(PacketPool& pool, Slot slot, const LinkProfile& link, std::vector<Slot>& overflow) {
  const FlowNumber number = flow_of(pool[slot].info.flow_hash, flows_.size());
  Flow& flow = flows_[number];
  flow.queue.push(pool, slot);
  ++packets_;
  bytes_ += pool[slot].wire_bytes;
  if (!flow.active) {
    flow.active = true;
    flow.deficit_bytes = link.params().fq_quantum_bytes;
    append(new_flows_, number);
  }
  while (packets_ > link.limit_packets() || bytes_ > link.params().queue_limit_bytes) drop_from_fattest(pool, overflow);
}

// RFC 8290 4.2
Dequeued FqCodelQueue::dequeue(TimePoint now, const LinkParams& params, PacketPool& pool, std::vector<Slot>& dropped) {
  for (;;) {
    const bool is_new = new_flows_.head != kNoFlow;
    FlowList& list = is_new ? new_flows_ : old_flows_;
    if (list.head == kNoFlow) return {};
    const FlowNumber number = list.head;
    Flow& flow = flows_[number];
    if (flow.deficit_bytes <= 0) {
      flow.deficit_bytes += params.fq_quantum_bytes;
      remove_head(list);
      append(old_flows_, number);
      continue;
    }

    const std::uint32_t packets_before = flow.queue.packets();
    const std::uint64_t bytes_before = flow.queue.bytes();
    const Dequeued dequeued = flow.queue.dequeue(now, params.codel, params.codel_ecn, pool, dropped);
    packets_ -= packets_before - flow.queue.packets();
    bytes_ -= bytes_before - flow.queue.bytes();
    if (dequeued.slot != kNoSlot) {
      flow.deficit_bytes -= pool[dequeued.slot].wire_bytes;
      return dequeued;
    }
    remove_head(list);
    // An empty new queue waits once among the old ones, or a flow could come back as new for ever and starve them.
    if (is_new && old_flows_.head != kNoFlow) {
      append(old_flows_, number);
    } else {
      flow.active = false;
    }
  }
}

void FqCodelQueue::drop_from_fattest(PacketPool& pool, std::vector<Slot>& overflow) {
  const auto fattest = std::ranges::max_element(flows_, {}, [](const Flow& flow) { return flow.queue.bytes(); });
  CodelQueue& queue = fattest->queue;
  const std::uint32_t batch = std::min(kOverflowBatchPackets, (queue.packets() + 1) / 2);
  for (std::uint32_t i = 0; i < batch; ++i) {
    const Slot slot = queue.drop_front(pool);
    --packets_;
    bytes_ -= pool[slot].wire_bytes;
    overflow.push_back(slot);
  }
}

void FqCodelQueue::append(FlowList& list, FlowNumber flow) {
  flows_[flow].next = kNoFlow;
  (list.head == kNoFlow ? list.head : flows_[list.tail].next) = flow;
  list.tail = flow;
}

void FqCodelQueue::remove_head(FlowList& list) { list.head = flows_[list.head].next; }

}  // namespace ghostnet::link
