#include "ghostnet/gossipsub/pubsub.hpp"

#include <algorithm>
#include <utility>

#include "ghostnet/crypto/hash.hpp"
#include "ghostnet/libp2p/envelope.hpp"
#include "ghostnet/libp2p/message.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::gossipsub {
namespace {

constexpr Duration kExchangedAddressLifetime = 10min;
constexpr std::string_view kSigningPrefix = "libp2p-pubsub:";

std::vector<std::string> offered_protocols() {
  std::vector<std::string> protocols(std::begin(kMeshsubProtocols), std::end(kMeshsubProtocols));
  protocols.emplace_back(kFloodsubProtocol);
  return protocols;
}

Version version_of(std::string_view protocol) {
  if (protocol == kMeshsubProtocols[0]) return Version::v1_2;
  if (protocol == kMeshsubProtocols[1]) return Version::v1_1;
  if (protocol == kMeshsubProtocols[2]) return Version::v1_0;
  return Version::floodsub;
}

// The largest RPC that is read: a message of the largest size and room for control beside it.
std::size_t max_rpc_bytes(const RouterOptions& options) {
  constexpr std::size_t kRoomForControl = 1024 * 1024;
  return static_cast<std::size_t>(options.max_message.bytes) + kRoomForControl;
}

}  // namespace

std::optional<MessageId> content_id(const Message& message) {
  constexpr std::size_t kIdBytes = 20;
  std::array<std::uint8_t, 8> topic_bytes;
  store_le<std::uint64_t>(topic_bytes.data(), message.topic.size());
  crypto::Sha256Digest digest;
  crypto::Hasher hasher(crypto::HashKind::sha256);
  hasher.update(topic_bytes).update(as_bytes(message.topic)).update(message.data);
  hasher.finish(digest);
  return MessageId::of(ByteView(digest).first(kIdBytes));
}

// What is kept of a connected peer. Its streams end with its scope.
struct Pubsub::Peer {
  Peer(Loop& loop, const libp2p::ConnectionInfo& connection)
      : id(connection.peer),
        address(connection.remote.address()),
        outbound(connection.direction == libp2p::Direction::outbound),
        known(loop),
        writable(loop),
        scope(loop) {}

  libp2p::PeerId id;
  IpAddress address;
  bool outbound;
  bool listening = false;  // its inbound stream is being read
  PeerHandle handle{};     // once it is known what it speaks
  Event known;
  Event writable;
  Scope scope;
};

Router::Config Pubsub::router_config(libp2p::Node& node, const RouterOptions& options, const ScoreParams& scoring,
                                     RouterTracer* tracer) {
  Router::Config config{
      .options = options, .scoring = scoring, .own_id = Bytes::copy_of(node.id().bytes()), .tracer = tracer};
  if (options.signature_policy == SignaturePolicy::strict_no_sign) config.message_id = content_id;
  return config;
}

Pubsub::Pubsub(libp2p::Node& node, const RouterOptions& options, const ScoreParams& scoring, PubsubHandler& handler,
               RouterTracer* tracer)
    : node_(node),
      handler_(handler),
      options_(options),
      router_(router_config(node, options, scoring, tracer), *this,
              Random::from_state(node.host().random().next_u64(), node.host().random().next_u64() | 1),
              node.host().now()),
      // As go-libp2p-pubsub: from the wall clock on, so that a restarted node does not repeat itself.
      next_seqno_(static_cast<std::uint64_t>(node.host().clock().wall_now().time_since_epoch().count())),
      scope_(node.host().loop()) {
  for (const std::string& protocol : offered_protocols()) {
    if (auto registered = node_.handle(protocol, *this)) registrations_.push_back(std::move(*registered));
  }
  registrations_.push_back(node_.observe(*this));
  for (const libp2p::ConnectionInfo& connection : node_.connections()) connected(connection);
  scope_.spawn(beat());
}

Pubsub::~Pubsub() = default;

Pubsub::Peer* Pubsub::find(const libp2p::PeerId& id) const {
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : found->second.get();
}

Pubsub::Peer* Pubsub::find(PeerHandle handle) const {
  if (handle.slot >= by_slot_.size()) return nullptr;
  Peer* const peer = by_slot_[handle.slot];
  return peer != nullptr && peer->handle == handle ? peer : nullptr;
}

Task<> Pubsub::beat() {
  Host& host = node_.host();
  while (true) {
    co_await host.clock().sleep_until(router_.next_deadline());
    router_.on_deadline(host.now());
  }
}

// ---- peers ----

void Pubsub::connected(const libp2p::ConnectionInfo& connection) {
  if (find(connection.peer) != nullptr) return;
  auto made = std::make_unique<Peer>(node_.host().loop(), connection);
  Peer& peer = *made;
  peers_.emplace(connection.peer, std::move(made));
  peer.scope.spawn(serve(peer));
}

void Pubsub::disconnected(const libp2p::PeerId& id, const Error& why) {
  static_cast<void>(why);
  const auto found = peers_.find(id);
  if (found == peers_.end()) return;
  const PeerHandle handle = found->second->handle;
  if (handle) {
    by_slot_[handle.slot] = nullptr;
    router_.remove_peer(node_.host().now(), handle);
  }
  peers_.erase(found);
}

// Opens the stream to the peer, introduces it to the router, and sends what the router has for it.
Task<> Pubsub::serve(Peer& peer) {
  auto opened = co_await node_.open_stream(peer.id, offered_protocols());
  if (!opened) co_return;  // it does not speak pubsub
  const std::unique_ptr<libp2p::PeerStream> stream = std::move(*opened);
  auto handle = router_.add_peer(node_.host().now(), {.id = Bytes::copy_of(peer.id.bytes()),
                                                      .version = version_of(stream->protocol()),
                                                      .outbound = peer.outbound,
                                                      .address = peer.address});
  if (!handle) co_return;
  peer.handle = *handle;
  if (by_slot_.size() <= handle->slot) by_slot_.resize(handle->slot + std::size_t{1});
  by_slot_[handle->slot] = &peer;
  peer.known.set();
  while (true) {
    while (router_.has_frames(peer.handle)) {
      const Result<> written = co_await write_frames(*stream, peer);
      if (!written) co_return;
    }
    peer.writable.reset();
    co_await peer.writable;
  }
}

// What is ready, up to a bound, in one gathered write.
Task<Result<>> Pubsub::write_frames(libp2p::PeerStream& stream, Peer& peer) {
  constexpr std::size_t kFramesAtOnce = 8;
  std::array<Frame, kFramesAtOnce> frames;
  std::array<ByteView, 2 * kFramesAtOnce> parts;
  std::size_t count = 0;
  while (count < kFramesAtOnce) {
    auto frame = router_.next_frame(peer.handle);
    if (!frame) break;
    frames[count] = std::move(*frame);
    parts[2 * count] = frames[count].head_view();
    parts[2 * count + 1] = frames[count].body.view();
    ++count;
  }
  if (count == 0) co_return Result<>();
  co_return co_await stream.write(std::span<const ByteView>(parts.data(), 2 * count));
}

void Pubsub::accept(std::unique_ptr<libp2p::PeerStream> stream) {
  Peer* const peer = find(stream->remote_peer());
  if (peer == nullptr || peer->listening) return;  // a second stream is reset: one is enough
  peer->listening = true;
  peer->scope.spawn(listen(std::move(stream)));
}

Task<> Pubsub::listen(std::unique_ptr<libp2p::PeerStream> stream) {
  Peer& peer = *find(stream->remote_peer());
  co_await peer.known;
  while (true) {
    auto rpc = co_await libp2p::read_message(*stream, max_rpc_bytes(options_));
    if (!rpc) break;
    router_.receive(node_.host().now(), peer.handle, *rpc);
  }
  peer.listening = false;  // it may open another
}

// ---- the router's wishes ----

void Pubsub::ready_to_send(PeerHandle handle) {
  if (Peer* const peer = find(handle)) peer->writable.set();
}

void Pubsub::drop(PeerHandle handle, const Error& why) {
  Peer* const peer = find(handle);
  if (peer == nullptr) return;
  node_.host().log().info("gossipsub: dropping {}: {}", peer->id.text(), why.message());
  scope_.spawn(leave(peer->id));
}

// In a turn of its own: the router is at work when it wants a peer dropped.
Task<> Pubsub::leave(libp2p::PeerId peer) {
  node_.disconnect(peer);
  co_return;
}

void Pubsub::exchanged(std::span<const PeerInfo> peers, PeerHandle from) {
  static_cast<void>(from);
  constexpr std::size_t kDialsAtOnce = 16;
  for (const PeerInfo& info : peers.first(std::min(peers.size(), kDialsAtOnce))) {
    const auto id = libp2p::PeerId::from_bytes(info.peer_id);
    if (!id || *id == node_.id() || node_.is_connected(*id)) continue;
    if (const auto record = libp2p::PeerRecord::open(info.signed_peer_record); record && record->peer == *id) {
      node_.peers().add_addresses(*id, record->addresses, node_.host().now(), kExchangedAddressLifetime);
    }
    scope_.spawn(dial(*id));
  }
}

void Pubsub::dial_direct(const Bytes& peer_id) {
  if (const auto id = libp2p::PeerId::from_bytes(peer_id.view())) scope_.spawn(dial(*id));
}

Task<> Pubsub::dial(libp2p::PeerId peer) {
  const Result<> connected = co_await node_.connect(peer);
  if (!connected) node_.host().log().debug("gossipsub: {}", connected.error().message());
}

void Pubsub::mesh_changed(std::string_view topic, PeerHandle handle, bool grafted) {
  if (const Peer* const peer = find(handle)) handler_.mesh_changed(topic, peer->id, grafted);
}

void Pubsub::peer_subscribed(PeerHandle handle, std::string_view topic, bool subscribed) {
  if (const Peer* const peer = find(handle)) handler_.peer_subscribed(peer->id, topic, subscribed);
}

// ---- messages ----

Result<> Pubsub::subscribe(std::string_view topic) { return router_.subscribe(node_.host().now(), topic); }
void Pubsub::unsubscribe(std::string_view topic) { router_.unsubscribe(node_.host().now(), topic); }

Result<MessageId> Pubsub::publish(std::string_view topic, ByteView data) {
  NewMessage message{.data = data, .topic = topic};
  std::array<std::uint8_t, 8> seqno;
  std::vector<std::uint8_t> signature;
  std::vector<std::uint8_t> key;
  if (options_.signature_policy == SignaturePolicy::strict_sign) {
    store_be<std::uint64_t>(seqno.data(), next_seqno_++);
    message.from = node_.id().bytes();
    message.seqno = seqno;
    if (node_.id().inlined_key().empty()) {
      key = node_.key().public_key().encode();
      message.key = key;
    }
    // What is signed is the message without its signature; `key` stands behind it, which changes nothing.
    const Bytes unsigned_bytes = message.encode();
    std::vector<std::uint8_t> to_sign(kSigningPrefix.begin(), kSigningPrefix.end());
    to_sign.insert(to_sign.end(), unsigned_bytes.begin(), unsigned_bytes.end());
    signature = node_.key().sign(to_sign, node_.secure_random());
    message.signature = signature;
  }
  const auto published = router_.publish(node_.host().now(), message.encode());
  if (!published) return fail(published);
  return router_.id_of(*published);
}

std::optional<Verdict> Pubsub::validate(MessageSeq seq, const Message& message, PeerHandle source) {
  static_cast<void>(seq);
  static_cast<void>(source);
  if (options_.signature_policy == SignaturePolicy::strict_sign && !signature_holds(message)) return Verdict::reject;
  return handler_.validate(message);
}

// pubsub/README.md "Message Signing": the key is the one that the author's id holds, or has as its hash.
bool Pubsub::signature_holds(const Message& message) const {
  const auto author = libp2p::PeerId::from_bytes(*message.from);
  if (!author) return false;
  const ByteView encoded_key = message.key && !message.key->empty() ? *message.key : author->inlined_key();
  if (encoded_key.empty()) return false;
  const auto key = libp2p::PublicKey::decode(encoded_key);
  if (!key || key->peer_id() != *author) return false;
  std::vector<std::uint8_t> was_signed(kSigningPrefix.begin(), kSigningPrefix.end());
  const ByteView before = message.encoded.first(message.signature_begin);
  const ByteView behind = message.encoded.subspan(message.signature_end);
  was_signed.insert(was_signed.end(), before.begin(), before.end());
  was_signed.insert(was_signed.end(), behind.begin(), behind.end());
  return key->verify(was_signed, *message.signature);
}

std::vector<libp2p::PeerId> Pubsub::mesh(std::string_view topic) const {
  std::vector<libp2p::PeerId> ids;
  for (const PeerHandle handle : router_.mesh(topic)) {
    if (const Peer* const peer = find(handle)) ids.push_back(peer->id);
  }
  return ids;
}

}  // namespace ghostnet::gossipsub
