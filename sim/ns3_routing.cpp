#include "ghostnet/sim/ns3_routing.hpp"

#include <ns3/ipv4-route.h>
#include <ns3/ipv4.h>
#include <ns3/ipv6-route.h>
#include <ns3/ipv6.h>

#include <algorithm>
#include <utility>

#include "ghostnet/sim/ns3_address.hpp"

namespace ghostnet::sim {

using ns3::Ptr;

SegmentId RoutingGraph::add_segment(bool transit) {
  segments_.push_back({transit, {}});
  return static_cast<SegmentId>(segments_.size() - 1);
}

void RoutingGraph::attach(const SegmentMember& member) {
  const auto number = static_cast<std::uint32_t>(members_.size());
  members_.push_back(member);
  segments_[member.segment].members.push_back(number);
  if (by_host_.size() <= member.host) by_host_.resize(member.host + 1);
  by_host_[member.host].push_back(number);
  if (member.v4) by_address_[*member.v4] = number;
  if (member.v6) by_address_[*member.v6] = number;
  tables_.clear();
}

void RoutingGraph::set_up(HostId host, const Ptr<ns3::NetDevice>& device, bool up) {
  if (host >= by_host_.size()) return;
  for (std::uint32_t number : by_host_[host]) {
    if (members_[number].device == device) members_[number].up = up;
  }
  tables_.clear();
}

std::optional<HostId> RoutingGraph::owner_of(const IpAddress& address) const {
  auto found = by_address_.find(address);
  if (found == by_address_.end()) return std::nullopt;
  return members_[found->second].host;
}

std::optional<Hop> RoutingGraph::next_hop(HostId from, const IpAddress& to) const {
  auto found = by_address_.find(to);
  if (found == by_address_.end() || from >= by_host_.size()) return std::nullopt;
  const SegmentMember& destination = members_[found->second];
  for (std::uint32_t number : by_host_[from]) {
    const SegmentMember& own = members_[number];
    if (own.segment == destination.segment && own.up && destination.up) return Hop{&own, nullptr};
  }
  const Table& table = table_to(destination.host);
  if (from >= table.size() || table[from].out == kNone) return std::nullopt;
  return Hop{&members_[table[from].out], &members_[table[from].via]};
}

const RoutingGraph::Table& RoutingGraph::table_to(HostId destination) const {
  if (auto known = tables_.find(destination); known != tables_.end()) return known->second;
  if ((tables_.size() + 1) * by_host_.size() * sizeof(Step) > kMaxTableBytes) tables_.clear();
  return tables_.emplace(destination, search_from(destination)).first->second;
}

// Breadth first, each segment once: whoever reaches it first is the way on for everybody else there.
RoutingGraph::Table RoutingGraph::search_from(HostId destination) const {
  Table table(by_host_.size());
  std::vector<bool> segment_done(segments_.size());
  std::vector<HostId> reached{destination};
  for (std::size_t next = 0; next < reached.size(); ++next) {
    const HostId host = reached[next];
    for (std::uint32_t via : by_host_[host]) {
      const SegmentMember& door = members_[via];
      if (!door.up || !segments_[door.segment].transit || segment_done[door.segment]) continue;
      segment_done[door.segment] = true;
      for (std::uint32_t out : segments_[door.segment].members) {
        const SegmentMember& neighbour = members_[out];
        if (!neighbour.up || neighbour.host == destination || table[neighbour.host].out != kNone) continue;
        table[neighbour.host] = {out, via};
        reached.push_back(neighbour.host);
      }
    }
  }
  return table;
}

ns3::TypeId PathRouting4::GetTypeId() {
  static ns3::TypeId type = ns3::TypeId("ghostnet::PathRouting4")
                                .SetParent<ns3::Ipv4RoutingProtocol>()
                                .SetGroupName("Internet")
                                .AddConstructor<PathRouting4>();
  return type;
}

void PathRouting4::set_up(const RoutingGraph& graph, HostId host, bool routes) {
  graph_ = &graph;
  host_ = host;
  routes_ = routes;
}

void PathRouting4::DoDispose() {
  graph_ = nullptr;
  ipv4_ = nullptr;
  Ipv4RoutingProtocol::DoDispose();
}

Ptr<ns3::Ipv4Route> PathRouting4::route_to(ns3::Ipv4Address destination) const {
  if (graph_ == nullptr) return nullptr;
  const IpAddress address = from_ns3(destination);
  Ptr<ns3::Ipv4Route> route;
  if (graph_->owner_of(address) == host_) {
    route = ns3::Create<ns3::Ipv4Route>();
    route->SetSource(destination);
    route->SetGateway(ns3::Ipv4Address::GetAny());
    route->SetOutputDevice(ipv4_->GetNetDevice(0));
  } else if (routes_) {
    std::optional<Hop> hop = graph_->next_hop(host_, address);
    if (!hop || !hop->out->v4) return nullptr;
    route = ns3::Create<ns3::Ipv4Route>();
    route->SetSource(to_ns3_v4(*hop->out->v4));
    route->SetGateway(hop->via != nullptr ? to_ns3_v4(*hop->via->v4) : ns3::Ipv4Address::GetAny());
    route->SetOutputDevice(hop->out->device);
  } else {
    return nullptr;
  }
  route->SetDestination(destination);
  return route;
}

Ptr<ns3::Ipv4Route> PathRouting4::RouteOutput(Ptr<ns3::Packet>, const ns3::Ipv4Header& header, Ptr<ns3::NetDevice> out,
                                              ns3::Socket::SocketErrno& error) {
  Ptr<ns3::Ipv4Route> route = route_to(header.GetDestination());
  if (route != nullptr && out != nullptr && route->GetOutputDevice() != out) route = nullptr;
  error = route != nullptr ? ns3::Socket::ERROR_NOTERROR : ns3::Socket::ERROR_NOROUTETOHOST;
  return route;
}

bool PathRouting4::RouteInput(Ptr<const ns3::Packet> packet, const ns3::Ipv4Header& header, Ptr<const ns3::NetDevice>,
                              UnicastForwardCallback forward, MulticastForwardCallback, LocalDeliverCallback,
                              ErrorCallback) {
  if (!routes_ || header.GetDestination().IsMulticast()) return false;
  Ptr<ns3::Ipv4Route> route = route_to(header.GetDestination());
  if (route == nullptr) return false;
  forward(route, packet, header);
  return true;
}

ns3::TypeId PathRouting6::GetTypeId() {
  static ns3::TypeId type = ns3::TypeId("ghostnet::PathRouting6")
                                .SetParent<ns3::Ipv6RoutingProtocol>()
                                .SetGroupName("Internet")
                                .AddConstructor<PathRouting6>();
  return type;
}

void PathRouting6::set_up(const RoutingGraph& graph, HostId host) {
  graph_ = &graph;
  host_ = host;
}

void PathRouting6::DoDispose() {
  graph_ = nullptr;
  ipv6_ = nullptr;
  Ipv6RoutingProtocol::DoDispose();
}

Ptr<ns3::Ipv6Route> PathRouting6::route_to(ns3::Ipv6Address destination) const {
  if (graph_ == nullptr) return nullptr;
  const IpAddress address = from_ns3(destination);
  Ptr<ns3::Ipv6Route> route = ns3::Create<ns3::Ipv6Route>();
  route->SetDestination(destination);
  if (graph_->owner_of(address) == host_) {
    route->SetSource(destination);
    route->SetGateway(ns3::Ipv6Address::GetZero());
    route->SetOutputDevice(ipv6_->GetNetDevice(0));
    return route;
  }
  std::optional<Hop> hop = graph_->next_hop(host_, address);
  if (!hop || !hop->out->v6) return nullptr;
  route->SetSource(to_ns3_v6(*hop->out->v6));
  route->SetGateway(hop->via != nullptr ? to_ns3_v6(*hop->via->v6) : ns3::Ipv6Address::GetZero());
  route->SetOutputDevice(hop->out->device);
  return route;
}

Ptr<ns3::Ipv6Route> PathRouting6::RouteOutput(Ptr<ns3::Packet>, const ns3::Ipv6Header& header, Ptr<ns3::NetDevice> out,
                                              ns3::Socket::SocketErrno& error) {
  Ptr<ns3::Ipv6Route> route = route_to(header.GetDestination());
  if (route != nullptr && out != nullptr && route->GetOutputDevice() != out) route = nullptr;
  error = route != nullptr ? ns3::Socket::ERROR_NOTERROR : ns3::Socket::ERROR_NOROUTETOHOST;
  return route;
}

bool PathRouting6::RouteInput(Ptr<const ns3::Packet> packet, const ns3::Ipv6Header& header,
                              Ptr<const ns3::NetDevice> in, UnicastForwardCallback forward, MulticastForwardCallback,
                              LocalDeliverCallback, ErrorCallback) {
  if (header.GetDestination().IsMulticast()) return false;
  Ptr<ns3::Ipv6Route> route = route_to(header.GetDestination());
  if (route == nullptr) return false;
  forward(in, route, packet, header);
  return true;
}

}  // namespace ghostnet::sim
