// The Internet checksum (RFC 1071) and the pseudo-header of TCP, UDP and ICMPv6 (RFC 9293 3.1, RFC 8200 8.1).
//
//   std::uint16_t checksum = InternetChecksum().add_pseudo_header(from, to, kTcp, size).add(segment).value();
//
// A packet is right when the sum over all of it, checksum included, has the value zero.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/bytes.hpp"

namespace ghostnet::tcp {

inline constexpr std::uint8_t kProtocolNumber = 6;  // of TCP, in IP headers

class InternetChecksum {
 public:
  // Of the parts that are added, all but the last have an even size.
  InternetChecksum& add(ByteView bytes);
  // A number of 16 bits in network order.
  InternetChecksum& add_u16(std::uint16_t value);
  // `size_bytes` of the transport's header and payload.
  InternetChecksum& add_pseudo_header(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                                      std::size_t size_bytes);

  // What stands in the header, in host order.
  std::uint16_t value() const;
  // The folded sum itself, for a checksum that somebody else completes.
  std::uint16_t partial() const;

 private:
  std::uint16_t sum_ = 0;
};

// The value of the checksum field of a TCP segment, which is taken as zero while summing.
std::uint16_t segment_checksum(const IpAddress& source, const IpAddress& destination, ByteView segment);

}  // namespace ghostnet::tcp
