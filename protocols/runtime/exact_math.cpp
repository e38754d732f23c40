#include "ghostnet/runtime/exact_math.hpp"

#include <bit>
#include <cfloat>
#include <cstdint>
#include <limits>

#ifdef __clang__
#pragma clang fp contract(off)
#endif
#ifdef __FAST_MATH__
#error "-ffast-math lets the compiler change results"
#endif
static_assert(FLT_EVAL_METHOD == 0 && std::numeric_limits<double>::is_iec559, "binary64 throughout");

namespace ghostnet {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// ln 2 = kLn2High + kLn2Low; the high part ends in 11 zero bits, so its product with any exponent is exact.
constexpr double kLn2High = 0x1.62e42fefa3800p-1;
constexpr double kLn2Low = 0x1.ef35793c76730p-45;
constexpr double kInverseLn2 = 0x1.71547652b82fep+0;

// The unevaluated sum of two doubles, |low| <= ulp(high) / 2: about 106 bits. Sums and products are those of Dekker and
// Knuth, exact without a fused multiplication.
struct Double2 {
  double high;
  double low;
};

constexpr Double2 exact_sum(double a, double b) {
  const double sum = a + b;
  const double b_part = sum - a;
  return {sum, (a - (sum - b_part)) + (b - b_part)};
}

constexpr Double2 exact_product(double a, double b) {
  constexpr double kSplit = 0x1p27 + 1;
  const double a_high = a * kSplit - (a * kSplit - a);
  const double b_high = b * kSplit - (b * kSplit - b);
  const double a_low = a - a_high;
  const double b_low = b - b_high;
  const double product = a * b;
  return {product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low};
}

constexpr Double2 multiply(Double2 a, Double2 b) {
  const Double2 product = exact_product(a.high, b.high);
  return exact_sum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

// x = 2^exponent * mantissa, sqrt(1/2) <= mantissa < sqrt(2). x is positive and finite.
struct Split {
  int exponent;
  double mantissa;
};

Split split(double x) {
  constexpr std::uint64_t kSqrtHalf = 0x3fe6'a09e'667f'3bcd;
  int scaled_by = 0;
  if (x < DBL_MIN) {
    x *= 0x1p54;
    scaled_by = 54;
  }
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const auto exponent = static_cast<std::int64_t>(bits - kSqrtHalf) >> 52;
  return {static_cast<int>(exponent) - scaled_by,
          std::bit_cast<double>(bits - (static_cast<std::uint64_t>(exponent) << 52))};
}

// value * 2^exponent with one rounding; 0.5 < value < 2.
double scale(double value, int exponent) {
  const auto power = [](int e) { return std::bit_cast<double>(static_cast<std::uint64_t>(e + 1023) << 52); };
  if (exponent > 1023) return value * 2.0 * power(exponent - 1);
  if (exponent < -1021) return value * power(exponent + 1000) * power(-1000);
  return value * power(exponent);
}

// 2 artanh(s) = s (2 + 2/3 z + 2/5 z^2 + ...), z = s^2 < 0.0295: from the term of z^first on to that of z^12, without
// s. The rest is below 2^-70 of the whole.
template <int first>
double artanh_tail(double z) {
  const double z2 = z * z;
  const double z4 = z2 * z2;
  const double high = ((2.0 / 11 + z * (2.0 / 13)) + z2 * (2.0 / 15 + z * (2.0 / 17))) +
                      z4 * ((2.0 / 19 + z * (2.0 / 21)) + z2 * (2.0 / 23 + z * (2.0 / 25)));
  const double from_2 = z2 * ((2.0 / 5 + z * (2.0 / 7)) + z2 * (2.0 / 9 + z * high));
  return first == 2 ? from_2 : z * (2.0 / 3) + from_2;
}

// log(x) to about 64 bits, for pow.
Double2 wide_log(double x) {
  const auto [exponent, mantissa] = split(x);
  const double f = mantissa - 1.0;
  const Double2 divisor = exact_sum(2.0, f);
  const double s_high = f / divisor.high;
  const Double2 back = exact_product(s_high, divisor.high);
  const Double2 s = {s_high, (((f - back.high) - back.low) - s_high * divisor.low) / divisor.high};
  const Double2 z = multiply(s, s);

  constexpr Double2 kTwoThirds = {0x1.5555555555555p-1, 0x1.5555555555555p-55};
  const Double2 term = multiply(z, kTwoThirds);
  const Double2 series = exact_sum(2.0, term.high);
  const Double2 log = multiply(s, exact_sum(series.high, series.low + (term.low + artanh_tail<2>(z.high))));
  const Double2 sum = exact_sum(exponent * kLn2High, log.high);
  return exact_sum(sum.high, sum.low + (log.low + exponent * kLn2Low));
}

// e^(x + low), |low| tiny beside x.
double exp_of(double x, double low) {
  if (x > 710.0) return kInfinity;
  if (x < -746.0) return 0.0;
  const auto k = static_cast<int>(x * kInverseLn2 + (x < 0 ? -0.5 : 0.5));
  const double r_high = x - k * kLn2High;
  const double r_low = k * kLn2Low - low;
  const double r = r_high - r_low;
  // e^r = 1 + 2 r / (r coth(r/2) - r), and r coth(r/2) = 2 + z/6 - z^2/360 + ... with Bernoulli numbers; z < 0.121.
  const double z = r * r;
  const double z2 = z * z;
  const double c = r - z * ((1.0 / 6 - z * (1.0 / 360)) + z2 * (1.0 / 15120 - z * (1.0 / 604800)) +
                            z2 * z2 * (1.0 / 23950080 - z * (691.0 / 653837184000)));
  return scale(1.0 + ((r * c / (2.0 - c) - r_low) + r_high), k);
}

enum class Parity { fraction, even, odd };

Parity parity_of(double y) {
  const double size = y < 0 ? -y : y;
  if (size >= 0x1p53) return Parity::even;
  const auto whole = static_cast<std::int64_t>(size);
  if (static_cast<double>(whole) != size) return Parity::fraction;
  return whole % 2 != 0 ? Parity::odd : Parity::even;
}

// x^y for x that is 0, infinite or NaN, and y that is infinite or NaN (C Annex F, F.10.4.4); neither y == 0 nor x == 1.
double special_pow(double x, double y) {
  if (x != x || y != y) return kNan;
  const double size = x < 0 ? -x : x;
  if (y == kInfinity || y == -kInfinity) {
    if (size == 1.0) return 1.0;
    return (size > 1.0) == (y > 0) ? kInfinity : 0.0;
  }
  const double result = (size == 0.0) == (y > 0) ? 0.0 : kInfinity;
  const bool negative = std::bit_cast<std::int64_t>(x) < 0;
  return negative && parity_of(y) == Parity::odd ? -result : result;
}

}  // namespace

double exact_log(double x) {
  if (!(x > 0.0)) return x == 0.0 ? -kInfinity : kNan;
  if (x == kInfinity) return x;
  const auto [exponent, mantissa] = split(x);
  const double f = mantissa - 1.0;
  const double s = f / (2.0 + f);
  // 2 s = f - (f^2/2 - s f^2/2) puts the rounding error of s where it weighs little.
  const double half_square = 0.5 * f * f;
  const double tail = s * (half_square + artanh_tail<1>(s * s)) + exponent * kLn2Low;
  return exponent * kLn2High - ((half_square - tail) - f);
}

double exact_exp(double x) {
  if (x != x) return kNan;
  return exp_of(x, 0.0);
}

double exact_pow(double x, double y) {
  if (y == 0.0 || x == 1.0) return 1.0;
  const double base = x < 0 ? -x : x;
  const double power = y < 0 ? -y : y;
  if (!(base > 0.0 && base < kInfinity && power < kInfinity)) return special_pow(x, y);

  double sign = 1.0;
  if (x < 0) {
    const Parity parity = parity_of(y);
    if (parity == Parity::fraction) return kNan;
    if (parity == Parity::odd) sign = -1.0;
    if (base == 1.0) return sign;
  }
  // Beyond these powers the result is 1, or lies outside the range of a double, whatever the base.
  if (power < 0x1p-70) return sign;
  if (power > 0x1p64) return sign * ((base > 1.0) == (y > 0) ? kInfinity : 0.0);
  const Double2 log = wide_log(base);
  const Double2 product = exact_product(y, log.high);
  const Double2 exponent = exact_sum(product.high, product.low + y * log.low);
  return sign * exp_of(exponent.high, exponent.low);
}

double exact_cbrt(double x) {
  if (x != x) return kNan;
  if (x == 0.0 || x == kInfinity || x == -kInfinity) return x;
  const auto [exponent, mantissa] = split(x < 0 ? -x : x);
  // |x| = 2^(3 third) * m with 0.7 < m < 5.7, or so.
  const int third = (exponent + 3 * 400) / 3 - 400;
  const double m = scale(mantissa, exponent - 3 * third);

  double root = 0.762 + m * (0.268 - m * 0.0146);  // within 2 %, and Halley's method cubes that
  for (int i = 0; i < 2; ++i) {
    const double cube = root * root * root;
    root = root * (cube + 2.0 * m) / (2.0 * cube + m);
  }
  // One step of Newton's method with the error of root^3 known to 106 bits.
  const Double2 square = exact_product(root, root);
  const Double2 cube = exact_product(square.high, root);
  const double error = ((m - cube.high) - cube.low) - square.low * root;
  root += error / (3.0 * square.high);
  return scale(x < 0 ? -root : root, third);
}

}  // namespace ghostnet
