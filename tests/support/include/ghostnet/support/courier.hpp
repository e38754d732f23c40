// Courier: carries what is sent from one end of a test's wires to the other, in order, after a latency.
//
// With no latency a parcel is delivered within the call that sends it; wake-ups join the loop's ready list all the
// same, so no receiver runs inside a sender. Parcels still under way when the courier is destroyed are lost.
#pragma once

#include <functional>
#include <map>

#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/runtime/task.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::support {

class Courier {
 public:
  using Parcel = std::move_only_function<void()>;

  explicit Courier(Loop& loop, Duration latency = {});

  // Opens the parcel at the other end, after the latency.
  void send(Parcel parcel) { send_after(latency_, std::move(parcel)); }
  void send_after(Duration delay, Parcel parcel);

  Loop& loop() const { return clock_.loop(); }
  Duration latency() const { return latency_; }
  void set_latency(Duration latency) { latency_ = latency; }
  std::size_t under_way() const { return parcels_.size(); }

 private:
  Task<> deliver_all();

  Clock clock_;
  Duration latency_;
  std::multimap<TimePoint, Parcel> parcels_;
  Timer due_;
  Scope scope_;
};

}  // namespace ghostnet::support
