// What the queue disciplines are for: CoDel keeps a standing queue short, FQ-CoDel keeps flows out of each other's way.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ghostnet/link/codel.hpp"
#include "ghostnet/link/fq_codel.hpp"
#include "ghostnet/link/link_model.hpp"
#include "traffic.hpp"

namespace ghostnet::link::discipline_test {
namespace {

// 10 Mbit/s with a large buffer: 1250 bytes take 1 ms, a full queue 800 ms.
LinkParams bottleneck(Discipline discipline) {
  LinkParams params{.rate_bps = 10'000'000, .delay = 10ms, .discipline = discipline};
  params.queue_limit_bytes = 1'000'000;
  params.codel_ecn = false;
  return params;
}

constexpr FlowConfig kAdaptive{};
constexpr FlowConfig kTwiceTheRate{.every = 500us};
constexpr FlowConfig kSparse{.size_bytes = 125, .every = 10ms};  // 1 % of the rate

double utilisation(const Traffic& traffic, std::size_t flow, double seconds) {
  return static_cast<double>(traffic.report(flow).arrived) * 1250 * 8 / (seconds * 10'000'000);
}

TEST(Codel, HoldsTheStandingQueueNearItsTargetWhereDropTailFillsTheBuffer) {
  Traffic codel(bottleneck(Discipline::codel), {kAdaptive, kAdaptive});
  codel.run(60s, 20s);
  Traffic drop_tail(bottleneck(Discipline::drop_tail), {kAdaptive, kAdaptive});
  drop_tail.run(60s, 20s);
  for (std::size_t flow = 0; flow < 2; ++flow) {
    EXPECT_LT(codel.report(flow).mean_wait_ms(), 15.0);
    EXPECT_LT(codel.report(flow).worst_wait, 60ms);
    EXPECT_GT(drop_tail.report(flow).mean_wait_ms(), 200.0);
  }
  EXPECT_EQ(codel.counters().of(Fate::queue_full), 0u);
  EXPECT_GT(utilisation(codel, 0, 60) + utilisation(codel, 1, 60), 0.85) << "short queues do not cost the throughput";
}

TEST(Codel, BringsDownTheQueueOfASenderThatDoesNotListen) {
  // A tenth too much for ever: the drops must come to a tenth of the packets.
  Traffic codel(bottleneck(Discipline::codel), {{.every = 909us}});
  codel.run(120s, 60s);
  EXPECT_LT(codel.report(0).mean_wait_ms(), 40.0);
  EXPECT_NEAR(static_cast<double>(codel.report(0).missing()) / static_cast<double>(codel.report(0).sent), 0.0909, 0.01);
}

TEST(Codel, LetsBurstsShorterThanAnIntervalPass) {
  LinkModel<int> link{std::make_shared<const LinkProfile>(LinkProfile::make(bottleneck(Discipline::codel)).value())};
  Random random = Random::derive(1, 1, "burst");
  for (int i = 0; i < 90; ++i) (void)link.enqueue(TimePoint{}, i, {.size_bytes = 1250}, random);
  int arrived = 0;
  while (link.poll(kNever, random)) ++arrived;
  EXPECT_EQ(arrived, 90) << "90 ms of queue, all above the target, are gone before the interval of 100 ms";
}

TEST(Codel, DropsAtTheTimesOfTheControlLaw) {
  // Two packets come for each that is sent. The one sent at k ms came at k / 2, rounded down: at 9 ms it has waited for
  // 5 ms, the target. The first drop is an interval later, the others follow after interval / sqrt(n).
  PacketPool pool(100'000);
  CodelQueue queue;
  const CodelParams params{};
  std::vector<Slot> dropped;
  std::vector<Duration> drop_times;
  for (Duration now{}; now < 1s; now += 1ms) {
    for (int i = 0; i < 2; ++i) {
      queue.push(pool, pool.acquire({.enqueued_at = TimePoint{now}, .info = {}, .wire_bytes = 1250}));
    }
    dropped.clear();
    (void)queue.dequeue(TimePoint{now}, params, false, pool, dropped);
    drop_times.insert(drop_times.end(), dropped.size(), now);
  }
  const std::vector<Duration> expected = {109ms, 209ms, 280ms, 338ms, 388ms, 433ms, 473ms, 511ms, 547ms};
  ASSERT_GE(drop_times.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(drop_times[i], expected[i]) << i;
}

TEST(Codel, NeverDropsTheLastFullPacket) {
  // A packet takes 100 ms and one more is always waiting: each waits too long, and dropping it would only waste the
  // link.
  LinkModel<int> link{std::make_shared<const LinkProfile>(
      LinkProfile::make({.rate_bps = 100'000, .discipline = Discipline::codel}).value())};
  Random random = Random::derive(1, 1, "last");
  (void)link.enqueue(TimePoint{}, -1, {.size_bytes = 1250}, random);
  for (int i = 0; i < 1000; ++i) (void)link.enqueue(TimePoint{i * 100ms + 1ms}, i, {.size_bytes = 1250}, random);
  while (link.poll(kNever, random)) continue;
  EXPECT_EQ(link.counters().delivered, 1001u);
}

TEST(Codel, ForgetsItsAlarmWhenTheQueueRunsEmpty) {
  PacketPool pool(100);
  CodelQueue queue;
  const CodelParams params{};
  std::vector<Slot> dropped;
  const auto push_three_enqueued_at = [&](TimePoint at) {
    for (int i = 0; i < 3; ++i) queue.push(pool, pool.acquire({.enqueued_at = at, .info = {}, .wire_bytes = 1250}));
  };
  push_three_enqueued_at(TimePoint{});
  (void)queue.dequeue(TimePoint{50ms}, params, false, pool, dropped);  // above the target: a drop is due from 150 ms on
  (void)queue.drop_front(pool);
  (void)queue.drop_front(pool);
  EXPECT_EQ(queue.dequeue(TimePoint{60ms}, params, false, pool, dropped).slot, kNoSlot);
  push_three_enqueued_at(TimePoint{190ms});
  EXPECT_NE(queue.dequeue(TimePoint{200ms}, params, false, pool, dropped).slot, kNoSlot);
  EXPECT_TRUE(dropped.empty());
}

TEST(Codel, MarksWhatCanBeMarkedAndDropsNone) {
  for (const Discipline discipline : {Discipline::codel, Discipline::fq_codel}) {
    LinkParams params = bottleneck(discipline);
    params.codel_ecn = true;
    FlowConfig capable = kAdaptive;
    capable.ecn_capable = true;
    Traffic marked(params, {capable});
    marked.run(30s, 10s);
    EXPECT_EQ(marked.report(0).missing(), 0u);
    EXPECT_GT(marked.report(0).marked, 20u);
    EXPECT_EQ(marked.counters().ce_marked, marked.report(0).marked);
    EXPECT_LT(marked.report(0).mean_wait_ms(), 15.0) << "marks keep the queue short as drops do";

    Traffic deaf(params, {kAdaptive});
    deaf.run(30s, 10s);
    EXPECT_GT(deaf.report(0).missing(), 20u) << "what cannot be marked is dropped";
    EXPECT_EQ(deaf.report(0).marked, 0u);

    capable.ecn_capable = true;
    params.codel_ecn = false;
    Traffic off(params, {capable});
    off.run(30s, 10s);
    EXPECT_GT(off.report(0).missing(), 20u);
    EXPECT_EQ(off.report(0).marked, 0u);
  }
}

TEST(DropTail, MarksAtTheThresholdInsteadOfFilling) {
  LinkParams params = bottleneck(Discipline::drop_tail);
  params.ecn_threshold_bytes = 25'000;
  FlowConfig capable = kAdaptive;
  capable.ecn_capable = true;
  Traffic traffic(params, {capable});
  traffic.run(30s, 10s);
  EXPECT_EQ(traffic.report(0).missing(), 0u);
  EXPECT_GT(traffic.report(0).marked, 20u);
  EXPECT_LT(traffic.report(0).worst_wait, 60ms);
}

TEST(FqCodel, KeepsASparseFlowOutOfTheQueueOfABulkFlow) {
  Traffic fq(bottleneck(Discipline::fq_codel), {kTwiceTheRate, kSparse, kTwiceTheRate, kTwiceTheRate, kTwiceTheRate});
  fq.run(20s, 1s);
  EXPECT_EQ(fq.report(1).missing(), 0u);
  EXPECT_LE(fq.report(1).worst_wait, 1ms) << "the time of the packet that was being sent when it came";

  Traffic drop_tail(bottleneck(Discipline::drop_tail), {kTwiceTheRate, kSparse});
  drop_tail.run(20s, 1s);
  EXPECT_GT(drop_tail.report(1).mean_wait_ms(), 500.0);
}

TEST(FqCodel, SharesTheRateEquallyInBytes) {
  // Four flows offer 0.5, 1, 2 and 2 times the rate, the last in small packets; each gets a quarter.
  LinkParams params = bottleneck(Discipline::fq_codel);
  Traffic traffic(params, {{.every = 2ms}, {.every = 1ms}, {.every = 500us}, {.size_bytes = 125, .every = 50us}});
  traffic.run(20s, 0s);
  for (std::size_t flow = 0; flow < 4; ++flow) {
    const double bytes = static_cast<double>(traffic.report(flow).arrived) * (flow == 3 ? 125 : 1250);
    EXPECT_NEAR(bytes * 8 / 20 / 10e6, 0.25, 0.02) << flow;
  }
}

TEST(FqCodel, TakesTheOverflowFromTheFattestFlow) {
  LinkParams params = bottleneck(Discipline::fq_codel);
  params.queue_limit_bytes = 50'000;
  params.codel = {.target = 24h, .interval = 24h};  // no drops but for overflow
  Traffic traffic(params, {kTwiceTheRate, kSparse, {.every = 4ms}});
  traffic.run(20s, 0s);
  EXPECT_GT(traffic.counters().of(Fate::queue_full), 1000u);
  EXPECT_EQ(traffic.counters().of(Fate::codel), 0u);
  EXPECT_EQ(traffic.report(1).missing(), 0u);
  EXPECT_EQ(traffic.report(2).missing(), 0u);
}

TEST(FqCodel, ManySparseFlowsDoNotStarveABulkFlow) {
  // Flows that are never backlogged send 95 % of the rate in all, each new again with every packet.
  std::vector<FlowConfig> flows{kTwiceTheRate};
  for (int i = 0; i < 19; ++i) flows.push_back({.size_bytes = 1250, .every = 20ms});
  Traffic traffic(bottleneck(Discipline::fq_codel), flows);
  traffic.run(20s, 1s);
  EXPECT_NEAR(utilisation(traffic, 0, 20), 0.05, 0.02);
}

TEST(FqCodel, AFlowThatComesBackAtOnceDoesNotCountAsNewForEver) {
  // The second flow sends its next full packet as soon as the scheduler has found its queue empty. Without the pass
  // through the old flows (RFC 8290 4.2) it would be new again and get fifteen bytes for each of the first flow's.
  PacketPool pool(2000);
  FqCodelQueue queue(64);
  const LinkProfile profile = LinkProfile::make(bottleneck(Discipline::fq_codel)).value();
  std::vector<Slot> dropped;
  const auto push = [&](std::uint32_t flow, std::uint32_t bytes) {
    queue.push(pool, pool.acquire({.info = {.size_bytes = bytes, .flow_hash = flow}, .wire_bytes = bytes}), profile,
               dropped);
  };
  for (int i = 0; i < 1000; ++i) push(1, 100);
  bool waiting = false;
  std::vector<std::uint64_t> sent_bytes(3);
  for (int i = 0; i < 800; ++i) {
    const Dequeued next = queue.dequeue(TimePoint{}, profile.params(), pool, dropped);
    ASSERT_NE(next.slot, kNoSlot);
    const PacketInfo& info = pool[next.slot].info;
    sent_bytes[info.flow_hash] += info.size_bytes;
    if (info.flow_hash == 2) {
      waiting = false;
    } else if (!waiting) {
      push(2, 1500);
      waiting = true;
    }
    pool.release(next.slot);
  }
  EXPECT_NEAR(static_cast<double>(sent_bytes[1]) / static_cast<double>(sent_bytes[2]), 1.0, 0.1);
}

}  // namespace
}  // namespace ghostnet::link::discipline_test
