// Task<T>: a lazy coroutine that owns its frame.
//
// Nothing runs until the task is awaited or given to a Scope. **Dropping a task cancels it**: its frame is destroyed
// where it stands suspended, destructors run, and every awaiter in it unhooks itself from what it waited for. There
// are no cancel tokens. A task may be awaited once.
//
// An exception that leaves a task is rethrown where the task is awaited. Exceptions mean bugs of ours; what a peer or
// a user can cause is a Result.
#pragma once

#include <cassert>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <type_traits>
#include <utility>

#include "ghostnet/runtime/frame_pool.hpp"
#include "ghostnet/runtime/spawned.hpp"
#include "ghostnet/runtime/waiter.hpp"

namespace ghostnet {

template <class T = void>
class Task;

template <class P>
concept TaskPromise = std::derived_from<P, PromiseBase>;

// What `co_await` and the combinators need of an awaitable of ours:
//   await_ready()          true when it can finish at once
//   start(continuation)    begins waiting; the continuation goes on when await_resume may be called.
//                          Returns the coroutine to run next in its place, or null.
//   await_resume()         takes the outcome
template <class A>
concept Awaiter = requires(A& awaiter, Continuation continuation) {
  { awaiter.await_ready() } -> std::same_as<bool>;
  { awaiter.start(continuation) } -> std::same_as<PromiseBase*>;
  awaiter.await_resume();
};

namespace detail {

inline std::coroutine_handle<> transfer_to(PromiseBase* next) {
  return next != nullptr ? next->handle() : std::noop_coroutine();
}

struct FinalAwaiter {
  bool await_ready() const noexcept { return false; }
  void await_resume() const noexcept {}

  template <TaskPromise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> finished) const noexcept {
    Continuation next = static_cast<PromiseBase&>(finished.promise()).awaited_by();
    if (next.is_coroutine()) [[likely]]
      return next.coroutine()->handle();
    if constexpr (std::derived_from<P, Spawned>) {
      if (next.is_spawned()) {
        finished.promise().end_spawned();
        return std::noop_coroutine();
      }
    }
    return transfer_to(next.completion()->completed());  // may destroy this very frame
  }
};

Error error_from_exception(std::exception_ptr exception) noexcept;

template <class T>
concept Spawnable = std::same_as<T, void> || std::same_as<T, Result<void>>;

template <class T>
class TaskPromiseBase : public std::conditional_t<Spawnable<T>, Spawned, PromiseBase> {
 public:
  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { this->keep_failure(std::current_exception()); }

  static void* operator new(std::size_t size_bytes) { return FramePool::take(size_bytes); }
  static void operator delete(void* frame, std::size_t size_bytes) noexcept { FramePool::give_back(frame, size_bytes); }
};

// The outcome of a task: nothing yet, a value, or an exception.
template <class T>
class Promise final : public TaskPromiseBase<T> {
 public:
  Promise() {}
  ~Promise() {
    if (has_value_) value_.~T();
  }

  Task<T> get_return_object() noexcept;

  template <class U = T>
    requires std::constructible_from<T, U>
  void return_value(U&& value) {
    new (&value_) T(std::forward<U>(value));
    has_value_ = true;
  }

  T take() {
    if (this->failed()) [[unlikely]]
      this->rethrow_failure();
    return std::move(value_);
  }

  void end_spawned() noexcept
    requires(Spawnable<T>)
  {
    if (this->failed()) [[unlikely]] {
      Error error = error_from_exception(this->failure());
      return this->end(&error);
    }
    if (value_) [[likely]]
      return this->end(nullptr);
    Error error = std::move(value_).error();
    this->end(&error);
  }

 private:
  union {
    T value_;
  };
  bool has_value_ = false;
};

template <>
class Promise<void> final : public TaskPromiseBase<void> {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const {
    if (failed()) [[unlikely]]
      rethrow_failure();
  }
  void end_spawned() noexcept {
    if (!failed()) [[likely]]
      return end(nullptr);
    Error error = error_from_exception(failure());
    end(&error);
  }
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using value_type = T;

  Task() = default;
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      drop();
      frame_ = std::exchange(other.frame_, nullptr);
    }
    return *this;
  }
  ~Task() { drop(); }

  explicit operator bool() const { return static_cast<bool>(frame_); }

  // Destroys the frame, if there is one: cancels the task.
  void drop() {
    if (frame_) std::exchange(frame_, nullptr).destroy();
  }

  class TaskAwaiter {
   public:
    explicit TaskAwaiter(Task&& task) : task_(std::move(task)) { assert(task_.frame_ && "a task is awaited once"); }
    bool await_ready() const noexcept { return false; }
    PromiseBase* start(Continuation continuation) noexcept {
      promise_type& promise = task_.frame_.promise();
      promise.set_awaited_by(continuation, continuation.root());
      return &promise;
    }
    template <TaskPromise P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> parent) noexcept {
      PromiseBase& awaiting = parent.promise();
      task_.frame_.promise().set_awaited_by(Continuation(awaiting), awaiting.root());
      return task_.frame_;
    }
    T await_resume() { return task_.frame_.promise().take(); }

   private:
    Task task_;
  };

  TaskAwaiter operator co_await() && { return TaskAwaiter(std::move(*this)); }

  // Hands the frame over to one who runs and destroys it himself (Scope).
  promise_type& release() && { return std::exchange(frame_, nullptr).promise(); }

 private:
  static_assert(std::is_void_v<T> || alignof(std::conditional_t<std::is_void_v<T>, char, T>) <= 16,
                "an over-aligned result would move the promise within its frame");

  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace detail

// Gives an awaiter with start() the await_suspend that the language asks for.
template <class Derived>
class AwaiterBase {
 public:
  template <TaskPromise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> parent) {
    PromiseBase& promise = parent.promise();
    return detail::transfer_to(static_cast<Derived*>(this)->start(Continuation(promise)));
  }
};

// The awaiter of any awaitable: its operator co_await, or itself.
template <class A>
decltype(auto) awaiter_of(A&& awaitable) {
  if constexpr (requires { std::forward<A>(awaitable).operator co_await(); }) {
    return std::forward<A>(awaitable).operator co_await();
  } else {
    return std::forward<A>(awaitable);
  }
}

}  // namespace ghostnet
