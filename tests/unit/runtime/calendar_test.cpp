#include "ghostnet/runtime/calendar.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "ghostnet/runtime/random.hpp"

namespace ghostnet::calendar_test {
namespace {

struct Item {
  std::int64_t due_ns = 0;
  std::uint64_t order = 0;
  std::uint32_t slot = 0;
  std::uint32_t index = 0;
  std::uint64_t model_order = 0;
  bool queued = false;
};

struct ItemPlace {
  static constexpr bool kRemovable = true;
  static void placed(Item& item, std::uint32_t slot, std::uint32_t index) {
    item.slot = slot;
    item.index = index;
  }
  static std::int64_t due_ns(const Item& item) { return item.due_ns; }
  static std::uint64_t order(const Item& item) { return item.order; }
};

// The queue beside the plainest possible model of it: a sorted map of (instant, order of arrival).
template <class Place>
class Beside {
 public:
  using Queue = CalendarQueue<Item, Place>;

  Beside(std::size_t items, unsigned shift) : queue(shift), items_(items) {}

  Item* idle(Random& random) {
    Item& item = items_[random.below(items_.size())];
    return item.queued ? nullptr : &item;
  }
  Item* queued(Random& random) {
    Item& item = items_[random.below(items_.size())];
    return item.queued ? &item : nullptr;
  }

  void push(Item& item, std::int64_t at_ns) {
    item.due_ns = at_ns;
    item.order = queue.next_order();
    item.queued = true;
    item.model_order = ++orders_;
    queue.push(at_ns, item);
    model_.emplace(key(item), &item);
  }

  void remove(Item& item)
    requires(Place::kRemovable)
  {
    queue.remove(item.slot, item.index);
    forget(item);
  }

  // As a timer does when it is armed anew.
  void move(Item& item, std::int64_t at_ns)
    requires(Place::kRemovable)
  {
    if (!queue.may_stay(item.slot, at_ns)) {
      remove(item);
      return push(item, at_ns);
    }
    ++stayed;
    forget(item);
    item.due_ns = at_ns;
    item.order = queue.next_order();
    item.queued = true;
    item.model_order = ++orders_;
    model_.emplace(key(item), &item);
  }

  // Pops everything up to now and compares it with the model.
  testing::AssertionResult advance(std::int64_t now_ns) {
    while (queue.lower_bound_ns() <= now_ns) {
      if (!queue.settled()) {
        queue.settle();
        continue;
      }
      if (queue.head().at_ns > now_ns) break;
      if (look_ahead != 0) queue.gather_ahead(look_ahead);
      if (model_.empty()) return testing::AssertionFailure() << "an entry too many";
      Item& expected = *model_.begin()->second;
      if (queue.head().at_ns != expected.due_ns) {
        return testing::AssertionFailure() << "head at " << queue.head().at_ns << ", expected " << expected.due_ns;
      }
      Item& item = queue.pop();
      if (&item != &expected) return testing::AssertionFailure() << "wrong order at " << expected.due_ns;
      forget(item);
    }
    return check(now_ns);
  }

  testing::AssertionResult check(std::int64_t now_ns) {
    if (queue.size() != model_.size()) return testing::AssertionFailure() << queue.size() << " != " << model_.size();
    if (queue.empty() != model_.empty()) return testing::AssertionFailure() << "emptiness differs";
    if (model_.empty()) {
      if (queue.lower_bound_ns() != Queue::kNone) return testing::AssertionFailure() << "a bound without an entry";
    } else if (model_.begin()->first.first <= now_ns) {
      return testing::AssertionFailure() << "an entry was left behind";
    } else if (queue.lower_bound_ns() > model_.begin()->first.first) {
      return testing::AssertionFailure() << "the lower bound is too high";
    }
    return testing::AssertionSuccess();
  }

  std::int64_t latest_ns() const { return model_.empty() ? 0 : model_.rbegin()->first.first; }

  Queue queue;
  std::size_t stayed = 0;
  std::size_t look_ahead = 0;

 private:
  static std::pair<std::int64_t, std::uint64_t> key(const Item& item) { return {item.due_ns, item.model_order}; }
  void forget(Item& item) {
    model_.erase(key(item));
    item.queued = false;
  }

  std::vector<Item> items_;
  std::map<std::pair<std::int64_t, std::uint64_t>, Item*> model_;
  std::uint64_t orders_ = 0;
};

// Instants of every kind: now, just ahead, far ahead, of a coarse grid so that many are equal, and already past.
std::int64_t instant(Random& random, std::int64_t now_ns, std::int64_t horizon_ns) {
  switch (random.below(16)) {
    case 0: return now_ns;
    case 1: return now_ns - static_cast<std::int64_t>(random.below(1000));
    case 2: return now_ns + static_cast<std::int64_t>(random.below(std::uint64_t{1} << random.below(62)));
    case 3:
    case 4:
    case 5: return (now_ns / 1'000'000 + 1 + static_cast<std::int64_t>(random.below(16))) * 1'000'000;
    case 6: return now_ns + static_cast<std::int64_t>(random.below(300));
    default: return now_ns + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(horizon_ns)));
  }
}

struct Mix {
  std::size_t items;
  unsigned shift;
  std::int64_t horizon_ns;  // of most entries
  std::int64_t stride_ns;   // of most steps of time
  int rounds;
};

const Mix kMixes[] = {
    {16, 17, 1'000'000, 20'000, 60'000},              // few
    {2000, 17, 1'000'000'000, 500'000, 40'000},       // timers
    {20'000, 24, 10'000'000, 1'000, 40'000},          // far too coarse: everything is in the bucket under way
    {20'000, 10, 60'000'000'000, 3'000'000, 40'000},  // far too fine
    {500, 17, 50'000, 5'000, 60'000},                 // all within a bucket or two
};

class CalendarMix : public testing::TestWithParam<int> {};

template <class Place>
void exercise(const Mix& mix, std::uint64_t seed, std::size_t look_ahead = 0) {
  Random random = Random::derive(seed, 0, "calendar");
  Beside<Place> both(mix.items, mix.shift);
  both.look_ahead = look_ahead;
  std::int64_t now_ns = 0;
  for (int round = 0; round < mix.rounds; ++round) {
    for (int i = 0; i < 8; ++i) {
      if (Item* item = both.idle(random)) both.push(*item, instant(random, now_ns, mix.horizon_ns));
    }
    if constexpr (Place::kRemovable) {
      for (int i = 0; i < 4; ++i) {
        if (Item* item = both.queued(random)) both.move(*item, instant(random, now_ns, mix.horizon_ns));
        if (Item* item = both.queued(random); item != nullptr && random.below(2) == 0) both.remove(*item);
      }
    }
    if (random.below(1000) == 0) {
      now_ns += static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(mix.horizon_ns) * 3));
    } else if (random.below(4) != 0) {
      now_ns += static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(mix.stride_ns)));
    }
    ASSERT_TRUE(both.advance(now_ns)) << "round " << round << ", now " << now_ns;
  }
  ASSERT_TRUE(both.advance(both.latest_ns()));
  EXPECT_TRUE(both.queue.empty());
  if constexpr (Place::kRemovable) EXPECT_GT(both.stayed, 50u);
}

TEST_P(CalendarMix, AgreesWithASortedMap) { exercise<NoPlace>(kMixes[GetParam()], 1); }
TEST_P(CalendarMix, AgreesWithASortedMapUnderRemovalsAndMoves) { exercise<ItemPlace>(kMixes[GetParam()], 2); }
TEST_P(CalendarMix, AgreesWhenItGathersAhead) { exercise<NoPlace>(kMixes[GetParam()], 3, 25); }
TEST_P(CalendarMix, AgreesWhenItGathersAheadUnderRemovalsAndMoves) { exercise<ItemPlace>(kMixes[GetParam()], 4, 17); }

INSTANTIATE_TEST_SUITE_P(Calendar, CalendarMix, testing::Range(0, static_cast<int>(std::size(kMixes))));

TEST(Calendar, KeepsTheOrderOfArrivalWithinAnInstant) {
  // The same instant is pushed from near and from far: in different slots at first, in one in the end.
  Beside<NoPlace> both(4000, 17);
  Random random = Random::derive(3, 0, "calendar");
  constexpr std::int64_t kMeeting = 5'000'000'000;
  for (std::int64_t now_ns = 0; now_ns < kMeeting; now_ns += 10'000'000) {
    for (int i = 0; i < 4; ++i) {
      if (Item* item = both.idle(random)) both.push(*item, kMeeting);
    }
    ASSERT_TRUE(both.advance(now_ns));
  }
  EXPECT_GT(both.queue.size(), 1000u);
  ASSERT_TRUE(both.advance(kMeeting));
  EXPECT_TRUE(both.queue.empty());
}

TEST(Calendar, AdaptsItsBucketsToTheDensityWithoutLosingOrder) {
  Beside<ItemPlace> both(60'000, 17);
  Random random = Random::derive(4, 0, "calendar");
  std::int64_t now_ns = 0;
  auto run = [&](std::int64_t spread_ns, int steps) {
    for (int step = 0; step < steps; ++step) {
      for (int i = 0; i < 200; ++i) {
        if (Item* item = both.idle(random)) {
          both.push(*item, now_ns + 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(spread_ns))));
        }
      }
      now_ns += spread_ns / 300;
      ASSERT_TRUE(both.advance(now_ns)) << "step " << step;
    }
  };
  run(10'000'000, 6000);
  unsigned dense = both.queue.shift();
  EXPECT_LT(dense, 17u);
  run(1'000'000'000'000, 600);
  EXPECT_GT(both.queue.shift(), dense);
}

TEST(Calendar, FarFutureAndTheEndOfTime) {
  Beside<ItemPlace> both(8, 17);
  Random random = Random::derive(5, 0, "calendar");
  std::vector<std::int64_t> instants = {0,
                                        1,
                                        std::int64_t{1} << 40,
                                        std::int64_t{1} << 55,
                                        std::int64_t{1} << 62,
                                        std::numeric_limits<std::int64_t>::max() - 1};
  for (std::int64_t at_ns : instants) {
    Item* item = nullptr;
    while (item == nullptr) item = both.idle(random);
    both.push(*item, at_ns);
  }
  for (std::int64_t at_ns : instants) ASSERT_TRUE(both.advance(at_ns));
  EXPECT_TRUE(both.queue.empty());
}

TEST(Calendar, DoesNotRunAheadOfTime) {
  CalendarQueue<Item> queue;
  Item far;
  queue.push(1'000'000'000, far);
  std::int64_t bound_ns = queue.lower_bound_ns();
  EXPECT_LE(bound_ns, 1'000'000'000);
  Item near;
  queue.push(5, near);  // earlier than the bound that was asked for
  EXPECT_LE(queue.lower_bound_ns(), 5);
  while (!queue.settled()) queue.settle();
  EXPECT_EQ(&queue.pop(), &near);
  EXPECT_FALSE(queue.settled());
}

TEST(Calendar, GathersTheNextBucketBeforeTheOneUnderWayIsEmpty) {
  constexpr unsigned kShift = 10;
  CalendarQueue<Item> queue(kShift);
  std::vector<Item> items(6);
  const auto at_ns = [](int bucket, int offset) { return (std::int64_t{bucket} << kShift) + offset; };
  queue.push(at_ns(1, 1), items[0]);
  queue.push(at_ns(1, 2), items[1]);
  queue.push(at_ns(3, 1), items[2]);
  queue.push(at_ns(200, 1), items[3]);
  while (!queue.settled()) queue.settle();
  queue.gather_ahead(2);
  EXPECT_EQ(queue.ahead(2), nullptr) << "two are enough";
  queue.gather_ahead(3);
  EXPECT_EQ(queue.ahead(2), &items[2]);
  queue.gather_ahead(99);
  EXPECT_EQ(queue.ahead(3), nullptr) << "what is far off is left where it is";
  queue.push(at_ns(2, 1), items[4]);  // between the two
  queue.push(at_ns(3, 1), items[5]);  // beside the one gathered, and after it
  for (Item* expected : {&items[0], &items[1], &items[4], &items[2], &items[5]}) EXPECT_EQ(&queue.pop(), expected);
}

// Ten thousand at once in the bucket under way, in falling order and removed in rising order: the worst case of a
// sorted vector takes seconds for it.
TEST(Calendar, ManyEntriesInTheBucketUnderWayStayCheap) {
  constexpr std::size_t kMany = 100'000;
  CalendarQueue<Item, ItemPlace> queue(24);
  std::vector<Item> items(kMany);
  for (std::size_t i = 0; i < kMany; ++i) {
    items[i].due_ns = static_cast<std::int64_t>(kMany - i);
    items[i].order = queue.next_order();
    queue.push(items[i].due_ns, items[i]);
  }
  for (std::size_t i = 0; i < kMany; i += 2) queue.remove(items[i].slot, items[i].index);
  std::int64_t last_ns = 0;
  std::size_t popped = 0;
  for (; !queue.empty(); ++popped) {
    ASSERT_TRUE(queue.settled());
    ASSERT_GT(queue.head().at_ns, last_ns);
    last_ns = queue.head().at_ns;
    queue.pop();
  }
  EXPECT_EQ(popped, kMany / 2);
}

TEST(Calendar, VisitsEveryEntryAndLooksAhead) {
  CalendarQueue<Item, ItemPlace> queue;
  std::vector<Item> items(100);
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].due_ns = static_cast<std::int64_t>(i * i * i * 1000);
    items[i].order = queue.next_order();
    queue.push(items[i].due_ns, items[i]);
  }
  queue.remove(items[50].slot, items[50].index);
  std::size_t visited = 0;
  queue.for_each([&](Item& item) {
    ++visited;
    EXPECT_NE(&item, &items[50]);
  });
  EXPECT_EQ(visited, 99u);
  while (!queue.settled()) queue.settle();
  EXPECT_EQ(queue.ahead(0), &items[0]);
  EXPECT_EQ(queue.ahead(1), &items[1]);
  EXPECT_EQ(queue.ahead(99), nullptr);
}

}  // namespace
}  // namespace ghostnet::calendar_test
