// Runs on a graph: where routers stand, which ways messages are seen to take, and what is drawn of both.
#include "ghostnet/gui/scene/ground.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ghostnet/gui/scene/renderer.hpp"
#include "scene/vector_picture.hpp"
#include "window_fixture.hpp"

namespace ghostnet::gui::ground_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// west --5 ms-- middle --7 ms-- east, and a host that is at none of them.
results::Topology line() {
  return {.routers = {"west", "middle", "east"},
          .wires = {{.a = 0, .b = 1, .delay_ns = 5'000'000}, {.a = 1, .b = 2, .delay_ns = 7'000'000}}};
}

HostTable hosts_at(std::initializer_list<const char*> routers) {
  std::vector<results::HostRow> rows;
  for (const char* router : routers) {
    const auto id = static_cast<std::int64_t>(rows.size());
    rows.push_back({.id = id, .name = fmt::format("h{}", id), .group = "all", .region = router});
  }
  return HostTable(std::move(rows));
}

TEST(Ground, KnowsAtWhichRouterAHostIs) {
  const HostTable hosts = hosts_at({"east", "west", "", "island"});
  const auto ground = ground_of(line(), "fabric", hosts);
  ASSERT_NE(ground, nullptr);
  EXPECT_THAT(ground->router_of, ElementsAre(2U, 0U, Ground::kNowhere, 3U));
  EXPECT_EQ(ground->topology.routers.back(), "island") << "a router without a wire";
  EXPECT_EQ(ground_of({}, "fabric", hosts), nullptr) << "a run on no graph";
}

TEST(Ground, RoutersStandAmidTheirHostsOrTheirNeighbours) {
  const HostTable hosts = hosts_at({"west", "west", "east"});
  const auto ground = ground_of(line(), "fabric", hosts);
  const std::vector<Spot> hosts_stand = {{0, 0}, {0, 10}, {100, 5}};
  const std::vector<Spot> spots = router_spots(*ground, hosts_stand);
  ASSERT_THAT(spots, SizeIs(3));
  EXPECT_EQ(spots[0], (Spot{0, 5}));
  EXPECT_EQ(spots[2], (Spot{100, 5}));
  EXPECT_NEAR(spots[1].x, 50, 0.1);
}

TEST(RouteFinder, FindsTheRoutersThatAPacketPasses) {
  const HostTable hosts = hosts_at({"west", "east", "west", "", "island"});
  const auto ground = ground_of(line(), "fabric", hosts);
  RouteFinder finder(ground);
  const std::optional<Route> route = finder.between(0, 1);
  ASSERT_TRUE(route);
  EXPECT_THAT(route->routers, ElementsAre(0U, 1U, 2U));
  EXPECT_EQ(route->delay_ns, 12'000'000);
  EXPECT_EQ(routers_text(*route, ground->topology), "west → middle → east");
  EXPECT_EQ(cost_text(*route), "12 ms on 2 wires");
  EXPECT_EQ(routers_text(*finder.between(0, 2), ground->topology), "west") << "at the same router";
  EXPECT_FALSE(finder.between(0, 3)) << "at no router";
  EXPECT_FALSE(finder.between(0, 4)) << "no wire leads there";
  EXPECT_FALSE(finder.between(0, 99));
  EXPECT_THAT(*finder.routers_between(1, 0), ElementsAre(2U, 1U, 0U));
  EXPECT_EQ(finder.routers_between(1, 0), finder.routers_between(1, 2)) << "hosts at the same routers share a way";
}

TEST(RouteLook, CountsTheWaysOnEachWire) {
  const HostTable hosts = hosts_at({"west", "east", "middle", "west"});
  RouteFinder finder(ground_of(line(), "fabric", hosts));
  const RouteLook look = look_of_routes(finder, std::vector<Pair>{{0, 1}, {2, 1}, {3, 0}});
  EXPECT_EQ(look.count, 3U);
  ASSERT_THAT(look.wires, SizeIs(2));
  EXPECT_EQ(look.wires[0].routes, 1U);
  EXPECT_EQ(look.wires[1].routes, 2U) << "both to the east";
  EXPECT_FALSE(look.only);
  EXPECT_TRUE(look_of_routes(finder, std::vector<Pair>{{0, 1}}).only);
}

TEST(NetworkPlacement, PutsHostsAboutTheirRouterAndCrowdsApart) {
  std::vector<results::HostRow> rows;
  for (std::int64_t id = 0; id < 90; ++id) {
    rows.push_back({.id = id, .region = id % 3 == 0 ? "west" : id % 3 == 1 ? "middle" : "east"});
  }
  rows.push_back({.id = 90});
  const HostTable hosts(std::move(rows));
  const auto ground = ground_of(line(), "fabric", hosts);
  const Placement placement = network_placement(hosts, *ground);
  EXPECT_EQ(placement.kind, LayoutKind::network);
  ASSERT_THAT(placement.routers, SizeIs(3));
  const auto apart = [](Spot a, Spot b) { return std::hypot(a.x - b.x, a.y - b.y); };
  for (std::size_t host = 0; host < 90; ++host) {
    for (std::size_t router = 0; router < 3; ++router) {
      const float away = apart(placement.spots[host], placement.routers[router]);
      EXPECT_GT(away, placement.spacing / 2) << "no host hides a router";
      if (router != ground->router_of[host]) {
        EXPECT_GT(away, apart(placement.spots[host], placement.routers[ground->router_of[host]]));
      }
    }
    EXPECT_TRUE(placement.extent.holds(placement.spots[host]));
  }
  EXPECT_TRUE(placement.extent.holds(placement.spots[90])) << "at no router, and seen all the same";
  EXPECT_EQ(network_placement(hosts, *ground).spots, placement.spots);
  EXPECT_EQ(chosen_layout(hosts, LayoutKind::automatic, true, true), LayoutKind::network);
}

Scene scene_on_a_line() {
  Scene scene;
  const HostTable hosts = hosts_at({"west", "east"});
  scene.ground = ground_of(line(), "fabric", hosts);
  auto placement = std::make_shared<Placement>();
  placement->spots = {{0, 0}, {100, 0}};
  placement->routers = {{0, 40}, {50, 80}, {100, 40}};
  scene.placement = placement;
  scene.spots = std::shared_ptr<const std::vector<Spot>>(placement, &placement->spots);
  return scene;
}

Camera camera_on_it() {
  Camera camera{.width = 300, .height = 300};
  camera.fit({0, 0, 100, 100}, 50);
  return camera;
}

TEST(Track, GoesByTheRouters) {
  const Scene scene = scene_on_a_line();
  const Camera camera = camera_on_it();
  RouteFinder finder(scene.ground);
  const Flight flight{.from = 0, .to = 1, .way = finder.routers_between(0, 1)};
  const Track track(scene, camera, flight);
  EXPECT_EQ(track.at(0), camera.to_view({0, 0}));
  EXPECT_EQ(track.at(1), camera.to_view({100, 0}));
  EXPECT_NEAR(track.at(0.5F).y, camera.to_view({50, 80}).y, 0.01) << "half way is the router in the middle";
  EXPECT_THAT(track.between(0, 1), SizeIs(5));
  Scene without = scene;
  without.shows_wires = false;
  EXPECT_NEAR(Track(without, camera, flight).at(0.5F).y, camera.to_view({50, 0}).y, 0.01) << "straight";
}

TEST(GroundPicture, ShowsWiresRoutesAndRouters) {
  Scene scene = scene_on_a_line();
  const Camera camera = camera_on_it();
  const auto pixel = [&](Spot world) {
    const Spot at = camera.to_view(world);
    return Renderer().draw(scene, camera).pixel(static_cast<int>(at.x), static_cast<int>(at.y));
  };
  const QRgb canvas = theme_of(scene.theme).canvas.rgb();
  const Spot on_wire{25, 60};
  const QRgb plain = pixel(on_wire);
  EXPECT_NE(plain, canvas);
  EXPECT_NE(pixel({50, 80}), canvas);
  RouteFinder finder(scene.ground);
  scene.routes = std::make_shared<const RouteLook>(look_of_routes(finder, std::vector<Pair>{{0, 1}}));
  const QRgb routed = pixel(on_wire);
  const QColor colour = link_colour(theme_of(scene.theme), "route");
  EXPECT_NEAR(qBlue(routed), colour.blue(), 40);
  EXPECT_NE(routed, plain);
  const QByteArray svg = svg_of(scene, camera, {});
  EXPECT_TRUE(svg.contains(colour.name().toUtf8()));
  EXPECT_TRUE(svg.contains("stroke-linecap=\"square\"")) << "routers";
  scene.routes.reset();
  scene.shows_wires = false;
  EXPECT_EQ(pixel(on_wire), canvas);
  EXPECT_FALSE(svg_of(scene, camera, {}).contains("stroke-linecap=\"square\""));
}

// The whole way: recorded, read, selected, switched.
struct GroundViewTest : WindowTest {
  GroundViewTest() {
    {
      auto store = std::move(results::Store::open(path).value());
      store->begin({.name = "graph", .mode = "sim", .carrier = "fabric", .planned = 10s});
      for (HostId id = 0; id < 6; ++id) {
        store->host(
            {.id = id, .name = fmt::format("h{}", id), .group = "all", .region = id % 2 == 0 ? "west" : "east"});
      }
      for (const char* fields : {R"({"from":"west","to":"middle","up_delay_ns":5000000})",
                                 R"({"from":"middle","to":"east","up_delay_ns":7000000})"}) {
        store->link({.time = TimePoint(), .kind = "wire", .json = fields});
      }
      for (const HostId peer : {1U, 2U, 3U}) {
        store->link({.time = TimePoint(1s), .a = 0, .b = peer, .kind = "tcp", .up = true});
      }
      store->message(
          {.sent = TimePoint(2s), .received = TimePoint(2012ms), .from = 0, .to = 1, .bytes = 9, .kind = "datagram"});
      EXPECT_TRUE(store->finish({.simulated = 10s}));
    }
    open({900, 700});
    document.set_time_ns(2'006'000'000);
    settle();
  }
  void hide(std::set<std::string> kinds) {
    Look look = document.look();
    look.hidden_link_kinds = std::move(kinds);
    document.set_look(look);
    settle();
  }
};

TEST_F(GroundViewTest, LaysHostsOutByTheirRouters) {
  EXPECT_EQ(model().scene().placement->kind, LayoutKind::network);
  ASSERT_NE(model().scene().ground, nullptr);
  ASSERT_THAT(model().moment().flights, SizeIs(1));
  ASSERT_NE(model().moment().flights[0].way, nullptr);
  EXPECT_THAT(*model().moment().flights[0].way, ElementsAre(0U, 1U, 2U));
}

TEST_F(GroundViewTest, ASelectedHostShowsTheWaysOfItsPeers) {
  EXPECT_EQ(model().routes(), nullptr);
  document.select_host(0);
  settle();
  ASSERT_NE(model().routes(), nullptr);
  EXPECT_EQ(model().route_count(), 3U);
  ASSERT_THAT(model().routes()->wires, SizeIs(2));
  EXPECT_EQ(model().routes()->wires[0].routes, 2U) << "of hosts 1 and 3; host 2 is at the same router";
}

TEST_F(GroundViewTest, TwoHostsOrALinkShowTheWayBetweenThem) {
  document.select({.hosts = {1, 4}});
  settle();
  ASSERT_NE(model().routes(), nullptr);
  ASSERT_TRUE(model().routes()->only);
  EXPECT_THAT(model().routes()->only->routers, ElementsAre(2U, 1U, 0U));
  document.select({.link = Selection::Link{.kind = "tcp", .a = 0, .b = 1}});
  settle();
  ASSERT_TRUE(model().routes()->only);
  EXPECT_THAT(model().routes()->only->routers, ElementsAre(0U, 1U, 2U));
}

TEST_F(GroundViewTest, RoutesAndWiresAreSwitched) {
  document.select_host(0);
  settle();
  hide({"route"});
  EXPECT_EQ(model().routes(), nullptr);
  EXPECT_EQ(model().route_count(), 3U) << "the legend still counts them";
  EXPECT_TRUE(model().scene().shows_wires);
  hide({"wire"});
  EXPECT_NE(model().routes(), nullptr);
  EXPECT_FALSE(model().scene().shows_wires);
}

TEST_F(GroundViewTest, OtherLayoutsHaveTheRoutersTheirHostsHave) {
  Look look = document.look();
  look.layout = LayoutKind::force;
  document.set_look(look);
  settle();
  EXPECT_EQ(model().scene().placement->kind, LayoutKind::force);
  EXPECT_THAT(model().scene().placement->routers, SizeIs(3));
}

}  // namespace
}  // namespace ghostnet::gui::ground_test
