// What can be said about the echo service, and what it measures.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/options.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet::echo {

enum class Transport : std::uint8_t { udp, stream };

struct EchoOptions {
  bool server = true;
  // RFC 862 has 7, which only root may open on most systems.
  std::uint16_t port = 7007;
  std::vector<Endpoint> listen{};
  bool streams = true;
  std::uint32_t max_streams = 256;
  Duration stream_idle = 1min;
  std::uint32_t max_outstanding = 1024;

  static constexpr OptionDesc kOptions[] = {
      option<&EchoOptions::server>("server", "answer others"),
      option<&EchoOptions::port>("port", "port of the server, over UDP and streams", in(1, 65535)),
      option<&EchoOptions::listen>("listen", "where the server listens, instead of at `port` of all addresses"),
      option<&EchoOptions::streams>("streams", "serve streams too, where the world has them"),
      option<&EchoOptions::max_streams>("max_streams", "streams served at once; more wait in the backlog",
                                        in(1, 65'536), unit("streams")),
      option<&EchoOptions::stream_idle>("stream_idle", "a stream without progress for this long is dropped",
                                        in(1ms, 24h)),
      option<&EchoOptions::max_outstanding>("max_outstanding", "own requests under way at once; more fail",
                                            in(1, 1'000'000), unit("requests")),
  };
};

// One request.
struct EchoRequest {
  static constexpr DataSize kMinSize{16};
  static constexpr DataSize kMaxSize = DataSize::mib(1024);

  DataSize size{64};
  Duration timeout = 1s;
  Transport transport = Transport::udp;

  // Over UDP a message is one datagram.
  Result<> validate() const;

  static constexpr OptionDesc kOptions[] = {
      option<&EchoRequest::size>("size", "of the message; over UDP at most 65507 B", in(kMinSize, kMaxSize)),
      option<&EchoRequest::timeout>("timeout", "how long until the whole reply must be there", in(1us, 24h)),
      option<&EchoRequest::transport>("transport", "udp: one datagram each way; stream: a new stream each time"),
  };
};

struct EchoMetrics {
  Counter requests;
  Counter replies;
  Counter timeouts;
  Counter mismatches;
  Counter failures;
  Counter strays;
  HistogramRef rtt;
  HistogramRef connect_time;
  Counter served_datagrams;
  Counter served_streams;
  Counter served_bytes;
  Counter ignored;
  Counter unsent;
  Gauge open_streams;

  static constexpr std::string_view kFamily = "echo";
  static constexpr FamilyMetric<EchoMetrics> kMetrics[] = {
      {&EchoMetrics::requests, "requests", "requests", "requests that were begun"},
      {&EchoMetrics::replies, "replies", "replies", "requests that came back whole, in time and unchanged"},
      {&EchoMetrics::timeouts, "timeouts", "requests", "requests without a whole reply in time"},
      {&EchoMetrics::mismatches, "mismatches", "replies", "replies whose content was not what had been sent"},
      {&EchoMetrics::failures, "failures", "requests", "requests that failed otherwise: refused, reset, not sent"},
      {&EchoMetrics::strays, "strays", "datagrams",
       "datagrams that answer no request under way: late, doubled, foreign"},
      {&EchoMetrics::rtt, "rtt", "ns", "of replies: from the first byte sent to the last byte received"},
      {&EchoMetrics::connect_time, "connect_time", "ns", "from asking for a stream to having it"},
      {&EchoMetrics::served_datagrams, "served_datagrams", "datagrams", "datagrams sent back by the server"},
      {&EchoMetrics::served_streams, "served_streams", "streams", "streams accepted by the server"},
      {&EchoMetrics::served_bytes, "served_bytes", "bytes", "payload sent back by the server"},
      {&EchoMetrics::ignored, "ignored", "datagrams",
       "datagrams that the server did not send back: from a server's port (a loop), or to a group"},
      {&EchoMetrics::unsent, "unsent", "datagrams", "datagrams that the server could not send back: no room, no way"},
      {&EchoMetrics::open_streams, "open_streams", "streams", "streams being served now"},
  };
};

}  // namespace ghostnet::echo

template <>
inline constexpr ghostnet::OptionChoice<ghostnet::echo::Transport> ghostnet::kChoices<ghostnet::echo::Transport>[] = {
    {ghostnet::echo::Transport::udp, "udp"}, {ghostnet::echo::Transport::stream, "stream"}};
