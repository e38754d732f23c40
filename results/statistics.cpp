#include "ghostnet/results/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ghostnet::results {

namespace {

// The continued fraction of the incomplete beta function, by Lentz's method; for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr int kMaxTerms = 500;
  constexpr double kTiny = 1e-300;
  constexpr double kSmallChange = 1e-15;
  const auto away_from_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int term = 1; term <= kMaxTerms; ++term) {
    const double m = term;
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    fraction *= d * c;
    if (std::abs(d * c - 1) < kSmallChange) break;
  }
  return fraction;
}

// I_x(a, b), the share of a beta distribution below x.
double regularized_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double log_front = std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x);
  const double front = std::exp(log_front);
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace

Estimate mean_of(std::span<const double> values) {
  Estimate estimate;
  if (values.empty()) return estimate;
  const auto count = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  estimate.value = sum / count;
  if (values.size() == 1) return estimate;
  double squares = 0;
  for (const double value : values) squares += (value - estimate.value) * (value - estimate.value);
  estimate.standard_error = std::sqrt(squares / (count - 1) / count);
  estimate.degrees_of_freedom = count - 1;
  return estimate;
}

double two_sided_p(double t, double degrees_of_freedom) {
  if (std::isinf(t)) return 0;
  return regularized_beta(degrees_of_freedom / 2, 0.5, degrees_of_freedom / (degrees_of_freedom + t * t));
}

double t_quantile(double confidence, double degrees_of_freedom) {
  double low = 0;
  double high = 1;
  while (two_sided_p(high, degrees_of_freedom) > 1 - confidence && high < 1e12) high *= 2;
  for (int step = 0; step < 200 && high - low > 1e-12 * high; ++step) {
    const double middle = (low + high) / 2;
    (two_sided_p(middle, degrees_of_freedom) > 1 - confidence ? low : high) = middle;
  }
  return high;
}

double half_width(const Estimate& estimate, double confidence) {
  if (!estimate.knows_noise()) return 0;
  if (estimate.standard_error == 0) return 0;
  return t_quantile(confidence, estimate.degrees_of_freedom) * estimate.standard_error;
}

Estimate difference(const Estimate& a, const Estimate& b) {
  Estimate d;
  d.value = b.value - a.value;
  if (!a.knows_noise() || !b.knows_noise()) return d;
  const double va = a.standard_error * a.standard_error;
  const double vb = b.standard_error * b.standard_error;
  d.standard_error = std::sqrt(va + vb);
  const double spread = va * va / a.degrees_of_freedom + vb * vb / b.degrees_of_freedom;
  d.degrees_of_freedom =
      spread > 0 ? (va + vb) * (va + vb) / spread : std::min(a.degrees_of_freedom, b.degrees_of_freedom);
  return d;
}

}  // namespace ghostnet::results
