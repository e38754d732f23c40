// Until when two scenarios are the same run.
#include "ghostnet/scenarios/beginning.hpp"

#include <gmock/gmock.h>

#include "scenario_fixture.hpp"

namespace ghostnet::scenarios::beginning_test {
namespace {

using testing::Eq;
using testing::Optional;

class Beginnings : public ScenarioTest {
 protected:
  static constexpr std::string_view kText = R"(
duration: 60 s
network: { hosts: 4 }
groups: { a: { count: 2 } }
protocols: { toy: }
workload:
  - ask: { rate: 1 /s, start: 10 s }
  - ask: { rate: 2 /s }
faults:
  - { at: 30 s, for: 5 s, crash: a }
)";

  Scenario with(const Settings& settings) {
    Overrides overrides;
    overrides.set = settings;
    return good(kText, overrides);
  }
  std::optional<TimePoint> common(const Settings& a, const Settings& b) { return common_beginning(with(a), with(b)); }
};

TEST_F(Beginnings, OfOneScenarioNeverPart) {
  EXPECT_THAT(common({}, {}), Optional(Eq(kNever)));
  EXPECT_THAT(common({{"sweep", "{ seed: [1, 2] }"}}, {{"repeat", "4"}}), Optional(Eq(kNever)));
}

TEST_F(Beginnings, PartWhereTheFirstWorkloadOrFaultThatIsAnotherBegins) {
  EXPECT_THAT(common({}, {{"workload.0.ask.rate", "5 /s"}}), Optional(TimePoint(10s)));
  EXPECT_THAT(common({}, {{"workload.0.ask.start", "4 s"}}), Optional(TimePoint(4s)));
  EXPECT_THAT(common({{"workload.0.ask.start", "8 s"}}, {{"workload.0.ask.start", "20 s"}}), Optional(TimePoint(8s)));
  EXPECT_THAT(common({}, {{"workload.1.ask.size", "9 B"}}), Optional(TimePoint(0s)));
  EXPECT_THAT(common({}, {{"faults.0.for", "6 s"}}), Optional(TimePoint(30s)));
  EXPECT_THAT(common({{"workload.0.ask.rate", "5 /s"}}, {{"faults.0.at", "3 s"}}), Optional(TimePoint(3s)));
}

TEST_F(Beginnings, DifferFromTheOutsetInEverythingElse) {
  for (const char* path : {"network.loss", "toy.port", "seed", "duration", "warm_up", "name", "groups.a.count",
                           "record.interval", "expect"}) {
    const std::map<std::string, std::string, std::less<>> values = {
        {"network.loss", "1 %"}, {"toy.port", "9"},          {"seed", "3"},
        {"duration", "50 s"},    {"warm_up", "1 s"},         {"name", "b"},
        {"groups.a.count", "3"}, {"record.interval", "1 s"}, {"expect", "[toy.requests > 1]"}};
    EXPECT_EQ(common({}, {{path, values.at(path)}}), std::nullopt) << path;
  }
  EXPECT_EQ(common({}, {{"faults", "[]"}}), std::nullopt) << "a fault less";
}

TEST_F(Beginnings, PartBeforeAnyClockOfAHostHasComeToTheStart) {
  EXPECT_THAT(common({{"groups.a.clock_drift", "250000"}},
                     {{"groups.a.clock_drift", "250000"}, {"workload.0.ask.rate", "5 /s"}}),
              Optional(TimePoint(8s)));
  // A fault may make clocks as fast.
  EXPECT_THAT(common({}, {{"faults.0", "{ at: 1 s, clock: { drift: 250000 } }"}}), Optional(TimePoint(1s)));
  const Scenario fast = with({{"faults.0", "{ at: 1 s, clock: { drift: 250000 } }"}});
  EXPECT_EQ(begin_of(fast, fast.workloads[0]), TimePoint(8s));
}

TEST_F(Beginnings, WhatIsYetToBeginIsTakenOverInPlace) {
  Scenario scenario = with({});
  const Scenario::Workload* const first = scenario.workloads.data();
  go_on_as(scenario, with({{"workload.0.ask.rate", "5 /s"}, {"faults.0.for", "6 s"}}), TimePoint(10s));
  EXPECT_EQ(scenario.workloads.data(), first);
  EXPECT_EQ(scenario.workloads[0].when.rate, Frequency::hz(5));
  EXPECT_EQ(scenario.workloads[1].when.rate, Frequency::hz(2));
  EXPECT_EQ(scenario.faults[0].when.for_, Duration(6s));
  EXPECT_THAT(scenario.parameters, testing::SizeIs(2));
}

}  // namespace
}  // namespace ghostnet::scenarios::beginning_test
