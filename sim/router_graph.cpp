#include "ghostnet/sim/router_graph.hpp"

#include <limits>
#include <queue>
#include <tuple>
#include <utility>

namespace ghostnet::sim {

Result<RouterId> RouterGraph::add_router(std::string name) {
  if (routers_.size() >= kMaxRouters) {
    return fail(Errc::limit, "adding router {}: a graph has at most {} routers", name, kMaxRouters);
  }
  routers_.push_back({.name = std::move(name), .in = {}, .out = {}, .next_towards = {}});
  return static_cast<RouterId>(routers_.size() - 1);
}

Result<RouterGraph::EdgeId> RouterGraph::add_edge(RouterId from, RouterId to) {
  if (from >= routers_.size() || to >= routers_.size() || from == to) {
    return fail(Errc::invalid_argument, "adding a link from router {} to {}: there are routers 0 to {}", from, to,
                routers_.size());
  }
  if (edges_.size() >= kMaxEdges) return fail(Errc::limit, "adding a link: a graph has at most {}", kMaxEdges);
  auto id = static_cast<EdgeId>(edges_.size());
  edges_.push_back({.from = from, .to = to, .up = true, .port = {}});
  routers_[to].in.push_back(id);
  routers_[from].out.push_back(id);
  for (Router& router : routers_) router.next_towards.clear();
  return id;
}

std::optional<RouterGraph::EdgeId> RouterGraph::find_edge(RouterId from, RouterId to) const {
  if (from >= routers_.size()) return std::nullopt;
  for (EdgeId edge : routers_[from].out) {
    if (edges_[edge].to == to) return edge;
  }
  return std::nullopt;
}

void RouterGraph::set_edge_up(EdgeId edge, bool up) {
  if (std::exchange(edges_[edge].up, up) == up) return;
  for (Router& router : routers_) router.next_towards.clear();
}

std::optional<RouterGraph::EdgeId> RouterGraph::next_hop(RouterId at, RouterId to) {
  if (routers_[to].next_towards.empty()) compute_routes(to);
  EdgeId edge = routers_[to].next_towards[at];
  if (edge == kNoEdge) return std::nullopt;
  return edge;
}

// Dijkstra from the destination backwards; among equals the lower edge number wins.
void RouterGraph::compute_routes(RouterId to) {
  constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();
  std::vector<std::int64_t> distance_ns(routers_.size(), kFar);
  std::vector<EdgeId>& next = routers_[to].next_towards;
  next.assign(routers_.size(), kNoEdge);
  using Item = std::pair<std::int64_t, RouterId>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> open;
  distance_ns[to] = 0;
  open.push({0, to});
  while (!open.empty()) {
    auto [so_far_ns, router] = open.top();
    open.pop();
    if (so_far_ns != distance_ns[router]) continue;
    for (EdgeId id : routers_[router].in) {
      const Edge& edge = edges_[id];
      if (!edge.up) continue;
      // A hop costs at least a nanosecond, so that among ways without delay the one with fewer hops is taken.
      std::int64_t delay_ns = edge.port.profile == nullptr ? 0 : edge.port.profile->delay().count();
      std::int64_t through_ns = so_far_ns + delay_ns + 1;
      if (std::tie(through_ns, id) >= std::tie(distance_ns[edge.from], next[edge.from])) continue;
      bool shorter = through_ns < distance_ns[edge.from];
      distance_ns[edge.from] = through_ns;
      next[edge.from] = id;
      if (shorter) open.push({through_ns, edge.from});
    }
  }
}

}  // namespace ghostnet::sim
