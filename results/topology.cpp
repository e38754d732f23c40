#include "ghostnet/results/topology.hpp"

#include <algorithm>
#include <utility>

#include "ghostnet/link/routes.hpp"
#include "row_visit.hpp"

namespace ghostnet::results {

std::optional<std::uint32_t> Topology::find(std::string_view router) const {
  const auto found = std::ranges::find(routers, router);
  if (found == routers.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - routers.begin());
}

Result<Topology> topology(const Database& database, std::int64_t run) {
  Topology topology;
  std::unordered_map<std::string, std::uint32_t> known;
  const auto router = [&](std::string name) {
    const auto [place, is_new] = known.try_emplace(std::move(name), topology.routers.size());
    if (is_new) topology.routers.push_back(place->first);
    return place->second;
  };
  const auto keep = [&](const Statement& row) -> Result<> {
    const std::uint32_t a = router(row.text(0));
    const std::uint32_t b = router(row.text(1));
    topology.wires.push_back({.a = a, .b = b, .delay_ns = row.integer(2), .rate_bps = row.integer(3)});
    return {};
  };
  // All wires were written at the instant at which the record of links begins.
  constexpr std::string_view kWires =
      "SELECT fields ->> 'from', fields ->> 'to', coalesce(fields ->> 'up_delay_ns', 0), "
      "coalesce(fields ->> 'up_bps', 0) FROM links WHERE run_id = ?1 AND since_ns = (SELECT min(since_ns) FROM links "
      "WHERE run_id = ?1) AND kind = 'wire' AND a = -1 AND b = -1 AND fields ->> 'from' IS NOT NULL AND "
      "fields ->> 'to' IS NOT NULL ORDER BY number";
  if (Result<> read = for_each_row(database, kWires, keep, run); !read) return fail(std::move(read));
  return topology;
}

Ways::Ways(const Topology& topology, Routing routing)
    : topology_(topology), routing_(routing), wires_of_(topology.routers.size()) {
  for (std::uint32_t wire = 0; wire < topology.wires.size(); ++wire) {
    wires_of_[topology.wires[wire].a].push_back(wire);
    wires_of_[topology.wires[wire].b].push_back(wire);
  }
}

std::optional<std::vector<std::uint32_t>> Ways::between(std::uint32_t from, std::uint32_t to) {
  auto known = towards_.find(to);
  if (known == towards_.end()) {
    if (towards_.size() >= kMaxTables) towards_.clear();
    Table table = routing_ == Routing::least_delay ? search_by_delay(to) : search_by_hops(to);
    known = towards_.emplace(to, std::move(table)).first;
  }
  std::vector<std::uint32_t> way;
  for (std::uint32_t at = from; at != to;) {
    const std::uint32_t wire = known->second[at];
    if (wire == link::kNoHop) return std::nullopt;
    way.push_back(wire);
    at = topology_.wires[wire].other_end(at);
  }
  return way;
}

Ways::Table Ways::search_by_delay(std::uint32_t to) const {
  std::vector<link::Hop> hops;  // of each wire one in either direction
  hops.reserve(2 * topology_.wires.size());
  for (const Wire& wire : topology_.wires) {
    const Duration delay(std::max<std::int64_t>(0, wire.delay_ns));
    hops.push_back({.from = wire.a, .to = wire.b, .delay = delay});
    hops.push_back({.from = wire.b, .to = wire.a, .delay = delay});
  }
  Table next = link::hops_towards(to, hops, topology_.routers.size());
  for (std::uint32_t& hop : next) {
    if (hop != link::kNoHop) hop /= 2;
  }
  return next;
}

// Breadth first, each wire in its order.
Ways::Table Ways::search_by_hops(std::uint32_t to) const {
  Table next(topology_.routers.size(), link::kNoHop);
  std::vector<std::uint32_t> reached{to};
  for (std::size_t at = 0; at < reached.size(); ++at) {
    for (const std::uint32_t id : wires_of_[reached[at]]) {
      const std::uint32_t before = topology_.wires[id].other_end(reached[at]);
      if (before == to || next[before] != link::kNoHop) continue;
      next[before] = id;
      reached.push_back(before);
    }
  }
  return next;
}

}  // namespace ghostnet::results
