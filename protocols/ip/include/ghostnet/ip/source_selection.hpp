// Which of a host's addresses a packet comes from (RFC 6724 5).
//
// Of its rules apply: 1 (the destination itself), 2 (appropriate scope), 5 (outgoing interface), 6 (matching label) and
// 8 (longest matching prefix). Addresses here are neither deprecated, mobile nor temporary (3, 4, 7). IPv4 addresses
// are compared by the same rules.
#pragma once

#include <optional>
#include <span>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet::ip {

struct SourceCandidate {
  IpAddress address;
  std::uint8_t prefix_bits = 0;
  InterfaceIndex interface = 0;
};

// Nothing when no candidate is of the destination's family. Of equals, the first.
std::optional<IpAddress> select_source(const IpAddress& destination, InterfaceIndex outgoing,
                                       std::span<const SourceCandidate> candidates);

// RFC 6724 3.1: 2 is the link, 5 the site, 14 the world; of multicast addresses what they say.
int scope_of(const IpAddress& address);

}  // namespace ghostnet::ip
