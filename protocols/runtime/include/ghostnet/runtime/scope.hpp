// Scope: the owner of background tasks.
//
// `scope.spawn(task)` starts a task in a coming turn; dropping the scope drops them all. A child that ends with an
// error or an exception is reported to the scope's FailureHandler, or to the Loop's where it has none; the other
// children go on. A Scope is pinned in memory. The Loop outlives it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "ghostnet/runtime/frame_pool.hpp"
#include "ghostnet/runtime/loop.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/sole_waiter.hpp"
#include "ghostnet/runtime/task.hpp"

namespace ghostnet {

class Scope {
 public:
  explicit Scope(Loop& loop, FailureHandler* handler = nullptr);
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  // Drops every child. The running task, where it is one of them or stands under one, may touch after this only what
  // its own frame holds.
  ~Scope() {
    closed_ = true;
    drop_children(Ending::yes);
    detail::Maker::release(maker());
    if (has_handler()) [[unlikely]]
      delete handled();
  }

  // Starts the task at the end of the loop's ready list. A task given to a closed scope is dropped.
  template <detail::Spawnable T>
  void spawn(Task<T> task) {
    if (!closed_) std::move(task).release().enter(*this);
  }

  // Drops every child, in the order in which they started. The scope can be used on; what a child's destructor
  // spawns here survives. A destructor may drop the scope again, or end it. A child that runs at this moment, or that
  // made the scope in which the running task stands, is destroyed when the running task suspends.
  void drop_all() noexcept { drop_children(Ending::no); }
  // Drops every child, and every later one.
  void close() noexcept {
    closed_ = true;
    drop_all();
  }

  std::size_t size() const { return children_; }
  bool empty() const { return children_ == 0; }
  Loop& loop() const { return loop_; }

  // `co_await scope.join()`: waits until no child is left when the waiter's turn comes. One waiter at a time.
  // Cancel-safe.
  class JoinAwaiter;
  JoinAwaiter join();

 private:
  friend class Spawned;
  friend class Loop;

  // For a scope with a handler of its own, which few have.
  struct Handled : FromFramePool {
    Handled(detail::Maker* made_by, FailureHandler& told) : maker(made_by), handler(told) {}
    detail::Maker* maker;
    FailureHandler& handler;
  };
  static constexpr std::uintptr_t kHandled = 1;

  bool has_handler() const { return (maker_or_handled_ & kHandled) != 0; }
  Handled* handled() const { return reinterpret_cast<Handled*>(maker_or_handled_ & ~kHandled); }
  // The task that ran when this was made; null for none.
  detail::Maker* maker() const {
    if (has_handler()) [[unlikely]]
      return handled()->maker;
    return reinterpret_cast<detail::Maker*>(maker_or_handled_);
  }

  void child_failed(const Error& failure) noexcept;
  void child_gone() noexcept {
    --children_;
    if (children_ == 0) joiner_.wake(loop_);
  }
  enum class Ending : bool { no, yes };
  void drop_children(Ending ending) noexcept;
  void drop(Spawned& child, Ending ending) noexcept;

  Loop& loop_;
  std::uintptr_t maker_or_handled_ = 0;
  IntrusiveList<Waiter> started_;
  SoleWaiter joiner_;
  std::uint32_t children_ = 0;
  std::uint32_t closed_ : 1 = 0;
  std::uint32_t unstarted_ : 31 = 0;
};

class [[nodiscard]] Scope::JoinAwaiter final : public AwaiterBase<JoinAwaiter>, private Completion {
 public:
  explicit JoinAwaiter(Scope& scope) : scope_(&scope) {}
  JoinAwaiter(JoinAwaiter&&) = default;
  ~JoinAwaiter() {
    if (parent_) scope_->joiner_.forget(waiter_);
  }
  bool await_ready() const { return scope_->empty(); }
  PromiseBase* start(Continuation continuation) {
    parent_ = continuation;
    scope_->joiner_.await(waiter_, Continuation(static_cast<Completion&>(*this)));
    return nullptr;
  }
  void await_resume() {}

 private:
  PromiseBase* completed() noexcept override {
    if (!scope_->empty()) return start(parent_);  // another child came in between
    return std::exchange(parent_, Continuation()).next();
  }
  Spawned* root() const noexcept override { return parent_.root(); }

  Scope* scope_;
  Waiter waiter_;
  Continuation parent_;
};

inline void Spawned::enter(Scope& scope) noexcept {
  set_awaited_by(Continuation::of_spawned(&scope), this);
  continue_with(Continuation::of_spawned(nullptr));
  ++scope.children_;
  ++scope.unstarted_;
  scope.loop_.ready_.push_back(*this);
}

inline PromiseBase& Spawned::begin() {
  --scope()->unstarted_;
  scope()->started_.push_back(*this);
  return *this;
}

inline void Spawned::forget_scope() noexcept {
  Scope& left = *scope();
  set_awaited_by(Continuation::of_spawned(nullptr));
  left.child_gone();
}

inline Scope::JoinAwaiter Scope::join() { return JoinAwaiter(*this); }

}  // namespace ghostnet
