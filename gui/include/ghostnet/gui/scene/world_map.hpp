// WorldMap: land as a lattice of dots, a graticule, and where the regions of network files are.
//
// The projection is Equal Earth (Savric, Patterson, Jenny 2018): areas are true, so a crowd on one continent looks as
// dense as the same crowd on another. The coastline is our own and coarse (a point every few hundred kilometres):
// enough to recognise a continent, too little to measure anything.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ghostnet/gui/scene/camera.hpp"

namespace ghostnet::gui {

struct Degrees {
  double longitude = 0;
  double latitude = 0;
};

inline constexpr double kWorldWidth = 1000;  // world units from 180 W to 180 E at the equator

// Equal Earth, y down, the middle of the map at (0, 0).
Spot project(Degrees place);

// The dots of the land between 58 S and 84 N, about every 1.6 degrees, in an order that repeats.
std::span<const Spot> land_dots();
// The distance of two neighbours among them, in world units.
inline constexpr float kLandSpacing = 4.3F;
// How large a dot is drawn, in pixels.
float land_radius(const Camera& camera);

// Lines of 30 degrees, each a run of spots.
const std::vector<std::vector<Spot>>& graticule();

// Whether the place is on land, as the coastline has it.
bool is_land(Degrees place);

// Where a region is, by the names that the shipped network files and common clouds use: "europe", "us_east", "tokyo".
std::optional<Degrees> place_of_region(std::string_view region);

}  // namespace ghostnet::gui
