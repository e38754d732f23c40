// One run, from its planned form to its record, alone or from where several have come to together.
#pragma once

#include <memory>

#include "undertaking.hpp"

namespace ghostnet::cli {

// Carries the run out in this process, and records it where the command says so. `on_progress` is called some times a
// second of the run's time; an interruption ends the run there.
RunRecord run_one(const RunCommand& command, const Program& program, const PlannedRun& planned,
                  const OnProgress& on_progress);

// What several runs have in common, carried out once.
class CommonBeginning {
 public:
  // All outlive it. `first` is one of the runs.
  CommonBeginning(const RunCommand& command, const Program& program, const PlannedRun& first);
  ~CommonBeginning();

  // False where it came to nothing, and each run is to be made alone, which says why.
  bool carry_out(TimePoint until, const OnProgress& on_progress);
  // The rest of a run; once, so each in a copy of this process. The record has all of the run.
  RunRecord go_on(const PlannedRun& planned, const OnProgress& on_progress);

 private:
  const RunCommand& command_;
  const Program& program_;
  const PlannedRun& first_;
  RunRecord record_;
  std::unique_ptr<Undertaking> undertaking_;
};

}  // namespace ghostnet::cli
