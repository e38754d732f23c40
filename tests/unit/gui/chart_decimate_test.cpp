// Decimation: what is drawn of a long series covers the same pixels as all of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "charts/decimate.hpp"

namespace ghostnet::gui::chart::chart_decimate_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<double> counted(std::size_t n) {
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<double>(i);
  return x;
}

TEST(ChartDecimation, KeepsAShortSeriesWhole) {
  const std::vector<double> x{1, 2, 3};
  EXPECT_THAT(decimated(x, x, {1, 3}, 100), ElementsAre(0, 1, 2));
}

TEST(ChartDecimation, KeepsTheNeighboursOfWhatIsShown) {
  const std::vector<double> x = counted(10);
  EXPECT_THAT(decimated(x, x, {4.5, 6.5}, 100), ElementsAre(4, 5, 6, 7));
}

TEST(ChartDecimation, OfNothingIsNothing) {
  EXPECT_THAT(decimated({}, {}, {0, 1}, 100), IsEmpty());
  const std::vector<double> x{1};
  EXPECT_THAT(decimated(x, x, Range{}, 100), IsEmpty());
}

TEST(ChartDecimation, KeepsEveryColumnsExtremesOfAMillionPoints) {
  constexpr std::size_t kPoints = 1'000'000;
  constexpr std::size_t kColumns = 500;
  const std::vector<double> x = counted(kPoints);
  std::vector<double> y(kPoints);
  for (std::size_t i = 0; i < kPoints; ++i) y[i] = std::sin(static_cast<double>(i * i % 7919));
  y[123'456] = 50;  // a spike of one point must not vanish
  y[654'321] = -50;
  const std::vector<std::size_t> kept = decimated(x, y, {0, kPoints - 1.0}, kColumns);
  EXPECT_LE(kept.size(), 5 * (kColumns + 1));
  EXPECT_TRUE(std::ranges::is_sorted(kept));
  EXPECT_THAT(kept, Contains(123'456));
  EXPECT_THAT(kept, Contains(654'321));
  EXPECT_EQ(kept.front(), 0);
  EXPECT_EQ(kept.back(), kPoints - 1);
  constexpr std::size_t kPerColumn = kPoints / kColumns;
  for (std::size_t column = 0; column + 1 < kColumns; ++column) {
    double lowest = std::numeric_limits<double>::infinity();
    double of_kept = lowest;
    for (std::size_t i = column * kPerColumn + 1; i < (column + 1) * kPerColumn; ++i) lowest = std::min(lowest, y[i]);
    for (std::size_t i : kept) {
      if (i >= column * kPerColumn && i <= (column + 1) * kPerColumn) of_kept = std::min(of_kept, y[i]);
    }
    EXPECT_LE(of_kept, lowest) << "column " << column;
  }
}

TEST(ChartDecimation, KeepsAGapThatBreaksTheLine) {
  std::vector<double> x = counted(100'000);
  std::vector<double> y(x.size(), 1.0);
  y[50'000] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(decimated(x, y, {0, 99'999}, 100), Contains(50'000));
}

}  // namespace
}  // namespace ghostnet::gui::chart::chart_decimate_test
