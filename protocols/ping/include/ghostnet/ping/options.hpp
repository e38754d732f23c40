// What can be said about the ping service, and what it measures.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ghostnet/ping/wire.hpp"
#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/options.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet::ping {

struct PingOptions {
  bool responder = true;
  std::uint16_t port = 7008;
  std::vector<Endpoint> listen{};
  std::uint32_t max_sessions = 1024;

  static constexpr OptionDesc kOptions[] = {
      option<&PingOptions::responder>("responder", "answer others"),
      option<&PingOptions::port>("port", "port of the responder", in(1, 65535)),
      option<&PingOptions::listen>("listen", "where the responder listens, instead of at `port` of all addresses"),
      option<&PingOptions::max_sessions>("max_sessions", "own sessions under way at once; more fail", in(1, 1'000'000),
                                         unit("sessions")),
  };
};

// One session: some probes to one peer.
struct PingRequest {
  // Probes whose fate is open, at most: timeout / interval.
  static constexpr std::int64_t kMaxWindow = 65'536;

  std::uint64_t probes = 1;
  Duration interval = 1s;
  Duration timeout = 1s;
  DataSize size{64};

  Result<> validate() const;

  static constexpr OptionDesc kOptions[] = {
      option<&PingRequest::probes>("probes", "how many", in(1, 1'000'000'000), unit("probes")),
      option<&PingRequest::interval>("interval", "from one probe to the next", in(1us, 24h)),
      option<&PingRequest::timeout>("timeout", "a probe without a reply for this long is lost", in(1us, 1h)),
      option<&PingRequest::size>("size", "of a probe, and of its reply",
                                 in(DataSize{Message::kHeaderBytes}, DataSize{kMaxUdpPayloadBytes})),
  };
};

struct PingMetrics {
  Counter sent;
  Counter received;
  Counter lost;
  Counter duplicates;
  Counter reordered;
  Counter strays;
  Counter malformed;
  Counter unsent;
  Counter answered;
  HistogramRef rtt;

  static constexpr std::string_view kFamily = "ping";
  static constexpr FamilyMetric<PingMetrics> kMetrics[] = {
      {&PingMetrics::sent, "sent", "probes", "probes sent"},
      {&PingMetrics::received, "received", "probes", "probes whose reply came in time, each counted once"},
      {&PingMetrics::lost, "lost", "probes", "probes without a reply in time: sent = received + lost + still open"},
      {&PingMetrics::duplicates, "duplicates", "replies", "further replies to a probe, within its timeout"},
      {&PingMetrics::reordered, "reordered", "replies",
       "replies that came after one to a later probe of their session"},
      {&PingMetrics::strays, "strays", "replies",
       "replies to no open probe: late, forged, or of a session that is over"},
      {&PingMetrics::malformed, "malformed", "datagrams", "datagrams that are no ping message"},
      {&PingMetrics::unsent, "unsent", "datagrams", "probes and replies that the network did not take"},
      {&PingMetrics::answered, "answered", "probes", "probes of others that were answered"},
      {&PingMetrics::rtt, "rtt", "ns", "of probes received: from sending the probe to receiving its reply"},
  };
};

}  // namespace ghostnet::ping
