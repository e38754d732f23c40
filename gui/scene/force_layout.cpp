#include "ghostnet/gui/scene/force_layout.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ghostnet::gui {

namespace {

constexpr float kFarEnough = 0.85F;  // a square is taken as one when it looks smaller than this
constexpr int kDeepest = 24;         // hosts at one spot share a leaf below
constexpr float kGravity = 0.012F;
constexpr float kFirstStep = 60;
constexpr float kLastStep = 0.3F;

// Neighbours first: in the order in which they are reached from the host with most links, so that linked hosts begin
// near each other.
std::vector<std::uint32_t> reaching_order(std::size_t hosts, std::span<const Pair> links) {
  std::vector<std::vector<std::uint32_t>> neighbours(hosts);
  for (const Pair& link : links) {
    neighbours[link.a].push_back(link.b);
    neighbours[link.b].push_back(link.a);
  }
  std::vector<std::uint32_t> by_degree(hosts);
  for (std::uint32_t host = 0; host < hosts; ++host) by_degree[host] = host;
  std::ranges::sort(by_degree, [&](std::uint32_t a, std::uint32_t b) {
    return neighbours[a].size() != neighbours[b].size() ? neighbours[a].size() > neighbours[b].size() : a < b;
  });
  std::vector<std::uint32_t> order;
  std::vector<bool> seen(hosts);
  for (const std::uint32_t root : by_degree) {
    if (seen[root]) continue;
    seen[root] = true;
    order.push_back(root);
    for (std::size_t at = order.size() - 1; at < order.size(); ++at) {
      for (const std::uint32_t other : neighbours[order[at]]) {
        if (!seen[other]) order.push_back(other);
        seen[other] = true;
      }
    }
  }
  return order;
}

std::size_t quarter_of(Spot spot, Spot centre) {
  return (spot.x >= centre.x ? 1U : 0U) + (spot.y >= centre.y ? 2U : 0U);
}

}  // namespace

ForceLayout::ForceLayout(std::size_t hosts, std::span<const Pair> links)
    : weight_(hosts, 1), spots_(hosts), forces_(hosts) {
  for (const Pair& link : links) {
    if (link.a == link.b) continue;
    links_.push_back(link);
    weight_[link.a] += 0.15F;
    weight_[link.b] += 0.15F;
  }
  const std::vector<std::uint32_t> order = reaching_order(hosts, links_);
  for (std::size_t n = 0; n < order.size(); ++n) {
    spots_[order[n]] = sunflower(n, kSpacing);
    const bool is_held = links_.empty() || weight_[order[n]] > 1;
    (is_held ? held_ : loose_).push_back(order[n]);
  }
  surround();
}

bool ForceLayout::step() {
  if (step_ >= kSteps || held_.size() < 2) return false;
  build_tree();
  const Extent whole = extent_of_held();
  const float size = std::max(whole.width(), whole.height());
  for (const std::uint32_t host : held_) push(host, size);
  pull();
  // Cools evenly on a logarithmic scale.
  const float share = static_cast<float>(step_) / (kSteps - 1);
  move(kFirstStep * std::pow(kLastStep / kFirstStep, share));
  surround();
  ++step_;
  return step_ < kSteps;
}

Extent ForceLayout::extent_of_held() const {
  std::vector<Spot> spots;
  spots.reserve(held_.size());
  for (const std::uint32_t host : held_) spots.push_back(spots_[host]);
  return extent_of(spots);
}

// As further seeds of a sunflower whose inner ones are the hosts with links.
void ForceLayout::surround() {
  if (loose_.empty() || held_.empty()) return;
  const Extent held = extent_of_held();
  const Spot middle{(held.left + held.right) / 2, (held.top + held.bottom) / 2};
  const float radius = std::hypot(held.width(), held.height()) / 2 + kSpacing;
  const float spacing = std::max(kSpacing / 2, 1.6F * radius / std::sqrt(static_cast<float>(spots_.size())));
  const Spot first = sunflower(1, spacing);
  const float nth = std::hypot(first.x, first.y);
  const auto inner = static_cast<std::size_t>((radius / nth) * (radius / nth));
  for (std::size_t n = 0; n < loose_.size(); ++n) {
    const Spot seed = sunflower(inner + n, spacing);
    spots_[loose_[n]] = {middle.x + seed.x, middle.y + seed.y};
  }
}

void ForceLayout::build_tree() {
  tree_.clear();
  tree_.emplace_back();
  const Extent whole = extent_of_held();
  for (const std::uint32_t host : held_) insert(host, whole);
  // Children stand behind their parents, so one pass from the end sums up.
  for (std::size_t at = tree_.size(); at-- > 0;) {
    Square& square = tree_[at];
    if (square.host >= 0) continue;
    float mass = 0;
    Spot sum{};
    for (const std::int32_t quarter : square.quarters) {
      if (quarter < 0) continue;
      const Square& child = tree_[static_cast<std::size_t>(quarter)];
      mass += child.mass;
      sum.x += child.middle.x * child.mass;
      sum.y += child.middle.y * child.mass;
    }
    square.mass = mass;
    if (mass > 0) square.middle = {sum.x / mass, sum.y / mass};
  }
}

void ForceLayout::insert(std::uint32_t host, const Extent& whole) {
  const Spot spot = spots_[host];
  Spot centre{(whole.left + whole.right) / 2, (whole.top + whole.bottom) / 2};
  float half = std::max(whole.width(), whole.height()) / 2;
  std::size_t at = 0;
  for (int depth = 0;; ++depth) {
    const bool empty_leaf = at != 0 && tree_[at].host < 0 && tree_[at].mass == 0 &&
                            std::ranges::all_of(tree_[at].quarters, [](std::int32_t quarter) { return quarter < 0; });
    if (empty_leaf) {
      tree_[at].host = static_cast<std::int32_t>(host);
      tree_[at].mass = weight_[host];
      tree_[at].middle = spot;
      return;
    }
    if (tree_[at].host >= 0) {
      if (depth >= kDeepest) {
        tree_[at].mass += weight_[host];
        return;
      }
      // The leaf becomes an inner square, with its host a level below.
      const std::int32_t moved = std::exchange(tree_[at].host, -1);
      const std::size_t quarter = quarter_of(tree_[at].middle, centre);
      Square leaf;
      leaf.host = moved;
      leaf.mass = tree_[at].mass;
      leaf.middle = tree_[at].middle;
      tree_[at].mass = 0;
      tree_[at].quarters[quarter] = static_cast<std::int32_t>(tree_.size());
      tree_.push_back(leaf);
    }
    const std::size_t quarter = quarter_of(spot, centre);
    half /= 2;
    centre = {centre.x + ((quarter & 1U) != 0 ? half : -half), centre.y + ((quarter & 2U) != 0 ? half : -half)};
    if (tree_[at].quarters[quarter] < 0) {
      tree_[at].quarters[quarter] = static_cast<std::int32_t>(tree_.size());
      tree_.emplace_back();
    }
    at = static_cast<std::size_t>(tree_[at].quarters[quarter]);
  }
}

// What all others push the host away with: spacing squared over the distance.
void ForceLayout::push(std::uint32_t host, float size) {
  struct Open {
    std::int32_t square;
    float size;
  };
  Open open[4 * (kDeepest + 2)];
  int count = 0;
  open[count++] = {0, size};
  const Spot spot = spots_[host];
  Spot force{-spot.x * kGravity * weight_[host], -spot.y * kGravity * weight_[host]};
  while (count > 0) {
    const Open next = open[--count];
    const Square& square = tree_[static_cast<std::size_t>(next.square)];
    const float dx = spot.x - square.middle.x;
    const float dy = spot.y - square.middle.y;
    const float apart2 = dx * dx + dy * dy;
    if (square.host < 0 && next.size * next.size > kFarEnough * kFarEnough * apart2) {
      for (const std::int32_t quarter : square.quarters) {
        if (quarter >= 0) open[count++] = {quarter, next.size / 2};
      }
      continue;
    }
    if (square.host == static_cast<std::int32_t>(host)) continue;
    const float strength = weight_[host] * square.mass * kSpacing * kSpacing / std::max(apart2, 0.01F);
    force.x += dx * strength;
    force.y += dy * strength;
  }
  forces_[host] = force;
}

// What links pull their ends together with: the distance squared over the spacing.
void ForceLayout::pull() {
  for (const Pair& link : links_) {
    const float dx = spots_[link.b].x - spots_[link.a].x;
    const float dy = spots_[link.b].y - spots_[link.a].y;
    const float strength = std::hypot(dx, dy) / kSpacing * 0.12F;
    forces_[link.a].x += dx * strength;
    forces_[link.a].y += dy * strength;
    forces_[link.b].x -= dx * strength;
    forces_[link.b].y -= dy * strength;
  }
}

void ForceLayout::move(float most) {
  for (const std::uint32_t host : held_) {
    const float strength = std::hypot(forces_[host].x, forces_[host].y);
    if (!(strength > 0)) continue;
    const float far = std::min(strength, most) / strength;
    spots_[host].x += forces_[host].x * far;
    spots_[host].y += forces_[host].y * far;
  }
}

Placement ForceLayout::placement() const {
  Placement placement{.kind = LayoutKind::force, .spots = spots_};
  placement.extent = extent_of(spots_);
  const float area = placement.extent.width() * placement.extent.height();
  placement.spacing = std::sqrt(area / static_cast<float>(std::max<std::size_t>(1, spots_.size()))) * 0.8F;
  return placement;
}

}  // namespace ghostnet::gui
