// The header of UDP (RFC 768), and its checksum (RFC 768, RFC 8200 8.1).
#pragma once

#include <cstdint>
#include <optional>

#include "ghostnet/runtime/bytes.hpp"

namespace ghostnet::ip {

inline constexpr std::size_t kUdpHeaderBytes = 8;

struct UdpHeader {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint16_t length_bytes = 0;  // header included
  std::uint16_t checksum = 0;      // 0: none was computed, which IPv4 allows

  // Nothing when the view is too short or the length lies.
  static std::optional<UdpHeader> parse(ByteView datagram);
  // The same of a quotation, which may end behind the ports and the length.
  static std::optional<UdpHeader> parse_quoted(ByteView front);
  void emit(MutableByteView room) const;
};

// What stands in the field for this sum: zero would mean "none" (RFC 768).
constexpr std::uint16_t udp_checksum_of_sum(std::uint16_t sum) {
  return sum == 0xffff ? 0xffff : static_cast<std::uint16_t>(~sum);
}

}  // namespace ghostnet::ip
