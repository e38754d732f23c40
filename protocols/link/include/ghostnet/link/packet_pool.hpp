// PacketPool: what the engines know of the packets that LinkModel holds, addressed by slot number, and PacketList: a
// first-in-first-out queue of slots threaded through the pool. The packets themselves stay with LinkModel.
//
// The pool grows on demand to its bound and never shrinks. Nothing here fails but acquire(), when the bound is reached.
#pragma once

#include <cstdint>
#include <vector>

#include "ghostnet/link/transit.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::link {

using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = 0xffff'ffff;

struct PooledPacket {
  TimePoint enqueued_at{};
  PacketInfo info{};
  std::uint32_t wire_bytes = 0;  // with frame overhead: what limits and turns are counted in
  Slot next = kNoSlot;           // in a PacketList or in the list of free slots
  std::uint8_t copies = 0;       // on the wire
};

class PacketPool {
 public:
  explicit PacketPool(std::uint32_t limit_packets) : limit_packets_(limit_packets) {}

  // kNoSlot when the pool is full.
  Slot acquire(const PooledPacket& packet);
  void release(Slot slot);

  PooledPacket& operator[](Slot slot) { return packets_[slot]; }
  const PooledPacket& operator[](Slot slot) const { return packets_[slot]; }

  bool full() const { return used_ >= limit_packets_; }
  void set_limit(std::uint32_t limit_packets) { limit_packets_ = limit_packets; }
  std::uint32_t used() const { return used_; }

 private:
  std::vector<PooledPacket> packets_;
  Slot first_free_ = kNoSlot;
  std::uint32_t used_ = 0;
  std::uint32_t limit_packets_;
};

class PacketList {
 public:
  bool empty() const { return head_ == kNoSlot; }
  Slot front() const { return head_; }
  std::uint32_t packets() const { return packets_; }
  std::uint64_t bytes() const { return bytes_; }

  void push_back(PacketPool& pool, Slot slot);
  Slot pop_front(PacketPool& pool);  // not when empty

 private:
  Slot head_ = kNoSlot;
  Slot tail_ = kNoSlot;
  std::uint32_t packets_ = 0;
  std::uint64_t bytes_ = 0;
};

// A packet that a queue lets go, or none: kNoSlot.
struct Dequeued {
  Slot slot = kNoSlot;
  bool ce_marked = false;
};

}  // namespace ghostnet::link
