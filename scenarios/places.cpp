#include "ghostnet/scenarios/places.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ghostnet/runtime/random.hpp"

namespace ghostnet::scenarios {

namespace {

double unit_draw(Random& random) { return static_cast<double>(random.below(1U << 30)) / (1U << 30); }

}  // namespace

Places::Places(const sim::RegionsSpec& regions, std::uint64_t seed) : seed_(seed) {
  for (const sim::RegionsSpec::Region& region : regions.regions) {
    if (region.place) middles_.emplace(region.name, *region.place);
  }
}

// Even over a disc; a degree of longitude is the shorter, the farther from the equator.
HostPlace Places::of(HostId id, const std::string& region) const {
  const auto found = middles_.find(region);
  if (found == middles_.end()) return {};
  const OnMap& middle = found->second;
  Random random = Random::derive(seed_, id, "record.place");
  const double out = kRadiusDegrees * std::sqrt(unit_draw(random));
  const double turn = 2 * std::numbers::pi * unit_draw(random);
  const double narrow = std::max(0.2, std::cos(middle.latitude * std::numbers::pi / 180));
  return OnMap{.longitude = std::clamp(middle.longitude + out * std::cos(turn) / narrow, -180.0, 180.0),
               .latitude = std::clamp(middle.latitude + out * std::sin(turn), -90.0, 90.0)};
}

}  // namespace ghostnet::scenarios
