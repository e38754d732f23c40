// What a Node measures.
#pragma once

#include <string_view>

#include "ghostnet/runtime/metrics.hpp"

namespace ghostnet::libp2p {

struct NodeMetrics {
  Counter dials;
  Counter dials_failed;
  Counter accepted;
  Counter upgrades_failed;
  Counter refused;
  Counter trimmed;
  Counter disconnects;
  Counter streams_opened;
  Counter streams_accepted;
  Counter streams_refused;
  Counter violations;
  Gauge connections;
  Gauge streams;
  HistogramRef dial_time;
  HistogramRef ping_rtt;

  static constexpr std::string_view kFamily = "libp2p";
  static constexpr FamilyMetric<NodeMetrics> kMetrics[] = {
      {&NodeMetrics::dials, "dials", "dials", "addresses dialled"},
      {&NodeMetrics::dials_failed, "dials_failed", "dials", "addresses that could not be reached or upgraded in time"},
      {&NodeMetrics::accepted, "accepted", "connections", "inbound connections that were secured and multiplexed"},
      {&NodeMetrics::upgrades_failed, "upgrades_failed", "connections",
       "inbound connections that were not: too slow, broken, or of a peer that failed to prove itself"},
      {&NodeMetrics::refused, "refused", "connections", "inbound connections beyond a bound of the node"},
      {&NodeMetrics::trimmed, "trimmed", "connections", "connections closed because there were too many"},
      {&NodeMetrics::disconnects, "disconnects", "connections", "connections that ended, for whatever reason"},
      {&NodeMetrics::streams_opened, "streams_opened", "streams", "streams opened by this node"},
      {&NodeMetrics::streams_accepted, "streams_accepted", "streams", "streams of peers given to their handler"},
      {&NodeMetrics::streams_refused, "streams_refused", "streams",
       "streams of peers for an unknown protocol, too slow to say one, or beyond a bound"},
      {&NodeMetrics::violations, "violations", "connections", "connections cut off because the peer broke a protocol"},
      {&NodeMetrics::connections, "connections", "connections", "connections open now"},
      {&NodeMetrics::streams, "streams", "streams", "streams open now"},
      {&NodeMetrics::dial_time, "dial_time", "ns", "of successful dials: from the first packet to a usable connection"},
      {&NodeMetrics::ping_rtt, "ping_rtt", "ns", "of pings answered: from writing the payload to reading it back"},
  };
};

}  // namespace ghostnet::libp2p
