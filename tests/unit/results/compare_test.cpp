#include "ghostnet/results/compare.hpp"

#include <gmock/gmock.h>

#include "recorded_file.hpp"

namespace ghostnet::results::compare_test {
namespace {

using testing::ElementsAre;
using Verdict = ComparedStatistic::Verdict;

struct CompareTest : RecordedFile {
  std::vector<std::int64_t> ids_of(const std::string& words) {
    std::vector<std::int64_t> ids;
    for (const RunRow& run : select_runs(open(), words).value()) ids.push_back(run.id);
    return ids;
  }
  Comparison compared(const std::string& a, const std::string& b, const CompareOptions& options = {}) {
    const Database database = open();
    return compare({.label = a, .database = &database, .runs = select_runs(database, a).value()},
                   {.label = b, .database = &database, .runs = select_runs(database, b).value()}, options)
        .value();
  }
  static ComparedStatistic of(const Comparison& comparison, std::string_view metric, std::string_view statistic) {
    for (const ComparedStatistic& row : comparison.statistics) {
      if (row.metric == metric && row.statistic == statistic) return row;
    }
    ADD_FAILURE() << metric << " " << statistic;
    return {};
  }
};

TEST_F(CompareTest, SelectsRunsByNumberRangeBatchAndParameter) {
  record({.batch = "one"});
  record({.sweep_point = {{"network.loss", "1 %"}}, .batch = "two"});
  record({.sweep_point = {{"network.loss", "5 %"}}, .batch = "two"});
  record({.finished = false, .batch = "two"});
  EXPECT_THAT(ids_of("2"), ElementsAre(2));
  EXPECT_THAT(ids_of("3,1"), ElementsAre(3, 1));
  EXPECT_THAT(ids_of("1-4"), ElementsAre(1, 2, 3)) << "the unfinished one says nothing";
  EXPECT_THAT(ids_of("last"), ElementsAre(3));
  EXPECT_THAT(ids_of("batch:2"), ElementsAre(2, 3));
  EXPECT_THAT(ids_of("batch:2[network.loss=5 %]"), ElementsAre(3));
  for (const char* wrong : {"x", "9", "4", "batch:x", "batch:7", "1[loss]", "1[network.loss=7 %]", ""}) {
    EXPECT_FALSE(select_runs(open(), wrong)) << wrong;
  }
}

TEST_F(CompareTest, TheSameRunIsIdentical) {
  record({});
  record({});
  const Comparison comparison = compared("1", "2");
  EXPECT_TRUE(comparison.identical);
  EXPECT_FALSE(comparison.differs());
}

TEST_F(CompareTest, SingleRunsDifferBeyondTheNoiseOfTheirParts) {
  record({.seed = 1, .requests_per_s = 100, .noise = 10});
  record({.seed = 2, .requests_per_s = 100.2, .noise = 10.3});
  record({.seed = 3, .requests_per_s = 150, .noise = 10});
  EXPECT_FALSE(compared("1", "2").differs());
  const Comparison apart = compared("1", "3");
  EXPECT_TRUE(apart.differs());
  const ComparedStatistic sum = of(apart, "echo.requests", "sum");
  EXPECT_EQ(sum.verdict, Verdict::differs);
  EXPECT_DOUBLE_EQ(sum.difference.value, 2'000);
  EXPECT_EQ(of(apart, "tcp.open", "mean").verdict, Verdict::same);
}

TEST_F(CompareTest, PercentilesOfSingleRunsAreCompared) {
  record({.seed = 1, .latency_ns = 20'000'000});
  record({.seed = 2, .latency_ns = 40'000'000});
  const Comparison comparison = compared("1", "2");
  EXPECT_EQ(of(comparison, "echo.rtt", "p50").verdict, Verdict::differs);
  EXPECT_EQ(of(comparison, "echo.rtt", "p99").verdict, Verdict::differs);
  EXPECT_EQ(of(comparison, "echo.rtt", "count").verdict, Verdict::same);
}

TEST_F(CompareTest, RepeatsDifferBeyondTheNoiseBetweenThem) {
  for (const double rate : {100.0, 104.0, 97.0, 101.0}) record({.requests_per_s = rate});
  for (const double rate : {102.0, 98.0, 105.0, 99.0}) record({.requests_per_s = rate});
  for (const double rate : {130.0, 127.0, 133.0, 129.0}) record({.requests_per_s = rate});
  EXPECT_FALSE(compared("1-4", "5-8").differs());
  EXPECT_TRUE(compared("1-4", "9-12").differs());
  EXPECT_FALSE(compared("1-4", "9-12", {.tolerance = 0.5}).differs()) << "a third more is within the tolerance";
}

// At 95 % one test in twenty finds a difference that is none; over many metrics nearly every comparison would.
TEST_F(CompareTest, ManyStatisticsDoNotMakeADifferenceOfChance) {
  for (const double rate : {100.0, 104.0, 97.0, 101.0}) record({.requests_per_s = rate});
  for (const double rate : {103.2, 104.9, 105.0, 103.4}) record({.requests_per_s = rate});
  const Comparison all = compared("1-4", "5-8");
  const ComparedStatistic sum = of(all, "echo.requests", "sum");
  EXPECT_LT(sum.p, 0.1);
  EXPECT_GT(sum.p, 0.05 / static_cast<double>(all.statistics.size()));
  EXPECT_EQ(sum.verdict, Verdict::same);
}

TEST_F(CompareTest, WhatOnlyOneSideMeasuredIsSaidAndADifferenceWhereAskedFor) {
  record({});
  record({});
  ASSERT_TRUE(open(DatabaseOptions::Access::write).execute("DELETE FROM histograms WHERE run_id = 2"));
  const Comparison comparison = compared("1", "2");
  EXPECT_FALSE(of(comparison, "echo.rtt", "p50").b.has_value());
  EXPECT_EQ(of(comparison, "echo.rtt", "p50").verdict, Verdict::gone);
  EXPECT_EQ(of(compared("2", "1"), "echo.rtt", "p50").verdict, Verdict::added);
  EXPECT_FALSE(comparison.differs());
  EXPECT_TRUE(compared("1", "2", {.strict = true}).differs());
}

TEST_F(CompareTest, ASetIsOfOneScenario) {
  record({});
  record({.name = "another"});
  const Database database = open();
  const auto set = [&](const char* words) {
    return RunSet{.label = words, .database = &database, .runs = select_runs(database, words).value()};
  };
  EXPECT_TRUE(compare(set("1"), set("2"), {})) << "two scenarios may stand against each other";
  for (const Result<Comparison>& refused : {compare(set("1,2"), set("1"), {}), compare(set("1"), set("1-2"), {})}) {
    ASSERT_FALSE(refused);
    EXPECT_THAT(std::string(refused.error().message()), testing::HasSubstr("of made <up> (sim fabric) and of another"));
  }
}

TEST_F(CompareTest, ARunThatIsNamedTwiceCountsOnce) {
  record({});
  record({});
  EXPECT_THAT(ids_of("2,1-2,2"), ElementsAre(2, 1));
}

TEST_F(CompareTest, WithoutASeriesTheNoiseIsUnknown) {
  record({.seed = 1, .requests_per_s = 100});
  record({.seed = 2, .requests_per_s = 101});
  ASSERT_TRUE(open(DatabaseOptions::Access::write).execute("DELETE FROM frames; DELETE FROM windows"));
  const Comparison comparison = compared("1", "2", {.metrics = {"echo.requests"}});
  EXPECT_EQ(of(comparison, "echo.requests", "sum").verdict, Verdict::unknown);
  EXPECT_FALSE(comparison.differs());
  EXPECT_EQ(comparison.statistics.size(), 1U);
}

}  // namespace
}  // namespace ghostnet::results::compare_test
