#include "ghostnet/libp2p/gate.hpp"

#include <algorithm>

namespace ghostnet::libp2p {

Result<> Gate::add(Rules& rules, std::string_view rule) {
  if (rules.peers.size() + rules.blocks.size() >= kMaxRules) {
    return fail(Errc::limit, "more than {} rules of a gate", kMaxRules);
  }
  if (const Result<PeerId> peer = PeerId::parse(rule)) {
    rules.peers.push_back(*peer);
  } else if (const Result<IpPrefix> block = IpPrefix::parse(rule, IpPrefix::HostBits::clear)) {
    rules.blocks.push_back(*block);
  } else if (const Result<IpAddress> address = IpAddress::parse(rule)) {
    rules.blocks.emplace_back(*address, address->bit_size());
  } else {
    return fail(Errc::invalid_argument, "{} is no peer id, no address, and no block of addresses as 10.0.0.0/8", rule);
  }
  return {};
}

Result<> Gate::admits(const PeerId& peer) const {
  const auto names = [&peer](const Rules& rules) { return std::ranges::find(rules.peers, peer) != rules.peers.end(); };
  if (names(denied_)) return fail(Errc::permission, "{} is denied", peer.text());
  if (!allowed_.peers.empty() && !names(allowed_)) return fail(Errc::permission, "{} is not allowed", peer.text());
  return {};
}

Result<> Gate::admits(const IpAddress& address) const {
  const auto names = [&address](const Rules& rules) {
    const IpAddress plain = address.unmapped();
    return std::ranges::any_of(rules.blocks, [&plain](const IpPrefix& block) { return block.contains(plain); });
  };
  if (names(denied_)) return fail(Errc::permission, "{} is denied", address.to_string());
  if (!allowed_.blocks.empty() && !names(allowed_)) {
    return fail(Errc::permission, "{} is not allowed", address.to_string());
  }
  return {};
}

}  // namespace ghostnet::libp2p
