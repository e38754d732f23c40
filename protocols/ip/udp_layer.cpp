#include "ghostnet/ip/udp_layer.hpp"

#include <algorithm>

#include "ghostnet/ip/udp_header.hpp"
#include "ghostnet/runtime/internet_checksum.hpp"

namespace ghostnet::ip {

namespace {

// RFC 6335 6: the dynamic ports.
constexpr std::uint32_t kFirstDynamicPort = 49'152;
constexpr std::uint32_t kDynamicPorts = 65'536 - kFirstDynamicPort;

bool both_families(const UdpOptions& options) {
  return options.local.is_v6() && !options.v6_only && options.local.address().is_unspecified();
}

// Whether two sockets of one port would be asked for the same datagram.
bool overlap(const UdpOptions& a, const UdpOptions& b) {
  if (a.local.family() != b.local.family()) return both_families(a) || both_families(b);
  return a.local.address().is_unspecified() || b.local.address().is_unspecified() ||
         a.local.address() == b.local.address();
}

bool share(const UdpOptions& a, const UdpOptions& b) {
  return (a.reuse_address && b.reuse_address) || (a.reuse_port && b.reuse_port);
}

}  // namespace

UdpLayer::UdpLayer(const UdpLayerOptions& options, Network& network, const Clock& clock, Random& random)
    : options_(options),
      network_(network),
      clock_(clock),
      random_(random),
      small_buffers_({.buffer_bytes = kSmallBufferBytes, .max_buffers = options.small_buffers}) {}

UdpLayer::~UdpLayer() { assert(count_ == 0 && "sockets do not outlive their host"); }

Result<std::unique_ptr<ghostnet::UdpSocket>> UdpLayer::open(const UdpOptions& options) {
  const IpAddress& bound = options.local.address();
  if (!bound.is_unspecified() && !bound.is_multicast() && !network_.owns(bound) && !network_.is_broadcast(bound)) {
    return fail(Errc::address_not_available, "binding {}: this host has no such address", options.local);
  }
  if (count_ >= options_.max_sockets) {
    return fail(Errc::too_many_files, "binding {}: {} sockets are open (max_sockets)", options.local, count_);
  }
  const Result<std::uint16_t> port = choose_port(options);
  if (!port) return fail(port);
  return std::make_unique<UdpSocket>(*this, options, *port);
}

bool UdpLayer::port_taken(const UdpOptions& options, std::uint16_t port) const {
  const auto found = by_port_.find(port);
  if (found == by_port_.end()) return false;
  return std::ranges::any_of(found->second, [&](const UdpSocket* socket) {
    return overlap(socket->options_, options) && !share(socket->options_, options);
  });
}

Result<std::uint16_t> UdpLayer::choose_port(const UdpOptions& options) {
  if (const std::uint16_t wanted = options.local.port(); wanted != 0) {
    if (!port_taken(options, wanted)) return wanted;
    return fail(Errc::address_in_use, "binding {}: another socket has the port", options.local);
  }
  const auto start = static_cast<std::uint32_t>(random_.below(kDynamicPorts));
  for (std::uint32_t i = 0; i < kDynamicPorts; ++i) {
    const auto port = static_cast<std::uint16_t>(kFirstDynamicPort + (start + i) % kDynamicPorts);
    if (!by_port_.contains(port)) return port;
  }
  return fail(Errc::address_in_use, "binding {}: all {} dynamic ports are taken", options.local, kDynamicPorts);
}

void UdpLayer::close(UdpSocket& socket) {
  const auto found = by_port_.find(socket.port_);
  std::erase(found->second, &socket);
  if (found->second.empty()) by_port_.erase(found);
  std::erase(blocked_, &socket);
  --count_;
}

PacketBuf UdpLayer::buffer_for(std::size_t payload_bytes) {
  constexpr std::size_t kRoomBytes = kPacketHeadroomBytes + kIpv6HeaderBytes + kUdpHeaderBytes;
  if (kRoomBytes + payload_bytes <= kSmallBufferBytes) {
    if (Result<PacketBuf> buffer = small_buffers_.take(kRoomBytes)) return std::move(*buffer);
  }
  return PacketBuf::with_room(kRoomBytes, payload_bytes);
}

void UdpLayer::wake_writers() {
  for (UdpSocket* socket : std::exchange(blocked_, {})) {
    socket->blocked_ = false;
    socket->writer_.wake(clock_.loop());
  }
}

// ---- receiving ----

UdpSocket* UdpLayer::find(const Endpoint& local, const Endpoint& peer, std::uint32_t flow) const {
  const auto found = by_port_.find(local.port());
  if (found == by_port_.end()) return nullptr;
  const std::vector<UdpSocket*>& sockets = found->second;
  int best = -1;
  std::size_t equals = 0;
  UdpSocket* chosen = nullptr;
  for (UdpSocket* socket : sockets) {
    const int fit = socket->takes(local, peer) ? socket->fit(local, peer) : -1;
    if (fit > best) {
      best = fit;
      equals = 0;
    }
    if (fit < 0 || fit != best) continue;
    // Of n equal ones, each is the one for an n-th of the flows.
    if (equals++ == 0 || (socket->options_.reuse_port && flow % equals == equals - 1)) chosen = socket;
  }
  return chosen;
}

// Length and checksum; cuts off what lies behind the datagram.
bool UdpLayer::sound(const Header& header, IpPacket& packet) const {
  const ByteView bytes = packet.data.view().subspan(header.transport_at);
  const std::optional<UdpHeader> udp = UdpHeader::parse(bytes);
  if (!udp) {
    network_.metrics().drop(DropReason::bad_transport);
    return false;
  }
  const bool missing = udp->checksum == 0 && packet.checksum == Checksum::none;
  const bool unverified = packet.checksum == Checksum::none && !missing;
  const auto holds = [&] {
    return checksum_holds(bytes.first(udp->length_bytes),
                          pseudo_header_sum(header.source, header.destination, kUdp, udp->length_bytes));
  };
  // RFC 8200 8.1: over IPv6 there is always one.
  if ((missing && !header.is_v4()) || (unverified && !holds())) {
    network_.metrics().drop(DropReason::transport_checksum);
    return false;
  }
  packet.data.trim_back(bytes.size() - udp->length_bytes);
  return true;
}

void UdpLayer::deliver(const Header& header, InterfaceIndex interface, IpPacket packet) {
  const std::optional<UdpHeader> udp = UdpHeader::parse(packet.data.view().subspan(header.transport_at));
  if (!sound(header, packet)) return;
  const Endpoint local(header.destination, udp->destination_port);
  const Endpoint peer(header.source, udp->source_port);
  const bool to_many = header.destination.is_multicast() || network_.is_broadcast(header.destination);
  UdpSocket* socket = nullptr;
  if (!to_many) {
    const std::uint64_t flow = IpAddress::v6(local.hash(), peer.hash()).hash();
    socket = find(local, peer, static_cast<std::uint32_t>(flow >> 32));
    if (socket == nullptr) {
      network_.metrics().drop(DropReason::no_port);
      return network_.refuse_port(clock_.now(), header, packet.data.view(), interface);
    }
  }
  ReceivedDatagram datagram{.data = std::move(packet.data),
                            .peer = peer,
                            .local = header.destination,
                            .received_at = packet.received_at,
                            .interface = interface,
                            .segment_bytes = packet.segment_bytes,
                            .hop_limit = header.hop_limit,
                            .ecn = header.ecn()};
  datagram.data.trim_front(header.transport_at + kUdpHeaderBytes);
  if (datagram.received_at == TimePoint{}) datagram.received_at = clock_.now();
  if (datagram.segment_bytes >= datagram.data.size()) datagram.segment_bytes = 0;
  if (socket != nullptr) return socket->enqueue(std::move(datagram));
  deliver_to_many(local, peer, interface, std::move(datagram));
}

void UdpLayer::deliver_to_many(const Endpoint& local, const Endpoint& peer, InterfaceIndex interface,
                               ReceivedDatagram datagram) {
  const auto found = by_port_.find(local.port());
  if (found == by_port_.end()) return network_.metrics().drop(DropReason::no_port);
  const IpAddress group = local.address();
  UdpSocket* last = nullptr;
  for (UdpSocket* socket : found->second) {
    if (!socket->takes(local, peer)) continue;
    if (group.is_multicast() && !socket->member_of(group, interface)) continue;
    if (last != nullptr) {
      ReceivedDatagram copy{.data = PacketBuf::copy_of(datagram.data.view()),
                            .peer = datagram.peer,
                            .local = datagram.local,
                            .received_at = datagram.received_at,
                            .interface = datagram.interface,
                            .segment_bytes = datagram.segment_bytes,
                            .hop_limit = datagram.hop_limit,
                            .ecn = datagram.ecn};
      last->enqueue(std::move(copy));
    }
    last = socket;
  }
  if (last == nullptr) return network_.metrics().drop(DropReason::no_port);
  last->enqueue(std::move(datagram));
}

bool UdpLayer::on_error(const ErrorReport& report) {
  const std::optional<UdpHeader> quoted = UdpHeader::parse_quoted(report.transport);
  if (!quoted) return false;
  const Endpoint local(report.about.source, quoted->source_port);
  const Endpoint peer(report.about.destination, quoted->destination_port);
  UdpSocket* const socket = find(local, peer, 0);
  if (socket == nullptr) return false;
  const Errc error = errc_of(report.error);
  // Only a connected socket has one to whom the error belongs (RFC 1122 4.1.3.3).
  if (socket->peer_.port() != 0 && error != Errc::message_too_large) socket->report(error);
  return true;
}

}  // namespace ghostnet::ip
