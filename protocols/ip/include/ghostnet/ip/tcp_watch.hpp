// TcpWatch: looks at the connections of a host again and again, and tells what it saw: as metrics of the host, and as a
// trace, one line of JSON for each connection and look, which a plotter reads as it is:
//
//   {"t": 1.25, "local": "10.1.0.1:49200", "peer": "10.3.0.1:80", "state": "ESTABLISHED", "cwnd": 28960,
//    "ssthresh": 14480, "in_flight": 24616, "unsent": 39280, "srtt": 0.0121, "retransmitted": 3, "timeouts": 0}
//
// Times are seconds, sizes bytes. The host outlives it. A trace that fails ends the trace, not the watch.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "ghostnet/ip/host.hpp"
#include "ghostnet/runtime/byte_sink.hpp"
#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/scope.hpp"

namespace ghostnet::ip {

struct TcpWatchMetrics {
  Counter segments_sent;
  Counter segments_received;
  Counter resets_sent;
  Counter opened;
  Gauge connections;
  Gauge time_waits;
  Gauge in_flight_bytes;
  HistogramRef window_bytes;
  HistogramRef smoothed_rtt;

  static constexpr std::string_view kFamily = "tcp";
  static constexpr FamilyMetric<TcpWatchMetrics> kMetrics[] = {
      {&TcpWatchMetrics::segments_sent, "segments_sent", "segments", "segments sent; a super-packet is one"},
      {&TcpWatchMetrics::segments_received, "segments_received", "segments", "segments received"},
      {&TcpWatchMetrics::resets_sent, "resets_sent", "segments", "resets for segments of no connection"},
      {&TcpWatchMetrics::opened, "opened", "connections", "handshakes completed"},
      {&TcpWatchMetrics::connections, "connections", "connections", "connections at the last look"},
      {&TcpWatchMetrics::time_waits, "time_waits", "connections", "connections in TIME-WAIT at the last look"},
      {&TcpWatchMetrics::in_flight_bytes, "in_flight", "bytes", "bytes on their way at the last look"},
      {&TcpWatchMetrics::window_bytes, "window", "bytes", "congestion windows, at each look"},
      {&TcpWatchMetrics::smoothed_rtt, "smoothed_rtt", "ns", "smoothed round trip times, at each look"},
  };
};

class TcpWatch {
 public:
  // Without a sink there is no trace.
  TcpWatch(Host& host, Duration interval, ByteSink trace = {});

  // Looks once more, now.
  void look();

 private:
  Task<> run(Duration interval);
  void write(const tcp::ConnectionStatus& status);

  Host& host_;
  ByteSink trace_;
  TcpWatchMetrics& metrics_;
  tcp::StackCounters seen_{};
  Scope scope_;
};

// How the connection stands of which the host sends this packet (tcp::describe()), to be written beside it in a
// capture. Empty where it is of none. May be asked from within a PacketTap.
std::string describe_connection_of(const Host& host, const IpPacket& sent);

}  // namespace ghostnet::ip
