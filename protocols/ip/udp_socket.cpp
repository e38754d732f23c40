#include <algorithm>

#include "ghostnet/ip/udp_header.hpp"
#include "ghostnet/ip/udp_layer.hpp"
#include "ghostnet/runtime/internet_checksum.hpp"

namespace ghostnet::ip {

UdpSocket::UdpSocket(UdpLayer& layer, const UdpOptions& options, std::uint16_t port)
    : layer_(layer), options_(options), port_(port) {
  layer_.by_port_[port].push_back(this);
  ++layer_.count_;
}

UdpSocket::~UdpSocket() {
  const TimePoint now = layer_.clock_.now();
  for (const Group& group : groups_) layer_.network_.leave(now, group.address, group.interface);
  layer_.close(*this);
}

Endpoint UdpSocket::local() const {
  IpAddress address = options_.local.address();
  if (address.is_unspecified() && peer_.port() != 0) {
    const std::expected<Path, Errc> path = layer_.network_.path_to(layer_.clock_.now(), peer_.address().unmapped());
    if (path) address = shown(path->source);
  }
  return {address, port_};
}

// ---- sending ----

SendOutcome UdpSocket::send(std::span<const Datagram> batch) {
  SendOutcome outcome;
  for (const Datagram& datagram : batch) {
    const Endpoint peer = datagram.peer.port() != 0 ? datagram.peer.unmapped() : peer_.unmapped();
    outcome.error = send_one(datagram, peer);
    if (outcome.error) return outcome;
    ++outcome.accepted;
  }
  return outcome;
}

std::optional<Errc> UdpSocket::send_one(const Datagram& datagram, const Endpoint& peer) {
  const bool wrong_family = is_v6() ? peer.is_v4() && options_.v6_only : peer.is_v6();
  if (peer.port() == 0 || wrong_family || peer.address().is_unspecified()) return Errc::invalid_argument;
  const std::size_t segment_bytes = datagram.segment_bytes;
  ByteView rest = datagram.payload;
  if (segment_bytes == 0 || rest.size() <= segment_bytes) return send_part(datagram, peer, rest, datagram.storage);
  if (segment_bytes > kMaxUdpPayloadBytes) return Errc::message_too_large;
  // As many segments in one super-packet as a packet can be long.
  const std::size_t part_bytes = kMaxUdpPayloadBytes / segment_bytes * segment_bytes;
  while (!rest.empty()) {
    const ByteView part = rest.first(std::min(part_bytes, rest.size()));
    const std::optional<Errc> refused = send_part(datagram, peer, part, nullptr);
    if (refused) return part.data() == datagram.payload.data() ? refused : std::nullopt;  // some of it has left
    rest = rest.subspan(part.size());
  }
  return std::nullopt;
}

std::expected<Path, Errc> UdpSocket::path_for(const Datagram& datagram, const IpAddress& destination) {
  IpAddress source = datagram.local.unmapped();
  const IpAddress& bound = options_.local.address();
  if (source.is_unspecified() && !bound.is_multicast() && !layer_.network_.is_broadcast(bound)) source = bound;
  if (source.is_unspecified()) source = IpAddress::any(destination.family());
  if (source.family() != destination.family()) return std::unexpected(Errc::invalid_argument);
  constexpr Duration kTrusted = 1s;  // what was told of a path's MTU may grow old
  const TimePoint now = layer_.clock_.now();
  const std::uint64_t generation = layer_.network_.generation();
  if (last_.generation == generation && last_.destination == destination && last_.source == source &&
      last_.interface == datagram.interface && now - last_.at < kTrusted) {
    return last_.path;
  }
  std::expected<Path, Errc> path = layer_.network_.path_to(now, destination, source, datagram.interface);
  if (path) last_ = {generation, destination, source, datagram.interface, now, *path};
  return path;
}

std::optional<Errc> UdpSocket::send_part(const Datagram& datagram, const Endpoint& peer, ByteView payload,
                                         PacketBuf* storage) {
  if (payload.size() > kMaxUdpPayloadBytes) return Errc::message_too_large;
  Network& network = layer_.network_;
  const IpAddress destination = peer.address();
  const bool to_group = destination.is_multicast();
  if (!options_.broadcast && network.is_broadcast(destination)) return Errc::permission;
  const std::expected<Path, Errc> path = path_for(datagram, destination);
  if (!path) return path.error();
  const std::uint8_t usual = to_group ? options_.multicast_hop_limit : options_.hop_limit;
  const bool super = datagram.segment_bytes != 0 && payload.size() > datagram.segment_bytes;
  const Outgoing outgoing{.destination = destination,
                          .protocol = kUdp,
                          .hop_limit = datagram.hop_limit != 0 ? datagram.hop_limit : usual,
                          .ecn = datagram.ecn,
                          .dont_fragment = datagram.dont_fragment || options_.dont_fragment,
                          .multicast_loop = options_.multicast_loop,
                          .checksum = Checksum::partial,
                          .segment_bytes = super ? datagram.segment_bytes : std::uint16_t{0},
                          .transport_header_bytes = kUdpHeaderBytes};
  // A buffer that is given up only when the datagram is accepted: a full queue is asked about before.
  const std::size_t largest = super ? datagram.segment_bytes : payload.size();
  const std::size_t headers = header_bytes_of(destination.family()) + kUdpHeaderBytes;
  if (largest + headers > path->mtu_bytes && (outgoing.dont_fragment || super)) return Errc::message_too_large;
  PacketBuf buffer;
  const bool whole_storage = storage != nullptr && storage->data() == payload.data() &&
                             storage->size() == payload.size() && storage->headroom() >= headers;
  if (whole_storage && network.has_room(path->interface)) {
    buffer = std::move(*storage);
  } else {
    buffer = layer_.buffer_for(payload.size());
    buffer.append(payload);
  }
  const auto length_bytes = static_cast<std::uint16_t>(kUdpHeaderBytes + payload.size());
  const UdpHeader header{.source_port = port_,
                         .destination_port = peer.port(),
                         .length_bytes = length_bytes,
                         .checksum = pseudo_header_sum(path->source, destination, kUdp, length_bytes)};
  header.emit(buffer.prepend(kUdpHeaderBytes));
  const std::optional<Errc> refused = network.send(layer_.clock_.now(), outgoing, *path, std::move(buffer));
  if (refused == Errc::would_block && !blocked_) {
    blocked_ = true;
    layer_.blocked_.push_back(this);
  }
  if (!refused) {
    counters_.datagrams_sent += super ? (payload.size() + datagram.segment_bytes - 1) / datagram.segment_bytes : 1;
  }
  return refused;
}

Result<std::size_t> UdpSocket::max_payload_bytes(const Endpoint& peer) const {
  const IpAddress destination = peer.port() != 0 ? peer.address().unmapped() : peer_.address().unmapped();
  const std::expected<Path, Errc> path = layer_.network_.path_to(layer_.clock_.now(), destination);
  if (!path) return fail(path.error(), "how much fits a datagram to {}: no way there", destination);
  const std::size_t headers = header_bytes_of(destination.family()) + kUdpHeaderBytes;
  if (path->mtu_bytes <= headers) return fail(Errc::message_too_large);
  return std::min<std::size_t>(path->mtu_bytes - headers, kMaxUdpPayloadBytes);
}

// ---- receiving ----

bool UdpSocket::takes(const Endpoint& local, const Endpoint& peer) const {
  if (local.is_v4() && is_v6() && options_.v6_only) return false;
  if (local.is_v6() && !is_v6()) return false;
  const IpAddress& bound = options_.local.address();
  if (!bound.is_unspecified() && bound.unmapped().without_scope_id() != local.address().without_scope_id())
    return false;
  return peer_.port() == 0 || peer_.unmapped() == peer;
}

int UdpSocket::fit(const Endpoint&, const Endpoint&) const {
  return (peer_.port() != 0 ? 4 : 0) + (options_.local.address().is_unspecified() ? 0 : 2);
}

bool UdpSocket::member_of(const IpAddress& group, InterfaceIndex interface) const {
  const IpAddress plain = group.without_scope_id();
  return std::ranges::any_of(groups_, [&](const Group& joined) {
    return joined.interface == interface && joined.address.without_scope_id() == plain;
  });
}

void UdpSocket::enqueue(ReceivedDatagram datagram) {
  const std::size_t cost_bytes = datagram.data.capacity() + sizeof(ReceivedDatagram);
  if (queued_bytes_ + cost_bytes > options_.receive_queue_bytes && !queue_.empty()) {
    ++counters_.dropped_queue_full;
    return layer_.network_.metrics().drop(DropReason::receive_queue_full);
  }
  if (is_v6()) {
    datagram.peer = Endpoint(shown(datagram.peer.address()), datagram.peer.port());
    datagram.local = shown(datagram.local);
  }
  queued_bytes_ += cost_bytes;
  queue_.push_back(std::move(datagram));
  reader_.wake(layer_.clock_.loop());
}

Result<std::size_t> UdpSocket::try_recv(std::span<ReceivedDatagram> batch) {
  if (error_) return fail(*std::exchange(error_, std::nullopt));
  std::size_t taken = 0;
  while (taken < batch.size() && !queue_.empty()) {
    queued_bytes_ -= queue_.front().data.capacity() + sizeof(ReceivedDatagram);
    batch[taken++] = queue_.pop_front();
  }
  if (taken == 0) return fail(Errc::would_block);
  counters_.datagrams_received += taken;
  return taken;
}

void UdpSocket::report(Errc error) {
  error_ = error;
  reader_.wake(layer_.clock_.loop());
}

Result<> UdpSocket::connect(const Endpoint& peer) {
  if (peer.port() != 0 && (is_v6() ? peer.unmapped().is_v4() && options_.v6_only : peer.unmapped().is_v6())) {
    return fail(Errc::invalid_argument, "connecting to {}: the socket is of the other family", peer);
  }
  peer_ = peer;
  error_.reset();
  return {};
}

Result<> UdpSocket::join(const IpAddress& group, InterfaceIndex interface) {
  if (!group.is_multicast()) return fail(Errc::invalid_argument, "joining {}: not a multicast address", group);
  if (groups_.size() >= kMaxGroups) {
    return fail(Errc::limit, "joining {}: a socket is in at most {} groups", group, kMaxGroups);
  }
  const bool joined_before = std::ranges::any_of(
      groups_, [&](const Group& joined) { return joined.address == group && joined.asked == interface; });
  if (joined_before) {
    return fail(Errc::address_in_use, "joining {}: the socket is in this group already", group);
  }
  const Result<InterfaceIndex> joined = layer_.network_.join(layer_.clock_.now(), group.unmapped(), interface);
  if (!joined) return fail(joined);
  groups_.push_back({group.unmapped(), interface, *joined});
  return {};
}

Result<> UdpSocket::leave(const IpAddress& group, InterfaceIndex interface) {
  const auto found = std::ranges::find_if(
      groups_, [&](const Group& joined) { return joined.address == group.unmapped() && joined.asked == interface; });
  if (found == groups_.end()) {
    return fail(Errc::address_not_available, "leaving {}: the socket is not in this group", group);
  }
  layer_.network_.leave(layer_.clock_.now(), found->address, found->interface);
  groups_.erase(found);
  return {};
}

}  // namespace ghostnet::ip
