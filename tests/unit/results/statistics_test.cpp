#include "ghostnet/results/statistics.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ghostnet::results::statistics_test {
namespace {

// Quantiles as tables of Student's t give them, two-sided.
TEST(StudentsT, HasTheQuantilesOfTheTables) {
  EXPECT_NEAR(t_quantile(0.95, 1), 12.706, 0.001);
  EXPECT_NEAR(t_quantile(0.95, 4), 2.776, 0.001);
  EXPECT_NEAR(t_quantile(0.99, 9), 3.250, 0.001);
  EXPECT_NEAR(t_quantile(0.90, 30), 1.697, 0.001);
  EXPECT_NEAR(t_quantile(0.95, 100'000), 1.960, 0.001);
}

TEST(StudentsT, ProbabilityAndQuantileAreInverse) {
  for (const double freedom : {1.0, 2.5, 7.0, 40.0, 1'000.0}) {
    for (const double confidence : {0.5, 0.9, 0.999}) {
      EXPECT_NEAR(two_sided_p(t_quantile(confidence, freedom), freedom), 1 - confidence, 1e-9);
    }
  }
  EXPECT_DOUBLE_EQ(two_sided_p(0, 5), 1);
}

TEST(Estimates, OfAMeanKnowItsErrorFromTwoValuesOn) {
  const double values[] = {4, 6, 8};
  const Estimate mean = mean_of(values);
  EXPECT_DOUBLE_EQ(mean.value, 6);
  EXPECT_NEAR(mean.standard_error, 1.1547, 1e-4);  // 2 / sqrt(3)
  EXPECT_DOUBLE_EQ(mean.degrees_of_freedom, 2);
  EXPECT_NEAR(half_width(mean, 0.95), 4.968, 0.001);  // 4.3027 * 1.1547
  EXPECT_FALSE(mean_of(std::vector<double>{5}).knows_noise());
  EXPECT_DOUBLE_EQ(half_width(mean_of(std::vector<double>{5}), 0.95), 0);
}

// Welch's own example of unequal variances: the degrees of freedom lie between the smaller set's and the sum.
TEST(Estimates, OfADifferenceWeighBothErrors) {
  const double a[] = {10, 12, 14, 16}, b[] = {11, 11.5, 12};
  const Estimate d = difference(mean_of(a), mean_of(b));
  EXPECT_DOUBLE_EQ(d.value, -1.5);
  EXPECT_NEAR(d.standard_error, 1.3229, 1e-4);      // sqrt(20/3/4 + 0.25/3)
  EXPECT_NEAR(d.degrees_of_freedom, 3.2945, 1e-3);  // 1.75^2 / (1.6667^2 / 3 + 0.08333^2 / 2)
  EXPECT_FALSE(difference(mean_of(a), mean_of(std::vector<double>{1})).knows_noise());
}

}  // namespace
}  // namespace ghostnet::results::statistics_test
