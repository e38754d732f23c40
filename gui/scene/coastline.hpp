// The outlines of the world's larger lands, as polygons of longitude and latitude, and the seas within them.
#pragma once

#include <span>

#include "ghostnet/gui/scene/world_map.hpp"

namespace ghostnet::gui {

std::span<const std::span<const Degrees>> lands();
std::span<const std::span<const Degrees>> inland_seas();

}  // namespace ghostnet::gui
