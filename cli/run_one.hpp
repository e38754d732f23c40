// One run, from its planned form to its record.
#pragma once

#include <functional>

#include "command.hpp"
#include "plan.hpp"
#include "report.hpp"

namespace ghostnet::cli {

// Carries the run out in this process, and records it where the command says so. `on_progress` is called some times a
// second of the run's time; an interruption ends the run there.
RunRecord run_one(const RunCommand& command, const Program& program, const PlannedRun& planned,
                  const std::function<void(const scenarios::Progress&)>& on_progress);

}  // namespace ghostnet::cli
