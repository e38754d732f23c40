#include "ghostnet/runtime/scope.hpp"

#include <cassert>
#include <exception>
#include <utility>

namespace ghostnet {

Spawned::Spawned(Scope& scope, PromiseBase& promise) : Waiter(Continuation(*this)), scope_(&scope), promise_(&promise) {
  promise.continuation = Continuation(static_cast<Completion&>(*this));
  promise.root = this;
  ++scope.children_;
  ++scope.unstarted_;
  scope.loop_.ready_.push_back(*this);
}

PromiseBase& Spawned::begin() {
  --scope_->unstarted_;
  scope_->started_.push_back(*this);
  return *promise_;
}

void Spawned::finish(const Error* failure) noexcept {
  if (failure != nullptr && scope_ != nullptr) scope_->child_failed(*failure);  // may drop the scope: read it again
  unlink();
  if (scope_ != nullptr) scope_->child_gone();
  destroy();  // last: the frame may own the scope
}

void Scope::child_failed(const Error& failure) noexcept {
  if (handler_ != nullptr) {
    handler_->child_failed(failure);
  } else {
    loop_.report_failure(failure);
  }
}

void Scope::child_gone() noexcept {
  --children_;
  if (children_ == 0) joiner_.wake(loop_);
}

void Scope::drop_all() noexcept {
  if (unstarted_ != 0) {
    loop_.ready_.for_each([&](Waiter& waiter) {
      if (!waiter.continuation().is_start() || waiter.continuation().start()->scope_ != this) return true;
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
      drop(static_cast<Spawned&>(first));
    } else {
      started_.push_back(first);  // the mark of a drop further out: we go on past it, it will find itself in front
    }
  }
}

void Scope::drop(Spawned& child) noexcept {
  child_gone();
  if (loop_.running_ == &child) {
    child.scope_ = nullptr;
    loop_.graveyard_.push_back(child);
  } else {
    child.destroy();
  }
}

Error detail::error_from_exception(std::exception_ptr exception) noexcept {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    return {Errc::internal, fmt::format("exception: {}", e.what())};
  } catch (...) {
    return {Errc::internal, "an exception that is not a std::exception"};
  }
}

}  // namespace ghostnet
