// What is measured between two instants.
#include "ghostnet/scenarios/metric_windows.hpp"

#include <gtest/gtest.h>

namespace ghostnet::scenarios::metric_windows_test {
namespace {

struct ToyCells {
  Counter asked;
  Gauge open;
  HistogramRef rtt;
  static constexpr std::string_view kFamily = "toy";
  static constexpr FamilyMetric<ToyCells> kMetrics[] = {{&ToyCells::asked, "asked", "requests", ""},
                                                        {&ToyCells::open, "open", "requests", ""},
                                                        {&ToyCells::rtt, "rtt", "ns", ""}};
};

struct MetricWindowsTest : testing::Test {
  MetricHub hub;
  ToyCells& slow = hub.host(0, hub.group("slow")).family<ToyCells>();
  ToyCells& fast = hub.host(1, hub.group("fast")).family<ToyCells>();

  static ExpectationRule rule(std::string_view text, Duration from, Duration until) {
    ExpectationRule rule = ExpectationRule::parse(text).value();
    rule.set_window(from, until);
    return rule;
  }
};

TEST_F(MetricWindowsTest, CountersAndHistogramsAreThoseOfTheWindowAlone) {
  const ExpectationRule rules[] = {rule("toy.asked == 7", 1s, 2s),       rule("toy.asked[slow] == 4", 1s, 2s),
                                   rule("min(toy.asked) == 3", 1s, 2s),  rule("count(toy.rtt[slow]) == 2", 1s, 2s),
                                   rule("max(toy.rtt) < 60 ms", 1s, 2s), rule("toy.asked == 100", 2s, 3s)};
  MetricWindows windows(hub, 0s, rules);
  windows.pass(TimePoint{});
  slow.asked.add(10);
  slow.rtt.record(900ms);
  EXPECT_EQ(windows.next(), TimePoint{1s});
  windows.pass(TimePoint{1s});
  slow.asked.add(4);
  fast.asked.add(3);
  slow.rtt.record(50ms);
  slow.rtt.record(55ms);
  EXPECT_EQ(windows.next(), TimePoint{2s});
  windows.pass(TimePoint{2s});
  fast.asked.add(100);
  windows.finish();
  for (const ExpectationRule& rule : rules) EXPECT_TRUE(windows.judge(rule).held) << rule.text();
  EXPECT_TRUE(windows.judge(ExpectationRule::parse("toy.asked == 117").value()).held) << "the whole run";
}

TEST_F(MetricWindowsTest, TheWarmUpIsLeftOutOfTheWhole) {
  MetricWindows windows(hub, 5s, {});
  windows.pass(TimePoint{});
  slow.asked.add(10);
  slow.open.add(2);
  slow.rtt.record(1s);
  windows.pass(TimePoint{5s});
  slow.asked.add(1);
  slow.rtt.record(1ms);
  windows.finish();
  const auto holds = [&windows](std::string_view text) {
    return windows.judge(ExpectationRule::parse(text).value()).held;
  };
  EXPECT_TRUE(holds("toy.asked == 1"));
  EXPECT_TRUE(holds("count(toy.rtt) == 1"));
  EXPECT_TRUE(holds("max(toy.rtt) < 2 ms"));
  EXPECT_TRUE(holds("toy.open == 2")) << "a level is what it is";
  EXPECT_EQ(windows.next(), kNever);
}

TEST_F(MetricWindowsTest, GaugesAreLevelsBeforeServicesStop) {
  MetricWindows windows(hub, 0s, {});
  windows.pass(TimePoint{});
  slow.open.add(3);
  windows.note_levels();
  slow.open.sub(3);
  slow.asked.add(1);
  windows.finish();
  EXPECT_TRUE(windows.judge(ExpectationRule::parse("toy.open == 3").value()).held);
  EXPECT_TRUE(windows.judge(ExpectationRule::parse("toy.asked == 1").value()).held) << "what still came counts";
}

TEST_F(MetricWindowsTest, ARunThatEndsInItsWarmUpMeasuredNothing) {
  MetricWindows windows(hub, 5s, {});
  windows.pass(TimePoint{});
  slow.asked.add(10);
  windows.finish();
  EXPECT_TRUE(windows.judge(ExpectationRule::parse("toy.asked == 0").value()).held);
}

}  // namespace
}  // namespace ghostnet::scenarios::metric_windows_test
