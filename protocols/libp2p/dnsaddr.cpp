#include "ghostnet/libp2p/dnsaddr.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "ghostnet/libp2p/swarm.hpp"

namespace ghostnet::libp2p {
namespace {

constexpr std::string_view kLabel = "_dnsaddr.";
constexpr std::string_view kKey = "dnsaddr=";

// Whether the parts of `address` end with those of `whole` after its first.
bool ends_as(const Multiaddr& address, const Multiaddr& whole) {
  const std::vector<MultiaddrPart> parts = address.parts();
  const std::vector<MultiaddrPart> wanted = whole.parts();
  if (parts.size() < wanted.size() - 1) return false;
  return std::equal(
      wanted.begin() + 1, wanted.end(), parts.end() - static_cast<std::ptrdiff_t>(wanted.size() - 1),
      [](const MultiaddrPart& a, const MultiaddrPart& b) { return a.code == b.code && equal(a.value, b.value); });
}

}  // namespace

bool is_dnsaddr(const Multiaddr& address) {
  return !address.empty() && address.parts().front().code == MultiaddrCode::dnsaddr;
}

Task<Result<std::vector<Multiaddr>>> resolve_dnsaddr(dns::TextResolver& resolver, Multiaddr address) {
  if (!is_dnsaddr(address)) co_return fail(Errc::invalid_argument, "{} does not begin with /dnsaddr", address.text());
  std::vector<Multiaddr> found;
  std::deque<std::pair<Multiaddr, std::size_t>> open;  // and how deep each is
  open.emplace_back(std::move(address), 1);
  Error why(Errc::not_found, "no address of {}", open.front().first.text());
  for (std::size_t queries = 0; !open.empty() && queries < kMaxDnsaddrQueries; ++queries) {
    const auto [name, depth] = std::move(open.front());
    open.pop_front();
    std::string question = std::string(kLabel) + std::string(as_text(name.parts().front().value));
    const Result<std::vector<std::string>> texts = co_await resolver.texts(std::move(question));
    if (!texts) {
      why = texts.error();
      continue;
    }
    for (const std::string& text : *texts) {
      if (!text.starts_with(kKey)) continue;
      Result<Multiaddr> told = Multiaddr::parse(std::string_view(text).substr(kKey.size()));
      if (!told || told->empty() || !ends_as(*told, name)) continue;
      if (!is_dnsaddr(*told)) {
        if (found.size() < kMaxDnsaddrAddresses) found.push_back(std::move(*told));
      } else if (depth < kMaxDnsaddrDepth && open.size() < kMaxDnsaddrQueries) {
        open.emplace_back(std::move(*told), depth + 1);
      }
    }
  }
  if (found.empty()) co_return fail(why);
  co_return found;
}

// A peer that is named is dialled by all of its addresses, others one after the other.
Task<Result<PeerId>> detail::Swarm::connect_resolved(Multiaddr address) {
  dns::TextResolver resolver(host, options.dns);
  const std::optional<PeerId> expected = address.peer();
  const auto found = co_await resolve_dnsaddr(resolver, std::move(address));
  if (!found) co_return fail(found);
  if (expected) {
    std::vector<Multiaddr> plain;
    for (const Multiaddr& one : *found) plain.push_back(one.without_peer());
    std::erase_if(plain, [](const Multiaddr& one) { return !tcp_target(one); });
    if (plain.empty())
      co_return fail(Errc::not_supported, "{} has no address that TCP alone reaches", expected->text());
    peers.add_addresses(*expected, plain, host.now(), PeerStore::kConnectedAddress);
    const Result<> connected = co_await connect_peer(*expected);
    if (!connected) co_return fail(connected);
    co_return *expected;
  }
  Result<PeerId> peer = fail(Errc::not_found);
  for (const Multiaddr& one : *found) {
    peer = co_await dial(one.without_peer(), one.peer());
    if (peer) break;
  }
  co_return peer;
}

}  // namespace ghostnet::libp2p
