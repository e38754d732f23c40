#include "ghostnet/libp2p/dial_order.hpp"

#include <utility>

namespace ghostnet::libp2p {
namespace {

bool is_v6(const IpAddress& address) { return address.is_v6(); }
bool is_v6(const Multiaddr& address) {
  if (address.empty()) return false;
  const MultiaddrCode first = address.parts().front().code;
  return first == MultiaddrCode::ip6 || first == MultiaddrCode::dns6;
}

template <class Address>
std::vector<Address> take_turns(std::vector<Address> addresses) {
  std::vector<Address> ordered;
  ordered.reserve(addresses.size());
  std::vector<Address> of_family[2];
  for (Address& address : addresses) of_family[is_v6(address) ? 0 : 1].push_back(std::move(address));
  for (std::size_t turn = 0; ordered.size() < addresses.size(); ++turn) {
    for (std::vector<Address>& family : of_family) {
      if (turn < family.size()) ordered.push_back(std::move(family[turn]));
    }
  }
  return ordered;
}

}  // namespace

std::vector<IpAddress> in_dial_order(std::vector<IpAddress> addresses) { return take_turns(std::move(addresses)); }
std::vector<Multiaddr> in_dial_order(std::vector<Multiaddr> addresses) { return take_turns(std::move(addresses)); }

}  // namespace ghostnet::libp2p
