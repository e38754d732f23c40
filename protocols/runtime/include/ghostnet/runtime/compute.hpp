// ComputeJob: one pure function on its way through a worker, and CpuWork: what it costs a modelled CPU.
//
// The job is shared between the task that waits and the world that runs it, so that either may go first. execute() may
// run on another thread; everything else belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "ghostnet/runtime/loop.hpp"
#include "ghostnet/runtime/sync.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet {

// Amounts of work, priced by the CpuModel of a simulated host. A live host ignores them.
struct CpuWork {
  std::uint64_t aead_bytes = 0;
  std::uint32_t packets = 0;
  std::uint32_t handshakes = 0;  // one public-key operation each
  Duration other{};              // on the reference machine
};

class ComputeJob {
 public:
  ComputeJob(Loop& loop, CpuWork work) : done_(loop), work_(work) {}
  virtual ~ComputeJob() = default;

  const CpuWork& work() const { return work_; }

  // Runs the function; on any thread, once.
  virtual void execute() noexcept = 0;
  // On the loop's thread, after execute(): the task that waits goes on.
  void finish() { done_.set(); }

  Event& finished() { return done_; }

 private:
  Event done_;
  CpuWork work_;
};

template <class F>
class ComputeJobOf final : public ComputeJob {
 public:
  using Outcome = std::invoke_result_t<F&>;

  ComputeJobOf(Loop& loop, CpuWork work, F&& function) : ComputeJob(loop, work), function_(std::move(function)) {}

  void execute() noexcept override {
    try {
      if constexpr (std::is_void_v<Outcome>) {
        (*function_)();
      } else {
        outcome_.emplace((*function_)());
      }
    } catch (...) {
      exception_ = std::current_exception();
    }
    function_.reset();  // what it held is released where it ran
  }

  Outcome take() {
    if (exception_) std::rethrow_exception(exception_);
    if constexpr (!std::is_void_v<Outcome>) return std::move(*outcome_);
  }

 private:
  std::optional<F> function_;
  std::optional<std::conditional_t<std::is_void_v<Outcome>, std::monostate, Outcome>> outcome_;
  std::exception_ptr exception_;
};

}  // namespace ghostnet
