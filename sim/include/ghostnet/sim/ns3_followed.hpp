// FollowedTag: what a datagram that is followed carries through ns-3: who sent it, and when. Tags are no bytes of the
// packet, so it arrives as any other.
// Only for the sources of the ns3 carrier: it includes ns-3.
#pragma once

#include <ns3/packet.h>
#include <ns3/tag.h>

#include <cstdint>

#include "ghostnet/runtime/host_id.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::sim {

class Ns3Host;

class FollowedTag final : public ns3::Tag {
 public:
  FollowedTag() = default;
  FollowedTag(HostId from, TimePoint sent) : from_(from), sent_ns_(to_ns(sent)) {}

  static ns3::TypeId GetTypeId();
  ns3::TypeId GetInstanceTypeId() const override { return GetTypeId(); }
  std::uint32_t GetSerializedSize() const override { return sizeof(from_) + sizeof(sent_ns_); }
  void Serialize(ns3::TagBuffer buffer) const override;
  void Deserialize(ns3::TagBuffer buffer) override;
  void Print(std::ostream& out) const override;

  HostId from() const { return from_; }
  TimePoint sent() const { return from_ns(sent_ns_); }

 private:
  HostId from_ = kNoHost;
  std::int64_t sent_ns_ = 0;
};

// Marks the datagram that is being sent, if the host's observer wants to follow it.
void follow_if_wanted(const Ns3Host& host, ns3::Packet& packet);
// Tells the observer of one that arrived at `host`, if it is marked.
void tell_arrival(const Ns3Host& host, const ns3::Packet& packet);

}  // namespace ghostnet::sim
