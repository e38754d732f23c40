// SoleWaiter: the place where at most one coroutine waits for an object: a socket's reader, a stream's writer.
// Eight bytes; who registers a Waiter here forgets it in its destructor.
#pragma once

#include <cassert>
#include <utility>

#include "ghostnet/runtime/loop.hpp"
#include "ghostnet/runtime/task.hpp"

namespace ghostnet {

class SoleWaiter {
 public:
  SoleWaiter() = default;
  SoleWaiter(const SoleWaiter&) = delete;
  SoleWaiter& operator=(const SoleWaiter&) = delete;
  ~SoleWaiter() { assert(waiter_ == nullptr && "what a coroutine waits for outlives its waiting"); }

  bool occupied() const { return waiter_ != nullptr; }

  void await(Waiter& waiter, Continuation continuation) {
    assert(waiter_ == nullptr && "one coroutine at a time waits here");
    waiter.continue_with(continuation);
    waiter_ = &waiter;
  }
  // Before the waiter is destroyed. Harmless when it has been woken.
  void forget(Waiter& waiter) {
    if (waiter_ == &waiter) waiter_ = nullptr;
  }
  // Brings what wake() and the resumption will touch into the cache.
  void prefetch() const {
    if (waiter_ == nullptr) return;
    __builtin_prefetch(waiter_, 1);
    __builtin_prefetch(reinterpret_cast<const char*>(waiter_) - 64, 1);
    __builtin_prefetch(reinterpret_cast<const char*>(waiter_) + 64, 1);
  }
  void wake(Loop& loop) {
    if (waiter_ != nullptr) loop.wake(*std::exchange(waiter_, nullptr));
  }

 private:
  Waiter* waiter_ = nullptr;
};

// What awaiters have in common that wait at such a place of `object` for its state and then take the outcome.
// Derived adds await_ready() and await_resume(), which begins with resumed().
template <class Derived, class Object, SoleWaiter Object::* kPlace>
class SoleAwaiter : public AwaiterBase<Derived> {
 public:
  PromiseBase* start(Continuation continuation) {
    (object_->*kPlace).await(waiter_, continuation);
    return nullptr;
  }

 protected:
  explicit SoleAwaiter(Object& object) : object_(&object) {}
  SoleAwaiter(SoleAwaiter&&) = default;
  ~SoleAwaiter() {
    if (waiter_.continuation()) (object_->*kPlace).forget(waiter_);
  }
  // The wait is over: from here on the object may be destroyed before this.
  Object& resumed() {
    waiter_.continue_with(Continuation());
    return *object_;
  }

  Object* object_;

 private:
  Waiter waiter_;
};

}  // namespace ghostnet
