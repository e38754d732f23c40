#include "ghostnet/runtime/clock.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::clock_test {
namespace {

using support::TestWorld;
using Lines = std::vector<std::string>;

Task<> note_expiries(Timer& timer, const Clock& clock, std::vector<TimePoint>& expiries) {
  while (true) {
    co_await timer;
    expiries.push_back(clock.now());
  }
}

Task<> sleep_then(const Clock& clock, Duration duration, Lines& lines, std::string line) {
  co_await clock.sleep(duration);
  lines.push_back(std::move(line));
}

// ---- Clock ----

TEST(Clock, SleepersWakeAtTheirInstantInTheOrderInWhichTheyLayDown) {
  TestWorld world;
  Lines lines;
  Scope scope(world.loop());
  scope.spawn(sleep_then(world.clock(), 2ms, lines, "2a"));
  scope.spawn(sleep_then(world.clock(), 1ms, lines, "1"));
  scope.spawn(sleep_then(world.clock(), 2ms, lines, "2b"));
  world.run_for(1ms);
  EXPECT_EQ(lines, Lines{"1"});
  world.run();
  EXPECT_EQ(lines, (Lines{"1", "2a", "2b"}));
  EXPECT_EQ(world.now(), TimePoint{2ms});
}

TEST(Clock, ASleepOfZeroOrLessLetsOthersRunAndEndsAtTheSameInstant) {
  TestWorld world;
  Lines lines;
  Scope scope(world.loop());
  scope.spawn(sleep_then(world.clock(), 0ms, lines, "slept"));
  scope.spawn(sleep_then(world.clock(), -5ms, lines, "slept less"));
  scope.spawn([](Lines& out) -> Task<> {
    out.push_back("other");
    co_return;
  }(lines));
  world.run();
  EXPECT_EQ(lines.front(), "other");
  EXPECT_EQ(lines.size(), 3u);
  EXPECT_EQ(world.now(), TimePoint{});
}

TEST(Clock, ASleepForEverArmsNoTimer) {
  TestWorld world;
  Lines lines;
  Scope scope(world.loop());
  scope.spawn(sleep_then(world.clock(), Duration::max(), lines, "never"));
  world.run();
  EXPECT_TRUE(world.at_rest());
  EXPECT_EQ(scope.size(), 1u);
}

TEST(Clock, WallTimeIsTheLoopsPlusTheModelsError) {
  Loop loop;
  Clock clock(loop);
  loop.set_wall_offset(1000s);
  loop.set_now(TimePoint{5s});
  EXPECT_EQ(clock.wall_now(), WallTime{1005s});
  ClockModel model{.wall_error = -2s};
  clock.set_model(&model);
  EXPECT_EQ(clock.wall_now(), WallTime{1003s});
}

// ---- Timer ----

class TimerTest : public testing::Test {
 protected:
  std::vector<TimePoint> run_with_waiter() {
    Scope scope(world.loop());
    std::vector<TimePoint> expiries;
    scope.spawn(note_expiries(timer, world.clock(), expiries));
    world.run();
    return expiries;
  }

  TestWorld world;
  Timer timer{world.clock()};
};

TEST_F(TimerTest, FiresOnceAtItsDeadline) {
  timer.arm_after(3ms);
  EXPECT_TRUE(timer.armed());
  EXPECT_EQ(run_with_waiter(), std::vector{TimePoint{3ms}});
  EXPECT_FALSE(timer.armed());
  EXPECT_FALSE(timer.expired());
}

TEST_F(TimerTest, KeepsItsExpiryUntilSomebodyTakesIt) {
  timer.arm_after(1ms);
  world.run();
  EXPECT_TRUE(timer.expired());
  EXPECT_EQ(run_with_waiter(), std::vector{TimePoint{1ms}});
}

TEST_F(TimerTest, RearmingMovesTheDeadlineEitherWay) {
  timer.arm_after(2ms);
  timer.arm_after(50ms);
  timer.arm_after(40ms);
  timer.arm_after(1ms);
  EXPECT_EQ(world.loop().timers().size(), 1u);
  EXPECT_EQ(run_with_waiter(), std::vector{TimePoint{1ms}});
}

TEST_F(TimerTest, RearmingManyTimesOnTheWayFiresAtTheLastDeadline) {
  timer.arm_after(1s);
  for (int i = 0; i < 1000; ++i) {
    world.run_for(10ms);
    timer.arm_after(1s);
    ASSERT_EQ(world.loop().timers().size(), 1u);
  }
  EXPECT_EQ(run_with_waiter(), std::vector{TimePoint{11s}});
}

TEST_F(TimerTest, RearmingForgetsAnExpiryThatNobodyTook) {
  timer.arm_after(1ms);
  world.run();
  timer.arm_after(1ms);
  EXPECT_FALSE(timer.expired());
  EXPECT_EQ(run_with_waiter(), std::vector{TimePoint{2ms}});
}

TEST_F(TimerTest, CancellingLeavesNothingPending) {
  timer.arm_after(1ms);
  timer.cancel();
  EXPECT_FALSE(timer.armed());
  EXPECT_TRUE(world.at_rest());
  timer.arm_after(1ms);
  world.run();
  timer.cancel();
  EXPECT_FALSE(timer.expired());
  timer.arm(kNever);
  EXPECT_TRUE(world.at_rest());
}

TEST_F(TimerTest, AWaiterStaysAcrossRearmingAndCancelling) {
  Scope scope(world.loop());
  std::vector<TimePoint> expiries;
  scope.spawn(note_expiries(timer, world.clock(), expiries));
  timer.arm_after(1ms);
  world.run_ready();
  timer.cancel();
  world.run_for(5ms);
  EXPECT_TRUE(expiries.empty());
  timer.arm_after(1ms);
  world.run();
  EXPECT_EQ(expiries, std::vector{TimePoint{6ms}});
}

TEST_F(TimerTest, RearmingBeforeAWokenWaiterRunsTakesTheWakeUpBack) {
  Scope scope(world.loop());
  std::vector<TimePoint> expiries;
  scope.spawn(note_expiries(timer, world.clock(), expiries));
  world.run_ready();
  timer.arm(TimePoint{1ms});
  world.loop().set_now(TimePoint{1ms});
  EXPECT_EQ(world.loop().fire_due_timers(), 1u);
  timer.arm_after(5ms);
  world.run_ready();
  EXPECT_TRUE(expiries.empty());
  world.run();
  EXPECT_EQ(expiries, std::vector{TimePoint{6ms}});
}

TEST_F(TimerTest, ADroppedWaiterLeavesTheTimerArmed) {
  {
    Scope scope(world.loop());
    std::vector<TimePoint> expiries;
    scope.spawn(note_expiries(timer, world.clock(), expiries));
    timer.arm_after(1ms);
    world.run_ready();
  }
  EXPECT_TRUE(timer.armed());
  world.run();
  EXPECT_TRUE(timer.expired());
}

TEST_F(TimerTest, ADeadlineInThePastFiresAtThisInstant) {
  world.run_for(10ms);
  timer.arm(TimePoint{1ms});
  EXPECT_EQ(run_with_waiter(), std::vector{TimePoint{10ms}});
}

TEST_F(TimerTest, MovesWithItsExpiry) {
  timer.arm_after(1ms);
  world.run();
  Timer moved(std::move(timer));
  EXPECT_TRUE(moved.expired());
}

TEST_F(TimerTest, TimersOfOneInstantFireInTheOrderOfTheirArming) {
  Lines lines;
  Scope scope(world.loop());
  std::vector<Timer> timers;
  timers.reserve(5);
  for (int i = 0; i < 5; ++i) timers.emplace_back(world.clock()).arm(TimePoint{100ms});
  timers[1].arm(TimePoint{200ms});  // stays where it is until then
  timers[3].arm(TimePoint{1ms});
  timers[4].arm(TimePoint{200ms});
  timers[2].arm(TimePoint{200ms});
  timers[0].arm(TimePoint{200ms});
  timers[3].arm(TimePoint{200ms});
  for (int i = 0; i < 5; ++i) {
    scope.spawn([](Timer& waited, Lines& out, int number) -> Task<> {
      co_await waited;
      out.push_back(std::to_string(number));
    }(timers[static_cast<std::size_t>(i)], lines, i));
  }
  world.run();
  EXPECT_EQ(lines, (Lines{"1", "4", "2", "0", "3"}));
}

TEST(Timer, StaysSmall) { EXPECT_EQ(sizeof(Timer), 56u); }

// ---- ClockModel ----

TEST(ClockModel, IsMonotonicAndInvertedByTrueTime) {
  Random random = Random::derive(1, 0, "clock");
  for (int round = 0; round < 2000; ++round) {
    ClockModel model{.anchor = TimePoint{Duration(random.below(1'000'000'000'000))},
                     .local_at_anchor = TimePoint{Duration(random.below(1'000'000'000'000))},
                     .drift_ppb = random.between(-ClockModel::kMaxDriftPpb, ClockModel::kMaxDriftPpb)};
    if (round % 4 == 0) model.drift_ppb = random.between(std::int64_t{-3}, std::int64_t{3});
    for (int i = 0; i < 20; ++i) {
      TimePoint true_time{Duration(random.below(2'000'000'000'000))};
      TimePoint local = model.local(true_time);
      ASSERT_LE(local, model.local(true_time + 1ns)) << "the clock does not run backwards";
      // The earliest instant at which the local clock has come so far.
      TimePoint at = model.true_time(local);
      ASSERT_GE(model.local(at), local);
      ASSERT_LT(model.local(at - 1ns), local);
      ASSERT_LE(at, true_time);
      TimePoint deadline{Duration(random.below(2'000'000'000'000))};
      ASSERT_GE(model.local(model.true_time(deadline)), deadline);
      ASSERT_LT(model.local(model.true_time(deadline) - 1ns), deadline);
    }
  }
}

TEST(ClockModel, RunsFastAndSlowAsItSays) {
  ClockModel fast{.anchor = TimePoint{10s}, .local_at_anchor = TimePoint{100s}, .drift_ppb = 100'000};  // 100 ppm
  EXPECT_EQ(fast.local(TimePoint{10s}), TimePoint{100s});
  EXPECT_EQ(fast.local(TimePoint{1010s}), TimePoint{1100s + 100ms});
  EXPECT_EQ(fast.true_time(TimePoint{1100s + 100ms}), TimePoint{1010s});
  EXPECT_EQ(fast.local(TimePoint{0s}), TimePoint{90s - 1ms}) << "also before its anchor";
}

TEST(ClockModel, HoldsAtTheEndsOfTime) {
  ClockModel fast{.drift_ppb = ClockModel::kMaxDriftPpb};
  ClockModel slow{.drift_ppb = -ClockModel::kMaxDriftPpb};
  EXPECT_EQ(fast.local(kNever), kNever);
  EXPECT_EQ(slow.true_time(kNever - 1ns), kNever);
  EXPECT_EQ(slow.true_time(TimePoint{Duration::max() / 2 + 1h}), kNever);
  EXPECT_LT(fast.true_time(kNever - 1ns), kNever);
}

TEST(ClockModel, SleepersFollowTheirOwnClock) {
  TestWorld world;
  ClockModel model{.drift_ppb = -ClockModel::kMaxDriftPpb};  // half as fast
  Clock clock(world.loop());
  clock.set_model(&model);
  Lines lines;
  Scope scope(world.loop());
  scope.spawn(sleep_then(clock, 10ms, lines, "slow"));
  scope.spawn(sleep_then(clock, Duration::max() / 3 * 2, lines, "beyond the end of time"));
  world.run();
  EXPECT_EQ(world.now(), TimePoint{20ms});
  EXPECT_EQ(clock.now(), TimePoint{10ms});
  EXPECT_EQ(lines, Lines{"slow"});
  EXPECT_TRUE(world.at_rest());
}

}  // namespace
}  // namespace ghostnet::clock_test
