// Random: the deterministic source of every choice that a simulation makes, and Probability: a chance in integers.
//
// One generator is 16 bytes (xoroshiro128++ of Blackman and Vigna, period 2^128 - 1). Each host, link and purpose draws
// from its own stream, so that one more draw in one place changes nothing anywhere else:
//   Random random = Random::derive(seed, host_id, "gossipsub.mesh");
// Streams come from (seed, a, b) through splitmix64 in two independent lanes, so 2^32 of them share no state but with a
// chance of 2^-64.
//
// All results are the same bits on any machine: integers, IEEE basic operations and exact_math.hpp; no libm, no
// <random>. The order and the number of draws behind each call are part of the contract, as stored digests depend on
// them.
//
// NOT FOR SECRETS. Outputs reveal the state. Keys, nonces, connection ids, anything that an attacker must not guess
// comes from the crypto seam, which is fed from such a stream in a simulation and by the operating system otherwise.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet {

// A probability as an integer number of 2^-63 parts: comparisons are exact, and "never" and "always" are really that.
class Probability {
 public:
  constexpr Probability() = default;  // never

  static constexpr Probability never() { return Probability{0}; }
  static constexpr Probability always() { return Probability{kOne}; }

  // parts / 2^32; more than 2^32 parts is always.
  static constexpr Probability of_2_32(std::uint64_t parts) {
    return parts >= (std::uint64_t{1} << 32) ? always() : Probability{parts << 31};
  }
  // numerator / denominator rounded down to 2^-63; numerator <= denominator, denominator > 0.
  static constexpr Probability ratio(std::uint64_t numerator, std::uint64_t denominator);
  // The given value rounded down to 2^-63 (0.5, 0.001: exact as the double that was written). Outside [0, 1] is a bug
  // of the caller.
  static constexpr Probability of(double value);
  // The same for input from outside: invalid_argument for NaN and for what lies outside [0, 1].
  static Result<Probability> parse(double value);

  constexpr bool is_never() const { return parts_ == 0; }
  constexpr bool is_always() const { return parts_ == kOne; }
  constexpr double value() const { return static_cast<double>(parts_) / static_cast<double>(kOne); }
  constexpr Probability complement() const { return Probability{kOne - parts_}; }

  friend constexpr auto operator<=>(Probability, Probability) = default;

 private:
  friend class Random;
  static constexpr std::uint64_t kOne = std::uint64_t{1} << 63;
  explicit constexpr Probability(std::uint64_t parts) : parts_(parts) {}

  std::uint64_t parts_ = 0;
};

class Random {
 public:
  // The stream of (seed, a, b): by custom a is the host or link number and b the purpose, as a number or a name.
  static Random derive(std::uint64_t seed, std::uint64_t a, std::uint64_t b);
  static Random derive(std::uint64_t seed, std::uint64_t a, std::string_view purpose);

  // The generator in a given state, for tests and for restoring a stored one. Not both words may be zero.
  static constexpr Random from_state(std::uint64_t s0, std::uint64_t s1) {
    assert(s0 != 0 || s1 != 0);
    return Random{s0, s1};
  }
  constexpr std::pair<std::uint64_t, std::uint64_t> state() const { return {s0_, s1_}; }

  // 64 uniform bits. Every other function states its cost in these draws; where nothing is said it is one.
  constexpr std::uint64_t next_u64();

  // Uniform in [0, n), n > 0, unbiased (Lemire's multiplication; a second draw with probability below n / 2^64).
  constexpr std::uint64_t below(std::uint64_t n);

  // Uniform in [lo, hi], both ends included, lo <= hi.
  constexpr std::int64_t between(std::int64_t lo, std::int64_t hi);
  constexpr Duration between(Duration lo, Duration hi) { return Duration{between(lo.count(), hi.count())}; }

  // Uniform in [0, 1): a multiple of 2^-53, each equally likely.
  constexpr double unit() { return static_cast<double>(next_u64() >> 11) * 0x1p-53; }

  // True with probability p. Makes no draw when p is never or always, so a feature that is off costs no draw.
  constexpr bool chance(Probability p);

  // Exponentially distributed with the given mean (time between arrivals of a Poisson process); 0 for a mean of 0 or
  // less.
  Duration exponential(Duration mean);
  double exponential(double mean);

  // Normally distributed (Marsaglia's polar method: 2 draws, again with probability 0.21; nothing is kept between
  // calls).
  double normal(double mean, double standard_deviation);

  // Pareto (type I): at least `scale`, P(X > x) = (scale / x)^shape. scale > 0, shape > 0; heavy-tailed for shape <= 2.
  double pareto(double scale, double shape);

  // Every order of a vector, array, span or deque equally likely (Fisher-Yates from the back: below(size), ...
  // below(2)).
  template <class Range>
  constexpr void shuffle(Range&& items);

  // Random bytes, 8 a draw, the lowest byte first on every machine. Not for secrets.
  void fill(std::span<std::uint8_t> bytes);

  friend constexpr bool operator==(const Random&, const Random&) = default;

 private:
  constexpr Random(std::uint64_t s0, std::uint64_t s1) : s0_(s0), s1_(s1) {}

  std::uint64_t s0_;
  std::uint64_t s1_;
};

static_assert(sizeof(Random) == 16);

namespace detail {
__extension__ typedef unsigned __int128 Uint128;  // NOLINT: an alias declaration cannot carry __extension__

constexpr std::uint64_t rotate_left(std::uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }
}  // namespace detail

constexpr Probability Probability::ratio(std::uint64_t numerator, std::uint64_t denominator) {
  assert(denominator > 0 && numerator <= denominator);
  return Probability{static_cast<std::uint64_t>((detail::Uint128{numerator} << 63) / denominator)};
}

constexpr Probability Probability::of(double value) {
  assert(value >= 0.0 && value <= 1.0);
  return Probability{static_cast<std::uint64_t>(value * 0x1p63)};
}

constexpr std::uint64_t Random::next_u64() {
  const std::uint64_t s0 = s0_;
  std::uint64_t s1 = s1_;
  const std::uint64_t result = detail::rotate_left(s0 + s1, 17) + s0;
  s1 ^= s0;
  s0_ = detail::rotate_left(s0, 49) ^ s1 ^ (s1 << 21);
  s1_ = detail::rotate_left(s1, 28);
  return result;
}

constexpr std::uint64_t Random::below(std::uint64_t n) {
  assert(n > 0);
  detail::Uint128 product = detail::Uint128{next_u64()} * n;
  if (static_cast<std::uint64_t>(product) < n) [[unlikely]] {
    const std::uint64_t biased = (0 - n) % n;
    while (static_cast<std::uint64_t>(product) < biased) product = detail::Uint128{next_u64()} * n;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

constexpr std::int64_t Random::between(std::int64_t lo, std::int64_t hi) {
  assert(lo <= hi);
  const std::uint64_t span = static_cast<std::uint64_t>(hi) - static_cast<std::uint64_t>(lo);
  const std::uint64_t offset = span == std::numeric_limits<std::uint64_t>::max() ? next_u64() : below(span + 1);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(lo) + offset);
}

constexpr bool Random::chance(Probability p) {
  if (p.is_never()) return false;
  if (p.is_always()) return true;
  return (next_u64() >> 1) < p.parts_;
}

template <class Range>
constexpr void Random::shuffle(Range&& items) {
  for (std::size_t left = std::size(items); left > 1; --left) {
    using std::swap;
    swap(items[left - 1], items[below(left)]);
  }
}

}  // namespace ghostnet
