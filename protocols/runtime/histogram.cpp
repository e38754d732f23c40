#include "ghostnet/runtime/histogram.hpp"

#include <algorithm>

namespace ghostnet {
namespace {

// The byte form: version, count; unless that is 0 then min, max, sum, number of buckets, and for each bucket the gap
// to the one before it and its count. All but the version are LEB128 of the shortest length.
constexpr std::uint8_t kVersion = 1;

__extension__ using Wide = unsigned __int128;

void put_varint(std::vector<std::uint8_t>& out, Wide value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value & 0x7f) | 0x80);
    value >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

class VarintReader {
 public:
  explicit VarintReader(ByteView bytes) : bytes_(bytes) {}

  // Zero once anything was wrong; ok() says.
  Wide wide() { return read(128); }
  std::uint64_t number() { return static_cast<std::uint64_t>(read(64)); }

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  Wide read(unsigned bits) {
    Wide value = 0;
    for (unsigned shift = 0; ok_ && shift < bits && at_ < bytes_.size(); shift += 7) {
      const std::uint8_t byte = bytes_[at_++];
      const Wide part = byte & 0x7fU;
      if (bits - shift < 7 && (part >> (bits - shift)) != 0) break;
      value |= part << shift;
      if ((byte & 0x80U) != 0) continue;
      if (byte == 0 && shift != 0) break;  // a longer form of a smaller number
      return value;
    }
    ok_ = false;
    return 0;
  }

  ByteView bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace

std::uint64_t Histogram::sum() const { return sum_ > UINT64_MAX ? UINT64_MAX : static_cast<std::uint64_t>(sum_); }

std::uint64_t Histogram::mean() const { return count_ == 0 ? 0 : static_cast<std::uint64_t>(sum_ / count_); }

std::uint64_t Histogram::percentile(double percent) const {
  constexpr std::uint64_t kScale = 10'000;
  if (count_ == 0 || !(percent > 0)) return min();
  if (percent >= 100) return max_;
  // To an integer before anything depends on it: what follows rounds the same on every machine.
  const auto parts = static_cast<std::uint64_t>(percent * double{kScale} + 0.5);
  const Wide rank = (static_cast<Wide>(count_) * parts + 100 * kScale - 1) / (100 * kScale);
  return value_at_rank(static_cast<std::uint64_t>(rank));
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  // In two steps, since the other may be this one.
  const std::size_t used = other.counts_.size();
  grow_to(other.first_);
  grow_to(other.first_ + used - 1);
  for (std::size_t i = 0; i < used; ++i) counts_[other.first_ + i - first_] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

Histogram Histogram::since(const Histogram& earlier) const {
  Histogram recent;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const std::size_t bucket = first_ + i;
    const bool known = bucket >= earlier.first_ && bucket - earlier.first_ < earlier.counts_.size();
    const std::uint64_t before = known ? earlier.counts_[bucket - earlier.first_] : 0;
    if (counts_[i] <= before) continue;
    // The extremes of all time bound those of the part.
    recent.record(std::clamp(lowest_in(bucket), min_, max_), counts_[i] - before);
    recent.max_ = std::min(highest_in(bucket), max_);
  }
  if (recent.count_ == 0) return recent;
  // record() summed the low ends; the true sum lies between these and the high ends.
  if (sum_ >= earlier.sum_) recent.sum_ = std::clamp(sum_ - earlier.sum_, recent.sum_, recent.highest_sum());
  return recent;
}

Histogram::Sum Histogram::highest_sum() const {
  Wide most = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    most += static_cast<Wide>(std::min(highest_in(first_ + i), max_)) * counts_[i];
  }
  return most;
}

void Histogram::clear() { *this = Histogram(); }

void Histogram::serialize(std::vector<std::uint8_t>& out) const {
  out.push_back(kVersion);
  put_varint(out, count_);
  if (count_ == 0) return;
  put_varint(out, min_);
  put_varint(out, max_);
  put_varint(out, sum_);
  put_varint(
      out, static_cast<std::uint64_t>(std::ranges::count_if(counts_, [](std::uint64_t count) { return count != 0; })));
  std::size_t next = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    put_varint(out, first_ + i - next);
    put_varint(out, counts_[i]);
    next = first_ + i + 1;
  }
}

Result<Histogram> Histogram::parse(ByteView bytes) {
  const auto malformed = [] { return fail(Errc::malformed, "histogram: not what a histogram serialises to"); };
  if (bytes.empty()) return malformed();
  if (bytes[0] != kVersion) return fail(Errc::not_supported, "histogram: version {}, not {}", bytes[0], kVersion);

  VarintReader reader(bytes.subspan(1));
  Histogram result;
  const std::uint64_t count = reader.number();
  if (count > kMaxSerializedCount) return malformed();
  if (count == 0) {
    if (!reader.ok() || !reader.at_end()) return malformed();
    return result;
  }
  const std::uint64_t min = reader.number();
  const std::uint64_t max = reader.number();
  const Wide sum = reader.wide();
  const std::uint64_t buckets = reader.number();
  if (!reader.ok() || min > max || buckets == 0 || buckets > kBuckets) return malformed();

  const std::size_t lowest = bucket_of(min);
  const std::size_t highest = bucket_of(max);
  result.grow_to(lowest);
  result.grow_to(highest);
  // The sum must be one that such samples can have: all as low, or all as high, as their buckets allow.
  Wide least = 0;
  Wide most = 0;
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < buckets; ++i) {
    const std::uint64_t gap = reader.number();
    const std::uint64_t times = reader.number();
    if (!reader.ok() || gap > kBuckets || times == 0 || times > count - result.count_) return malformed();
    const std::uint64_t bucket = next + gap;
    if (i == 0 ? bucket != lowest : bucket > highest) return malformed();
    result.counts_[bucket - result.first_] = times;
    result.count_ += times;
    least += static_cast<Wide>(std::max(lowest_in(bucket), min)) * times;
    most += static_cast<Wide>(std::min(highest_in(bucket), max)) * times;
    next = bucket + 1;
  }
  if (!reader.at_end() || result.count_ != count || next != highest + 1) return malformed();
  if (sum < least || sum > most) return malformed();
  result.min_ = min;
  result.max_ = max;
  result.sum_ = sum;
  return result;
}

// Widens the window by whole powers of two, and no further: doubling would cost more memory than it saves time, and so
// the window says no more than the extremes do, which lets equality compare it.
void Histogram::grow_to(std::size_t bucket) {
  constexpr std::size_t kStep = std::size_t{1} << kSubBucketBits;
  const std::size_t down = bucket & ~(kStep - 1);
  const std::size_t first = counts_.empty() ? down : std::min(first_, down);
  const std::size_t end = counts_.empty() ? down + kStep : std::max(first_ + counts_.size(), down + kStep);
  if (end - first == counts_.size()) return;
  std::vector<std::uint64_t> wider(end - first);
  std::ranges::copy(counts_, wider.begin() + (counts_.empty() ? 0 : static_cast<std::ptrdiff_t>(first_ - first)));
  counts_ = std::move(wider);
  first_ = first;
}

std::uint64_t Histogram::value_at_rank(std::uint64_t rank) const {
  if (rank <= 1) return min_;
  if (rank >= count_) return max_;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen < rank) continue;
    const std::uint64_t lowest = lowest_in(first_ + i);
    return std::clamp(lowest + (highest_in(first_ + i) - lowest) / 2, min_, max_);
  }
  return max_;
}

}  // namespace ghostnet
