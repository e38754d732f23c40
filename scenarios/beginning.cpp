#include "ghostnet/scenarios/beginning.hpp"

#include <algorithm>

namespace ghostnet::scenarios {

namespace {

// Of all clocks of a scenario, with all the faults that can strike them at once.
double fastest_clock_ppm(const Scenario& scenario) {
  double fastest = 0;
  for (const Scenario::Group& group : scenario.groups) fastest = std::max(fastest, group.options.clock_drift);
  for (const Fault& fault : scenario.faults) {
    if (const auto* clock = std::get_if<ClockFault>(&fault.effect)) fastest += std::max(clock->drift, 0.0);
  }
  return fastest;
}

// Whether they are the same run as they are set up.
bool set_up_alike(const Scenario& a, const Scenario& b) {
  return a.written.rest == b.written.rest && a.run.seed == b.run.seed && a.run.duration == b.run.duration &&
         a.run.name == b.run.name && a.network.carrier == b.network.carrier && a.file_digests == b.file_digests &&
         a.workloads.size() == b.workloads.size() && a.faults.size() == b.faults.size();
}

}  // namespace

TimePoint begin_of(const Scenario& scenario, const Scenario::Workload& workload) {
  const double fastest = fastest_clock_ppm(scenario);
  if (fastest <= 0) return TimePoint(workload.when.start);
  const double start_ns = static_cast<double>(workload.when.start.count());
  return TimePoint(Duration(static_cast<std::int64_t>(start_ns / (1 + fastest / 1e6))));
}

TimePoint begin_of(const Fault& fault) { return TimePoint(fault.when.at); }

std::optional<TimePoint> common_beginning(const Scenario& a, const Scenario& b) {
  if (!set_up_alike(a, b)) return std::nullopt;
  TimePoint differs = kNever;
  const auto compare = [&differs](TimePoint of_a, TimePoint of_b, bool written_alike) {
    if (of_a != of_b || !written_alike) differs = std::min({differs, of_a, of_b});
  };
  for (std::size_t i = 0; i < a.workloads.size(); ++i) {
    compare(begin_of(a, a.workloads[i]), begin_of(b, b.workloads[i]), a.written.workloads[i] == b.written.workloads[i]);
  }
  for (std::size_t i = 0; i < a.faults.size(); ++i) {
    compare(begin_of(a.faults[i]), begin_of(b.faults[i]), a.written.faults[i] == b.written.faults[i]);
  }
  return differs;
}

void go_on_as(Scenario& scenario, Scenario&& other, TimePoint now) {
  // What is under way refers to the workloads and faults that have begun, so these stay where they are.
  for (std::size_t i = 0; i < scenario.workloads.size(); ++i) {
    if (begin_of(other, other.workloads[i]) >= now) scenario.workloads[i] = std::move(other.workloads[i]);
  }
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    if (begin_of(other.faults[i]) >= now) scenario.faults[i] = std::move(other.faults[i]);
  }
  scenario.parameters = std::move(other.parameters);
  scenario.written = std::move(other.written);
}

}  // namespace ghostnet::scenarios
