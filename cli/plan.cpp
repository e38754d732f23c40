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

// An axis that an option of the command would hold at one value.
Result<> check_overruled(const Sweep& sweep, const RunCommand& command, const std::string& file) {
  const std::pair<std::string_view, std::string_view> overruled[] = {
      {command.overrides.seed ? "seed" : "", "--seed"},
      {command.overrides.until ? "duration" : "", "--until"},
      {command.overrides.carrier ? "network.carrier" : "", "--carrier"},
      {command.repeat ? "repeat" : "", "--repeat"},
  };
  for (const Sweep::Grid& grid : sweep.grids) {
    for (const Sweep::Axis& axis : grid) {
      const auto by = std::ranges::find(overruled, axis.path, &std::pair<std::string_view, std::string_view>::first);
      if (by == std::end(overruled)) continue;
      return fail(Errc::invalid_argument, "{}: the sweep gives {} its values, and {} another: leave one of them out",
                  file, axis.path, by->second);
    }
  }
  return {};
}

// The scenario at a point of its sweep.
Result<scenarios::Scenario> load_point(const RunCommand& command, const Program& program, const std::string& text,
                                       const std::string& file, const Settings& point) {
  scenarios::Overrides overrides = command.overrides;
  overrides.is_point = true;
  overrides.set.insert(overrides.set.end(), point.begin(), point.end());
  scenarios::LoadResult loaded = scenarios::load_scenario(text, file, program.registry, overrides);
  if (loaded) return std::move(*loaded);
  return fail(Errc::invalid_argument, "{}; no run was begun, for the sweep comes to {}",
              loaded.error().front().to_string(), settings_in_words(point));
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
  if (Result<> free = check_overruled(sweep, command, file); !free) return free;
  if (sweep.size() > Sweep::kMaxPoints) {
    return fail(Errc::limit, "{}: {} points: at most {}", file, sweep.size(), Sweep::kMaxPoints);
  }
  for (const Settings& point : sweep.points()) {
    scenarios::RunOptions of_point = loaded->run;
    if (!point.empty()) {
      Result<scenarios::Scenario> there = load_point(command, program, *text, file, point);
      if (!there) return fail(std::move(there));
      of_point = there->run;
    }
    const std::uint32_t repeats = command.repeat.value_or(of_point.repeat);
    if (repeats > Plan::kMaxRuns - plan.runs.size()) {
      return fail(Errc::limit, "{}: {} points and {} repeats: at most {} runs in all", file, sweep.size(), repeats,
                  Plan::kMaxRuns);
    }
    for (std::uint32_t repeat = 0; repeat < repeats; ++repeat) {
      PlannedRun run{.file = file,
                     .text = text,
                     .overrides = command.overrides,
                     .sweep_point = point,
                     .repeat = repeat,
                     .is_single = sweep.size() == 1 && repeats == 1};
      run.overrides.set.insert(run.overrides.set.end(), point.begin(), point.end());
      run.overrides.is_point = true;
      run.overrides.seed = scenarios::seed_of_repeat(of_point.seed, repeat);
      plan.runs.push_back(std::move(run));
    }
  }
  return {};
}

}  // namespace

std::string settings_in_words(const Settings& settings) {
  std::vector<std::string> words;
  for (const auto& [path, value] : settings) words.push_back(fmt::format("{}={}", path, value));
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string PlannedRun::label() const {
  std::string words = settings_in_words(sweep_point);
  if (!is_single) words += fmt::format("{}repeat {}", words.empty() ? "" : ", ", repeat);
  return words;
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
    if (std::ranges::find(axes, axis->path, &Sweep::Axis::path) != axes.end()) {
      return fail(Errc::invalid_argument, "--sweep {}: given twice; write the values in one list", axis->path);
    }
    axes.push_back(std::move(*axis));
  }
  Plan plan;
  for (const std::string& file : command.files) {
    if (Result<> added = add_file(command, program, axes, file, plan); !added) return fail(std::move(added));
  }
  for (std::size_t i = 0; i < plan.runs.size() && plan.runs.size() > 1; ++i) {
    plan.runs[i].directory = fmt::format("run-{:03}", i + 1);
  }
  return plan;
}

}  // namespace ghostnet::cli
