#include "ghostnet/runtime/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ghostnet::metrics_test {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

struct EchoMetrics {
  Counter requests;
  Gauge open_streams;
  HistogramRef latency;

  static constexpr std::string_view kFamily = "echo";
  // Not in the order of the members, which does not matter.
  static constexpr FamilyMetric<EchoMetrics> kMetrics[] = {
      {&EchoMetrics::latency, "latency", "ns", "from a request sent to its answer"},
      {&EchoMetrics::requests, "requests", "requests", "requests answered"},
      {&EchoMetrics::open_streams, "open_streams", "streams", "streams open now"},
  };
};

constexpr MetricDesc kSent{"udp.sent", "datagrams", "datagrams handed to the network"};

// A hub with host 1 and 70 in group "a" and host 2 in group "b".
struct MetricHubTest : testing::Test {
  MetricHub hub;
  Metrics host_1 = hub.host(1, hub.group("a"));
  Metrics host_2 = hub.host(2, hub.group("b"));
  Metrics host_70 = hub.host(70, hub.group("a"));

  std::vector<std::pair<HostId, std::int64_t>> values(std::string_view name) const {
    std::vector<std::pair<HostId, std::int64_t>> found;
    hub.for_each_value(hub.find(name).value(),
                       [&](HostId host, std::int64_t value) { found.push_back({host, value}); });
    return found;
  }
  MetricSnapshot snapshot(std::string_view name) const {
    for (MetricSnapshot& each : hub.snapshot()) {
      if (each.info.name == name) return std::move(each);
    }
    throw std::out_of_range(std::string(name));
  }
};

TEST(Metrics, IsAViewOfTwoPointersSize) { EXPECT_EQ(sizeof(Metrics), 16U); }

TEST_F(MetricHubTest, GivesEveryHostCellsOfItsOwn) {
  host_1.family<EchoMetrics>().requests.add();
  host_1.family<EchoMetrics>().requests.add(4);
  host_70.family<EchoMetrics>().requests.add();
  EXPECT_THAT(values("echo.requests"), ElementsAre(Pair(1, 5), Pair(70, 1)));
}

TEST_F(MetricHubTest, NamesAFamilysMetricsAfterItAndKeepsTheirDescriptions) {
  host_1.family<EchoMetrics>();
  const MetricInfo& info = hub.info(hub.find("echo.open_streams").value());
  EXPECT_EQ(info.kind, MetricKind::gauge);
  EXPECT_EQ(info.unit, "streams");
  EXPECT_EQ(info.help, "streams open now");
}

TEST_F(MetricHubTest, MatchesDescriptionsToMembersWhateverTheirOrder) {
  EchoMetrics& echo = host_1.family<EchoMetrics>();
  echo.requests.add(3);
  echo.open_streams.set(-4);
  echo.latency.record(Duration{7us});
  EXPECT_THAT(values("echo.requests"), ElementsAre(Pair(1, 3)));
  EXPECT_THAT(values("echo.open_streams"), ElementsAre(Pair(1, -4)));
  EXPECT_EQ(snapshot("echo.latency").total.histogram.max(), 7'000U);
}

TEST_F(MetricHubTest, KeepsCellsWhereTheyAreWhileOthersAreAdded) {
  EchoMetrics& first = host_1.family<EchoMetrics>();
  for (HostId host = 100; host < 5'000; ++host) hub.host(host, hub.group("a")).family<EchoMetrics>();
  for (int i = 0; i < 50; ++i) host_1.counter({fmt::format("extra.{}", i), "", ""});
  EXPECT_EQ(&host_1.family<EchoMetrics>(), &first);
}

TEST_F(MetricHubTest, FindsAHostsOldCellsAgainAfterARestart) {
  host_1.family<EchoMetrics>().requests.add(2);
  const Metrics restarted = hub.host(1, hub.group("a"));
  restarted.family<EchoMetrics>().requests.add(3);
  EXPECT_THAT(values("echo.requests"), ElementsAre(Pair(1, 5)));
}

TEST_F(MetricHubTest, TellsACellThatIsZeroFromNoCell) {
  host_1.counter(kSent);
  EXPECT_EQ(hub.value(hub.find("udp.sent").value(), 1), 0);
  EXPECT_EQ(hub.value(hub.find("udp.sent").value(), 2), std::nullopt);
  EXPECT_EQ(hub.find("udp.received"), std::nullopt);
}

TEST_F(MetricHubTest, LetsGaugesRiseAndFall) {
  Gauge& depth = host_1.gauge({"queue.depth", "packets", ""});
  depth.add(5);
  depth.sub(7);
  EXPECT_EQ(depth.value(), -2);
  depth.set(9);
  EXPECT_THAT(values("queue.depth"), ElementsAre(Pair(1, 9)));
}

TEST_F(MetricHubTest, SharesAHistogramAmongTheHostsOfAGroup) {
  EXPECT_EQ(&host_1.family<EchoMetrics>().latency.get(), &host_70.family<EchoMetrics>().latency.get());
  EXPECT_NE(&host_1.family<EchoMetrics>().latency.get(), &host_2.family<EchoMetrics>().latency.get());
}

TEST(MetricHub, GivesEveryHostAHistogramOfItsOwnWhereOptionsNameIt) {
  MetricHub hub({.per_host_histograms = {"echo.latency"}});
  const GroupId group = hub.group("all");
  for (HostId host = 0; host < 3; ++host) hub.host(host, group).family<EchoMetrics>().latency.record(host + 10);
  hub.host(0, group).histogram({"other", "ns", ""}).record(1U);

  std::vector<std::pair<HostId, std::uint64_t>> maxima;
  const auto collect = [&](HostId host, const Histogram& h) { maxima.push_back({host, h.max()}); };
  hub.for_each_host_histogram(hub.find("echo.latency").value(), collect);
  EXPECT_THAT(maxima, ElementsAre(Pair(0, 10), Pair(1, 11), Pair(2, 12)));
  maxima.clear();
  hub.for_each_host_histogram(hub.find("other").value(), collect);
  EXPECT_THAT(maxima, ElementsAre());
  EXPECT_EQ(hub.snapshot()[0].total.histogram.count(), 3U) << "groups and totals still add up";
}

TEST_F(MetricHubTest, SnapshotsInOrderOfMetricNameThenGroupName) {
  host_2.counter({"zebra", "", ""});
  host_1.counter({"ant", "", ""});
  host_2.counter({"ant", "", ""});
  hub.host(3, hub.group("Z")).counter({"ant", "", ""});
  std::vector<std::string> order;
  for (const MetricSnapshot& metric : hub.snapshot()) {
    for (const MetricSummary& group : metric.groups) order.push_back(metric.info.name + "/" + group.group);
  }
  EXPECT_THAT(order, ElementsAre("ant/Z", "ant/a", "ant/b", "zebra/b"));
}

TEST_F(MetricHubTest, SummarisesValuesOverGroupsAndInTotal) {
  host_1.gauge({"g", "", ""}).set(4);
  host_70.gauge({"g", "", ""}).set(-6);
  host_2.gauge({"g", "", ""}).set(1);
  const MetricSnapshot g = snapshot("g");
  ASSERT_EQ(g.groups.size(), 2U);
  EXPECT_EQ(g.groups[0].hosts, 2U);
  EXPECT_EQ(g.groups[0].sum, -2);
  EXPECT_EQ(g.groups[0].min, -6);
  EXPECT_EQ(g.groups[0].max, 4);
  EXPECT_EQ(g.groups[1].sum, 1);
  EXPECT_EQ(g.total.hosts, 3U);
  EXPECT_EQ(g.total.sum, -1);
  EXPECT_EQ(g.total.min, -6);
  EXPECT_EQ(g.total.max, 4);
}

TEST_F(MetricHubTest, AHostThatHasZeroIsOneOfThoseSummarised) {
  host_1.gauge({"below", "", ""}).set(-6);
  host_70.gauge({"below", "", ""});
  host_1.gauge({"above", "", ""}).set(4);
  host_70.gauge({"above", "", ""});
  host_2.gauge({"above", "", ""});
  const MetricSummary below = snapshot("below").total;
  EXPECT_EQ(below.hosts, 2U);
  EXPECT_EQ(below.min, -6);
  EXPECT_EQ(below.max, 0);
  const MetricSnapshot above = snapshot("above");
  EXPECT_EQ(above.total.hosts, 3U);
  EXPECT_EQ(above.total.min, 0);
  EXPECT_EQ(above.total.max, 4);
  EXPECT_EQ(above.groups[1].hosts, 1U) << "none of which has anything else";
  EXPECT_EQ(above.groups[1].min, 0);
  EXPECT_EQ(above.groups[1].max, 0);
}

TEST_F(MetricHubTest, SummarisesHistogramsOverGroupsAndInTotal) {
  host_1.histogram({"h", "ns", ""}).record(10U);
  host_70.histogram({"h", "ns", ""}).record(20U);
  host_2.histogram({"h", "ns", ""}).record(30U);
  const MetricSnapshot h = snapshot("h");
  EXPECT_EQ(h.groups[0].hosts, 2U);
  EXPECT_EQ(h.groups[0].histogram.sum(), 30U);
  EXPECT_EQ(h.groups[1].histogram.sum(), 30U);
  EXPECT_EQ(h.total.histogram.count(), 3U);
  EXPECT_EQ(h.total.histogram.max(), 30U);
}

TEST_F(MetricHubTest, HoldsSumsAtTheEndsOfTheirType) {
  for (const Metrics& host : {host_1, host_2}) {
    host.counter(kSent).add(UINT64_MAX);
    host.gauge({"low", "", ""}).set(INT64_MIN);
  }
  EXPECT_EQ(snapshot("udp.sent").total.sum, INT64_MAX);
  EXPECT_EQ(snapshot("low").total.sum, INT64_MIN);
}

TEST_F(MetricHubTest, RefusesOneNameForTwoThings) {
  host_1.counter(kSent);
  EXPECT_THROW(host_1.gauge(kSent), std::logic_error) << "another kind";
  EXPECT_THROW(host_2.counter({"udp.sent", "bytes", ""}), std::logic_error) << "another unit";
  EXPECT_NO_THROW(host_2.counter({"udp.sent", "datagrams", "in other words"}));
  host_1.counter({"echo.requests", "", ""});
  EXPECT_THROW(host_1.family<EchoMetrics>(), std::logic_error) << "a member's name is taken";
  EXPECT_EQ(hub.find("echo.open_streams"), std::nullopt) << "and nothing of it was added";
}

TEST_F(MetricHubTest, RefusesToMoveAHostBetweenGroups) {
  EXPECT_NO_THROW(hub.host(1, hub.group("a")));
  EXPECT_THROW(hub.host(1, hub.group("b")), std::logic_error);
  EXPECT_THROW(hub.group(""), std::logic_error);
}

TEST(MetricHub, KeepsItsBounds) {
  MetricHub hub({.max_hosts = 2, .max_groups = 1, .max_metrics = 3});
  const Metrics host = hub.host(1, hub.group("all"));
  EXPECT_THROW(hub.host(2, hub.group("all")), std::length_error);
  EXPECT_THROW(hub.group("more"), std::length_error);
  host.family<EchoMetrics>();
  EXPECT_THROW(host.counter(kSent), std::length_error);
}

TEST(MetricHub, CostsAnIdleHostTwoBytes) {
  MetricHub hub;
  const GroupId group = hub.group("all");
  constexpr HostId kHosts = 1 << 17;
  hub.host(kHosts - 1, group);
  for (HostId host = 0; host < kHosts; ++host) hub.host(host, group);
  EXPECT_EQ(hub.heap_bytes(), 2U * kHosts);
}

TEST(MetricHub, CostsAHostThirtyBytesForAFamilyOfThree) {
  MetricHub hub;
  const GroupId group = hub.group("all");
  constexpr HostId kHosts = 100'000;
  for (HostId host = 0; host < kHosts; ++host) hub.host(host, group).family<EchoMetrics>();
  EXPECT_LE(hub.heap_bytes(), 32U * kHosts);
}

TEST(MetricHubMerge, AddsHostsOfSeveralHubsByNameOfMetricAndGroup) {
  MetricHub left, right;
  const Metrics host_0 = left.host(0, left.group("a"));
  right.group("b");  // numbers differ, names count
  const Metrics host_1 = right.host(1, right.group("a"));
  const Metrics host_2 = right.host(2, right.group("b"));
  right.host(2, right.group("b")).counter({"only.right", "", ""}).add(9);
  host_0.family<EchoMetrics>().requests.add(1);
  host_1.family<EchoMetrics>().requests.add(2);
  host_2.family<EchoMetrics>().requests.add(4);
  host_0.family<EchoMetrics>().latency.record(10U);
  host_1.family<EchoMetrics>().latency.record(20U);

  left.merge(right);

  EXPECT_EQ(left.group_name(left.group_of(1).value()), "a");
  const std::vector<MetricSnapshot> merged = left.snapshot();
  ASSERT_EQ(merged.size(), 4U);
  EXPECT_EQ(merged[0].info.name, "echo.latency");
  EXPECT_EQ(merged[0].groups[0].histogram.count(), 2U);
  EXPECT_EQ(merged[2].info.name, "echo.requests");
  EXPECT_EQ(merged[2].groups[0].sum, 3);
  EXPECT_EQ(merged[2].groups[1].sum, 4);
  EXPECT_EQ(merged[3].total.sum, 9);
}

TEST(MetricHubMerge, IntoAFreshHubIsACopyThatTheSourceNoLongerChanges) {
  MetricHub hub({.every_histogram_per_host = true}), copy({.every_histogram_per_host = true});
  EchoMetrics& echo = hub.host(5, hub.group("a")).family<EchoMetrics>();
  echo.open_streams.set(7);
  echo.latency.record(99U);
  copy.merge(hub);
  echo.open_streams.set(8);
  echo.latency.record(99U);
  EXPECT_EQ(copy.value(copy.find("echo.open_streams").value(), 5), 7);
  EXPECT_EQ(copy.snapshot()[0].total.histogram.count(), 1U);
}

TEST(MetricHubMerge, AddsUpWhatBothHave) {
  MetricHub left, right;
  for (MetricHub* hub : {&left, &right}) hub->host(0, hub->group("a")).counter(kSent).add(5);
  left.merge(right);
  EXPECT_EQ(left.value(left.find("udp.sent").value(), 0), 10);
}

TEST(MetricHubMerge, RefusesHubsThatDisagreeOnPerHostHistograms) {
  MetricHub left, right({.every_histogram_per_host = true});
  for (MetricHub* hub : {&left, &right}) hub->host(0, hub->group("a")).histogram({"h", "", ""}).record(1U);
  EXPECT_THROW(left.merge(right), std::logic_error);
}

TEST(MetricFamily, WorksOutsideAnyHub) {
  EchoMetrics local;
  Histogram latency;
  local.latency.bind(latency);
  local.requests.add();
  local.latency.record(5U);
  EXPECT_EQ(local.requests.value(), 1U);
  EXPECT_EQ(latency.count(), 1U);
}

struct Incomplete {
  Counter a, b;
  [[maybe_unused]] static constexpr std::string_view kFamily = "incomplete";
  static constexpr FamilyMetric<Incomplete> kMetrics[] = {{&Incomplete::a, "a", "", ""}};
};
struct Twice {
  Counter a, b;
  [[maybe_unused]] static constexpr std::string_view kFamily = "twice";
  static constexpr FamilyMetric<Twice> kMetrics[] = {{&Twice::a, "a", "", ""}, {&Twice::a, "b", "", ""}};
};
static_assert(MetricFamily<EchoMetrics>);
static_assert(distinct(EchoMetrics::kMetrics));
static_assert(!MetricFamily<Incomplete>, "a member without a description");
static_assert(!distinct(Twice::kMetrics), "one member described twice");

}  // namespace
}  // namespace ghostnet::metrics_test
