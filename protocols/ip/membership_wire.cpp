#include "ghostnet/ip/membership_wire.hpp"

#include <cstring>

#include "ghostnet/ip/icmp.hpp"
#include "ghostnet/runtime/internet_checksum.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::ip {

namespace {

constexpr std::uint8_t kIgmpQueryType = 0x11;
constexpr std::uint8_t kIgmpv3ReportType = 0x22;
constexpr std::uint8_t kMldv2ReportType = 143;
constexpr std::size_t kIgmpHeaderBytes = 8;
constexpr std::size_t kIgmpv3QueryBytes = 12;
constexpr std::size_t kMldv1QueryBytes = 24;
constexpr std::size_t kMldv2QueryBytes = 28;
constexpr auto kIgmpUnit = 100ms;   // RFC 9776 4.1.1
constexpr auto kIgmpv1Delay = 10s;  // RFC 2236 4: a code of zero
constexpr auto kMldUnit = 1ms;      // RFC 9777 5.1.3

// A code is a number, or from its highest bit on a small floating point one.
std::uint32_t decoded(std::uint32_t code, unsigned mantissa_bits) {
  const unsigned exponent_bits = 3;
  const std::uint32_t top = 1u << (mantissa_bits + exponent_bits);
  if (code < top) return code;
  const std::uint32_t mantissa = (code & ((1u << mantissa_bits) - 1)) | 1u << mantissa_bits;
  return mantissa << ((code >> mantissa_bits & 7) + 3);
}

std::optional<MembershipQuery> parse_igmp(ByteView message) {
  if (message.size() < kIgmpHeaderBytes || message[0] != kIgmpQueryType || !checksum_holds(message)) {
    return std::nullopt;
  }
  MembershipQuery query{.group = IpAddress::v4(load_be<std::uint32_t>(message.data() + 4))};
  const bool v3 = message.size() >= kIgmpv3QueryBytes;
  query.max_response_delay =
      message[1] == 0 && !v3 ? Duration(kIgmpv1Delay) : kIgmpUnit * (v3 ? decoded(message[1], 4) : message[1]);
  return query;
}

std::optional<MembershipQuery> parse_mld(ByteView message) {
  if (message.size() < kMldv1QueryBytes || message[0] != kMldQueryType) return std::nullopt;
  const auto code = load_be<std::uint16_t>(message.data() + 4);
  return MembershipQuery{
      .group = IpAddress::from_v6_bytes(message.subspan<8, 16>()),
      .max_response_delay = kMldUnit * (message.size() >= kMldv2QueryBytes ? decoded(code, 12) : code)};
}

}  // namespace

std::optional<MembershipQuery> MembershipQuery::parse(IpFamily family, ByteView message) {
  std::optional<MembershipQuery> query = family == IpFamily::v4 ? parse_igmp(message) : parse_mld(message);
  if (query && !query->group.is_unspecified() && !query->group.is_multicast()) return std::nullopt;
  return query;
}

std::size_t membership_report_bytes(IpFamily family, std::size_t records) {
  return 8 + records * (4 + (family == IpFamily::v4 ? 4u : 16u));
}

void emit_membership_report(std::span<const GroupRecord> records, const IpAddress& source, const IpAddress& destination,
                            MutableByteView room) {
  const bool v4 = source.is_v4();
  std::memset(room.data(), 0, room.size());
  room[0] = v4 ? kIgmpv3ReportType : kMldv2ReportType;
  store_be(room.data() + 6, static_cast<std::uint16_t>(records.size()));
  std::uint8_t* to = room.data() + 8;
  for (const GroupRecord& record : records) {
    to[0] = static_cast<std::uint8_t>(record.kind);
    if (v4) {
      store_be(to + 4, record.group.v4_value());
    } else {
      store_be(to + 4, record.group.high());
      store_be(to + 12, record.group.low());
    }
    to += 4 + record.group.byte_size();
  }
  const std::uint16_t pseudo =
      v4 ? std::uint16_t{0} : pseudo_header_sum(source, destination, kIcmpv6, static_cast<std::uint32_t>(room.size()));
  store_be(room.data() + 2, checksum_of_sum(ones_sum(room, pseudo)));
}

}  // namespace ghostnet::ip
