// What can be said about a Node. Every queue and table of it has its bound here or in YamuxOptions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ghostnet/dns/text_resolver.hpp"
#include "ghostnet/libp2p/gate.hpp"
#include "ghostnet/libp2p/yamux_options.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::libp2p {

enum class Security : std::uint8_t { noise, tls, plaintext };

struct NodeOptions {
  // In order of preference. Plaintext proves nothing about the peer: for simulations that leave cryptography out.
  std::vector<Security> security = {Security::noise};
  std::string agent = "ghostnet/0.1.0";
  std::string protocol_version = "ipfs/0.1.0";
  YamuxOptions yamux{};
  Gate gate{};
  dns::ResolverOptions dns{};  // for /dnsaddr; without servers such addresses are not resolved

  bool identify =
      true;  // ask each new peer what it speaks and where it listens; the answers to others are given anyway

  // The defaults of go-libp2p's connection manager: above high_water, close down to low_water, sparing the young.
  std::size_t low_water = 160;
  std::size_t high_water = 192;
  Duration grace_period = 20s;
  std::size_t max_connections = 1024;  // a hard bound; more are refused
  std::size_t max_connections_per_peer = 8;
  // Inbound ones of one IPv4 address or IPv6 /64 (source.hpp), those that are being upgraded included; loopback is
  // exempt. go-libp2p has 8, which keeps apart few of those who share a NAT.
  std::size_t max_inbound_per_address = 64;
  std::size_t max_pending_inbound = 64;             // accepted and not yet upgraded
  std::size_t max_pending_inbound_per_address = 8;  // of these from one IPv4 address or IPv6 /64; loopback is exempt
  std::size_t max_pending_dials = 160;
  std::size_t max_parallel_dials_per_peer = 8;
  // Of all connections together (YamuxBudget).
  std::size_t max_receive_bytes = 256 * 1024 * 1024;
  std::size_t max_inbound_streams = 16'384;

  Duration dial_timeout = 15s;         // of one address, upgrade included
  Duration upgrade_timeout = 15s;      // of an inbound connection
  Duration negotiation_timeout = 10s;  // of a stream's protocol
  Duration dial_stagger = 250ms;       // between addresses of one peer (as RFC 8305 5 has it)
  Duration backoff_base = 5s;          // go-libp2p: 5 s, growing by the square of the failures, at most 5 min
  Duration backoff_max = 5min;
  std::size_t max_backoffs = 1024;

  std::size_t max_peers = 4096;     // in the peer store
  std::size_t max_protocols = 256;  // with handlers
};

}  // namespace ghostnet::libp2p
