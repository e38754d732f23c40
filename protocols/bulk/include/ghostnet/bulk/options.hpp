// What can be said about bulk transfers, and what they measure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ghostnet/bulk/wire.hpp"
#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/options.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet::bulk {

enum class Transport : std::uint8_t { udp, stream };

struct BulkOptions {
  bool server = true;
  std::uint16_t port = 7009;
  std::vector<Endpoint> listen{};
  bool streams = true;
  std::uint32_t max_sessions = 64;
  Duration idle = 10s;
  Duration interval = 1s;
  std::uint32_t max_transfers = 64;

  static constexpr OptionDesc kOptions[] = {
      option<&BulkOptions::server>("server", "receive transfers of others"),
      option<&BulkOptions::port>("port", "port of the server, over UDP and streams", in(1, 65535)),
      option<&BulkOptions::listen>("listen", "where the server listens, instead of at `port` of all addresses"),
      option<&BulkOptions::streams>("streams", "serve streams too, where the world has them"),
      option<&BulkOptions::max_sessions>("max_sessions", "transfers received at once, over UDP and over streams each",
                                         in(1, 65'536), unit("transfers")),
      option<&BulkOptions::idle>("idle", "a transfer from which nothing comes for this long is forgotten",
                                 in(1ms, 24h)),
      option<&BulkOptions::interval>("interval", "goodput is sampled over so long", in(1ms, 1h)),
      option<&BulkOptions::max_transfers>("max_transfers", "own transfers under way at once; more fail", in(1, 65'536),
                                          unit("transfers")),
  };
};

// One transfer.
struct BulkRequest {
  static constexpr DataSize kMinPacket{kDataHeaderBytes};

  Transport transport = Transport::udp;
  Duration duration = 10s;
  std::optional<DataSize> bytes{};
  DataRate bitrate = DataRate::mbit(1);
  DataSize packet{1200};
  Duration tick = 250us;
  Duration patience = 5s;

  static constexpr OptionDesc kOptions[] = {
      option<&BulkRequest::transport>("transport", "udp: at a rate; stream: as fast as it goes"),
      option<&BulkRequest::duration>("duration", "how long to send", in(1us, 24h)),
      option<&BulkRequest::bytes>("bytes", "how much to send, instead of for how long",
                                  in(DataSize{1}, DataSize::mib(std::uint64_t{1} << 30))),
      option<&BulkRequest::bitrate>("bitrate", "over UDP: of the datagrams' payload",
                                    in(DataRate{1}, DataRate::mbit(1'000'000))),
      option<&BulkRequest::packet>("packet", "over UDP: payload of a datagram",
                                   in(kMinPacket, DataSize{kMaxUdpPayloadBytes})),
      option<&BulkRequest::tick>("tick", "over UDP: what is due within so long leaves together", in(1us, 1s)),
      option<&BulkRequest::patience>("patience", "how long the other end may take to open and to report", in(1ms, 1h)),
  };
};

struct BulkMetrics {
  Counter transfers;
  Counter completed;
  Counter failed;
  Counter sent_packets;
  Counter sent_bytes;
  Counter received_packets;
  Counter received_bytes;
  Counter lost;
  Counter duplicates;
  Counter reordered;
  Counter refused;
  Counter strays;
  Counter malformed;
  Gauge open_sessions;
  HistogramRef goodput;
  HistogramRef interval_goodput;
  HistogramRef jitter;

  static constexpr std::string_view kFamily = "bulk";
  static constexpr FamilyMetric<BulkMetrics> kMetrics[] = {
      {&BulkMetrics::transfers, "transfers", "transfers", "transfers begun by the sender"},
      {&BulkMetrics::completed, "completed", "transfers", "transfers of which the receiver's report came back"},
      {&BulkMetrics::failed, "failed", "transfers", "transfers that were refused, broke off, or had no report"},
      {&BulkMetrics::sent_packets, "sent_packets", "datagrams", "datagrams of data that the sender's network took"},
      {&BulkMetrics::sent_bytes, "sent_bytes", "bytes", "payload sent, over UDP and streams"},
      {&BulkMetrics::received_packets, "received_packets", "datagrams",
       "datagrams of data received, each counted once"},
      {&BulkMetrics::received_bytes, "received_bytes", "bytes", "payload received, over UDP and streams"},
      {&BulkMetrics::lost, "lost", "datagrams", "of completed UDP transfers, at the sender: sent and not received"},
      {&BulkMetrics::duplicates, "duplicates", "datagrams", "datagrams received again, or too late to tell"},
      {&BulkMetrics::reordered, "reordered", "datagrams", "datagrams received after one that was sent later"},
      {&BulkMetrics::refused, "refused", "transfers", "transfers that the receiver had no room for"},
      {&BulkMetrics::strays, "strays", "datagrams", "datagrams of no transfer under way"},
      {&BulkMetrics::malformed, "malformed", "datagrams", "datagrams and streams that are no bulk message"},
      {&BulkMetrics::open_sessions, "open_sessions", "transfers", "transfers being received now"},
      {&BulkMetrics::goodput, "goodput", "bit/s",
       "of completed transfers, at the sender: payload received over the time from the first to the last of it"},
      {&BulkMetrics::interval_goodput, "interval_goodput", "bit/s", "payload received, interval by interval"},
      {&BulkMetrics::jitter, "jitter", "ns", "of completed UDP transfers, at the sender (RFC 3550 6.4.1)"},
  };
};

}  // namespace ghostnet::bulk

template <>
inline constexpr ghostnet::OptionChoice<ghostnet::bulk::Transport> ghostnet::kChoices<ghostnet::bulk::Transport>[] = {
    {ghostnet::bulk::Transport::udp, "udp"}, {ghostnet::bulk::Transport::stream, "stream"}};
