// Regions, latency tables, routers and graph files: what they mean, and what is wrong with those that mean nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "ghostnet/scenarios/gml.hpp"
#include "ghostnet/scenarios/graph_file.hpp"
#include "ghostnet/scenarios/latency_table.hpp"
#include "ghostnet/scenarios/network_loader.hpp"
#include "ghostnet/scenarios/shadow_units.hpp"
#include "scenario_fixture.hpp"

namespace ghostnet::scenarios::network_test {
namespace {

using testing::HasSubstr;

using Networks = ScenarioTest;

constexpr std::string_view kToy = "protocols: { toy: }\n";

TEST_F(Networks, TheShippedOnesHaveTheirFigures) {
  const Scenario ethereum = good(std::string(kToy) + "network: { regions: ethereum, hosts: 10 }\n");
  ASSERT_EQ(ethereum.regions.regions.size(), 8U);
  EXPECT_EQ(ethereum.regions.regions[1].name, "europe");
  EXPECT_EQ(ethereum.regions.regions[1].weight, 5599U);
  EXPECT_EQ(ethereum.regions.paths[0 * 8 + 1].delay, 165ms);
  EXPECT_EQ(ethereum.regions.paths[7 * 8 + 7].delay, 7ms);
  const Scenario cloud = good(std::string(kToy) + "network: { regions: cloud, hosts: 10 }\n");
  ASSERT_EQ(cloud.regions.regions.size(), 10U);
  EXPECT_EQ(cloud.regions.paths[0 * 10 + 2].delay, 15500us) << "half of a round trip of 31 ms";
  EXPECT_THAT(bad(std::string(kToy) + "network: { regions: etherium }\n"), HasSubstr("did you mean 'ethereum'?"));
}

TEST_F(Networks, ARegionMayBeCalledEverywhere) {
  const std::string one = std::string(kToy) + "regions: { everywhere: }\n";
  EXPECT_EQ(good(one + "groups: { a: { place: everywhere } }\n").groups[0].options.place, "everywhere");
  EXPECT_THAT(bad(one + "groups: { a: { place: everywher } }\n"), HasSubstr("did you mean 'everywhere'?"));
  EXPECT_THAT(bad(std::string(kToy) + "groups: { a: { place: everywhere } }\n"),
              HasSubstr("the file has neither regions nor routers"));
  EXPECT_THAT(bad(std::string(kToy) + "faults: [{ at: 1 s, crash: { region: everywhere } }]\n"),
              HasSubstr("there is no region 'everywhere'"));
}

TEST_F(Networks, TablesOfLatenciesAreReadFromFiles) {
  files["nets/m.csv"] = "# a comment\nregion,weight,a,b\na,3,1,20.5\nb,1,30,2\n";
  const Scenario scenario =
      good(std::string(kToy) + "network: { regions: ../nets/m.csv, jitter: 1 ms }\n", {}, "here/a.yaml");
  ASSERT_EQ(scenario.regions.regions.size(), 2U);
  EXPECT_EQ(scenario.regions.regions[0].weight, 3U);
  EXPECT_EQ(scenario.regions.paths[1].delay, 20500us);
  EXPECT_EQ(scenario.regions.paths[2].delay, 30ms);
  EXPECT_EQ(scenario.regions.paths[2].jitter, 1ms);
  files["m.csv"] = files["nets/m.csv"];
  EXPECT_EQ(
      good(std::string(kToy) + "regions: { a: , b: { weight: 7 } }\nlatencies: m.csv\n").regions.regions[1].weight, 7U)
      << "regions that stand in the file itself keep their weights";
  EXPECT_THAT(bad(std::string(kToy) + "regions: { a: , c: }\nlatencies: m.csv\n"),
              HasSubstr("expected a row and a column for region c"));
}

TEST_F(Networks, MistakesInTablesHaveTheirPlace) {
  const auto wrong = [](std::string_view text) {
    const auto table = read_latency_table(text, 512);
    return table ? "none" : table.error().to_string();
  };
  EXPECT_EQ(wrong("region,a,b\na,1,x\nb,1,1\n"), ":2:5: latencies: 'x' is no number of milliseconds");
  EXPECT_THAT(wrong("region,a\na,-1\n"), HasSubstr(":2:3:"));
  EXPECT_THAT(wrong("region,a,b\nb,1,1\na,1,1\n"), HasSubstr("expected the row of 'a'"));
  EXPECT_THAT(wrong("region,a,b\na,1,1\n"), HasSubstr("1 rows want as many columns"));
  EXPECT_THAT(wrong("region,a,b\na,1\nb,1,1\n"), HasSubstr("expected 3 cells"));
  EXPECT_THAT(wrong("region,weight,a\na,-3,1\n"), HasSubstr("is no weight"));
  EXPECT_THAT(wrong("region,weight,a\na,0,1\n"), HasSubstr("no region has a weight"));
  EXPECT_THAT(wrong(""), HasSubstr("expected a header"));
}

TEST_F(Networks, RoutersAndLinksMakeAGraph) {
  const Scenario scenario =
      good(std::string(kToy) +
           "routers: [core, dsl]\n"
           "links: [{ from: core, to: dsl, latency: 5 ms, bandwidth: 8 Mbit/s, queue: 64 KiB, discipline: codel }]\n"
           "groups: { homes: { count: 3, place: dsl } }\n");
  const auto world = scenario.world();
  const auto& graph = std::get<sim::GraphSpec>(world.ground);
  ASSERT_EQ(graph.edges.size(), 1U);
  EXPECT_EQ(graph.edges[0].params.delay, 5ms);
  EXPECT_EQ(graph.edges[0].params.rate_bps, 8'000'000U);
  EXPECT_EQ(graph.edges[0].params.discipline, link::Discipline::codel);
  EXPECT_EQ(world.groups[0].place, "dsl");
  EXPECT_THAT(bad(std::string(kToy) + "routers: [a]\nlinks: [{ from: a, to: b }]\n"),
              HasSubstr("there is no router 'b'"));
  EXPECT_THAT(bad(std::string(kToy) + "routers: [a, a]\n"), HasSubstr("there is a router 'a' already"));
  EXPECT_THAT(bad(std::string(kToy) + "routers: [a]\nlinks: [{ from: a, to: a }]\n"),
              HasSubstr("leads to another router"));
  EXPECT_THAT(bad(std::string(kToy) + "routers: [a]\nregions: { b: }\n"), HasSubstr("expected one of the two"));
  EXPECT_THAT(bad(std::string(kToy) + "routers: [a]\ngroups: { g: { place: b } }\n"),
              HasSubstr("there is no router 'b'"));
  EXPECT_THAT(bad(std::string(kToy) + "routers: [a, b]\nlinks: [{ from: a, to: b, uplink: 1 Mbit/s }]\n"),
              HasSubstr("links[0].uplink: there is no such key"));
}

constexpr std::string_view kShadowGraph = R"(graph [
  directed 0
  # as Shadow's documentation has it
  node [ id 0 label "A" host_bandwidth_down "81920 Kibit" host_bandwidth_up "1 Gbit" ]
  node [ id 1 label "B" ]
  node [ id 2 label "C" ]
  edge [ source 0 target 0 latency "3 ms" ]
  edge [ source 0 target 1 latency "10 ms" packet_loss 0.1 ]
  edge [ source 1 target 2 latency "20 ms" packet_loss 0.5 jitter "1 ms" ]
  edge [ source 0 target 2 latency "40 ms" packet_loss 0.0 ]
]
)";

TEST(ShadowUnits, AreReadAsShadowReadsThem) {
  const auto rate = [](std::string_view text) {
    const Result<DataRate> rate = parse_shadow_rate(text);
    return rate ? rate->bits_per_second : 0;
  };
  EXPECT_EQ(rate("1 Mbit"), 1'000'000U);
  EXPECT_EQ(rate("1000 Kbits"), 1'000'000U);
  EXPECT_EQ(rate("977Kibit"), 977U * 1024U);
  EXPECT_EQ(rate("10 kilobits"), 10'000U);
  EXPECT_EQ(rate("1.5 gigabit"), 1'500'000'000U);
  EXPECT_EQ(rate("2 tebibits"), std::uint64_t{2} << 40);
  EXPECT_EQ(rate("128 bits"), 128U);
  EXPECT_EQ(rate("100 Mbit/s"), 100'000'000U) << "as we write it";
  EXPECT_EQ(rate("1 MB/s"), 8'000'000U);
  for (const std::string_view wrong : {"", "Mbit", "1 mbit", "-1 Mbit", "1.5 bit", "1 Mbyte", "5", "1e99 Gbit"}) {
    EXPECT_EQ(rate(wrong), 0U) << wrong;
  }
  const auto time = [](std::string_view text) { return parse_shadow_time(text).value_or(-1ns); };
  EXPECT_EQ(time("10 milliseconds"), 10ms);
  EXPECT_EQ(time("1.5 ms"), 1500us);
  EXPECT_EQ(time("7microseconds"), 7us);
  EXPECT_EQ(time("2 sec"), 2s);
  EXPECT_EQ(time("3 secs"), 3s);
  EXPECT_EQ(time("1 m"), 60s);
  EXPECT_EQ(time("2 hrs"), 2h);
  EXPECT_EQ(time("4 s"), 4s);
  for (const std::string_view wrong : {"", "ms", "1 mss", "1 fortnight", "5"}) EXPECT_EQ(time(wrong), -1ns) << wrong;
}

TEST_F(Networks, GraphsOfAnOlderShadowSayBandwidthsWithoutHost) {
  files["g.gml"] =
      "graph [ node [ id 0 bandwidth_up \"10 Mbit\" bandwidth_down \"20 megabits\" ]\n"
      "edge [ source 0 target 0 latency \"10 milliseconds\" packet_loss 0.0 ] ]\n";
  const Scenario scenario = good(std::string(kToy) + "network: { graph: g.gml, hosts: 2 }\n");
  EXPECT_EQ(scenario.regions.regions.at(0).up_bps, 10'000'000U);
  EXPECT_EQ(scenario.regions.regions.at(0).down_bps, 20'000'000U);
  EXPECT_EQ(scenario.regions.paths.at(0).delay, 10ms);
}

TEST_F(Networks, GraphsOfShadowBecomeShortestPaths) {
  files["g.gml"] = kShadowGraph;
  const Scenario scenario =
      good(std::string(kToy) + "network: { graph: g.gml, hosts: 4 }\ngroups: { a: { place: A } }\n");
  const sim::RegionsSpec& regions = scenario.regions;
  ASSERT_EQ(regions.regions.size(), 3U);
  EXPECT_EQ(regions.regions[0].up_bps, 1'000'000'000U);
  EXPECT_EQ(regions.regions[0].down_bps, 81920U * 1024U);
  EXPECT_EQ(regions.paths[0].delay, 3ms) << "the edge from a node to itself";
  EXPECT_EQ(regions.paths[2].delay, 30ms) << "by way of B, not the edge of 40 ms";
  EXPECT_NEAR(regions.paths[2].loss.value(), 0.55, 1e-9) << "1 - 0.9 * 0.5";
  EXPECT_EQ(regions.paths[2].jitter, 1ms);
  EXPECT_EQ(regions.paths[2 * 3].delay, 30ms) << "an undirected graph has both ways";
  EXPECT_EQ(scenario.world().groups[0].links.out->rate_bps, 1'000'000'000U) << "hosts at a node have its bandwidth";
}

TEST_F(Networks, EdgesWithABandwidthAreLinksWithQueues) {
  const auto graph = read_gml_graph(
      R"(graph [ node [ id 7 ] node [ id 9 ] edge [ source 7 target 9 latency "10 ms" bandwidth "2 Mbit" ] ])", 512,
      4096, 100);
  ASSERT_TRUE(graph) << graph.error().to_string();
  ASSERT_EQ(graph->graph.routers, (std::vector<std::string>{"7", "9"})) << "ids, where there are no labels";
  EXPECT_EQ(graph->graph.edges[0].params.rate_bps, 2'000'000U);
}

TEST_F(Networks, MistakesInGraphsHaveTheirPlace) {
  const auto wrong = [](std::string_view text) {
    const auto graph = read_gml_graph(text, 3, 3, 3);
    return graph ? "none" : graph.error().to_string();
  };
  EXPECT_THAT(wrong("graph [ node [ id 1 ] node [ id 1 ] ]"), HasSubstr(":1:30: a second node of id 1"));
  EXPECT_THAT(wrong("graph [ node [ id 1 ]\nedge [ source 1 target 2 latency \"1 ms\" ] ]"),
              HasSubstr(":2:17: target: there is no node of id 2"));
  EXPECT_THAT(wrong("graph [ node [ id 1 ] edge [ source 1 target 1 ] ]"), HasSubstr("an edge without a latency"));
  EXPECT_THAT(wrong("graph [ node [ id 1 ] edge [ source 1 target 1 latency \"1\" ] ]"), HasSubstr("'1' is no time"));
  EXPECT_THAT(wrong("graph [ node [ id 1 ] node [ id 2 ] ]"), HasSubstr("there is no way from 1 to 2"));
  EXPECT_THAT(wrong("graph [ node [ label \"x\" ] ]"), HasSubstr("a node without an id"));
  EXPECT_THAT(wrong("graph [ ]"), HasSubstr("at least one node"));
  EXPECT_THAT(wrong("graph [ node [ id 1"), HasSubstr("expected a ] that closes node"));
  EXPECT_THAT(wrong("graph [ ] ]"), HasSubstr("a ] that closes nothing"));
  EXPECT_THAT(wrong("graph \"x"), HasSubstr("expected a closing quote"));
  EXPECT_THAT(wrong("\x01"), HasSubstr("expected a key, found '?'"));
  EXPECT_THAT(wrong("other [ ]"), HasSubstr("expected `graph [`"));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "a [ ";
  EXPECT_THAT(wrong(deep), HasSubstr("nested more than 16 deep"));
  EXPECT_THAT(wrong("graph [ node [ id 1 ] node [ id 2 ] node [ id 3 ] node [ id 4 ] ]"),
              HasSubstr("more than 3 nodes"));
  EXPECT_THAT(wrong("graph [ node [ id 1 host_bandwidth_up \"fast\" ] ]"), HasSubstr("is no bandwidth"));
}

TEST_F(Networks, GroupsHaveFurtherInterfacesAndCpus) {
  const Scenario scenario = good(std::string(kToy) +
                                 "network: { cpu_per_packet: 10 us }\n"
                                 "groups:\n"
                                 "  phones:\n"
                                 "    bandwidth: 50 Mbit/s\n"
                                 "    slowness: 4\n"
                                 "    cpu_per_packet: 20 us\n"
                                 "    interfaces: { lte: { bandwidth: 10 Mbit/s, access_delay: 30 ms } }\n");
  const sim::GroupSpec group = scenario.world().groups[0];
  ASSERT_EQ(group.more_interfaces.size(), 1U);
  EXPECT_EQ(group.more_interfaces[0].links.out->rate_bps, 10'000'000U);
  EXPECT_EQ(group.more_interfaces[0].links.out->delay, 30ms);
  EXPECT_EQ(group.cpu->per_packet, 20us);
  EXPECT_EQ(group.cpu->slowness_percent, 400U);
  EXPECT_THAT(bad(std::string(kToy) + "groups: { slow: { slowness: 4 } }\n"), HasSubstr("give cpu_per_packet too"));
}

TEST_F(Networks, LossInBurstsKeepsItsShare) {
  const Scenario scenario = good(std::string(kToy) + "network: { loss: 2 %, loss_burst: 8 }\n");
  const link::BurstLoss burst = scenario.world().groups[0].links.out->burst_loss;
  EXPECT_DOUBLE_EQ(burst.leave_bad.value(), 1.0 / 8);
  const double share = burst.enter_bad.value() / (burst.enter_bad.value() + burst.leave_bad.value());
  EXPECT_NEAR(share, 0.02, 1e-9);
}

}  // namespace
}  // namespace ghostnet::scenarios::network_test
