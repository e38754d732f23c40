#include "ghostnet/realnet/virtio_header.hpp"

#include <netinet/in.h>

#include <optional>

#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::realnet {

namespace {

constexpr std::size_t kIpv4HeaderBytes = 20;
constexpr std::size_t kIpv6HeaderBytes = 40;
constexpr std::size_t kTcpHeaderBytes = 20;
constexpr std::size_t kUdpHeaderBytes = 8;
constexpr std::uint8_t kTcpCwr = 0x80;  // RFC 3168 6.1: of the first segment only

struct Transport {
  std::uint8_t protocol;
  std::uint16_t at;
  std::uint16_t payload_at;
};

unsigned version_of(ByteView packet) { return packet.empty() ? 0 : packet[0] >> 4; }

std::optional<std::uint8_t> protocol_of(ByteView packet, std::size_t transport_at) {
  if (version_of(packet) == 4 && packet.size() >= kIpv4HeaderBytes) return packet[9];
  if (version_of(packet) != 6 || packet.size() < kIpv6HeaderBytes) return std::nullopt;
  // Extension headers (RFC 8200 4): each names the next and its own length in units of eight bytes beyond the first.
  std::uint8_t next = packet[6];
  std::size_t at = kIpv6HeaderBytes;
  while (at < transport_at && at + 2 <= packet.size()) {
    next = packet[at];
    at += (std::size_t{packet[at + 1]} + 1) * 8;
  }
  if (at != transport_at) return std::nullopt;
  return next;
}

// The transport header at this offset, if it is TCP or UDP and all of it is there.
std::optional<Transport> transport_of(ByteView packet, std::size_t at) {
  const std::optional<std::uint8_t> protocol = protocol_of(packet, at);
  if (!protocol || at >= packet.size()) return std::nullopt;
  std::size_t header_bytes = kUdpHeaderBytes;
  if (*protocol == IPPROTO_TCP) {
    if (packet.size() - at < kTcpHeaderBytes) return std::nullopt;
    header_bytes = std::size_t{packet[at + 12]} >> 4 << 2;
    if (header_bytes < kTcpHeaderBytes) return std::nullopt;
  } else if (*protocol != IPPROTO_UDP) {
    return std::nullopt;
  }
  if (packet.size() - at < header_bytes) return std::nullopt;
  return Transport{*protocol, static_cast<std::uint16_t>(at), static_cast<std::uint16_t>(at + header_bytes)};
}

std::uint16_t checksum_offset_of(std::uint8_t protocol) { return protocol == IPPROTO_TCP ? 16 : 6; }

}  // namespace

void describe(const VirtioHeader& header, IpPacket& packet) {
  const ByteView bytes = packet.data.view();
  packet.ecn = ecn_of(bytes);
  packet.checksum = Checksum::none;
  if ((header.flags & VirtioHeader::kDataValid) != 0) packet.checksum = Checksum::verified;
  if ((header.flags & VirtioHeader::kNeedsChecksum) == 0) return;
  packet.checksum = Checksum::partial;
  const std::optional<Transport> transport = transport_of(bytes, header.checksum_start);
  if (!transport) return;
  packet.transport_at = transport->at;
  packet.payload_at = transport->payload_at;
  if (header.segmentation != VirtioHeader::kNotSegmented && transport->payload_at < bytes.size()) {
    packet.segment_bytes = header.segment_bytes;
  }
}

Result<VirtioHeader> virtio_header_of(const IpPacket& packet) {
  VirtioHeader header;
  if (packet.checksum == Checksum::verified) header.flags = VirtioHeader::kDataValid;
  if (packet.checksum != Checksum::partial && packet.segment_bytes == 0) return header;
  const ByteView bytes = packet.data.view();
  const std::optional<Transport> transport = transport_of(bytes, packet.transport_at);
  // A super-packet is cut by the kernel, which then has to compute each checksum.
  if (!transport || packet.checksum != Checksum::partial) return fail(Errc::invalid_argument);
  header.flags = VirtioHeader::kNeedsChecksum;
  header.checksum_start = transport->at;
  header.checksum_offset = checksum_offset_of(transport->protocol);
  if (packet.segment_bytes == 0) return header;
  header.segment_bytes = packet.segment_bytes;
  header.header_bytes = transport->payload_at;
  if (transport->protocol == IPPROTO_UDP) {
    header.segmentation = VirtioHeader::kUdp;
  } else {
    header.segmentation = version_of(bytes) == 4 ? VirtioHeader::kTcpV4 : VirtioHeader::kTcpV6;
    if ((bytes[transport->at + 13U] & kTcpCwr) != 0) header.segmentation |= VirtioHeader::kEcn;
  }
  return header;
}

Ecn ecn_of(ByteView packet) {
  if (packet.size() < 2) return Ecn::not_ect;
  const unsigned traffic_class = version_of(packet) == 6 ? load_be<std::uint16_t>(packet.data()) >> 4 : packet[1];
  return static_cast<Ecn>(traffic_class & 3);
}

Result<> complete_checksum(IpPacket& packet) {
  if (packet.checksum != Checksum::partial) return {};
  const MutableByteView bytes = packet.data.writable();
  const std::optional<Transport> transport = transport_of(bytes, packet.transport_at);
  if (!transport) return fail(Errc::invalid_argument);
  std::uint64_t sum = 0;
  std::size_t at = transport->at;
  for (; at + 1 < bytes.size(); at += 2) sum += load_be<std::uint16_t>(bytes.data() + at);
  if (at < bytes.size()) sum += std::uint64_t{bytes[at]} << 8;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  auto checksum = static_cast<std::uint16_t>(~sum);
  if (checksum == 0 && transport->protocol == IPPROTO_UDP) checksum = 0xffff;  // RFC 768: zero means none
  store_be(bytes.data() + transport->at + checksum_offset_of(transport->protocol), checksum);
  packet.checksum = Checksum::verified;
  return {};
}

}  // namespace ghostnet::realnet
