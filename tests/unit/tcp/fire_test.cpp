// Under fire: transfers over links drawn at random: loss up to 30 %, bursts, reordering, duplication, corruption, small
// packets, uneven rates, blackouts. Whatever happens: every byte arrives in order, or both ends learn that it failed;
// then nothing is left: no deadline, no connection.
#include <gtest/gtest.h>

#include "fire.hpp"

namespace ghostnet::tcp::fire_test {
namespace {

void hold_fire(std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    FireReport report = under_fire(seed);
    EXPECT_EQ(report.complaint, "") << report.describe();
  }
}

TEST(TcpUnderFire, EveryByteArrivesInOrderOrBothEndsKnow) { hold_fire(0, 1000); }

// tcp_tests --gtest_also_run_disabled_tests --gtest_filter='*TenThousand*'
TEST(TcpUnderFire, DISABLED_TenThousandTimes) { hold_fire(1000, 10'000); }

}  // namespace
}  // namespace ghostnet::tcp::fire_test
