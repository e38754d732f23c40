// --resume: which of the planned runs are finished already, by what the results file holds.
//
// A run is the same when the text of its file, what was read with it (included files, regions, graphs, traces,
// plug-ins), its name, parameters, seed, repeat, mode, carrier, planned time and the revision of this program are. Only
// runs that came to a verdict are finished: interrupted, broken and unfinished ones are made again.
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

// The scenario as it goes on record: its text, and comments that name what was read with it and tell the contents.
std::string recorded_text(const RunCommand& command, const scenarios::Scenario& scenario);

// 0 where it cannot be read.
std::uint64_t digest_of_file(const std::string& path);

// Names the runs of this command in the results file.
std::string batch_label();

}  // namespace ghostnet::cli
