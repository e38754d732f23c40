#include "ghostnet/gui/scene/world_map.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "scene/coastline.hpp"

namespace ghostnet::gui {

namespace {

constexpr double kSouthernmost = -58;
constexpr double kNorthernmost = 84;
constexpr double kLatticeDegrees = 1.55;

// Even-odd: how often a ray to the east crosses the outline.
bool is_inside(std::span<const Degrees> outline, Degrees place) {
  bool inside = false;
  for (std::size_t at = 0, before = outline.size() - 1; at < outline.size(); before = at++) {
    const Degrees a = outline[at];
    const Degrees b = outline[before];
    if ((a.latitude > place.latitude) == (b.latitude > place.latitude)) continue;
    const double share = (place.latitude - a.latitude) / (b.latitude - a.latitude);
    if (place.longitude < a.longitude + share * (b.longitude - a.longitude)) inside = !inside;
  }
  return inside;
}

std::vector<Spot> make_land_dots() {
  // Rows of equal distance, every second one shifted by half, with columns as far apart as rows.
  std::vector<Spot> dots;
  bool shifted = false;
  for (double latitude = kSouthernmost; latitude <= kNorthernmost; latitude += kLatticeDegrees * 0.87) {
    const double step = kLatticeDegrees / std::max(0.12, std::cos(latitude * std::numbers::pi / 180));
    for (double longitude = -180 + (shifted ? step / 2 : 0); longitude < 180; longitude += step) {
      if (is_land({longitude, latitude})) dots.push_back(project({longitude, latitude}));
    }
    shifted = !shifted;
  }
  return dots;
}

std::vector<std::vector<Spot>> make_graticule() {
  std::vector<std::vector<Spot>> lines;
  for (int longitude = -180; longitude <= 180; longitude += 30) {
    std::vector<Spot> line;
    for (double latitude = kSouthernmost; latitude <= kNorthernmost; latitude += 2) {
      line.push_back(project({static_cast<double>(longitude), latitude}));
    }
    lines.push_back(std::move(line));
  }
  for (int latitude = -30; latitude <= 60; latitude += 30) {
    lines.push_back({project({-180, static_cast<double>(latitude)}), project({180, static_cast<double>(latitude)})});
  }
  return lines;
}

struct Region {
  std::string_view name;
  Degrees place;
};

// Continents and parts of them, cities and the regions of clouds, near enough for a map of the world.
constexpr Region kRegions[] = {
    {"africa", {20, 5}},
    {"asia", {95, 35}},
    {"australia", {134, -25}},
    {"oceania", {140, -25}},
    {"europe", {12, 49}},
    {"eu", {12, 49}},
    {"eu_west", {-3, 52}},
    {"eu_central", {9, 50}},
    {"eu_north", {17, 60}},
    {"eu_south", {10, 44}},
    {"east_asia", {116, 33}},
    {"south_asia", {78, 21}},
    {"southeast_asia", {106, 8}},
    {"west_asia", {50, 30}},
    {"middle_east", {47, 29}},
    {"central_asia", {66, 44}},
    {"north_america", {-98, 42}},
    {"na", {-98, 42}},
    {"na_east", {-80, 39}},
    {"na_west", {-117, 41}},
    {"us", {-98, 39}},
    {"us_east", {-78, 38}},
    {"us_west", {-119, 38}},
    {"us_central", {-97, 38}},
    {"canada", {-100, 55}},
    {"south_america", {-58, -15}},
    {"latin_america", {-60, -12}},
    {"south_africa", {25, -29}},
    {"dallas", {-96.8, 32.8}},
    {"toronto", {-79.4, 43.7}},
    {"washington_dc", {-77, 38.9}},
    {"new_york", {-74, 40.7}},
    {"san_francisco", {-122.4, 37.8}},
    {"seattle", {-122.3, 47.6}},
    {"chicago", {-87.6, 41.9}},
    {"frankfurt", {8.7, 50.1}},
    {"london", {-0.1, 51.5}},
    {"paris", {2.4, 48.9}},
    {"madrid", {-3.7, 40.4}},
    {"amsterdam", {4.9, 52.4}},
    {"dublin", {-6.3, 53.3}},
    {"stockholm", {18.1, 59.3}},
    {"zurich", {8.5, 47.4}},
    {"warsaw", {21, 52.2}},
    {"tokyo", {139.7, 35.7}},
    {"osaka", {135.5, 34.7}},
    {"seoul", {127, 37.6}},
    {"hong_kong", {114.2, 22.3}},
    {"singapore", {103.8, 1.3}},
    {"mumbai", {72.9, 19.1}},
    {"bangalore", {77.6, 13}},
    {"sydney", {151.2, -33.9}},
    {"melbourne", {145, -37.8}},
    {"sao_paulo", {-46.6, -23.5}},
    {"santiago", {-70.7, -33.4}},
    {"johannesburg", {28, -26.2}},
    {"cape_town", {18.4, -33.9}},
    {"nairobi", {36.8, -1.3}},
    {"lagos", {3.4, 6.5}},
    {"dubai", {55.3, 25.2}},
    {"tel_aviv", {34.8, 32.1}},
    {"istanbul", {29, 41}},
    {"moscow", {37.6, 55.8}},
    {"beijing", {116.4, 39.9}},
    {"shanghai", {121.5, 31.2}},
};

}  // namespace

Spot project(Degrees place) {
  constexpr double a1 = 1.340264;
  constexpr double a2 = -0.081106;
  constexpr double a3 = 0.000893;
  constexpr double a4 = 0.003796;
  const double longitude = place.longitude * std::numbers::pi / 180;
  const double latitude = std::clamp(place.latitude, -90.0, 90.0) * std::numbers::pi / 180;
  const double t = std::asin(std::numbers::sqrt3 / 2 * std::sin(latitude));
  const double t2 = t * t;
  const double t6 = t2 * t2 * t2;
  const double x =
      2 * std::numbers::sqrt3 * longitude * std::cos(t) / (3 * (a1 + 3 * a2 * t2 + t6 * (7 * a3 + 9 * a4 * t2)));
  const double y = t * (a1 + a2 * t2 + t6 * (a3 + a4 * t2));
  // The equator is this long before it is scaled.
  constexpr double kEquator = 2 * (2 * std::numbers::sqrt3 * std::numbers::pi / (3 * a1));
  return {static_cast<float>(x * kWorldWidth / kEquator), static_cast<float>(-y * kWorldWidth / kEquator)};
}

bool is_land(Degrees place) {
  const auto holds = [&](std::span<const Degrees> outline) { return is_inside(outline, place); };
  return std::ranges::any_of(lands(), holds) && std::ranges::none_of(inland_seas(), holds);
}

float land_radius(const Camera& camera) {
  return static_cast<float>(std::clamp(0.36 * kLandSpacing * camera.scale, 0.6, 5.0 * camera.ratio));
}

std::span<const Spot> land_dots() {
  static const std::vector<Spot> dots = make_land_dots();
  return dots;
}

const std::vector<std::vector<Spot>>& graticule() {
  static const std::vector<std::vector<Spot>> lines = make_graticule();
  return lines;
}

std::optional<Degrees> place_of_region(std::string_view region) {
  const auto found = std::ranges::find(kRegions, region, &Region::name);
  if (found == std::end(kRegions)) return std::nullopt;
  return found->place;
}

}  // namespace ghostnet::gui
