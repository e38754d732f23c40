// Beginnings: until when two scenarios are the same run, so that one run may stand for both until then and go on as
// each of them afterwards.
//
// What a run is made of (network, groups, protocols, seed, durations, what is measured) has an effect from its first
// instant. A workload is first looked at at its `start`, and a fault at its `at`: scenarios that differ in nothing else
// are the same run until the first of those. Repeats have seeds of their own, so nothing of theirs is shared.
#pragma once

#include "ghostnet/scenarios/scenario.hpp"

namespace ghostnet::scenarios {

// The instant of a run at which its runner first looks at a workload. No clock of a host has come to the workload's
// start by then, however fast it may run in this scenario.
TimePoint begin_of(const Scenario& scenario, const Scenario::Workload& workload);
TimePoint begin_of(const Fault& fault);

// The first instant at which what the runner looks at is not the same in both; kNever: there is none, or both are
// loaded alike. Nothing where they differ from the outset: already in how they are set up.
std::optional<TimePoint> common_beginning(const Scenario& a, const Scenario& b);

// Lets `scenario`, which is under way, be `other` from now on: takes over what in `other` begins at `now` or later, in
// place, and what `other` is called by. common_beginning() of the two is not before `now`.
void go_on_as(Scenario& scenario, Scenario&& other, TimePoint now);

}  // namespace ghostnet::scenarios
