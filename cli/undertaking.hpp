// Undertaking: a run under way: its world, its traces and where it is recorded.
//
// prepare() and carry_out() are a whole run. Several runs that begin alike (scenarios/beginning.hpp) share one: it is
// prepared as the first of them without a record, runs to where they part, and a copy of the process each goes on as
// one of them.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "capture_files.hpp"
#include "command.hpp"
#include "ghostnet/results/store.hpp"
#include "ghostnet/scenarios/recorder.hpp"
#include "plan.hpp"
#include "report.hpp"

namespace ghostnet::cli {

using OnProgress = std::function<void(const scenarios::Progress&)>;

class Undertaking {
 public:
  // So many rows of a common beginning are kept in memory at most; runs part earlier than they would have to, then.
  static constexpr std::size_t kMaxGatheredRows = 4'000'000;

  // All outlive it. `record` has the scenario.
  Undertaking(const RunCommand& command, const Program& program, const PlannedRun& planned, RunRecord& record);

  enum class Recording : std::uint8_t { into_file, detached };
  Result<> prepare(Recording recording = Recording::into_file);
  // The rest of the run, and its record.
  Result<> carry_out(const OnProgress& on_progress);
  // What could not be prepared is recorded as a run that failed, once there is a record.
  void abandon(const Error& why);

  // Of one that was prepared detached: up to that instant, or less far where it holds too much. False where that failed
  // or was interrupted.
  bool run_until(TimePoint until, const OnProgress& on_progress);
  // It is this run from now on, and has its record. `planned` outlives it.
  Result<> go_on_as(const PlannedRun& planned, scenarios::Scenario&& scenario);

 private:
  using Instant = std::chrono::steady_clock::time_point;

  std::string own(const std::string& directory) const;
  Result<std::unique_ptr<scenarios::RunWorld>> make_world(const scenarios::Scenario& scenario);
  Result<> capture();
  Result<> end_captures();
  Result<> begin_recording(Recording recording);
  RunInfo info() const;
  void watch(const OnProgress& on_progress);

  const RunCommand& command_;
  const Program& program_;
  const PlannedRun* planned_;
  RunRecord& record_;
  Instant began_;
  Duration setup_wall_{};
  Duration wall_{};  // of what was run before carry_out()
  TextLogSink log_sink_;
  CaptureFiles captures_;
  std::unique_ptr<scenarios::RunWorld> world_;
  std::unique_ptr<results::Store> store_;
  std::optional<scenarios::Recorder> recorder_;
  std::optional<scenarios::Runner> runner_;
};

}  // namespace ghostnet::cli
