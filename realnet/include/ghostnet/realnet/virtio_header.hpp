// The virtio header in front of each packet of a TUN device with offloads (virtio 1.1, 5.1.6; TUN keeps it in the
// machine's byte order), and what it says about an IpPacket. <linux/virtio_net.h> is not C++.
#pragma once

#include <cstdint>

#include "ghostnet/runtime/ip_link.hpp"

namespace ghostnet::realnet {

struct VirtioHeader {
  static constexpr std::uint8_t kNeedsChecksum = 1;
  static constexpr std::uint8_t kDataValid = 2;

  static constexpr std::uint8_t kNotSegmented = 0;
  static constexpr std::uint8_t kTcpV4 = 1;
  static constexpr std::uint8_t kTcpV6 = 4;
  static constexpr std::uint8_t kUdp = 5;
  static constexpr std::uint8_t kEcn = 0x80;

  std::uint8_t flags = 0;
  std::uint8_t segmentation = kNotSegmented;
  std::uint16_t header_bytes = 0;
  std::uint16_t segment_bytes = 0;
  std::uint16_t checksum_start = 0;
  std::uint16_t checksum_offset = 0;  // from checksum_start
};
static_assert(sizeof(VirtioHeader) == 10);

// What the header says about the packet behind it, whose bytes are in `packet.data`. Nothing that lies outside of them.
void describe(const VirtioHeader& header, IpPacket& packet);

// The header for a packet of ours. invalid_argument: not TCP or UDP over IP, or its offsets are outside of it.
Result<VirtioHeader> virtio_header_of(const IpPacket& packet);

// The bits of the IP header (RFC 3168 5).
Ecn ecn_of(ByteView ip_packet);

// Turns a partial checksum into a complete one (RFC 1071), for links that want it. invalid_argument as above.
Result<> complete_checksum(IpPacket& packet);

}  // namespace ghostnet::realnet
