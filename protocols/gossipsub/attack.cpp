#include "ghostnet/gossipsub/attack.hpp"

#include <algorithm>
#include <utility>

#include "ghostnet/runtime/listen_on.hpp"

namespace ghostnet::gossipsub {
namespace {

constexpr std::size_t kMaxHeard = 64;
constexpr std::size_t kFalseIds = 100;  // in one IHAVE
constexpr std::size_t kMaxCensored = 256;

RouterOptions router_options(const AttackOptions& options) {
  RouterOptions router;
  router.signature_policy = options.signature_policy;
  router.d = router.d_low = options.grafts;
  router.d_high = 2 * options.grafts;
  router.prune_backoff = 1s;  // it does not wait as it should
  return router;
}

libp2p::NodeOptions node_options(const AttackOptions& options) {
  libp2p::NodeOptions node;
  node.security = {options.security};
  return node;
}

libp2p::KeyPair make_key(Host& host) {
  crypto::HostRandom random(host);
  return libp2p::KeyPair::generate_ed25519(random);
}

}  // namespace

Result<> AttackOptions::validate() const { return router_options(*this).validate(); }

AttackService::AttackService(const ServiceContext& context, const AttackOptions& options)
    : host_(context.host),
      options_(options),
      metrics_(context.host.metrics().family<AttackMetrics>()),
      shared_results_(options.share_crypto ? crypto::SharedResults::of_this_thread() : nullptr),
      swallows_from_(context.host.now() + options.swallow_after),
      random_(Random::from_state(context.host.random().next_u64(), context.host.random().next_u64() | 1)),
      node_(context.host, make_key(context.host), node_options(options)),
      pubsub_(node_, router_options(options), ScoreParams{}, *this),
      scope_(context.host.loop()) {}

Result<std::unique_ptr<AttackService>> AttackService::start(const ServiceContext& context,
                                                            const AttackOptions& options) {
  std::unique_ptr<AttackService> service(new AttackService(context, options));
  for (const Endpoint& endpoint : listen_on(context.host, {}, options.port)) {
    if (auto listening = service->node_.listen(libp2p::Multiaddr::tcp(endpoint)); !listening) return fail(listening);
  }
  for (const std::string& topic : options.topics) {
    if (auto joined = service->pubsub_.subscribe(topic); !joined) return fail(joined);
  }
  service->scope_.spawn(service->measure());
  return service;
}

Task<> AttackService::measure() {
  while (true) {
    co_await host_.clock().sleep(1s);
    for (const std::string& topic : options_.topics) {
      metrics_.mesh_degree.record(pubsub_.router().mesh(topic).size());
    }
  }
}

void AttackService::remember(const Message& message) {
  const auto id = pubsub_.id_of(message);
  if (!id) return;
  if (heard_.size() < kMaxHeard) {
    heard_.push_back(*id);
  } else {
    heard_[next_heard_] = *id;
  }
  next_heard_ = (next_heard_ + 1) % kMaxHeard;
}

// What is ignored is not forwarded.
std::optional<Verdict> AttackService::validate(MessageSeq seq, const Message& message, const libp2p::PeerId& from) {
  static_cast<void>(seq);
  static_cast<void>(from);
  remember(message);
  if (!swallows(message)) return Verdict::accept;
  metrics_.swallowed.add(1);
  return Verdict::ignore;
}

bool AttackService::swallows(const Message& message) const {
  if (host_.now() >= swallows_from_) return true;
  return message.from && std::ranges::any_of(censored_, [&message](const libp2p::PeerId& author) {
           return std::ranges::equal(author.bytes(), *message.from);
         });
}

void AttackService::received(const Delivery& delivery) { static_cast<void>(delivery); }

// Who listens there; by the connection that there is, or else by one that is made.
Task<Result<libp2p::PeerId>> AttackService::reach(Endpoint endpoint) {
  for (const libp2p::ConnectionInfo& connection : node_.connections()) {
    if (connection.remote == endpoint) co_return connection.peer;
  }
  co_return co_await node_.connect(libp2p::Multiaddr::tcp(endpoint));
}

Task<Result<>> AttackService::dial(Peer peer, const AttackRequest& request) {
  static_cast<void>(request);
  const auto connected = co_await reach(Endpoint(peer.address, options_.port));
  if (!connected) co_return fail(connected);
  co_return Result<>();
}

// To each peer another message, so that each has to find out by itself.
Task<Result<>> AttackService::spam(const AttackSpamRequest& request) {
  for (const libp2p::PeerId& peer : node_.connected_peers()) {
    std::vector<std::uint8_t> data(static_cast<std::size_t>(request.size.bytes));
    random_.fill(data);
    // Under StrictSign the signature is wrong; under StrictNoSign there is one, which is forbidden.
    std::array<std::uint8_t, 64> signature;
    random_.fill(signature);
    std::array<std::uint8_t, 8> seqno;
    random_.fill(seqno);
    const Bytes message =
        NewMessage{
            .from = node_.id().bytes(), .data = data, .seqno = seqno, .topic = request.topic, .signature = signature}
            .encode();
    Rpc rpc;
    rpc.publish.push_back(message.view());
    if (pubsub_.send_as_is(peer, rpc)) metrics_.spam.add(1);
  }
  co_return Result<>();
}

Task<Result<>> AttackService::iwant(const AttackRequest& request) {
  static_cast<void>(request);
  if (heard_.empty()) co_return Result<>();
  Rpc rpc;
  for (const MessageId& id : heard_) rpc.iwant.push_back(id.view());
  for (const libp2p::PeerId& peer : node_.connected_peers()) {
    if (pubsub_.send_as_is(peer, rpc)) metrics_.iwant_ids.add(heard_.size());
  }
  co_return Result<>();
}

Task<Result<>> AttackService::ihave(const AttackTopicRequest& request) {
  for (const libp2p::PeerId& peer : node_.connected_peers()) {
    std::array<std::array<std::uint8_t, 20>, kFalseIds> ids;
    Rpc rpc;
    for (std::array<std::uint8_t, 20>& id : ids) {
      random_.fill(id);
      rpc.ids.push_back(id);
    }
    rpc.ihave.push_back({.topic = request.topic, .ids = {.first = 0, .count = kFalseIds}});
    if (pubsub_.send_as_is(peer, rpc)) metrics_.ihave_ids.add(kFalseIds);
  }
  co_return Result<>();
}

Task<Result<>> AttackService::graft(const AttackTopicRequest& request) {
  Rpc rpc;
  rpc.graft.push_back(request.topic);
  for (const libp2p::PeerId& peer : node_.connected_peers()) {
    if (pubsub_.send_as_is(peer, rpc)) metrics_.grafts.add(1);
  }
  co_return Result<>();
}

Task<Result<>> AttackService::censor(Peer author, const AttackRequest& request) {
  static_cast<void>(request);
  if (options_.signature_policy != SignaturePolicy::strict_sign) {
    co_return fail(Errc::invalid_argument, "gossip_attack: censoring an author takes strict_sign, which names authors");
  }
  const auto reached = co_await reach(Endpoint(author.address, options_.port));
  if (!reached) co_return fail(reached);
  if (std::ranges::find(censored_, *reached) != censored_.end()) co_return Result<>();
  if (censored_.size() >= kMaxCensored) co_return fail(Errc::limit, "gossip_attack: {} are censored", kMaxCensored);
  censored_.push_back(*reached);
  co_return Result<>();
}

Task<> AttackService::stop(TimePoint deadline) {
  scope_.close();
  co_await node_.close(deadline);
}

ServiceDescriptor attack_service() {
  return describe<AttackService>("gossip_attack", "Peers that do a gossipsub network harm: sybils, censors, spammers")
      .operation<&AttackService::dial>("attack_dial", "connects to a peer, and stays connected")
      .operation<&AttackService::spam>("attack_spam", "an invalid message to each peer")
      .operation<&AttackService::iwant>("attack_iwant", "asks each peer for all that was heard of, again and again")
      .operation<&AttackService::ihave>("attack_ihave", "tells each peer of messages that are not there")
      .operation<&AttackService::graft>("attack_graft", "grafts each peer, whether it is allowed or not")
      .operation<&AttackService::censor>("attack_censor", "connects to an author, and passes on nothing of it");
}

}  // namespace ghostnet::gossipsub
