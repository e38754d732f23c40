// Histogram: how many times each size of a non-negative integer was seen. Mergeable, exact to within 1/128.
//
// Values are counted in log-linear buckets, as HdrHistogram does: below 128 every value has a bucket of its own, above
// that each power of two is cut into 64. A reported value is the middle of its bucket, so it is off by at most 1/128 of
// itself (kRelativeError); count, sum, mean, min and max are exact. Memory follows the range that was seen: 8 bytes a
// bucket, 512 bytes a power of two, never more than kBuckets * 8 (30 KiB); an empty one has no heap at all.
//
// Only integers are used, so equal inputs give equal results, and equal bytes, on every machine and in every order of
// recording or merging. serialize() is canonical; parse() is total. One thread of control; a copy is a value.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet {

class Histogram {
 public:
  static constexpr unsigned kSubBucketBits = 6;
  static constexpr std::size_t kBuckets = (64 - kSubBucketBits + 1) * (1U << kSubBucketBits);
  static constexpr double kRelativeError = 1.0 / (2U << kSubBucketBits);
  // More than this in one serialised histogram is malformed, so that merging 65,535 parsed ones cannot overflow.
  static constexpr std::uint64_t kMaxSerializedCount = std::uint64_t{1} << 48;

  void record(std::uint64_t value) { record(value, 1); }
  void record(std::uint64_t value, std::uint64_t times);
  // In nanoseconds. A negative duration, which a stepped clock can produce, counts as 0.
  void record(Duration value) { record(value.count() < 0 ? 0 : static_cast<std::uint64_t>(value.count())); }

  std::uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
  std::uint64_t max() const { return max_; }
  // Held at 2^64 - 1; mean() is exact beyond that too.
  std::uint64_t sum() const;
  // Rounded down.
  std::uint64_t mean() const;

  // The nearest-rank percentile: the smallest value v such that at least `percent` % of the samples are <= v.
  // 0 gives min(), 100 gives max(), an empty histogram gives 0. `percent` counts to the fourth decimal (99.9999).
  std::uint64_t percentile(double percent) const;

  void merge(const Histogram& other);
  // What was recorded since `earlier` was copied from this one. Count, sum and mean are exact; min and max are to
  // within their buckets. Of two histograms that are not so related the result means nothing, but is sound.
  Histogram since(const Histogram& earlier) const;
  void clear();

  // Appends the canonical byte form: equal histograms give equal bytes.
  void serialize(std::vector<std::uint8_t>& out) const;
  // Fails with malformed on anything that serialize() does not write.
  static Result<Histogram> parse(ByteView bytes);

  // Calls visit(lowest, highest, count) for every bucket that is not empty, in ascending order.
  template <class Visit>
  void for_each_bucket(Visit&& visit) const {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] != 0) visit(lowest_in(first_ + i), highest_in(first_ + i), counts_[i]);
    }
  }

  // The heap held, in bytes.
  std::size_t heap_bytes() const { return counts_.capacity() * sizeof(counts_[0]); }

  // The same samples, to the resolution of the buckets.
  friend bool operator==(const Histogram& a, const Histogram& b) = default;

  static constexpr std::size_t bucket_of(std::uint64_t value);
  static constexpr std::uint64_t lowest_in(std::size_t bucket);
  static constexpr std::uint64_t highest_in(std::size_t bucket);

 private:
  __extension__ using Sum = unsigned __int128;

  void grow_to(std::size_t bucket);
  Sum highest_sum() const;  // of samples that are as high as their buckets allow
  std::uint64_t value_at_rank(std::uint64_t rank) const;

  std::vector<std::uint64_t> counts_;  // of the buckets from first_ on
  std::size_t first_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t min_ = UINT64_MAX;
  std::uint64_t max_ = 0;
  Sum sum_ = 0;
};

constexpr std::size_t Histogram::bucket_of(std::uint64_t value) {
  const auto width = static_cast<unsigned>(64 - __builtin_clzll(value | 1));
  const unsigned shift = width > kSubBucketBits + 1 ? width - (kSubBucketBits + 1) : 0;
  return (std::size_t{shift} << kSubBucketBits) + static_cast<std::size_t>(value >> shift);
}

constexpr std::uint64_t Histogram::lowest_in(std::size_t bucket) {
  const std::size_t block = bucket >> kSubBucketBits;
  if (block < 2) return bucket;
  const std::size_t shift = block - 1;
  return std::uint64_t{bucket - (shift << kSubBucketBits)} << shift;
}

constexpr std::uint64_t Histogram::highest_in(std::size_t bucket) {
  const std::size_t block = bucket >> kSubBucketBits;
  return lowest_in(bucket) + (block < 2 ? 0 : (std::uint64_t{1} << (block - 1)) - 1);
}

inline void Histogram::record(std::uint64_t value, std::uint64_t times) {
  if (times == 0) return;
  const std::size_t bucket = bucket_of(value);
  if (bucket - first_ >= counts_.size()) [[unlikely]]
    grow_to(bucket);
  counts_[bucket - first_] += times;
  count_ += times;
  sum_ += static_cast<Sum>(value) * times;
  if (value < min_) min_ = value;
  if (value > max_) max_ = value;
}

}  // namespace ghostnet
