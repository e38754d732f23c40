// The messages by which hosts tell routers which groups they are in: IGMPv3 (RFC 9776, and queries of RFC 2236) and
// MLDv2 (RFC 9777, and queries of RFC 2710), as far as a host that filters no sources needs them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::ip {

inline constexpr IpAddress kAllHosts = IpAddress::v4(224, 0, 0, 1);
inline constexpr IpAddress kAllNodes = IpAddress::v6({0xff02, 0, 0, 0, 0, 0, 0, 1});
inline constexpr IpAddress kIgmpv3Routers = IpAddress::v4(224, 0, 0, 22);
inline constexpr IpAddress kMldv2Routers = IpAddress::v6({0xff02, 0, 0, 0, 0, 0, 0, 0x16});

inline constexpr std::uint8_t kMldQueryType = 130;

// Who asks: about one group, or about all when it is unspecified.
struct MembershipQuery {
  IpAddress group;
  Duration max_response_delay{};

  // Of an IGMP message, or of an MLD message from its ICMPv6 header on. Nothing for anything else; the IGMP checksum
  // is verified here, the one of ICMPv6 has been.
  static std::optional<MembershipQuery> parse(IpFamily family, ByteView message);
};

enum class GroupRecordKind : std::uint8_t {
  is_member = 2,  // MODE_IS_EXCLUDE: answers a query
  left = 3,       // CHANGE_TO_INCLUDE_MODE
  joined = 4,     // CHANGE_TO_EXCLUDE_MODE
};

struct GroupRecord {
  GroupRecordKind kind = GroupRecordKind::is_member;
  IpAddress group;
};

std::size_t membership_report_bytes(IpFamily family, std::size_t records);
// A report, whole, in membership_report_bytes() of room. The addresses serve the checksum of ICMPv6. All groups are of
// the family.
void emit_membership_report(std::span<const GroupRecord> records, const IpAddress& source, const IpAddress& destination,
                            MutableByteView room);

}  // namespace ghostnet::ip
