#include "ghostnet/ip/header.hpp"

#include <algorithm>

#include "ghostnet/runtime/internet_checksum.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::ip {

namespace {

constexpr std::uint16_t kDontFragment = 0x4000;
constexpr std::uint16_t kMoreFragments = 0x2000;
constexpr std::uint16_t kOffsetMask = 0x1fff;

// ---- IPv4 ----

constexpr std::uint8_t kEndOfOptions = 0;
constexpr std::uint8_t kNoOperation = 1;
constexpr std::uint8_t kLooseSourceRoute = 131;
constexpr std::uint8_t kStrictSourceRoute = 137;

void walk_ipv4_options(ByteView packet, std::size_t header_bytes, Header& header) {
  for (std::size_t at = kIpv4HeaderBytes; at < header_bytes;) {
    const std::uint8_t kind = packet[at];
    if (kind == kEndOfOptions) return;
    if (kind == kNoOperation) {
      ++at;
      continue;
    }
    if (header_bytes - at < 2 || packet[at + 1] < 2 || packet[at + 1] > header_bytes - at) {
      header.fault = HeaderFault::bad_field;
      header.fault_at = static_cast<std::uint16_t>(at);
      return;
    }
    if (kind == kLooseSourceRoute || kind == kStrictSourceRoute) header.source_routed = true;
    at += packet[at + 1];
  }
}

std::expected<Header, Unusable> parse_ipv4(ByteView packet, bool quoted) {
  if (packet.size() < kIpv4HeaderBytes) return std::unexpected(Unusable::truncated);
  const std::size_t header_bytes = std::size_t{packet[0] & 0xfu} * 4;
  const std::size_t total_bytes = load_be<std::uint16_t>(packet.data() + 2);
  if (header_bytes < kIpv4HeaderBytes || total_bytes < header_bytes) return std::unexpected(Unusable::bad_length);
  if (packet.size() < (quoted ? header_bytes : total_bytes)) return std::unexpected(Unusable::truncated);
  if (!quoted && !checksum_holds(packet.first(header_bytes))) return std::unexpected(Unusable::bad_checksum);
  Header header;
  header.source = IpAddress::v4(load_be<std::uint32_t>(packet.data() + 12));
  header.destination = IpAddress::v4(load_be<std::uint32_t>(packet.data() + 16));
  header.total_bytes = static_cast<std::uint32_t>(total_bytes);
  header.identification = load_be<std::uint16_t>(packet.data() + 4);
  const auto fragment = load_be<std::uint16_t>(packet.data() + 6);
  header.dont_fragment = (fragment & kDontFragment) != 0;
  header.more_fragments = (fragment & kMoreFragments) != 0;
  header.fragment_offset_bytes = static_cast<std::uint16_t>((fragment & kOffsetMask) * 8);
  header.transport_at = static_cast<std::uint16_t>(header_bytes);
  header.protocol_at = 9;
  header.protocol = packet[9];
  header.hop_limit = packet[8];
  header.traffic_class = packet[1];
  if (header_bytes != kIpv4HeaderBytes) walk_ipv4_options(packet, header_bytes, header);
  return header;
}

// ---- IPv6 ----

constexpr std::uint8_t kPad1 = 0;

void complain(Header& header, HeaderFault fault, std::size_t at) {
  header.fault = fault;
  header.fault_at = static_cast<std::uint16_t>(at);
}

// RFC 8200 4.2: the two highest bits of an option say what a host does that does not know it.
void walk_ipv6_options(ByteView chain, std::size_t begin, std::size_t end, Header& header) {
  constexpr std::uint8_t kPadN = 1;
  constexpr std::uint8_t kRouterAlert = 5;  // RFC 2711
  std::size_t options = 0;
  for (std::size_t at = begin; at < end;) {
    const std::uint8_t kind = chain[at];
    if (kind == kPad1) {
      ++at;
      continue;
    }
    if (end - at < 2 || std::size_t{chain[at + 1]} + 2 > end - at) {
      return complain(header, HeaderFault::bad_field, at);
    }
    if (kind != kPadN && kind != kRouterAlert) {
      if (++options > kMaxOptionsOfHeader) return complain(header, HeaderFault::silent, at);
      const unsigned action = kind >> 6;
      if (action != 0) {
        complain(header, action == 1 ? HeaderFault::silent : HeaderFault::unknown_option, at);
        header.fault_also_to_groups = action == 2;
        return;
      }
    }
    at += std::size_t{chain[at + 1]} + 2;
  }
}

// RFC 8200 4.4, RFC 5095: no routing type is ours, so one that has still something to do is an error.
void judge_routing_header(ByteView chain, std::size_t at, Header& header) {
  if (chain[at + 3] != 0) complain(header, HeaderFault::bad_field, at + 2);
}

// From the header at `header.transport_at` on, of kind header.protocol, to the first that is none of IPv6's own, or to
// a real fragment, whose rest is not here. `chain` ends where the packet ends. False: it ended within the headers.
bool walk_chain(ByteView chain, Header& header) {
  for (std::size_t count = 0;; ++count) {
    const std::size_t at = header.transport_at;
    const std::uint8_t kind = header.protocol;
    const bool known = kind == kHopByHopOptions || kind == kRoutingHeader || kind == kFragmentHeader ||
                       kind == kAuthenticationHeader || kind == kDestinationOptions;
    if (!known || header.fault != HeaderFault::none) return true;
    if (count == kMaxExtensionHeaders) {
      complain(header, HeaderFault::silent, at);
      return true;
    }
    // RFC 8200 4.1: hop-by-hop options stand first, or nowhere.
    if (kind == kHopByHopOptions && at != kIpv6HeaderBytes) {
      complain(header, HeaderFault::unknown_header, header.protocol_at);
      return true;
    }
    if (chain.size() < at + 8) return false;
    std::size_t bytes = (std::size_t{chain[at + 1]} + 1) * 8;
    if (kind == kFragmentHeader) bytes = kFragmentHeaderBytes;
    if (kind == kAuthenticationHeader) bytes = (std::size_t{chain[at + 1]} + 2) * 4;  // RFC 4302 2.2
    if (chain.size() < at + bytes) return false;
    if (kind == kHopByHopOptions || kind == kDestinationOptions) walk_ipv6_options(chain, at + 2, at + bytes, header);
    if (kind == kRoutingHeader) judge_routing_header(chain, at, header);
    if (kind == kFragmentHeader) header.fragment_named_at = header.protocol_at;
    header.protocol = chain[at];
    header.protocol_at = static_cast<std::uint16_t>(at);
    header.transport_at = static_cast<std::uint16_t>(at + bytes);
    if (kind != kFragmentHeader) continue;
    const auto fragment = load_be<std::uint16_t>(chain.data() + at + 2);
    header.fragment_offset_bytes = fragment & 0xfff8;
    header.more_fragments = (fragment & 1) != 0;
    header.identification = load_be<std::uint32_t>(chain.data() + at + 4);
    header.fragment_header_at = static_cast<std::uint16_t>(at);
    if (header.is_fragment()) return true;  // an atomic one (RFC 6946) is read on
  }
}

std::expected<Header, Unusable> parse_ipv6(ByteView packet, bool quoted) {
  if (packet.size() < kIpv6HeaderBytes) return std::unexpected(Unusable::truncated);
  const std::size_t total_bytes = kIpv6HeaderBytes + load_be<std::uint16_t>(packet.data() + 4);
  if (!quoted && packet.size() < total_bytes) return std::unexpected(Unusable::truncated);
  const auto first_word = load_be<std::uint32_t>(packet.data());
  Header header;
  header.source = IpAddress::from_v6_bytes(packet.subspan<8, 16>());
  header.destination = IpAddress::from_v6_bytes(packet.subspan<24, 16>());
  header.total_bytes = static_cast<std::uint32_t>(total_bytes);
  header.flow_label = first_word & 0xf'ffff;
  header.transport_at = kIpv6HeaderBytes;
  header.protocol_at = 6;
  header.protocol = packet[6];
  header.hop_limit = packet[7];
  header.traffic_class = static_cast<std::uint8_t>(first_word >> 20);
  const ByteView chain = packet.first(std::min(packet.size(), total_bytes));
  if (!walk_chain(chain, header)) {
    if (quoted) return header;
    complain(header, HeaderFault::bad_field, header.transport_at);
  } else if (header.more_fragments && header.fragment_offset_bytes == 0) {
    // RFC 7112 5: the first fragment holds every header up to the transport's.
    Header behind = header;
    behind.more_fragments = false;
    if (!walk_chain(chain, behind)) complain(header, HeaderFault::incomplete_chain, 0);
  }
  return header;
}

std::expected<Header, Unusable> parse_either(ByteView packet, bool quoted) {
  if (packet.empty()) return std::unexpected(Unusable::truncated);
  switch (packet[0] >> 4) {
    case 4: return parse_ipv4(packet, quoted);
    case 6: return parse_ipv6(packet, quoted);
    default: return std::unexpected(Unusable::not_ip);
  }
}

// Changes the 16-bit word at `at` of an IPv4 header, and the checksum with it.
void change_ipv4_word(MutableByteView packet, std::size_t at, std::uint16_t word) {
  const auto old_word = load_be<std::uint16_t>(packet.data() + at);
  const auto checksum = load_be<std::uint16_t>(packet.data() + 10);
  store_be(packet.data() + at, word);
  store_be(packet.data() + 10, updated_checksum(checksum, old_word, word));
}

}  // namespace

std::expected<Header, Unusable> parse(ByteView packet) { return parse_either(packet, false); }
std::expected<Header, Unusable> parse_quoted(ByteView front) { return parse_either(front, true); }

void emit(const Header& header, MutableByteView room) {
  std::uint8_t* const to = room.data();
  if (header.is_v4()) {
    to[0] = 0x45;
    to[1] = header.traffic_class;
    store_be(to + 2, static_cast<std::uint16_t>(header.total_bytes));
    store_be(to + 4, static_cast<std::uint16_t>(header.identification));
    store_be(to + 6, static_cast<std::uint16_t>((header.dont_fragment ? kDontFragment : 0) |
                                                (header.more_fragments ? kMoreFragments : 0) |
                                                header.fragment_offset_bytes / 8));
    to[8] = header.hop_limit;
    to[9] = header.protocol;
    store_be(to + 10, std::uint16_t{0});
    store_be(to + 12, header.source.v4_value());
    store_be(to + 16, header.destination.v4_value());
    store_be(to + 10, internet_checksum(room.first(kIpv4HeaderBytes)));
    return;
  }
  store_be(to, 0x6000'0000u | std::uint32_t{header.traffic_class} << 20 | header.flow_label);
  store_be(to + 4, static_cast<std::uint16_t>(header.total_bytes - kIpv6HeaderBytes));
  to[6] = header.protocol;
  to[7] = header.hop_limit;
  store_be(to + 8, header.source.high());
  store_be(to + 16, header.source.low());
  store_be(to + 24, header.destination.high());
  store_be(to + 32, header.destination.low());
}

void emit_fragment_header(const Header& header, std::uint8_t next_header, MutableByteView room) {
  room[0] = next_header;
  room[1] = 0;
  store_be(room.data() + 2, static_cast<std::uint16_t>(header.fragment_offset_bytes | (header.more_fragments ? 1 : 0)));
  store_be(room.data() + 4, header.identification);
}

void set_hop_limit(MutableByteView packet, std::uint8_t hop_limit) {
  if (packet[0] >> 4 == 6) {
    packet[7] = hop_limit;
  } else {
    change_ipv4_word(packet, 8, static_cast<std::uint16_t>(hop_limit << 8 | packet[9]));
  }
}

void set_ecn(MutableByteView packet, Ecn ecn) {
  const auto bits = static_cast<std::uint8_t>(ecn);
  if (packet[0] >> 4 == 6) {
    packet[1] = static_cast<std::uint8_t>((packet[1] & 0xcf) | bits << 4);
  } else {
    change_ipv4_word(packet, 0, static_cast<std::uint16_t>(packet[0] << 8 | (packet[1] & 0xfc) | bits));
  }
}

}  // namespace ghostnet::ip
