#include "ghostnet/results/measured.hpp"

#include <gtest/gtest.h>

namespace ghostnet::results::measured_test {
namespace {

TEST(Measured, IsSaidInTheTermsOfTheLimit) {
  EXPECT_EQ(measured_text("p99(echo.rtt) < 1 s", 256'901'120), "256.901 ms");
  EXPECT_EQ(measured_text("p99(echo.rtt) < 1 s", 1'500'000'000), "1.5 s");
  EXPECT_EQ(measured_text("min(echo.rtt) > 10 us", 70), "70 ns");
  EXPECT_EQ(measured_text("echo.replies / echo.requests > 90 %", 0.931), "93.1 %");
  EXPECT_EQ(measured_text("mean(bulk.goodput) >= 3 Mbit/s", 3'918'000), "3.918 Mbit/s");
  EXPECT_EQ(measured_text("echo.served_bytes < 2 MiB", 1536), "1.5 KiB");
  EXPECT_EQ(measured_text("echo.mismatches == 0", 3), "3");
}

TEST(Measured, PassesOverTheWindowOfAnExpectation) {
  EXPECT_EQ(measured_text("p99(echo.rtt) < 30 ms from 5 s until 14 s", 41'000'000), "41 ms");
  EXPECT_EQ(measured_text("a.replies / a.requests < 80 % from 20 s until 25 s", 0.5), "50 %");
}

TEST(Measured, IsAPlainNumberWhereTheLimitIsNoQuantity) {
  EXPECT_EQ(measured_text("a.x <= 2 * a.y", 0.25), "0.25");
  EXPECT_EQ(measured_text("hosts of servers are up at the end", 4), "4");
  EXPECT_EQ(measured_text("", 1), "1");
}

}  // namespace
}  // namespace ghostnet::results::measured_test
