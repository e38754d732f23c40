// The listening side of a Swarm.
#include "ghostnet/libp2p/source.hpp"
#include "ghostnet/libp2p/swarm.hpp"
#include "ghostnet/runtime/combine.hpp"

namespace ghostnet::libp2p::detail {
namespace {

constexpr Duration kAcceptBackoff = 100ms;

}  // namespace

Result<Multiaddr> Swarm::listen(const Multiaddr& address) {
  if (closing_) return fail(Errc::closed, "the node is closing");
  const Result<TcpTarget> target = tcp_target(address);
  if (!target) return fail(target);
  if (!target->name.empty())
    return fail(Errc::not_supported, "listening wants a literal address, not {}", target->name);
  Result<std::unique_ptr<Listener>> listener = host.listen({.local = Endpoint(target->address, target->port)});
  if (!listener) return fail(listener);
  const Endpoint local = (*listener)->local();
  listening_.spawn(accept_from(**listener));
  listeners_.push_back(std::move(*listener));
  push_identify();
  return Multiaddr::tcp(local);
}

std::vector<Multiaddr> Swarm::addresses() const {
  std::vector<Multiaddr> addresses;
  for (const std::unique_ptr<Listener>& listener : listeners_) {
    const Endpoint local = listener->local();
    if (!local.address().is_unspecified()) {
      addresses.push_back(Multiaddr::tcp(local));
      continue;
    }
    for (const Interface& interface : host.interfaces()) {
      if (!interface.up) continue;
      for (const InterfaceAddress& own : interface.addresses) {
        const bool fits = own.address.family() == local.family() && !own.address.is_link_local();
        if (fits) addresses.push_back(Multiaddr::tcp(Endpoint(own.address, local.port())));
      }
    }
  }
  return addresses;
}

Task<> Swarm::accept_from(Listener& listener) {
  while (true) {
    Result<std::unique_ptr<Stream>> raw = co_await listener.accept();
    if (!raw) {
      if (raw.error() == Errc::closed) co_return;
      co_await host.clock().sleep(kAcceptBackoff);
      continue;
    }
    const IpAddress source = source_of((*raw)->peer().address());
    const auto pending = pending_of_source_.find(source);
    const std::size_t waiting = pending == pending_of_source_.end() ? 0 : pending->second;
    const bool too_many = !source.is_loopback() && (waiting >= options.max_pending_inbound_per_address ||
                                                    waiting + inbound_of(source) >= options.max_inbound_per_address);
    if (too_many || pending_inbound_ >= options.max_pending_inbound || connections_.size() >= options.max_connections ||
        !options.gate.admits((*raw)->peer().address())) {
      metrics.refused.add();
      continue;
    }
    ++pending_inbound_;
    ++pending_of_source_[source];
    scope_.spawn(welcome(std::move(*raw), source));
  }
}

std::size_t Swarm::inbound_of(const IpAddress& source) const {
  const auto open = inbound_of_source_.find(source);
  return open == inbound_of_source_.end() ? 0 : open->second;
}

// A slow peer does not hold up others, and is given upgrade_timeout.
Task<> Swarm::welcome(std::unique_ptr<Stream> raw, IpAddress source) {
  Result<Upgraded> upgraded = co_await with_timeout(host.clock(), options.upgrade_timeout,
                                                    upgrade(std::move(raw), Direction::inbound, std::nullopt));
  --pending_inbound_;
  if (--pending_of_source_[source] == 0) pending_of_source_.erase(source);
  if (!upgraded) {
    metrics.upgrades_failed.add();
  } else if (add(std::move(*upgraded))) {
    metrics.accepted.add();
  }
}

}  // namespace ghostnet::libp2p::detail
