#include "ghostnet/link/packet_pool.hpp"

#include <cassert>

namespace ghostnet::link {

Slot PacketPool::acquire(const PooledPacket& packet) {
  if (full()) return kNoSlot;
  ++used_;
  if (first_free_ == kNoSlot) {
    packets_.push_back(packet);
    return static_cast<Slot>(packets_.size() - 1);
  }
  const Slot slot = first_free_;
  first_free_ = packets_[slot].next;
  packets_[slot] = packet;
  return slot;
}

void PacketPool::release(Slot slot) {
  assert(used_ > 0);
  --used_;
  packets_[slot].next = first_free_;
  first_free_ = slot;
}

void PacketList::push_back(PacketPool& pool, Slot slot) {
  pool[slot].next = kNoSlot;
  (empty() ? head_ : pool[tail_].next) = slot;
  tail_ = slot;
  ++packets_;
  bytes_ += pool[slot].wire_bytes;
}

Slot PacketList::pop_front(PacketPool& pool) {
  assert(!empty());
  const Slot slot = head_;
  head_ = pool[slot].next;
  if (head_ == kNoSlot) tail_ = kNoSlot;
  --packets_;
  bytes_ -= pool[slot].wire_bytes;
  return slot;
}

}  // namespace ghostnet::link
