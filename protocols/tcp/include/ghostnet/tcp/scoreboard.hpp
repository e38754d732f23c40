// Scoreboard: what a sender knows of every segment that is on its way: when it was sent last, and whether it was sent
// again, selectively acknowledged or found lost (RFC 6675 3, RFC 8985 5.2).
//
// One record of 16 bytes for each segment, in order of sequence numbers without gaps, in a circle that grows; no memory
// while nothing is on its way. Records are found by their number, 0 being the oldest.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>

#include "ghostnet/runtime/frame_pool.hpp"
#include "ghostnet/runtime/time.hpp"
#include "ghostnet/tcp/sequence.hpp"

namespace ghostnet::tcp {

struct SentRecord {
  TimePoint sent_at;
  SeqNumber start;
  std::uint32_t length : 24;  // of the sequence space: with the FIN
  std::uint32_t retransmitted : 1;
  std::uint32_t sacked : 1;
  std::uint32_t lost : 1;  // and not sent again since
  std::uint32_t fin : 1;

  SeqNumber end() const { return start + length; }
};
static_assert(sizeof(SentRecord) == 16);

// RFC 8985 6.2 step 2: of what was sent in the same instant, what ends later left later.
inline bool sent_after(TimePoint a_at, SeqNumber a_end, TimePoint b_at, SeqNumber b_end) {
  return a_at > b_at || (a_at == b_at && a_end > b_end);
}

class Scoreboard {
 public:
  static constexpr std::size_t kMaxRecords = 32'768;

  Scoreboard() = default;
  Scoreboard(const Scoreboard&) = delete;
  Scoreboard& operator=(const Scoreboard&) = delete;
  ~Scoreboard() { release(); }

  bool empty() const { return size_ == 0; }
  bool full() const { return size_ >= kMaxRecords; }
  std::uint32_t size() const { return size_; }
  SentRecord& operator[](std::uint32_t i) { return records_[(head_ + i) & (capacity_ - 1)]; }
  const SentRecord& operator[](std::uint32_t i) const { return records_[(head_ + i) & (capacity_ - 1)]; }
  SentRecord& front() { return (*this)[0]; }
  SentRecord& back() { return (*this)[size_ - 1]; }

  void push_back(const SentRecord& record) {
    if (size_ == capacity_) [[unlikely]]
      grow();
    ++size_;
    back() = record;
  }
  void pop_front() {
    head_ = (head_ + 1) & (capacity_ - 1);
    if (--size_ == 0) release();
  }
  // Cuts a record in two; the first keeps so much.
  void split(std::uint32_t i, std::uint32_t first_length);
  void release();
  void prefetch() const { __builtin_prefetch(records_ + head_, 1); }

  // The number of the first record that ends after `at`; size() when there is none.
  std::uint32_t find(SeqNumber at);

 private:
  static constexpr std::uint32_t kFirstCapacity = 4;

  void grow();

  SentRecord* records_ = nullptr;
  std::uint32_t capacity_ = 0;  // a power of two, or none
  std::uint32_t head_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace ghostnet::tcp
