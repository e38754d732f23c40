// Addresses and errors of ns-3 as ours, and back. Only for the sources of the ns3 carrier: it includes ns-3.
#pragma once

#include <ns3/ipv4-address.h>
#include <ns3/ipv6-address.h>
#include <ns3/socket.h>

#include <array>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::sim {

inline IpAddress from_ns3(const ns3::Ipv4Address& address) { return IpAddress::v4(address.Get()); }
inline IpAddress from_ns3(const ns3::Ipv6Address& address) {
  std::array<std::uint8_t, 16> bytes;
  address.GetBytes(bytes.data());
  return IpAddress::from_v6_bytes(bytes);
}

// The family must fit; zones are the interface's business.
inline ns3::Ipv4Address to_ns3_v4(const IpAddress& address) { return ns3::Ipv4Address(address.unmapped().v4_value()); }
inline ns3::Ipv6Address to_ns3_v6(const IpAddress& address) {
  std::array<std::uint8_t, 16> bytes = address.v6_bytes();
  return ns3::Ipv6Address(bytes.data());
}

inline Errc from_ns3(ns3::Socket::SocketErrno code) {
  switch (code) {
    case ns3::Socket::ERROR_NOROUTETOHOST:
    case ns3::Socket::ERROR_NODEV: return Errc::unreachable;
    case ns3::Socket::ERROR_ADDRINUSE: return Errc::address_in_use;
    case ns3::Socket::ERROR_ADDRNOTAVAIL: return Errc::address_not_available;
    case ns3::Socket::ERROR_MSGSIZE: return Errc::message_too_large;
    case ns3::Socket::ERROR_AGAIN: return Errc::would_block;
    case ns3::Socket::ERROR_NOTCONN:
    case ns3::Socket::ERROR_SHUTDOWN:
    case ns3::Socket::ERROR_BADF: return Errc::closed;
    case ns3::Socket::ERROR_OPNOTSUPP:
    case ns3::Socket::ERROR_AFNOSUPPORT: return Errc::not_supported;
    default: return Errc::invalid_argument;
  }
}

}  // namespace ghostnet::sim
