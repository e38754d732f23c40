// Plan: the runs that one `ghostnet run` stands for: every file, at every point of its sweep, as often as it repeats.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "command.hpp"
#include "ghostnet/scenarios/sweep.hpp"
#include "run_options.hpp"

namespace ghostnet::cli {

// "network.loss=1 %, duration=5 s".
std::string settings_in_words(const scenarios::Settings& settings);

struct PlannedRun {
  std::string file;
  std::shared_ptr<const std::string> text;
  scenarios::Overrides overrides;  // the sweep point and the seed of the repeat included
  scenarios::Settings sweep_point;
  std::uint32_t repeat = 0;
  bool is_single = true;    // the only one of its file
  std::string directory{};  // "run-003": within those for captures and logs; empty: it is alone in them

  // "network.loss=1 %, repeat 2"; empty for a single one.
  std::string label() const;
};

// A file that cannot be planned, and why.
struct UnplannedFile {
  std::string file;
  std::vector<scenarios::Diagnostic> diagnostics{};
  std::optional<Error> error{};
};

struct Plan {
  // As many runs as one command may make.
  static constexpr std::size_t kMaxRuns = 100'000;

  std::vector<PlannedRun> runs;
  std::vector<UnplannedFile> unplanned;

  // Of how many files there are runs.
  std::size_t files() const;
};

// Every point of every sweep is loaded once, so that what is wrong with one is seen before anything runs. Errors:
// limit, and what is wrong with a sweep.
Result<Plan> make_plan(const RunCommand& command, const Program& program);

// "path=v1,v2": an axis of a sweep. Values are YAML, so that a list in brackets is one value.
Result<scenarios::Sweep::Axis> parse_axis(const std::string& text);

}  // namespace ghostnet::cli
