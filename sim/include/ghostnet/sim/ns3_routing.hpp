// Which way packets go in the ns3 carrier, as far as that is ours to say.
//
// RoutingGraph knows who is on which segment (a wire, a LAN, a radio cell). PathRouting4 and PathRouting6 are routing
// protocols of ns-3 over it: each node has one, in front of the others of its list. Both deliver what a host sends to
// itself, on whatever address of its own, which ns-3 would put on the wire. Where they are told to route, they take the
// shortest path in hops over the interfaces that are up, as found by a search from the destination, once for each
// destination in use; of equal ways the one attached first is taken. IPv6 is always routed so, since ns-3's global
// routing knows only IPv4.
//
// Only for the sources of the ns3 carrier: it includes ns-3.
#pragma once

#include <ns3/ipv4-routing-protocol.h>
#include <ns3/ipv6-routing-protocol.h>
#include <ns3/net-device.h>
#include <ns3/ptr.h>

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/host_id.hpp"

namespace ghostnet::sim {

using SegmentId = std::uint32_t;

// One interface on one segment.
struct SegmentMember {
  HostId host = 0;
  SegmentId segment = 0;
  ns3::Ptr<ns3::NetDevice> device;
  std::optional<IpAddress> v4;
  std::optional<IpAddress> v6;
  bool up = true;
};

// Where a host sends what is for some destination.
struct Hop {
  const SegmentMember* out = nullptr;
  const SegmentMember* via = nullptr;  // null: the destination itself is on this segment
};

class RoutingGraph {
 public:
  // Of the tables that are kept, one for each destination host; more destinations are searched for anew.
  static constexpr std::size_t kMaxTableBytes = 256 << 20;

  // On a segment that carries no transit, hosts reach each other only directly: a radio cell where not everybody hears
  // everybody, which is the business of a MANET protocol.
  SegmentId add_segment(bool transit);
  void attach(const SegmentMember& member);
  void set_up(HostId host, const ns3::Ptr<ns3::NetDevice>& device, bool up);

  std::optional<HostId> owner_of(const IpAddress& address) const;
  std::optional<Hop> next_hop(HostId from, const IpAddress& to) const;

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Segment {
    bool transit;
    std::vector<std::uint32_t> members;
  };
  struct Step {
    std::uint32_t out = kNone;
    std::uint32_t via = kNone;
  };
  using Table = std::vector<Step>;  // by host

  const Table& table_to(HostId destination) const;
  Table search_from(HostId destination) const;

  std::vector<Segment> segments_;
  std::vector<SegmentMember> members_;
  std::vector<std::vector<std::uint32_t>> by_host_;
  std::unordered_map<IpAddress, std::uint32_t> by_address_;
  mutable std::unordered_map<HostId, Table> tables_;
};

class PathRouting4 final : public ns3::Ipv4RoutingProtocol {
 public:
  static ns3::TypeId GetTypeId();
  // Not given: only what is for the host itself.
  void set_up(const RoutingGraph& graph, HostId host, bool routes);

  ns3::Ptr<ns3::Ipv4Route> RouteOutput(ns3::Ptr<ns3::Packet> packet, const ns3::Ipv4Header& header,
                                       ns3::Ptr<ns3::NetDevice> out, ns3::Socket::SocketErrno& error) override;
  bool RouteInput(ns3::Ptr<const ns3::Packet> packet, const ns3::Ipv4Header& header, ns3::Ptr<const ns3::NetDevice> in,
                  UnicastForwardCallback forward, MulticastForwardCallback, LocalDeliverCallback,
                  ErrorCallback) override;
  void NotifyInterfaceUp(std::uint32_t) override {}
  void NotifyInterfaceDown(std::uint32_t) override {}
  void NotifyAddAddress(std::uint32_t, ns3::Ipv4InterfaceAddress) override {}
  void NotifyRemoveAddress(std::uint32_t, ns3::Ipv4InterfaceAddress) override {}
  void SetIpv4(ns3::Ptr<ns3::Ipv4> ipv4) override { ipv4_ = ipv4; }
  void PrintRoutingTable(ns3::Ptr<ns3::OutputStreamWrapper>, ns3::Time::Unit) const override {}

 private:
  void DoDispose() override;
  ns3::Ptr<ns3::Ipv4Route> route_to(ns3::Ipv4Address destination) const;

  const RoutingGraph* graph_ = nullptr;
  HostId host_ = 0;
  bool routes_ = false;
  ns3::Ptr<ns3::Ipv4> ipv4_;
};

class PathRouting6 final : public ns3::Ipv6RoutingProtocol {
 public:
  static ns3::TypeId GetTypeId();
  void set_up(const RoutingGraph& graph, HostId host);

  ns3::Ptr<ns3::Ipv6Route> RouteOutput(ns3::Ptr<ns3::Packet> packet, const ns3::Ipv6Header& header,
                                       ns3::Ptr<ns3::NetDevice> out, ns3::Socket::SocketErrno& error) override;
  bool RouteInput(ns3::Ptr<const ns3::Packet> packet, const ns3::Ipv6Header& header, ns3::Ptr<const ns3::NetDevice> in,
                  UnicastForwardCallback forward, MulticastForwardCallback, LocalDeliverCallback,
                  ErrorCallback) override;
  void NotifyInterfaceUp(std::uint32_t) override {}
  void NotifyInterfaceDown(std::uint32_t) override {}
  void NotifyAddAddress(std::uint32_t, ns3::Ipv6InterfaceAddress) override {}
  void NotifyRemoveAddress(std::uint32_t, ns3::Ipv6InterfaceAddress) override {}
  void NotifyAddRoute(ns3::Ipv6Address, ns3::Ipv6Prefix, ns3::Ipv6Address, std::uint32_t, ns3::Ipv6Address) override {}
  void NotifyRemoveRoute(ns3::Ipv6Address, ns3::Ipv6Prefix, ns3::Ipv6Address, std::uint32_t,
                         ns3::Ipv6Address) override {}
  void SetIpv6(ns3::Ptr<ns3::Ipv6> ipv6) override { ipv6_ = ipv6; }
  void PrintRoutingTable(ns3::Ptr<ns3::OutputStreamWrapper>, ns3::Time::Unit) const override {}

 private:
  void DoDispose() override;
  ns3::Ptr<ns3::Ipv6Route> route_to(ns3::Ipv6Address destination) const;

  const RoutingGraph* graph_ = nullptr;
  HostId host_ = 0;
  ns3::Ptr<ns3::Ipv6> ipv6_;
};

}  // namespace ghostnet::sim
