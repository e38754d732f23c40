#include "ghostnet/sim/ns3_followed.hpp"

#include <ns3/ipv4-header.h>
#include <ns3/ipv4-l3-protocol.h>
#include <ns3/ipv6-header.h>
#include <ns3/ipv6-l3-protocol.h>

#include <ostream>

#include "ghostnet/runtime/observer.hpp"
#include "ghostnet/sim/ns3_address.hpp"
#include "ghostnet/sim/ns3_host.hpp"
#include "ghostnet/tcp/checksum.hpp"

namespace ghostnet::sim {

namespace {

void follow(Ns3Host& host, const IpAddress& to, const ns3::Packet& packet, std::string_view kind) {
  Observer* const observer = host.observer();
  if (observer == nullptr || !observer->follows_next()) return;
  const HostId peer = observer->host_at(to);
  if (peer == host.id()) return;
  FollowedPackets& followed = host.world().followed;
  packet.AddPacketTag(FollowedTag(++followed.last));
  followed.under_way.emplace(
      followed.last,
      FollowedPackets::UnderWay{
          .from = host.id(), .to = peer, .sent = host.true_now(), .bytes = packet.GetSize(), .kind = kind});
}

std::uint8_t protocol_of(const ns3::Ipv4Header& header) { return header.GetProtocol(); }
std::uint8_t protocol_of(const ns3::Ipv6Header& header) { return header.GetNextHeader(); }

template <class Header>
void segment_leaves(Ns3Host* host, const Header& header, ns3::Ptr<const ns3::Packet> packet, std::uint32_t) {
  if (protocol_of(header) == tcp::kProtocolNumber) follow(*host, from_ns3(header.GetDestination()), *packet, "segment");
}

template <class Header>
void segment_arrives(Ns3Host* host, const Header& header, ns3::Ptr<const ns3::Packet> packet, std::uint32_t) {
  if (protocol_of(header) == tcp::kProtocolNumber) tell_arrival(*host, *packet);
}

template <class Header, class Protocol>
void watch(Ns3Host& host) {
  const auto ip = host.node()->GetObject<Protocol>();
  if (ip == nullptr) return;
  ip->TraceConnectWithoutContext("SendOutgoing", ns3::MakeBoundCallback(&segment_leaves<Header>, &host));
  ip->TraceConnectWithoutContext("LocalDeliver", ns3::MakeBoundCallback(&segment_arrives<Header>, &host));
}

}  // namespace

ns3::TypeId FollowedTag::GetTypeId() {
  static const ns3::TypeId id =
      ns3::TypeId("ghostnet::FollowedTag").SetParent<ns3::Tag>().AddConstructor<FollowedTag>();
  return id;
}

void FollowedTag::Print(std::ostream& out) const { out << "followed packet " << number_; }

void follow_if_wanted(Ns3Host& host, const IpAddress& to, const ns3::Packet& packet) {
  follow(host, to, packet, "datagram");
}

void tell_arrival(Ns3Host& host, const ns3::Packet& marked) {
  Observer* const observer = host.observer();
  FollowedTag tag;
  if (observer == nullptr || !marked.PeekPacketTag(tag)) return;
  auto& under_way = host.world().followed.under_way;
  const auto found = under_way.find(tag.number());
  if (found == under_way.end()) return;  // it has come a second time
  const FollowedPackets::UnderWay& packet = found->second;
  observer->message({.sent = packet.sent,
                     .received = host.true_now(),
                     .from = packet.from,
                     .to = host.id(),
                     .bytes = packet.bytes,
                     .kind = packet.kind});
  if (packet.to != kNoHost) under_way.erase(found);
}

void follow_segments(Ns3Shared& world) {
  if (std::exchange(world.followed.segments_are_seen, true)) return;
  for (const std::unique_ptr<Ns3Host>& host : world.hosts) {
    watch<ns3::Ipv4Header, ns3::Ipv4L3Protocol>(*host);
    watch<ns3::Ipv6Header, ns3::Ipv6L3Protocol>(*host);
  }
}

void tell_lost(Ns3Shared& world, Observer& observer) {
  for (const auto& [number, packet] : world.followed.under_way) {
    if (packet.to == kNoHost) continue;
    observer.message(
        {.sent = packet.sent, .from = packet.from, .to = packet.to, .bytes = packet.bytes, .kind = packet.kind});
  }
  world.followed.under_way.clear();
}

}  // namespace ghostnet::sim
