#include "ghostnet/libp2p/swarm.hpp"

#include <algorithm>

#include "ghostnet/libp2p/dial_order.hpp"
#include "ghostnet/libp2p/dnsaddr.hpp"
#include "ghostnet/libp2p/source.hpp"
#include "ghostnet/libp2p/staggered.hpp"
#include "ghostnet/runtime/combine.hpp"

namespace ghostnet::libp2p::detail {
namespace {

std::string_view id_of(Security security) {
  switch (security) {
    case Security::noise: return kNoiseId;
    case Security::tls: return kTlsId;
    case Security::plaintext: return kPlaintextId;
  }
  return {};
}

// Counts while it lives.
class Counted {
 public:
  explicit Counted(std::size_t& count) : count_(&count) { ++count; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*count_; }

 private:
  std::size_t* count_;
};

}  // namespace

Swarm::Swarm(Host& on, KeyPair identity, NodeOptions said)
    : host(on),
      key(std::move(identity)),
      options(std::move(said)),
      metrics(on.metrics().family<NodeMetrics>()),
      random(on),
      peers(options.max_peers),
      manager(options),
      budget_{.max_receive_bytes = options.max_receive_bytes, .max_inbound_streams = options.max_inbound_streams},
      pings_(kMaxPingStreams),
      identifies_(kMaxIdentifyStreams),
      pushes_(kMaxPushStreams),
      quiet_(on.loop()),
      listening_(on.loop()),
      scope_(on.loop()) {
  for (Security security : options.security) security_ids_.emplace_back(id_of(security));
  quiet_.set();
  // From the wall clock on, so that peers take the record of a restarted node for a later one.
  record_seq_ = static_cast<std::uint64_t>(host.clock().wall_now().time_since_epoch().count());
  static_cast<void>(handle(kIdentifyId, identify_handler_));
  static_cast<void>(handle(kIdentifyPushId, push_handler_));
  static_cast<void>(handle(kPingId, ping_handler_));
}

Swarm::~Swarm() {
  handlers_.clear();
  observers_.clear();
  listening_.close();
  scope_.close();
}

// ---- upgrading ----

const NoiseIdentity& Swarm::noise_identity() {
  if (!noise_identity_) noise_identity_.emplace(key, random);
  return *noise_identity_;
}

const TlsIdentity& Swarm::tls_identity() {
  if (!tls_identity_) tls_identity_.emplace(key, host.clock().wall_now(), random);
  return *tls_identity_;
}

Task<Result<Secured>> Swarm::secure(std::unique_ptr<Stream> raw, std::string_view protocol, Direction direction,
                                    std::optional<PeerId> expected, Agreement agreement) {
  if (protocol == kNoiseId) {
    return secure_with_noise(host, std::move(raw), noise_identity(), direction, expected, agreement);
  }
  if (protocol == kTlsId) return secure_with_tls(host, std::move(raw), tls_identity(), direction, expected);
  return secure_with_plaintext(std::move(raw), key, expected);
}

// libp2p specs, connections: first security, then, where the handshake did not agree on one, the muxer.
Task<Result<Swarm::Upgraded>> Swarm::upgrade(std::unique_ptr<Stream> raw, Direction direction,
                                             std::optional<PeerId> expected) {
  std::size_t chosen = 0;
  Agreement agreement = Agreement::made;
  if (direction == Direction::outbound && options.security.size() == 1 && options.security[0] == Security::noise) {
    agreement = Agreement::with_first_message;  // nothing else can be proposed: the handshake begins at once
  } else if (direction == Direction::outbound) {
    const Result<std::size_t> agreed = co_await propose(*raw, security_ids_);
    if (!agreed) co_return fail(agreed);
    chosen = *agreed;
  } else {
    const std::vector<std::string>& ids = security_ids_;
    const std::function<bool(std::string_view)> takes = [&ids](std::string_view id) {
      return std::ranges::find(ids, id) != ids.end();
    };
    const Result<std::string> agreed = co_await select(*raw, takes);
    if (!agreed) co_return fail(agreed);
    chosen = static_cast<std::size_t>(std::ranges::find(ids, *agreed) - ids.begin());
  }
  const std::string_view security = id_of(options.security[chosen]);
  const Endpoint local = raw->local();
  const Endpoint remote = raw->peer();
  Result<Secured> secured = co_await secure(std::move(raw), security, direction, expected, agreement);
  if (!secured) co_return fail(secured);
  if (Result<> admitted = options.gate.admits(secured->peer); !admitted) co_return fail(admitted);
  if (secured->peer == key.peer_id()) co_return fail(Errc::permission, "this is ourselves");
  if (secured->muxer.empty()) {
    if (direction == Direction::outbound) {
      std::vector<std::string> muxers(1, std::string(kYamuxId));
      const Result<std::size_t> agreed = co_await propose(*secured->stream, std::move(muxers));
      if (!agreed) co_return fail(agreed);
    } else {
      const std::function<bool(std::string_view)> takes = [](std::string_view id) { return id == kYamuxId; };
      const Result<std::string> agreed = co_await select(*secured->stream, takes);
      if (!agreed) co_return fail(agreed);
    }
    secured->muxer = kYamuxId;
  }
  auto info = std::make_shared<const ConnectionInfo>(ConnectionInfo{.peer = secured->peer,
                                                                    .direction = direction,
                                                                    .local = local,
                                                                    .remote = remote,
                                                                    .remote_address = Multiaddr::tcp(remote),
                                                                    .security = security,
                                                                    .muxer = secured->muxer,
                                                                    .opened = host.now()});
  co_return Upgraded(std::move(*secured), std::move(info));
}

// ---- dialling ----

Task<Result<std::unique_ptr<Stream>>> Swarm::open_raw(TcpTarget target) {
  if (target.name.empty()) {
    if (Result<> admitted = options.gate.admits(target.address); !admitted) co_return fail(admitted);
    co_return co_await host.connect({.peer = Endpoint(target.address, target.port)});
  }
  const Result<std::vector<IpAddress>> found = co_await host.resolve(target.name);
  if (!found) co_return fail(found);
  Result<> admitted = fail(Errc::not_found, "{} has no address of the family asked for", target.name);
  std::vector<IpAddress> addresses;
  for (const IpAddress& address : *found) {
    if (target.family && address.family() != *target.family) continue;
    admitted = options.gate.admits(address);
    if (admitted) addresses.push_back(address);
  }
  if (addresses.empty()) co_return fail(admitted);
  std::vector<Task<Result<std::unique_ptr<Stream>>>> attempts;
  for (const IpAddress& address : in_dial_order(std::move(addresses))) {
    attempts.push_back(host.connect({.peer = Endpoint(address, target.port)}));
  }
  co_return co_await first_to_succeed(host.clock(), std::move(attempts), options.dial_stagger,
                                      options.max_parallel_dials_per_peer);
}

Task<Result<PeerId>> Swarm::dial_now(Multiaddr address, std::optional<PeerId> expected) {
  const Result<TcpTarget> target = tcp_target(address);
  if (!target) co_return fail(target);
  Result<std::unique_ptr<Stream>> raw = co_await open_raw(*target);
  if (!raw) co_return fail(raw);
  Result<Upgraded> upgraded = co_await upgrade(std::move(*raw), Direction::outbound, expected);
  if (!upgraded) co_return fail(upgraded);
  const PeerId peer = upgraded->first.peer;
  if (Result<> added = add(std::move(*upgraded)); !added) co_return fail(added);
  co_return peer;
}

Task<Result<PeerId>> Swarm::dial(Multiaddr address, std::optional<PeerId> expected) {
  if (closing_) co_return fail(Errc::closed, "the node is closing");
  if (expected) {
    if (Result<> admitted = options.gate.admits(*expected); !admitted) co_return fail(admitted);
  }
  if (pending_dials_ >= options.max_pending_dials)
    co_return fail(Errc::limit, "{} dials are under way", pending_dials_);
  if (manager.rests(expected.value_or(PeerId()), address, host.now()))
    co_return fail(Errc::busy, "{} failed a moment ago", address.text());
  const Counted under_way(pending_dials_);
  const TimePoint begun = host.now();
  metrics.dials.add();
  Result<PeerId> peer = co_await with_timeout(host.clock(), options.dial_timeout, dial_now(address, expected));
  if (peer) {
    manager.dial_succeeded(expected.value_or(PeerId()), address);
    metrics.dial_time.record(host.now() - begun);
    co_return peer;
  }
  metrics.dials_failed.add();
  if (peer.error() != Errc::not_supported) {
    manager.dial_failed(expected.value_or(PeerId()), address, host.now());
  }
  co_return fail(peer.error().while_doing(fmt::format("dialling {}", address.text())));
}

Task<Result<PeerId>> Swarm::connect_address(Multiaddr address) {
  const std::optional<PeerId> expected = address.peer();
  if (expected && is_connected(*expected)) co_return *expected;
  if (is_dnsaddr(address)) co_return co_await connect_resolved(std::move(address));
  for (const Connection* connection : connections_) {
    const ConnectionInfo& info = *connection->info;
    const bool leads_there = info.direction == Direction::outbound && info.remote_address == address.without_peer();
    if (leads_there && !expected) co_return info.peer;
  }
  co_return co_await dial(address.without_peer(), expected);
}

// Several who want the same peer share one attempt, which goes on when some of them lose interest.
Task<Result<>> Swarm::connect_peer(PeerId peer) {
  if (is_connected(peer)) co_return Result<>();
  if (peer == key.peer_id()) co_return fail(Errc::invalid_argument, "a node does not connect to itself");
  std::shared_ptr<Dialling>& shared = dialling_[peer];
  if (!shared) {
    shared = std::make_shared<Dialling>(host.loop());
    scope_.spawn(dial_peer(peer, shared));
  }
  const std::shared_ptr<Dialling> dialling = shared;
  co_await dialling->done;
  co_return dialling->outcome;
}

Task<> Swarm::dial_peer(PeerId peer, std::shared_ptr<Dialling> dialling) {
  std::vector<Task<Result<PeerId>>> attempts;
  for (const Told told : {Told::by_itself, Told::by_others}) {
    for (Multiaddr& address : in_dial_order(peers.addresses(peer, host.now(), told))) {
      attempts.push_back(dial_unless_done(std::move(address), peer, dialling));
    }
  }
  Result<> outcome = fail(Errc::not_found, "no address of {} is known", peer.text());
  if (!attempts.empty()) {
    const Result<PeerId> dialled = co_await first_to_succeed(host.clock(), std::move(attempts), options.dial_stagger,
                                                             options.max_parallel_dials_per_peer);
    outcome = dialled ? Result<>() : fail(dialled);
  }
  if (!dialling->done.is_set()) end_dialling(peer, std::move(outcome));
}

Task<Result<PeerId>> Swarm::dial_unless_done(Multiaddr address, PeerId peer, std::shared_ptr<Dialling> dialling) {
  if (dialling->done.is_set()) co_return fail(Errc::busy, "{} has connected meanwhile", peer.text());
  co_return co_await dial(std::move(address), peer);
}

// Tells those who want the peer. Attempts under way go on: were each of two that dial each other to drop its own when
// the other's succeeds, both could be left without any.
void Swarm::end_dialling(const PeerId& peer, Result<> outcome) {
  const auto found = dialling_.find(peer);
  if (found == dialling_.end()) return;
  const std::shared_ptr<Dialling> dialling = std::move(found->second);
  dialling_.erase(found);
  dialling->outcome = std::move(outcome);
  dialling->done.set();
}

// ---- connections ----

Result<> Swarm::add(Upgraded upgraded) {
  if (closing_) return fail(Errc::closed, "the node is closing");
  const PeerId& peer = upgraded.first.peer;
  const auto to_peer = by_peer_.find(peer);
  if (connections_.size() >= options.max_connections ||
      (to_peer != by_peer_.end() && to_peer->second.size() >= options.max_connections_per_peer)) {
    metrics.refused.add();
    return fail(Errc::limit, "{} connections are open", connections_.size());
  }
  const std::shared_ptr<const ConnectionInfo> info = upgraded.second;
  std::unique_ptr<Connection> connection(
      new Connection{.info = info,
                     .session = {host, std::move(upgraded.first.stream), info, options.yamux, metrics, *this, &budget_},
                     .scope = Scope(host.loop())});
  connections_.push_back(connection.get());
  if (info->direction == Direction::outbound) {
    ++outbound_count_;
  } else {
    ++inbound_of_source_[source_of(info->remote.address())];
  }
  std::vector<Connection*>& all = by_peer_[peer];
  all.push_back(connection.get());
  const bool first = all.size() == 1;
  quiet_.reset();
  metrics.connections.add();
  peers.pin(peer);
  if (info->direction == Direction::outbound) {
    peers.add_addresses(peer, {&info->remote_address, 1}, host.now(), PeerStore::kConnectedAddress);
  }
  scope_.spawn(serve(std::move(connection)));
  end_dialling(peer, {});
  if (first) {
    tell_observers([&info](NodeObserver& observer) { observer.connected(*info); });
    if (options.identify) scope_.spawn(identify_new(peer));
  }
  trim();
  return {};
}

Task<> Swarm::serve(std::unique_ptr<Connection> connection) {
  const Error why = co_await connection->session.run();
  remove(*connection, why);
}

void Swarm::remove(Connection& connection, const Error& why) {
  const PeerId peer = connection.info->peer;
  connections_.remove(&connection);
  if (connection.info->direction == Direction::outbound) {
    --outbound_count_;
  } else if (const auto of = inbound_of_source_.find(source_of(connection.info->remote.address())); --of->second == 0) {
    inbound_of_source_.erase(of);
  }
  std::vector<Connection*>& all = by_peer_[peer];
  std::erase(all, &connection);
  const bool last = all.empty();
  if (last) by_peer_.erase(peer);
  metrics.connections.sub();
  metrics.disconnects.add();
  if (last) peers.prolong(peer, host.now(), PeerStore::kConnectedAddress);
  peers.unpin(peer);
  if (connections_.empty()) quiet_.set();
  if (last) tell_observers([&](NodeObserver& observer) { observer.disconnected(peer, why); });
}

void Swarm::trim() {
  if (connections_.size() <= options.high_water) return;
  std::vector<ConnectionManager::Candidate> open;
  std::vector<Connection*> order;
  for (Connection* connection : connections_) {
    if (connection->session.closing()) continue;
    open.push_back({connection->info->peer, connection->info->opened, connection->session.streams()});
    order.push_back(connection);
  }
  const std::vector<std::size_t> closing = manager.to_close(open, host.now());
  for (std::size_t i : closing) {
    metrics.trimmed.add();
    order[i]->session.close();
  }
  const bool too_many = open.size() - closing.size() > options.high_water;
  if (too_many && !std::exchange(trims_later_, true)) scope_.spawn(trim_later());
}

// The young are spared, for as long as they are young.
Task<> Swarm::trim_later() {
  co_await host.clock().sleep(std::max<Duration>(options.grace_period, 1s));
  trims_later_ = false;
  trim();
}

Swarm::Connection* Swarm::connection_to(const PeerId& peer) const {
  const auto found = by_peer_.find(peer);
  if (found == by_peer_.end()) return nullptr;
  const auto open = std::ranges::find_if(found->second, [](const Connection* one) { return !one->session.closing(); });
  return open == found->second.end() ? found->second.front() : *open;
}

std::vector<PeerId> Swarm::connected_peers() const {
  std::vector<PeerId> connected;
  for (const Connection* connection : connections_) {
    if (by_peer_.at(connection->info->peer).front() == connection) connected.push_back(connection->info->peer);
  }
  return connected;
}

std::vector<ConnectionInfo> Swarm::connections() const {
  std::vector<ConnectionInfo> all;
  for (const Connection* connection : connections_) all.push_back(*connection->info);
  return all;
}

const ConnectionInfo* Swarm::connection(const PeerId& peer) const {
  const Connection* const connection = connection_to(peer);
  return connection == nullptr ? nullptr : connection->info.get();
}

std::size_t Swarm::connection_count(Direction direction) const {
  return direction == Direction::outbound ? outbound_count_ : connections_.size() - outbound_count_;
}

void Swarm::disconnect(const PeerId& peer) {
  const auto found = by_peer_.find(peer);
  if (found == by_peer_.end()) return;
  for (Connection* connection : found->second) connection->session.close();
}

Task<> Swarm::close(TimePoint deadline) {
  closing_ = true;
  listening_.drop_all();
  listeners_.clear();
  for (Connection* connection : connections_) connection->session.close();
  co_await first_of(quiet_, host.clock().sleep_until(deadline));
}

}  // namespace ghostnet::libp2p::detail
