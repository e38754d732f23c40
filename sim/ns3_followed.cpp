#include "ghostnet/sim/ns3_followed.hpp"

#include <ostream>

#include "ghostnet/runtime/observer.hpp"
#include "ghostnet/sim/ns3_host.hpp"

namespace ghostnet::sim {

ns3::TypeId FollowedTag::GetTypeId() {
  static const ns3::TypeId id =
      ns3::TypeId("ghostnet::FollowedTag").SetParent<ns3::Tag>().AddConstructor<FollowedTag>();
  return id;
}

void FollowedTag::Serialize(ns3::TagBuffer buffer) const {
  buffer.WriteU32(from_);
  buffer.WriteU64(static_cast<std::uint64_t>(sent_ns_));
}

void FollowedTag::Deserialize(ns3::TagBuffer buffer) {
  from_ = buffer.ReadU32();
  sent_ns_ = static_cast<std::int64_t>(buffer.ReadU64());
}

void FollowedTag::Print(std::ostream& out) const { out << "from host " << from_ << " at " << sent_ns_ << " ns"; }

void follow_if_wanted(const Ns3Host& host, ns3::Packet& packet) {
  Observer* const observer = host.observer();
  if (observer != nullptr && observer->follows_next()) packet.AddPacketTag(FollowedTag(host.id(), host.true_now()));
}

void tell_arrival(const Ns3Host& host, const ns3::Packet& packet) {
  Observer* const observer = host.observer();
  FollowedTag tag;
  if (observer == nullptr || !packet.PeekPacketTag(tag)) return;
  observer->message({.sent = tag.sent(),
                     .received = host.true_now(),
                     .from = tag.from(),
                     .to = host.id(),
                     .bytes = packet.GetSize(),
                     .kind = "datagram"});
}

}  // namespace ghostnet::sim
