#include "ghostnet/support/courier.hpp"

#include <utility>

namespace ghostnet::support {

Courier::Courier(Loop& loop, Duration latency) : clock_(loop), latency_(latency), due_(clock_), scope_(loop) {}

void Courier::send_after(Duration delay, Parcel parcel) {
  if (delay <= Duration{}) return parcel();
  if (scope_.empty()) scope_.spawn(deliver_all());
  TimePoint at = clock_.now() + delay;
  bool first = parcels_.empty() || at < parcels_.begin()->first;
  parcels_.emplace(at, std::move(parcel));
  if (first) due_.arm(at);
}

// Ends when nothing is under way, so that a world at rest has no task of ours in it.
Task<> Courier::deliver_all() {
  while (!parcels_.empty()) {
    due_.arm(parcels_.begin()->first);
    co_await due_;
    while (!parcels_.empty() && parcels_.begin()->first <= clock_.now()) {
      Parcel parcel = std::move(parcels_.extract(parcels_.begin()).mapped());
      parcel();
    }
  }
}

}  // namespace ghostnet::support
