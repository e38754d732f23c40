// The engines of bulk: the pacer that says when packets are due, the receiver that measures what arrives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "ghostnet/bulk/pacer.hpp"
#include "ghostnet/bulk/receiver.hpp"

namespace ghostnet::bulk::engine_test {
namespace {

using ::testing::ElementsAre;
using Verdict = Receiver::Verdict;

constexpr TimePoint kStart = from_ns(5'000'000'000);

TEST(Pacer, PacketsAreDueExactlyWhenTheRateSays) {
  // 1250 bytes at 1 Mbit/s: one every 10 ms.
  Pacer pacer({.duration = 1s, .bitrate = DataRate::mbit(1), .packet = {1250}, .tick = 1us}, kStart);
  EXPECT_EQ(pacer.due(kStart), 1u);
  pacer.on_sent(1);
  EXPECT_EQ(pacer.due(kStart), 0u);
  EXPECT_EQ(pacer.next_deadline(kStart), kStart + 10ms);
  EXPECT_EQ(pacer.due(kStart + 10ms - 1ns), 0u);
  EXPECT_EQ(pacer.due(kStart + 10ms), 1u);
  EXPECT_EQ(pacer.due(kStart + 35ms), 3u) << "a late caller catches up";
}

TEST(Pacer, ATransferByTimeSendsItsRateTimesItsTime) {
  // 800 bits each, 3 Mbit/s: 3750 a second, at a period that is no whole number of nanoseconds.
  Pacer pacer({.duration = 10s, .bitrate = DataRate::mbit(3), .packet = {100}, .tick = 250us}, kStart);
  TimePoint now = kStart;
  std::uint64_t turns = 0;
  while (!pacer.finished(now)) {
    pacer.on_sent(pacer.due(now));
    now = pacer.next_deadline(now);
    ++turns;
  }
  EXPECT_EQ(pacer.sent(), 37'500u);
  EXPECT_LE(turns, 10'000'000u / 250 + 1);
  EXPECT_EQ(pacer.next_deadline(now), kNever);
}

TEST(Pacer, ATransferBySizeEndsWithItsLastPacket) {
  Pacer pacer({.bytes = DataSize{1001}, .bitrate = DataRate::mbit(1), .packet = {100}, .tick = 1us}, kStart);
  EXPECT_EQ(pacer.due(kStart + 24h), 11u) << "rounded up";
  pacer.on_sent(11);
  EXPECT_TRUE(pacer.finished(kStart));
  EXPECT_EQ(pacer.due(kStart + 24h), 0u);
}

TEST(Pacer, FastRatesGatherWhatIsDueWithinATick) {
  Pacer pacer({.duration = 1s, .bitrate = DataRate::mbit(960), .packet = {1200}, .tick = 1ms}, kStart);
  pacer.on_sent(pacer.due(kStart));
  const TimePoint next = pacer.next_deadline(kStart);
  EXPECT_LE(next, kStart + 1ms);
  EXPECT_EQ(pacer.due(kStart + 1ms), 100u);
}

struct ReceiverTest : testing::Test {
  Receiver receiver{1s};

  Verdict packet(std::uint64_t sequence, Duration at, Duration transit = 20ms) {
    return receiver.on_packet(sequence, to_ns(kStart + at - transit), 1000, kStart + at);
  }
};

TEST_F(ReceiverTest, CountsWhatArrivesAndWhatDoesNot) {
  EXPECT_EQ(packet(0, 0ms), Verdict::in_order);
  EXPECT_EQ(packet(1, 10ms), Verdict::in_order);
  EXPECT_EQ(packet(4, 20ms), Verdict::in_order) << "a gap is no reordering";
  const Report report = receiver.report(6);
  EXPECT_EQ(report.packets, 3u);
  EXPECT_EQ(report.bytes, 3000u);
  EXPECT_EQ(report.lost, 3u);
  EXPECT_EQ(report.duration_ns, 20'000'000);
  EXPECT_EQ(report.first_bytes, 1000u);
  EXPECT_EQ(report.goodput_bps(), 800'000u) << "2000 bytes after the first, in 20 ms";
}

TEST_F(ReceiverTest, TellsReorderedFromDuplicate) {
  packet(0, 0ms);
  packet(2, 10ms);
  EXPECT_EQ(packet(1, 20ms), Verdict::reordered);
  EXPECT_EQ(packet(1, 30ms), Verdict::duplicate);
  EXPECT_EQ(packet(2, 40ms), Verdict::duplicate);
  EXPECT_EQ(packet(3, 50ms), Verdict::in_order);
  const Report report = receiver.report(4);
  EXPECT_EQ(report.packets, 4u);
  EXPECT_EQ(report.lost, 0u);
  EXPECT_EQ(report.reordered, 1u);
  EXPECT_EQ(report.duplicates, 2u);
}

TEST_F(ReceiverTest, TheWindowMovesWithTheHighestSequence) {
  packet(0, 0ms);
  packet(Receiver::kWindow, 1ms);
  EXPECT_EQ(packet(0, 2ms), Verdict::duplicate) << "one too old to tell counts as one";
  EXPECT_EQ(packet(1, 3ms), Verdict::reordered) << "the oldest that can be told";
  EXPECT_EQ(packet(1'000'000'000, 4ms), Verdict::in_order);
  EXPECT_EQ(packet(999'999'999, 5ms), Verdict::reordered) << "nothing of the old window is left behind";
  EXPECT_EQ(packet(Receiver::kWindow, 6ms), Verdict::duplicate);
  EXPECT_EQ(packet(UINT64_MAX, 7ms), Verdict::duplicate);
}

TEST_F(ReceiverTest, JitterFollowsRfc3550) {
  packet(0, 0ms, 20ms);
  EXPECT_EQ(receiver.report(1).jitter_ns, 0);
  packet(1, 10ms, 36ms);
  EXPECT_EQ(receiver.report(2).jitter_ns, 1'000'000) << "J += (16 ms - 0) / 16";
  packet(2, 20ms, 36ms);
  EXPECT_EQ(receiver.report(3).jitter_ns, 937'500) << "J += (0 - 1 ms) / 16";
  packet(3, 30ms, 20ms);
  EXPECT_EQ(receiver.report(4).jitter_ns, 1'878'906) << "a shorter transit counts as much: J += (16 - 0.9375) / 16";
}

TEST_F(ReceiverTest, JitterDoesNotCareForTheSendersClock) {
  Receiver other(1s);
  for (int i = 0; i < 10; ++i) {
    const Duration at = i * 10ms, wobble = (i % 3) * 1ms;
    packet(i, at, 20ms + wobble);
    other.on_packet(i, to_ns(kStart + at - 20ms - wobble) - 987'654'321'000, 1000, kStart + at);
  }
  EXPECT_GT(receiver.report(10).jitter_ns, 0);
  EXPECT_EQ(receiver.report(10).jitter_ns, other.report(10).jitter_ns);
}

TEST_F(ReceiverTest, ASenderThatLiesAboutItsClockOverflowsNothing) {
  for (const std::int64_t sent_at : {INT64_MIN, INT64_MAX, std::int64_t{0}, INT64_MIN, INT64_MAX}) {
    receiver.on_packet(receiver.report(0).packets, sent_at, 1000, kStart);
  }
  EXPECT_GE(receiver.report(5).jitter_ns, 0);
  EXPECT_LE(receiver.report(5).jitter_ns, 3'600'000'000'000);
}

TEST_F(ReceiverTest, IntervalsAreVisitedOnceEachWithTheirGoodput) {
  std::vector<std::uint64_t> goodputs;
  const auto visit = [&](Duration at) {
    receiver.for_each_interval(kStart + at, [&](std::uint64_t bps) { goodputs.push_back(bps); });
  };
  visit(5s);
  EXPECT_THAT(goodputs, ElementsAre()) << "nothing began";
  for (std::uint64_t i = 0; i < 5; ++i) {
    visit(i * 400ms);
    packet(i, i * 400ms);
  }
  visit(1999ms);
  EXPECT_THAT(goodputs, ElementsAre(3 * 8000u)) << "packets at 0, 400 and 800 ms";
  visit(4s);
  EXPECT_THAT(goodputs, ElementsAre(3 * 8000u, 2 * 8000u, 0u, 0u));
  visit(4s);
  EXPECT_EQ(goodputs.size(), 4u);
}

TEST_F(ReceiverTest, AnEndlessGapIsBounded) {
  packet(0, 0ms);
  std::uint64_t visited = 0;
  receiver.for_each_interval(kStart + 24h * 365, [&](std::uint64_t) { ++visited; });
  EXPECT_EQ(visited, Receiver::kMaxGapIntervals);
}

}  // namespace
}  // namespace ghostnet::bulk::engine_test
