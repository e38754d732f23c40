// Time as protocols see it: nanoseconds, monotonic and wall, as distinct types.
//
// A TimePoint is an instant of the monotonic time line of one host; its origin is arbitrary (the start
// of a simulation, the boot of a machine). A WallTime is civil time, which certificates need and which may step.
// Neither type can read a clock: instants come from a Clock (clock.hpp), so that virtual time works.
#pragma once

#include <chrono>
#include <cstdint>

namespace ghostnet {

using Duration = std::chrono::nanoseconds;

// Tag of the monotonic time line. It has no now(): ask a Clock.
struct MonotonicTimeline {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonotonicTimeline>;
  static constexpr bool is_steady = true;
};

using TimePoint = std::chrono::time_point<MonotonicTimeline, Duration>;

// Nanoseconds since 1970-01-01 00:00 UTC, leap seconds not counted.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

// Later than every instant that a timer can be armed for: "no deadline".
inline constexpr TimePoint kNever = TimePoint::max();

constexpr std::int64_t to_ns(TimePoint t) { return t.time_since_epoch().count(); }
constexpr TimePoint from_ns(std::int64_t ns) { return TimePoint{Duration{ns}}; }

// t + d, held at kNever instead of overflowing. d may not be negative.
constexpr TimePoint saturating_add(TimePoint t, Duration d) {
  return d >= kNever - (t < TimePoint{} ? TimePoint{} : t) ? kNever : t + d;
}

using namespace std::chrono_literals;  // NOLINT: 5s, 10ms read as the field writes them

}  // namespace ghostnet
