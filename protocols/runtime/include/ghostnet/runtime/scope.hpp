// Scope: the owner of background tasks.
//
// `scope.spawn(task)` starts a task in a coming turn; dropping the scope drops them all. A child that ends with an
// error or an exception is reported to the scope's FailureHandler, or to the Loop's where it has none; the other
// children go on. A Scope is pinned in memory. The Loop outlives it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

#include "ghostnet/runtime/frame_pool.hpp"
#include "ghostnet/runtime/loop.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/sole_waiter.hpp"
#include "ghostnet/runtime/task.hpp"

namespace ghostnet {

class Scope;

namespace detail {

// Names a task for as long as it lives: the one that made a scope. As a rule it holds the scope in its frame, which
// tells that a running task stands under another one. Eight bytes; made when first asked for.
class MakerRef {
 public:
  MakerRef() = default;
  static MakerRef to(Spawned& task);
  MakerRef(const MakerRef& other);
  MakerRef& operator=(MakerRef other) noexcept {
    std::swap(maker_, other.maker_);
    return *this;
  }
  ~MakerRef();

  explicit operator bool() const { return maker_ != nullptr; }
  // Null when there was none, or it is gone.
  Spawned* task() const;
  void forget_task();

  // Of a task that has left its scope: the maker of that scope.
  Spawned* above() const;
  void set_above(MakerRef above);

 private:
  struct Maker;

  Maker* maker_ = nullptr;
};

struct MakerRef::Maker : FromFramePool {
  Spawned* task;
  MakerRef above{};
  std::uint32_t references = 1;
};

inline MakerRef MakerRef::to(Spawned& task) {
  MakerRef made;
  made.maker_ = new Maker{.task = &task};
  return made;
}
inline MakerRef::MakerRef(const MakerRef& other) : maker_(other.maker_) {
  if (maker_ != nullptr) ++maker_->references;
}
inline MakerRef::~MakerRef() {
  if (maker_ != nullptr && --maker_->references == 0) delete maker_;
}
inline Spawned* MakerRef::task() const { return maker_ == nullptr ? nullptr : maker_->task; }
inline void MakerRef::forget_task() {
  if (maker_ != nullptr) maker_->task = nullptr;
}
inline Spawned* MakerRef::above() const { return maker_ == nullptr ? nullptr : maker_->above.task(); }
inline void MakerRef::set_above(MakerRef above) { maker_->above = std::move(above); }

}  // namespace detail

// The record of one root task: it is what awaits the task, and where the task stands in its scope.
// Until it has started it stands in the loop's ready list instead. 48 bytes.
class Spawned : public Waiter, public Completion, public FromFramePool {
 public:
  Spawned* root() const noexcept final { return const_cast<Spawned*>(this); }

 protected:
  Spawned(Scope& scope, PromiseBase& promise);
  ~Spawned() { made_.forget_task(); }

  PromiseBase& promise() const { return *continuation().started(); }

  // Takes the finished task out of its scope, destroys it and reports `failure` if it is one.
  void finish(const Error* failure) noexcept;

 private:
  friend class Loop;
  friend class Scope;

  virtual void destroy() noexcept = 0;  // the frame and this record

  PromiseBase& begin();
  // To be destroyed soon: it no longer counts among the scope's children, and the scope may go before it does.
  void leave_scope() noexcept;
  // The task that made this one's scope.
  Spawned* above() const;
  bool stands_under(const Spawned& other) const;

  Scope* scope_;           // null when it has left
  detail::MakerRef made_;  // this task, for the scopes that it makes; empty until it makes one
};

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
  }

  // Starts the task at the end of the loop's ready list. A task given to a closed scope is dropped.
  template <class T>
    requires std::same_as<T, void> || std::same_as<T, Result<void>>
  void spawn(Task<T> task);

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

  void child_failed(const Error& failure) noexcept;
  void child_gone() noexcept;
  enum class Ending : bool { no, yes };
  void drop_children(Ending ending) noexcept;
  void drop(Spawned& child, Ending ending) noexcept;

  Loop& loop_;
  FailureHandler* handler_;
  detail::MakerRef maker_;  // the task that ran when this was made
  IntrusiveList<Waiter> started_;
  SoleWaiter joiner_;
  std::uint32_t children_ = 0;
  std::uint32_t unstarted_ : 31 = 0;
  std::uint32_t closed_ : 1 = 0;
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

inline Scope::JoinAwaiter Scope::join() { return JoinAwaiter(*this); }

namespace detail {

Error error_from_exception(std::exception_ptr exception) noexcept;

template <class T>
class SpawnedTask final : public Spawned {
 public:
  SpawnedTask(Scope& scope, Promise<T>& promise) : Spawned(scope, promise) {}

  PromiseBase* completed() noexcept override {
    try {
      if constexpr (std::same_as<T, void>) {
        outcome().take();
        finish(nullptr);
      } else {
        T result = outcome().take();
        finish(result ? nullptr : &result.error());
      }
    } catch (...) {
      Error error = error_from_exception(std::current_exception());
      finish(&error);
    }
    return nullptr;
  }

 private:
  Promise<T>& outcome() { return static_cast<Promise<T>&>(promise()); }

  void destroy() noexcept override {
    std::coroutine_handle<Promise<T>>::from_promise(outcome()).destroy();
    delete this;
  }
};

}  // namespace detail

template <class T>
  requires std::same_as<T, void> || std::same_as<T, Result<void>>
void Scope::spawn(Task<T> task) {
  if (closed_) return;
  new detail::SpawnedTask<T>(*this, std::move(task).release());
}

}  // namespace ghostnet
