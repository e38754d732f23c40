// all_of, first_of, with_timeout: waiting for several things at once.
//
//   auto which = co_await first_of(socket.recv(batch), clock.sleep(1s));   // std::variant, index() tells
//   auto [a, b] = co_await all_of(fetch(x), fetch(y));                     // std::tuple
//   Result<T> r = co_await with_timeout(clock, 5s, dial(host, peer));
//
// Branches start in order, within the caller's turn. The losers of first_of are dropped before the caller goes on, so
// what they were doing is cancelled; where two finish in the same turn, the first to do so wins. A void branch
// yields std::monostate. Dropping the whole drops every branch.
#pragma once

#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/task.hpp"

namespace ghostnet {

namespace detail {

template <class A>
using AwaiterOf = std::remove_cvref_t<decltype(awaiter_of(std::declval<A>()))>;

template <class A>
using OutcomeOf = decltype(std::declval<AwaiterOf<A>&>().await_resume());

template <class T>
using VoidToUnit = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

// Runs a coroutine that a start() handed over, to its first suspension, on the caller's stack.
inline void run_inline(PromiseBase* started) {
  if (started != nullptr) started->handle().resume();
}

// What the branches of a combinator have in common: a parent to continue, and whether branches are still starting.
class Fork {
 public:
  Continuation parent;
  bool starting = true;

 protected:
  Fork() = default;
  Fork(Fork&&) = default;
  ~Fork() = default;
};

// One branch: its awaiter, and the Completion that tells the fork. Owner::branch_done(index) -> bool: all is done.
template <class Owner, class A>
class Branch final : public Completion {
 public:
  explicit Branch(A&& awaitable) : awaiter_(std::in_place, awaiter_of(std::forward<A>(awaitable))) {}
  Branch(Branch&&) = default;

  // True when the branch finished without waiting.
  bool start(Owner& owner, std::size_t index) {
    owner_ = &owner;
    index_ = index;
    if (awaiter_->await_ready()) return true;
    run_inline(awaiter_->start(Continuation(static_cast<Completion&>(*this))));
    return done_;
  }

  VoidToUnit<OutcomeOf<A>> take() {
    if constexpr (std::is_void_v<OutcomeOf<A>>) {
      awaiter_->await_resume();
      return {};
    } else {
      return awaiter_->await_resume();
    }
  }

  void drop() { awaiter_.reset(); }

  PromiseBase* completed() noexcept override {
    if (std::exchange(done_, true)) return nullptr;  // a timer that fires again before its first outcome was taken
    if (owner_->starting) return nullptr;            // the loop in start() notices
    return owner_->branch_done(index_) ? owner_->parent.next() : nullptr;
  }

  Spawned* root() const noexcept override { return owner_->parent.root(); }

 private:
  std::optional<AwaiterOf<A>> awaiter_;
  Owner* owner_ = nullptr;
  std::size_t index_ = 0;
  bool done_ = false;
};

}  // namespace detail

template <class... As>
class [[nodiscard]] FirstOf : public detail::Fork, public AwaiterBase<FirstOf<As...>> {
 public:
  using Outcome = std::variant<detail::VoidToUnit<detail::OutcomeOf<As>>...>;

  explicit FirstOf(As&&... awaitables) : branches_(std::forward<As>(awaitables)...) {}
  FirstOf(FirstOf&&) = default;

  bool await_ready() const { return false; }

  PromiseBase* start(Continuation continuation) {
    this->parent = continuation;
    start_branches(std::index_sequence_for<As...>());
    this->starting = false;
    if (winner_ == kNobody) return nullptr;
    drop_losers(std::index_sequence_for<As...>());
    return continuation.next();
  }

  Outcome await_resume() { return take(std::index_sequence_for<As...>()); }

  bool branch_done(std::size_t index) {
    winner_ = index;
    // Now, not when the outcome is taken: within an all_of that may be much later.
    drop_losers(std::index_sequence_for<As...>());
    return true;
  }

 private:
  static constexpr std::size_t kNobody = sizeof...(As);

  template <std::size_t... I>
  void start_branches(std::index_sequence<I...>) {
    ((winner_ == kNobody && std::get<I>(branches_).start(*this, I) ? void(winner_ = I) : void()), ...);
  }

  template <std::size_t... I>
  void drop_losers(std::index_sequence<I...>) {
    ((I != winner_ ? std::get<I>(branches_).drop() : void()), ...);
  }

  template <std::size_t... I>
  Outcome take(std::index_sequence<I...>) {
    std::optional<Outcome> outcome;
    ((I == winner_ ? void(outcome.emplace(std::in_place_index<I>, std::get<I>(branches_).take())) : void()), ...);
    return std::move(*outcome);
  }

  std::tuple<detail::Branch<FirstOf, As>...> branches_;
  std::size_t winner_ = kNobody;
};

// Waits for the first to finish and drops the others.
template <class... As>
FirstOf<As...> first_of(As&&... awaitables) {
  return FirstOf<As...>(std::forward<As>(awaitables)...);
}

template <class... As>
class [[nodiscard]] AllOf : public detail::Fork, public AwaiterBase<AllOf<As...>> {
 public:
  using Outcome = std::tuple<detail::VoidToUnit<detail::OutcomeOf<As>>...>;

  explicit AllOf(As&&... awaitables) : branches_(std::forward<As>(awaitables)...) {}
  AllOf(AllOf&&) = default;

  bool await_ready() const { return sizeof...(As) == 0; }

  PromiseBase* start(Continuation continuation) {
    this->parent = continuation;
    start_branches(std::index_sequence_for<As...>());
    this->starting = false;
    return left_ == 0 ? continuation.next() : nullptr;
  }

  Outcome await_resume() {
    return std::apply([](auto&... branch) { return Outcome{branch.take()...}; }, branches_);
  }

  bool branch_done(std::size_t) { return --left_ == 0; }

 private:
  template <std::size_t... I>
  void start_branches(std::index_sequence<I...>) {
    ((std::get<I>(branches_).start(*this, I) ? void(--left_) : void()), ...);
  }

  std::tuple<detail::Branch<AllOf, As>...> branches_;
  std::size_t left_ = sizeof...(As);
};

// Waits for every one. Outcomes are taken in order once all have finished.
template <class... As>
  requires(sizeof...(As) != 1 || !requires(As&... a) { (a.begin(), ...); })
AllOf<As...> all_of(As&&... awaitables) {
  return AllOf<As...>(std::forward<As>(awaitables)...);
}

template <class T>
class [[nodiscard]] AllOfVector : public detail::Fork, public AwaiterBase<AllOfVector<T>> {
 public:
  using Branch = detail::Branch<AllOfVector, Task<T>>;

  explicit AllOfVector(std::vector<Task<T>> tasks) : left_(tasks.size()) {
    branches_.reserve(tasks.size());
    for (Task<T>& task : tasks) branches_.emplace_back(std::move(task));
  }
  AllOfVector(AllOfVector&&) = default;

  bool await_ready() const { return branches_.empty(); }

  PromiseBase* start(Continuation continuation) {
    this->parent = continuation;
    for (std::size_t i = 0; i < branches_.size(); ++i) {
      if (branches_[i].start(*this, i)) --left_;
    }
    this->starting = false;
    return left_ == 0 ? continuation.next() : nullptr;
  }

  auto await_resume() {
    if constexpr (std::is_void_v<T>) {
      for (Branch& branch : branches_) branch.take();
    } else {
      std::vector<T> outcomes;
      outcomes.reserve(branches_.size());
      for (Branch& branch : branches_) outcomes.push_back(branch.take());
      return outcomes;
    }
  }

  bool branch_done(std::size_t) { return --left_ == 0; }

 private:
  std::vector<Branch> branches_;
  std::size_t left_;
};

template <class T>
AllOfVector<T> all_of(std::vector<Task<T>> tasks) {
  return AllOfVector<T>(std::move(tasks));
}

// The task's own result, or timed_out when it has not finished within `limit`; then it is dropped.
template <class T>
Task<Result<T>> with_timeout(const Clock& clock, Duration limit, Task<Result<T>> task) {
  auto outcome = co_await first_of(std::move(task), clock.sleep(limit));
  if (outcome.index() == 0) co_return std::get<0>(std::move(outcome));
  co_return fail(Errc::timed_out);
}

}  // namespace ghostnet
