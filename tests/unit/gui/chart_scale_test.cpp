// Axes: where values stand, which numbers are shown, and how they are written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "charts/scale.hpp"
#include "charts/units.hpp"

namespace ghostnet::gui::chart::chart_scale_test {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ChartScale, PutsTheEndsOfTheRangeOnItsPixels) {
  const Scale scale({10, 20}, 100, 300);
  EXPECT_DOUBLE_EQ(scale.to_pixel(10), 100);
  EXPECT_DOUBLE_EQ(scale.to_pixel(15), 200);
  EXPECT_DOUBLE_EQ(scale.to_pixel(20), 300);
  EXPECT_DOUBLE_EQ(scale.to_value(250), 17.5);
}

TEST(ChartScale, GrowsUpwardsWherePixelsGrowDownwards) {
  const Scale scale({0, 1}, 200, 0);
  EXPECT_DOUBLE_EQ(scale.to_pixel(0.25), 150);
  EXPECT_DOUBLE_EQ(scale.to_value(0), 1);
}

TEST(ChartScale, GivesEachDecadeTheSameRoomWhenLogarithmic) {
  const Scale scale({1, 1000}, 0, 300, true);
  EXPECT_NEAR(scale.to_pixel(10), 100, 1e-9);
  EXPECT_NEAR(scale.to_pixel(100), 200, 1e-9);
  EXPECT_NEAR(scale.to_value(150), std::pow(10, 1.5), 1e-9);
}

TEST(ChartScale, DrawsWhatHasNoLogarithmAtTheLowEnd) {
  const Scale scale({1, 1000}, 0, 300, true);
  EXPECT_DOUBLE_EQ(scale.to_pixel(0), 0);
  EXPECT_DOUBLE_EQ(scale.to_pixel(-5), 0);
}

TEST(ChartScale, WidensARangeWithoutWidth) {
  const Scale same({8, 8}, 0, 100);
  EXPECT_DOUBLE_EQ(same.to_pixel(8), 50);
  const Scale zero({0, 0}, 0, 100);
  EXPECT_DOUBLE_EQ(zero.to_pixel(0), 50);
  EXPECT_TRUE(std::isfinite(Scale(Range{}, 0, 100).to_pixel(3)));
}

TEST(ChartTicks, AreRoundNumbersWithinTheRange) {
  EXPECT_THAT(round_ticks({0, 10}, 5), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(round_ticks({3, 47}, 5), ElementsAre(10, 20, 30, 40));
  EXPECT_THAT(round_ticks({-1, 1}, 4), ElementsAre(-1, -0.5, 0, 0.5, 1));
}

TEST(ChartTicks, DoNotDriftOffTheRoundNumbers) {
  EXPECT_THAT(round_ticks({0, 0.7}, 7), ElementsAre(0, DoubleEq(0.1), DoubleEq(0.2), DoubleEq(3 * 0.1), DoubleEq(0.4),
                                                    DoubleEq(0.5), DoubleEq(6 * 0.1), DoubleEq(7 * 0.1)));
}

TEST(ChartTicks, OfNothingAreNone) {
  EXPECT_THAT(round_ticks(Range{}, 5), IsEmpty());
  EXPECT_THAT(log_ticks({0, 10}, 5), IsEmpty());
}

TEST(ChartTicks, ArePowersOfTenOnALogarithmicAxis) {
  EXPECT_THAT(log_ticks({1, 1e4}, 8), ElementsAre(1, 10, 100, 1000, 10000));
  EXPECT_THAT(log_ticks({1, 1e8}, 3), ElementsAre(1, 1e3, 1e6));
  EXPECT_THAT(log_ticks({3, 60}, 8), ElementsAre(5, 10, 20, 50));
}

TEST(ChartTicks, WidenARangeOutwardsOnly) {
  EXPECT_EQ(widened_to_ticks({0.3, 9.4}, 5), (Range{0, 10}));
  EXPECT_EQ(widened_to_ticks({2, 8}, 5), (Range{2, 8}));
}

TEST(ChartUnits, ChooseTheUnitByTheLargestValue) {
  EXPECT_EQ(axis_unit({0, 2.5e9}, "ns").unit, "s");
  EXPECT_EQ(axis_unit({0, 2.5e6}, "ns").unit, "ms");
  EXPECT_EQ(axis_unit({0, 3 << 20}, "bytes").unit, "MiB");
  EXPECT_EQ(axis_unit({0, 5}, "messages").unit, "messages");
}

TEST(ChartUnits, WriteTicksToTheDigitsThatTheStepNeeds) {
  EXPECT_EQ(tick_text(0.05, 0.05, {}), "0.05");
  EXPECT_EQ(tick_text(1, 0.5, {}), "1.0");
  EXPECT_EQ(tick_text(20'000'000, 10'000'000, {}), "20M");
  EXPECT_EQ(tick_text(15'000, 5'000, {}), "15k");
}

TEST(ChartUnits, WriteValuesAsPeopleReadThem) {
  EXPECT_EQ(value_text(12'500'000, "ns"), "12.5 ms");
  EXPECT_EQ(value_text(1536, "bytes"), "1.5 KiB");
  EXPECT_EQ(value_text(37, "messages"), "37 messages");
  EXPECT_EQ(value_text(2048, "bytes/s"), "2 KiB/s");
  EXPECT_EQ(value_text(2e6, "bit/s"), "2 Mbit/s");
  EXPECT_EQ(value_text(0.999, "share"), "99.9 %");
  EXPECT_EQ(value_text(std::nan(""), "ns"), "–");
  EXPECT_EQ(seconds_text(12.5), "12.500 s");
  EXPECT_EQ(seconds_text(65), "1 min 05.0 s");
}

}  // namespace
}  // namespace ghostnet::gui::chart::chart_scale_test
