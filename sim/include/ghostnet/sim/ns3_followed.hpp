// Packets that are followed through ns-3, for the observer of a world. Datagrams are marked where they are sent;
// segments of ns-3's TCP where its IP lets them out, and both are found by their mark where they arrive. What has not
// arrived when the observer looks away is told as lost. Only for the sources of the ns3 carrier: it includes ns-3.
#pragma once

#include <ns3/packet.h>
#include <ns3/tag.h>

#include <cstdint>
#include <map>
#include <string_view>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/host_id.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet {
class Observer;
}

namespace ghostnet::sim {

class Ns3Host;
struct Ns3Shared;

// What a packet that is followed carries: its number. Tags are no bytes of the packet, so it arrives as any other.
class FollowedTag final : public ns3::Tag {
 public:
  FollowedTag() = default;
  explicit FollowedTag(std::uint64_t number) : number_(number) {}

  static ns3::TypeId GetTypeId();
  ns3::TypeId GetInstanceTypeId() const override { return GetTypeId(); }
  std::uint32_t GetSerializedSize() const override { return sizeof(number_); }
  void Serialize(ns3::TagBuffer buffer) const override { buffer.WriteU64(number_); }
  void Deserialize(ns3::TagBuffer buffer) override { number_ = buffer.ReadU64(); }
  void Print(std::ostream& out) const override;

  std::uint64_t number() const { return number_; }

 private:
  std::uint64_t number_ = 0;
};

// Those under way, in the order in which they were sent. As many as the observer wants to follow, at most.
struct FollowedPackets {
  struct UnderWay {
    HostId from;
    HostId to;  // kNoHost: a group's, whose every receiver is told of
    TimePoint sent;
    std::uint32_t bytes;
    std::string_view kind;
  };
  std::map<std::uint64_t, UnderWay> under_way{};
  std::uint64_t last = 0;
  bool segments_are_seen = false;
};

// Marks the datagram that is being sent, if the host's observer wants to follow it.
void follow_if_wanted(Ns3Host& host, const IpAddress& to, const ns3::Packet& packet);
// Tells the observer of one that arrived at `host`, if it is marked.
void tell_arrival(Ns3Host& host, const ns3::Packet& packet);
// From now on segments are followed, too.
void follow_segments(Ns3Shared& world);
// Tells of those that have not arrived.
void tell_lost(Ns3Shared& world, Observer& observer);

}  // namespace ghostnet::sim
