// RoutingTable: which interface a destination is reached by: the longest matching prefix decides (RFC 1812 5.2.4.3),
// among equal ones the lowest metric.
//
// An IpLink has no addresses of its own layer, so a route names an interface and no gateway. The table is a sorted
// vector: a look-up is one binary search for each prefix length in use, an insertion moves what follows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet::ip {

struct Route {
  IpPrefix destination;
  InterfaceIndex interface = 0;
  IpAddress source{};  // of packets of this host that take it; unspecified: RFC 6724 decides
  std::uint32_t metric = 0;

  friend bool operator==(const Route&, const Route&) = default;
};

class RoutingTable {
 public:
  explicit RoutingTable(std::size_t max_routes = 65'536) : max_routes_(max_routes) {}

  // Replaces a route of the same destination and interface. Errors: limit.
  Result<> add(const Route& route);
  // False: there was none.
  bool remove(const IpPrefix& destination, InterfaceIndex interface);

  // The best route whose interface satisfies usable(InterfaceIndex); null: there is none. Until the next change.
  template <class Usable>
  const Route* find(const IpAddress& destination, Usable usable) const {
    const IpAddress plain = destination.without_scope_id();
    for (const Group& group : groups_) {
      if (group.family != plain.family()) continue;
      for (const Route* route = first_of(group, IpPrefix(plain, group.length)); route != nullptr;) {
        if (usable(route->interface)) return route;
        const Route* const next = route + 1;
        const bool same = next < routes_.data() + group.end && next->destination == route->destination;
        route = same ? next : nullptr;
      }
    }
    return nullptr;
  }
  const Route* find(const IpAddress& destination) const {
    return find(destination, [](InterfaceIndex) { return true; });
  }

  // Longest prefixes first.
  std::span<const Route> routes() const { return routes_; }

 private:
  // The routes of one prefix length, which lie together, in order of address and metric.
  struct Group {
    IpFamily family;
    std::uint8_t length;
    std::uint32_t begin, end;
  };

  const Route* first_of(const Group& group, const IpPrefix& prefix) const;
  void regroup();

  std::size_t max_routes_;
  std::vector<Route> routes_;
  std::vector<Group> groups_;
};

}  // namespace ghostnet::ip
