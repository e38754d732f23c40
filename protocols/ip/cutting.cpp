#include "ghostnet/ip/cutting.hpp"

#include <algorithm>

#include "ghostnet/ip/udp_header.hpp"
#include "ghostnet/runtime/internet_checksum.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::ip {

namespace {

constexpr std::size_t kTcpHeaderBytes = 20;
constexpr std::size_t kTcpSequenceAt = 4;
constexpr std::size_t kTcpFlagsAt = 13;
constexpr std::size_t kTcpChecksumAt = 16;
constexpr std::size_t kUdpChecksumAt = 6;
constexpr std::uint8_t kFinAndPush = 0x09;
constexpr std::uint8_t kCongestionWindowReduced = 0x80;  // RFC 3168 6.1.2: said once

std::size_t checksum_at(const Header& header) { return header.protocol == kTcp ? kTcpChecksumAt : kUdpChecksumAt; }

// Lengths of the IP header for so many bytes in all.
void set_lengths(MutableByteView packet, const Header& header, std::uint32_t segment) {
  if (!header.is_v4()) {
    store_be(packet.data() + 4, static_cast<std::uint16_t>(packet.size() - kIpv6HeaderBytes));
    return;
  }
  store_be(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
  store_be(packet.data() + 4, static_cast<std::uint16_t>(header.identification + segment));
  store_be(packet.data() + 10, std::uint16_t{0});
  store_be(packet.data() + 10, internet_checksum(packet.first(header.transport_at)));
}

void set_transport(MutableByteView transport, const Header& header, std::uint32_t offset_bytes, bool last) {
  if (header.protocol == kUdp) {
    store_be(transport.data() + 4, static_cast<std::uint16_t>(transport.size()));
  } else {
    const auto sequence = load_be<std::uint32_t>(transport.data() + kTcpSequenceAt);
    store_be(transport.data() + kTcpSequenceAt, sequence + offset_bytes);
    if (!last) transport[kTcpFlagsAt] &= static_cast<std::uint8_t>(~kFinAndPush);
    if (offset_bytes != 0) transport[kTcpFlagsAt] &= static_cast<std::uint8_t>(~kCongestionWindowReduced);
  }
  store_be(transport.data() + checksum_at(header), pseudo_header_sum(header.source, header.destination, header.protocol,
                                                                     static_cast<std::uint32_t>(transport.size())));
}

// One fragment: the headers that stay whole, the fragment's own, and a part of the payload.
IpPacket make_fragment(const IpPacket& packet, const Header& header, std::size_t kept_bytes, std::size_t begin,
                       std::size_t end, bool more) {
  const bool v4 = header.is_v4();
  const std::size_t extra_bytes = v4 ? 0 : kFragmentHeaderBytes;
  const std::size_t total_bytes = kept_bytes + extra_bytes + (end - begin);
  const ByteView bytes = packet.data.view();
  Header own = header;
  own.total_bytes = static_cast<std::uint32_t>(total_bytes);
  own.fragment_offset_bytes = static_cast<std::uint16_t>(header.fragment_offset_bytes + begin);
  own.more_fragments = more || header.more_fragments;
  IpPacket fragment;
  fragment.received_at = packet.received_at;
  fragment.ecn = packet.ecn;
  fragment.data = PacketBuf::with_room(kPacketHeadroomBytes, total_bytes);
  fragment.data.append(bytes.first(kept_bytes));
  if (!v4) emit_fragment_header(own, header.protocol, fragment.data.append(kFragmentHeaderBytes));
  fragment.data.append(bytes.subspan(header.transport_at + begin, end - begin));
  const MutableByteView out = fragment.data.writable();
  if (v4) {
    const std::uint8_t version_and_length = out[0];
    emit(own, out);
    out[0] = version_and_length;
    store_be(out.data() + 10, std::uint16_t{0});
    store_be(out.data() + 10, internet_checksum(out.first(kept_bytes)));
  } else {
    store_be(out.data() + 4, static_cast<std::uint16_t>(total_bytes - kIpv6HeaderBytes));
    out[header.protocol_at] = kFragmentHeader;
  }
  return fragment;
}

}  // namespace

IpPacket copy_of(const IpPacket& packet) {
  IpPacket copy;
  copy.data = PacketBuf::copy_of(packet.data.view(), kPacketHeadroomBytes);
  copy.received_at = packet.received_at;
  copy.flow_hash = packet.flow_hash;
  copy.transport_at = packet.transport_at;
  copy.payload_at = packet.payload_at;
  copy.segment_bytes = packet.segment_bytes;
  copy.checksum = packet.checksum;
  copy.ecn = packet.ecn;
  return copy;
}

std::size_t transport_payload_at(ByteView packet, const Header& header) {
  const std::size_t at = header.transport_at;
  if (header.is_fragment() || packet.size() < at) return 0;
  const std::size_t left = packet.size() - at;
  if (header.protocol == kUdp) return left < kUdpHeaderBytes ? 0 : at + kUdpHeaderBytes;
  if (header.protocol != kTcp || left < kTcpHeaderBytes) return 0;
  const std::size_t bytes = std::size_t{packet[at + 12]} >> 4 << 2;
  return bytes < kTcpHeaderBytes || bytes > left ? 0 : at + bytes;
}

void complete_checksum(IpPacket& packet, const Header& header) {
  if (packet.checksum != Checksum::partial) return;
  const MutableByteView bytes = packet.data.writable();
  if (transport_payload_at(bytes, header) == 0) return;
  const std::uint16_t sum = ones_sum(bytes.subspan(header.transport_at));
  store_be(bytes.data() + header.transport_at + checksum_at(header),
           header.protocol == kUdp ? udp_checksum_of_sum(sum) : checksum_of_sum(sum));
  packet.checksum = Checksum::verified;
}

bool cut_segments(const IpPacket& packet, const Header& header, std::vector<IpPacket>& out) {
  const ByteView bytes = packet.data.view();
  const std::size_t payload_at = transport_payload_at(bytes, header);
  if (payload_at == 0 || packet.segment_bytes == 0) return false;
  const ByteView payload = bytes.subspan(payload_at);
  std::uint32_t count = 0;
  for (std::size_t begin = 0; begin == 0 || begin < payload.size(); begin += packet.segment_bytes) {
    const ByteView part = payload.subspan(begin, std::min<std::size_t>(packet.segment_bytes, payload.size() - begin));
    IpPacket segment;
    segment.received_at = packet.received_at;
    segment.flow_hash = packet.flow_hash;
    segment.ecn = packet.ecn;
    segment.checksum = Checksum::partial;
    segment.transport_at = header.transport_at;
    segment.payload_at = static_cast<std::uint16_t>(payload_at);
    segment.data = PacketBuf::with_room(kPacketHeadroomBytes, payload_at + part.size());
    segment.data.append(bytes.first(payload_at));
    segment.data.append(part);
    const MutableByteView whole = segment.data.writable();
    set_lengths(whole, header, count++);
    set_transport(whole.subspan(header.transport_at), header, static_cast<std::uint32_t>(begin),
                  begin + part.size() == payload.size());
    out.push_back(std::move(segment));
  }
  return true;
}

bool cut_fragments(IpPacket packet, const Header& header, std::size_t mtu_bytes, std::uint32_t identification,
                   std::vector<IpPacket>& out) {
  const bool v4 = header.is_v4();
  // RFC 8200 4.5: extension headers that routers read stay with each fragment; all that we send are such.
  const std::size_t kept_bytes = header.transport_at;
  const std::size_t around_bytes = kept_bytes + (v4 ? 0 : kFragmentHeaderBytes);
  if (mtu_bytes < around_bytes + 8 || (!v4 && header.is_fragment())) return false;
  complete_checksum(packet, header);
  Header numbered = header;
  if (!v4 || header.identification == 0) numbered.identification = identification;
  const std::size_t step_bytes = (mtu_bytes - around_bytes) / 8 * 8;
  const std::size_t payload_bytes = header.payload_bytes();
  for (std::size_t begin = 0; begin < payload_bytes; begin += step_bytes) {
    const std::size_t end = std::min(begin + step_bytes, payload_bytes);
    out.push_back(make_fragment(packet, numbered, kept_bytes, begin, end, end < payload_bytes));
  }
  return true;
}

}  // namespace ghostnet::ip
