#include "ghostnet/ip/source_selection.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace ghostnet::ip {

namespace {

constexpr int kLinkScope = 2;
constexpr int kGlobalScope = 14;

struct Policy {
  IpPrefix prefix;
  int label;
};

// RFC 6724 2.1.
const std::array<Policy, 9> kPolicies{{
    {IpPrefix(IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 1}), 128), 0},
    {IpPrefix(IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0}), 0), 1},
    {IpPrefix(IpAddress::v6({0, 0, 0, 0, 0, 0xffff, 0, 0}), 96), 4},
    {IpPrefix(IpAddress::v6({0x2002, 0, 0, 0, 0, 0, 0, 0}), 16), 2},
    {IpPrefix(IpAddress::v6({0x2001, 0, 0, 0, 0, 0, 0, 0}), 32), 5},
    {IpPrefix(IpAddress::v6({0xfc00, 0, 0, 0, 0, 0, 0, 0}), 7), 13},
    {IpPrefix(IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0}), 96), 3},
    {IpPrefix(IpAddress::v6({0xfec0, 0, 0, 0, 0, 0, 0, 0}), 10), 11},
    {IpPrefix(IpAddress::v6({0x3ffe, 0, 0, 0, 0, 0, 0, 0}), 16), 12},
}};

int label_of(const IpAddress& address) {
  return longest_match(kPolicies, address.to_v6().without_scope_id(), &Policy::prefix)->label;
}

// RFC 6724 2.2: only as far as the source's own prefix goes.
int common_bits(const IpAddress& source, unsigned prefix_bits, const IpAddress& destination) {
  int common = std::countl_zero(source.high() ^ destination.high());
  if (common == 64) common += std::countl_zero(source.low() ^ destination.low());
  if (source.is_v4()) common -= 96;
  return std::min(common, static_cast<int>(prefix_bits));
}

// Whether a is a better source than b.
bool better(const SourceCandidate& a, const SourceCandidate& b, const IpAddress& destination, InterfaceIndex outgoing) {
  const IpAddress plain = destination.without_scope_id();
  if ((a.address.without_scope_id() == plain) != (b.address.without_scope_id() == plain)) {
    return a.address.without_scope_id() == plain;
  }
  if (const int a_scope = scope_of(a.address), b_scope = scope_of(b.address); a_scope != b_scope) {
    return a_scope < b_scope ? a_scope >= scope_of(destination) : b_scope < scope_of(destination);
  }
  if ((a.interface == outgoing) != (b.interface == outgoing)) return a.interface == outgoing;
  const int label = label_of(destination);
  if ((label_of(a.address) == label) != (label_of(b.address) == label)) return label_of(a.address) == label;
  return common_bits(a.address, a.prefix_bits, plain) > common_bits(b.address, b.prefix_bits, plain);
}

}  // namespace

int scope_of(const IpAddress& address) {
  if (address.is_v6() && address.is_multicast()) return static_cast<int>(address.high() >> 48 & 0xf);
  return address.is_loopback() || address.is_link_local() ? kLinkScope : kGlobalScope;
}

std::optional<IpAddress> select_source(const IpAddress& destination, InterfaceIndex outgoing,
                                       std::span<const SourceCandidate> candidates) {
  const SourceCandidate* best = nullptr;
  for (const SourceCandidate& candidate : candidates) {
    if (candidate.address.family() != destination.family()) continue;
    if (best == nullptr || better(candidate, *best, destination, outgoing)) best = &candidate;
  }
  if (best == nullptr) return std::nullopt;
  return best->address;
}

}  // namespace ghostnet::ip
