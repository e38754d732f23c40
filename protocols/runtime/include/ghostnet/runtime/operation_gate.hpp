// OperationGate: how many operations of a service are under way, at most how many may be, and when none is left.
//
// Every operation takes a Pass first and holds it to its end. Closing the gate refuses new ones; idle() then waits for
// the last to leave, which is what a graceful stop() does. The gate outlives its passes.
#pragma once

#include <cstddef>
#include <utility>

#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/sync.hpp"

namespace ghostnet {

class OperationGate {
 public:
  OperationGate(Loop& loop, std::size_t max_at_once) : idle_(loop), max_at_once_(max_at_once) { idle_.set(); }

  class [[nodiscard]] Pass {
   public:
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }

   private:
    friend class OperationGate;
    explicit Pass(OperationGate& gate) : gate_(&gate) {}
    OperationGate* gate_;
  };

  // Errors: closed, limit.
  Result<Pass> enter() {
    if (closed_) return fail(Errc::closed);
    if (under_way_ >= max_at_once_) return fail(Errc::limit);
    ++under_way_;
    idle_.reset();
    return Pass(*this);
  }

  void close() { closed_ = true; }
  bool closed() const { return closed_; }
  std::size_t under_way() const { return under_way_; }
  // `co_await gate.idle()`: completes while no operation is under way.
  Event& idle() { return idle_; }

 private:
  void leave() {
    if (--under_way_ == 0) idle_.set();
  }

  Event idle_;
  std::size_t under_way_ = 0;
  std::size_t max_at_once_;
  bool closed_ = false;
};

}  // namespace ghostnet
