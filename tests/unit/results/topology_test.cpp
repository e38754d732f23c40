// Which ways packets take through a graph, as its wires have it.
#include "ghostnet/results/topology.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ghostnet/results/store.hpp"
#include "results_file.hpp"

namespace ghostnet::results::topology_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

//      0 ---1--- 1
//      |         |
//      2         3
//      |         |
//      2 ---4--- 3     4
Topology square(std::int64_t top, std::int64_t left, std::int64_t right, std::int64_t bottom) {
  return {.routers = {"a", "b", "c", "d", "e"},
          .wires = {{.a = 0, .b = 1, .delay_ns = top},
                    {.a = 0, .b = 2, .delay_ns = left},
                    {.a = 1, .b = 3, .delay_ns = right},
                    {.a = 2, .b = 3, .delay_ns = bottom}}};
}

TEST(Ways, AreThoseOfLeastDelay) {
  const Topology topology = square(10, 1, 10, 1);
  Ways ways(topology, Routing::least_delay);
  EXPECT_THAT(*ways.between(0, 3), ElementsAre(1, 3));
  EXPECT_THAT(*ways.between(3, 0), ElementsAre(3, 1));
  EXPECT_THAT(*ways.between(1, 2), ElementsAre(0, 1)) << "11 of delay over a, 11 over d: that of the first wire";
}

TEST(Ways, OfEqualDelaysTheOneWithFewerWiresIsTaken) {
  Topology topology = square(0, 0, 0, 0);
  topology.wires.push_back({.a = 0, .b = 3, .delay_ns = 0});
  Ways ways(topology, Routing::least_delay);
  EXPECT_THAT(*ways.between(0, 3), ElementsAre(4));
}

TEST(Ways, AreThoseOfFewestHopsWhereHopsCount) {
  Topology topology = square(1, 1, 1, 1);
  topology.wires.push_back({.a = 0, .b = 3, .delay_ns = 1'000});
  Ways ways(topology, Routing::fewest_hops);
  EXPECT_THAT(*ways.between(0, 3), ElementsAre(4));
  Ways by_delay(topology, Routing::least_delay);
  EXPECT_THAT(*by_delay.between(0, 3), ElementsAre(0, 2));
}

TEST(Ways, LeadNowhereWhereThereIsNoWire) {
  const Topology topology = square(1, 1, 1, 1);
  for (const Routing routing : {Routing::least_delay, Routing::fewest_hops}) {
    Ways ways(topology, routing);
    EXPECT_FALSE(ways.between(0, 4));
    EXPECT_FALSE(ways.between(4, 0));
    EXPECT_THAT(*ways.between(4, 4), IsEmpty());
  }
}

class TopologyOfARun : public ResultsFile {};

TEST_F(TopologyOfARun, HasTheWiresBetweenRoutersInTheirOrder) {
  {
    auto store = std::move(Store::open(path_).value());
    store->begin({.name = "graph", .mode = "sim", .carrier = "fabric"});
    for (HostId id = 0; id < 2; ++id) store->host({.id = id, .name = "h", .group = "all", .region = "west"});
    store->link({.time = TimePoint(), .a = 0, .b = kNoHost, .kind = "wire", .json = R"({"to":"west","up_bps":7})"});
    store->link(
        {.time = TimePoint(), .kind = "wire", .json = R"({"from":"west","to":"east","up_bps":1000,"up_delay_ns":20})"});
    store->link({.time = TimePoint(), .kind = "wire", .json = R"({"from":"east","to":"north"})"});
    store->link({.time = TimePoint(1s), .a = 0, .b = 1, .kind = "tcp", .json = ""});
    ASSERT_TRUE(store->finish({.simulated = 1s}));
  }
  const Database database = open();
  const Topology topology = results::topology(database, 1).value();
  EXPECT_THAT(topology.routers, ElementsAre("west", "east", "north"));
  EXPECT_THAT(topology.wires,
              ElementsAre(Wire{.a = 0, .b = 1, .delay_ns = 20, .rate_bps = 1000}, Wire{.a = 1, .b = 2}));
  EXPECT_EQ(topology.find("north"), 2U);
  EXPECT_FALSE(topology.find("south"));
  EXPECT_THAT(results::topology(database, 2).value().routers, IsEmpty()) << "there is no such run";
}

}  // namespace
}  // namespace ghostnet::results::topology_test
