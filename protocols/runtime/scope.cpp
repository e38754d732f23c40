#include "ghostnet/runtime/scope.hpp"

#include <cassert>
#include <utility>

namespace ghostnet {

// The frame is destroyed after the resumption: it may own the scope, and parameters are destroyed after the promise.
void Spawned::end(const Error* failure) noexcept {
  if (failure != nullptr && scope() != nullptr) scope()->child_failed(*failure);  // may drop the scope: read it again
  if (scope() == nullptr) return;                                                 // dropped before, and buried
  unlink();
  Loop& loop = scope()->loop_;
  if (loop.graveyard_.empty()) [[likely]] {
    loop.ended_ = this;
    loop.above_ended_ = above();
    forget_scope();
  } else {
    leave_scope();
    loop.graveyard_.push_back(*this);
  }
}

void Spawned::leave_scope() noexcept {
  if (detail::Maker* maker = scope()->maker(); maker != nullptr && maker->task != nullptr) {
    make()->above = detail::Maker::share(maker);
  }
  forget_scope();
}

Spawned* Spawned::above() const {
  const detail::Maker* maker = scope() != nullptr ? scope()->maker() : made() != nullptr ? made()->above : nullptr;
  return maker != nullptr ? maker->task : nullptr;
}

bool Spawned::stands_under(const Spawned& other) const {
  const Spawned* task = this;
  while (task != nullptr && task != &other) task = task->above();
  return task != nullptr;
}

Scope::Scope(Loop& loop, FailureHandler* handler) : loop_(loop) {
  Spawned* const running = loop.running();
  detail::Maker* const maker = running != nullptr ? detail::Maker::share(running->make()) : nullptr;
  maker_or_handled_ = handler == nullptr ? reinterpret_cast<std::uintptr_t>(maker)
                                         : reinterpret_cast<std::uintptr_t>(new Handled(maker, *handler)) | kHandled;
}

void Scope::child_failed(const Error& failure) noexcept {
  if (has_handler()) {
    handled()->handler.child_failed(failure);
  } else {
    loop_.report_failure(failure);
  }
}

void Scope::drop_children(Ending ending) noexcept {
  if (unstarted_ != 0) {
    loop_.ready_.for_each([&](Waiter& waiter) {
      if (!waiter.continuation().is_spawned() || static_cast<Spawned&>(waiter).scope() != this) return true;
      waiter.unlink();
      started_.push_back(waiter);
      return --unstarted_ != 0;
    });
  }
  // A child's destructors may come back here, or end this scope. The mark behind the last child tells both: it stands
  // in front when all before it are gone, and in no list when the scope is.
  Waiter mark;
  started_.push_back(mark);
  while (mark.linked() && &started_.front() != &mark) {
    Waiter& first = started_.pop_front();
    if (first.continuation()) {
      drop(static_cast<Spawned&>(first), ending);
    } else {
      started_.push_back(first);  // the mark of a drop further out: we go on past it, it will find itself in front
    }
  }
}

// What the running task uses may stand in the frame of a task above it, so that one is kept as long. Not where the
// scope ends: what its children use may be about to end with it.
void Scope::drop(Spawned& child, Ending ending) noexcept {
  Spawned* running = loop_.running_;
  bool in_use = running == &child || (running != nullptr && ending == Ending::no && running->stands_under(child));
  if (in_use) {
    child.leave_scope();
    loop_.graveyard_.push_back(child);
  } else {
    child_gone();
    child.destroy();
  }
}

}  // namespace ghostnet
