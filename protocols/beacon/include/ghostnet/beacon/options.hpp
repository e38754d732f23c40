// What can be said about the beacon service, and what it measures.
#pragma once

#include <cstdint>
#include <string_view>

#include "ghostnet/beacon/wire.hpp"
#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/options.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet::beacon {

struct BeaconOptions {
  // RFC 2365 6.1: the IPv4 local scope.
  IpAddress group = IpAddress::v4(239, 255, 77, 1);
  std::uint16_t port = 7011;
  std::uint8_t hop_limit = 1;
  std::uint32_t max_senders = 4096;

  // The group must be one.
  Result<> validate() const;

  static constexpr OptionDesc kOptions[] = {
      option<&BeaconOptions::group>("group", "multicast group that beacons are sent to and heard from"),
      option<&BeaconOptions::port>("port", "port of all", in(1, 65535)),
      option<&BeaconOptions::hop_limit>("hop_limit", "routers that a beacon may pass, and one more", in(1, 255)),
      option<&BeaconOptions::max_senders>("max_senders", "senders that are followed; of more nothing is known",
                                          in(1, 1'000'000), unit("senders")),
  };
};

// One beacon.
struct BeaconRequest {
  DataSize size{64};

  static constexpr OptionDesc kOptions[] = {
      option<&BeaconRequest::size>("size", "of the beacon",
                                   in(DataSize{Message::kHeaderBytes}, DataSize{kMaxUdpPayloadBytes})),
  };
};

struct BeaconMetrics {
  Counter announced;
  Counter unsent;
  Counter heard;
  Counter heard_bytes;
  Counter missed;
  Counter late;
  Counter ignored;
  Counter malformed;
  Gauge senders;

  static constexpr std::string_view kFamily = "beacon";
  static constexpr FamilyMetric<BeaconMetrics> kMetrics[] = {
      {&BeaconMetrics::announced, "announced", "beacons", "beacons sent, on all interfaces together"},
      {&BeaconMetrics::unsent, "unsent", "beacons", "beacons that the network did not take"},
      {&BeaconMetrics::heard, "heard", "beacons", "beacons of others that arrived, each time they did"},
      {&BeaconMetrics::heard_bytes, "heard_bytes", "bytes", "their payload"},
      {&BeaconMetrics::missed, "missed", "beacons", "beacons that had not come when a later one of their sender did"},
      {&BeaconMetrics::late, "late", "beacons", "beacons that came after a later one of their sender, or again"},
      {&BeaconMetrics::ignored, "ignored", "beacons", "beacons of senders beyond max_senders"},
      {&BeaconMetrics::malformed, "malformed", "datagrams", "datagrams that are no beacon"},
      {&BeaconMetrics::senders, "senders", "senders", "senders that are followed"},
  };
};

}  // namespace ghostnet::beacon
