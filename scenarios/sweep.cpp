#include "ghostnet/scenarios/sweep.hpp"

#include <algorithm>
#include <optional>

namespace ghostnet::scenarios {

namespace {

std::size_t points_of(const Sweep::Grid& grid) {
  std::size_t count = 1;
  for (const Sweep::Axis& axis : grid) count = std::min(count * axis.values.size(), Sweep::kMaxPoints + 1);
  return count;
}

class SweepReader {
 public:
  std::expected<Sweep, Diagnostic> read(const Node& node) {
    if (node.is_sequence()) {
      for (std::size_t i = 0; i < node.items.size() && !wrong_; ++i)
        read_grid(node.items[i], fmt::format("sweep[{}]", i));
    } else {
      read_grid(node, "sweep");
    }
    if (!wrong_ && sweep_.size() > Sweep::kMaxPoints) {
      complain(node.at, "sweep", fmt::format("more than {} points", Sweep::kMaxPoints));
    }
    if (wrong_) return std::unexpected(*wrong_);
    return std::move(sweep_);
  }

 private:
  void complain(Position at, std::string key, std::string message) {
    if (!wrong_) wrong_ = Diagnostic{.file = {}, .at = at, .key = std::move(key), .message = std::move(message)};
  }

  void read_grid(const Node& node, const std::string& where) {
    if (!node.is_mapping() || node.size() == 0) {
      return complain(node.at, where,
                      fmt::format("expected paths with their values, as in network.loss: [0 %, 1 %], found {}",
                                  node.is_mapping() ? "an empty mapping" : node.what()));
    }
    Sweep::Grid grid;
    for (std::size_t i = 0; i < node.size(); ++i) read_axis(node.key(i), node.value(i), where, grid);
    sweep_.grids.push_back(std::move(grid));
  }

  void read_axis(const Node& key, const Node& value, const std::string& where, Sweep::Grid& grid) {
    Sweep::Axis axis{.path = key.text, .values = {}, .at = key.at};
    if (value.is_sequence()) {
      for (const Node& item : value.items) axis.values.push_back(to_yaml(item));
    } else {
      axis.values.push_back(to_yaml(value));
    }
    std::string path = fmt::format("{}.{}", where, key.text);
    if (axis.values.empty()) return complain(value.at, path, "expected at least one value, found an empty list");
    values_ += axis.values.size();
    if (values_ > Sweep::kMaxValues) {
      return complain(value.at, path, fmt::format("more than {} values in all", Sweep::kMaxValues));
    }
    grid.push_back(std::move(axis));
  }

  Sweep sweep_;
  std::size_t values_ = 0;
  std::optional<Diagnostic> wrong_;
};

}  // namespace

std::size_t Sweep::size() const {
  if (grids.empty()) return 1;
  std::size_t count = 0;
  for (const Grid& grid : grids) count = std::min(count + points_of(grid), kMaxPoints + 1);
  return count;
}

Settings Sweep::point(std::size_t index) const {
  for (const Grid& grid : grids) {
    std::size_t count = points_of(grid);
    if (index >= count) {
      index -= count;
      continue;
    }
    Settings settings(grid.size());
    for (std::size_t i = grid.size(); i-- > 0;) {
      const Axis& axis = grid[i];
      settings[i] = {axis.path, axis.values[index % axis.values.size()]};
      index /= axis.values.size();
    }
    return settings;
  }
  return {};
}

std::vector<Settings> Sweep::points() const {
  std::vector<Settings> all;
  for (std::size_t i = 0; i < size(); ++i) all.push_back(point(i));
  return all;
}

std::expected<Sweep, Diagnostic> read_sweep(const Node& node) { return SweepReader().read(node); }

}  // namespace ghostnet::scenarios
