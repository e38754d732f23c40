#include "ghostnet/sim/router_graph.hpp"

#include <utility>

#include "ghostnet/link/routes.hpp"

namespace ghostnet::sim {

Result<RouterId> RouterGraph::add_router(std::string name) {
  if (routers_.size() >= kMaxRouters) {
    return fail(Errc::limit, "adding router {}: a graph has at most {} routers", name, kMaxRouters);
  }
  routers_.push_back({.name = std::move(name), .out = {}, .next_towards = {}});
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
  if (edge == link::kNoHop) return std::nullopt;
  return edge;
}

void RouterGraph::compute_routes(RouterId to) {
  std::vector<link::Hop> hops;
  hops.reserve(edges_.size());
  for (const Edge& edge : edges_) {
    hops.push_back({.from = edge.from,
                    .to = edge.to,
                    .delay = edge.port.profile == nullptr ? Duration::zero() : edge.port.profile->delay(),
                    .up = edge.up});
  }
  routers_[to].next_towards = link::hops_towards(to, hops, routers_.size());
}

}  // namespace ghostnet::sim
