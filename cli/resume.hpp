// --resume: which of the planned runs are finished already, by what the results file holds.
//
// A run is the same when the text of its file, its name, parameters, seed, repeat, mode, carrier, planned time and the
// revision of this program are. Only runs that came to a verdict are finished: interrupted, broken and unfinished ones
// are made again.
#pragma once

#include <vector>

#include "command.hpp"
#include "plan.hpp"
#include "report.hpp"

namespace ghostnet::cli {

struct FinishedRun {
  std::size_t index;  // in the plan
  RunReply reply;     // as it would have been given
};

Result<std::vector<FinishedRun>> finished_runs(const RunCommand& command, const Program& program, const Plan& plan);

// Names the runs of this command in the results file.
std::string batch_label();

}  // namespace ghostnet::cli
