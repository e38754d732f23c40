#include "ghostnet/runtime/listen_on.hpp"

namespace ghostnet {
namespace {

IpFamily family_of(const Host& host) {
  bool any_v6 = false;
  for (const Interface& interface : host.interfaces()) {
    if (interface.loopback) continue;
    for (const InterfaceAddress& address : interface.addresses) {
      if (address.address.is_v4()) return IpFamily::v4;
      any_v6 = true;
    }
  }
  return any_v6 ? IpFamily::v6 : IpFamily::v4;
}

}  // namespace

std::vector<Endpoint> listen_on(const Host& host, const std::vector<Endpoint>& wanted, std::uint16_t port) {
  if (!wanted.empty()) return wanted;
  return {Endpoint(IpAddress::any(family_of(host)), port)};
}

}  // namespace ghostnet
