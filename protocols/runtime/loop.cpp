#include "ghostnet/runtime/loop.hpp"

#include <cstdio>
#include <utility>

#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/scope.hpp"

namespace ghostnet {

Loop::~Loop() { assert(running_ == nullptr && "a loop is not destroyed from within"); }

void Loop::resume(PromiseBase& promise) {
  running_ = promise.root();
  promise.handle().resume();
  running_ = nullptr;
  if (ended_ != nullptr || !graveyard_.empty()) clear_away();
}

void Loop::clear_away() {
  if (Spawned* const ended = std::exchange(ended_, nullptr)) {
    running_ = above_ended_;  // in whose frame its destructors may work
    ended->destroy();
    running_ = nullptr;
  }
  if (!graveyard_.empty()) [[unlikely]]
    bury();
}

void Loop::bury() {
  while (!graveyard_.empty()) {
    Spawned& gone = deepest_of_the_dead();
    static_cast<Waiter&>(gone).unlink();
    running_ = gone.above();
    gone.destroy();
  }
  running_ = nullptr;
}

// One stands under another whose frame it may use: the one under which no other stands goes first.
Spawned& Loop::deepest_of_the_dead() {
  Spawned* deepest = static_cast<Spawned*>(&graveyard_.front());
  graveyard_.for_each([&](Waiter& waiter) {
    Spawned& other = static_cast<Spawned&>(waiter);
    if (other.stands_under(*deepest)) deepest = &other;
    return true;
  });
  return *deepest;
}

std::size_t Loop::run_ready(std::size_t budget) {
  std::size_t resumed = 0;
  while (!ready_.empty() && resumed < budget) {
    Waiter& waiter = ready_.pop_front();
    Continuation continuation = waiter.continuation();
    ++resumed;
    if (!ready_.empty()) {
      // Who is next, with what stands beside it: its waiter is part of it.
      const char* const next = reinterpret_cast<const char*>(&ready_.front());
      for (int line = -1; line <= 2; ++line) __builtin_prefetch(next + 64 * line, 1);
    }
    PromiseBase* promise;
    if (continuation.is_coroutine()) [[likely]] {
      promise = continuation.coroutine();
    } else if (continuation.is_spawned()) {
      promise = &static_cast<Spawned&>(waiter).begin();
    } else {
      running_ = continuation.root();
      promise = continuation.completion()->completed();
      running_ = nullptr;
    }
    if (promise != nullptr) [[likely]] {
      resume(*promise);
    } else if (!graveyard_.empty()) {
      bury();
    }
  }
  return resumed;
}

std::size_t Loop::fire_due_timers() {
  std::size_t fired = 0;
  while (timers_.lower_bound_ns() <= to_ns(now_)) {
    if (timers_.settled()) {
      fire_head_timer();
      ++fired;
    } else {
      timers_.settle();
    }
  }
  return fired;
}

void Loop::report_failure(const Error& error) noexcept {
  if (failure_handler_ != nullptr) return failure_handler_->child_failed(error);
  std::string_view message = error.message();
  std::fprintf(stderr, "ghostnet: a task failed: %.*s\n", static_cast<int>(message.size()), message.data());
}

}  // namespace ghostnet
