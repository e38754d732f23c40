// Header: what the headers of an IP packet say, of either version: IPv4 (RFC 791) with its options, IPv6 (RFC 8200)
// with its extension headers up to the transport's.
//
// parse() is total: it reads nothing beyond the view, whatever the bytes. It refuses a packet that no host could use
// (not IP, cut short, a wrong header checksum). Mistakes further in, which only the destination may judge and may have
// to answer (RFC 8200 4: options and extension headers are for the host that is addressed), are told in Header::fault,
// so that a router can pass the packet on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

#include "ghostnet/ip/protocol.hpp"
#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet::ip {

inline constexpr std::size_t kIpv4HeaderBytes = 20;
inline constexpr std::size_t kIpv6HeaderBytes = 40;
inline constexpr std::size_t kFragmentHeaderBytes = 8;
inline constexpr std::size_t kMaxPacketBytes = 65'535;  // of IPv4; of IPv6, of what follows the fixed header
inline constexpr std::size_t kMaxExtensionHeaders = 8;  // more are not walked (RFC 8504 5.3 lets a host limit them)
inline constexpr std::size_t kMaxOptionsOfHeader = 16;  // IPv6 options that are not padding

constexpr std::size_t header_bytes_of(IpFamily family) {
  return family == IpFamily::v4 ? kIpv4HeaderBytes : kIpv6HeaderBytes;
}

constexpr std::size_t max_packet_bytes(IpFamily family) {
  return family == IpFamily::v4 ? kMaxPacketBytes : kIpv6HeaderBytes + kMaxPacketBytes;
}

// Why bytes are no packet for anybody.
enum class Unusable : std::uint8_t {
  not_ip,        // neither version 4 nor 6
  truncated,     // fewer bytes than the header says
  bad_length,    // lengths that contradict each other
  bad_checksum,  // of the IPv4 header
};

// What the destination has to complain about.
enum class HeaderFault : std::uint8_t {
  none,
  bad_field,         // RFC 4443 3.4 code 0, RFC 792 parameter problem
  unknown_header,    // code 1
  unknown_option,    // code 2
  incomplete_chain,  // code 3: a first fragment without all headers (RFC 7112)
  silent,            // to be dropped without a word
};

struct Header {
  IpAddress source;
  IpAddress destination;
  std::uint32_t total_bytes = 0;     // of the packet, from its first byte
  std::uint32_t identification = 0;  // of a fragment; of IPv4 always
  std::uint32_t flow_label = 0;      // IPv6
  std::uint16_t transport_at = 0;    // where the payload begins: of the transport, or of the fragment
  std::uint16_t protocol_at = 0;     // the byte that names the protocol of what begins there
  std::uint16_t fragment_offset_bytes = 0;
  std::uint16_t fragment_header_at = 0;  // IPv6, of a fragment; 0: there is no such header
  std::uint16_t fragment_named_at = 0;   // the byte that announces the fragment header
  std::uint16_t fault_at = 0;            // the byte that the fault is about
  std::uint8_t protocol = kNoNextHeader;
  std::uint8_t hop_limit = kDefaultHopLimit;
  std::uint8_t traffic_class = 0;  // DSCP and ECN
  HeaderFault fault = HeaderFault::none;
  bool fault_also_to_groups = false;  // RFC 8200 4.2: an option of kind 10 is answered even to multicast
  bool dont_fragment = false;         // IPv4; IPv6 is never fragmented on its way
  bool more_fragments = false;
  bool source_routed = false;  // IPv4: loose or strict source route (RFC 791 3.1)

  bool is_v4() const { return source.is_v4(); }
  bool is_fragment() const { return more_fragments || fragment_offset_bytes != 0; }
  Ecn ecn() const { return static_cast<Ecn>(traffic_class & 3); }
  std::size_t payload_bytes() const { return total_bytes - transport_at; }
};

std::expected<Header, Unusable> parse(ByteView packet);
// Of the front part of a packet, as ICMP errors quote it: the packet may end anywhere behind its fixed header, and the
// checksum may be one that a router has not kept up.
std::expected<Header, Unusable> parse_quoted(ByteView front);

// Writes the header of a packet without options or extension headers: source, destination, total_bytes, protocol,
// hop_limit, traffic_class, and of IPv4 identification, dont_fragment, more_fragments and fragment_offset_bytes, of
// IPv6 flow_label. `room` has header_bytes_of() bytes.
void emit(const Header& header, MutableByteView room);
// The fragment header of IPv6 (RFC 8200 4.5), into kFragmentHeaderBytes.
void emit_fragment_header(const Header& header, std::uint8_t next_header, MutableByteView room);

// Changes in place, which keep the IPv4 header checksum right (RFC 1624). The packet is one that was parsed.
void set_hop_limit(MutableByteView packet, std::uint8_t hop_limit);
void set_ecn(MutableByteView packet, Ecn ecn);

}  // namespace ghostnet::ip
