#include "ghostnet/kademlia/service.hpp"

#include <array>
#include <utility>

#include "ghostnet/libp2p/service.hpp"

namespace ghostnet::kademlia {
namespace {

DhtOptions dht_options(const KademliaOptions& options) {
  return {.mode = options.mode,
          .lookup = {.k = options.k, .alpha = options.alpha, .beta = options.beta, .paths = options.paths},
          .table = {.bucket_size = options.k},
          .request_timeout = options.request_timeout,
          .refresh_interval = options.refresh};
}

}  // namespace

KademliaService::KademliaService(Host& host, libp2p::Libp2pService& libp2p, const KademliaOptions& options)
    : host_(host),
      libp2p_(libp2p),
      metrics_(host.metrics().family<KademliaMetrics>()),
      random_(Random::from_state(host.random().next_u64(), host.random().next_u64() | 1)),
      dht_(libp2p.node(), dht_options(options)),
      scope_(host.loop()) {}

Result<std::unique_ptr<KademliaService>> KademliaService::start(const ServiceContext& context,
                                                                const KademliaOptions& options) {
  auto* const libp2p = static_cast<libp2p::Libp2pService*>(context.sibling("libp2p"));
  if (libp2p == nullptr) return fail(Errc::invalid_argument, "kademlia stands on libp2p, which does not run here");
  std::unique_ptr<KademliaService> service(new KademliaService(context.host, *libp2p, options));
  if (options.table == TableFrom::directory) {
    if (Result<> filled = service->fill_table(context.directory, options.k); !filled) return fail(filled);
  }
  service->scope_.spawn(service->measure());
  return service;
}

Result<> KademliaService::fill_table(const Directory* directory, std::size_t bucket_size) {
  known_ = directory == nullptr ? nullptr : KnownServers::of(*directory, libp2p_);
  if (!known_) {
    return fail(Errc::invalid_argument,
                "kademlia: table: directory wants to know others' peer ids: say libp2p: "
                "{ identity: number }");
  }
  dht_.fill(known_->table_of(Key::of(libp2p_.node().id()), bucket_size, random_));
  return {};
}

Task<> KademliaService::measure() {
  while (true) {
    co_await host_.clock().sleep(1s);
    metrics_.table_size.set(static_cast<std::int64_t>(dht_.table().size()));
  }
}

Task<Result<>> KademliaService::lookup(const LookupRequest& request) {
  static_cast<void>(request);
  std::array<std::uint8_t, 32> key;
  random_.fill(key);
  SearchStats stats;
  const TimePoint begun = host_.now();
  metrics_.lookups.add(1);
  const auto closest = co_await dht_.closest_peers(Bytes::copy_of(key), &stats);
  if (!closest) {
    metrics_.lookups_failed.add(1);
    co_return fail(closest);
  }
  metrics_.lookup_time.record(host_.now() - begun);
  metrics_.hops.record(stats.hops);
  metrics_.asked.record(stats.asked);
  co_return Result<>();
}

Task<Result<>> KademliaService::find_peer(Peer peer, const LookupRequest& request) {
  static_cast<void>(request);
  const std::optional<libp2p::PeerId> id = libp2p_.id_of(peer);
  if (!id) co_return fail(Errc::not_supported, "nobody knows another's peer id: say libp2p: { identity: number }");
  SearchStats stats;
  const TimePoint begun = host_.now();
  metrics_.finds.add(1);
  if (libp2p_.node().is_connected(*id)) {
    metrics_.finds_connected.add(1);
    co_return Result<>();
  }
  const auto found = co_await dht_.find_peer(*id, &stats);
  if (!found) {
    metrics_.finds_failed.add(1);
    co_return fail(found);
  }
  metrics_.find_time.record(host_.now() - begun);
  metrics_.find_hops.record(stats.hops);
  co_return Result<>();
}

Bytes KademliaService::content_key(const ContentRequest& request) {
  return Bytes::copy_of(fmt::format("/ghostnet/{}", random_.below(request.keys)));
}

Task<Result<>> KademliaService::put(const ContentRequest& request) {
  metrics_.puts.add(1);
  const Bytes key = content_key(request);
  const Result<> done = co_await dht_.put_value(key, key);
  if (!done) metrics_.puts_failed.add(1);
  co_return done;
}

Task<Result<>> KademliaService::get(const ContentRequest& request) {
  metrics_.gets.add(1);
  const TimePoint begun = host_.now();
  const auto value = co_await dht_.get_value(content_key(request));
  if (!value) {
    metrics_.gets_failed.add(1);
    co_return fail(value);
  }
  metrics_.get_time.record(host_.now() - begun);
  co_return Result<>();
}

Task<Result<>> KademliaService::provide(const ContentRequest& request) {
  metrics_.puts.add(1);
  const Result<> done = co_await dht_.provide(content_key(request));
  if (!done) metrics_.puts_failed.add(1);
  co_return done;
}

Task<Result<>> KademliaService::find(const ContentRequest& request) {
  metrics_.gets.add(1);
  const TimePoint begun = host_.now();
  const auto providers = co_await dht_.find_providers(content_key(request), 1);
  if (!providers) {
    metrics_.gets_failed.add(1);
    co_return fail(providers);
  }
  metrics_.get_time.record(host_.now() - begun);
  co_return Result<>();
}

Task<> KademliaService::stop(TimePoint deadline) {
  static_cast<void>(deadline);
  scope_.close();
  co_return;
}

ServiceDescriptor service() {
  auto descriptor =
      describe<KademliaService>("kademlia", "A distributed hash table over libp2p (/ipfs/kad/1.0.0)")
          .operation<&KademliaService::lookup>("dht_lookup", "the peers nearest to a key by chance")
          .operation<&KademliaService::find_peer>("dht_find_peer", "the addresses of a host, by its peer id")
          .operation<&KademliaService::put>("dht_put", "a value under one of the keys that all know")
          .operation<&KademliaService::get>("dht_get", "the value of one of these keys")
          .operation<&KademliaService::provide>("dht_provide", "says that this host has one of these keys")
          .operation<&KademliaService::find>("dht_find", "somebody who has one of these keys");
  descriptor.needs = {"libp2p"};
  return descriptor;
}

}  // namespace ghostnet::kademlia
