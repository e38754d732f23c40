// The transcendental functions: their stated distance from the true value, their special values, and their very bits.
#include "ghostnet/runtime/exact_math.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <limits>

#include "ghostnet/runtime/random.hpp"

namespace ghostnet::exact_math_test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kTiniest = 0x1p-1074;

std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }

// The distance between a result and the true value in units in the last place. long double has 64 bits or more of
// mantissa on the machines that we test on; where it is no wider than double, the allowance for libm's error grows.
constexpr double kReferenceError = LDBL_MANT_DIG > DBL_MANT_DIG ? 0.01 : 1.0;

double ulps(double result, long double truth) {
  const double nearest = static_cast<double>(truth);
  if (nearest == result) return 0.0;
  if (std::isinf(nearest) || std::isinf(result)) return kInfinity;
  int exponent = 0;
  std::frexp(nearest, &exponent);
  const double ulp = std::max(std::ldexp(1.0, exponent - 53), kTiniest);
  return static_cast<double>(std::abs(static_cast<long double>(result) - truth) / static_cast<long double>(ulp));
}

// Any positive finite number: every exponent equally likely.
double any_positive(Random& random) {
  return std::bit_cast<double>(random.below(bits(std::numeric_limits<double>::max()) - 1) + 1);
}

double uniform(Random& random, double lo, double hi) { return lo + (hi - lo) * random.unit(); }

constexpr int kRounds = 200'000;

TEST(ExactLog, IsWithinOneUlpOfTheTruth) {
  Random random = Random::derive(1, 1, "log");
  double worst = 0;
  for (int i = 0; i < kRounds; ++i) {
    for (const double x : {any_positive(random), uniform(random, 0.5, 2.0), 1.0 + uniform(random, -1e-6, 1e-6)}) {
      worst = std::max(worst, ulps(exact_log(x), std::log(static_cast<long double>(x))));
    }
  }
  EXPECT_LE(worst, 1.0 + kReferenceError);
}

TEST(ExactExp, IsWithinOneUlpOfTheTruthSubnormalResultsToo) {
  Random random = Random::derive(1, 1, "exp");
  double worst = 0;
  for (int i = 0; i < kRounds; ++i) {
    for (const double x :
         {uniform(random, -745.0, 709.7), uniform(random, -1.0, 1.0), uniform(random, -745.0, -708.0)}) {
      worst = std::max(worst, ulps(exact_exp(x), std::exp(static_cast<long double>(x))));
    }
  }
  EXPECT_LE(worst, 1.0 + kReferenceError);
}

TEST(ExactPow, IsWithinItsBoundOverTheWholeRange) {
  Random random = Random::derive(1, 1, "pow");
  double worst = 0;
  const auto check = [&worst](double x, double y) {
    worst = std::max(worst, ulps(exact_pow(x, y), std::pow(static_cast<long double>(x), static_cast<long double>(y))));
  };
  for (int i = 0; i < kRounds; ++i) {
    check(uniform(random, 0.0, 10.0), uniform(random, -5.0, 5.0));
    const double x = uniform(random, 0.7, 1.42);  // large powers of numbers near 1 ask most of the logarithm
    check(x, uniform(random, -700.0, 700.0) / std::log(x));
    const double wide = any_positive(random);
    check(wide, uniform(random, -740.0, 700.0) / std::log(wide));
  }
  // The reference's own 2^-64 is multiplied by an exponent of up to 740 where the result is extreme.
  EXPECT_LE(worst, 1.1 + kReferenceError + 0.4);
}

TEST(ExactCbrt, IsNearlyCorrectlyRounded) {
  Random random = Random::derive(1, 1, "cbrt");
  double worst = 0;
  for (int i = 0; i < kRounds; ++i) {
    for (const double x : {any_positive(random), -any_positive(random), uniform(random, 1.0, 8.0)}) {
      worst = std::max(worst, ulps(exact_cbrt(x), std::cbrt(static_cast<long double>(x))));
    }
  }
  EXPECT_LE(worst, 0.501 + kReferenceError);
}

TEST(ExactMath, AgreesWithLibm) {
  Random random = Random::derive(1, 1, "libm");
  for (int i = 0; i < kRounds; ++i) {
    const double x = uniform(random, 1e-3, 1e3);
    const double y = uniform(random, -30.0, 30.0);
    ASSERT_LE(ulps(exact_log(x), std::log(x)), 2.0) << x;
    ASSERT_LE(ulps(exact_exp(y), std::exp(y)), 2.0) << y;
    ASSERT_LE(ulps(exact_pow(x, y), std::pow(x, y)), 2.0) << x << ' ' << y;
    ASSERT_LE(ulps(exact_cbrt(x), std::cbrt(x)), 5.0) << x;  // glibc's errs by up to 4
  }
}

TEST(ExactMath, HasTheSameBitsEverywhere) {
  EXPECT_EQ(bits(exact_log(2.0)), 0x3fe6'2e42'fefa'39ef);
  EXPECT_EQ(bits(exact_log(10.0)), 0x4002'6bb1'bbb5'5516);
  EXPECT_EQ(bits(exact_log(0.1)), 0xc002'6bb1'bbb5'5515);
  EXPECT_EQ(bits(exact_log(1.0000001)), 0x3e7a'd7f2'847b'6492);
  EXPECT_EQ(bits(exact_log(kTiniest)), 0xc087'4385'446d'71c3);
  EXPECT_EQ(bits(exact_exp(1.0)), 0x4005'bf0a'8b14'576a);
  EXPECT_EQ(bits(exact_exp(-0.5)), 0x3fe3'68b2'fc6f'960a);
  EXPECT_EQ(bits(exact_exp(700.25)), 0x7f12'fd8e'4cbf'a413);
  EXPECT_EQ(bits(exact_exp(-740.0)), 0x0000'0000'0000'0055);
  EXPECT_EQ(bits(exact_pow(10.0, 0.3)), 0x3fff'ec98'2d5b'b8af);
  EXPECT_EQ(bits(exact_pow(1.1, 7000.0)), 0x7c17'0482'352a'f33a);
  EXPECT_EQ(bits(exact_pow(-3.0, -7.0)), 0xbf3d'f756'80fe'b65f);
  EXPECT_EQ(bits(exact_cbrt(2.0)), 0x3ff4'28a2'f98d'728b);
  EXPECT_EQ(bits(exact_cbrt(-1e-300)), 0xab2b'ff2e'e48e'0530);
}

// One number for a million results, so that a difference in any of them shows.
TEST(ExactMath, HasTheSameBitsOverManyArguments) {
  Random random = Random::derive(7, 7, "digest");
  std::uint64_t digest = 0;
  const auto add = [&digest](double x) { digest = (digest ^ bits(x)) * 0x9e37'79b9'7f4a'7c15 + (digest >> 29); };
  for (int i = 0; i < 250'000; ++i) {
    const double x = uniform(random, 0.0, 100.0);
    add(exact_log(x));
    add(exact_exp(50.0 - x));
    add(exact_pow(x, 1.7));
    add(exact_cbrt(x));
  }
  EXPECT_EQ(digest, 0xe4e8'cd38'7fd3'64fc);
}

TEST(ExactLog, KnowsItsSpecialValues) {
  EXPECT_EQ(bits(exact_log(1.0)), bits(0.0));
  EXPECT_EQ(exact_log(0.0), -kInfinity);
  EXPECT_EQ(exact_log(-0.0), -kInfinity);
  EXPECT_EQ(exact_log(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(exact_log(-1.0)));
  EXPECT_TRUE(std::isnan(exact_log(-kInfinity)));
  EXPECT_TRUE(std::isnan(exact_log(kNan)));
}

TEST(ExactExp, KnowsItsSpecialValues) {
  EXPECT_EQ(exact_exp(0.0), 1.0);
  EXPECT_EQ(exact_exp(-0.0), 1.0);
  EXPECT_EQ(exact_exp(kInfinity), kInfinity);
  EXPECT_EQ(bits(exact_exp(-kInfinity)), bits(0.0));
  EXPECT_EQ(exact_exp(709.79), kInfinity);
  EXPECT_LT(exact_exp(709.78), kInfinity);
  EXPECT_EQ(exact_exp(-745.1), kTiniest);
  EXPECT_EQ(exact_exp(-745.2), 0.0);
  EXPECT_EQ(exact_exp(1e300), kInfinity);
  EXPECT_EQ(exact_exp(-1e300), 0.0);
  EXPECT_TRUE(std::isnan(exact_exp(kNan)));
}

TEST(ExactPow, KnowsTheSpecialValuesOfTheStandard) {
  const double values[] = {0.0,   -0.0,   0.5,      -0.5,      1.0,       -1.0,       2.0,  -2.0,   3.0,        -3.0,
                           1e300, -1e300, kTiniest, -kTiniest, kInfinity, -kInfinity, kNan, 0x1p53, 0x1p53 - 1, -1.5};
  for (const double x : values) {
    for (const double y : values) {
      const double ours = exact_pow(x, y);
      const double standard = std::pow(x, y);
      if (std::isnan(standard)) {
        EXPECT_TRUE(std::isnan(ours)) << x << " ^ " << y;
      } else if (standard == 0.0 || std::isinf(standard) || std::abs(standard) == 1.0) {
        EXPECT_EQ(bits(ours), bits(standard)) << x << " ^ " << y;
      } else {
        EXPECT_LE(ulps(ours, standard), 2.0) << x << " ^ " << y;
      }
    }
  }
}

TEST(ExactPow, IsExactWhereTheResultIsAWholeNumber) {
  for (int exponent = -1022; exponent <= 1023; ++exponent) {
    ASSERT_EQ(exact_pow(2.0, exponent), std::ldexp(1.0, exponent)) << exponent;
  }
  for (int base = 2; base <= 20; ++base) {
    double power = 1.0;
    for (int exponent = 0; power < 1e12; ++exponent, power *= base) {
      ASSERT_LE(ulps(exact_pow(base, exponent), power), 1.0) << base << " ^ " << exponent;
    }
  }
}

TEST(ExactCbrt, IsExactForCubes) {
  for (int root = -1000; root <= 1000; ++root) ASSERT_EQ(exact_cbrt(static_cast<double>(root) * root * root), root);
  EXPECT_EQ(exact_cbrt(0x1p-1074 * 0x1p2), 0x1p-358 * exact_cbrt(4.0));
  EXPECT_EQ(bits(exact_cbrt(-0.0)), bits(-0.0));
  EXPECT_EQ(exact_cbrt(kInfinity), kInfinity);
  EXPECT_EQ(exact_cbrt(-kInfinity), -kInfinity);
  EXPECT_TRUE(std::isnan(exact_cbrt(kNan)));
}

}  // namespace
}  // namespace ghostnet::exact_math_test
