#include "plan.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace ghostnet::cli {

namespace {

using scenarios::Settings;
using scenarios::Sweep;

// The axes of the command beside those of the file; of two for the same path the command's counts.
Sweep with_axes(Sweep sweep, const Sweep::Grid& axes) {
  if (axes.empty()) return sweep;
  if (sweep.grids.empty()) sweep.grids.emplace_back();
  for (Sweep::Grid& grid : sweep.grids) {
    std::erase_if(grid, [&](const Sweep::Axis& axis) {
      return std::ranges::any_of(axes, [&](const Sweep::Axis& ours) { return ours.path == axis.path; });
    });
    grid.insert(grid.end(), axes.begin(), axes.end());
  }
  return sweep;
}

Result<> add_file(const RunCommand& command, const Program& program, const Sweep::Grid& axes, const std::string& file,
                  Plan& plan) {
  Result<std::string> read = read_file(file, kMaxScenarioBytes);
  if (!read) {
    plan.unplanned.push_back({.file = file, .error = read.error()});
    return {};
  }
  auto text = std::make_shared<const std::string>(std::move(*read));
  scenarios::LoadResult loaded = scenarios::load_scenario(*text, file, program.registry, command.overrides);
  if (!loaded) {
    plan.unplanned.push_back({.file = file, .diagnostics = std::move(loaded).error()});
    return {};
  }
  const Sweep sweep = with_axes(loaded->sweep, axes);
  const std::uint32_t repeats = command.repeat.value_or(loaded->run.repeat);
  if (sweep.size() > Sweep::kMaxPoints || sweep.size() * repeats > Plan::kMaxRuns - plan.runs.size()) {
    return fail(Errc::limit, "{}: {} points and {} repeats: at most {} points and {} runs", file, sweep.size(), repeats,
                Sweep::kMaxPoints, Plan::kMaxRuns);
  }
  for (const Settings& point : sweep.points()) {
    for (std::uint32_t repeat = 0; repeat < repeats; ++repeat) {
      PlannedRun run{.file = file,
                     .text = text,
                     .overrides = command.overrides,
                     .sweep_point = point,
                     .repeat = repeat,
                     .is_single = sweep.size() == 1 && repeats == 1};
      run.overrides.set.insert(run.overrides.set.end(), point.begin(), point.end());
      run.overrides.seed = scenarios::seed_of_repeat(loaded->run.seed, repeat);
      plan.runs.push_back(std::move(run));
    }
  }
  return {};
}

}  // namespace

std::string PlannedRun::label() const {
  std::vector<std::string> words;
  for (const auto& [path, value] : sweep_point) words.push_back(fmt::format("{}={}", path, value));
  if (!is_single) words.push_back(fmt::format("repeat {}", repeat));
  return fmt::format("{}", fmt::join(words, ", "));
}

std::size_t Plan::files() const {
  std::set<std::string_view> names;
  for (const PlannedRun& run : runs) names.insert(run.file);
  return names.size();
}

Result<Sweep::Axis> parse_axis(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    return fail(Errc::invalid_argument, "--sweep {}: expected PATH=VALUE,VALUE, as in network.loss=0%,1%,5%", text);
  }
  const std::string document = fmt::format("{}: [{}]", text.substr(0, equals), text.substr(equals + 1));
  const auto parsed = scenarios::parse_document(document, "--sweep");
  if (!parsed) return fail(Errc::invalid_argument, "--sweep {}: {}", text, parsed.error().message);
  auto sweep = scenarios::read_sweep(*parsed);
  if (!sweep) return fail(Errc::invalid_argument, "--sweep {}: {}", text, sweep.error().message);
  return std::move(sweep->grids.at(0).at(0));
}

Result<Plan> make_plan(const RunCommand& command, const Program& program) {
  Sweep::Grid axes;
  for (const std::string& text : command.sweep) {
    Result<Sweep::Axis> axis = parse_axis(text);
    if (!axis) return fail(std::move(axis));
    axes.push_back(std::move(*axis));
  }
  Plan plan;
  for (const std::string& file : command.files) {
    if (Result<> added = add_file(command, program, axes, file, plan); !added) return fail(std::move(added));
  }
  return plan;
}

}  // namespace ghostnet::cli
