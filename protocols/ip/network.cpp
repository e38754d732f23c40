#include "ghostnet/ip/network.hpp"

#include <algorithm>

namespace ghostnet::ip {

namespace {

constexpr std::uint32_t kLoopbackMtuBytes = 65'535;

}  // namespace

Network::Network(const NetworkOptions& options, NetworkDriver& driver, IpMetrics& metrics, Random& random,
                 std::array<std::uint64_t, 2> secret)
    : options_(options),
      driver_(driver),
      metrics_(metrics),
      random_(random),
      secret_(secret),
      routes_(options.max_routes),
      reassembler_(options.reassembly),
      path_mtus_(options.path_mtu),
      error_limit_(options.error_limit, secret[0]) {
  interfaces_.push_back(
      {.index = kLoopbackInterface,
       .name = "lo",
       .addresses = {{IpAddress::loopback(IpFamily::v4), 8}, {IpAddress::loopback(IpFamily::v6), 128}},
       .mtu_bytes = kLoopbackMtuBytes,
       .max_segmented_bytes = kLoopbackMtuBytes});
  changed();
}

// ---- interfaces and routes ----

NetInterface* Network::find_interface(InterfaceIndex index) {
  return index == 0 || index > interfaces_.size() ? nullptr : &interfaces_[index - 1];
}
const NetInterface* Network::find_interface(InterfaceIndex index) const {
  return index == 0 || index > interfaces_.size() ? nullptr : &interfaces_[index - 1];
}

void Network::changed() {
  ++generation_;
  own_.clear();
  for (const NetInterface& interface : interfaces_) {
    for (const InterfaceAddress& address : interface.addresses) own_.push_back(address.address.without_scope_id());
  }
  std::ranges::sort(own_);
}

Result<InterfaceIndex> Network::add_interface(NetInterface interface) {
  if (interfaces_.size() >= kMaxInterfaces) {
    return fail(Errc::limit, "adding the interface {}: a host has at most {}", interface.name, kMaxInterfaces);
  }
  const auto index = static_cast<InterfaceIndex>(interfaces_.size() + 1);
  interface.index = index;
  std::vector<InterfaceAddress> addresses = std::exchange(interface.addresses, {});
  interfaces_.push_back(std::move(interface));
  changed();
  for (const InterfaceAddress& address : addresses) {
    if (Result<> added = add_address(index, address); !added) {
      for (const InterfaceAddress& given : interfaces_.back().addresses) {
        if (const Result<IpPrefix> network = IpPrefix::make(given.address, given.prefix_bits)) {
          routes_.remove(*network, index);
        }
      }
      interfaces_.pop_back();
      changed();
      return fail(std::move(added));
    }
  }
  return index;
}

Result<> Network::add_address(InterfaceIndex index, const InterfaceAddress& added) {
  NetInterface* const interface = find_interface(index);
  if (interface == nullptr) return fail(Errc::not_found, "adding {}: no interface {}", added.address, index);
  const IpAddress address = added.address.without_scope_id();
  if (address.is_unspecified() || address.is_multicast() || address.is_broadcast() || address.is_v4_mapped()) {
    return fail(Errc::invalid_argument, "adding {} to {}: no address of an interface", address, interface->name);
  }
  const Result<IpPrefix> network = IpPrefix::make(address, added.prefix_bits);
  if (!network) return fail(network);
  if (address.is_v6() && interface->mtu_bytes < kMinIpv6MtuBytes) {
    return fail(Errc::invalid_argument, "adding {} to {}: IPv6 needs an MTU of {} bytes (RFC 8200 5), it has {}",
                address, interface->name, kMinIpv6MtuBytes, interface->mtu_bytes);
  }
  if (Result<> routed = add_route({.destination = *network, .interface = index}); !routed) return routed;
  std::erase_if(interface->addresses, [&](const InterfaceAddress& other) { return other.address == address; });
  interface->addresses.push_back({address, added.prefix_bits});
  changed();
  return {};
}

Result<> Network::remove_address(InterfaceIndex index, const IpAddress& address) {
  NetInterface* const interface = find_interface(index);
  if (interface == nullptr) return fail(Errc::not_found, "removing {}: no interface {}", address, index);
  std::vector<InterfaceAddress>& addresses = interface->addresses;
  const auto found = std::ranges::find(addresses, address.without_scope_id(), &InterfaceAddress::address);
  if (found == addresses.end()) return fail(Errc::not_found, "removing {}: {} has it not", address, interface->name);
  const IpPrefix network(found->address, found->prefix_bits);
  addresses.erase(found);
  const bool shared = std::ranges::any_of(
      addresses, [&](const InterfaceAddress& other) { return IpPrefix(other.address, other.prefix_bits) == network; });
  if (!shared) routes_.remove(network, index);
  changed();
  return {};
}

Result<> Network::set_up(InterfaceIndex index, bool up) {
  NetInterface* const interface = find_interface(index);
  if (interface == nullptr) return fail(Errc::not_found, "there is no interface {}", index);
  interface->up = up;
  changed();
  return {};
}

Result<> Network::add_route(const Route& route) {
  if (find_interface(route.interface) == nullptr) {
    return fail(Errc::not_found, "adding a route to {}: no interface {}", route.destination.to_string(),
                route.interface);
  }
  ++generation_;
  return routes_.add(route);
}

bool Network::remove_route(const IpPrefix& destination, InterfaceIndex interface) {
  ++generation_;
  return routes_.remove(destination, interface);
}

bool Network::owns(const IpAddress& address) const {
  if (address.is_v4() && address.is_loopback()) return true;
  return std::ranges::binary_search(own_, address.without_scope_id());
}

bool Network::is_broadcast(const IpAddress& address) const {
  if (address.is_v6()) return false;
  if (address.is_broadcast()) return true;
  for (const NetInterface& interface : interfaces_) {
    if (interface.loopback()) continue;
    for (const InterfaceAddress& own : interface.addresses) {
      // RFC 3021: a network of two addresses has no broadcast.
      if (own.address.is_v4() && own.prefix_bits < 31 && IpPrefix(own.address, own.prefix_bits).last() == address) {
        return true;
      }
    }
  }
  return false;
}

// ---- groups ----

InterfaceIndex Network::multicast_interface(IpFamily family) const {
  for (const NetInterface& interface : interfaces_) {
    if (interface.loopback() || !interface.up || !interface.multicast) continue;
    const bool speaks = std::ranges::any_of(
        interface.addresses, [family](const InterfaceAddress& address) { return address.address.family() == family; });
    if (speaks) return interface.index;
  }
  return 0;
}

Result<InterfaceIndex> Network::join(TimePoint now, const IpAddress& group, InterfaceIndex index) {
  if (index == 0) index = group.scope_id() != 0 ? group.scope_id() : multicast_interface(group.family());
  if (index == 0) return fail(Errc::unreachable, "joining {}: no interface is up that carries groups", group);
  NetInterface* const interface = find_interface(index);
  if (interface == nullptr) return fail(Errc::not_found, "joining {}: no interface {}", group, index);
  if (Result<> joined = interface->membership.join(now, group.without_scope_id()); !joined) {
    return fail(std::move(joined));
  }
  driver_.deadline_moved();
  return index;
}

void Network::leave(TimePoint now, const IpAddress& group, InterfaceIndex index) {
  NetInterface* const interface = find_interface(index);
  if (interface == nullptr) return;
  interface->membership.leave(now, group.without_scope_id());
  driver_.deadline_moved();
}

// ---- time ----

void Network::advance(TimePoint now) {
  while (std::optional<Reassembler::Expired> expired = reassembler_.expire(now)) {
    metrics_.drop(DropReason::fragment_timeout);
    if (expired->front.empty()) continue;
    const std::expected<Header, Unusable> header = parse(expired->front.view());
    if (!header) continue;
    const std::expected<Path, Errc> back = path_to(now, header->source);
    if (back) send_error(now, back->interface, *header, expired->front.view(), IcmpError::reassembly_timeout, 0);
  }
  for (NetInterface& interface : interfaces_) {
    if (interface.membership.next_deadline() > now) continue;
    send_reports(now, interface, IpFamily::v4);
    send_reports(now, interface, IpFamily::v6);
  }
}

TimePoint Network::next_deadline() const {
  TimePoint earliest = reassembler_.next_deadline();
  for (const NetInterface& interface : interfaces_) {
    earliest = std::min(earliest, interface.membership.next_deadline());
  }
  return earliest;
}

}  // namespace ghostnet::ip
