#include "beginnings.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "ghostnet/runtime/quantity.hpp"
#include "ghostnet/scenarios/beginning.hpp"

namespace ghostnet::cli {

namespace {

using scenarios::Scenario;

// Runs of which this is not the same differ from the outset.
std::string outset_of(const PlannedRun& run) {
  std::string outset = fmt::format("{}\n{}", run.file, run.overrides.seed.value_or(0));
  for (const auto& [path, value] : run.sweep_point) {
    if (path.starts_with("workload.") || path.starts_with("faults.")) continue;
    outset += fmt::format("\n{}={}", path, value);
  }
  return outset;
}

bool may_share(const RunCommand& command, const Scenario& scenario) {
  return scenario.network.carrier == sim::Carrier::fabric && scenario.record.logs.empty() &&
         scenario.pcap_directory.empty() && command.pcap_directory.empty();
}

// Those of `runs` that begin like its first, which they part from at `until`.
struct Alike {
  RunPool::Unit unit;
  TimePoint until = kNever;
};

Alike alike(const RunCommand& command, const Program& program, const Plan& plan, const RunPool::Unit& runs) {
  Alike found{.unit = {runs.front()}};
  const auto load = [&](std::size_t index) {
    const PlannedRun& run = plan.runs[index];
    return scenarios::load_scenario(*run.text, run.file, program.registry, run.overrides);
  };
  const scenarios::LoadResult first = load(runs.front());
  if (!first || !may_share(command, *first)) return found;
  for (std::size_t i = 1; i < runs.size(); ++i) {
    const scenarios::LoadResult other = load(runs[i]);
    if (!other) continue;
    const std::optional<TimePoint> until = scenarios::common_beginning(*first, *other);
    if (!until) continue;
    found.unit.push_back(runs[i]);
    found.until = std::min({found.until, *until, TimePoint(first->run.duration)});
  }
  return found;
}

}  // namespace

Beginnings find_beginnings(const RunCommand& command, const Program& program, const Plan& plan,
                           const std::vector<std::size_t>& open) {
  Beginnings beginnings;
  const bool wanted = command.mode == "sim" && !command.from_start;
  std::map<std::string, RunPool::Unit> by_outset;
  for (const std::size_t index : open) {
    by_outset[wanted ? outset_of(plan.runs[index]) : std::to_string(index)].push_back(index);
  }
  for (auto& [outset, runs] : by_outset) {
    while (runs.size() > 1) {
      Alike found = alike(command, program, plan, runs);
      std::erase_if(runs, [&](std::size_t index) { return std::ranges::binary_search(found.unit, index); });
      if (found.unit.size() > 1) beginnings.until[found.unit.front()] = found.until;
      beginnings.units.push_back(std::move(found.unit));
    }
    if (!runs.empty()) beginnings.units.push_back(runs);
  }
  std::ranges::sort(beginnings.units, {}, [](const RunPool::Unit& unit) { return unit.front(); });
  return beginnings;
}

std::string Beginnings::in_words() const {
  std::vector<std::string> words;
  for (const RunPool::Unit& unit : units) {
    if (unit.size() < 2) continue;
    const TimePoint parted = until.at(unit.front());
    words.push_back(parted == TimePoint{} ? fmt::format("{} runs are set up alike", unit.size())
                                          : fmt::format("{} runs begin alike, until {}", unit.size(),
                                                        to_text(parted.time_since_epoch())));
  }
  constexpr std::size_t kMaxWords = 3;
  const std::size_t more = words.size() > kMaxWords ? words.size() - kMaxWords : 0;
  words.resize(words.size() - more);
  std::string all = fmt::format("{}", fmt::join(words, "; "));
  if (more != 0) all += fmt::format("; and {} more such sets", more);
  return all;
}

}  // namespace ghostnet::cli
