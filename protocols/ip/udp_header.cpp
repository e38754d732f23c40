#include "ghostnet/ip/udp_header.hpp"

#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::ip {

std::optional<UdpHeader> UdpHeader::parse_quoted(ByteView front) {
  if (front.size() < kUdpHeaderBytes) return std::nullopt;
  return UdpHeader{.source_port = load_be<std::uint16_t>(front.data()),
                   .destination_port = load_be<std::uint16_t>(front.data() + 2),
                   .length_bytes = load_be<std::uint16_t>(front.data() + 4),
                   .checksum = load_be<std::uint16_t>(front.data() + 6)};
}

std::optional<UdpHeader> UdpHeader::parse(ByteView datagram) {
  std::optional<UdpHeader> header = parse_quoted(datagram);
  if (!header || header->length_bytes < kUdpHeaderBytes || header->length_bytes > datagram.size()) return std::nullopt;
  return header;
}

void UdpHeader::emit(MutableByteView room) const {
  store_be(room.data(), source_port);
  store_be(room.data() + 2, destination_port);
  store_be(room.data() + 4, length_bytes);
  store_be(room.data() + 6, checksum);
}

}  // namespace ghostnet::ip
