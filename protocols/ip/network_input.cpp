// What comes in: judged, put together, delivered or passed on.
#include <algorithm>

#include "ghostnet/ip/network.hpp"

namespace ghostnet::ip {

namespace {

DropReason reason_of(Unusable unusable) {
  switch (unusable) {
    case Unusable::not_ip: return DropReason::not_ip;
    case Unusable::truncated: return DropReason::truncated;
    case Unusable::bad_length: return DropReason::bad_length;
    case Unusable::bad_checksum: return DropReason::bad_checksum;
  }
  return DropReason::not_ip;
}

// 0/8 and 240/4 are nobody's (RFC 1122 3.2.1.3, RFC 1112 4).
bool is_nobodys(const IpAddress& address) {
  if (address.is_v6()) return address.is_unspecified();
  const std::uint32_t first = address.v4_value() >> 24;
  return first == 0 || first >= 240;
}

// RFC 4007 9: link-local addresses mean something only together with their link.
void set_zone(IpAddress& address, InterfaceIndex interface) {
  if (address.is_v6() && scope_of(address) == 2 && !address.is_loopback()) address = address.with_scope_id(interface);
}

}  // namespace

void Network::receive(TimePoint now, InterfaceIndex index, IpPacket packet, bool looped) {
  const NetInterface* const interface = find_interface(index);
  if (interface == nullptr) return;
  metrics_.received.add();
  metrics_.received_bytes.add(packet.data.size());
  std::expected<Header, Unusable> header = parse(packet.data.view());
  if (!header) return metrics_.drop(reason_of(header.error()));
  if (packet.data.size() > header->total_bytes) packet.data.trim_back(packet.data.size() - header->total_bytes);
  packet.ecn = header->ecn();
  if (!looped && !plausible(*header, *interface)) return metrics_.drop(DropReason::martian_source);
  if (!looped && (header->destination.is_loopback() || is_nobodys(header->destination)) &&
      !header->destination.is_broadcast()) {
    return metrics_.drop(DropReason::martian_destination);
  }
  if (header->source_routed) return metrics_.drop(DropReason::source_routed);  // RFC 7126 4.3, 4.4
  const Target target = target_of(header->destination, *interface);
  if (target == Target::foreign) return forward(now, index, *header, std::move(packet));
  if (!interface->loopback()) {
    set_zone(header->source, index);
    set_zone(header->destination, index);
  }
  accept(now, index, *header, std::move(packet), target != Target::own);
}

// RFC 1122 3.2.1.3, RFC 1812 5.3.7, RFC 4291 2.5: who may not be the source of a packet from a link. One's own address
// there is a lie that makes a host talk to itself.
bool Network::plausible(const Header& header, const NetInterface& interface) const {
  const IpAddress& source = header.source;
  if (source.is_multicast() || source.is_loopback() || is_nobodys(source) || source.is_v4_mapped()) return false;
  if (owns(source) || is_broadcast(source)) return false;
  if (!options_.reverse_path_filter || source.is_link_local()) return true;
  const Route* const back = routes_.find(source);
  return back != nullptr && back->interface == interface.index;
}

Network::Target Network::target_of(const IpAddress& destination, const NetInterface& interface) const {
  if (destination.is_multicast()) {
    const bool wanted =
        interface.membership.contains(destination) || destination == kAllHosts || destination == kAllNodes;
    return wanted ? Target::group : Target::foreign;
  }
  if (owns(destination)) return Target::own;
  return is_broadcast(destination) ? Target::broadcast : Target::foreign;
}

void Network::accept(TimePoint now, InterfaceIndex interface, const Header& header, IpPacket packet, bool to_many) {
  if (header.fault != HeaderFault::none) {
    complain(now, interface, header, packet.data.view(), to_many);
    return metrics_.drop(DropReason::bad_header);
  }
  if (header.is_fragment()) return reassemble(now, interface, header, std::move(packet), to_many);
  packet.transport_at = header.transport_at;
  switch (header.protocol) {
    case kUdp: return driver_.deliver(header, interface, std::move(packet));
    case kTcp:
      // RFC 9293 3.9.2.3: a connection has one peer.
      if (to_many) return metrics_.drop(DropReason::unknown_protocol);
      return driver_.deliver(header, interface, std::move(packet));
    case kIcmp:
    case kIcmpv6:
      if ((header.protocol == kIcmp) != header.is_v4()) break;
      return accept_icmp(now, interface, header, packet, to_many);
    case kIgmp:
      if (!header.is_v4()) break;
      return accept_query(now, interface, header, packet.data.view().subspan(header.transport_at));
    case kNoNextHeader:
      if (!header.is_v4()) return;
      break;
    default: break;
  }
  metrics_.drop(DropReason::unknown_protocol);
  send_error(now, interface, header, packet.data.view(), IcmpError::protocol_unreachable,
             header.is_v4() ? 0 : header.protocol_at);
}

// What the sender is told about headers that this host cannot read.
void Network::complain(TimePoint now, InterfaceIndex interface, const Header& header, ByteView packet, bool to_many) {
  IcmpError error = IcmpError::bad_header;
  switch (header.fault) {
    case HeaderFault::none:
    case HeaderFault::silent: return;
    case HeaderFault::bad_field: break;
    case HeaderFault::unknown_header: error = IcmpError::protocol_unreachable; break;
    case HeaderFault::unknown_option: error = IcmpError::unknown_option; break;
    case HeaderFault::incomplete_chain: error = IcmpError::incomplete_chain; break;
  }
  send_error(now, interface, header, packet, error, header.fault_at, to_many && header.fault_also_to_groups);
}

void Network::reassemble(TimePoint now, InterfaceIndex interface, const Header& header, IpPacket packet, bool to_many) {
  metrics_.fragments_received.add();
  Reassembler::Outcome outcome = reassembler_.add(now, header, std::move(packet));
  switch (outcome.verdict) {
    case Reassembler::Verdict::kept:
    case Reassembler::Verdict::duplicate: return;
    case Reassembler::Verdict::malformed: return metrics_.drop(DropReason::fragment_malformed);
    case Reassembler::Verdict::overlap: return metrics_.drop(DropReason::fragment_overlap);
    case Reassembler::Verdict::refused: return metrics_.drop(DropReason::fragment_refused);
    case Reassembler::Verdict::complete: break;
  }
  metrics_.reassembled.add();
  std::expected<Header, Unusable> whole = parse(outcome.whole.data.view());
  // What was put together has no part that was a fragment again.
  if (!whole || whole->is_fragment()) return metrics_.drop(DropReason::fragment_malformed);
  whole->source = header.source;  // with their zones
  whole->destination = header.destination;
  accept(now, interface, *whole, std::move(outcome.whole), to_many);
}

// ---- forwarding ----

void Network::forward(TimePoint now, InterfaceIndex from, const Header& header, IpPacket packet) {
  const IpAddress& destination = header.destination;
  // RFC 1812 5.3.7, RFC 4291 2.5.6: what concerns a link stays on it; multicast is not routed here.
  const bool local_only = destination.is_multicast() || destination.is_link_local() || header.source.is_link_local();
  if (!options_.forwarding || local_only) return metrics_.drop(DropReason::not_for_us);
  if (header.hop_limit <= 1) {
    metrics_.drop(DropReason::hop_limit);
    return send_error(now, from, header, packet.data.view(), IcmpError::hop_limit_exceeded, 0);
  }
  const Route* const route =
      routes_.find(destination, [this](InterfaceIndex index) { return find_interface(index)->up; });
  if (route == nullptr || find_interface(route->interface)->loopback()) {
    metrics_.drop(DropReason::no_route);
    return send_error(now, from, header, packet.data.view(), IcmpError::no_route, 0);
  }
  const NetInterface& next = *find_interface(route->interface);
  const std::size_t payload_at = packet.segment_bytes == 0 ? 0 : transport_payload_at(packet.data.view(), header);
  const std::size_t largest_bytes = payload_at != 0
                                        ? std::min<std::size_t>(payload_at + packet.segment_bytes, packet.data.size())
                                        : packet.data.size();
  const bool may_fragment = header.is_v4() && !header.dont_fragment && payload_at == 0;
  if (largest_bytes > next.mtu_bytes && !may_fragment) {
    metrics_.drop(DropReason::too_big);
    return send_error(now, from, header, packet.data.view(), IcmpError::too_big, next.mtu_bytes);
  }
  set_hop_limit(packet.data.writable(), static_cast<std::uint8_t>(header.hop_limit - 1));
  Header lowered = header;
  lowered.hop_limit = static_cast<std::uint8_t>(header.hop_limit - 1);
  packet.transport_at = header.is_fragment() ? std::uint16_t{0} : header.transport_at;
  if (payload_at != 0) packet.payload_at = static_cast<std::uint16_t>(payload_at);
  if (payload_at == 0) packet.segment_bytes = 0;
  if (emit_to(route->interface, lowered, std::move(packet), next.mtu_bytes)) return;
  metrics_.forwarded.add();
}

}  // namespace ghostnet::ip
