// Which runs of a command begin alike, so that what they have in common is carried out once.
//
// Of the points of a sweep that is so for those that differ in workloads and faults alone, until the first of these has
// an effect (scenarios/beginning.hpp); where that is at once, they share the set-up. Repeats have seeds of their own
// and share nothing. The ns3 carrier and live runs are never shared, nor are runs that write captures or logs, which
// are of each run from its beginning.
#pragma once

#include <map>

#include "command.hpp"
#include "plan.hpp"
#include "run_pool.hpp"

namespace ghostnet::cli {

struct Beginnings {
  std::vector<RunPool::Unit> units;        // every open run is in one, in order of the first of each
  std::map<std::size_t, TimePoint> until;  // by the first run of a unit of several: where they part
  // "16 runs begin alike, until 20 s", "4 runs are set up alike"; empty where no two begin alike.
  std::string in_words() const;
};

Beginnings find_beginnings(const RunCommand& command, const Program& program, const Plan& plan,
                           const std::vector<std::size_t>& open);

}  // namespace ghostnet::cli
