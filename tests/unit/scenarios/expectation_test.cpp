// What expectations may say, and what is found wrong with them before anything runs.
#include "ghostnet/scenarios/expectation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ghostnet::scenarios::expectation_test {
namespace {

using ::testing::HasSubstr;

struct ExpectationTest : testing::Test {
  std::vector<MetricInfo> metrics = {
      {"echo.rtt", "ns", "", MetricKind::histogram},           {"echo.requests", "requests", "", MetricKind::counter},
      {"echo.replies", "replies", "", MetricKind::counter},    {"echo.served_bytes", "bytes", "", MetricKind::counter},
      {"echo.open_streams", "streams", "", MetricKind::gauge}, {"bulk.goodput", "bit/s", "", MetricKind::histogram}};
  std::vector<std::string_view> groups = {"clients", "servers"};

  std::string error_of(std::string_view text) const {
    const Result<ExpectationRule> rule = ExpectationRule::parse(text);
    if (!rule) return std::string(rule.error().message());
    const Result<> sound = rule->check(metrics, groups);
    return sound ? "none" : std::string(sound.error().message());
  }
};

TEST_F(ExpectationTest, WhatMakesSenseIsAccepted) {
  for (const char* text : {
           "echo.requests >= 100",
           "echo.requests==100",
           "echo.replies / echo.requests >= 99.9 %",
           "(echo.requests - echo.replies) / echo.requests < 1 %",
           "((((echo.requests))))> 0",
           "p99(echo.rtt) < 200 ms",
           "p99.9(echo.rtt[clients]) < 1.5s",
           "p999( echo.rtt ) < 2 s",
           "p0(echo.rtt) != 0",
           "max(echo.rtt) - min(echo.rtt) <= 2 * mean(echo.rtt)",
           "max(echo.rtt) / min(echo.rtt) < 3",
           "count(echo.rtt) == echo.replies",
           "mean(echo.served_bytes) > 1 KiB",
           "echo.served_bytes / echo.replies < 600 B",
           "p50(bulk.goodput) > 5 Mbit/s",
           "echo.served_bytes == 0",
           "echo.replies / echo.requests < 150 %",
       }) {
    EXPECT_EQ(error_of(text), "none") << text;
  }
}

TEST_F(ExpectationTest, NumbersWithoutTheirUnitAreFoundBeforeTheRun) {
  EXPECT_EQ(error_of("p99(echo.rtt) < 200"),
            "p99(echo.rtt) is a time, but 200 is a plain number: expected a time on both sides, such as 200 ms");
  EXPECT_THAT(error_of("p50(bulk.goodput) > 5 MB"), HasSubstr("is a data rate, but 5 MB is a size of data"));
  EXPECT_THAT(error_of("echo.requests > 5 ms"), HasSubstr("echo.requests is a plain number, but 5 ms is a time"));
  EXPECT_THAT(error_of("echo.served_bytes > 1000"), HasSubstr("such as 64 KiB"));
  EXPECT_THAT(error_of("p99(echo.rtt) + echo.requests < 1 s"), HasSubstr("p99(echo.rtt) is a time"));
  EXPECT_THAT(error_of("echo.served_bytes / p99(echo.rtt) < 1"), HasSubstr("has no unit here"));
}

TEST_F(ExpectationTest, HistogramsNeedAnAggregateAndCountersHaveNoPercentiles) {
  EXPECT_EQ(error_of("echo.rtt < 5 ms"), "echo.rtt is a histogram: say what of it, as in p99(echo.rtt)");
  EXPECT_THAT(error_of("p99(echo.requests) > 1"), HasSubstr("echo.requests is a counter, which has no percentiles"));
  EXPECT_THAT(error_of("p50(echo.open_streams) > 1"), HasSubstr("is a gauge"));
}

TEST_F(ExpectationTest, NamesAreChecked) {
  EXPECT_EQ(error_of("echo.request > 1"),
            "no protocol of this scenario has a metric 'echo.request'; did you mean 'echo.requests'?");
  EXPECT_EQ(error_of("echo.requests[client] > 1"), "there is no group 'client'; did you mean 'clients'?");
  EXPECT_THAT(error_of("avg(echo.rtt) < 1 s"), HasSubstr("'avg' is no aggregate"));
  EXPECT_THAT(error_of("p101(echo.rtt) < 1 s"), HasSubstr("'p101' is no aggregate"));
}

TEST_F(ExpectationTest, SyntaxErrorsSayWhereAndWhatWasExpected) {
  EXPECT_THAT(error_of(""), HasSubstr("compares nothing"));
  EXPECT_THAT(error_of("echo.requests"), HasSubstr("expected one of < <= > >= == !="));
  EXPECT_THAT(error_of("> 5"), HasSubstr("left of >: expected a metric or a number at the end"));
  EXPECT_THAT(error_of("echo.requests >"), HasSubstr("right of >: expected a metric or a number"));
  EXPECT_THAT(error_of("echo.requests 5 > 1"), HasSubstr("expected an operator before '5'"));
  EXPECT_THAT(error_of("(echo.requests > 1"), HasSubstr("expected ) after echo.requests"));
  EXPECT_THAT(error_of("p99(echo.rtt < 1 s"), HasSubstr("expected ) after p99(echo.rtt)"));
  EXPECT_THAT(error_of("p99() < 1 s"), HasSubstr("expected the name of a metric"));
  EXPECT_THAT(error_of("echo.requests[] > 1"), HasSubstr("expected a group and ] after echo.requests["));
  EXPECT_THAT(error_of("echo.requests > 5 parsecs"), HasSubstr("'5 parsecs' is no number with a unit"));
  EXPECT_THAT(error_of("echo.requests > 1 > 1"), HasSubstr("expected"));
}

TEST_F(ExpectationTest, SizeAndNestingAreBounded) {
  EXPECT_THAT(error_of(std::string(10'000, '(') + " > 1"), HasSubstr("more than 4096 bytes"));
  EXPECT_THAT(error_of(std::string(1000, '(') + " > 1"), HasSubstr("more than 64 terms"));
  std::string sum = "1";
  for (int i = 0; i < 100; ++i) sum += "+1";
  EXPECT_THAT(error_of(sum + " > 1"), HasSubstr("more than 64 terms"));
}

TEST_F(ExpectationTest, ArithmeticBindsAsItIsWritten) {
  const auto holds = [](std::string_view text) { return ExpectationRule::parse(text).value().judge({}).held; };
  EXPECT_TRUE(holds("1 + 2 * 3 == 7"));
  EXPECT_TRUE(holds("(1 + 2) * 3 == 9"));
  EXPECT_TRUE(holds("10 - 2 - 3 == 5"));
  EXPECT_TRUE(holds("12 / 2 / 3 == 2"));
  EXPECT_TRUE(holds("1 s + 500 ms == 1500 ms"));
  EXPECT_TRUE(holds("50 % == 0.5"));
  EXPECT_TRUE(holds("1 != 2"));
  EXPECT_TRUE(holds("1 <= 1"));
  EXPECT_FALSE(holds("1 < 1"));
  EXPECT_FALSE(holds("1 / 0 >= 0")) << "what has no value does not hold";
}

TEST_F(ExpectationTest, PercentilesMayHaveDecimals) {
  MetricSnapshot rtt{.info = metrics[0], .total = {}, .groups = {}};
  for (std::uint64_t ms = 1; ms <= 1000; ++ms) rtt.total.histogram.record(ms * 1'000'000);
  const auto value = [&rtt](std::string_view side) {
    const auto rule = ExpectationRule::parse(std::string(side) + " > 0").value();
    return rule.judge(std::span(&rtt, 1)).value.value_or(-1) / 1e6;
  };
  EXPECT_NEAR(value("p50(echo.rtt)"), 500, 500 * Histogram::kRelativeError);
  EXPECT_NEAR(value("p99.9(echo.rtt)"), 999, 999 * Histogram::kRelativeError);
  EXPECT_EQ(value("p999(echo.rtt)"), value("p99.9(echo.rtt)"));
  EXPECT_EQ(value("p100(echo.rtt)"), 1000);
  EXPECT_EQ(value("p0(echo.rtt)"), 1);
}

}  // namespace
}  // namespace ghostnet::scenarios::expectation_test
