// /dnsaddr (multiaddr's DNS resolution): addresses that stand in TXT records, "dnsaddr=<multiaddr>" of _dnsaddr.<name>.
//
// What follows /dnsaddr/<name> in the address (most often the peer) must end each address that is taken from there.
// They may be such names again: at most kMaxDepth deep, kMaxQueries questions and kMaxAddresses addresses in all.
#pragma once

#include <cstddef>
#include <vector>

#include "ghostnet/dns/text_resolver.hpp"
#include "ghostnet/libp2p/multiaddr.hpp"

namespace ghostnet::libp2p {

inline constexpr std::size_t kMaxDnsaddrDepth = 4;
inline constexpr std::size_t kMaxDnsaddrQueries = 16;
inline constexpr std::size_t kMaxDnsaddrAddresses = 64;

bool is_dnsaddr(const Multiaddr& address);

// In the order in which they were found; names that cannot be resolved are passed over while others can. Errors:
// not_found (no address), invalid_argument, and those of TextResolver.
Task<Result<std::vector<Multiaddr>>> resolve_dnsaddr(dns::TextResolver& resolver, Multiaddr address);

}  // namespace ghostnet::libp2p
