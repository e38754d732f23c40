#include "ghostnet/runtime/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace ghostnet::histogram_test {
namespace {

Histogram of(const std::vector<std::uint64_t>& values) {
  Histogram histogram;
  for (const std::uint64_t value : values) histogram.record(value);
  return histogram;
}

std::vector<std::uint8_t> bytes_of(const Histogram& histogram) {
  std::vector<std::uint8_t> bytes;
  histogram.serialize(bytes);
  return bytes;
}

// Values spread over `bits` powers of two, the same in every run (a 64-bit linear congruential generator).
std::vector<std::uint64_t> spread_values(std::size_t count, unsigned bits) {
  std::vector<std::uint64_t> values;
  std::uint64_t state = 1;
  for (std::size_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const unsigned shift = static_cast<unsigned>(state >> 58) % bits;
    state = state * 6364136223846793005U + 1442695040888963407U;
    values.push_back((state >> (64 - bits)) >> shift);
  }
  return values;
}

TEST(HistogramBuckets, CoverEveryIntegerOnceInOrder) {
  EXPECT_EQ(Histogram::lowest_in(0), 0U);
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    ASSERT_EQ(Histogram::bucket_of(Histogram::lowest_in(i)), i);
    ASSERT_EQ(Histogram::bucket_of(Histogram::highest_in(i)), i);
    if (i + 1 < Histogram::kBuckets) ASSERT_EQ(Histogram::highest_in(i) + 1, Histogram::lowest_in(i + 1));
  }
  EXPECT_EQ(Histogram::highest_in(Histogram::kBuckets - 1), UINT64_MAX);
}

TEST(HistogramBuckets, HoldOneValueBelow128AndAre64thsOfAPowerOfTwoAbove) {
  EXPECT_EQ(Histogram::lowest_in(127), 127U);
  EXPECT_EQ(Histogram::highest_in(127), 127U);
  EXPECT_EQ(Histogram::lowest_in(128), 128U);
  EXPECT_EQ(Histogram::highest_in(128), 129U);
  EXPECT_EQ(Histogram::lowest_in(Histogram::bucket_of(1'000'000)), 999'424U);
  EXPECT_EQ(Histogram::highest_in(Histogram::bucket_of(1'000'000)), 1'007'615U);
}

TEST(Histogram, IsEmptyAndOwnsNoHeapUntilSomethingIsRecorded) {
  const Histogram empty;
  EXPECT_TRUE(empty.empty());
  EXPECT_EQ(empty.count(), 0U);
  EXPECT_EQ(empty.min(), 0U);
  EXPECT_EQ(empty.max(), 0U);
  EXPECT_EQ(empty.mean(), 0U);
  EXPECT_EQ(empty.percentile(99), 0U);
  EXPECT_EQ(empty.heap_bytes(), 0U);
}

TEST(Histogram, CountsSumsAndAveragesExactly) {
  const Histogram h = of({3, 1'000'003, 17});
  EXPECT_EQ(h.count(), 3U);
  EXPECT_EQ(h.sum(), 1'000'023U);
  EXPECT_EQ(h.mean(), 333'341U);
  EXPECT_EQ(h.min(), 3U);
  EXPECT_EQ(h.max(), 1'000'003U);
}

TEST(Histogram, KeepsAnExactMeanWhereTheSumPasses64Bits) {
  Histogram h;
  h.record(UINT64_MAX, 3);
  EXPECT_EQ(h.sum(), UINT64_MAX);
  EXPECT_EQ(h.mean(), UINT64_MAX);
  EXPECT_EQ(h.percentile(50), UINT64_MAX);
}

TEST(Histogram, RecordsDurationsInNanosecondsAndNegativeOnesAsZero) {
  Histogram h;
  h.record(Duration{5ms});
  h.record(Duration{-5ms});
  EXPECT_EQ(h.max(), 5'000'000U);
  EXPECT_EQ(h.min(), 0U);
}

TEST(Histogram, RecordingSeveralTimesIsRecordingRepeatedly) {
  Histogram once, often;
  once.record(4711, 3);
  once.record(12, 0);
  for (int i = 0; i < 3; ++i) often.record(4711);
  EXPECT_EQ(once, often);
}

TEST(HistogramPercentile, IsTheNearestRankExactlyForSmallValues) {
  const Histogram h = of({15, 20, 35, 40, 50});
  EXPECT_EQ(h.percentile(0), 15U);
  EXPECT_EQ(h.percentile(5), 15U);
  EXPECT_EQ(h.percentile(30), 20U);
  EXPECT_EQ(h.percentile(40), 20U);
  EXPECT_EQ(h.percentile(40.0001), 35U);
  EXPECT_EQ(h.percentile(50), 35U);
  EXPECT_EQ(h.percentile(100), 50U);
}

TEST(HistogramPercentile, HoldsNumbersThatAreNoPercentageAtTheEnds) {
  const Histogram h = of({10, 20, 30});
  EXPECT_EQ(h.percentile(-1), 10U);
  EXPECT_EQ(h.percentile(std::nan("")), 10U);
  EXPECT_EQ(h.percentile(HUGE_VAL), 30U);
}

TEST(HistogramPercentile, ReportsTheExtremesExactly) {
  const Histogram h = of({1'000'001, 2'000'003, 3'000'017});
  EXPECT_EQ(h.percentile(1), 1'000'001U);
  EXPECT_EQ(h.percentile(99), 3'000'017U);
}

TEST(HistogramPercentile, IsWithinTheStatedErrorOfTheTrueRankOverFiftyPowersOfTwo) {
  std::vector<std::uint64_t> values = spread_values(20'000, 50);
  const Histogram h = of(values);
  std::ranges::sort(values);
  for (int tenth = 1; tenth <= 1000; ++tenth) {
    const std::size_t rank = (values.size() * static_cast<std::size_t>(tenth) + 999) / 1000;
    const auto exact = static_cast<double>(values[rank - 1]);
    const auto reported = static_cast<double>(h.percentile(tenth / 10.0));
    ASSERT_LE(std::abs(reported - exact), exact * Histogram::kRelativeError) << "p" << tenth / 10.0;
  }
}

TEST(HistogramMerge, EqualsRecordingEverythingInOneInAnyOrder) {
  const std::vector<std::uint64_t> values = spread_values(3'000, 40);
  Histogram parts[3];
  for (std::size_t i = 0; i < values.size(); ++i) parts[i % 3].record(values[i]);
  Histogram forward, backward;
  for (int i = 0; i < 3; ++i) forward.merge(parts[i]);
  for (int i = 2; i >= 0; --i) backward.merge(parts[i]);
  EXPECT_EQ(forward, of(values));
  EXPECT_EQ(backward, forward);
  EXPECT_EQ(bytes_of(backward), bytes_of(forward));
}

TEST(HistogramMerge, WithAnEmptyOneChangesNothing) {
  Histogram h = of({7, 700'000});
  const Histogram before = h;
  h.merge(Histogram());
  EXPECT_EQ(h, before);
  Histogram empty;
  empty.merge(before);
  EXPECT_EQ(empty, before);
}

TEST(HistogramMerge, WithItselfDoublesEveryCount) {
  Histogram h = of({7, 700'000});
  h.merge(h);
  EXPECT_EQ(h, of({7, 700'000, 7, 700'000}));
}

TEST(HistogramEquality, TellsSamplesApart) {
  EXPECT_EQ(of({}), of({}));
  EXPECT_NE(of({}), of({0}));
  EXPECT_NE(of({1, 50, 90}), of({1, 51, 90}));
  EXPECT_NE(of({1, 50, 90}), of({1, 50, 50, 90}));
}

TEST(HistogramEquality, IsThatOfANewOneAfterClear) {
  Histogram h = of({5'000'000});
  h.clear();
  EXPECT_EQ(h, Histogram());
}

TEST(HistogramMemory, Is512BytesForEachPowerOfTwoBetweenTheExtremes) {
  EXPECT_EQ(of({1'000'000}).heap_bytes(), 512U);
  EXPECT_EQ(of({1'000'000, 1'040'000}).heap_bytes(), 512U);
  EXPECT_EQ(of({1'000'000, 5'000'000}).heap_bytes(), 4 * 512U);
}

TEST(HistogramMemory, NeverExceedsItsBound) {
  const Histogram h = of({0, UINT64_MAX});
  EXPECT_EQ(h.heap_bytes(), Histogram::kBuckets * 8);
  EXPECT_LE(h.heap_bytes(), 30U * 1024);
}

TEST(HistogramBytes, AreVersionCountExtremesSumAndBuckets) {
  EXPECT_EQ(bytes_of(Histogram()), (std::vector<std::uint8_t>{1, 0}));
  // 300 lies in bucket 203; the gap from after bucket 5 is 197.
  EXPECT_EQ(bytes_of(of({5, 5, 300})),
            (std::vector<std::uint8_t>{1, 3, 5, 0xac, 0x02, 0xb6, 0x02, 2, 5, 2, 0xc5, 0x01, 1}));
}

TEST(HistogramBytes, ReadBackAsTheSameHistogram) {
  for (const Histogram& h : {Histogram(), of({0}), of({UINT64_MAX, UINT64_MAX}), of(spread_values(5'000, 64))}) {
    const auto parsed = Histogram::parse(bytes_of(h));
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_EQ(*parsed, h);
  }
}

TEST(HistogramBytes, OfAMillionLatenciesFitInAFewKilobytes) {
  Histogram h;
  for (std::uint64_t us = 0; us < 1'000'000; ++us) h.record(us * 1'000);
  EXPECT_LT(bytes_of(h).size(), 8U * 1024);
}

TEST(HistogramParse, RefusesEveryPrefix) {
  const std::vector<std::uint8_t> bytes = bytes_of(of({5, 300, 70'000}));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(Histogram::parse(ByteView(bytes).first(length))) << length;
  }
}

TEST(HistogramSince, HoldsWhatWasRecordedBetweenTwoCopies) {
  Histogram all;
  for (const std::uint64_t value : {1U, 5U, 5U, 1'000'000U}) all.record(value);
  const Histogram earlier = all;
  for (const std::uint64_t value : {5U, 7U, 7U, 300U}) all.record(value);
  const Histogram recent = all.since(earlier);
  EXPECT_EQ(recent.count(), 4U);
  EXPECT_EQ(recent.sum(), 319U);
  EXPECT_EQ(recent.min(), 5U);
  EXPECT_EQ(recent.percentile(50), 7U);
  EXPECT_NEAR(static_cast<double>(recent.max()), 300, 300 * Histogram::kRelativeError * 2);
  Histogram again = earlier;
  again.merge(recent);
  EXPECT_EQ(again.count(), all.count());
  EXPECT_EQ(again.sum(), all.sum());
}

TEST(HistogramSince, OfNothingNewIsEmptyAndOfAnEmptyOneIsEverything) {
  Histogram all;
  for (const std::uint64_t value : {3U, 77U, 129U, 5'000U}) all.record(value);
  EXPECT_TRUE(all.since(all).empty());
  const Histogram whole = all.since({});
  EXPECT_EQ(whole.count(), 4U);
  EXPECT_EQ(whole.sum(), all.sum());
  EXPECT_EQ(whole.max(), 5'000U);
}

TEST(HistogramSince, GivesAHistogramThatParsesWhateverItIsGiven) {
  Histogram a, b;
  for (std::uint64_t i = 0; i < 200; ++i) {
    a.record(i * i * 31 % 9'001);
    b.record(i * 17 % 301, 1 + i % 3);
    for (const auto& [later, earlier] : {std::pair(&a, &b), std::pair(&b, &a)}) {
      EXPECT_TRUE(Histogram::parse(bytes_of(later->since(*earlier))));
    }
  }
}

TEST(HistogramParse, RefusesWhatSerializeDoesNotWrite) {
  const std::vector<std::pair<const char*, std::vector<std::uint8_t>>> cases = {
      {"another version", {2, 0}},
      {"bytes after an empty one", {1, 0, 0}},
      {"bytes after the last bucket", {1, 1, 5, 5, 5, 1, 5, 1, 0}},
      {"a number longer than it need be", {1, 0x81, 0x00, 5, 5, 5, 1, 5, 1}},
      {"a number over 64 bits", {1, 1, 5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 5, 1, 5, 1}},
      {"min above max", {1, 1, 6, 5, 5, 1, 5, 1}},
      {"no buckets", {1, 1, 5, 5, 5, 0}},
      {"a bucket without samples", {1, 1, 5, 5, 5, 2, 5, 1, 0, 0}},
      {"fewer samples than counted", {1, 2, 5, 5, 10, 1, 5, 1}},
      {"more samples than counted", {1, 1, 5, 5, 5, 1, 5, 2}},
      {"a first bucket that is not that of min", {1, 1, 5, 5, 5, 1, 4, 1}},
      {"a last bucket that is not that of max", {1, 2, 5, 9, 13, 2, 5, 1, 0, 1}},
      {"a bucket past that of max", {1, 2, 5, 5, 10, 2, 5, 1, 0, 1}},
      {"a bucket past all room", {1, 2, 5, 5, 10, 2, 5, 1, 0xb8, 0x17, 1}},
      {"a sum too small for its samples", {1, 2, 5, 9, 13, 2, 5, 1, 3, 1}},
      {"a sum too large for its samples", {1, 2, 5, 9, 15, 2, 5, 1, 3, 1}},
  };
  for (const auto& [why, bytes] : cases) EXPECT_FALSE(Histogram::parse(bytes)) << why;
  EXPECT_TRUE(Histogram::parse(std::vector<std::uint8_t>{1, 2, 5, 9, 14, 2, 5, 1, 3, 1})) << "the like, but right";
}

TEST(HistogramParse, RefusesCountsThatCouldOverflowWhenMerged) {
  Histogram h;
  h.record(1, Histogram::kMaxSerializedCount);
  EXPECT_TRUE(Histogram::parse(bytes_of(h)));
  h.record(1);
  const auto refused = Histogram::parse(bytes_of(h));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Errc::malformed);
}

}  // namespace
}  // namespace ghostnet::histogram_test
