// TextResolver: asks recursive servers for the TXT records of names, over UDP, and over TCP what does not fit.
//
// A stub (RFC 1034 5.3.1): servers are asked one after the other, each `tries` times, with another id and another port
// each time; it keeps nothing. Answers of others than who was asked are not even looked at. The host outlives it.
#pragma once

#include <string>
#include <vector>

#include "ghostnet/dns/message.hpp"
#include "ghostnet/runtime/host.hpp"

namespace ghostnet::dns {

struct ResolverOptions {
  static constexpr std::size_t kMaxServers = 8;

  std::vector<Endpoint> servers;  // the first kMaxServers are asked
  Duration timeout = 2s;          // of one try
  std::uint32_t tries = 2;        // of each server
};

// The servers of a file as resolv.conf(5): its lines "nameserver ADDRESS".
std::vector<Endpoint> servers_of(std::string_view resolv_conf);

class TextResolver {
 public:
  TextResolver(Host& host, ResolverOptions options) : host_(host), options_(std::move(options)) {}

  // Empty where the name has no texts. Errors: not_found (no such name), timed_out, not_supported (no servers),
  // invalid_argument, malformed and protocol (what servers answered), limit.
  Task<Result<std::vector<std::string>>> texts(std::string name);

 private:
  Task<Result<TextAnswer>> ask(Endpoint server, std::string name);
  Task<Result<TextAnswer>> ask_udp(Endpoint server, std::string name);
  Task<Result<TextAnswer>> ask_tcp(Endpoint server, std::string name);
  std::uint16_t draw_id();

  Host& host_;
  ResolverOptions options_;
};

}  // namespace ghostnet::dns
