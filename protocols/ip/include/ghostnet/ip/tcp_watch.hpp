// TcpWatch: looks at the connections of a host again and again, and writes what it saw as a trace, one line of JSON for
// each connection and look, which a plotter reads as it is. (What they count together is in tcp/tcp_metrics.hpp.)
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
#include "ghostnet/runtime/scope.hpp"

namespace ghostnet::ip {

class TcpWatch {
 public:
  TcpWatch(Host& host, Duration interval, ByteSink trace);

  // Looks once more, now.
  void look();

 private:
  Task<> run(Duration interval);
  void write(const tcp::ConnectionStatus& status);

  Host& host_;
  ByteSink trace_;
  Scope scope_;
};

// How the connection stands of which the host sends this packet (tcp::describe()), to be written beside it in a
// capture. Empty where it is of none. May be asked from within a PacketTap.
std::string describe_connection_of(const Host& host, const IpPacket& sent);

}  // namespace ghostnet::ip
