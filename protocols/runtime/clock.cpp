#include "ghostnet/runtime/clock.hpp"

namespace ghostnet {

namespace {

__extension__ using Wide = __int128;
constexpr std::int64_t kBillion = 1'000'000'000;

// Rounds towards minus infinity, so that the local clock is monotonic across its anchor.
std::int64_t floor_div(Wide numerator, std::int64_t denominator) {
  Wide quotient = numerator / denominator;
  if (numerator % denominator < 0) --quotient;
  return static_cast<std::int64_t>(quotient);
}

}  // namespace

TimePoint ClockModel::local(TimePoint true_time) const {
  std::int64_t elapsed_ns = (true_time - anchor).count();
  return local_at_anchor + Duration(elapsed_ns + floor_div(Wide{elapsed_ns} * drift_ppb, kBillion));
}

TimePoint ClockModel::true_time(TimePoint local_time) const {
  std::int64_t local_elapsed_ns = (local_time - local_at_anchor).count();
  TimePoint at = anchor + Duration(floor_div(Wide{local_elapsed_ns} * kBillion, kBillion + drift_ppb));
  while (local(at) < local_time) at += Duration{1};
  return at;
}

}  // namespace ghostnet
