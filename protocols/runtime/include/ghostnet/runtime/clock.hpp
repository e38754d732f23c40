// Clock and Timer: time as one host sees it.
//
// A Clock reads its Loop's time, through a ClockModel where the host's crystal is wrong (simulated drift). Timers are
// intrusive: arming, re-arming and cancelling allocate nothing, and destroying a timer cancels it.
#pragma once

#include <cassert>
#include <cstdint>

#include "ghostnet/runtime/loop.hpp"
#include "ghostnet/runtime/task.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet {

// A clock that runs fast or slow: local = local_at_anchor + (true - anchor) * (1 + drift), and civil time that is off.
struct ClockModel {
  static constexpr std::int64_t kMaxDriftPpb = 500'000'000;

  TimePoint anchor{};           // true time
  TimePoint local_at_anchor{};  // what the host's clock read then
  std::int64_t drift_ppb = 0;   // parts per 10^9; positive runs fast
  Duration wall_error{};        // added to civil time; changing it is a clock step

  TimePoint local(TimePoint true_time) const;
  // The earliest true instant at which the local clock has reached `local_time`.
  TimePoint true_time(TimePoint local_time) const;
};

class SleepAwaiter;

class Clock {
 public:
  explicit Clock(Loop& loop) : loop_(&loop) {}

  // Constant within one turn of the loop.
  TimePoint now() const { return model_ == nullptr ? loop_->now() : model_->local(loop_->now()); }
  // What this clock reads, or read, at an instant of the loop.
  TimePoint local(TimePoint loop_time) const { return model_ == nullptr ? loop_time : model_->local(loop_time); }
  // Civil time; may step. For certificates and logs, never for deadlines.
  WallTime wall_now() const { return model_ == nullptr ? loop_->wall_now() : loop_->wall_now() + model_->wall_error; }

  // Awaitable, cancel-safe. Always suspends, so that a sleep of zero lets others run.
  SleepAwaiter sleep_until(TimePoint deadline) const;
  SleepAwaiter sleep(Duration duration) const;

  Loop& loop() const { return *loop_; }
  TimePoint to_loop_time(TimePoint local) const {
    return model_ == nullptr || local == kNever ? local : model_->true_time(local);
  }
  // Timers that are already armed keep the true instant computed when they were. The model outlives the clock.
  void set_model(const ClockModel* model) { model_ = model; }

 private:
  Loop* loop_;
  const ClockModel* model_ = nullptr;
};

// One pending instant. At most one coroutine waits for it; when it fires with nobody waiting it stays expired until
// the next arm(), so no expiry is lost. 56 bytes. The clock outlives it. Timers of one instant fire in the order in
// which they were armed.
class Timer : private Waiter {
 public:
  explicit Timer(const Clock& clock) : clock_(&clock) {}
  // Only while it is not armed and nobody waits for it.
  Timer(Timer&& other) noexcept : clock_(other.clock_), slot_(other.slot_) {
    assert(!other.armed() && !other.continuation());
  }
  ~Timer() { cancel(); }

  // Arms, or re-arms in place: two stores when the deadline moves back, hardly more unless it comes much nearer.
  // kNever cancels. A deadline that has passed fires at the next turn.
  void arm(TimePoint deadline) {
    const TimePoint at = clock_->to_loop_time(deadline);
    if (at == kNever) [[unlikely]]
      return cancel();
    order_ = loop().timers().next_order();
    if (TimerQueue::in_slot(slot_) && to_ns(at) >= at_ns_) [[likely]] {
      at_ns_ = to_ns(at);  // the entry goes where it belongs when its slot's time comes
    } else {
      file(to_ns(at));
    }
  }
  void arm_after(Duration duration) { arm(saturating_add(clock_->now(), duration)); }

  void cancel() {
    if (armed()) loop().timers().remove(slot_, index_);
    if (linked()) unlink();
    slot_ = kIdle;
  }

  const Clock& clock() const { return *clock_; }
  bool armed() const { return slot_ < kFired || slot_ == TimerQueue::kInCurrent; }
  bool expired() const { return slot_ == kFired; }

  class ExpiryAwaiter : public AwaiterBase<ExpiryAwaiter> {
   public:
    explicit ExpiryAwaiter(Timer& timer) : timer_(&timer) {}
    ExpiryAwaiter(ExpiryAwaiter&& other) noexcept : timer_(std::exchange(other.timer_, nullptr)) {}
    ~ExpiryAwaiter() {
      if (timer_ != nullptr) timer_->forget_waiter();
    }
    bool await_ready() const { return timer_->expired(); }
    PromiseBase* start(Continuation continuation) {
      assert(!timer_->continuation() && "one coroutine waits for a timer");
      timer_->continue_with(continuation);
      return nullptr;
    }
    void await_resume() {
      if (timer_->expired()) timer_->slot_ = kIdle;  // it may have been armed anew since
    }

   private:
    Timer* timer_;
  };

  // `co_await timer`: waits until it expires, across re-arming, and takes the expiry. Cancel-safe.
  ExpiryAwaiter operator co_await() { return ExpiryAwaiter(*this); }

 private:
  friend struct TimerPlace;
  friend class Loop;
  friend class SleepAwaiter;

  static constexpr std::uint32_t kFired = 0xffff'fffd;
  static constexpr std::uint32_t kIdle = 0xffff'fffe;
  static_assert(TimerQueue::kInCurrent == 0xffff'ffff && TimerQueue::kLate < kFired);

  Loop& loop() const { return clock_->loop(); }

  void file(std::int64_t at_ns);

  void forget_waiter() {
    if (linked()) unlink();
    continue_with(Continuation());
  }

  const Clock* clock_;
  std::int64_t at_ns_ = 0;
  std::uint64_t order_ = 0;  // of its arming
  std::uint32_t slot_ = kIdle;
  std::uint32_t index_ = 0;
};

inline void TimerPlace::placed(Timer& timer, std::uint32_t slot, std::uint32_t index) {
  timer.slot_ = slot;
  timer.index_ = index;
}

inline std::int64_t TimerPlace::due_ns(const Timer& timer) { return timer.at_ns_; }
inline std::uint64_t TimerPlace::order(const Timer& timer) { return timer.order_; }

inline void Loop::fire_head_timer() {
  Timer& timer = timers_.pop();
  timer.slot_ = Timer::kFired;
  if (timer.continuation()) ready_.push_back(timer);
}

class [[nodiscard]] SleepAwaiter : public AwaiterBase<SleepAwaiter> {
 public:
  SleepAwaiter(const Clock& clock, TimePoint deadline) : timer_(clock), deadline_(deadline) {}
  bool await_ready() const { return false; }
  PromiseBase* start(Continuation continuation) {
    timer_.continue_with(continuation);
    timer_.arm(deadline_);
    return nullptr;
  }
  void await_resume() {}

 private:
  Timer timer_;
  TimePoint deadline_;
};

inline SleepAwaiter Clock::sleep_until(TimePoint deadline) const { return {*this, deadline}; }
inline SleepAwaiter Clock::sleep(Duration duration) const { return {*this, saturating_add(now(), duration)}; }

}  // namespace ghostnet
