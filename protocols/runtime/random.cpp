#include "ghostnet/runtime/random.hpp"

#include <algorithm>
#include <cmath>

#include "ghostnet/runtime/exact_math.hpp"

#ifdef __clang__
#pragma clang fp contract(off)
#endif

namespace ghostnet {
namespace {

// The finalizer of splitmix64 (Steele, Lea, Flood): a bijection whose every output bit depends on every input bit.
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9;
  x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11eb;
  return x ^ (x >> 31);
}

// One word of state: the three inputs taken in one after another. Each lane starts, and steps, by another odd constant,
// so that inputs that meet in one lane do not meet in the other.
constexpr std::uint64_t lane(std::uint64_t gamma, std::uint64_t seed, std::uint64_t a, std::uint64_t b) {
  std::uint64_t state = mix(seed + gamma);
  state = mix((state ^ a) + gamma);
  return mix((state ^ b) + gamma);
}

// FNV-1a over the name; mixed again by derive().
constexpr std::uint64_t number_of(std::string_view name) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100'0000'01b3;
  return hash;
}

// Uniform in (0, 1], so that it has a logarithm.
double positive_unit(Random& random) { return static_cast<double>((random.next_u64() >> 11) + 1) * 0x1p-53; }

}  // namespace

Result<Probability> Probability::parse(double value) {
  if (!(value >= 0.0 && value <= 1.0)) {
    return fail(Errc::invalid_argument, "a probability of {} is impossible: give a value from 0 to 1", value);
  }
  return of(value);
}

Random Random::derive(std::uint64_t seed, std::uint64_t a, std::uint64_t b) {
  const std::uint64_t s0 = lane(0x9e37'79b9'7f4a'7c15, seed, a, b);
  const std::uint64_t s1 = lane(0xd1b5'4a32'd192'ed03, seed, a, b);
  return Random{s0, s0 == 0 && s1 == 0 ? 1 : s1};
}

Random Random::derive(std::uint64_t seed, std::uint64_t a, std::string_view purpose) {
  return derive(seed, a, number_of(purpose));
}

double Random::exponential(double mean) { return -mean * exact_log(positive_unit(*this)); }

Duration Random::exponential(Duration mean) {
  if (mean <= Duration::zero()) return Duration::zero();
  const double ns = exponential(static_cast<double>(mean.count())) + 0.5;
  return ns >= 0x1p63 ? Duration::max() : Duration{static_cast<std::int64_t>(ns)};
}

double Random::normal(double mean, double standard_deviation) {
  double u;
  double square;
  do {
    u = 2.0 * unit() - 1.0;
    const double v = 2.0 * unit() - 1.0;
    square = u * u + v * v;
  } while (square >= 1.0 || square == 0.0);
  // sqrt is correctly rounded by IEEE 754, so it is exact on every machine.
  return mean + standard_deviation * (u * std::sqrt(-2.0 * exact_log(square) / square));
}

double Random::pareto(double scale, double shape) {
  assert(scale > 0.0 && shape > 0.0);
  return scale * exact_exp(exact_log(positive_unit(*this)) * (-1.0 / shape));
}

void Random::fill(std::span<std::uint8_t> bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    std::uint64_t word = next_u64();
    const std::size_t end = std::min(bytes.size(), at + 8);
    for (std::size_t i = at; i < end; ++i, word >>= 8) bytes[i] = static_cast<std::uint8_t>(word);
  }
}

}  // namespace ghostnet
