// What goes out: the way is chosen, the header written, the packet cut where it must be.
#include <algorithm>

#include "ghostnet/ip/network.hpp"
#include "ghostnet/runtime/internet_checksum.hpp"

namespace ghostnet::ip {

namespace {

constexpr std::size_t kIdentificationPlaces = 256;
// RFC 9776 4, RFC 9777 5.2.
constexpr std::array<std::uint8_t, 4> kIpv4RouterAlert{0x94, 4, 0, 0};
constexpr std::array<std::uint8_t, 8> kIpv6RouterAlert{kIcmpv6, 0, 5, 2, 0, 0, 1, 0};  // RFC 2711, and padding

}  // namespace

// ---- the way ----

std::expected<Path, Errc> Network::path_to(TimePoint now, const IpAddress& destination, const IpAddress& source,
                                           InterfaceIndex interface) const {
  Path path;
  const bool to_many = destination.is_multicast() || destination.is_broadcast();
  if (!source.is_unspecified() && !owns(source)) return std::unexpected(Errc::address_not_available);
  const Route* route = nullptr;
  if (!to_many && owns(destination)) {
    path.interface = kLoopbackInterface;
  } else if (interface != 0 || destination.scope_id() != 0) {
    path.interface = interface != 0 ? interface : destination.scope_id();
  } else if (to_many) {
    path.interface = multicast_interface(destination.family());
  } else {
    route = routes_.find(destination, [this](InterfaceIndex index) { return find_interface(index)->up; });
    if (route != nullptr) path.interface = route->interface;
  }
  const NetInterface* const out = find_interface(path.interface);
  // RFC 6890: what is for this host never leaves it.
  const bool strays = out != nullptr && out->loopback() && !to_many && !owns(destination);
  if (out == nullptr || !out->up || strays || (!out->loopback() && destination.is_loopback())) {
    return std::unexpected(Errc::unreachable);
  }
  path.mtu_bytes = out->mtu_bytes;
  if (const std::optional<std::uint32_t> told = path_mtus_.find(now, destination.without_scope_id())) {
    path.fragile = path_mtus_.is_fragile(now, destination.without_scope_id());
    path.mtu_bytes = std::min(path.mtu_bytes, *told);
  }
  path.source = source;
  if (path.source.is_unspecified() && out->loopback()) path.source = destination;
  if (path.source.is_unspecified() && route != nullptr && !route->source.is_unspecified()) path.source = route->source;
  if (!path.source.is_unspecified()) return path;
  std::vector<SourceCandidate> candidates;
  for (const NetInterface& each : interfaces_) {
    if (each.loopback()) continue;
    for (const InterfaceAddress& address : each.addresses) {
      // RFC 4007 6: a link-local address means nothing on another link.
      if (address.address.is_link_local() && each.index != path.interface) continue;
      candidates.push_back({address.address, address.prefix_bits, each.index});
    }
  }
  const std::optional<IpAddress> chosen = select_source(destination, path.interface, candidates);
  if (!chosen) return std::unexpected(Errc::unreachable);
  path.source = *chosen;
  return path;
}

// ---- sending ----

std::optional<Errc> Network::send(TimePoint, const Outgoing& outgoing, const Path& path, PacketBuf transport) {
  Header header;
  header.source = path.source.without_scope_id();
  header.destination = outgoing.destination.without_scope_id();
  header.protocol = outgoing.protocol;
  header.hop_limit = outgoing.hop_limit;
  header.traffic_class = static_cast<std::uint8_t>(outgoing.ecn);
  header.dont_fragment = outgoing.dont_fragment;
  const std::size_t header_bytes = header_bytes_of(header.destination.family());
  header.total_bytes = static_cast<std::uint32_t>(header_bytes + transport.size());
  header.transport_at = static_cast<std::uint16_t>(header_bytes);
  header.protocol_at = header.is_v4() ? 9 : 6;
  if (header.total_bytes > max_packet_bytes(header.destination.family())) return Errc::message_too_large;
  if (!driver_.has_room(path.interface)) return Errc::would_block;
  const bool v4_fragmentable = header.is_v4() && !outgoing.dont_fragment && outgoing.segment_bytes == 0;
  // RFC 6864 4.1: a packet that is never fragmented needs no number.
  if (v4_fragmentable || (header.is_v4() && outgoing.segment_bytes != 0)) {
    // One number for each packet that a super-packet is cut into (RFC 6864 4.3: none is used twice).
    std::uint32_t packets = 1;
    if (outgoing.segment_bytes != 0) {
      const std::size_t payload_bytes = transport.size() - outgoing.transport_header_bytes;
      packets = static_cast<std::uint32_t>((payload_bytes + outgoing.segment_bytes - 1) / outgoing.segment_bytes);
    }
    header.identification = next_identification(header.source, header.destination, header.protocol, packets) & 0xffffu;
  }
  const std::size_t largest_bytes =
      outgoing.segment_bytes == 0
          ? header.total_bytes
          : std::min<std::size_t>(header.total_bytes,
                                  header_bytes + outgoing.transport_header_bytes + outgoing.segment_bytes);
  const bool never_cut = outgoing.dont_fragment || outgoing.segment_bytes != 0;
  if (largest_bytes > path.mtu_bytes && never_cut) return Errc::message_too_large;

  IpPacket packet;
  transport.reserve(header_bytes, 0);
  emit(header, transport.prepend(header_bytes));
  packet.data = std::move(transport);
  packet.checksum = outgoing.checksum;
  packet.segment_bytes = outgoing.segment_bytes;
  packet.transport_at = static_cast<std::uint16_t>(header_bytes);
  packet.payload_at = static_cast<std::uint16_t>(header_bytes + outgoing.transport_header_bytes);
  packet.flow_hash = outgoing.flow_hash;
  packet.ecn = outgoing.ecn;
  const NetInterface& out = *find_interface(path.interface);
  if (out.loopback()) {
    metrics_.sent.add();
    metrics_.sent_bytes.add(packet.data.size());
    driver_.loop_back(kLoopbackInterface, std::move(packet));
    return std::nullopt;
  }
  const bool to_group = outgoing.destination.is_multicast();
  if (to_group && outgoing.multicast_loop && out.membership.contains(header.destination)) {
    IpPacket copy = copy_of(packet);
    driver_.loop_back(path.interface, std::move(copy));
  }
  return emit_to(path.interface, header, std::move(packet), path.mtu_bytes);
}

std::optional<Errc> Network::emit_to(InterfaceIndex index, const Header& header, IpPacket packet,
                                     std::uint32_t mtu_bytes) {
  const NetInterface& interface = *find_interface(index);
  std::vector<IpPacket> pieces = std::exchange(cut_, {});
  pieces.clear();
  if (packet.segment_bytes != 0) {
    if (packet.data.size() <= interface.max_segmented_bytes && interface.max_segmented_bytes > interface.mtu_bytes) {
      return transmit(index, std::move(packet));
    }
    if (!cut_segments(packet, header, pieces)) return Errc::invalid_argument;
    metrics_.segments_cut.add(pieces.size());
  } else if (packet.data.size() > mtu_bytes) {
    const std::uint32_t identification = next_identification(header.source, header.destination, header.protocol, 1);
    if (!cut_fragments(std::move(packet), header, mtu_bytes, identification, pieces)) return Errc::message_too_large;
    metrics_.fragments_sent.add(pieces.size());
  } else {
    return transmit(index, std::move(packet));
  }
  std::optional<Errc> refused;
  for (IpPacket& piece : pieces) {
    if ((refused = transmit(index, std::move(piece)))) break;  // without it the rest is of no use
  }
  pieces.clear();
  cut_ = std::move(pieces);
  return refused;
}

std::optional<Errc> Network::transmit(InterfaceIndex index, IpPacket packet) {
  if (!find_interface(index)->up) {
    metrics_.drop(DropReason::link_refused);
    return Errc::unreachable;
  }
  const std::size_t size_bytes = packet.data.size();
  if (!driver_.transmit(index, std::move(packet))) {
    metrics_.drop(DropReason::link_queue_full);
    return Errc::would_block;
  }
  metrics_.sent.add();
  metrics_.sent_bytes.add(size_bytes);
  return std::nullopt;
}

// RFC 7739 5.3: a counter for each of many places, from a random start, so that nobody learns from his own packets what
// the numbers of others' are.
std::uint32_t Network::next_identification(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                                           std::uint32_t count) {
  if (identifications_.empty()) {
    identifications_.resize(kIdentificationPlaces);
    for (std::uint32_t& counter : identifications_) counter = static_cast<std::uint32_t>(random_.next_u64());
  }
  const std::uint64_t hash =
      IpAddress::v6(source.hash() ^ secret_[1], destination.hash() + protocol).hash() % kIdentificationPlaces;
  std::uint32_t& counter = identifications_[hash];
  std::uint32_t first = counter + 1;
  // An IPv4 number of zero would look like none.
  if ((first & 0xffff) == 0 || (first & 0xffff) + (count - 1) > 0xffff) first = (first | 0xffff) + 2;
  counter = first + (count - 1);
  return first;
}

// ---- groups ----

void Network::send_reports(TimePoint now, NetInterface& interface, IpFamily family) {
  const std::span<const GroupRecord> records = interface.membership.poll(now, family, random_);
  if (records.empty() || !interface.up || interface.loopback()) return;
  const IpAddress destination = family == IpFamily::v4 ? kIgmpv3Routers : kMldv2Routers;
  // RFC 9777 5.2.13: from a link-local address, or from none.
  IpAddress source = IpAddress::any(family);
  for (const InterfaceAddress& own : interface.addresses) {
    if (own.address.family() != family || (family == IpFamily::v6 && !own.address.is_link_local())) continue;
    source = own.address;
    break;
  }
  const bool v4 = family == IpFamily::v4;
  const std::size_t alert_bytes = v4 ? kIpv4RouterAlert.size() : kIpv6RouterAlert.size();
  const std::size_t report_bytes = membership_report_bytes(family, records.size());
  Header header;
  header.source = source;
  header.destination = destination;
  header.protocol = v4 ? kIgmp : kHopByHopOptions;
  header.hop_limit = 1;
  header.total_bytes = static_cast<std::uint32_t>(header_bytes_of(family) + alert_bytes + report_bytes);
  header.transport_at = static_cast<std::uint16_t>(header_bytes_of(family) + alert_bytes);
  IpPacket packet;
  packet.data = PacketBuf::with_room(kPacketHeadroomBytes, header.total_bytes);
  packet.transport_at = header.transport_at;
  packet.checksum = Checksum::verified;
  emit(header, packet.data.append(header_bytes_of(family)));
  packet.data.append(v4 ? ByteView(kIpv4RouterAlert) : ByteView(kIpv6RouterAlert));
  if (v4) {
    const MutableByteView bytes = packet.data.writable();
    bytes[0] = 0x46;
    store_be(bytes.data() + 10, std::uint16_t{0});
    store_be(bytes.data() + 10, internet_checksum(bytes));
  }
  emit_membership_report(records, source, destination, packet.data.append(report_bytes));
  static_cast<void>(transmit(interface.index, std::move(packet)));
}

}  // namespace ghostnet::ip
