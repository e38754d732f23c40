// RouterGraph: routers, the links between them, and the way from each to each (ghostnet/link/routes.hpp).
//
// Routes are computed for a destination when it is first asked for, and forgotten when the graph changes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/runtime/result.hpp"
#include "ghostnet/sim/port.hpp"

namespace ghostnet::sim {

using RouterId = std::uint16_t;

class RouterGraph {
 public:
  static constexpr std::size_t kMaxRouters = 4096;
  static constexpr std::size_t kMaxEdges = 65'536;

  struct Edge {
    RouterId from;
    RouterId to;
    bool up = true;
    Port port;
  };
  using EdgeId = std::uint32_t;

  // Errors: limit.
  Result<RouterId> add_router(std::string name);
  // The edge's port is to be given its profile by the caller. Errors: limit, invalid_argument for an unknown router.
  Result<EdgeId> add_edge(RouterId from, RouterId to);

  std::size_t router_count() const { return routers_.size(); }
  const std::string& name(RouterId router) const { return routers_[router].name; }
  Edge& edge(EdgeId edge) { return edges_[edge]; }
  std::optional<EdgeId> find_edge(RouterId from, RouterId to) const;
  void set_edge_up(EdgeId edge, bool up);

  // The edge to take at `at` towards `to`; nothing when there is no way. at != to.
  std::optional<EdgeId> next_hop(RouterId at, RouterId to);

 private:
  struct Router {
    std::string name;
    std::vector<EdgeId> out;
    std::vector<EdgeId> next_towards;  // by router: the edge to take there towards this one; empty: not computed
  };

  void compute_routes(RouterId to);

  std::vector<Router> routers_;
  std::vector<Edge> edges_;
};

}  // namespace ghostnet::sim
