// TurnEnd: calls its owner once, behind everything that is ready at this moment: for work that gathers during a turn of
// the loop and is done best together.
//
//   TurnEnd<YamuxSession, &YamuxSession::flush> flusher_;
//   ...
//   flusher_.schedule();   // as often as one likes
//
// It is no coroutine and costs no frame. Destroying it forgets the call. The owner may not be destroyed by being told.
#pragma once

#include "ghostnet/runtime/loop.hpp"
#include "ghostnet/runtime/task.hpp"

namespace ghostnet {

template <class Owner, void (Owner::*kTold)()>
class TurnEnd final : private Completion {
 public:
  TurnEnd(Owner& owner, Loop& loop)
      : owner_(owner), loop_(loop), waiter_(Continuation(static_cast<Completion&>(*this))) {}
  TurnEnd(const TurnEnd&) = delete;
  TurnEnd& operator=(const TurnEnd&) = delete;

  void schedule() {
    if (!waiter_.linked()) loop_.wake(waiter_);
  }

 private:
  PromiseBase* completed() noexcept override {
    (owner_.*kTold)();
    return nullptr;
  }
  Spawned* root() const noexcept override { return nullptr; }

  Owner& owner_;
  Loop& loop_;
  Waiter waiter_;
};

}  // namespace ghostnet
