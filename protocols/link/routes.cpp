#include "ghostnet/link/routes.hpp"

#include <functional>
#include <queue>
#include <utility>

namespace ghostnet::link {

namespace {

// The hops that end at each router, in their order.
class HopsInto {
 public:
  HopsInto(std::span<const Hop> hops, std::size_t routers) : begin_(routers + 1), hops_(hops.size()) {
    for (const Hop& hop : hops) ++begin_[hop.to + 1];
    for (std::size_t router = 0; router < routers; ++router) begin_[router + 1] += begin_[router];
    std::vector<std::size_t> free = begin_;
    for (std::uint32_t hop = 0; hop < hops.size(); ++hop) hops_[free[hops[hop].to]++] = hop;
  }

  std::span<const std::uint32_t> operator[](std::uint32_t router) const {
    return std::span(hops_).subspan(begin_[router], begin_[router + 1] - begin_[router]);
  }

 private:
  std::vector<std::size_t> begin_;
  std::vector<std::uint32_t> hops_;
};

}  // namespace

// Dijkstra from the destination backwards. As each hop adds something, all hops over which a router is nearest are
// seen before its own turn comes, and the first of them stays.
std::vector<std::uint32_t> hops_towards(std::uint32_t to, std::span<const Hop> hops, std::size_t routers) {
  const HopsInto into(hops, routers);
  std::vector<Duration> away(routers, Duration::max());
  std::vector<std::uint32_t> next(routers, kNoHop);
  using Item = std::pair<Duration, std::uint32_t>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> open;
  away[to] = Duration::zero();
  open.emplace(Duration::zero(), to);
  while (!open.empty()) {
    const auto [so_far, router] = open.top();
    open.pop();
    if (so_far != away[router]) continue;
    for (const std::uint32_t id : into[router]) {
      const Hop& hop = hops[id];
      const Duration through = so_far + hop.delay + Duration(1);
      if (!hop.up || std::pair(through, id) >= std::pair(away[hop.from], next[hop.from])) continue;
      const bool is_shorter = through < away[hop.from];
      away[hop.from] = through;
      next[hop.from] = id;
      if (is_shorter) open.emplace(through, hop.from);
    }
  }
  return next;
}

}  // namespace ghostnet::link
