// In which order the addresses of a peer, or of a name, are dialled: the families take turns, IPv6 first, and each
// keeps its order (RFC 8305 4), so that a family that leads nowhere delays the other by one attempt. Names stand with
// IPv4.
#pragma once

#include <vector>

#include "ghostnet/libp2p/multiaddr.hpp"
#include "ghostnet/runtime/address.hpp"

namespace ghostnet::libp2p {

std::vector<IpAddress> in_dial_order(std::vector<IpAddress> addresses);
std::vector<Multiaddr> in_dial_order(std::vector<Multiaddr> addresses);

}  // namespace ghostnet::libp2p
