#include "ghostnet/ip/routing_table.hpp"

#include <algorithm>
#include <tuple>

namespace ghostnet::ip {

namespace {

bool before(const Route& a, const Route& b) {
  const auto key = [](const Route& route) {
    return std::tuple(route.destination.family(), -static_cast<int>(route.destination.length()),
                      route.destination.address(), route.metric, route.interface);
  };
  return key(a) < key(b);
}

}  // namespace

Result<> RoutingTable::add(const Route& route) {
  remove(route.destination, route.interface);
  if (routes_.size() >= max_routes_) {
    return fail(Errc::limit, "adding a route to {}: the table holds {} (max_routes)", route.destination.to_string(),
                max_routes_);
  }
  routes_.insert(std::ranges::upper_bound(routes_, route, before), route);
  regroup();
  return {};
}

bool RoutingTable::remove(const IpPrefix& destination, InterfaceIndex interface) {
  const bool found = std::erase_if(routes_, [&](const Route& route) {
                       return route.destination == destination && route.interface == interface;
                     }) != 0;
  if (found) regroup();
  return found;
}

const Route* RoutingTable::first_of(const Group& group, const IpPrefix& prefix) const {
  const auto begin = routes_.begin() + group.begin;
  const auto end = routes_.begin() + group.end;
  const auto found = std::ranges::lower_bound(begin, end, prefix.address(), {},
                                              [](const Route& route) { return route.destination.address(); });
  return found != end && found->destination == prefix ? &*found : nullptr;
}

void RoutingTable::regroup() {
  groups_.clear();
  for (std::uint32_t i = 0; i < routes_.size(); ++i) {
    const IpPrefix& prefix = routes_[i].destination;
    if (groups_.empty() || groups_.back().length != prefix.length() || groups_.back().family != prefix.family()) {
      groups_.push_back({prefix.family(), static_cast<std::uint8_t>(prefix.length()), i, i});
    }
    groups_.back().end = i + 1;
  }
}

}  // namespace ghostnet::ip
