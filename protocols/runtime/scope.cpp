#include "ghostnet/runtime/scope.hpp"

#include <cassert>
#include <exception>

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
  unlink();
  Scope* scope = scope_;
  if (scope != nullptr && failure != nullptr) {
    if (scope->handler_ != nullptr) {
      scope->handler_->child_failed(*failure);
    } else {
      scope->loop_.report_failure(*failure);
    }
  }
  if (scope != nullptr) scope->child_gone();
  destroy();  // last: the frame may own the scope
}

void Scope::child_gone() noexcept {
  --children_;
  if (children_ == 0 && joiner_ != nullptr) loop_.wake(*std::exchange(joiner_, nullptr));
}

void Scope::drop_all() noexcept {
  if (unstarted_ != 0) {
    IntrusiveList<Waiter> doomed;
    loop_.ready_.for_each([&](Waiter& waiter) {
      if (!waiter.continuation().is_start() || waiter.continuation().start()->scope_ != this) return true;
      waiter.unlink();
      doomed.push_back(waiter);
      return --unstarted_ != 0;
    });
    while (!doomed.empty()) {
      child_gone();
      static_cast<Spawned&>(doomed.pop_front()).destroy();
    }
  }
  while (!started_.empty()) {
    auto& child = static_cast<Spawned&>(started_.pop_front());
    child_gone();
    if (loop_.running_ == &child) {
      child.scope_ = nullptr;
      loop_.graveyard_.push_back(child);
    } else {
      child.destroy();
    }
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
