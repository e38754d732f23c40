// Any bytes are an IP packet or are refused; what is told of a packet lies within it, and cutting it or putting it
// together again stays within it too.
#include <cstdlib>
#include <vector>

#include "ghostnet/ip/cutting.hpp"
#include "ghostnet/ip/header.hpp"
#include "ghostnet/ip/icmp.hpp"
#include "ghostnet/ip/membership_wire.hpp"
#include "ghostnet/ip/reassembly.hpp"
#include "ghostnet/ip/udp_header.hpp"

namespace {

using namespace ghostnet;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_transport(const ip::Header& header, ByteView bytes) {
  const ByteView transport = bytes.subspan(header.transport_at);
  if (const auto udp = ip::UdpHeader::parse(transport)) require(udp->length_bytes <= transport.size());
  if (const auto message = ip::IcmpMessage::parse(transport)) {
    static_cast<void>(ip::error_of(header.source.family(), *message));
    static_cast<void>(ip::parse_quoted(message->body));
  }
  static_cast<void>(ip::MembershipQuery::parse(header.source.family(), transport));
  require(ip::transport_payload_at(bytes, header) <= bytes.size());
}

void cut(const ip::Header& header, ByteView bytes) {
  IpPacket packet;
  packet.data = PacketBuf::copy_of(bytes);
  packet.checksum = Checksum::partial;
  std::vector<IpPacket> pieces;
  if (ip::cut_fragments(ip::copy_of(packet), header, 576, 7, pieces)) {
    for (const IpPacket& piece : pieces) require(piece.data.size() <= 576 && ip::parse(piece.data.view()).has_value());
  }
  pieces.clear();
  packet.segment_bytes = 100;
  if (ip::cut_segments(packet, header, pieces)) {
    for (const IpPacket& piece : pieces) require(ip::parse(piece.data.view()).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  if (const auto quoted = ip::parse_quoted(bytes)) require(quoted->transport_at <= size);
  const auto header = ip::parse(bytes);
  if (!header) return 0;
  require(header->total_bytes <= size && header->transport_at <= header->total_bytes);
  require(header->protocol_at < header->transport_at && header->fault_at <= header->total_bytes);
  const ByteView whole = bytes.first(header->total_bytes);
  read_transport(*header, whole);
  if (header->fault == ip::HeaderFault::none) cut(*header, whole);
  if (header->is_fragment()) {
    ip::Reassembler reassembler;
    IpPacket fragment;
    fragment.data = PacketBuf::copy_of(whole);
    static_cast<void>(reassembler.add(TimePoint{1s}, *header, std::move(fragment)));
  }
  return 0;
}
