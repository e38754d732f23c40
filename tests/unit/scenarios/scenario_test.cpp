// The scenario language: what is understood, and how what is wrong is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ghostnet/scenarios/scenario.hpp"

namespace ghostnet::scenarios {
namespace {

using testing::HasSubstr;

struct ToyOptions {
  std::uint16_t port = 7;
  static constexpr OptionDesc kOptions[] = {option<&ToyOptions::port>("port", "of the toy", at_least(1))};
};
struct ToyRequest {
  DataSize size{64};
  static constexpr OptionDesc kOptions[] = {option<&ToyRequest::size>("size", "of a request")};
};
struct ToyMetrics {
  Counter requests;
  HistogramRef rtt;
  static constexpr std::string_view kFamily = "toy";
  static constexpr FamilyMetric<ToyMetrics> kMetrics[] = {{&ToyMetrics::requests, "requests", "requests", "made"},
                                                          {&ToyMetrics::rtt, "rtt", "ns", "round trips"}};
};
class Toy : public Service {
 public:
  using Options = ToyOptions;
  using Metrics = ToyMetrics;
  static Result<std::unique_ptr<Toy>> start(const ServiceContext&, ToyOptions) { return std::make_unique<Toy>(); }
  Task<Result<>> ask(Peer, const ToyRequest&) { co_return Result<>(); }
  Task<> stop(TimePoint) override { co_return; }
};

class Scenarios : public testing::Test {
 protected:
  Scenarios() {
    Result<> added = registry.add(describe<Toy>("toy", "a toy").operation<&Toy::ask>("ask", "asks"));
    EXPECT_TRUE(added);
  }

  Scenario good(std::string_view text, const Overrides& overrides = {}) {
    LoadResult result = load_scenario(text, "a.yaml", registry, overrides);
    if (!result) {
      ADD_FAILURE() << result.error().front().to_string();
      return {};
    }
    return std::move(*result);
  }
  // All that is wrong, a line each.
  std::string bad(std::string_view text, const Overrides& overrides = {}) {
    LoadResult result = load_scenario(text, "a.yaml", registry, overrides);
    if (result) return "nothing is wrong";
    std::string all;
    for (const Diagnostic& diagnostic : result.error()) all += diagnostic.to_string() + "\n";
    return all;
  }

  ServiceRegistry registry;
};

constexpr std::string_view kUsual = R"(
name: usual
seed: 9
duration: 30 s
network: { hosts: 10, latency: 5 ms, bandwidth: 10 Mbit/s, loss: 1 % }
groups:
  few: { count: 3, bandwidth: 1 Mbit/s }
protocols:
  toy: { port: 99 }
workload:
  - ask: { from: few, rate: 2 /s, size: 1 KiB, start: 1 s }
expect:
  - toy.requests > 10
)";

TEST_F(Scenarios, ReadsEverySection) {
  Scenario scenario = good(kUsual);
  EXPECT_EQ(scenario.run.name, "usual");
  EXPECT_EQ(scenario.run.seed, 9u);
  EXPECT_EQ(scenario.run.duration, 30s);
  EXPECT_EQ(scenario.host_count(), 10u);
  ASSERT_EQ(scenario.groups.size(), 2u);
  EXPECT_EQ(scenario.groups[1].name, "rest");
  EXPECT_EQ(scenario.groups[1].options.count, 7u);
  EXPECT_EQ(scenario.protocols[0].options.as<ToyOptions>().port, 99);
  EXPECT_EQ(scenario.workloads[0].options.as<ToyRequest>().size.bytes, 1024u);
  EXPECT_EQ(scenario.workloads[0].when.from, "few");
}

TEST_F(Scenarios, AGroupsLinksOverrideTheNetworks) {
  sim::WorldSpec world = good(kUsual).world();
  ASSERT_EQ(world.groups.size(), 2u);
  EXPECT_EQ(world.groups[0].links.out->rate_bps, 1'000'000u);
  EXPECT_EQ(world.groups[0].links.out->loss, Probability::ratio(1, 100))
      << "what a group does not say, the network says";
  EXPECT_EQ(world.groups[1].links.out->rate_bps, 10'000'000u);
  EXPECT_EQ(world.groups[1].links.in->rate_bps, 10'000'000u);
  EXPECT_TRUE(world.groups[1].links.in->loss.is_never()) << "loss stands on the way out";
}

TEST_F(Scenarios, SetChangesAnyKey) {
  Overrides overrides;
  overrides.set = {{"network.loss", "5 %"}, {"groups.few.count", "4"}, {"workload.0.ask.rate", "7 /s"}, {"seed", "1"}};
  Scenario scenario = good(kUsual, overrides);
  EXPECT_EQ(scenario.network.loss, Probability::ratio(5, 100));
  EXPECT_EQ(scenario.groups[0].options.count, 4u);
  EXPECT_EQ(scenario.workloads[0].when.rate, Frequency::hz(7));
  EXPECT_EQ(scenario.run.seed, 1u);
  overrides.set = {{"workload.3.ask.rate", "7 /s"}};
  EXPECT_THAT(bad(kUsual, overrides), HasSubstr("--set workload.3.ask.rate=7 /s"));
}

TEST_F(Scenarios, ASweepIsCheckedAtEachOfItsValues) {
  const std::string usual(kUsual);
  Scenario scenario = good(usual + "sweep: { network.loss: [0 %, 5 %], toy.port: [1, 2] }\nrepeat: 3\n");
  EXPECT_EQ(scenario.sweep.size(), 4U);
  EXPECT_EQ(scenario.run.repeat, 3U);
  Overrides overrides;
  overrides.set = scenario.sweep.point(3);
  EXPECT_EQ(good(usual, overrides).network.loss, Probability::ratio(5, 100));
  EXPECT_EQ(good(usual, overrides).protocols[0].options.as<ToyOptions>().port, 2) << "toy.port is protocols.toy.port";
  EXPECT_THAT(bad(usual + "sweep: { network.loss: [0 %, 500 %] }\n"),
              HasSubstr("a.yaml:14:10: sweep.network.loss: with 500 %: loss: '500 %' is out of range"));
  EXPECT_THAT(bad(usual + "sweep: { network.lost: [0 %] }\n"), HasSubstr("did you mean 'loss'?"));
  EXPECT_THAT(bad(usual + "sweep: { groups.few.count: [3, 11] }\n"), HasSubstr("10 hosts, but the groups have 11"));
}

TEST_F(Scenarios, WhatIsRecordedIsCheckedAgainstWhatThereIs) {
  const std::string usual(kUsual);
  Scenario scenario = good(usual + "record: { interval: 1 s, series: [toy.requests], host_histograms: toy.rtt }\n");
  EXPECT_EQ(scenario.record.interval, 1s);
  EXPECT_THAT(scenario.record.host_histograms, testing::ElementsAre("toy.rtt"));
  EXPECT_THAT(bad(usual + "record: { series: [toy.request] }\n"), HasSubstr("did you mean 'toy.requests'?"));
  EXPECT_THAT(bad(usual + "record: { host_histograms: toy.requests }\n"), HasSubstr("none of the metrics"));
  EXPECT_THAT(bad(usual + "record: { hosts: fast }\n"), HasSubstr("there is no group 'fast'"));
}

TEST_F(Scenarios, MistakesAreNamedWithTheirPlaceAndTheWayOut) {
  struct Case {
    std::string_view text;
    std::string_view said;
  };
  const Case cases[] = {
      {"protocols: { toy: }\nnetwrk: {}\n", "a.yaml:2:1: netwrk: there is no such key; did you mean 'network'?"},
      {"protocols: { toy: }\nnetwork: { loss: 200 % }\n", "a.yaml:2:18: network.loss: loss: '200 %' is out of range"},
      {"protocols: { toy: }\nnetwork: { latency: 5 }\n", "network.latency"},
      {"protocols: { toy: }\nseed: [1, 2]\n", "seed"},
      {"protocols: { toi: }\n", "protocols.toi: there is no such protocol; did you mean 'toy'?"},
      {"protocols: { toy: { prot: 3 } }\n", "protocols.toy.prot: there is no such key; did you mean 'port'?"},
      {"protocols: { toy: }\nworkload: [ ask: { from: nobody } ]\n", "there is no group 'nobody'"},
      {"protocols: { toy: }\nworkload: [ ask: { sise: 3 B } ]\n", "did you mean 'size'?"},
      {"protocols: { toy: }\nworkload: { ask: {} }\n", "expected a list"},
      {"protocols: { toy: }\nworkload: [ aks: ]\n", "did you mean 'ask'?"},
      {"protocols: { toy: }\nexpect: [ toy.request > 1 ]\n", "no protocol of this scenario has a metric 'toy.request'"},
      {"protocols: { toy: }\nexpect: [ toy.requests ]\n", "compares nothing"},
      {"protocols: { toy: }\nexpect: [ p101(toy.rtt) < 1 s ]\n", "'p101' is no aggregate"},
      {"protocols: { toy: }\nexpect: [ p99(toy.rtt) < 1 parsec ]\n", "is no number with a unit"},
      {"protocols: { toy: }\nnetwork: { hosts: 1 }\ngroups: { a: { count: 3 } }\n", "1 hosts, but the groups have 3"},
      {"protocols: { toy: }\ngroups: { all: { count: 3 } }\n", "'all' is kept"},
      {"protocols: { toy: }\ngroups: { a: { place: nowhere } }\n", "there is no region 'nowhere'"},
      {"protocols: { toy: }\nregions: { a: , b: }\nlatencies: [[1 ms]]\n", "expected a list of 2 rows"},
      {"protocols: { toy: }\nlatencies: [[1 ms]]\n", "needs `regions`"},
      {"protocols: { toy: }\nfaults: [ { at: 1 s } ]\n", "either crash or partition"},
      {"network: {}\n", "a run needs at least one protocol"},
      {"name: a\nname: b\n", "a.yaml:2:1: 'name' stands here twice; the first is on line 1"},
      {"a: &x 1\nb: *x\n", "an anchor"},
      {"a: !!str 1\n", "a tag"},
      {"a: [\n", "not YAML"},
      {"- a\n- b\n", "expected a mapping of keys, found a list"},
      {"just text\n", "expected a mapping"},
      {"", "an empty file"},
      {"a: 1\n---\nb: 2\n", "a second document"},
      {"a: \x01\n", "control characters"},
      {"protocols: { toy: }\nduration: 100000000000000000000 s\n", "duration"},
      {"protocols: { toy: }\nnetwork: { hosts: 99999999999999999999 }\n", "network.hosts"},
      {"protocols: { toy: }\nschema: 2\n", "schema"},
  };
  for (const Case& wrong : cases) EXPECT_THAT(bad(wrong.text), HasSubstr(std::string(wrong.said))) << wrong.text;
}

TEST_F(Scenarios, EveryMistakeIsToldNotOnlyTheFirst) {
  std::string all = bad("network: { loss: x, latency: y }\nprotocols: { z: }\n");
  EXPECT_THAT(all, HasSubstr("network.loss"));
  EXPECT_THAT(all, HasSubstr("network.latency"));
  EXPECT_THAT(all, HasSubstr("protocols.z"));
}

TEST(Documents, DepthNodesAndBytesAreBounded) {
  std::string deep(100, '[');
  EXPECT_THAT(parse_document(deep, "f").error().message, HasSubstr("nested more than 32 deep"));
  std::string block;
  for (int i = 0; i < 100; ++i) block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_THAT(parse_document(block, "f").error().message, HasSubstr("nested more than 32 deep"));
  std::string wide = "a: [";
  for (int i = 0; i < 2000; ++i) wide += "1,";
  wide += "1]";
  EXPECT_THAT(parse_document(wide, "f", {.max_nodes = 1000}).error().message, HasSubstr("more than 1000 values"));
  EXPECT_THAT(parse_document(wide, "f", {.max_bytes = 100}).error().message, HasSubstr("too large"));
}

TEST(Expectations, CompareMetricsWithUnits) {
  MetricSnapshot rtt{.info = {"toy.rtt", "ns", "", MetricKind::histogram}, .total = {}, .groups = {}};
  for (std::uint64_t ms = 1; ms <= 100; ++ms) rtt.total.histogram.record(ms * 1'000'000);
  MetricSnapshot requests{.info = {"toy.requests", "requests", "", MetricKind::counter}, .total = {}, .groups = {}};
  requests.total.hosts = 4;
  requests.total.sum = 200;
  requests.groups.push_back(requests.total);
  requests.groups[0].group = "slow";
  requests.groups[0].sum = 50;
  const MetricSnapshot measured[] = {rtt, requests};
  auto held = [&](std::string_view text) { return ExpectationRule::parse(text)->judge(measured).held; };
  EXPECT_TRUE(held("toy.requests == 200"));
  EXPECT_TRUE(held("toy.requests[slow] / toy.requests == 25 %"));
  EXPECT_TRUE(held("mean(toy.requests) >= 50"));
  EXPECT_TRUE(held("p50(toy.rtt) < 51 ms"));
  EXPECT_FALSE(held("p99(toy.rtt) < 98 ms"));
  EXPECT_TRUE(held("max(toy.rtt) - min(toy.rtt) == 99 ms"));
  EXPECT_TRUE(held("count(toy.rtt) * 2 == toy.requests"));
  EXPECT_FALSE(held("toy.nothing >= 0")) << "what was not measured does not hold";
  EXPECT_FALSE(held("toy.requests[fast] >= 0"));
  EXPECT_FALSE(held("toy.requests / 0 > 0"));
}

}  // namespace
}  // namespace ghostnet::scenarios
