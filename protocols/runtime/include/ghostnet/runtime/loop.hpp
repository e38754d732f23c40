// Loop: the turn of one thread of control: a time, a FIFO of what is ready to run, and the pending timers.
//
// The Loop knows no operating system. A world drives it: it sets the time, fires the timers that are due and runs
// what is ready, over and over. One turn is everything that runs at one such instant: now() does not move within it.
// Wake-ups join the ready list and never run inline, so code that wakes is never re-entered.
//
// Dropping: a task or scope destroyed from outside is destroyed at once. A task that destroys itself (it drops the
// scope it runs in, or one further out, or the host it runs on) goes on to its next suspension point and is destroyed
// there, and with it the tasks above it, whose frames it may be using.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ghostnet/runtime/calendar.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"
#include "ghostnet/runtime/waiter.hpp"

namespace ghostnet {

class Timer;

struct TimerPlace {
  static constexpr bool kRemovable = true;
  static inline void placed(Timer& timer, std::uint32_t slot, std::uint32_t index);
  static inline std::int64_t due_ns(const Timer& timer);
  static inline std::uint64_t order(const Timer& timer);
};

using TimerQueue = CalendarQueue<Timer, TimerPlace>;

// Told of a child task that ended with an error or an exception.
class FailureHandler {
 public:
  virtual void child_failed(const Error& error) noexcept = 0;

 protected:
  ~FailureHandler() = default;
};

class Loop {
 public:
  // More wake-ups than this at one instant of virtual time is a livelock, not a protocol.
  static constexpr std::size_t kMaxResumesPerInstant = 50'000'000;

  Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  TimePoint now() const { return now_; }
  // Civil time at now(). A simulation sets the offset from its scenario, the live world from the system's clock.
  WallTime wall_now() const { return WallTime{now_.time_since_epoch() + wall_offset_}; }

  // The waiter leaves its wait list and runs in its turn.
  void wake(Waiter& waiter) {
    waiter.unlink();
    ready_.push_back(waiter);
  }
  void wake_all(WaitList& waiters) {
    while (!waiters.empty()) wake(waiters.front());
  }

  // Where failures of children go whose scope has no handler of its own. Null: to the standard error stream.
  void set_failure_handler(FailureHandler* handler) { failure_handler_ = handler; }
  void report_failure(const Error& error) noexcept;

  // ---- for the world that drives this loop ----

  // Time moves forward only; an earlier instant is ignored.
  void set_now(TimePoint now) {
    if (now > now_) now_ = now;
  }
  void set_wall_offset(Duration offset) { wall_offset_ = offset; }

  bool has_ready() const { return !ready_.empty(); }

  // Runs what is ready, and what becomes ready meanwhile, up to `budget` resumptions. Returns how many ran.
  std::size_t run_ready(std::size_t budget = kMaxResumesPerInstant);

  TimerQueue& timers() { return timers_; }
  // Pops the head timer, which must be settled and due, and makes its waiter ready.
  void fire_head_timer();
  // Makes ready every timer that is due at now(). Returns how many.
  std::size_t fire_due_timers();
  // No timer is due before this instant; kNever when none is armed.
  TimePoint next_deadline() {
    std::int64_t bound_ns = timers_.lower_bound_ns();
    return from_ns(bound_ns);
  }

  // The root task that is running at this moment; null between resumptions.
  Spawned* running() const { return running_; }

 private:
  friend class Scope;
  friend class Spawned;

  void resume(PromiseBase& promise);
  void clear_away();
  void bury();
  Spawned& deepest_of_the_dead();

  TimePoint now_{};
  Duration wall_offset_{};
  WaitList ready_;
  Spawned* running_ = nullptr;
  // Destroyed after the resumption: the root task that has ended in it, or it and those that were dropped in use.
  Spawned* ended_ = nullptr;
  Spawned* above_ended_ = nullptr;
  IntrusiveList<Waiter> graveyard_;
  FailureHandler* failure_handler_ = nullptr;
  TimerQueue timers_;
};

}  // namespace ghostnet
