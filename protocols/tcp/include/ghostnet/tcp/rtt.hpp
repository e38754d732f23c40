// RttEstimator: how long a round trip takes, and when to give up waiting for one (RFC 6298). Integers only.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ghostnet/runtime/time.hpp"

namespace ghostnet::tcp {

class RttEstimator {
 public:
  bool has_sample() const { return smoothed_ != Duration::zero(); }
  Duration smoothed() const { return smoothed_; }
  // The least of the last five minutes or so (RFC 8985 6.2 step 1).
  Duration least() const { return least_; }

  // RFC 6298 2.2 and 2.3.
  void sample(Duration rtt, TimePoint now) {
    rtt = std::max(rtt, Duration(1));
    if (!has_sample()) {
      smoothed_ = rtt;
      variation_ = rtt / 2;
    } else {
      Duration error = rtt > smoothed_ ? rtt - smoothed_ : smoothed_ - rtt;
      variation_ += (error - variation_) / 4;
      smoothed_ += (rtt - smoothed_) / 8;
    }
    note_least(rtt, now);
  }
  void note_least(Duration rtt, TimePoint now) {
    if (least_ != Duration::zero() && rtt > least_ && now - least_at_ < kLeastLasts) return;
    least_ = std::max(rtt, Duration(1));
    least_at_ = now;
  }

  // RFC 6298 2: before the first sample, `initial`.
  Duration timeout(Duration initial, Duration least, Duration most) const {
    if (!has_sample()) return std::clamp(initial, least, most);
    return std::clamp(smoothed_ + std::max(4 * variation_, kGranularity), least, most);
  }

 private:
  static constexpr Duration kLeastLasts = 300s;
  static constexpr Duration kGranularity = 1ms;

  Duration smoothed_{};
  Duration variation_{};
  Duration least_{};
  TimePoint least_at_{};
};

}  // namespace ghostnet::tcp
