// ReceiveQueue: bytes that have arrived: those in order, for the reader, and behind gaps those that came early.
//
// All stand in one circle of bytes at the place where they belong, so that filling a gap moves nothing. What is known
// of early data, and which of it was heard of last (RFC 2018 4), is a record made when the first gap appears and gone
// with the last. The owner says where the window ends; nothing beyond it is put in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/tcp/byte_ring.hpp"
#include "ghostnet/tcp/segment.hpp"
#include "ghostnet/tcp/sequence.hpp"

namespace ghostnet::tcp {

class ReceiveQueue {
 public:
  static constexpr std::size_t kMaxRanges = 512;  // of early data; a segment that would make one more is not kept

  // The first byte that is missing: RCV.NXT, as long as no FIN was taken.
  SeqNumber next() const { return next_; }
  void start_at(SeqNumber next) { next_ = next; }

  std::uint32_t readable_bytes() const { return readable_; }
  bool has_gaps() const { return early_ != nullptr; }
  // Whether all of the block has arrived: in order, or early.
  bool holds(const SackBlock& block) const;
  bool empty() const { return readable_ == 0 && early_ == nullptr; }
  // What it takes of memory.
  std::uint32_t held_bytes() const { return ring_.capacity_bytes() + (early_ == nullptr ? 0 : early_bytes()); }
  // By how much put() would make it grow.
  std::uint32_t growth_bytes(SeqNumber at, std::size_t bytes) const;

  struct Outcome {
    std::uint32_t advanced_bytes = 0;  // by how much next() moved
    bool duplicate = false;            // some of it was there already: `repeated` says what (RFC 2883 4)
    SackBlock repeated{};
  };
  // Bytes at sequence number `at`; what lies before next() is cut off.
  Outcome put(SeqNumber at, ByteView bytes);

  std::size_t read(MutableByteView into);
  // Throws away what is readable.
  std::uint32_t discard();
  // Throws away what has come early, and the memory that this leaves unused.
  void prune();

  // Up to `room` blocks of early data, the one heard of last first (RFC 2018 4). Returns how many.
  std::size_t sacks(SackBlock* to, std::size_t room) const;

 private:
  struct Early {
    std::vector<SackBlock> ranges;                // in order, apart from each other
    std::array<SeqNumber, kMaxSackBlocks> heard;  // a byte of each of the ranges heard of last, the latest first
    std::uint8_t heard_count = 0;
  };

  void put_early(SeqNumber left, SeqNumber right, Outcome& outcome);
  void note_heard(SeqNumber at);
  void store(SeqNumber at, ByteView bytes);
  void take_in_order(SeqNumber right, Outcome& outcome);
  std::uint32_t used_bytes() const;
  std::uint32_t early_bytes() const;

  ByteRing ring_;
  std::unique_ptr<Early> early_;
  SeqNumber next_;
  std::uint32_t readable_ = 0;
};

}  // namespace ghostnet::tcp
