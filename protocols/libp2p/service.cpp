#include "ghostnet/libp2p/service.hpp"

#include <algorithm>
#include <utility>

#include "ghostnet/crypto/hash.hpp"
#include "ghostnet/runtime/listen_on.hpp"
#include "ghostnet/runtime/observer.hpp"

namespace ghostnet::libp2p {
namespace {

NodeOptions node_options(const Libp2pOptions& options) {
  return {.security = options.security,
          .low_water = options.low_water,
          .high_water = options.high_water,
          .max_connections = options.max_connections,
          .dial_timeout = options.dial_timeout};
}

KeyPair key_of_number(HostId host) {
  const std::string text = fmt::format("ghostnet: the libp2p identity of host {}", host);
  return KeyPair::ed25519_from_seed(crypto::sha256(as_bytes(text)));
}

KeyPair make_key(Host& host, const Libp2pOptions& options) {
  if (options.identity == IdentityFrom::number) return key_of_number(host.id());
  crypto::HostRandom random(host);
  return KeyPair::generate_ed25519(random);
}

}  // namespace

Result<> Libp2pOptions::validate() const {
  if (security.empty()) return fail(Errc::invalid_argument, "security: expected at least one of noise, tls, plaintext");
  if (low_water > high_water) {
    return fail(Errc::invalid_argument, "low_water: {} is more than high_water, {}", low_water, high_water);
  }
  return {};
}

Libp2pService::Libp2pService(const ServiceContext& context, const Libp2pOptions& options, KeyPair key)
    : host_(context.host),
      directory_(context.directory),
      options_(options),
      shared_results_(options.share_crypto ? crypto::SharedResults::of_this_thread() : nullptr),
      node_(context.host, std::move(key), node_options(options)),
      scope_(context.host.loop()) {}

Result<std::unique_ptr<Libp2pService>> Libp2pService::start(const ServiceContext& context,
                                                            const Libp2pOptions& options) {
  std::unique_ptr<Libp2pService> service(new Libp2pService(context, options, make_key(context.host, options)));
  if (Observer* const observer = context.host.observer()) {
    observer->named(context.host.id(), service->node_.id().bytes());
  }
  for (const Endpoint& endpoint : listen_on(context.host, {}, options.port)) {
    if (auto listening = service->node_.listen(Multiaddr::tcp(endpoint)); !listening) return fail(listening);
  }
  Random random = Random::from_state(context.host.random().next_u64(), context.host.random().next_u64() | 1);
  if (context.directory != nullptr && options.peers > 0) {
    service->scope_.spawn(service->stay_connected(random));
  }
  return service;
}

Multiaddr Libp2pService::address_of(const Peer& peer) const {
  return Multiaddr::tcp(Endpoint(peer.address, options_.port));
}

std::optional<PeerId> Libp2pService::id_of(const Peer& peer) const {
  if (options_.identity != IdentityFrom::number) return std::nullopt;
  return key_of_number(peer.id).peer_id();
}

std::size_t Libp2pService::dialled() const { return node_.connection_count(Direction::outbound); }

// Dials others by chance, one after the other, as long as too few of them are connected.
Task<> Libp2pService::stay_connected(Random random) {
  const Directory& known = *directory_;
  if (known.size() < 2) co_return;
  const Duration pause = options_.spread / options_.peers;
  co_await host_.clock().sleep(random.between(0ns, pause));
  while (true) {
    for (std::uint32_t tries = 0; dialled() < options_.peers && tries < 2 * options_.peers; ++tries) {
      Peer peer = known.at(random.below(known.size()));
      while (peer.id == host_.id()) peer = known.at(random.below(known.size()));
      const auto connected = co_await node_.connect(address_of(peer));
      if (!connected) host_.log().debug("libp2p: {}", connected.error().message());
      co_await host_.clock().sleep(random.between(pause / 2, pause + pause / 2));
    }
    co_await host_.clock().sleep(random.between(options_.check / 2, options_.check * 3 / 2));
  }
}

Task<Result<>> Libp2pService::ping(Peer peer, const PingRequest& request) {
  static_cast<void>(request);
  const auto id = co_await node_.connect(address_of(peer));
  if (!id) co_return fail(id);
  const auto rtt = co_await node_.ping(*id);
  if (!rtt) co_return fail(rtt);
  co_return Result<>();
}

Task<> Libp2pService::stop(TimePoint deadline) {
  scope_.close();
  co_await node_.close(deadline);
}

ServiceDescriptor service() {
  return describe<Libp2pService>("libp2p", "A libp2p node: secure connections to peers, many streams over each")
      .operation<&Libp2pService::ping>("p2p_ping", "one round trip of /ipfs/ping/1.0.0");
}

}  // namespace ghostnet::libp2p
