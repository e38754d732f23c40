// Where a service listens when nobody says more than a port.
#pragma once

#include <cstdint>
#include <vector>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/host.hpp"

namespace ghostnet {

// `wanted` as it is; where it is empty, the port on all addresses of one family: IPv4 unless the host has only IPv6.
std::vector<Endpoint> listen_on(const Host& host, const std::vector<Endpoint>& wanted, std::uint16_t port);

}  // namespace ghostnet
