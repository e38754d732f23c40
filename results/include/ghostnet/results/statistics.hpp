// Student's t: how sure a mean of few values is. For judging results only: it uses the machine's floating point, which
// no simulation may.
#pragma once

#include <span>

namespace ghostnet::results {

// Of a quantity that was measured several times: its mean, how far that may be off, and how well that is known.
struct Estimate {
  double value = 0;
  double standard_error = 0;
  double degrees_of_freedom = 0;  // 0: measured once, nothing is known of its noise

  bool knows_noise() const { return degrees_of_freedom > 0; }
};

// The mean of independent values.
Estimate mean_of(std::span<const double> values);

// The probability that |t| is at least this large by chance.
double two_sided_p(double t, double degrees_of_freedom);

// The t that is exceeded on either side with probability 1 - confidence.
double t_quantile(double confidence, double degrees_of_freedom);

// Half the width of the confidence interval around the estimate.
double half_width(const Estimate& estimate, double confidence);

// b - a, by Welch: neither their variances nor their numbers need be the same.
Estimate difference(const Estimate& a, const Estimate& b);

}  // namespace ghostnet::results
