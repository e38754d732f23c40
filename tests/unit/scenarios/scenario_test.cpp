// The scenario language: what is understood, and how what is wrong is said.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario_fixture.hpp"

namespace ghostnet::scenarios::scenario_test {
namespace {

using testing::HasSubstr;

using Scenarios = ScenarioTest;

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

TEST_F(Scenarios, AProtocolRunsEverywhereOrOnOneGroupOrOnSeveral) {
  const auto on = [this](std::string_view groups) {
    return good(fmt::format("network: {{ hosts: 3 }}\ngroups: {{ a: {{ count: 1 }}, b: {{ count: 1 }} }}\n"
                            "protocols: {{ toy: {{ {} }} }}\n",
                            groups))
        .protocols[0]
        .on;
  };
  EXPECT_EQ(on(""), std::vector<std::string>{"all"});
  EXPECT_EQ(on("on: a"), std::vector<std::string>{"a"});
  EXPECT_EQ(on("on: [b, a]"), (std::vector<std::string>{"b", "a"}));
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
  EXPECT_THAT(bad(usual + "record: { host_histograms: toy.requests }\n"),
              HasSubstr("there is no histogram 'toy.requests'; expected one of toy.rtt, "));
  EXPECT_THAT(bad(usual + "record: { hosts: fast }\n"), HasSubstr("there is no group 'fast'"));
}

TEST_F(Scenarios, AFileOfVeryManyKeysIsReadInTimeThatGrowsWithThem) {
  std::string text = "protocols: { toy: }\n";
  for (int i = 0; i < 90'000; ++i) text += fmt::format("key{}: 1\n", i);
  EXPECT_THAT(bad(text), HasSubstr("a.yaml:2:1: key0: there is no such key"));
  EXPECT_THAT(bad(text + "key7: 2\n"), HasSubstr("'key7' stands here twice; the first is on line 9"));
}

TEST_F(Scenarios, MistakesAreNamedWithTheirPlaceAndTheWayOut) {
  struct Case {
    std::string_view text;
    std::string_view said;
  };
  const Case cases[] = {
      {"protocols: { toy: }\nnetwrk: {}\n", "a.yaml:2:1: netwrk: there is no such key; did you mean 'network'?"},
      {"protocols: { toy: }\nnetwork: { routers: [a] }\n",
       "a.yaml:2:12: network.routers: there is no such key here; it belongs at the top of the file"},
      {"protocols: { toy: }\nhosts: 10\n", "a.yaml:2:1: hosts: there is no such key here; it belongs in network"},
      {"protocols: { toy: }\nnetwork: { count: 3 }\n", "it belongs in a group, groups.NAME"},
      {"protocols: { toy: }\nnetwork: { regions: { eu: } }\n", "written out, it belongs at the top of the file"},
      {"protocols: { toy: { on: [all, ghosts] } }\n", "a.yaml:1:"},
      {"protocols: { toy: { on: [[all]] } }\n", "expected the name of a group, found a list"},
      {"protocols: { toy: { on: [] } }\n", "expected the name of a group, or a list of them"},
      {"protocols: { toy: }\ngroups: { a: { place: eu } }\n", "the file has neither regions nor routers"},
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
      {"protocols: { toy: }\nexpect: [ tcp.retransmit == 0 ]\n", "did you mean 'tcp.retransmits'?"},
      {"protocols: { toy: }\nexpect: [ toy.requests ]\n", "compares nothing"},
      {"protocols: { toy: }\nexpect: [ p101(toy.rtt) < 1 s ]\n", "'p101' is no aggregate"},
      {"protocols: { toy: }\nexpect: [ p99(toy.rtt) < 1 parsec ]\n", "is no number with a unit"},
      {"protocols: { toy: }\nnetwork: { hosts: 1 }\ngroups: { a: { count: 3 } }\n", "1 hosts, but the groups have 3"},
      {"protocols: { toy: }\ngroups: { all: { count: 3 } }\n", "'all' is kept"},
      {"protocols: { toy: }\ngroups: { a: { place: nowhere } }\n", "the file has neither regions nor routers"},
      {"protocols: { toy: }\nregions: { a: , b: }\nlatencies: [[1 ms]]\n", "expected a list of 2 rows"},
      {"protocols: { toy: }\nlatencies: [[1 ms]]\n", "needs `regions`"},
      {"protocols: { toy: }\nfaults: [ { at: 1 s } ]\n", "expected what happens: one of crash, churn"},
      {"network: {}\n", "a run needs at least one protocol"},
      {"name: a\nname: b\n", "a.yaml:2:1: 'name' stands here twice; the first is on line 1"},
      {"a: &x 1\nb: *x\n", "an anchor"},
      {"a: !!str 1\n", "a tag"},
      {"a: [\n", "not YAML"},
      {"- a\n- b\n", "expected a mapping of keys, found a list"},
      {"just text\n", "expected a mapping"},
      {"", "an empty file"},
      {"protocols: { toy: }\ngroups: { a: { slownes: 2 } }\n", "did you mean 'slowness'?"},
      {"protocols: { toy: }\nfaults: [ { crush: all } ]\n", "did you mean 'crash'?"},
      {"protocols: { toy: }\nfaults: [ { crash: al } ]\n", "there is no group 'al'; did you mean 'all'?"},
      {"protocols: { toy: }\nfaults: [ { crash: all, offline: all } ]\n", "are two faults"},
      {"protocols: { toy: }\nfaults: [ { churn: { rejoin: 3 s } } ]\n", "leave: is needed"},
      {"protocols: { toy: }\nfaults: [ { churn: { leave: 5 } } ]\n", "faults[0].churn.leave"},
      {"protocols: { toy: }\nfaults: [ { partition: all } ]\n", "expected a list of sides"},
      {"protocols: { toy: }\nfaults: [ { partition: [[]] } ]\n", "a side has at least one group"},
      {"protocols: { toy: }\nfaults: [ { partition: [[region: mars]] } ]\n", "there is no region 'mars'"},
      {"protocols: { toy: }\nfaults: [ { degrade: all } ]\n", "expected how links get worse"},
      {"protocols: { toy: }\nfaults: [ { clock: all } ]\n", "expected what clocks do"},
      {"protocols: { toy: }\nwarm_up: 10 s\n", "10 s leaves nothing of the 10 s of the run"},
      {"protocols: { toy: }\nexpect: [ { that: toy.requests > 1, from: 8 s, until: 3 s } ]\n", "is no part of a run"},
      {"protocols: { toy: }\nexpect: [ { from: 8 s } ]\n", "that: is needed"},
      {"protocols: { toy: }\nworkload: [ ask: { rate: 0 /s } ]\n", "expected more than 0"},
      {"protocols: { toy: }\nnetwork: { bandwidth: 0 bit/s }\n", "network.bandwidth"},
      {"protocols: { toy: }\ninclude: b.yaml\n", "b.yaml: there is no such file"},
      {"a: 1\n---\nb: 2\n", "a second document"},
      {"a: \x01\n", "control characters"},
      {"protocols: { toy: }\nduration: 100000000000000000000 s\n", "duration"},
      {"protocols: { toy: }\nnetwork: { hosts: 99999999999999999999 }\n", "network.hosts"},
      {"protocols: { toy: }\nschema: 2\n", "schema"},
  };
  for (const Case& wrong : cases) EXPECT_THAT(bad(wrong.text), HasSubstr(std::string(wrong.said))) << wrong.text;
}

TEST_F(Scenarios, IncludedFilesComeFirstAndAreOverriddenKeyByKey) {
  files["lib/base.yaml"] = "include: more.yaml\nprotocols: { toy: { port: 5 } }\nnetwork: { hosts: 4, loss: 1 % }\n";
  files["lib/more.yaml"] = "network: { hosts: 2, latency: 7 ms }\nexpect: [ toy.requests > 1 ]\n";
  const Scenario scenario = good("include: lib/base.yaml\nprotocols: { toy: }\nnetwork: { hosts: 6 }\n");
  EXPECT_EQ(scenario.network.hosts, 6U);
  EXPECT_EQ(scenario.network.loss, Probability::ratio(1, 100));
  EXPECT_EQ(scenario.network.latency, 7ms) << "a file is named from the directory of the file that names it";
  EXPECT_EQ(scenario.protocols[0].options.as<ToyOptions>().port, 5) << "a key without a value takes nothing away";
  EXPECT_EQ(scenario.expectations.size(), 1U);
  files["lib/more.yaml"] = "network:\n  latenci: 7 ms\n";
  EXPECT_THAT(bad("include: [lib/base.yaml]\n"), HasSubstr("lib/more.yaml:2:3: network.latenci: there is no such key"));
}

TEST_F(Scenarios, CyclesOfIncludesAreRefused) {
  files["b.yaml"] = "include: c.yaml\n";
  files["c.yaml"] = "include: ./a.yaml\n";
  files["a.yaml"] = "include: b.yaml\n";
  EXPECT_THAT(bad("include: b.yaml\n"), HasSubstr("c.yaml:1:10: include: a.yaml includes itself, by this line"));
  std::string chain;
  for (int i = 0; i < 20; ++i) files[fmt::format("n{}.yaml", i)] = fmt::format("include: n{}.yaml\n", i + 1);
  EXPECT_THAT(bad("include: n0.yaml\n"), HasSubstr("more than 8 deep"));
  std::string many = "include: [";
  for (int i = 0; i < 100; ++i) many += "plain.yaml,";
  files["plain.yaml"] = "seed: 4\n";
  EXPECT_THAT(bad(many + "plain.yaml]\n"), HasSubstr("more than 64 files"));
}

TEST_F(Scenarios, FaultsAreRead) {
  const Scenario scenario = good(std::string(kUsual) + R"(
faults:
  - { at: 2 s, for: 3 s, crash: few }
  - churn: { group: rest, leave: 6 %/min, rejoin: 30 s }
  - { partition: { sides: [few, [rest]], direction: out } }
  - { at: 1 s, degrade: { group: rest, share: 20 %, loss: 5 % } }
)");
  ASSERT_EQ(scenario.faults.size(), 4U);
  EXPECT_EQ(std::get<Crash>(scenario.faults[0].effect).group, "few");
  EXPECT_EQ(scenario.faults[0].when.for_, 3s);
  EXPECT_EQ(std::get<Churn>(scenario.faults[1].effect).leave.frequency.time_of(1), 1000s) << "0.06 a minute";
  EXPECT_EQ(std::get<Partition>(scenario.faults[2].effect).sides.size(), 2U);
  EXPECT_EQ(std::get<Degrade>(scenario.faults[3].effect).share, Probability::ratio(1, 5));
  EXPECT_EQ(scenario.faults[3].key, "faults[3].degrade");
}

TEST_F(Scenarios, AScreenIsEnoughForWhatIsWrong) {
  std::string wild = "protocols: { toy: }\nnetwork:\n";
  for (int i = 0; i < 500; ++i) wild += fmt::format("  key{}: 1\n", i);
  const std::string many = bad(wild);
  EXPECT_LE(std::ranges::count(many, '\n'), 20);
  const std::string long_value = bad("protocols: { toy: }\nseed: " + std::string(100'000, 'x') + "\n");
  EXPECT_LT(long_value.size(), 600U);
  const std::string long_key = bad("protocols: { toy: }\n? " + std::string(900, 'x') + "\n: 1\n");
  EXPECT_LT(long_key.size(), 1000U);
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
}  // namespace ghostnet::scenarios::scenario_test
