// Random numbers: repeatable to the bit, distributed as they say, and no draw where no choice is made.
#include "ghostnet/runtime/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace ghostnet::random_test {
namespace {

constexpr int kDraws = 200'000;

// Five standard deviations of a share p of n: a fixed seed passes for good, a wrong share of a few percent does not.
double binomial_bound(double p, double n) { return 5.0 * std::sqrt(p * (1.0 - p) / n); }

struct Moments {
  double mean = 0;
  double deviation = 0;
  double skewness = 0;
};

template <class Draw>
Moments moments_of(Draw draw) {
  std::vector<double> values(kDraws);
  for (double& value : values) value = draw();
  Moments m;
  for (const double value : values) m.mean += value / kDraws;
  double square = 0;
  double cube = 0;
  for (const double value : values) {
    square += (value - m.mean) * (value - m.mean) / kDraws;
    cube += std::pow(value - m.mean, 3) / kDraws;
  }
  m.deviation = std::sqrt(square);
  m.skewness = cube / std::pow(square, 1.5);
  return m;
}

TEST(Random, IsXoroshiro128PlusPlus) {
  Random random = Random::from_state(1, 2);
  const std::uint64_t reference[] = {393217u,
                                     669327710093319u,
                                     1732421326133921491u,
                                     11394790081659126983u,
                                     9555452776773192676u,
                                     3586421180005889563u,
                                     1691397964866707553u,
                                     10735626796753111697u,
                                     15216282715349408991u,
                                     14247243556711267923u};
  for (const std::uint64_t expected : reference) EXPECT_EQ(random.next_u64(), expected);
}

TEST(Random, DerivesTheSameStreamsEverywhere) {
  EXPECT_EQ(Random::derive(42, 7, 1).next_u64(), 0x8f98'3c33'0673'078c);
  EXPECT_EQ(Random::derive(42, 7, "link.up").next_u64(), 0xd8e9'6268'3d3b'12b5);
  EXPECT_EQ(Random::derive(0, 0, 0).next_u64(), 0xb55d'b633'7144'e943);
}

TEST(Random, DerivesAnotherStreamForEveryInput) {
  std::set<std::pair<std::uint64_t, std::uint64_t>> states;
  std::set<std::uint64_t> first_draws;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (std::uint64_t a = 0; a < 20; ++a) {
      for (std::uint64_t b = 0; b < 20; ++b) {
        Random random = Random::derive(seed, a, b);
        states.insert(random.state());
        first_draws.insert(random.next_u64());
      }
    }
  }
  EXPECT_EQ(states.size(), 8000u);
  EXPECT_EQ(first_draws.size(), 8000u);
  EXPECT_NE(Random::derive(1, 2, 3), Random::derive(1, 3, 2));
  EXPECT_NE(Random::derive(1, 2, 3), Random::derive(2, 1, 3));
  EXPECT_NE(Random::derive(1, 2, "ab"), Random::derive(1, 2, "ba"));
  EXPECT_NE(Random::derive(1, 2, ""), Random::derive(1, 2, std::string_view("\0", 1)));
}

TEST(Random, StreamsOfNeighboursAreUncorrelated) {
  // Of the 64 bits of two independent draws, 32 are expected to differ, with a standard deviation of 4.
  constexpr int kPairs = 20'000;
  double differing = 0;
  for (int i = 0; i < kPairs; ++i) {
    Random one = Random::derive(42, static_cast<std::uint64_t>(i), 1);
    Random next = Random::derive(42, static_cast<std::uint64_t>(i) + 1, 1);
    differing += std::popcount(one.next_u64() ^ next.next_u64());
  }
  EXPECT_NEAR(differing / kPairs, 32.0, 5.0 * 4.0 / std::sqrt(kPairs));
}

TEST(Random, BelowIsUniform) {
  Random random = Random::derive(1, 1, "below");
  std::array<int, 7> counts{};
  for (int i = 0; i < kDraws; ++i) ++counts[random.below(counts.size())];
  for (const int count : counts) EXPECT_NEAR(count / double{kDraws}, 1.0 / 7, binomial_bound(1.0 / 7, kDraws));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.below(1), 0u);
}

TEST(Random, BelowIsUnbiasedForHugeRanges) {
  // Scaling 64 bits down to 3/4 of their range without rejection would hit every third number twice as often.
  Random random = Random::derive(1, 1, "huge");
  int multiples_of_three = 0;
  for (int i = 0; i < kDraws; ++i) multiples_of_three += random.below(std::uint64_t{3} << 62) % 3 == 0 ? 1 : 0;
  EXPECT_NEAR(multiples_of_three / double{kDraws}, 1.0 / 3, binomial_bound(1.0 / 3, kDraws));
}

TEST(Random, BetweenIncludesBothEnds) {
  Random random = Random::derive(1, 1, "between");
  std::set<std::int64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.between(-2, 2));
  EXPECT_EQ(seen, (std::set<std::int64_t>{-2, -1, 0, 1, 2}));
  EXPECT_EQ(random.between(9, 9), 9);
  EXPECT_EQ(random.between(5ms, 5ms), 5ms);
}

TEST(Random, BetweenCoversAllIntegers) {
  Random random = Random::derive(1, 1, "all");
  int negative = 0;
  for (int i = 0; i < kDraws; ++i) {
    negative += random.between(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()) < 0;
  }
  EXPECT_NEAR(negative / double{kDraws}, 0.5, binomial_bound(0.5, kDraws));
}

TEST(Random, UnitIsAMultipleOfTwoToTheMinus53Below1) {
  Random random = Random::derive(1, 1, "unit");
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.unit();
    ASSERT_GE(x, 0.0);
    ASSERT_LT(x, 1.0);
    ASSERT_EQ(x * 0x1p53, std::floor(x * 0x1p53));
    sum += x;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 5.0 * std::sqrt(1.0 / 12 / kDraws));
}

TEST(Random, ChanceOfNeverAndAlwaysMakesNoDraw) {
  Random random = Random::derive(1, 1, "chance");
  const Random before = random;
  EXPECT_FALSE(random.chance(Probability::never()));
  EXPECT_TRUE(random.chance(Probability::always()));
  EXPECT_EQ(random, before);
}

TEST(Random, ChanceComparesToTheLastBit) {
  for (std::uint64_t i = 0; i < 1000; ++i) {
    Random random = Random::derive(1, i, "bit");
    Random peek = random;
    const std::uint64_t drawn = peek.next_u64() >> 1;
    Random again = random;
    EXPECT_FALSE(random.chance(Probability::ratio(drawn, std::uint64_t{1} << 63)));
    EXPECT_TRUE(again.chance(Probability::ratio(drawn + 1, std::uint64_t{1} << 63)));
  }
}

TEST(Random, ChanceHappensAsOftenAsItSays) {
  for (const double p : {0.001, 0.25, 0.5, 0.99}) {
    Random random = Random::derive(1, 1, "often");
    int hits = 0;
    for (int i = 0; i < kDraws; ++i) hits += random.chance(Probability::of(p)) ? 1 : 0;
    EXPECT_NEAR(hits / double{kDraws}, p, binomial_bound(p, kDraws));
  }
}

TEST(Random, ExponentialHasItsMeanAndIsMemoryless) {
  Random random = Random::derive(1, 1, "exponential");
  const Moments m = moments_of([&] { return random.exponential(3.0); });
  EXPECT_NEAR(m.mean, 3.0, 5.0 * 3.0 / std::sqrt(kDraws));
  EXPECT_NEAR(m.deviation, 3.0, 0.06);
  EXPECT_NEAR(m.skewness, 2.0, 0.15);

  int beyond_one = 0;
  int beyond_two = 0;
  for (int i = 0; i < kDraws; ++i) {
    const Duration wait = random.exponential(Duration{20ms});
    ASSERT_GE(wait, 0ns);
    beyond_one += wait > 20ms ? 1 : 0;
    beyond_two += wait > 40ms ? 1 : 0;
  }
  EXPECT_NEAR(beyond_one / double{kDraws}, std::exp(-1.0), binomial_bound(std::exp(-1.0), kDraws));
  EXPECT_NEAR(beyond_two / double{kDraws}, std::exp(-2.0), binomial_bound(std::exp(-2.0), kDraws));
}

TEST(Random, ExponentialOfNoMeanIsNothingAndDrawsNothing) {
  Random random = Random::derive(1, 1, "none");
  const Random before = random;
  EXPECT_EQ(random.exponential(Duration{0}), 0ns);
  EXPECT_EQ(random.exponential(Duration{-5}), 0ns);
  EXPECT_EQ(random, before);
}

TEST(Random, ExponentialStaysWithinTheRangeOfTime) {
  Random random = Random::derive(1, 1, "range");
  for (int i = 0; i < 1000; ++i) EXPECT_GE(random.exponential(Duration::max()), 0ns);
}

TEST(Random, NormalHasItsMomentsAndTails) {
  Random random = Random::derive(1, 1, "normal");
  const Moments m = moments_of([&] { return random.normal(10.0, 2.0); });
  EXPECT_NEAR(m.mean, 10.0, 5.0 * 2.0 / std::sqrt(kDraws));
  EXPECT_NEAR(m.deviation, 2.0, 0.02);
  EXPECT_NEAR(m.skewness, 0.0, 0.03);
  for (const double limit : {1.0, 2.0, 3.0}) {
    int outside = 0;
    for (int i = 0; i < kDraws; ++i) outside += std::abs(random.normal(0.0, 1.0)) > limit ? 1 : 0;
    const double expected = std::erfc(limit / std::sqrt(2.0));
    EXPECT_NEAR(outside / double{kDraws}, expected, binomial_bound(expected, kDraws)) << limit;
  }
}

TEST(Random, ParetoFollowsItsPowerLaw) {
  Random random = Random::derive(1, 1, "pareto");
  std::map<double, int> beyond;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.pareto(3.0, 1.5);
    ASSERT_GE(x, 3.0);
    for (const double limit : {6.0, 30.0, 300.0}) beyond[limit] += x > limit ? 1 : 0;
  }
  for (const auto& [limit, count] : beyond) {
    const double expected = std::pow(3.0 / limit, 1.5);
    EXPECT_NEAR(count / double{kDraws}, expected, binomial_bound(expected, kDraws)) << limit;
  }
}

TEST(Random, ShuffleMakesEveryOrderEquallyLikely) {
  Random random = Random::derive(1, 1, "shuffle");
  std::map<std::array<int, 4>, int> orders;
  for (int i = 0; i < kDraws; ++i) {
    std::array<int, 4> items{1, 2, 3, 4};
    random.shuffle(items);
    ++orders[items];
  }
  EXPECT_EQ(orders.size(), 24u);
  for (const auto& [order, count] : orders) {
    EXPECT_NEAR(count / double{kDraws}, 1.0 / 24, binomial_bound(1.0 / 24, kDraws));
  }
}

TEST(Random, ShuffleOfOneItemDrawsNothing) {
  Random random = Random::derive(1, 1, "one");
  const Random before = random;
  std::vector<int> items{1};
  random.shuffle(items);
  random.shuffle(std::span<int>{});
  EXPECT_EQ(random, before);
}

TEST(Random, FillWritesDrawsLowestByteFirst) {
  Random random = Random::from_state(1, 2);  // draws 0x60001, then 0x260c000660007
  std::array<std::uint8_t, 11> bytes{};
  random.fill(bytes);
  EXPECT_EQ(bytes, (std::array<std::uint8_t, 11>{0x01, 0x00, 0x06, 0, 0, 0, 0, 0, 0x07, 0x00, 0x66}));
  EXPECT_EQ(random.next_u64(), 1732421326133921491u);
}

// The number of draws and every bit are part of the contract: stored digests of runs depend on them.
TEST(Random, DrawsTheSameBitsEverywhere) {
  Random random = Random::derive(42, 1, "pinned");
  EXPECT_EQ(random.below(1'000'000), 142358u);
  EXPECT_EQ(random.between(-1000, 1000), -302);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(random.unit()), 0x3fc9'0235'f434'30e4);
  EXPECT_EQ(random.exponential(Duration{1s}).count(), 826044282);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(random.normal(5.0, 2.0)), 0x401c'084b'907e'1700);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(random.pareto(1.0, 1.5)), 0x4012'47ba'6d89'85f0);
  EXPECT_EQ(random.next_u64(), 0xb4d3'6709'0fa7'65df);

  std::uint64_t digest = 0;
  const auto add = [&digest](double x) {
    digest = (digest ^ std::bit_cast<std::uint64_t>(x)) * 0x9e37'79b9'7f4a'7c15 + (digest >> 29);
  };
  for (int i = 0; i < 100'000; ++i) {
    add(random.normal(1.0, 3.0));
    add(random.exponential(2.0));
    add(random.pareto(1.0, 1.2));
  }
  EXPECT_EQ(digest, 0xb275'2a55'06b8'1e95);
}

TEST(Probability, IsExactAtItsEnds) {
  EXPECT_TRUE(Probability{}.is_never());
  EXPECT_TRUE(Probability::of(0.0).is_never());
  EXPECT_TRUE(Probability::of(1.0).is_always());
  EXPECT_TRUE(Probability::ratio(7, 7).is_always());
  EXPECT_TRUE(Probability::of_2_32(std::uint64_t{1} << 32).is_always());
  EXPECT_FALSE(Probability::of_2_32((std::uint64_t{1} << 32) - 1).is_always());
  EXPECT_EQ(Probability::of_2_32(1u << 31), Probability::of(0.5));
  EXPECT_EQ(Probability::ratio(1, 4), Probability::of(0.25));
  EXPECT_EQ(Probability::of(0.25).complement(), Probability::of(0.75));
  EXPECT_EQ(Probability::of(0.001).value(), 0.001);
}

TEST(Probability, RefusesWhatIsNone) {
  EXPECT_EQ(Probability::parse(0.5).value(), Probability::of(0.5));
  for (const double value :
       {-0.001, 1.001, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const Result<Probability> refused = Probability::parse(value);
    ASSERT_FALSE(refused) << value;
    EXPECT_EQ(refused.error().code(), Errc::invalid_argument);
  }
  EXPECT_EQ(Probability::parse(1.5).error().message(), "a probability of 1.5 is impossible: give a value from 0 to 1");
}

}  // namespace
}  // namespace ghostnet::random_test
