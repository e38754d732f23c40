// ICMP as a host and a router speak it: echoes, errors sent and received, queries about groups.
#include <algorithm>

#include "ghostnet/ip/network.hpp"
#include "ghostnet/ip/udp_header.hpp"

namespace ghostnet::ip {

namespace {

// The most that an error may be: RFC 1812 4.3.2.3, RFC 4443 2.4 c.
constexpr std::size_t kMaxV4ErrorBytes = 576;
constexpr std::size_t kMaxV6ErrorBytes = kMinIpv6MtuBytes;
constexpr std::size_t kQuotedTransportBytes = 8;
constexpr std::uint8_t kMulticastHopLimitOfMld = 1;

}  // namespace

// ---- receiving ----

void Network::accept_icmp(TimePoint now, InterfaceIndex interface, const Header& header, IpPacket& packet,
                          bool to_many) {
  const ByteView bytes = packet.data.view().subspan(header.transport_at);
  const std::optional<IcmpMessage> message = IcmpMessage::parse(bytes);
  if (!message) return metrics_.drop(DropReason::bad_transport);
  if (!icmp_checksum_holds(header.source, header.destination, bytes)) {
    return metrics_.drop(DropReason::transport_checksum);
  }
  const IpFamily family = header.source.family();
  if (message->type == echo_request_type(family)) return answer_echo(now, interface, header, *message, to_many);
  if (message->type == echo_reply_type(family)) {
    return driver_.on_echo_reply({.from = header.source,
                                  .identifier = message->echo_identifier(),
                                  .sequence = message->echo_sequence(),
                                  .hop_limit = header.hop_limit,
                                  .data = message->body});
  }
  if (family == IpFamily::v6 && message->type == kMldQueryType) return accept_query(now, interface, header, bytes);
  if (const std::optional<IcmpError> error = error_of(family, *message); error && !to_many) {
    return accept_icmp_error(now, header, *message, *error, interface);
  }
  // Neighbour and router discovery have no meaning on links without addresses; others are not asked for.
}

void Network::answer_echo(TimePoint now, InterfaceIndex, const Header& header, const IcmpMessage& request,
                          bool to_many) {
  // RFC 1122 3.2.2.6 lets a host be silent to groups, which keeps it from being an amplifier. RFC 4443 4.2 wants an
  // answer over IPv6, from one's own address.
  if (!options_.answer_echo || (to_many && header.is_v4()) || !echo_limit_.take(now, options_.echo_limit)) return;
  const IpAddress source = to_many ? IpAddress::any(header.source.family()) : header.destination;
  const std::expected<Path, Errc> path = path_to(now, header.source, source, header.source.scope_id());
  if (!path) return;
  const IpFamily family = header.source.family();
  const IcmpMessage reply{.type = echo_reply_type(family), .rest = request.rest, .body = request.body};
  PacketBuf out = PacketBuf::with_room(kPacketHeadroomBytes, reply.size_bytes());
  reply.emit(path->source, header.source, out.append(reply.size_bytes()));
  const Outgoing outgoing{.destination = header.source, .protocol = family == IpFamily::v4 ? kIcmp : kIcmpv6};
  if (!send(now, outgoing, *path, std::move(out))) metrics_.echo_replies.add();
}

void Network::accept_icmp_error(TimePoint now, const Header& header, const IcmpMessage& message, IcmpError error,
                                InterfaceIndex interface) {
  const std::expected<Header, Unusable> quoted = parse_quoted(message.body);
  // Of what we sent, the source is ours and the part quoted reaches into the transport.
  if (!quoted || quoted->source.family() != header.source.family() || !owns(quoted->source) ||
      quoted->fragment_offset_bytes != 0 || message.body.size() < quoted->transport_at + kQuotedTransportBytes) {
    return metrics_.drop(DropReason::bad_transport);
  }
  ErrorReport report{.error = error,
                     .about = *quoted,
                     .transport = message.body.subspan(quoted->transport_at),
                     .reporter = header.source};
  std::uint32_t told_bytes = 0;
  if (error == IcmpError::too_big) {
    report.mtu_bytes = mtu_told(header.source.family(), message.rest, quoted->total_bytes);
    // RFC 8201 4. Below the floor of IPv4 it is a lie more often than a link, for all that ask for the path's size.
    if (quoted->source.is_v6() && report.mtu_bytes < kMinIpv6MtuBytes) {
      return metrics_.drop(DropReason::bad_transport);
    }
    told_bytes = report.mtu_bytes;
    if (quoted->source.is_v4()) report.mtu_bytes = std::max(told_bytes, options_.path_mtu.min_v4_bytes);
    report.below_floor = told_bytes < report.mtu_bytes;
  }
  if (report.about.destination.is_v6() && report.about.destination.is_link_local()) {
    report.about.destination = report.about.destination.with_scope_id(interface);
  }
  metrics_.errors_received.add();
  if (!driver_.on_error(report) || error != IcmpError::too_big) return;
  if (path_mtus_.report(now, quoted->destination, told_bytes)) {
    metrics_.path_mtu_reports.add();
    ++generation_;
  }
}

void Network::accept_query(TimePoint now, InterfaceIndex index, const Header& header, ByteView message) {
  // RFC 9777 6.2: a query comes from a neighbour, and says so by its hop limit.
  if (header.source.is_v6() && (!header.source.is_link_local() || header.hop_limit != kMulticastHopLimitOfMld)) return;
  const std::optional<MembershipQuery> query = MembershipQuery::parse(header.source.family(), message);
  if (query) find_interface(index)->membership.on_query(now, *query, random_);
}

// ---- sending ----

std::optional<Errc> Network::send_echo_request(TimePoint now, const IpAddress& destination, std::uint16_t identifier,
                                               std::uint16_t sequence, ByteView data) {
  const std::expected<Path, Errc> path = path_to(now, destination);
  if (!path) return path.error();
  const IpFamily family = destination.family();
  const IcmpMessage request{
      .type = echo_request_type(family), .rest = std::uint32_t{identifier} << 16 | sequence, .body = data};
  PacketBuf out = PacketBuf::with_room(kPacketHeadroomBytes, request.size_bytes());
  request.emit(path->source, destination, out.append(request.size_bytes()));
  return send(now, {.destination = destination, .protocol = family == IpFamily::v4 ? kIcmp : kIcmpv6}, *path,
              std::move(out));
}

void Network::refuse_port(TimePoint now, const Header& header, ByteView packet, InterfaceIndex interface) {
  send_error(now, interface, header, packet, IcmpError::port_unreachable, 0);
}

// RFC 1122 3.2.2, RFC 1812 4.3.2.7, RFC 4443 2.4: what is never answered, and how often others are.
void Network::send_error(TimePoint now, InterfaceIndex interface, const Header& header, ByteView packet,
                         IcmpError error, std::uint32_t rest, bool even_to_groups) {
  const IpFamily family = header.source.family();
  const IpAddress& source = header.source;
  if (source.is_unspecified() || source.is_multicast() || is_broadcast(source)) return;
  const bool to_many = header.destination.is_multicast() || is_broadcast(header.destination);
  if (to_many && !even_to_groups) return;
  if (header.fragment_offset_bytes != 0) return;
  const std::uint8_t icmp = family == IpFamily::v4 ? kIcmp : kIcmpv6;
  if (header.protocol == icmp) {
    if (packet.size() <= header.transport_at || is_error_type(family, packet[header.transport_at])) return;
  }
  if (!owns(source) && !error_limit_.take(now, source)) return metrics_.errors_suppressed.add();
  const IpAddress from = !to_many && owns(header.destination) ? header.destination : IpAddress::any(family);
  IpAddress back_to = source;
  if (back_to.is_v6() && back_to.is_link_local()) back_to = back_to.with_scope_id(interface);
  const std::expected<Path, Errc> path = path_to(now, back_to, from);
  if (!path) return;
  const std::size_t most_bytes =
      (family == IpFamily::v4 ? kMaxV4ErrorBytes : kMaxV6ErrorBytes) - header_bytes_of(family) - kIcmpHeaderBytes;
  const IcmpMessage message = message_of(family, error, rest, packet.first(std::min(packet.size(), most_bytes)));
  PacketBuf out = PacketBuf::with_room(kPacketHeadroomBytes, message.size_bytes());
  message.emit(path->source, source, out.append(message.size_bytes()));
  if (!send(now, {.destination = back_to, .protocol = icmp}, *path, std::move(out))) metrics_.errors_sent.add();
}

}  // namespace ghostnet::ip
