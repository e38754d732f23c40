// ReadinessRelay: for a stream that stands over another: tells it when the lower one is readable, or writable, again.
//
//   ReadinessRelay<TlsStream, &TlsStream::lower_readable> readable_{*this};
//   ...
//   if (read.error() == Errc::would_block) readable_.arm(lower_->readable());
//
// It waits in place of a coroutine, for the price of 56 bytes and no frame. The owner outlives it and is not destroyed
// by being told; the lower stream outlives it, or it is disarmed before.
#pragma once

#include <optional>
#include <utility>

#include "ghostnet/runtime/stream.hpp"
#include "ghostnet/runtime/task.hpp"

namespace ghostnet {

template <class Owner, void (Owner::*kTold)()>
class ReadinessRelay final : private Completion {
 public:
  explicit ReadinessRelay(Owner& owner) : owner_(owner) {}
  ReadinessRelay(const ReadinessRelay&) = delete;
  ReadinessRelay& operator=(const ReadinessRelay&) = delete;

  // Right after the lower stream said would_block. Waits once; arming it again while it waits changes nothing.
  void arm(Stream::ReadyAwaiter awaiter) {
    if (waiting_) return;
    waiting_.emplace(std::move(awaiter));
    waiting_->start(Continuation(static_cast<Completion&>(*this)));
  }
  void disarm() { waiting_.reset(); }
  bool armed() const { return waiting_.has_value(); }

 private:
  PromiseBase* completed() noexcept override {
    waiting_->await_resume();
    waiting_.reset();
    (owner_.*kTold)();
    return nullptr;
  }
  Spawned* root() const noexcept override { return nullptr; }

  Owner& owner_;
  std::optional<Stream::ReadyAwaiter> waiting_;
};

}  // namespace ghostnet
