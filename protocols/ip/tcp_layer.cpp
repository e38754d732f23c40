#include "ghostnet/ip/tcp_layer.hpp"

#include "ghostnet/runtime/internet_checksum.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::ip {

namespace {

constexpr std::size_t kChecksumAt = 16;
constexpr std::size_t kQuotedBytes = 8;  // ports and sequence number (RFC 792)

}  // namespace

TcpLayer::TcpLayer(ghostnet::Host& host, Network& network, Random random, const tcp::Tuning& tuning)
    : clock_(host.clock()), network_(network), stack_(host, *this, random, tuning) {}

std::optional<tcp::Carrier::Route> TcpLayer::route(const IpAddress& destination) const {
  const std::expected<Path, Errc> path = network_.path_to(clock_.now(), destination);
  if (!path) return std::nullopt;
  IpAddress source = path->source;
  if (source.is_v6() && source.is_link_local()) source = source.with_scope_id(path->interface);
  return Route{.source = source, .mtu_bytes = path->mtu_bytes};
}

std::uint32_t TcpLayer::most_payload_bytes() const { return kMaxPacketBytes - kIpv6HeaderBytes - tcp::kMaxHeaderBytes; }

std::optional<Errc> TcpLayer::send(const IpAddress& source, const IpAddress& destination,
                                   const tcp::OutSegment& segment) {
  const std::expected<Path, Errc> path = network_.path_to(clock_.now(), destination, source);
  if (!path) return path.error();
  const std::size_t header_bytes = tcp::header_bytes(segment.header);
  const std::size_t segment_bytes = header_bytes + segment.payload_bytes;
  PacketBuf buffer = PacketBuf::with_room(kPacketHeadroomBytes + kIpv6HeaderBytes, segment_bytes);
  std::uint8_t* const header = buffer.append(header_bytes).data();
  tcp::emit(segment.header, header);
  for (const ByteView part : segment.payload) buffer.append(part);
  store_be(header + kChecksumAt,
           pseudo_header_sum(source, destination, kTcp, static_cast<std::uint32_t>(segment_bytes)));
  const bool super = segment.segment_bytes != 0 && segment.payload_bytes > segment.segment_bytes;
  const Outgoing outgoing{.destination = destination,
                          .protocol = kTcp,
                          .ecn = segment.ecn,
                          .dont_fragment = !path->fragile,
                          .checksum = Checksum::partial,
                          .segment_bytes = super ? segment.segment_bytes : std::uint16_t{0},
                          .transport_header_bytes = static_cast<std::uint16_t>(header_bytes)};
  const std::optional<Errc> refused = network_.send(clock_.now(), outgoing, *path, std::move(buffer));
  // A full queue is a lost segment, as anywhere on its way.
  return refused == Errc::would_block ? std::nullopt : refused;
}

void TcpLayer::deliver(const Header& header, IpPacket packet) {
  const ByteView segment = packet.data.view().subspan(header.transport_at);
  if (transport_payload_at(packet.data.view(), header) == 0) {
    return network_.metrics().drop(DropReason::bad_transport);
  }
  if (packet.checksum == Checksum::none &&
      !checksum_holds(segment, pseudo_header_sum(header.source, header.destination, kTcp,
                                                 static_cast<std::uint32_t>(segment.size())))) {
    return network_.metrics().drop(DropReason::transport_checksum);
  }
  const Endpoint source(header.source, load_be<std::uint16_t>(segment.data()));
  const Endpoint destination(header.destination, load_be<std::uint16_t>(segment.data() + 2));
  stack_.receive(source, destination, segment, packet.ecn);
}

bool TcpLayer::on_error(const ErrorReport& report) {
  if (report.transport.size() < kQuotedBytes) return false;
  const Endpoint local(report.about.source, load_be<std::uint16_t>(report.transport.data()));
  const Endpoint peer(report.about.destination, load_be<std::uint16_t>(report.transport.data() + 2));
  const tcp::SeqNumber quoted(load_be<std::uint32_t>(report.transport.data() + 4));
  if (report.error == IcmpError::too_big) {
    // What it is told stays with the connection, but for this: from now on routers may cut its segments.
    return stack_.on_packet_too_big(local, peer, quoted, report.mtu_bytes) && report.below_floor;
  }
  stack_.on_unreachable(local, peer, quoted, errc_of(report.error));
  return false;
}

}  // namespace ghostnet::ip
