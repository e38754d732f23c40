// Places: where hosts are drawn whose region is on the map: about the middle of it, spread by chance that the seed
// settles, so that they do not stand on one point. Nothing of a run depends on it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "ghostnet/runtime/result_sink.hpp"
#include "ghostnet/sim/world.hpp"

namespace ghostnet::scenarios {

class Places {
 public:
  static constexpr double kRadiusDegrees = 4.5;

  Places(const sim::RegionsSpec& regions, std::uint64_t seed);

  // Nothing where the region says no place.
  HostPlace of(HostId id, const std::string& region) const;

 private:
  std::map<std::string, OnMap> middles_;  // by region
  std::uint64_t seed_;
};

}  // namespace ghostnet::scenarios
