#include "ghostnet/runtime/combine.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/runtime/sync.hpp"
#include "ghostnet/support/memory_stream.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::combine_test {
namespace {

using support::TestWorld;
using Lines = std::vector<std::string>;

struct Note {
  Lines* lines;
  std::string name;
  ~Note() { lines->push_back("-" + name); }
};

class Combine : public testing::Test {
 public:
  // Sleeps, then gives its value; notes its end, whichever way it ends.
  Task<int> after(Duration delay, int value) {
    Note note{&lines, std::to_string(value)};
    co_await world.clock().sleep(delay);
    co_return value;
  }
  Task<int> at_once(int value) { co_return value; }
  Task<Result<int>> result_after(Duration delay, int value) {
    co_await world.clock().sleep(delay);
    co_return value;
  }
  Task<int> fails_after(Duration delay) {
    co_await world.clock().sleep(delay);
    throw std::runtime_error("broken branch");
  }
  Task<> wait(Event& event) { co_await event; }

  void run(Task<> task) {
    scope.spawn(std::move(task));
    world.run();
    EXPECT_TRUE(world.at_rest());
  }

  TestWorld world;
  Lines lines;
  Event never{world.loop()};
  Scope scope{world.loop()};
};

// ---- first_of ----

TEST_F(Combine, FirstOfGivesTheFirstAndDropsTheOthersBeforeTheCallerGoesOn) {
  auto main = [](Combine* t) -> Task<> {
    auto outcome = co_await first_of(t->after(2ms, 2), t->after(1ms, 1), t->after(3ms, 3));
    t->lines.push_back("went on");
    EXPECT_EQ(outcome.index(), 1u);
    EXPECT_EQ(std::get<1>(outcome), 1);
  };
  run(main(this));
  EXPECT_EQ(lines, (Lines{"-1", "-2", "-3", "went on"}));
  EXPECT_EQ(world.now(), TimePoint{1ms}) << "the losers' timers are gone";
}

TEST_F(Combine, FirstOfPrefersTheEarlierBranchWhenBothAreReadyAtOnce) {
  auto main = [](Combine* t) -> Task<> {
    auto inline_first = co_await first_of(t->at_once(1), t->at_once(2));
    EXPECT_EQ(inline_first.index(), 0u);
    auto inline_second = co_await first_of(t->after(1ms, 5), t->at_once(2));
    EXPECT_EQ(inline_second.index(), 1u);
    auto same_instant = co_await first_of(t->after(1ms, 6), t->after(1ms, 7));
    EXPECT_EQ(same_instant.index(), 0u) << "timers of one instant fire in the order in which they were armed";
  };
  run(main(this));
}

TEST_F(Combine, FirstOfDoesNotStartBranchesBehindOneThatFinishedAtOnce) {
  auto main = [](Combine* t) -> Task<> {
    auto outcome = co_await first_of(t->at_once(1), t->after(1ms, 2));
    EXPECT_EQ(outcome.index(), 0u);
  };
  run(main(this));
  EXPECT_TRUE(lines.empty()) << "the second branch never ran";
}

TEST_F(Combine, FirstOfOfTwoWokenInOneTurnTakesOneAndLeavesTheOther) {
  Channel<int> a(world.loop(), 4);
  Channel<int> b(world.loop(), 4);
  auto main = [](Channel<int>& first, Channel<int>& second) -> Task<> {
    auto outcome = co_await first_of(first.recv(), second.recv());
    EXPECT_EQ(outcome.index(), 1u) << "the second was sent to first";
  };
  scope.spawn(main(a, b));
  world.run();
  ASSERT_TRUE(b.try_send(2));
  ASSERT_TRUE(a.try_send(1));
  world.run();
  EXPECT_TRUE(scope.empty());
  EXPECT_EQ(a.try_recv(), 1) << "the loser's item is still there";
}

TEST_F(Combine, FirstOfRethrowsTheWinnersException) {
  auto main = [](Combine* t) -> Task<> {
    try {
      co_await first_of(t->fails_after(1ms), t->after(2ms, 2));
    } catch (const std::runtime_error&) {
      t->lines.push_back("caught");
    }
  };
  run(main(this));
  EXPECT_EQ(lines, (Lines{"-2", "caught"}));
}

TEST_F(Combine, FirstOfDropsALoserThatWouldHaveThrown) {
  auto main = [](Combine* t) -> Task<> {
    auto outcome = co_await first_of(t->after(1ms, 1), t->fails_after(2ms));
    EXPECT_EQ(outcome.index(), 0u);
  };
  run(main(this));
  EXPECT_TRUE(world.failures().empty());
}

TEST_F(Combine, FirstOfYieldsMonostateForAVoidBranchAndMovesMoveOnlyResults) {
  auto box = [](int value) -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(value); };
  auto main = [](Combine* t, Task<std::unique_ptr<int>> boxed) -> Task<> {
    auto outcome = co_await first_of(t->wait(t->never), std::move(boxed));
    static_assert(std::is_same_v<decltype(outcome), std::variant<std::monostate, std::unique_ptr<int>>>);
    EXPECT_EQ(*std::get<1>(outcome), 4);
  };
  run(main(this, box(4)));
}

TEST_F(Combine, AnInlineWinnerInALoopDoesNotGrowTheStack) {
  auto main = [](Combine* t) -> Task<> {
    for (int i = 0; i < 200'000; ++i) {
      auto outcome = co_await first_of(t->at_once(i), t->never);
      if (std::get<0>(outcome) != i) ADD_FAILURE();
    }
  };
  run(main(this));
}

// ---- all_of ----

TEST_F(Combine, AllOfGivesEveryOutcomeInOrder) {
  auto main = [](Combine* t) -> Task<> {
    auto [a, b, unit, c] =
        co_await all_of(t->after(3ms, 1), t->at_once(2), t->world.clock().sleep(1ms), t->after(2ms, 3));
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, 2);
    EXPECT_EQ(c, 3);
  };
  run(main(this));
  EXPECT_EQ(world.now(), TimePoint{3ms});
}

TEST_F(Combine, AllOfOfAVectorAndOfNothing) {
  auto main = [](Combine* t) -> Task<> {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 10; ++i) tasks.push_back(t->after(Duration{10ms} - i * 1ms, i));
    std::vector<int> values = co_await all_of(std::move(tasks));
    EXPECT_EQ(values, (std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    std::vector<int> none = co_await all_of(std::vector<Task<int>>());
    EXPECT_TRUE(none.empty());
    std::vector<Task<>> waits;
    waits.push_back([](const Clock& clock) -> Task<> { co_await clock.sleep(1ms); }(t->world.clock()));
    co_await all_of(std::move(waits));
    std::tuple<> empty = co_await all_of();
    (void)empty;
    t->lines.push_back("done");
  };
  run(main(this));
  EXPECT_EQ(lines.back(), "done");
}

TEST_F(Combine, AllOfWaitsForTheRestBeforeItRethrows) {
  auto main = [](Combine* t) -> Task<> {
    try {
      co_await all_of(t->fails_after(1ms), t->after(2ms, 2));
    } catch (const std::runtime_error&) {
      t->lines.push_back("caught");
    }
  };
  run(main(this));
  EXPECT_EQ(lines, (Lines{"-2", "caught"}));
  EXPECT_EQ(world.now(), TimePoint{2ms});
}

TEST_F(Combine, AllOfTakesATimerThatIsRearmedAfterItFiredForFired) {
  Timer timer(world.clock());
  Event other(world.loop());
  auto main = [](Combine* t, Timer& waited, Event& event) -> Task<> {
    co_await all_of(waited, event);
    t->lines.push_back("both");
  };
  timer.arm_after(1ms);
  scope.spawn(main(this, timer, other));
  world.run();
  EXPECT_TRUE(lines.empty());
  timer.arm_after(1ms);  // its branch is done: this expiry is for whoever waits next
  world.run();
  EXPECT_TRUE(lines.empty()) << "one expiry is not two branches";
  timer.arm_after(1h);
  other.set();
  world.loop().run_ready();
  EXPECT_EQ(lines, Lines{"both"});
  EXPECT_TRUE(timer.armed()) << "taking the old outcome does not forget the new deadline";
  timer.cancel();
  EXPECT_TRUE(world.at_rest());
}

// ---- nesting ----

TEST_F(Combine, NestsEitherWay) {
  auto main = [](Combine* t) -> Task<> {
    auto [first, second] =
        co_await all_of(first_of(t->after(1ms, 1), t->after(2ms, 2)), first_of(t->after(4ms, 3), t->after(3ms, 4)));
    EXPECT_EQ(first.index(), 0u);
    EXPECT_EQ(second.index(), 1u);
    auto outcome = co_await first_of(all_of(t->after(1ms, 5), t->after(5ms, 6)), t->world.clock().sleep(2ms));
    EXPECT_EQ(outcome.index(), 1u);
    auto inlined = co_await first_of(all_of(t->at_once(7), t->at_once(8)), t->never);
    EXPECT_EQ(inlined.index(), 0u);
  };
  run(main(this));
}

TEST_F(Combine, TheLoserOfANestedFirstOfIsDroppedWhenItHasLost) {
  Event other(world.loop());
  auto main = [](Combine* t, Event& event) -> Task<> {
    auto [outcome, unit] = co_await all_of(first_of(t->after(1ms, 1), t->after(2ms, 2)), event);
    EXPECT_EQ(outcome.index(), 0u);
  };
  scope.spawn(main(this, other));
  world.run_for(1ms);
  EXPECT_EQ(lines, (Lines{"-1", "-2"})) << "it does not run on until the outer one is finished";
  other.set();
  world.run();
  EXPECT_TRUE(scope.empty());
}

TEST_F(Combine, AReadThatHasLostTakesNoBytes) {
  support::Courier courier(world.loop());
  auto [left, right] = support::MemoryStream::make_pair(courier);
  Event event(world.loop());
  Event other(world.loop());
  auto main = [](Stream& stream, Event& instead, Event& outer) -> Task<> {
    std::array<std::uint8_t, 8> buffer;
    auto [outcome, unit] = co_await all_of(first_of(stream.read(buffer), instead), outer);
    EXPECT_EQ(outcome.index(), 1u);
  };
  scope.spawn(main(*left, event, other));
  world.run();
  event.set();
  world.run();
  ASSERT_TRUE(right->try_write(std::array{as_bytes("hello")}));
  world.run();
  other.set();
  world.run();
  std::array<std::uint8_t, 8> buffer;
  EXPECT_EQ(left->try_read(buffer).value(), 5u);
}

TEST_F(Combine, DroppingTheWholeDropsEveryBranch) {
  auto main = [](Combine* t) -> Task<> {
    co_await all_of(t->after(1h, 1), first_of(t->after(2h, 2), t->after(3h, 3)));
  };
  scope.spawn(main(this));
  world.run_ready();
  scope.drop_all();
  EXPECT_EQ(lines.size(), 3u);
  EXPECT_TRUE(world.at_rest());
}

TEST_F(Combine, ABranchMayDropTheScopeThatItRunsIn) {
  auto dropping = [](Combine* t) -> Task<int> {
    Note note{&t->lines, "dropper"};
    t->scope.drop_all();
    co_await t->world.clock().sleep(1ms);
    co_return 1;
  };
  auto main = [](Combine* t, Task<int> branch) -> Task<> {
    co_await first_of(t->after(1h, 1), std::move(branch));
    t->lines.push_back("not reached");
  };
  run(main(this, dropping(this)));
  EXPECT_EQ(lines.size(), 2u);
}

TEST_F(Combine, ABranchThatIsWokenMayDropTheScopeThatItRunsIn) {
  // The drop happens while the loop calls a completion, not a coroutine: try_read() runs inside the read's.
  struct DroppingStream final : Stream {
    explicit DroppingStream(Scope& s) : victim(s) {}
    Endpoint local() const override { return {}; }
    Endpoint peer() const override { return {}; }
    Result<std::size_t> try_read(MutableByteView) override {
      if (tries++ > 0) victim.drop_all();
      return fail(Errc::would_block);
    }
    Result<std::size_t> try_write(std::span<const ByteView>) override { return fail(Errc::would_block); }
    Result<> shutdown_send() override { return {}; }
    void abort() override {}
    Loop& loop() override { return victim.loop(); }
    void wake() { wake_reader(); }
    Scope& victim;
    int tries = 0;
  };
  DroppingStream stream(scope);
  auto main = [](Combine* t, Stream& from) -> Task<> {
    Note note{&t->lines, "reader"};
    std::array<std::uint8_t, 8> buffer;
    co_await from.read(buffer);
  };
  scope.spawn(main(this, stream));
  world.run();
  stream.wake();
  world.run();
  EXPECT_EQ(lines, Lines{"-reader"});
}

// ---- with_timeout ----

TEST_F(Combine, WithTimeoutGivesTheResultOrTimedOut) {
  auto main = [](Combine* t) -> Task<> {
    Result<int> in_time = co_await with_timeout(t->world.clock(), 2ms, t->result_after(1ms, 5));
    EXPECT_EQ(in_time.value(), 5);
    EXPECT_EQ(t->world.now(), TimePoint{1ms});
    Result<int> late = co_await with_timeout(t->world.clock(), 2ms, t->result_after(5ms, 5));
    EXPECT_EQ(late.error(), Errc::timed_out);
    EXPECT_EQ(t->world.now(), TimePoint{3ms});
    Result<int> exactly = co_await with_timeout(t->world.clock(), 2ms, t->result_after(2ms, 5));
    EXPECT_EQ(exactly.value(), 5) << "the task's own timer was armed first";
    Result<int> for_ever = co_await with_timeout(t->world.clock(), Duration::max(), t->result_after(1ms, 6));
    EXPECT_EQ(for_ever.value(), 6);
  };
  run(main(this));
  EXPECT_TRUE(world.failures().empty());
}

}  // namespace
}  // namespace ghostnet::combine_test
