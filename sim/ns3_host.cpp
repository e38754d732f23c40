#include "ghostnet/sim/ns3_host.hpp"

#include <ns3/ipv4-l3-protocol.h>
#include <ns3/ipv4-route.h>
#include <ns3/ipv6-interface.h>
#include <ns3/ipv6-l3-protocol.h>
#include <ns3/ipv6-route.h>
#include <ns3/ndisc-cache.h>
#include <ns3/simulator.h>
#include <ns3/udp-l4-protocol.h>

#include <algorithm>
#include <utility>

#include "ghostnet/sim/ns3_address.hpp"
#include "ghostnet/sim/ns3_stream.hpp"

namespace ghostnet::sim {

using ns3::Ptr;

namespace {

constexpr std::uint16_t kUdpNumber = 17;

}  // namespace

Ns3Host::Ns3Host(Ns3Shared& world, HostId id, GroupId group, Random random, std::string name, Ptr<ns3::Node> node)
    : Host(world.context, id, group, random),
      world_(world),
      name_(std::move(name)),
      node_(std::move(node)),
      ipv4_(node_->GetObject<ns3::Ipv4L3Protocol>()),
      ipv6_(node_->GetObject<ns3::Ipv6L3Protocol>()),
      udp_(node_->GetObject<ns3::UdpL4Protocol>()),
      pool_({.buffer_bytes = kReceiveBufferBytes, .max_buffers = kMaxReceiveBuffers}),
      interfaces_changed_(world.context.loop),
      udp_ports_(*this) {}

Ns3Host::~Ns3Host() {
  scope_.close();
  while (!tcp_registry_.empty()) tcp_registry_.pop_front().vanish();
}

// ---- interfaces ----

Ns3Port& Ns3Host::add_port(Ns3Port port) {
  ports_.push_back(std::move(port));
  return ports_.back();
}

std::vector<Interface> Ns3Host::interfaces() const {
  std::vector<Interface> list;
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const Ns3Port& port = ports_[i];
    list.push_back({.index = static_cast<InterfaceIndex>(i + 1),
                    .name = port.name,
                    .up = port.up,
                    .loopback = port.loopback,
                    .multicast = !port.loopback && port.groups,
                    .mtu_bytes = port.device->GetMtu(),
                    .addresses = port.addresses});
  }
  return list;
}

Ns3Port* Ns3Host::port(InterfaceIndex index) {
  return index >= 1 && index <= ports_.size() ? &ports_[index - 1] : nullptr;
}

InterfaceIndex Ns3Host::index_of(const Ptr<ns3::NetDevice>& device) const {
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    if (ports_[i].device == device) return static_cast<InterfaceIndex>(i + 1);
  }
  return 0;
}

InterfaceIndex Ns3Host::default_multicast_interface(IpFamily family) const {
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const Ns3Port& port = ports_[i];
    const std::int32_t number = family == IpFamily::v4 ? port.v4_number : port.v6_number;
    if (port.up && !port.loopback && port.groups && number >= 0) return static_cast<InterfaceIndex>(i + 1);
  }
  return 0;
}

IpAddress Ns3Host::address_on(InterfaceIndex index, IpFamily family) const {
  for (const InterfaceAddress& own : ports_[index - 1].addresses) {
    if (own.address.family() == family) return own.address;
  }
  return IpAddress::any(family);
}

bool Ns3Host::owns(const IpAddress& address) const {
  const IpAddress plain = address.without_scope_id();
  for (const Ns3Port& port : ports_) {
    for (const InterfaceAddress& own : port.addresses) {
      if (own.address.without_scope_id() == plain) return true;
    }
  }
  return plain.is_v4() && plain.is_loopback();
}

void Ns3Host::apply_port_state(Ns3Port& port, bool up) {
  if (std::exchange(port.up, up) == up) return;
  if (port.switch_radio) port.switch_radio(up);
  if (port.v4_number >= 0) {
    const auto number = static_cast<std::uint32_t>(port.v4_number);
    if (up) {
      ipv4_->SetUp(number);
    } else {
      ipv4_->SetDown(number);
    }
  }
  if (port.v6_number >= 0) {
    const auto number = static_cast<std::uint32_t>(port.v6_number);
    if (up) {
      // ns-3 forgets the addresses of an interface that goes down, all but the link-local one.
      ipv6_->SetUp(number);
      for (const InterfaceAddress& own : port.addresses) {
        if (!own.address.is_v6() || own.address.is_link_local()) continue;
        ipv6_->AddAddress(number, {to_ns3_v6(own.address), ns3::Ipv6Prefix(own.prefix_bits)});
      }
      introduce_neighbours(port);
    } else {
      ipv6_->SetDown(number);
    }
  }
  world_.graph.set_up(id_, port.device, up);
}

void Ns3Host::introduce_neighbours(const Ns3Port& port) {
  if (port.neighbours.empty()) return;
  Ptr<ns3::NdiscCache> cache = ipv6_->GetInterface(static_cast<std::uint32_t>(port.v6_number))->GetNdiscCache();
  if (cache == nullptr) return;
  for (const auto& [address, hardware] : port.neighbours) {
    ns3::NdiscCache::Entry* entry = cache->Lookup(address);
    if (entry == nullptr) entry = cache->Add(address);
    entry->SetMacAddress(hardware);
    entry->MarkPermanent();
  }
}

void Ns3Host::set_port_up(InterfaceIndex index, bool up) {
  Ns3Port* port = this->port(index);
  if (port == nullptr || port->loopback || port->up == up) return;
  apply_port_state(*port, up);
  interfaces_changed_.pulse();
  request_turn();
}

void Ns3Host::crash() {
  if (!std::exchange(up_, false)) return;
  for (Ns3Port& port : ports_) {
    if (!port.loopback) apply_port_state(port, false);
  }
  for (Ptr<TcpSocket> socket; !tcp_registry_.empty();) {
    socket = Ptr<TcpSocket>(&tcp_registry_.pop_front());
    socket->vanish();
  }
  udp_ports_.for_each([](Ns3UdpSocket& socket) { socket.close(); });
  scope_.drop_all();
  interfaces_changed_.pulse();
  request_turn();
}

void Ns3Host::restart() {
  if (std::exchange(up_, true)) return;
  cpu_free_at_ = {};
  for (Ns3Port& port : ports_) {
    if (!port.loopback) apply_port_state(port, true);
  }
  interfaces_changed_.pulse();
  request_turn();
}

// ---- time, buffers, processor ----

TimePoint Ns3Host::true_now() const { return from_ns(ns3::Simulator::Now().GetNanoSeconds()); }

Result<PacketBuf> Ns3Host::receive_buffer(std::size_t size_bytes) {
  if (size_bytes <= kReceiveBufferBytes) return pool_.take();
  return PacketBuf::with_room(0, size_bytes);
}

void Ns3Host::submit(std::shared_ptr<ComputeJob> job) {
  job->execute();
  const TimePoint done = occupy_cpu(job->work());
  if (done <= context_.loop.now()) return job->finish();
  scope_.spawn(finish_at(done, std::move(job)));
}

void Ns3Host::charge(const CpuWork& work) { occupy_cpu(work); }

// One processor: work is done one after the other. When this is.
TimePoint Ns3Host::occupy_cpu(const CpuWork& work) {
  const Duration price = world_.cpu_price ? world_.cpu_price(id_, work) : Duration{};
  if (price <= Duration{}) return context_.loop.now();
  cpu_free_at_ = std::max(cpu_free_at_, context_.loop.now()) + price;
  return cpu_free_at_;
}

Task<> Ns3Host::finish_at(TimePoint at, std::shared_ptr<ComputeJob> job) {
  const Clock true_clock(context_.loop);
  co_await true_clock.sleep_until(at);
  job->finish();
}

// ---- names and sockets ----

Task<Result<std::vector<IpAddress>>> Ns3Host::resolve(std::string name) {
  if (Result<IpAddress> literal = IpAddress::parse(name)) co_return std::vector{*literal};
  std::vector<IpAddress> found;
  if (name == "localhost") {
    if (ipv4_ != nullptr) found.push_back(IpAddress::loopback(IpFamily::v4));
    if (ipv6_ != nullptr) found.push_back(IpAddress::loopback(IpFamily::v6));
    co_return found;
  }
  auto host = world_.names.find(name);
  if (host == world_.names.end())
    co_return fail(Errc::not_found, "resolving {}: no host of the network has this name", name);
  // IPv4 first: our IPv6 addresses are of fc00::/7, which RFC 6724 2.1 puts behind IPv4.
  for (const IpFamily family : {IpFamily::v4, IpFamily::v6}) {
    for (const Ns3Port& port : world_.hosts[host->second]->ports_) {
      for (const InterfaceAddress& own : port.addresses) {
        if (own.address.family() == family && !port.loopback && !own.address.is_link_local())
          found.push_back(own.address);
      }
    }
  }
  if (found.empty()) co_return fail(Errc::not_found, "resolving {}: the host has no address", name);
  co_return found;
}

Result<> Ns3Host::check_local(const Endpoint& local, const char* doing) const {
  if (!world_.started) return fail(Errc::closed, "{} {}: the network has not started", doing, local);
  if (!up_) return fail(Errc::closed, "{} {}: the host is down", doing, local);
  const IpAddress address = local.address().unmapped();
  if (!has(address.family())) {
    return fail(Errc::not_supported, "{} {}: the network has no {}", doing, local, address.is_v4() ? "IPv4" : "IPv6");
  }
  if (address.is_unspecified() || address.is_multicast() || owns(address)) return {};
  return fail(Errc::address_not_available, "{} {}: not an address of {}", doing, local, name_);
}

Result<std::unique_ptr<UdpSocket>> Ns3Host::open_udp(const UdpOptions& options) {
  if (Result<> ok = check_local(options.local, "opening UDP at"); !ok) return fail(std::move(ok));
  return Ns3UdpSocket::open(*this, options);
}

Result<std::unique_ptr<Listener>> Ns3Host::listen(const ListenOptions& options) {
  if (Result<> ok = check_local(options.local, "listening at"); !ok) return fail(std::move(ok));
  if (options.local.address().is_multicast()) {
    return fail(Errc::address_not_available, "listening at {}: streams have no groups", options.local);
  }
  if (options.reuse_port) {
    return fail(Errc::not_supported, "listening at {}: ns-3 cannot share a TCP port between listeners", options.local);
  }
  return Ns3Listener::open(*this, options);
}

Task<Result<std::unique_ptr<Stream>>> Ns3Host::connect(ConnectOptions options) {
  const Endpoint peer(options.peer.address().unmapped().without_scope_id(), options.peer.port());
  if (Result<> ok = check_local(Endpoint(IpAddress::any(peer.family()), 0), "connecting from"); !ok) {
    co_return fail(std::move(ok));
  }
  if (peer.port() == 0 || peer.address().is_unspecified() || peer.address().is_multicast()) {
    co_return fail(Errc::invalid_argument, "connecting to {}: not an endpoint of a host", peer);
  }
  auto source = source_for(peer.address(), options.peer.address().scope_id());
  if (!source) co_return fail(source.error(), "connecting to {}: no route", peer);
  // ns-3 takes the address of the route, whatever a socket is bound to.
  const IpAddress wanted = options.local.address().unmapped().without_scope_id();
  if (!wanted.is_unspecified() && wanted != *source) {
    if (!owns(wanted))
      co_return fail(Errc::address_not_available, "connecting from {}: not an address of {}", wanted, name_);
    co_return fail(Errc::not_supported, "connecting from {} to {}: ns-3 sends it from {}", wanted, peer, *source);
  }
  const Endpoint local(*source, options.local.port());
  if (local.port() != 0 && !options.reuse_address) {
    bool taken = false;
    tcp_registry_.for_each([&](TcpSocket& socket) {
      taken = taken ||
              (socket.local_endpoint().port() == local.port() && socket.local_endpoint().family() == local.family());
      return !taken;
    });
    if (taken) co_return fail(Errc::address_in_use, "connecting to {}: {} is in use", peer, local);
  }

  Ptr<TcpSocket> socket = TcpSocket::make(node_, tcp_registry_, options.stream, tcp_segment_bytes(peer.family()));
  auto stream = std::make_unique<Ns3Stream>(*this, socket);
  if (Result<> begun = socket->connect_to(local, peer); !begun) {
    co_return std::unexpected(begun.error().while_doing(fmt::format("connecting to {}", peer)));
  }
  co_await stream->settled();
  if (stream->failure())
    co_return fail(*stream->failure(), "connecting to {}: {}", peer, to_string(*stream->failure()));
  stream->show();
  co_return std::unique_ptr<Stream>(std::move(stream));
}

std::uint32_t Ns3Host::tcp_segment_bytes(IpFamily family) const {
  return world_.tcp_segment_bytes[static_cast<std::size_t>(family)];
}

// ---- routes ----

std::expected<Ptr<ns3::Ipv4Route>, Errc> Ns3Host::route_v4(const IpAddress& to, InterfaceIndex interface,
                                                           const Ptr<ns3::Packet>& packet) const {
  if (to.is_multicast()) {
    // ns-3 insists on an interface here, and ends the process without one.
    if (interface == 0) interface = default_multicast_interface(IpFamily::v4);
    if (interface == 0 || !ports_[interface - 1].up) return std::unexpected(Errc::unreachable);
    if (!ports_[interface - 1].groups) return std::unexpected(Errc::not_supported);
    auto route = ns3::Create<ns3::Ipv4Route>();
    route->SetDestination(to_ns3_v4(to));
    route->SetGateway(ns3::Ipv4Address::GetAny());
    route->SetSource(to_ns3_v4(address_on(interface, IpFamily::v4)));
    route->SetOutputDevice(ports_[interface - 1].device);
    return route;
  }
  ns3::Ipv4Header header;
  header.SetDestination(to_ns3_v4(to));
  header.SetProtocol(kUdpNumber);
  ns3::Socket::SocketErrno error = ns3::Socket::ERROR_NOTERROR;
  Ptr<ns3::NetDevice> out = interface != 0 ? ports_[interface - 1].device : nullptr;
  Ptr<ns3::Ipv4Route> route = ipv4_->GetRoutingProtocol()->RouteOutput(packet, header, out, error);
  if (route == nullptr) return std::unexpected(Errc::unreachable);
  return route;
}

std::expected<Ptr<ns3::Ipv6Route>, Errc> Ns3Host::route_v6(const IpAddress& to, InterfaceIndex interface,
                                                           const Ptr<ns3::Packet>& packet) const {
  const ns3::Ipv6Address destination = to_ns3_v6(to);
  if ((to.is_multicast() || to.is_link_local()) && !owns(to)) {
    if (interface == 0) interface = to.scope_id();
    if (interface == 0) interface = default_multicast_interface(IpFamily::v6);
    if (interface == 0 || interface > ports_.size() || !ports_[interface - 1].up ||
        ports_[interface - 1].v6_number < 0) {
      return std::unexpected(Errc::unreachable);
    }
    if (to.is_multicast() && !ports_[interface - 1].groups) return std::unexpected(Errc::not_supported);
    auto route = ns3::Create<ns3::Ipv6Route>();
    route->SetDestination(destination);
    route->SetGateway(ns3::Ipv6Address::GetZero());
    route->SetSource(
        ipv6_->SourceAddressSelection(static_cast<std::uint32_t>(ports_[interface - 1].v6_number), destination));
    route->SetOutputDevice(ports_[interface - 1].device);
    return route;
  }
  ns3::Ipv6Header header;
  header.SetDestination(destination);
  header.SetNextHeader(kUdpNumber);
  ns3::Socket::SocketErrno error = ns3::Socket::ERROR_NOTERROR;
  Ptr<ns3::NetDevice> out = interface != 0 ? ports_[interface - 1].device : nullptr;
  Ptr<ns3::Ipv6Route> route = ipv6_->GetRoutingProtocol()->RouteOutput(packet, header, out, error);
  if (route == nullptr) return std::unexpected(Errc::unreachable);
  return route;
}

std::expected<IpAddress, Errc> Ns3Host::source_for(const IpAddress& to, InterfaceIndex interface) const {
  if (to.is_v4()) {
    auto route = route_v4(to, interface, nullptr);
    if (!route) return std::unexpected(route.error());
    return from_ns3((*route)->GetSource());
  }
  auto route = route_v6(to, interface, nullptr);
  if (!route) return std::unexpected(route.error());
  return from_ns3((*route)->GetSource());
}

std::expected<std::uint32_t, Errc> Ns3Host::mtu_towards(const IpAddress& to) const {
  if (to.is_v4()) {
    auto route = route_v4(to, 0, nullptr);
    if (!route) return std::unexpected(route.error());
    return (*route)->GetOutputDevice()->GetMtu();
  }
  auto route = route_v6(to, 0, nullptr);
  if (!route) return std::unexpected(route.error());
  return (*route)->GetOutputDevice()->GetMtu();
}

}  // namespace ghostnet::sim
