#include "ghostnet/tcp/checksum.hpp"

#include <bit>
#include <cstring>

namespace ghostnet::tcp {

namespace {

constexpr std::size_t kChecksumAt = 16;

template <class Word>
std::uint64_t word(const std::uint8_t* at) {
  Word value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::uint16_t swap_on_little_endian(std::uint16_t value) {
  return std::endian::native == std::endian::little ? static_cast<std::uint16_t>(value << 8 | value >> 8) : value;
}

}  // namespace

InternetChecksum& InternetChecksum::add(ByteView bytes) {
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  // 2^32 words of 32 bits fit the sum: no packet is that long.
  for (; left >= 16; at += 16, left -= 16) {
    sum_ += word<std::uint32_t>(at) + word<std::uint32_t>(at + 4);
    sum_ += word<std::uint32_t>(at + 8) + word<std::uint32_t>(at + 12);
  }
  for (; left >= 4; at += 4, left -= 4) sum_ += word<std::uint32_t>(at);
  for (; left >= 2; at += 2, left -= 2) sum_ += word<std::uint16_t>(at);
  if (left != 0) {
    std::uint8_t padded[2] = {*at, 0};
    sum_ += word<std::uint16_t>(padded);
  }
  return *this;
}

InternetChecksum& InternetChecksum::add_u16(std::uint16_t value) {
  sum_ += swap_on_little_endian(value);
  return *this;
}

InternetChecksum& InternetChecksum::add_pseudo_header(const IpAddress& source, const IpAddress& destination,
                                                      std::uint8_t protocol, std::size_t size_bytes) {
  for (const IpAddress& address : {source, destination}) {
    if (address.is_v4()) {
      add(address.v4_bytes());
    } else {
      add(address.v6_bytes());
    }
  }
  add_u16(static_cast<std::uint16_t>(size_bytes >> 16));
  add_u16(static_cast<std::uint16_t>(size_bytes));
  return add_u16(protocol);
}

std::uint16_t InternetChecksum::partial() const {
  std::uint64_t sum = sum_;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return swap_on_little_endian(static_cast<std::uint16_t>(sum));
}

std::uint16_t InternetChecksum::value() const { return static_cast<std::uint16_t>(~partial()); }

std::uint16_t segment_checksum(const IpAddress& source, const IpAddress& destination, ByteView segment) {
  InternetChecksum sum;
  sum.add_pseudo_header(source, destination, kProtocolNumber, segment.size());
  sum.add(segment.first(kChecksumAt)).add(segment.subspan(kChecksumAt + 2));
  return sum.value();
}

}  // namespace ghostnet::tcp
