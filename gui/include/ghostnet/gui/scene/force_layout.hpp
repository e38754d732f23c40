// ForceLayout: a placement in which linked hosts are near and all others keep their distance (Fruchterman and Reingold
// 1991), with the push of far hosts taken together in a tree of squares (Barnes and Hut 1986).
//
// It is a machine that is stepped, so that a picture can be shown while it settles, and it repeats: the same hosts and
// links go through the same steps. A step takes O((hosts + links) log hosts).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ghostnet/gui/scene/placement.hpp"

namespace ghostnet::gui {

class ForceLayout {
 public:
  // Apart by about this much when settled.
  static constexpr float kSpacing = 10;
  static constexpr int kSteps = 260;

  ForceLayout(std::size_t hosts, std::span<const Pair> links);

  // False: settled.
  bool step();
  int steps_done() const { return step_; }
  // Hosts without a link, which nothing holds, stand about the others.
  std::span<const Spot> spots() const { return spots_; }
  Placement placement() const;

 private:
  // A square of the tree: a leaf holds a host, an inner one the sum of what is in its four quarters.
  struct Square {
    float mass = 0;
    Spot middle{};  // of the mass
    std::int32_t quarters[4] = {-1, -1, -1, -1};
    std::int32_t host = -1;
  };

  void build_tree();
  void insert(std::uint32_t host, const Extent& whole);
  void push(std::uint32_t host, float size);
  void pull();
  void move(float most);
  void surround();
  Extent extent_of_held() const;

  std::vector<Pair> links_;
  std::vector<float> weight_;         // of a host: what its links add up to
  std::vector<std::uint32_t> held_;   // hosts with links; all, where there are none
  std::vector<std::uint32_t> loose_;  // the others
  std::vector<Spot> spots_;
  std::vector<Spot> forces_;
  std::vector<Square> tree_;
  int step_ = 0;
};

}  // namespace ghostnet::gui
