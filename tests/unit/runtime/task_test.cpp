#include "ghostnet/runtime/task.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/runtime/sync.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::task_test {
namespace {

using support::TestWorld;

// Notes its own construction and destruction, so that a test can tell when a frame was there.
class Trace {
 public:
  Trace(std::vector<std::string>& lines, std::string name) : lines_(&lines), name_(std::move(name)) {
    lines_->push_back("+" + name_);
  }
  Trace(Trace&& other) noexcept : lines_(std::exchange(other.lines_, nullptr)), name_(std::move(other.name_)) {}
  ~Trace() {
    if (lines_ != nullptr) lines_->push_back("-" + name_);
  }

 private:
  std::vector<std::string>* lines_;
  std::string name_;
};

using Lines = std::vector<std::string>;

Task<int> number(int value) { co_return value; }

Task<> traced(Lines& lines, std::string name) {
  Trace trace(lines, std::move(name));
  co_return;
}

Task<> run_traced(Lines& lines) {
  Task<> task = traced(lines, "child");
  lines.push_back("made");
  co_await std::move(task);
  lines.push_back("awaited");
}

TEST(Task, DoesNothingUntilAwaited) {
  TestWorld world;
  Lines lines;
  Scope scope(world.loop());
  scope.spawn(run_traced(lines));
  EXPECT_TRUE(lines.empty()) << "spawning runs nothing inline";
  world.run();
  EXPECT_EQ(lines, (Lines{"made", "+child", "-child", "awaited"}));
}

TEST(Task, DroppedBeforeItStartedNeverRunsButLetsGoOfItsArguments) {
  Lines lines;
  auto argument = std::make_shared<int>(1);
  auto task = [](Lines& out, std::shared_ptr<int>) -> Task<> {
    out.push_back("ran");
    co_return;
  }(lines, argument);
  EXPECT_EQ(argument.use_count(), 2);
  task.drop();
  EXPECT_EQ(argument.use_count(), 1);
  EXPECT_FALSE(task);
  EXPECT_TRUE(lines.empty());
}

TEST(Task, MovingHandsTheFrameOnAndAssigningDropsTheOldOne) {
  Lines lines;
  Task<int> first = number(1);
  Task<int> second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): empty by contract
  EXPECT_TRUE(second);
  second = number(2);
  EXPECT_TRUE(second);
  second = Task<int>();
  EXPECT_FALSE(second);
}

Task<std::unique_ptr<int>> boxed(int value) { co_return std::make_unique<int>(value); }
Task<Result<int>> parsed(bool well_formed) {
  if (!well_formed) co_return fail(Errc::malformed, "not a number");
  co_return 7;
}
Task<std::string> text() {
  std::string local = "a string longer than fits into the object itself";
  co_return local;
}

Task<> collect_results(Lines& lines) {
  std::unique_ptr<int> box = co_await boxed(5);
  lines.push_back(std::to_string(*box));
  Result<int> good = co_await parsed(true);
  lines.push_back(std::to_string(good.value()));
  Result<int> bad = co_await parsed(false);
  lines.push_back(std::string(bad.error().message()));
  lines.push_back(co_await text());
}

TEST(Task, ReturnsMoveOnlyValuesResultsAndLocals) {
  TestWorld world;
  Lines lines;
  Scope scope(world.loop());
  scope.spawn(collect_results(lines));
  world.run();
  EXPECT_EQ(lines, (Lines{"5", "7", "not a number", "a string longer than fits into the object itself"}));
}

Task<int> throwing(Lines& lines) {
  Trace trace(lines, "throwing");
  throw std::runtime_error("broken");
  co_return 1;
}
Task<int> passing_on(Lines& lines) {
  Trace trace(lines, "passing on");
  co_return co_await throwing(lines);
}
Task<> catching(Lines& lines) {
  try {
    co_await passing_on(lines);
  } catch (const std::runtime_error& error) {
    lines.push_back(error.what());
  }
}

TEST(Task, RethrowsAnExceptionWhereItIsAwaited) {
  TestWorld world;
  Lines lines;
  Scope scope(world.loop());
  scope.spawn(catching(lines));
  world.run();
  EXPECT_EQ(lines, (Lines{"+passing on", "+throwing", "-throwing", "-passing on", "broken"}));
  EXPECT_TRUE(world.failures().empty());
}

Task<std::uint64_t> sum_in_a_loop(std::uint64_t n) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < n; ++i) sum += static_cast<std::uint64_t>(co_await number(1));
  co_return sum;
}
Task<std::uint64_t> depth(std::uint64_t n) {
  if (n == 0) co_return 0;
  co_return 1 + co_await depth(n - 1);
}
Task<> store(std::uint64_t& out, Task<std::uint64_t> task) { out = co_await std::move(task); }

TEST(Task, AwaitsAMillionTimesWithoutGrowingTheStack) {
  TestWorld world;
  std::uint64_t sum = 0;
  Scope scope(world.loop());
  scope.spawn(store(sum, sum_in_a_loop(1'000'000)));
  world.run();
  EXPECT_EQ(sum, 1'000'000u);
}

TEST(Task, NestsAMillionDeepWithoutGrowingTheStack) {
  TestWorld world;
  std::uint64_t reached = 0;
  Scope scope(world.loop());
  scope.spawn(store(reached, depth(1'000'000)));
  world.run();
  EXPECT_EQ(reached, 1'000'000u);
}

Task<> wait_within(Lines& lines, Event& event, std::string name) {
  Trace trace(lines, std::move(name));
  co_await event;
}
Task<> wait_two_deep(Lines& lines, Event& event) {
  Trace trace(lines, "outer");
  co_await wait_within(lines, event, "inner");
}

TEST(Task, DroppedWhileSuspendedDestroysItsFramesInnermostFirst) {
  TestWorld world;
  Lines lines;
  Event event(world.loop());
  {
    Scope scope(world.loop());
    scope.spawn(wait_two_deep(lines, event));
    world.run();
    EXPECT_EQ(lines, (Lines{"+outer", "+inner"}));
  }
  EXPECT_EQ(lines, (Lines{"+outer", "+inner", "-inner", "-outer"}));
  event.set();
  EXPECT_TRUE(world.at_rest()) << "nothing waits for the event any more";
}

// Counts its copies and the values alive.
struct Counted {
  static inline int alive = 0;
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  Counted(Counted&&) noexcept { ++alive; }
  ~Counted() { --alive; }
};
Task<Counted> counted() { co_return Counted(); }
Task<> discard_counted() { co_await counted(); }

TEST(Task, DestroysAResultThatNobodyKeeps) {
  TestWorld world;
  Scope scope(world.loop());
  scope.spawn(discard_counted());
  world.run();
  EXPECT_EQ(Counted::alive, 0);
}

struct ThrowsWhenMoved {
  ThrowsWhenMoved() = default;
  ThrowsWhenMoved(ThrowsWhenMoved&&) { throw std::runtime_error("cannot move"); }
};
Task<ThrowsWhenMoved> immovable() { co_return ThrowsWhenMoved(); }
Task<> await_immovable() { co_await immovable(); }

TEST(Task, AResultThatCannotBeStoredIsAnExceptionOfTheTask) {
  TestWorld world;
  Scope scope(world.loop());
  scope.spawn(await_immovable());
  world.run();
  EXPECT_EQ(world.failures(), (Lines{"exception: cannot move"}));
}

}  // namespace
}  // namespace ghostnet::task_test
