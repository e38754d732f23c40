// ICMP for IPv4 (RFC 792, RFC 1191) and for IPv6 (RFC 4443): messages as they are written, and what errors mean in
// either.
//
// Both have a type, a code, a checksum and four bytes whose meaning the type gives; behind them the data of an echo, or
// the front of the packet that an error is about. The checksum of ICMPv6 covers a pseudo-header, that of ICMP does not.
#pragma once

#include <cstdint>
#include <optional>

#include "ghostnet/ip/header.hpp"
#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::ip {

inline constexpr std::size_t kIcmpHeaderBytes = 8;

struct IcmpMessage {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t rest = 0;  // an echo's identifier and sequence number; an MTU; a pointer
  ByteView body{};

  // Nothing when it is shorter than its header. The checksum is the business of icmp_checksum_holds().
  static std::optional<IcmpMessage> parse(ByteView bytes);
  std::size_t size_bytes() const { return kIcmpHeaderBytes + body.size(); }
  // Into size_bytes() of room, checksum included. `body` may already lie in its place in the room.
  void emit(const IpAddress& source, const IpAddress& destination, MutableByteView room) const;

  std::uint16_t echo_identifier() const { return static_cast<std::uint16_t>(rest >> 16); }
  std::uint16_t echo_sequence() const { return static_cast<std::uint16_t>(rest); }
};

bool icmp_checksum_holds(const IpAddress& source, const IpAddress& destination, ByteView message);

constexpr std::uint8_t echo_request_type(IpFamily family) { return family == IpFamily::v4 ? 8 : 128; }
constexpr std::uint8_t echo_reply_type(IpFamily family) { return family == IpFamily::v4 ? 0 : 129; }

// What went wrong with a packet, in the words that both versions share.
enum class IcmpError : std::uint8_t {
  no_route,              // 4: network unreachable; 6: no route to destination
  host_unreachable,      // 6: address unreachable
  prohibited,            // administratively
  protocol_unreachable,  // 6: unrecognized next header
  port_unreachable,
  too_big,  // 4: fragmentation needed; rest is the MTU
  hop_limit_exceeded,
  reassembly_timeout,
  bad_header,        // parameter problem; rest is the pointer
  unknown_option,    // of IPv6 only
  incomplete_chain,  // of IPv6 only (RFC 7112)
};

// The error that a message tells of; nothing for other messages and for codes that mean nothing to a host (source
// quench, redirects). Without an error message's body, which holds the packet, none is an error.
std::optional<IcmpError> error_of(IpFamily family, const IcmpMessage& message);
// Type and code, and the rest as given, in the form of the family.
IcmpMessage message_of(IpFamily family, IcmpError error, std::uint32_t rest, ByteView quoted);
// Whether a type is one of an error, known or not, which must never be answered by one (RFC 1122 3.2.2, RFC 4443 2.4
// e).
bool is_error_type(IpFamily family, std::uint8_t type);
// What a socket reports.
Errc errc_of(IcmpError error);

// The MTU that a "fragmentation needed" tells of; of a router that leaves it out, the largest usual one below the
// packet's length (RFC 1191 5 and 7).
std::uint32_t mtu_told(IpFamily family, std::uint32_t rest, std::uint32_t packet_bytes);

}  // namespace ghostnet::ip
