// Spawned: the promise of a task that a Scope can own, Task<> or Task<Result<>>.
//
// A task in the background needs nothing beside its frame: its promise is the node that stands in the loop's ready list
// until it has started, and in the list of its scope from then on. And a task that makes a Scope, as a rule in its own
// frame, is remembered there, which tells that a running task stands under another one.
#pragma once

#include <cstdint>
#include <utility>

#include "ghostnet/runtime/frame_pool.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/waiter.hpp"

namespace ghostnet {

class Scope;

namespace detail {

// Stands for a task that makes scopes, and outlives it as long as they do. Counted.
struct Maker : FromFramePool {
  explicit Maker(Spawned& maker) : task(&maker) {}
  ~Maker() { release(above); }

  static Maker* share(Maker* maker) {
    if (maker != nullptr) ++maker->references;
    return maker;
  }
  static void release(Maker* maker) {
    if (maker != nullptr && --maker->references == 0) delete maker;
  }

  Spawned* task;           // null when it is gone
  Maker* above = nullptr;  // of a task that has left its scope: the maker of that scope
  std::uint32_t references = 1;
};

}  // namespace detail

class Spawned : public PromiseBase, public Waiter {
 public:
  // Gives the task to a scope, to start at the end of the loop's ready list.
  void enter(Scope& scope) noexcept;

 protected:
  Spawned() = default;
  ~Spawned() {
    if (detail::Maker* maker = made()) [[unlikely]] {
      maker->task = nullptr;
      detail::Maker::release(maker);
    }
  }

  // The task has ended: takes it out of its scope, reports `failure` if it is one, and destroys the frame, of which
  // this is a part.
  void end(const Error* failure) noexcept;

 private:
  friend class Loop;
  friend class Scope;

  PromiseBase& begin();
  void destroy() noexcept { handle().destroy(); }
  // To be destroyed soon: it no longer counts among the scope's children, and the scope may go before it does.
  void leave_scope() noexcept;
  // The same, where nobody will ask under whom it stood.
  void forget_scope() noexcept;
  bool stands_under(const Spawned& other) const;
  // The task that made this one's scope.
  Spawned* above() const;

  // Null when it has left.
  Scope* scope() const { return static_cast<Scope*>(awaited_by().own()); }
  // This task, for the scopes that it makes; null until it makes one.
  detail::Maker* made() const { return static_cast<detail::Maker*>(continuation().own()); }
  detail::Maker* make() {
    if (made() == nullptr) continue_with(Continuation::of_spawned(new detail::Maker(*this)));
    return made();
  }
};

}  // namespace ghostnet
