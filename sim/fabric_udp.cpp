#include <algorithm>

#include "ghostnet/sim/fabric.hpp"
#include "ghostnet/sim/fabric_host.hpp"
#include "ghostnet/sim/fabric_host_extras.hpp"

namespace ghostnet::sim {

bool FabricUdpSocket::needs_extras(const UdpOptions& options) {
  const UdpOptions usual;
  return !options.local.address().is_unspecified() || options.hop_limit != usual.hop_limit ||
         options.multicast_hop_limit != usual.multicast_hop_limit || options.multicast_loop != usual.multicast_loop ||
         options.dont_fragment || options.broadcast || options.reuse_address || options.reuse_port ||
         options.receive_queue_bytes != usual.receive_queue_bytes;
}

// One bound to all addresses of IPv6 is bound to those of IPv4 too (RFC 3493 3.7), which it shows as they are.
bool FabricUdpSocket::takes_both_families(const UdpOptions& options) {
  return options.local.is_v6() && options.local.address().is_unspecified() && !options.v6_only;
}

FabricUdpSocket::FabricUdpSocket(FabricHost& host, const UdpOptions& options, std::uint16_t port)
    : host_(&host),
      next_(std::exchange(host.sockets_, this)),
      port_(port),
      family_(options.local.family()),
      both_families_(takes_both_families(options)) {
  if (!needs_extras(options)) return;
  extras();
  extras_->bound = options.local.address();
  extras_->hop_limit = options.hop_limit;
  extras_->multicast_hop_limit = options.multicast_hop_limit;
  extras_->multicast_loop = options.multicast_loop;
  extras_->dont_fragment = options.dont_fragment;
  extras_->broadcast = options.broadcast;
  extras_->reuse = options.reuse_address || options.reuse_port;
  extras_->shares_port = options.reuse_port;
  extras_->queue_limit_bytes = options.receive_queue_bytes;
}

FabricUdpSocket::~FabricUdpSocket() {
  if (host_ != nullptr) close_for_good();
}

// Leaves the host: it crashed, or the socket is being destroyed.
void FabricUdpSocket::close_for_good() {
  FabricHost& host = *std::exchange(host_, nullptr);
  FabricUdpSocket** link = &host.sockets_;
  while (*link != this) link = &(*link)->next_;
  *link = next_;
  while (queue_tail_ != nullptr) host.fabric().discard(*dequeue());
  reader_.wake(host.loop());
}

Endpoint FabricUdpSocket::local() const {
  if (!bound_to_all()) return {extras_->bound, port_};
  if (extras_ && extras_->peer.port() != 0 && host_ != nullptr) return {host_->address(extras_->peer.family()), port_};
  return {IpAddress::any(family_), port_};
}

// ---- sending ----

SendOutcome FabricUdpSocket::send(std::span<const Datagram> batch) {
  SendOutcome outcome;
  for (const Datagram& datagram : batch) {
    ByteView rest = datagram.payload;
    std::size_t piece_bytes =
        datagram.segment_bytes != 0 ? datagram.segment_bytes : std::max<std::size_t>(rest.size(), 1);
    PacketBuf* storage = rest.size() <= piece_bytes ? datagram.storage : nullptr;
    do {
      ByteView piece = rest.first(std::min(piece_bytes, rest.size()));
      rest = rest.subspan(piece.size());
      outcome.error = send_one(datagram, piece, storage);
      if (outcome.error) return outcome;
    } while (!rest.empty());
    ++outcome.accepted;
  }
  return outcome;
}

std::optional<Errc> FabricUdpSocket::send_one(const Datagram& datagram, ByteView payload, PacketBuf* storage) {
  if (host_ == nullptr) [[unlikely]]
    return Errc::closed;
  Endpoint peer = datagram.peer.unmapped();
  if (peer.port() == 0) {
    if (!extras_ || extras_->peer.port() == 0) return Errc::invalid_argument;
    peer = extras_->peer;
  }
  if (!carries(peer.family())) [[unlikely]]
    return Errc::invalid_argument;
  if (payload.size() > kMaxUdpPayloadBytes) [[unlikely]]
    return Errc::message_too_large;
  if (datagram.interface > host_->interface_count()) [[unlikely]]
    return Errc::not_found;
  bool dont_fragment = datagram.dont_fragment || (extras_ && extras_->dont_fragment);
  if (dont_fragment) {
    Result<std::size_t> most = max_payload_bytes(peer);
    if (most && payload.size() > *most) return Errc::message_too_large;
  }
  Fabric& fabric = host_->fabric();
  fabric.prefetch_owner(peer.address());
  const IpAddress to = peer.address();
  const bool to_group = Fabric::is_group(to);
  IpAddress source = datagram.local.unmapped();
  if (source.is_unspecified() && extras_ && !extras_->bound.is_multicast()) source = extras_->bound;
  if (source.is_unspecified()) {
    // Who is called by a loopback address is called by one.
    source =
        to.is_loopback() ? IpAddress::loopback(to.family()) : host_->source_address(to.family(), datagram.interface);
  } else if (source.family() != peer.family()) {
    return Errc::invalid_argument;
  } else if (!host_->owns(source)) {
    return Errc::address_not_available;
  }
  Flight* flight = fabric.new_flight(payload, storage);
  if (flight == nullptr) [[unlikely]]
    return Errc::no_buffers;
  flight->source = Endpoint(source, port_);
  flight->destination = peer;
  flight->from = host_->id();
  flight->boot = host_->boot_;
  flight->ecn = datagram.ecn;
  flight->dont_fragment = dont_fragment;
  flight->to_group = to_group;
  flight->hop_limit = datagram.hop_limit != 0 ? datagram.hop_limit : extras_ ? extras_->hop_limit : 64;
  fabric.follow_if_wanted(*flight);
  std::optional<Errc> refused;
  if (to_group) [[unlikely]] {
    if (datagram.hop_limit == 0) flight->hop_limit = extras_ ? extras_->multicast_hop_limit : 1;
    refused = send_to_group(*flight, datagram.interface);
  } else {
    refused = fabric.route(*host_, *flight, datagram.interface);
  }
  if (refused) return refused;
  if (++sent_ == 0) ++extras().sent_wraps;
  ++fabric.counters_.sent;
  return std::nullopt;
}

// Out by the interface asked for, else by the first one on a LAN; and back to this host's own members.
std::optional<Errc> FabricUdpSocket::send_to_group(Flight& flight, InterfaceIndex interface) {
  Fabric& fabric = host_->fabric();
  IpAddress group = flight.destination.address();
  if (Fabric::is_broadcast(group) && !(extras_ && extras_->broadcast)) {
    fabric.discard(flight);
    return Errc::permission;
  }
  auto count = static_cast<InterfaceIndex>(host_->interface_count());
  for (InterfaceIndex index = 1; index <= count && interface == 0; ++index) {
    const FabricHost::NetInterface& net = host_->interface(index);
    if (net.up && net.attachment.kind == Attachment::Kind::lan) interface = index;
  }
  if (interface == 0 || !host_->interface(interface).up ||
      host_->interface(interface).attachment.kind != Attachment::Kind::lan) {
    fabric.discard(flight);
    return Errc::unreachable;
  }
  flight.source = Endpoint(host_->source_address(group.family(), interface), port_);
  bool loops = extras_ == nullptr || extras_->multicast_loop;
  if (loops && host_->wants(group, interface)) {
    if (Flight* copy = fabric.clone(flight)) {
      copy->to = host_;
      copy->to_interface = static_cast<std::uint16_t>(interface);
      fabric.schedule(*copy, fabric.now_ns(), Flight::Stage::deliver);
    }
  }
  fabric.flood(*host_, interface, flight);
  return std::nullopt;
}

Result<std::size_t> FabricUdpSocket::max_payload_bytes(const Endpoint& peer) const {
  if (host_ == nullptr) return fail(Errc::closed);
  std::uint32_t mtu_bytes = 65'535;
  if (host_->interface_count() != 0 && !host_->first_.out.unlimited()) {
    mtu_bytes = std::min(mtu_bytes, host_->first_.out.profile->mtu_bytes());
  }
  std::uint32_t headers = header_bytes(peer.unmapped().family());
  if (mtu_bytes <= headers) return fail(Errc::message_too_large, "{}: an MTU of {} bytes", host_->name(), mtu_bytes);
  return mtu_bytes - headers;
}

// ---- receiving ----

int FabricUdpSocket::fit(const Endpoint& local, const Endpoint& peer) const {
  if (port_ != local.port() || !carries(local.family())) return kNoFit;
  const int own_family = family_ == local.family() ? 1 : 0;
  if (!extras_) return own_family;
  if (!bound_to_all() && extras_->bound != local.address()) return kNoFit;
  if (extras_->peer.port() != 0 && extras_->peer != peer) return kNoFit;
  return (extras_->peer.port() != 0 ? 4 : 0) + (bound_to_all() ? 0 : 2) + own_family;
}

void FabricUdpSocket::enqueue(Flight& flight) {
  if (queue_tail_ == nullptr) {
    flight.next = &flight;
  } else {
    flight.next = queue_tail_->next;
    queue_tail_->next = &flight;
  }
  queue_tail_ = &flight;
  queued_bytes_ += cost_bytes(flight.size_bytes);
  reader_.wake(host_->loop());
}

Flight* FabricUdpSocket::dequeue() {
  Flight* head = queue_tail_->next;
  if (head == queue_tail_) {
    queue_tail_ = nullptr;
  } else {
    queue_tail_->next = head->next;
  }
  queued_bytes_ -= cost_bytes(head->size_bytes);
  return head;
}

Result<std::size_t> FabricUdpSocket::try_recv(std::span<ReceivedDatagram> batch) {
  if (host_ == nullptr) [[unlikely]]
    return fail(Errc::closed);
  if (error_ != Errc::would_block) [[unlikely]]
    return fail(std::exchange(error_, Errc::would_block));
  std::size_t taken = 0;
  for (; taken < batch.size() && queue_tail_ != nullptr; ++taken) {
    Flight& flight = *dequeue();
    ReceivedDatagram& datagram = batch[taken];
    datagram.peer = flight.source;
    datagram.local = flight.destination.address();
    datagram.received_at = host_->clock().local(from_ns(flight.left_at_ns));
    datagram.interface = flight.to_interface;
    datagram.segment_bytes = 0;
    datagram.hop_limit = flight.hop_limit;
    datagram.ecn = flight.ecn;
    --host_->fabric().in_flight_;
    datagram.data = flight.disembark();
  }
  if (taken == 0) return fail(Errc::would_block);
  received_ += static_cast<std::uint32_t>(taken);
  if (received_ < taken) ++extras().received_wraps;
  return taken;
}

void FabricUdpSocket::report(Errc error) {
  error_ = error;
  reader_.wake(host_->loop());
}

Result<> FabricUdpSocket::connect(const Endpoint& peer) {
  if (host_ == nullptr) return fail(Errc::closed);
  if (peer.port() != 0 && !carries(peer.unmapped().family())) {
    return fail(Errc::invalid_argument, "connecting to {}: the socket is of the other family", peer);
  }
  extras().peer = peer.unmapped();
  return {};
}

bool FabricUdpSocket::member_of(const IpAddress& group, InterfaceIndex interface) const {
  if (Fabric::is_broadcast(group)) return carries(IpFamily::v4);
  if (!extras_) return false;
  return std::ranges::any_of(extras_->groups, [&](const auto& joined) {
    return joined.first == group && (joined.second == 0 || joined.second == interface);
  });
}

Result<> FabricUdpSocket::join(const IpAddress& shown, InterfaceIndex interface) {
  if (host_ == nullptr) return fail(Errc::closed);
  const IpAddress group = shown.unmapped();
  if (!group.is_multicast()) return fail(Errc::invalid_argument, "joining {}: not a multicast address", group);
  if (interface > host_->interface_count()) {
    return fail(Errc::not_found, "joining {}: {} has no interface {}", group, host_->name(), interface);
  }
  if (extras().groups.size() >= kMaxGroups) {
    return fail(Errc::limit, "joining {}: a socket is in at most {} groups", group, kMaxGroups);
  }
  std::pair<IpAddress, InterfaceIndex> membership{group, interface};
  if (std::ranges::find(extras_->groups, membership) != extras_->groups.end()) {
    return fail(Errc::address_in_use, "joining {}: the socket is in this group already", group);
  }
  extras_->groups.push_back(membership);
  return {};
}

Result<> FabricUdpSocket::leave(const IpAddress& shown, InterfaceIndex interface) {
  const IpAddress group = shown.unmapped();
  std::pair<IpAddress, InterfaceIndex> membership{group, interface};
  if (!extras_ || std::erase(extras_->groups, membership) == 0) {
    return fail(Errc::address_not_available, "leaving {}: the socket is not in this group", group);
  }
  return {};
}

UdpCounters FabricUdpSocket::counters() const {
  if (!extras_) return {sent_, received_, 0};
  return {std::uint64_t{extras_->sent_wraps} << 32 | sent_, std::uint64_t{extras_->received_wraps} << 32 | received_,
          extras_->dropped};
}

}  // namespace ghostnet::sim
