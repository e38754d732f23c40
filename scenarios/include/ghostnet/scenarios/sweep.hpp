// Sweep: the points of a parameter space at which a scenario is run.
//
//   sweep: { network.loss: [0 %, 1 %, 5 %], gossipsub.d: [4, 8] }      every combination: six points
//   sweep:                                                             point by point: four
//     - { network.loss: 0 %, gossipsub.d: 4 }
//     - { network.loss: 5 %, gossipsub.d: [6, 8, 12] }
//
// A path is what --set takes. A point is a list of such settings, in the order of the file; the last axis of a grid
// changes fastest. A value is YAML itself, as text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ghostnet/scenarios/diagnostic.hpp"
#include "ghostnet/scenarios/document.hpp"

namespace ghostnet::scenarios {

using Settings = std::vector<std::pair<std::string, std::string>>;  // path, value

struct Sweep {
  static constexpr std::size_t kMaxValues = 1000;    // of all axes together
  static constexpr std::size_t kMaxPoints = 10'000;  // each is a run, or as many as `repeat` says

  struct Axis {
    std::string path;
    std::vector<std::string> values;  // at least one
    Position at;
  };
  using Grid = std::vector<Axis>;  // at least one axis

  std::vector<Grid> grids;  // none: the scenario as it stands is the only point

  bool empty() const { return grids.empty(); }
  // At least 1; more than kMaxPoints where there are too many, without overflow.
  std::size_t size() const;
  // Point number `index`, of size(). Without a sweep, no settings.
  Settings point(std::size_t index) const;
  std::vector<Settings> points() const;
};

// The seed of a scenario's repeat number `repeat`, counted from 0, which is the scenario's own.
constexpr std::uint64_t seed_of_repeat(std::uint64_t seed, std::uint32_t repeat) { return seed + repeat; }

// What `sweep:` says, or what is wrong with it. Whether paths and values fit the scenario is seen by loading it with
// them. Diagnostics have no file.
std::expected<Sweep, Diagnostic> read_sweep(const Node& node);

}  // namespace ghostnet::scenarios
