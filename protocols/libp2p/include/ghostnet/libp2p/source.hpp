// Whose connections are counted together, where a bound or a score is not to be evaded by more addresses: all of an
// IPv4 address, and of IPv6 those of a /64, which anybody has whole. In private networks each address counts by itself.
#pragma once

#include "ghostnet/runtime/address.hpp"

namespace ghostnet::libp2p {

inline IpAddress source_of(const IpAddress& of) {
  constexpr unsigned kPrefixBits = 64;
  const IpAddress address = of.unmapped();
  const bool whole = address.is_v4() || address.is_private() || address.is_link_local();
  return whole ? address : IpPrefix(address, kPrefixBits).address();
}

}  // namespace ghostnet::libp2p
