#include "ghostnet/runtime/clock.hpp"

#include <algorithm>
#include <limits>

namespace ghostnet {

namespace {

__extension__ using SignedWide = __int128;
constexpr std::int64_t kBillion = 1'000'000'000;

// Rounds towards minus infinity, so that the local clock is monotonic across its anchor.
SignedWide floor_div(SignedWide numerator, std::int64_t denominator) {
  const SignedWide quotient = numerator / denominator;
  return numerator % denominator < 0 ? quotient - 1 : quotient;
}

// The ends of the time line hold: what lies beyond the latest instant is never.
TimePoint clamped(SignedWide ns) {
  constexpr SignedWide kFirst = std::numeric_limits<std::int64_t>::min();
  constexpr SignedWide kLast = std::numeric_limits<std::int64_t>::max();
  return from_ns(static_cast<std::int64_t>(std::clamp(ns, kFirst, kLast)));
}

}  // namespace

TimePoint ClockModel::local(TimePoint true_time) const {
  const SignedWide elapsed_ns = SignedWide{to_ns(true_time)} - to_ns(anchor);
  return clamped(to_ns(local_at_anchor) + elapsed_ns + floor_div(elapsed_ns * drift_ppb, kBillion));
}

TimePoint ClockModel::true_time(TimePoint local_time) const {
  // The least x with floor(x * rate) >= elapsed is the quotient rounded up.
  const SignedWide local_elapsed_ns = SignedWide{to_ns(local_time)} - to_ns(local_at_anchor);
  return clamped(to_ns(anchor) - floor_div(-local_elapsed_ns * kBillion, kBillion + drift_ppb));
}

// Puts the entry where at_ns belongs, unless it may stay where it is.
void Timer::file(std::int64_t at_ns) {
  TimerQueue& queue = loop().timers();
  if (armed()) {
    if (queue.may_stay(slot_, at_ns)) {
      at_ns_ = at_ns;
      return;
    }
    queue.remove(slot_, index_);
  } else if (linked()) {
    unlink();  // it had fired, and its waiter had not run
  }
  at_ns_ = at_ns;
  queue.push(at_ns, *this);
}

}  // namespace ghostnet
