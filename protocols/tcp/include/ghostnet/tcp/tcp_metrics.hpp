// What a host counts of its TCP: the segments, the handshakes, what was lost and repaired, and how long it took.
//
// Cells of the host's own metrics (runtime/metrics.hpp), shared by all stacks that it has, as one within a tunnel. A
// Stack and its connections add to them as things happen, so that they are right whenever somebody looks.
#pragma once

#include "ghostnet/runtime/metrics.hpp"

namespace ghostnet::tcp {

struct TcpMetrics {
  // What every segment touches comes first.
  Counter segments_sent;
  Counter segments_received;
  Counter retransmits;
  Counter timeouts;
  Counter recoveries;
  Counter tail_probes;
  Counter undone;
  Counter ecn_reductions;
  Counter out_of_order;
  Counter dsacks;

  Counter opened;
  Counter accepted;
  Counter failed;
  Counter reset;
  Counter timed_out;
  Counter resets_sent;
  Counter malformed;
  Counter cookies_sent;
  Counter cookies_accepted;
  Counter syns_dropped;
  Counter refused;
  Counter pruned_bytes;

  Gauge connections;
  Gauge time_waits;
  Gauge buffered_bytes;

  HistogramRef handshake;
  HistogramRef smoothed_rtt;
  HistogramRef window_bytes;

  static constexpr std::string_view kFamily = "tcp";
  static constexpr FamilyMetric<TcpMetrics> kMetrics[] = {
      {&TcpMetrics::segments_sent, "segments_sent", "segments", "segments sent; a super-packet is one"},
      {&TcpMetrics::segments_received, "segments_received", "segments", "segments received"},
      {&TcpMetrics::retransmits, "retransmits", "segments", "segments sent again, SYNs included"},
      {&TcpMetrics::timeouts, "timeouts", "timeouts", "retransmission timeouts of connections (RFC 6298)"},
      {&TcpMetrics::recoveries, "recoveries", "recoveries", "losses answered without a timeout, once a window of data"},
      {&TcpMetrics::tail_probes, "tail_probes", "segments", "tail loss probes (RFC 8985)"},
      {&TcpMetrics::undone, "undone", "recoveries", "timeouts and recoveries taken back, as nothing had been lost"},
      {&TcpMetrics::ecn_reductions, "ecn_reductions", "reductions", "windows reduced for a mark of ECN (RFC 3168)"},
      {&TcpMetrics::out_of_order, "out_of_order", "segments", "segments whose data came before what precedes it"},
      {&TcpMetrics::dsacks, "dsacks", "segments", "acknowledgments that report a duplicate (RFC 2883)"},
      {&TcpMetrics::opened, "opened", "connections", "connections opened to a peer, at the end of the handshake"},
      {&TcpMetrics::accepted, "accepted", "connections", "connections opened by a peer, at the end of the handshake"},
      {&TcpMetrics::failed, "failed", "connections", "attempts to connect that were refused or not answered"},
      {&TcpMetrics::reset, "reset", "connections", "connections that the peer reset"},
      {&TcpMetrics::timed_out, "timed_out", "connections", "connections given up since the peer was silent"},
      {&TcpMetrics::resets_sent, "resets_sent", "segments", "resets for segments of no connection"},
      {&TcpMetrics::malformed, "malformed", "segments", "segments that are none"},
      {&TcpMetrics::cookies_sent, "cookies_sent", "segments", "SYNs answered by a cookie (RFC 4987)"},
      {&TcpMetrics::cookies_accepted, "cookies_accepted", "connections", "connections made from a cookie"},
      {&TcpMetrics::syns_dropped, "syns_dropped", "segments", "SYNs without an answer, for want of room"},
      {&TcpMetrics::refused, "refused", "segments", "segments thrown away at the bound of all buffers"},
      {&TcpMetrics::pruned_bytes, "pruned", "bytes", "memory of early data, given back at the bound of all buffers"},
      {&TcpMetrics::connections, "connections", "connections", "connections that are open"},
      {&TcpMetrics::time_waits, "time_waits", "connections", "connections in TIME-WAIT"},
      {&TcpMetrics::buffered_bytes, "buffers", "bytes", "memory of all send and receive buffers"},
      {&TcpMetrics::handshake, "handshake", "ns", "from the first SYN to the connection, for who opens it"},
      {&TcpMetrics::smoothed_rtt, "smoothed_rtt", "ns", "SRTT (RFC 6298) of senders, once a round trip"},
      {&TcpMetrics::window_bytes, "window", "bytes", "congestion windows of senders, once a round trip"},
  };
};

}  // namespace ghostnet::tcp
