#include "ghostnet/bulk/receiver.hpp"

#include <algorithm>

namespace ghostnet::bulk {
namespace {

// A change of transit time beyond this is no jitter but a lie; and sums stay far from overflow.
constexpr std::uint64_t kMaxTransitChangeNs = 3'600'000'000'000;

}  // namespace

Receiver::Verdict Receiver::on_packet(std::uint64_t sequence, std::int64_t sent_at_ns, std::size_t size_bytes,
                                      TimePoint now) {
  if (seen_before(sequence)) {
    ++counts_.duplicates;
    return Verdict::duplicate;
  }
  note_jitter(sent_at_ns, now);
  note_bytes(size_bytes, now);
  ++counts_.packets;
  if (sequence + 1 == next_expected_) return Verdict::in_order;
  ++counts_.reordered;
  return Verdict::reordered;
}

void Receiver::on_bytes(std::size_t size_bytes, TimePoint now) { note_bytes(size_bytes, now); }

// Notes the sequence. The window ends at the highest one.
bool Receiver::seen_before(std::uint64_t sequence) {
  if (sequence == UINT64_MAX) return true;  // has no successor; nobody sends so many
  if (sequence < next_expected_) {
    if (next_expected_ - sequence > kWindow) return true;
    if (seen_[sequence % kWindow]) return true;
    seen_.set(sequence % kWindow);
    return false;
  }
  if (sequence - next_expected_ >= kWindow) {
    seen_.reset();
  } else {
    for (std::uint64_t skipped = next_expected_; skipped < sequence; ++skipped) seen_.reset(skipped % kWindow);
  }
  seen_.set(sequence % kWindow);
  next_expected_ = sequence + 1;
  return false;
}

void Receiver::note_jitter(std::int64_t sent_at_ns, TimePoint now) {
  // The sender's clock is whatever the sender says: wrap, do not overflow.
  const auto transit =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(to_ns(now)) - static_cast<std::uint64_t>(sent_at_ns));
  if (started_) {
    const std::uint64_t change =
        transit > last_transit_ns_ ? static_cast<std::uint64_t>(transit) - static_cast<std::uint64_t>(last_transit_ns_)
                                   : static_cast<std::uint64_t>(last_transit_ns_) - static_cast<std::uint64_t>(transit);
    jitter_16th_ns_ += std::min(change, kMaxTransitChangeNs) - (jitter_16th_ns_ + 8) / 16;
  }
  last_transit_ns_ = transit;
}

void Receiver::note_bytes(std::size_t size_bytes, TimePoint now) {
  if (!started_) {
    started_ = true;
    first_at_ = interval_start_ = now;
  }
  if (now == first_at_) counts_.first_bytes += size_bytes;
  counts_.bytes += size_bytes;
  interval_bytes_ += size_bytes;
  last_at_ = std::max(last_at_, now);
}

Report Receiver::report(std::uint64_t sent) const {
  Report report = counts_;
  report.lost = sent > counts_.packets ? sent - counts_.packets : 0;
  report.duration_ns = (last_at_ - first_at_).count();
  report.jitter_ns = static_cast<std::int64_t>(jitter_16th_ns_ / 16);
  return report;
}

}  // namespace ghostnet::bulk
