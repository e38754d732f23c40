// Setting up interfaces: up, MTU, addresses, routes. What `ip link`, `ip address` and `ip route` do; wants
// CAP_NET_ADMIN. All act in the network namespace that the calling thread is in (NetworkNamespace::Visit).
#pragma once

#include <cstdint>
#include <string>

#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::realnet {

// Errors: not_found, permission, invalid_argument.
Result<InterfaceIndex> interface_index(const std::string& name);
Result<> set_interface_up(const std::string& name, bool up);
Result<> set_interface_mtu(const std::string& name, std::uint32_t mtu_bytes);
// How many packets wait for who reads a TUN device.
Result<> set_interface_queue(const std::string& name, std::uint32_t packets);
Result<> add_interface_address(const std::string& name, const InterfaceAddress& address);
// Whether packets to this address are delivered here. One that was just added may not be there yet: the kernel finishes
// IPv6 addresses on a thread of its own, after it has said that they were added.
bool is_own_address(const IpAddress& address);
// Packets for the prefix leave by this interface, towards `gateway` if it is not unspecified.
Result<> add_route(const std::string& name, const IpPrefix& prefix, const IpAddress& gateway = {});

}  // namespace ghostnet::realnet
