// Where hosts are put: on the map by region, by coordinates, radially, by forces.
#include "ghostnet/gui/scene/placement.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "ghostnet/gui/scene/force_layout.hpp"
#include "ghostnet/gui/scene/world_map.hpp"

namespace ghostnet::gui::placement_test {
namespace {

HostTable hosts_in(std::size_t count, const std::vector<std::string>& regions) {
  std::vector<results::HostRow> rows;
  for (std::size_t at = 0; at < count; ++at) {
    rows.push_back({.id = static_cast<std::int64_t>(at),
                    .name = fmt::format("h{}", at),
                    .group = "all",
                    .region = regions[at % regions.size()]});
  }
  return HostTable(std::move(rows));
}

float apart(Spot a, Spot b) { return std::hypot(a.x - b.x, a.y - b.y); }

float least_distance(const std::vector<Spot>& spots) {
  float least = 1e9F;
  for (std::size_t a = 0; a < spots.size(); ++a) {
    for (std::size_t b = a + 1; b < spots.size(); ++b) least = std::min(least, apart(spots[a], spots[b]));
  }
  return least;
}

std::vector<Pair> ring_of(std::uint32_t hosts) {
  std::vector<Pair> links;
  for (std::uint32_t host = 0; host < hosts; ++host) links.push_back({host, (host + 1) % hosts});
  return links;
}

TEST(WorldMap, ProjectsWithTrueAreas) {
  EXPECT_NEAR(project({180, 0}).x, 500, 0.5);
  EXPECT_EQ(project({0, 0}), (Spot{0, 0}));
  EXPECT_LT(project({0, 50}).y, 0);
  // A strip of the sphere between two parallels has the area of its height: sin(60) - sin(50) against sin(10) - sin(0).
  const auto area = [](double south, double north) {
    double sum = 0;
    constexpr int kSteps = 400;
    for (int step = 0; step < kSteps; ++step) {
      const double low = south + (north - south) * step / kSteps;
      const double high = south + (north - south) * (step + 1) / kSteps;
      sum += 2 * project({180, (low + high) / 2}).x * (project({0, low}).y - project({0, high}).y);
    }
    return sum;
  };
  const double expected = (std::sin(60 * M_PI / 180) - std::sin(50 * M_PI / 180)) / std::sin(10 * M_PI / 180);
  EXPECT_NEAR(area(50, 60) / area(0, 10), expected, 0.002);
}

TEST(WorldMap, KnowsLandFromSea) {
  for (const Degrees land :
       {Degrees{10, 50}, {-100, 40}, {-60, -10}, {20, 5}, {135, -25}, {100, 60}, {78, 22}, {138, 36.3}}) {
    EXPECT_TRUE(is_land(land)) << land.longitude << " " << land.latitude;
  }
  for (const Degrees sea :
       {Degrees{-40, 30}, {-150, 10}, {80, -20}, {0, -20}, {160, 30}, {51, 41}, {-86.9, 44}, {5, 40}}) {
    EXPECT_FALSE(is_land(sea)) << sea.longitude << " " << sea.latitude;
  }
  // A third of the sphere, without Antarctica a quarter, is land; the dots are as dense everywhere.
  EXPECT_GT(land_dots().size(), 3'000U);
  EXPECT_LT(land_dots().size(), 9'000U);
}

TEST(MapPlacement, PutsEachRegionAboutItsPlaceAndNoHostOnAnother) {
  const HostTable hosts = hosts_in(600, {"europe", "na_east", "australia"});
  const Placement placement = map_placement(hosts);
  EXPECT_EQ(placement.kind, LayoutKind::map);
  EXPECT_EQ(placement.crowds.size(), 3U);
  for (const CrowdLabel& crowd : placement.crowds) {
    EXPECT_EQ(crowd.hosts, 200U);
    EXPECT_LT(apart(crowd.middle, project(*place_of_region(crowd.text))), 20) << crowd.text;
  }
  EXPECT_GT(least_distance(placement.spots), placement.spacing * 0.55F);
}

TEST(MapPlacement, MovesCrowdsApartThatWouldOverlap) {
  const HostTable hosts = hosts_in(2'000, {"frankfurt", "london", "paris", "amsterdam"});
  const Placement placement = map_placement(hosts);
  for (std::size_t a = 0; a < placement.crowds.size(); ++a) {
    for (std::size_t b = a + 1; b < placement.crowds.size(); ++b) {
      const float radii = placement.crowds[a].radius + placement.crowds[b].radius;
      EXPECT_GE(apart(placement.crowds[a].middle, placement.crowds[b].middle), radii * 0.98F);
    }
  }
}

TEST(MapPlacement, RegionsThatNobodyKnowsAreShownToo) {
  const Placement placement = map_placement(hosts_in(20, {"atlantis", "europe"}));
  EXPECT_EQ(placement.crowds.size(), 2U);
  EXPECT_GT(least_distance(placement.spots), 0.5F);
}

TEST(MapPlacement, HostsStandByTheirDegreesWhileTheyHaveRoom) {
  std::vector<results::HostRow> rows;
  for (std::int64_t id = 0; id < 40; ++id) {
    const bool is_crowded = id >= 20;
    rows.push_back({.id = id,
                    .name = fmt::format("h{}", id),
                    .region = is_crowded ? "europe" : "oceania",
                    .x = is_crowded ? 10 + 0.01 * static_cast<double>(id) : 120 + 2.0 * static_cast<double>(id % 5),
                    .y = is_crowded ? 50 + 0.01 * static_cast<double>(id) : -30 + 4.0 * static_cast<double>(id / 5),
                    .on_map = true});
  }
  const Placement placement = map_placement(HostTable(std::move(rows)));
  EXPECT_EQ(placement.spots[7], project({124, -26}));
  ASSERT_EQ(placement.crowds.size(), 2U);
  EXPECT_EQ(placement.crowds[1].text, "europe");
  EXPECT_LT(apart(placement.crowds[1].middle, project({10.3, 50.3})), 2);
  EXPECT_GT(least_distance(placement.spots), 1.5F);
}

TEST(PlanePlacement, KeepsNorthUp) {
  std::vector<results::HostRow> rows = {{.id = 0, .name = "a", .x = 0, .y = 0},
                                        {.id = 1, .name = "b", .x = 100, .y = 40}};
  const Placement placement = plane_placement(HostTable(std::move(rows)));
  EXPECT_EQ(placement.spots[1], (Spot{100, -40}));
}

TEST(ChosenLayout, FollowsWhatIsKnown) {
  EXPECT_EQ(chosen_layout(hosts_in(3, {"europe"}), LayoutKind::automatic, true), LayoutKind::map);
  EXPECT_EQ(chosen_layout(hosts_in(3, {""}), LayoutKind::automatic, true), LayoutKind::force);
  EXPECT_EQ(chosen_layout(hosts_in(3, {""}), LayoutKind::automatic, false), LayoutKind::radial);
  EXPECT_EQ(chosen_layout(hosts_in(3, {"europe"}), LayoutKind::force, false), LayoutKind::force);
  const HostTable walking(std::vector<results::HostRow>{{.id = 0, .name = "a", .x = 1, .y = 2}});
  EXPECT_EQ(chosen_layout(walking, LayoutKind::automatic, false), LayoutKind::plane);
}

TEST(RadialPlacement, PutsHostsOnTheRingOfTheirHops) {
  // A star of chains: 0 in the middle, then 1..4, then 5..8.
  std::vector<Pair> links;
  for (std::uint32_t host = 1; host <= 4; ++host) {
    links.push_back({0, host});
    links.push_back({host, host + 4});
  }
  const Placement placement = radial_placement(hosts_in(9, {""}), links);
  const Spot middle = placement.spots[0];
  for (std::size_t host = 1; host <= 4; ++host) {
    EXPECT_NEAR(apart(middle, placement.spots[host]), apart(middle, placement.spots[1]), 0.01);
    EXPECT_GT(apart(middle, placement.spots[host + 4]), apart(middle, placement.spots[host]) + 5);
  }
}

TEST(RadialPlacement, ShowsHostsThatNothingReaches) {
  const Placement placement = radial_placement(hosts_in(50, {""}), std::vector<Pair>{{0, 1}});
  EXPECT_GT(least_distance(placement.spots), 0.5F);
}

TEST(ForceLayout, RepeatsItself) {
  const std::vector<Pair> links = ring_of(60);
  ForceLayout a(60, links);
  ForceLayout b(60, links);
  while (a.step()) b.step();
  b.step();
  EXPECT_TRUE(std::ranges::equal(a.spots(), b.spots()));
}

TEST(ForceLayout, BringsLinkedHostsTogether) {
  // Two cliques that one link joins.
  std::vector<Pair> links = {{0, 20}};
  for (std::uint32_t clique = 0; clique < 2; ++clique) {
    for (std::uint32_t a = 0; a < 20; ++a) {
      for (std::uint32_t b = a + 1; b < 20; ++b) links.push_back({clique * 20 + a, clique * 20 + b});
    }
  }
  ForceLayout layout(40, links);
  while (layout.step()) continue;
  double within = 0;
  double between = 0;
  int pairs_within = 0;
  int pairs_between = 0;
  for (std::size_t a = 0; a < 40; ++a) {
    for (std::size_t b = a + 1; b < 40; ++b) {
      const float far = apart(layout.spots()[a], layout.spots()[b]);
      (a / 20 == b / 20 ? within : between) += far;
      ++(a / 20 == b / 20 ? pairs_within : pairs_between);
    }
  }
  EXPECT_LT(within / pairs_within, 0.6 * between / pairs_between);
}

TEST(ForceLayout, UnfoldsARing) {
  ForceLayout layout(60, ring_of(60));
  while (layout.step()) continue;
  // Neighbours are near, those across are far.
  for (std::size_t host = 0; host < 60; ++host) {
    EXPECT_LT(apart(layout.spots()[host], layout.spots()[(host + 1) % 60]),
              apart(layout.spots()[host], layout.spots()[(host + 30) % 60]));
  }
}

TEST(ForceLayout, HostsWithoutALinkStandAboutTheOthers) {
  constexpr std::uint32_t kLinked = 60;
  ForceLayout layout(80, ring_of(kLinked));
  while (layout.step()) {
  }
  const Placement placement = layout.placement();
  const Extent linked = extent_of(std::span(placement.spots).first(kLinked));
  const Extent all = extent_of(placement.spots);
  EXPECT_LT(all.width(), 3 * linked.width()) << "they do not make the others small";
  for (std::size_t host = kLinked; host < 80; ++host) EXPECT_FALSE(linked.holds(placement.spots[host])) << host;
  EXPECT_GT(least_distance(placement.spots), 1);
}

TEST(ForceLayout, BearsHostsAtOneSpotAndNone) {
  ForceLayout none(0, {});
  EXPECT_FALSE(none.step());
  ForceLayout one(1, {});
  EXPECT_FALSE(one.step());
  ForceLayout loops(3, std::vector<Pair>{{1, 1}, {2, 2}});
  while (loops.step()) continue;
  for (const Spot spot : loops.spots()) EXPECT_TRUE(std::isfinite(spot.x) && std::isfinite(spot.y));
}

TEST(Camera, ZoomKeepsWhatIsUnderThePointer) {
  Camera camera{.x = 3, .y = 4, .scale = 2, .width = 800, .height = 600};
  const Spot pointer{200, 500};
  const Spot before = camera.to_world(pointer);
  camera.zoom(3.5, pointer);
  const Spot after = camera.to_world(pointer);
  EXPECT_NEAR(before.x, after.x, 1e-3);
  EXPECT_NEAR(before.y, after.y, 1e-3);
}

TEST(Camera, FitShowsTheWholeExtent) {
  Camera camera{.width = 800, .height = 600};
  const Extent extent{-100, -20, 300, 80};
  camera.fit(extent, 30);
  const Extent seen = camera.seen();
  EXPECT_LE(seen.left, extent.left);
  EXPECT_GE(seen.right, extent.right);
  EXPECT_LE(seen.top, extent.top);
  EXPECT_GE(seen.bottom, extent.bottom);
}

}  // namespace
}  // namespace ghostnet::gui::placement_test
