#include "ghostnet/tcp/checksum.hpp"

#include "ghostnet/runtime/internet_checksum.hpp"

namespace ghostnet::tcp {

namespace {

constexpr std::size_t kChecksumAt = 16;

}  // namespace

InternetChecksum& InternetChecksum::add(ByteView bytes) {
  sum_ = ones_sum(bytes, sum_);
  return *this;
}

InternetChecksum& InternetChecksum::add_u16(std::uint16_t value) {
  sum_ = fold_sum(std::uint64_t{sum_} + value);
  return *this;
}

InternetChecksum& InternetChecksum::add_pseudo_header(const IpAddress& source, const IpAddress& destination,
                                                      std::uint8_t protocol, std::size_t size_bytes) {
  return add_u16(pseudo_header_sum(source, destination, protocol, static_cast<std::uint32_t>(size_bytes)));
}

std::uint16_t InternetChecksum::partial() const { return sum_; }

std::uint16_t InternetChecksum::value() const { return checksum_of_sum(sum_); }

std::uint16_t segment_checksum(const IpAddress& source, const IpAddress& destination, ByteView segment) {
  InternetChecksum sum;
  sum.add_pseudo_header(source, destination, kProtocolNumber, segment.size());
  sum.add(segment.first(kChecksumAt)).add(segment.subspan(kChecksumAt + 2));
  return sum.value();
}

}  // namespace ghostnet::tcp
