#include "ghostnet/runtime/sync.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::sync_test {
namespace {

using support::TestWorld;
using Lines = std::vector<std::string>;

// ---- Event ----

Task<> note_when(Event& event, Lines& lines, std::string line) {
  co_await event;
  lines.push_back(std::move(line));
}

TEST(Event, WakesItsWaitersInOrderAndInLaterTurns) {
  TestWorld world;
  Lines lines;
  Event event(world.loop());
  Scope scope(world.loop());
  for (const char* name : {"a", "b", "c"}) scope.spawn(note_when(event, lines, name));
  world.run();
  event.set();
  EXPECT_TRUE(lines.empty()) << "nobody runs inside set()";
  world.run();
  EXPECT_EQ(lines, (Lines{"a", "b", "c"}));
}

TEST(Event, StaysSetUntilReset) {
  TestWorld world;
  Lines lines;
  Event event(world.loop());
  Scope scope(world.loop());
  event.set();
  scope.spawn(note_when(event, lines, "at once"));
  world.run();
  EXPECT_EQ(lines, Lines{"at once"});
  event.reset();
  scope.spawn(note_when(event, lines, "later"));
  world.run();
  EXPECT_EQ(lines.size(), 1u);
}

TEST(Event, PulseWakesThoseWhoWaitAndNobodyElse) {
  TestWorld world;
  Lines lines;
  Event event(world.loop());
  Scope scope(world.loop());
  scope.spawn(note_when(event, lines, "waited"));
  world.run();
  event.pulse();
  scope.spawn(note_when(event, lines, "came later"));
  world.run();
  EXPECT_EQ(lines, Lines{"waited"});
  EXPECT_FALSE(event.is_set());
}

TEST(Event, AWaiterDroppedAfterItWasWokenDoesNotRun) {
  TestWorld world;
  Lines lines;
  Event event(world.loop());
  Scope kept(world.loop());
  Scope dropped(world.loop());
  kept.spawn(note_when(event, lines, "first"));
  dropped.spawn(note_when(event, lines, "dropped"));
  kept.spawn(note_when(event, lines, "last"));
  world.run();
  event.set();
  dropped.drop_all();
  world.run();
  EXPECT_EQ(lines, (Lines{"first", "last"}));
}

// ---- Semaphore ----

Task<> hold(Semaphore& semaphore, Event& until, Lines& lines, std::string name) {
  Semaphore::Permit permit = co_await semaphore.acquire();
  lines.push_back(std::move(name));
  co_await until;
}

TEST(Semaphore, GivesPermitsInOrder) {
  TestWorld world;
  Lines lines;
  Semaphore semaphore(world.loop(), 2);
  Event first(world.loop());
  Event rest(world.loop());
  Scope scope(world.loop());
  scope.spawn(hold(semaphore, first, lines, "a"));
  scope.spawn(hold(semaphore, rest, lines, "b"));
  scope.spawn(hold(semaphore, rest, lines, "c"));
  scope.spawn(hold(semaphore, rest, lines, "d"));
  world.run();
  EXPECT_EQ(lines, (Lines{"a", "b"}));
  EXPECT_FALSE(semaphore.try_acquire());
  first.set();
  world.run();
  EXPECT_EQ(lines, (Lines{"a", "b", "c"}));
  rest.set();
  world.run();
  EXPECT_EQ(lines, (Lines{"a", "b", "c", "d"}));
  EXPECT_EQ(semaphore.available(), 2u);
}

TEST(Semaphore, TryAcquireDoesNotOvertakeThoseWhoWait) {
  TestWorld world;
  Lines lines;
  Semaphore semaphore(world.loop(), 1);
  Event never(world.loop());
  Scope scope(world.loop());
  std::optional<Semaphore::Permit> mine = semaphore.try_acquire();
  ASSERT_TRUE(mine);
  scope.spawn(hold(semaphore, never, lines, "waits"));
  world.run();
  mine.reset();
  EXPECT_FALSE(semaphore.try_acquire()) << "the permit is promised";
  world.run();
  EXPECT_EQ(lines, Lines{"waits"});
}

TEST(Semaphore, APromisedPermitOfADroppedTaskGoesToTheNext) {
  TestWorld world;
  Lines lines;
  Semaphore semaphore(world.loop(), 1);
  Event never(world.loop());
  Scope dropped(world.loop());
  Scope kept(world.loop());
  std::optional<Semaphore::Permit> mine = semaphore.try_acquire();
  dropped.spawn(hold(semaphore, never, lines, "dropped"));
  kept.spawn(hold(semaphore, never, lines, "next"));
  world.run();
  mine.reset();
  dropped.drop_all();
  world.run();
  EXPECT_EQ(lines, Lines{"next"});
  kept.drop_all();
  EXPECT_EQ(semaphore.available(), 1u);
}

TEST(Semaphore, PermitsMoveAndAreReleasedOnce) {
  TestWorld world;
  Semaphore semaphore(world.loop(), 2);
  Semaphore::Permit a = *semaphore.try_acquire();
  Semaphore::Permit b = *semaphore.try_acquire();
  EXPECT_EQ(semaphore.available(), 0u);
  a = std::move(b);
  EXPECT_EQ(semaphore.available(), 1u);
  a.release();
  a.release();
  EXPECT_EQ(semaphore.available(), 2u);
}

Task<> acquire_beside(Semaphore& semaphore, Event& event, Lines& lines) {
  auto [permit, unit] = co_await all_of(semaphore.acquire(), event);
  lines.push_back("both");
}

TEST(Semaphore, APermitFoundFreeByAllOfIsKeptForIt) {
  TestWorld world;
  Lines lines;
  Semaphore semaphore(world.loop(), 1);
  Event event(world.loop());
  Scope scope(world.loop());
  scope.spawn(acquire_beside(semaphore, event, lines));
  world.run();
  EXPECT_FALSE(semaphore.try_acquire()) << "one permit, and it is spoken for";
  event.set();
  world.run();
  EXPECT_EQ(lines, Lines{"both"});
  EXPECT_EQ(semaphore.available(), 1u);
}

// ---- Channel ----

Task<> receive_all(Channel<int>& channel, std::vector<int>& out) {
  while (std::optional<int> item = co_await channel.recv()) out.push_back(*item);
  out.push_back(-1);
}
Task<> receive_one(Channel<int>& channel, std::vector<int>& out) {
  std::optional<int> item = co_await channel.recv();
  out.push_back(item.value_or(-1));
}
Task<> send_all(Channel<int>& channel, int from, int to) {
  for (int i = from; i < to; ++i) {
    if (!co_await channel.send(i)) co_return;
  }
}
Task<> send_one(Channel<int>& channel, int item, Lines& lines) {
  Result<> sent = co_await channel.send(item);
  lines.push_back(sent ? "sent" : std::string(to_string(sent.error().code())));
}

TEST(Channel, CarriesItemsInOrderThroughABoundedQueue) {
  TestWorld world;
  std::vector<int> got;
  Channel<int> channel(world.loop(), 3);
  Scope scope(world.loop());
  scope.spawn(send_all(channel, 0, 100));
  world.run();
  EXPECT_EQ(channel.size(), 3u) << "the sender waits for room";
  scope.spawn(receive_all(channel, got));
  world.run();
  EXPECT_EQ(got.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], i);
  channel.close();
  world.run();
  EXPECT_EQ(got.back(), -1);
}

TEST(Channel, ServesReceiversInOrder) {
  TestWorld world;
  std::array<std::vector<int>, 3> got;
  Channel<int> channel(world.loop(), 8);
  Scope scope(world.loop());
  for (auto& out : got) scope.spawn(receive_one(channel, out));
  world.run();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(channel.try_send(i));
  EXPECT_EQ(channel.try_recv(), std::nullopt) << "all three are promised";
  world.run();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], std::vector{i});
}

TEST(Channel, TrySendLeavesARefusedItemAsItWas) {
  TestWorld world;
  Channel<std::unique_ptr<int>> channel(world.loop(), 1);
  ASSERT_TRUE(channel.try_send(std::make_unique<int>(1)));
  auto item = std::make_unique<int>(2);
  EXPECT_EQ(channel.try_send(std::move(item)).error(), Errc::would_block);
  ASSERT_NE(item, nullptr);
  channel.close();
  EXPECT_EQ(channel.try_send(std::move(item)).error(), Errc::closed);
  ASSERT_NE(item, nullptr);
  EXPECT_EQ(**channel.try_recv(), 1) << "what is queued outlives the closing";
  EXPECT_EQ(channel.try_recv(), std::nullopt);
}

TEST(Channel, TrySendDoesNotOvertakeThoseWhoWaitForRoom) {
  TestWorld world;
  Lines lines;
  Channel<int> channel(world.loop(), 1);
  Scope scope(world.loop());
  ASSERT_TRUE(channel.try_send(0));
  scope.spawn(send_one(channel, 1, lines));
  world.run();
  EXPECT_EQ(channel.try_recv(), 0);
  EXPECT_EQ(channel.try_send(2).error(), Errc::would_block) << "the room is promised";
  world.run();
  EXPECT_EQ(channel.try_recv(), 1);
}

TEST(Channel, ClosingWakesEverybody) {
  TestWorld world;
  Lines lines;
  std::vector<int> got;
  Channel<int> empty(world.loop(), 1);
  Channel<int> full(world.loop(), 1);
  Scope scope(world.loop());
  ASSERT_TRUE(full.try_send(0));
  scope.spawn(receive_one(empty, got));
  scope.spawn(receive_one(empty, got));
  scope.spawn(send_one(full, 1, lines));
  scope.spawn(send_one(full, 2, lines));
  world.run();
  empty.close();
  full.close();
  world.run();
  EXPECT_EQ(got, (std::vector{-1, -1}));
  EXPECT_EQ(lines, (Lines{"closed", "closed"}));
  EXPECT_TRUE(scope.empty());
}

TEST(Channel, AReceiverThatComesWhenTheLastItemOfAClosedChannelIsPromisedDoesNotHang) {
  TestWorld world;
  std::vector<int> got;
  Channel<int> channel(world.loop(), 4);
  Scope scope(world.loop());
  scope.spawn(receive_one(channel, got));
  world.run();
  scope.spawn(receive_one(channel, got));  // its turn comes before that of the first, who is not woken yet
  ASSERT_TRUE(channel.try_send(7));        // promised to the first receiver
  channel.close();
  world.run();
  EXPECT_TRUE(scope.empty());
  std::ranges::sort(got);
  EXPECT_EQ(got, (std::vector{-1, 7}));
}

TEST(Channel, AnItemPromisedToADroppedReceiverGoesToTheNext) {
  TestWorld world;
  std::vector<int> lost;
  std::vector<int> got;
  Channel<int> channel(world.loop(), 4);
  Scope dropped(world.loop());
  Scope kept(world.loop());
  dropped.spawn(receive_one(channel, lost));
  kept.spawn(receive_one(channel, got));
  world.run();
  ASSERT_TRUE(channel.try_send(1));
  dropped.drop_all();
  world.run();
  EXPECT_TRUE(lost.empty());
  EXPECT_EQ(got, std::vector{1});
}

TEST(Channel, RoomPromisedToADroppedSenderGoesToTheNext) {
  TestWorld world;
  Lines lines;
  Channel<int> channel(world.loop(), 1);
  Scope dropped(world.loop());
  Scope kept(world.loop());
  ASSERT_TRUE(channel.try_send(0));
  dropped.spawn(send_one(channel, 1, lines));
  kept.spawn(send_one(channel, 2, lines));
  world.run();
  EXPECT_EQ(channel.try_recv(), 0);
  dropped.drop_all();
  world.run();
  EXPECT_EQ(channel.try_recv(), 2);
  EXPECT_EQ(lines, Lines{"sent"});
}

Task<> receive_beside(Channel<int>& channel, Event& event, std::vector<int>& out) {
  auto [item, unit] = co_await all_of(channel.recv(), event);
  out.push_back(item.value_or(-1));
}

TEST(Channel, AnItemFoundReadyByAllOfIsKeptForIt) {
  TestWorld world;
  std::vector<int> got;
  Channel<int> channel(world.loop(), 4);
  Event event(world.loop());
  Scope scope(world.loop());
  ASSERT_TRUE(channel.try_send(1));
  scope.spawn(receive_beside(channel, event, got));
  world.run();
  EXPECT_EQ(channel.try_recv(), std::nullopt) << "the item is spoken for";
  event.set();
  world.run();
  EXPECT_EQ(got, std::vector{1});
}

TEST(Channel, AnItemKeptForAnAllOfThatIsDroppedIsGivenBack) {
  TestWorld world;
  std::vector<int> lost;
  Channel<int> channel(world.loop(), 4);
  Event never(world.loop());
  Scope scope(world.loop());
  ASSERT_TRUE(channel.try_send(1));
  scope.spawn(receive_beside(channel, never, lost));
  world.run();
  scope.drop_all();
  EXPECT_EQ(channel.try_recv(), 1);
}

TEST(Channel, AnEmptyOneHoldsNoMemory) {
  TestWorld world;
  EXPECT_LE(sizeof(Channel<std::uint64_t>), 120u);
}

// ---- conservation under random drops ----

struct Flow {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
};

Task<> pump_in(Channel<int>& channel, Flow& flow, int count) {
  for (int i = 0; i < count; ++i) {
    if (!co_await channel.send(i)) co_return;
    ++flow.sent;
  }
}
Task<> pump_out(Channel<int>& channel, Flow& flow) {
  while (co_await channel.recv()) ++flow.received;
}
Task<> pump_out_impatiently(Channel<int>& channel, Flow& flow, const Clock& clock, Duration patience) {
  while (true) {
    auto outcome = co_await first_of(channel.recv(), clock.sleep(patience));
    if (outcome.index() == 1) continue;
    if (!std::get<0>(outcome)) co_return;
    ++flow.received;
  }
}

TEST(Channel, ConservesItemsUnderRandomDrops) {
  Random random = Random::derive(7, 0, "drops");
  std::uint64_t drops = 0;
  for (int round = 0; round < 300; ++round) {
    TestWorld world;
    Flow flow;
    Channel<int> channel(world.loop(), 1 + random.below(4));
    std::vector<std::unique_ptr<Scope>> scopes;
    auto spawn = [&] {
      auto& scope = *scopes.emplace_back(std::make_unique<Scope>(world.loop()));
      switch (random.below(3)) {
        case 0: return scope.spawn(pump_in(channel, flow, 20));
        case 1: return scope.spawn(pump_out(channel, flow));
        default: return scope.spawn(pump_out_impatiently(channel, flow, world.clock(), Duration(random.below(3))));
      }
    };
    for (int i = 0; i < 8; ++i) spawn();
    for (int step = 0; step < 200; ++step) {
      world.step();
      if (random.below(8) == 0) {
        scopes.erase(scopes.begin() + static_cast<std::ptrdiff_t>(random.below(scopes.size())));
        ++drops;
        spawn();
      }
      // A send that completes counts one step after its item is queued, a receive one step after it is taken: both
      // within the same resumption, so between steps the books are balanced.
      ASSERT_EQ(flow.sent, flow.received + channel.size()) << "round " << round << ", step " << step;
    }
    // Whatever was promised to those who are dropped can be received in the end.
    scopes.clear();
    while (channel.try_recv()) ++flow.received;
    ASSERT_EQ(flow.sent, flow.received);
    ASSERT_EQ(channel.size(), 0u);
  }
  EXPECT_GT(drops, 5'000u);
}

TEST(Semaphore, ConservesPermitsUnderRandomDrops) {
  Random random = Random::derive(8, 0, "drops");
  for (int round = 0; round < 200; ++round) {
    TestWorld world;
    Lines lines;
    std::size_t permits = 1 + random.below(3);
    Semaphore semaphore(world.loop(), permits);
    Event until(world.loop());
    std::vector<std::unique_ptr<Scope>> scopes;
    for (int step = 0; step < 100; ++step) {
      auto& scope = *scopes.emplace_back(std::make_unique<Scope>(world.loop()));
      scope.spawn(hold(semaphore, until, lines, ""));
      for (std::uint64_t n = random.below(4); n > 0; --n) world.step();
      if (random.below(2) == 0) {
        scopes.erase(scopes.begin() + static_cast<std::ptrdiff_t>(random.below(scopes.size())));
      }
      if (random.below(8) == 0) until.pulse();
      ASSERT_LE(semaphore.available(), permits);
    }
    scopes.clear();
    ASSERT_EQ(semaphore.available(), permits);
    for (std::size_t i = 0; i < permits; ++i) {
      auto permit = semaphore.try_acquire();
      ASSERT_TRUE(permit) << "no promise outlives its holder";
      ASSERT_EQ(semaphore.available(), permits - 1);
    }
  }
}

}  // namespace
}  // namespace ghostnet::sync_test
