// How a packet that is too large becomes several: super-packets of TCP and UDP are cut into segments, as a device with
// segmentation offload would; ordinary packets into fragments (RFC 791 3.2, RFC 8200 4.5).
#pragma once

#include <cstdint>
#include <vector>

#include "ghostnet/ip/header.hpp"
#include "ghostnet/runtime/ip_link.hpp"

namespace ghostnet::ip {

// Room in front of packets that this stack makes, for the headers of tunnels that they may enter.
inline constexpr std::size_t kPacketHeadroomBytes = 64;

// The packet once more, with its own bytes.
IpPacket copy_of(const IpPacket& packet);

// The transport checksum field that is `partial` is computed over the whole packet (RFC 1071). Other packets, and those
// whose transport has none, are left as they are.
void complete_checksum(IpPacket& packet, const Header& header);

// Where the payload of TCP or UDP begins in a packet that is no fragment; 0: another protocol, or too short.
std::size_t transport_payload_at(ByteView packet, const Header& header);

// Cuts `packet`, whose segment_bytes is not 0, into packets of at most so much payload each, with partial checksums and
// offsets set. False: it is not a whole TCP or UDP packet.
bool cut_segments(const IpPacket& packet, const Header& header, std::vector<IpPacket>& out);

// Cuts a packet without segment_bytes into fragments of at most mtu_bytes. `identification` is used where the header
// has none: for IPv6, and for IPv4 packets of this host. False: it cannot be, since the MTU holds no fragment.
bool cut_fragments(IpPacket packet, const Header& header, std::size_t mtu_bytes, std::uint32_t identification,
                   std::vector<IpPacket>& out);

}  // namespace ghostnet::ip
