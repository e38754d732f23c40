#include "ghostnet/runtime/internet_checksum.hpp"

#include <bit>
#include <cstring>

namespace ghostnet {

namespace {

// In the order of the machine, whose words these are.
std::uint16_t in_network_order(std::uint16_t word) {
  return std::endian::native == std::endian::big ? word : static_cast<std::uint16_t>(word << 8 | word >> 8);
}

}  // namespace

std::uint16_t ones_sum(ByteView bytes, std::uint16_t before) {
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  // Halves of 32 bits in sums of 64 cannot overflow below 2^32 words, and need no carry between steps.
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  for (; left >= 32; at += 32, left -= 32) {
    std::uint64_t words[4];
    std::memcpy(words, at, sizeof words);
    low += (words[0] & 0xffff'ffff) + (words[1] & 0xffff'ffff) + (words[2] & 0xffff'ffff) + (words[3] & 0xffff'ffff);
    high += (words[0] >> 32) + (words[1] >> 32) + (words[2] >> 32) + (words[3] >> 32);
  }
  for (; left >= 4; at += 4, left -= 4) {
    std::uint32_t word;
    std::memcpy(&word, at, sizeof word);
    low += word;
  }
  if (left != 0) {
    std::uint8_t last[4] = {};
    std::memcpy(last, at, left);
    std::uint32_t word;
    std::memcpy(&word, last, sizeof word);
    low += word;
  }
  const std::uint16_t machine = fold_sum(std::uint64_t{fold_sum(low)} + fold_sum(high));
  return fold_sum(std::uint64_t{before} + in_network_order(machine));
}

std::uint16_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                                std::uint32_t transport_bytes) {
  std::uint64_t sum = protocol;
  sum += (transport_bytes >> 16) + (transport_bytes & 0xffff);
  for (const IpAddress& address : {source, destination}) {
    // The words of IPv4 lie in the low half alone.
    for (const std::uint64_t half : {address.high(), address.low()}) sum += (half >> 32) + (half & 0xffff'ffff);
  }
  return fold_sum(sum);
}

}  // namespace ghostnet
