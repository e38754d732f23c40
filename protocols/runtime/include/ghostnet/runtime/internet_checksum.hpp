// The Internet checksum (RFC 1071): the one's complement of the one's complement sum of 16-bit words.
//
// A sum here is 16 bits in the order of the network, not yet complemented, so that sums of parts can be added: of a
// pseudo-header, of a header, of a payload that lies elsewhere. A part of odd length counts as if a zero byte
// followed, so only the last part may be odd. RFC 1071 2 (B): the sum does not care about byte order, so words are
// added eight bytes at a time as the machine reads them, and swapped once at the end.
#pragma once

#include <cstdint>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/bytes.hpp"

namespace ghostnet {

// Folds the carries of a sum of 16-bit words back into 16 bits.
constexpr std::uint16_t fold_sum(std::uint64_t sum) {
  sum = (sum & 0xffff'ffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>((sum & 0xffff) + (sum >> 16));
}

// The sum of the bytes, added to the sum of what comes before them.
std::uint16_t ones_sum(ByteView bytes, std::uint16_t before = 0);

// The sum of the pseudo-header: RFC 9293 3.1 and RFC 768 over IPv4, RFC 8200 8.1 over IPv6. The addresses are of one
// family.
std::uint16_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                                std::uint32_t transport_bytes);

// What goes into the checksum field, where the summed bytes had zero or a partial sum in it.
constexpr std::uint16_t checksum_of_sum(std::uint16_t sum) { return static_cast<std::uint16_t>(~sum); }
inline std::uint16_t internet_checksum(ByteView bytes) { return checksum_of_sum(ones_sum(bytes)); }

// Whether bytes that hold their own checksum are undamaged; `before` is the pseudo-header's sum.
inline bool checksum_holds(ByteView bytes, std::uint16_t before = 0) { return ones_sum(bytes, before) == 0xffff; }

// The checksum after one of the words that it covers was changed (RFC 1624 3, equation 3).
constexpr std::uint16_t updated_checksum(std::uint16_t checksum, std::uint16_t old_word, std::uint16_t new_word) {
  return checksum_of_sum(fold_sum(std::uint64_t{checksum_of_sum(checksum)} + checksum_of_sum(old_word) + new_word));
}

}  // namespace ghostnet
