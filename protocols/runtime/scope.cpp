#include "ghostnet/runtime/scope.hpp"

#include <cassert>
#include <utility>

namespace ghostnet {

void Spawned::enter(Scope& scope) noexcept {
  set_awaited_by(Continuation::of_spawned(&scope), this);
  continue_with(Continuation::of_spawned(nullptr));
  ++scope.children_;
  ++scope.unstarted_;
  scope.loop_.ready_.push_back(*this);
}

PromiseBase& Spawned::begin() {
  --scope()->unstarted_;
  scope()->started_.push_back(*this);
  return *this;
}

void Spawned::end(const Error* failure) noexcept {
  if (failure != nullptr && scope() != nullptr) scope()->child_failed(*failure);  // may drop the scope: read it again
  if (scope() == nullptr) return;                                                 // dropped before, and buried
  unlink();
  Loop& loop = scope()->loop_;
  leave_scope();
  loop.graveyard_.push_back(*this);  // the frame may own the scope, and parameters are destroyed after the promise
}

void Spawned::leave_scope() noexcept {
  Scope& left = *scope();
  set_awaited_by(Continuation::of_spawned(nullptr));
  if (detail::Maker* maker = left.maker(); maker != nullptr && maker->task != nullptr) {
    make()->above = detail::Maker::share(maker);
  }
  left.child_gone();
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

void Scope::child_gone() noexcept {
  --children_;
  if (children_ == 0) joiner_.wake(loop_);
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
