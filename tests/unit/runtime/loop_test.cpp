#include "ghostnet/runtime/loop.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/frame_pool.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/runtime/sync.hpp"

namespace ghostnet::loop_test {
namespace {

using Lines = std::vector<std::string>;

Task<> note(Lines& lines, std::string line) {
  lines.push_back(std::move(line));
  co_return;
}
Task<> note_times(const Clock& clock, Event& event, std::vector<TimePoint>& times) {
  times.push_back(clock.now());
  co_await event;
  times.push_back(clock.now());
  co_await clock.sleep(0ms);
  times.push_back(clock.now());
}
Task<> ping_pong(Event& mine, Event& other, int& count) {
  while (true) {
    co_await mine;
    mine.reset();
    ++count;
    other.set();
  }
}

TEST(Loop, RunsWhatIsReadyUpToItsBudget) {
  Loop loop;
  Lines lines;
  Scope scope(loop);
  for (const char* name : {"a", "b", "c"}) scope.spawn(note(lines, name));
  EXPECT_TRUE(loop.has_ready());
  EXPECT_EQ(loop.run_ready(2), 2u);
  EXPECT_EQ(lines, (Lines{"a", "b"}));
  EXPECT_EQ(loop.run_ready(), 1u);
  EXPECT_EQ(loop.run_ready(), 0u);
  EXPECT_FALSE(loop.has_ready());
}

TEST(Loop, ALivelockEndsAtTheBudget) {
  Loop loop;
  Event a(loop);
  Event b(loop);
  int count = 0;
  Scope scope(loop);
  scope.spawn(ping_pong(a, b, count));
  scope.spawn(ping_pong(b, a, count));
  loop.run_ready();
  a.set();
  EXPECT_EQ(loop.run_ready(1000), 1000u);
  EXPECT_EQ(count, 1000);
  EXPECT_TRUE(loop.has_ready());
}

TEST(Loop, TimeStandsStillWithinATurnAndNeverGoesBack) {
  Loop loop;
  Clock clock(loop);
  Event event(loop);
  std::vector<TimePoint> times;
  Scope scope(loop);
  loop.set_now(TimePoint{5ms});
  scope.spawn(note_times(clock, event, times));
  loop.run_ready();
  event.set();
  loop.run_ready();
  loop.fire_due_timers();
  loop.run_ready();
  EXPECT_EQ(times, (std::vector{TimePoint{5ms}, TimePoint{5ms}, TimePoint{5ms}}));
  loop.set_now(TimePoint{4ms});
  EXPECT_EQ(loop.now(), TimePoint{5ms});
}

TEST(Loop, FiresEveryTimerThatIsDueAndNoOther) {
  Loop loop;
  Clock clock(loop);
  std::vector<Timer> timers;
  timers.reserve(100);
  for (int i = 0; i < 100; ++i) timers.emplace_back(clock).arm(TimePoint{i * 1ms});
  loop.set_now(TimePoint{49ms});
  EXPECT_EQ(loop.fire_due_timers(), 50u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(timers[static_cast<std::size_t>(i)].expired(), i < 50) << i;
  EXPECT_LE(loop.next_deadline(), TimePoint{50ms});
  EXPECT_GT(loop.next_deadline(), TimePoint{48ms});
}

TEST(Loop, HasNoDeadlineWithoutTimers) {
  Loop loop;
  EXPECT_EQ(loop.next_deadline(), kNever);
  Clock clock(loop);
  Timer timer(clock);
  timer.arm_after(1h);
  EXPECT_LE(loop.next_deadline(), TimePoint{1h});
  timer.cancel();
  EXPECT_EQ(loop.next_deadline(), kNever);
}

TEST(Loop, WakeMovesAWaiterFromItsListToTheEndOfTheReadyList) {
  Loop loop;
  Lines lines;
  Event first(loop);
  Event second(loop);
  Scope scope(loop);
  auto wait = [](Event& event, Lines& out, std::string name) -> Task<> {
    co_await event;
    out.push_back(std::move(name));
  };
  scope.spawn(wait(first, lines, "first"));
  scope.spawn(wait(second, lines, "second"));
  loop.run_ready();
  second.set();
  first.set();
  loop.run_ready();
  EXPECT_EQ(lines, (Lines{"second", "first"}));
}

TEST(Loop, TellsWhichRootTaskRuns) {
  Loop loop;
  Scope scope(loop);
  Spawned* seen = nullptr;
  Spawned* seen_deep = nullptr;
  auto deep = [](Loop& l, Spawned*& out) -> Task<> {
    out = l.running();
    co_return;
  };
  auto look = [](Loop& l, Spawned*& out, Task<> nested) -> Task<> {
    out = l.running();
    co_await std::move(nested);
  };
  scope.spawn(look(loop, seen, deep(loop, seen_deep)));
  EXPECT_EQ(loop.running(), nullptr);
  loop.run_ready();
  EXPECT_NE(seen, nullptr);
  EXPECT_EQ(seen, seen_deep);
  EXPECT_EQ(loop.running(), nullptr);
}

// ---- lists ----

struct Node : ListLink {
  explicit Node(int n) : number(n) {}
  int number;
};

TEST(IntrusiveList, NodesLeaveWhereverTheyStand) {
  IntrusiveList<Node> list;
  Node a(1);
  Node c(3);
  list.push_back(a);
  {
    Node b(2);
    list.push_back(b);
    list.push_back(c);
  }
  std::vector<int> numbers;
  list.for_each([&](Node& node) {
    numbers.push_back(node.number);
    node.unlink();
    return true;
  });
  EXPECT_EQ(numbers, (std::vector{1, 3}));
  EXPECT_TRUE(list.empty());
  EXPECT_FALSE(a.linked());
}

TEST(IntrusiveList, DestroyedUnlinksItsNodes) {
  Node a(1);
  {
    IntrusiveList<Node> list;
    list.push_back(a);
    EXPECT_TRUE(a.linked());
  }
  EXPECT_FALSE(a.linked());
}

// ---- memory ----

#ifndef GHOSTNET_FRAME_POOL_OFF
TEST(FramePool, GivesTheLastReturnedBlockOfASize) {
  void* a = FramePool::take(100);
  void* b = FramePool::take(100);
  EXPECT_NE(a, b);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a) % 16, 0u);
  FramePool::give_back(a, 100);
  FramePool::give_back(b, 100);
  EXPECT_EQ(FramePool::take(97), b) << "sizes are rounded up to 16 bytes";
  EXPECT_EQ(FramePool::take(112), a);
  FramePool::give_back(a, 112);
  FramePool::give_back(b, 97);
}
#endif

TEST(FramePool, BlocksOfEverySizeAreDisjoint) {
  struct Block {
    unsigned char* bytes;
    std::size_t size;
  };
  std::vector<Block> blocks;
  for (std::size_t size = 1; size <= 2 * FramePool::kLargestBytes; size += 13) {
    for (int i = 0; i < 20; ++i) {
      auto* bytes = static_cast<unsigned char*>(FramePool::take(size));
      std::fill_n(bytes, size, static_cast<unsigned char>(blocks.size()));
      blocks.push_back({bytes, size});
    }
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (std::size_t j = 0; j < blocks[i].size; ++j) {
      ASSERT_EQ(blocks[i].bytes[j], static_cast<unsigned char>(i)) << "block " << i << " of " << blocks[i].size;
    }
    FramePool::give_back(blocks[i].bytes, blocks[i].size);
  }
}

}  // namespace
}  // namespace ghostnet::loop_test
