#include "ghostnet/sim/ns3_udp.hpp"

#include <ns3/ipv4-end-point.h>
#include <ns3/ipv4-route.h>
#include <ns3/ipv6-end-point.h>
#include <ns3/ipv6-l3-protocol.h>
#include <ns3/ipv6-route.h>
#include <ns3/socket.h>
#include <ns3/udp-l4-protocol.h>

#include <algorithm>
#include <utility>

#include "ghostnet/sim/ns3_address.hpp"
#include "ghostnet/sim/ns3_followed.hpp"
#include "ghostnet/sim/ns3_host.hpp"

namespace ghostnet::sim {

using ns3::MakeCallback;
using ns3::Ptr;

namespace {

constexpr std::size_t kV4HeaderBytes = 20 + 8;
constexpr std::size_t kV6HeaderBytes = 40 + 8;
constexpr std::size_t kMaxV6PayloadBytes = 65535 - 8;
constexpr std::uint8_t kStackHopLimit = 64;  // what ns-3 writes when it is told nothing

constexpr std::uint8_t kIcmp4Unreachable = 3;  // RFC 792
constexpr std::uint8_t kIcmp4Port = 3;
constexpr std::uint8_t kIcmp6Unreachable = 1;  // RFC 4443 3.1
constexpr std::uint8_t kIcmp6Port = 4;

bool conflicts(const UdpBinding& there, const Ns3UdpSocket& socket, const Endpoint& local) {
  const Endpoint& other = there.local();
  if (other.port() != local.port() || other.family() != local.family()) return false;
  const bool overlap = other.address().is_unspecified() || local.address().is_unspecified() || other == local;
  const bool all_share = socket.shares() && std::ranges::all_of(there.sockets(), &Ns3UdpSocket::shares);
  return overlap && !all_share;
}

}  // namespace

// ---- UdpBinding ----

std::unique_ptr<UdpBinding> UdpBinding::make(Ns3Host& host, const Endpoint& local, const Endpoint& peer) {
  std::unique_ptr<UdpBinding> binding(new UdpBinding(host, local));
  ns3::UdpL4Protocol& udp = *binding->udp_;
  const bool any = local.address().is_unspecified();
  std::uint16_t port = 0;
  if (local.is_v4()) {
    const ns3::Ipv4Address address = to_ns3_v4(local.address());
    ns3::Ipv4EndPoint* endpoint = nullptr;
    if (peer.port() != 0) {
      endpoint = udp.Allocate(nullptr, address, local.port(), to_ns3_v4(peer.address()), peer.port());
    } else if (local.port() != 0) {
      endpoint = udp.Allocate(nullptr, address, local.port());
    } else {
      endpoint = any ? udp.Allocate() : udp.Allocate(address);
    }
    if (endpoint == nullptr) return nullptr;
    endpoint->SetRxCallback(MakeCallback(&UdpBinding::receive4, binding.get()));
    endpoint->SetIcmpCallback(MakeCallback(&UdpBinding::refused4, binding.get()));
    binding->v4_ = endpoint;
    port = endpoint->GetLocalPort();
  } else {
    const ns3::Ipv6Address address = to_ns3_v6(local.address());
    ns3::Ipv6EndPoint* endpoint = nullptr;
    if (peer.port() != 0) {
      endpoint = udp.Allocate6(nullptr, address, local.port(), to_ns3_v6(peer.address()), peer.port());
    } else if (local.port() != 0) {
      endpoint = udp.Allocate6(nullptr, address, local.port());
    } else {
      endpoint = any ? udp.Allocate6() : udp.Allocate6(address);
    }
    if (endpoint == nullptr) return nullptr;
    endpoint->SetRxCallback(MakeCallback(&UdpBinding::receive6, binding.get()));
    endpoint->SetIcmpCallback(MakeCallback(&UdpBinding::refused6, binding.get()));
    binding->v6_ = endpoint;
    port = endpoint->GetLocalPort();
  }
  binding->local_ = local.with_port(port);
  return binding;
}

UdpBinding::UdpBinding(Ns3Host& host, const Endpoint& local) : host_(host), local_(local), udp_(host.udp()) {}

UdpBinding::~UdpBinding() {
  if (v4_ != nullptr) udp_->DeAllocate(v4_);
  if (v6_ != nullptr) udp_->DeAllocate(v6_);
}

bool UdpBinding::remove(Ns3UdpSocket& socket) {
  std::erase(sockets_, &socket);
  return sockets_.empty();
}

void UdpBinding::set_receiving(bool on) {
  if (v4_ != nullptr) v4_->SetRxEnabled(on);
  if (v6_ != nullptr) v6_->SetRxEnabled(on);
}

void UdpBinding::receive4(Ptr<ns3::Packet> packet, ns3::Ipv4Header header, std::uint16_t port,
                          Ptr<ns3::Ipv4Interface> interface) {
  ReceivedDatagram envelope;
  envelope.peer = Endpoint(from_ns3(header.GetSource()), port);
  envelope.local = from_ns3(header.GetDestination());
  envelope.interface = host_.index_of(interface->GetDevice());
  envelope.hop_limit = header.GetTtl();
  envelope.ecn = static_cast<Ecn>(header.GetTos() & 3);
  deliver(*packet, envelope);
}

void UdpBinding::receive6(Ptr<ns3::Packet> packet, ns3::Ipv6Header header, std::uint16_t port,
                          Ptr<ns3::Ipv6Interface> interface) {
  if (interface == nullptr) return;  // IPv4 that found no endpoint of its own: ns-3 offers it here
  ReceivedDatagram envelope;
  envelope.interface = host_.index_of(interface->GetDevice());
  IpAddress source = from_ns3(header.GetSource());
  if (source.is_link_local()) source = source.with_scope_id(envelope.interface);
  envelope.peer = Endpoint(source, port);
  envelope.local = from_ns3(header.GetDestination());
  envelope.hop_limit = header.GetHopLimit();
  envelope.ecn = static_cast<Ecn>(header.GetTrafficClass() & 3);
  deliver(*packet, envelope);
}

void UdpBinding::deliver(const ns3::Packet& packet, const ReceivedDatagram& envelope) {
  if (envelope.local.is_multicast()) {
    for (Ns3UdpSocket* socket : sockets_) {
      if (socket->is_member(envelope.local, envelope.interface) && socket->accepts(envelope)) {
        socket->receive(packet, envelope);
      }
    }
    return;
  }
  if (!host_.owns(envelope.local)) {  // a broadcast
    for (Ns3UdpSocket* socket : sockets_) {
      if (socket->accepts(envelope)) socket->receive(packet, envelope);
    }
    return;
  }
  auto eligible = [&](const Ns3UdpSocket* socket) { return socket->accepts(envelope); };
  const auto count = static_cast<std::size_t>(std::ranges::count_if(sockets_, eligible));
  if (count == 0) return;
  // One of several: the same peer always meets the same socket.
  std::size_t wanted = count == 1 ? 0 : static_cast<std::size_t>(envelope.peer.hash() % count);
  for (Ns3UdpSocket* socket : sockets_) {
    if (eligible(socket) && wanted-- == 0) return socket->receive(packet, envelope);
  }
}

void UdpBinding::refused4(ns3::Ipv4Address, std::uint8_t, std::uint8_t type, std::uint8_t code, std::uint32_t) {
  if (type == kIcmp4Unreachable) report(code == kIcmp4Port ? Errc::refused : Errc::unreachable);
}

void UdpBinding::refused6(ns3::Ipv6Address, std::uint8_t, std::uint8_t type, std::uint8_t code, std::uint32_t) {
  if (type == kIcmp6Unreachable) report(code == kIcmp6Port ? Errc::refused : Errc::unreachable);
}

// Only a connected socket has a binding for itself, and only it is told.
void UdpBinding::report(Errc error) {
  if (sockets_.size() == 1 && sockets_.front()->connected()) sockets_.front()->report(error);
}

// ---- UdpPorts ----

Result<UdpBinding*> UdpPorts::bind(Ns3UdpSocket& socket, const Endpoint& local) {
  if (local.port() != 0) {
    for (const auto& [there, binding] : bindings_) {
      if (conflicts(*binding, socket, local)) return fail(Errc::address_in_use, "{} is in use by {}", local, there);
    }
    if (auto same = bindings_.find(local); same != bindings_.end()) {
      same->second->add(socket);
      return same->second.get();
    }
  }
  std::unique_ptr<UdpBinding> binding = UdpBinding::make(host_, local, Endpoint());
  if (binding == nullptr) return fail(Errc::address_in_use, "{} is in use", local);
  binding->add(socket);
  UdpBinding* made = binding.get();
  bindings_.emplace(made->local(), std::move(binding));
  return made;
}

void UdpPorts::release(UdpBinding& binding, Ns3UdpSocket& socket) {
  if (binding.remove(socket)) bindings_.erase(Endpoint(binding.local()));
}

void UdpPorts::loop_back(const ns3::Packet& packet, const ReceivedDatagram& envelope, std::uint16_t port) {
  for (const auto& [local, binding] : bindings_) {
    const bool listens = local.address().is_unspecified() || local.address() == envelope.local;
    if (local.port() == port && local.family() == envelope.local.family() && listens) {
      binding->deliver(packet, envelope);
    }
  }
}

// ---- Ns3UdpSocket: opening and closing ----

Result<std::unique_ptr<UdpSocket>> Ns3UdpSocket::open(Ns3Host& host, const UdpOptions& options) {
  constexpr int kPortsTried = 64;  // for one that is free in both families
  std::unique_ptr<Ns3UdpSocket> socket(new Ns3UdpSocket(host, options));
  const Endpoint local(options.local.address().unmapped().without_scope_id(), options.local.port());
  const bool both = local.is_v6() && local.address().is_unspecified() && !options.v6_only && host.has(IpFamily::v4);
  for (int attempt = 0;; ++attempt) {
    Result<UdpBinding*> bound = host.udp_ports().bind(*socket, local);
    if (!bound) return fail(std::move(bound));
    (local.is_v4() ? socket->v4_ : socket->v6_) = *bound;
    socket->options_.local = (*bound)->local();
    if (!both) break;
    Result<UdpBinding*> other =
        host.udp_ports().bind(*socket, Endpoint(IpAddress::any(IpFamily::v4), (*bound)->local().port()));
    if (other) {
      socket->v4_ = *other;
      break;
    }
    host.udp_ports().release(**bound, *socket);
    socket->v6_ = nullptr;
    if (local.port() != 0 || attempt == kPortsTried) return fail(std::move(other));
  }
  socket->update_receiving();
  return socket;
}

Ns3UdpSocket::~Ns3UdpSocket() {
  while (!memberships_.empty()) {
    const Membership last = memberships_.back();
    static_cast<void>(leave(last.group, last.interface));
  }
  peer_.reset();
  if (v4_ != nullptr) host_.udp_ports().release(*v4_, *this);
  if (v6_ != nullptr) host_.udp_ports().release(*v6_, *this);
}

void Ns3UdpSocket::close() {
  closed_ = true;
  queue_.clear();
  queued_bytes_ = 0;
  reader_.wake(host_.loop());
  host_.request_turn();
}

Endpoint Ns3UdpSocket::local() const { return peer_binding_ != nullptr ? peer_binding_->local() : options_.local; }

IpAddress Ns3UdpSocket::bound_address(IpFamily family) const {
  const IpAddress address = local().address();
  return address.family() == family && !address.is_multicast() ? address : IpAddress::any(family);
}

bool Ns3UdpSocket::carries(IpFamily family) const { return (family == IpFamily::v4 ? v4_ : v6_) != nullptr; }

Result<> Ns3UdpSocket::connect(const Endpoint& to) {
  if (closed_) return fail(Errc::closed);
  peer_binding_.reset();
  peer_.reset();
  if (to.port() == 0) {
    update_receiving();
    return {};
  }
  const Endpoint peer = to.unmapped();
  if (!carries(peer.family())) {
    update_receiving();
    return fail(Errc::invalid_argument, "connecting {} to {}: the socket is of the other family", options_.local, peer);
  }
  if (!peer.address().is_multicast()) {
    auto source = host_.source_for(peer.address(), 0);
    if (!source) {
      update_receiving();
      return fail(source.error(), "connecting {} to {}: no route", options_.local, peer);
    }
    const IpAddress bound = bound_address(peer.family());
    const Endpoint local(bound.is_unspecified() ? *source : bound, options_.local.port());
    peer_binding_ = UdpBinding::make(host_, local, peer);
    if (peer_binding_ == nullptr) {
      update_receiving();
      return fail(Errc::address_in_use, "connecting {} to {}: another socket does so already", local, peer);
    }
    peer_binding_->add(*this);
  }
  peer_ = peer;
  update_receiving();
  return {};
}

// A shared binding receives for those of its sockets that take datagrams of anybody, or of a group.
void Ns3UdpSocket::update_receiving() {
  auto takes = [](const Ns3UdpSocket* socket) {
    return socket->peer_binding_ == nullptr || !socket->memberships_.empty();
  };
  for (UdpBinding* binding : {v4_, v6_}) {
    if (binding != nullptr) binding->set_receiving(std::ranges::any_of(binding->sockets(), takes));
  }
}

// ---- Ns3UdpSocket: groups ----

Result<Ns3UdpSocket::Membership> Ns3UdpSocket::membership(const IpAddress& group, InterfaceIndex interface) const {
  const IpAddress plain = group.unmapped().without_scope_id();
  if (!plain.is_multicast()) return fail(Errc::invalid_argument, "{} is not a multicast group", group);
  if (!carries(plain.family())) return fail(Errc::invalid_argument, "group {} on a socket of the other family", group);
  if (interface == 0) interface = group.scope_id();
  if (interface == 0) interface = host_.default_multicast_interface(plain.family());
  if (host_.port(interface) == nullptr) {
    return fail(Errc::address_not_available, "group {}: the host has no interface {}", group, interface);
  }
  if (!host_.port(interface)->groups) {
    return fail(Errc::not_supported, "group {}: ns-3's 802.11s carries no groups; broadcasts reach everybody", group);
  }
  return Membership{plain, interface};
}

Result<> Ns3UdpSocket::join(const IpAddress& group, InterfaceIndex interface) {
  Result<Membership> wanted = membership(group, interface);
  if (!wanted) return fail(std::move(wanted));
  if (std::ranges::find(memberships_, *wanted) != memberships_.end()) {
    return fail(Errc::address_in_use, "group {} was joined already", group);
  }
  const Ns3Port& port = *host_.port(wanted->interface);
  if (wanted->group.is_v6()) {
    host_.node()->GetObject<ns3::Ipv6L3Protocol>()->AddMulticastAddress(to_ns3_v6(wanted->group),
                                                                        static_cast<std::uint32_t>(port.v6_number));
  }
  memberships_.push_back(*wanted);
  update_receiving();
  return {};
}

Result<> Ns3UdpSocket::leave(const IpAddress& group, InterfaceIndex interface) {
  const IpAddress plain = group.unmapped().without_scope_id();
  if (interface == 0) interface = group.scope_id();
  auto found = std::ranges::find_if(memberships_, [&](const Membership& membership) {
    return membership.group == plain && (interface == 0 || interface == membership.interface);
  });
  if (found == memberships_.end()) return fail(Errc::address_not_available, "group {} was not joined", group);
  if (plain.is_v6()) {
    host_.node()->GetObject<ns3::Ipv6L3Protocol>()->RemoveMulticastAddress(
        to_ns3_v6(plain), static_cast<std::uint32_t>(host_.port(found->interface)->v6_number));
  }
  memberships_.erase(found);
  update_receiving();
  return {};
}

bool Ns3UdpSocket::is_member(const IpAddress& group, InterfaceIndex interface) const {
  return std::ranges::find(memberships_, Membership{group, interface}) != memberships_.end();
}

// ---- Ns3UdpSocket: receiving ----

bool Ns3UdpSocket::accepts(const ReceivedDatagram& envelope) const { return !peer_ || *peer_ == envelope.peer; }

void Ns3UdpSocket::receive(const ns3::Packet& packet, const ReceivedDatagram& envelope) {
  const std::uint32_t size = packet.GetSize();
  if (closed_) return;
  Result<PacketBuf> data =
      queued_bytes_ + size <= options_.receive_queue_bytes ? host_.receive_buffer(size) : fail(Errc::no_buffers);
  if (!data) {
    ++counters_.dropped_queue_full;
    ++host_.all_datagrams().dropped_queue_full;
    return;
  }
  packet.CopyData(data->append(size).data(), size);
  host_.record_delivery(data->view());
  tell_arrival(host_, packet);
  queued_bytes_ += size;
  ++counters_.datagrams_received;
  ++host_.all_datagrams().datagrams_received;
  ReceivedDatagram& queued = queue_.emplace_back();
  queued.data = std::move(*data);
  queued.peer = envelope.peer;
  queued.local = envelope.local;
  queued.received_at = host_.clock().local(host_.true_now());
  queued.interface = envelope.interface;
  queued.hop_limit = envelope.hop_limit;
  queued.ecn = envelope.ecn;
  if (!reader_.occupied()) return;
  reader_.wake(host_.loop());
  host_.request_turn();
}

void Ns3UdpSocket::report(Errc error) {
  error_ = error;
  reader_.wake(host_.loop());
  host_.request_turn();
}

Result<std::size_t> Ns3UdpSocket::try_recv(std::span<ReceivedDatagram> batch) {
  if (closed_) return fail(Errc::closed);
  if (error_) return fail(*std::exchange(error_, std::nullopt));
  if (queue_.empty()) return fail(Errc::would_block);
  std::size_t taken = 0;
  for (; taken < batch.size() && !queue_.empty(); ++taken) {
    queued_bytes_ -= queue_.front().data.size();
    batch[taken] = std::move(queue_.front());
    queue_.pop_front();
  }
  return taken;
}

// ---- Ns3UdpSocket: sending ----

SendOutcome Ns3UdpSocket::send(std::span<const Datagram> batch) {
  SendOutcome outcome;
  for (const Datagram& datagram : batch) {
    outcome.error = send_one(datagram);
    if (outcome.error) break;
    ++outcome.accepted;
  }
  return outcome;
}

std::optional<Errc> Ns3UdpSocket::send_one(const Datagram& datagram) {
  if (closed_) return Errc::closed;
  const Endpoint peer = datagram.peer.port() != 0 ? datagram.peer.unmapped() : peer_.value_or(Endpoint());
  if (peer.port() == 0 || peer.address().is_unspecified() || !carries(peer.family())) return Errc::invalid_argument;
  if (!datagram.local.is_unspecified() &&
      (datagram.local.unmapped().family() != peer.family() || !host_.owns(datagram.local.unmapped()))) {
    return Errc::address_not_available;
  }
  if (datagram.interface != 0 && host_.port(datagram.interface) == nullptr) return Errc::address_not_available;
  const std::size_t cut =
      datagram.segment_bytes != 0 ? datagram.segment_bytes : std::max<std::size_t>(datagram.payload.size(), 1);
  ByteView left = datagram.payload;
  do {
    const ByteView segment = left.first(std::min(cut, left.size()));
    auto error = peer.is_v4() ? send_v4(datagram, peer, segment) : send_v6(datagram, peer, segment);
    if (error) return error;
    ++counters_.datagrams_sent;
    ++host_.all_datagrams().datagrams_sent;
    left = left.subspan(segment.size());
  } while (!left.empty());
  return std::nullopt;
}

std::uint8_t Ns3UdpSocket::hop_limit_of(const Datagram& datagram, bool multicast) const {
  if (datagram.hop_limit != 0) return datagram.hop_limit;
  return multicast ? options_.multicast_hop_limit : options_.hop_limit;
}

bool Ns3UdpSocket::to_subnet_broadcast(const IpAddress& address) const {
  for (const Ns3Port& port : host_.ports()) {
    for (const InterfaceAddress& own : port.addresses) {
      const IpPrefix subnet(own.address, own.prefix_bits);
      if (own.address.is_v4() && own.prefix_bits < 31 && !port.loopback && subnet.last() == address) return true;
    }
  }
  return false;
}

std::optional<Errc> Ns3UdpSocket::send_v4(const Datagram& datagram, const Endpoint& peer, ByteView payload) {
  const IpAddress to = peer.address();
  if (payload.size() > kMaxUdpPayloadBytes) return Errc::message_too_large;
  if (to.is_broadcast()) return send_broadcast(datagram, peer, payload);
  const bool multicast = to.is_multicast();
  if (!multicast && !options_.broadcast && to_subnet_broadcast(to)) return Errc::permission;

  auto packet = ns3::Create<ns3::Packet>(payload.data(), static_cast<std::uint32_t>(payload.size()));
  follow_if_wanted(host_, to, *packet);
  auto route = host_.route_v4(to, datagram.interface, packet);
  if (!route) return route.error();
  const Ptr<ns3::NetDevice> device = (*route)->GetOutputDevice();
  if ((options_.dont_fragment || datagram.dont_fragment) && payload.size() + kV4HeaderBytes > device->GetMtu()) {
    return Errc::message_too_large;
  }
  if (const std::uint8_t hops = hop_limit_of(datagram, multicast); hops != kStackHopLimit) {
    ns3::SocketIpTtlTag tag;
    tag.SetTtl(hops);
    packet->AddPacketTag(tag);
  }
  if (datagram.ecn != Ecn::not_ect) {
    ns3::SocketIpTosTag tag;
    tag.SetTos(static_cast<std::uint8_t>(datagram.ecn));
    packet->AddPacketTag(tag);
  }
  IpAddress source = datagram.local.unmapped();
  if (source.is_unspecified()) source = bound_address(IpFamily::v4);
  if (source.is_unspecified()) source = from_ns3((*route)->GetSource());
  if (multicast && options_.multicast_loop) {
    loop_back(*packet, datagram, source, peer, host_.index_of(device));
  }
  host_.udp()->Send(packet, to_ns3_v4(source), to_ns3_v4(to), local().port(), peer.port(), *route);
  return std::nullopt;
}

// To everybody on every segment, as ns-3's sockets do, or on the one that the caller names.
std::optional<Errc> Ns3UdpSocket::send_broadcast(const Datagram& datagram, const Endpoint& peer, ByteView payload) {
  if (!options_.broadcast) return Errc::permission;
  bool sent = false;
  for (InterfaceIndex index = 1; index <= host_.ports().size(); ++index) {
    const Ns3Port& port = *host_.port(index);
    if (port.loopback || !port.up || port.v4_number < 0) continue;
    if (datagram.interface != 0 && datagram.interface != index) continue;
    auto packet = ns3::Create<ns3::Packet>(payload.data(), static_cast<std::uint32_t>(payload.size()));
    auto route = ns3::Create<ns3::Ipv4Route>();
    const ns3::Ipv4Address source = to_ns3_v4(host_.address_on(index, IpFamily::v4));
    route->SetDestination(ns3::Ipv4Address::GetBroadcast());
    route->SetGateway(ns3::Ipv4Address::GetAny());
    route->SetSource(source);
    route->SetOutputDevice(port.device);
    host_.udp()->Send(packet, source, ns3::Ipv4Address::GetBroadcast(), local().port(), peer.port(), route);
    sent = true;
  }
  if (!sent) return Errc::unreachable;
  return std::nullopt;
}

std::optional<Errc> Ns3UdpSocket::send_v6(const Datagram& datagram, const Endpoint& peer, ByteView payload) {
  const IpAddress to = peer.address();
  if (payload.size() > kMaxV6PayloadBytes) return Errc::message_too_large;
  const bool multicast = to.is_multicast();
  auto packet = ns3::Create<ns3::Packet>(payload.data(), static_cast<std::uint32_t>(payload.size()));
  follow_if_wanted(host_, to, *packet);
  auto route = host_.route_v6(to, datagram.interface, packet);
  if (!route) return route.error();
  const Ptr<ns3::NetDevice> device = (*route)->GetOutputDevice();
  if ((options_.dont_fragment || datagram.dont_fragment) && payload.size() + kV6HeaderBytes > device->GetMtu()) {
    return Errc::message_too_large;
  }
  if (const std::uint8_t hops = hop_limit_of(datagram, multicast); hops != kStackHopLimit) {
    ns3::SocketIpv6HopLimitTag tag;
    tag.SetHopLimit(hops);
    packet->AddPacketTag(tag);
  }
  if (datagram.ecn != Ecn::not_ect) {
    ns3::SocketIpv6TclassTag tag;
    tag.SetTclass(static_cast<std::uint8_t>(datagram.ecn));
    packet->AddPacketTag(tag);
  }
  IpAddress source = datagram.local.without_scope_id();
  if (source.is_v4() || source.is_unspecified()) source = bound_address(IpFamily::v6);
  if (source.is_unspecified()) source = from_ns3((*route)->GetSource());
  if (multicast && options_.multicast_loop) {
    loop_back(*packet, datagram, source, peer, host_.index_of(device));
  }
  host_.udp()->Send(packet, to_ns3_v6(source), to_ns3_v6(to), local().port(), peer.port(), *route);
  return std::nullopt;
}

void Ns3UdpSocket::loop_back(const ns3::Packet& packet, const Datagram& datagram, const IpAddress& source,
                             const Endpoint& peer, InterfaceIndex interface) {
  ReceivedDatagram envelope;
  envelope.peer = Endpoint(source.is_link_local() ? source.with_scope_id(interface) : source, local().port());
  envelope.local = peer.address().without_scope_id();
  envelope.interface = interface;
  envelope.hop_limit = hop_limit_of(datagram, true);
  envelope.ecn = datagram.ecn;
  host_.udp_ports().loop_back(packet, envelope, peer.port());
}

Result<std::size_t> Ns3UdpSocket::max_payload_bytes(const Endpoint& to) const {
  const Endpoint peer = to.port() != 0 ? to.unmapped() : peer_.value_or(to);
  auto mtu = host_.mtu_towards(peer.address());
  if (!mtu) return fail(mtu.error(), "largest payload to {}: no route", peer);
  return *mtu - (peer.is_v4() ? kV4HeaderBytes : kV6HeaderBytes);
}

}  // namespace ghostnet::sim
