#include "ghostnet/gossipsub/pubsub.hpp"

#include <algorithm>
#include <utility>

#include "ghostnet/crypto/hash.hpp"
#include "ghostnet/libp2p/envelope.hpp"
#include "ghostnet/libp2p/message.hpp"
#include "ghostnet/libp2p/message_feed.hpp"
#include "ghostnet/runtime/foresight.hpp"
#include "ghostnet/runtime/observer.hpp"
#include "ghostnet/runtime/readiness_relay.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::gossipsub {
namespace {

constexpr Duration kExchangedAddressLifetime = 10min;
constexpr std::size_t kMaxExchangeDials = 32;  // under way
constexpr Duration kFirstPause = 1s;           // before a lost stream is opened again
constexpr Duration kMaxPause = 60s;
constexpr std::string_view kMeshTag = "pubsub mesh";  // of the connection manager
constexpr std::string_view kDirectTag = "pubsub direct";

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
  const std::array<ByteView, 3> parts = {ByteView(topic_bytes), as_bytes(message.topic), message.data};
  const crypto::Sha256Digest digest = crypto::sha256_of(parts);
  return MessageId::of(ByteView(digest).first(kIdBytes));
}

// What is kept of a connected peer.
struct Pubsub::Peer final : private libp2p::MessageSink {
  Peer(Pubsub& pubsub, Loop& loop, const libp2p::ConnectionInfo& connection)
      : owner(pubsub),
        id(connection.peer),
        address(connection.remote.address()),
        outbound(connection.direction == libp2p::Direction::outbound),
        opening(loop) {}

  // Takes what the peer sends, once the router knows it.
  void listen() {
    if (!in || !handle || std::exchange(delivering, true)) return;
    in->deliver_messages(*this, max_rpc_bytes(owner.options()));
  }
  void send();
  // Nothing comes on the outbound stream but its end.
  void watch();
  void lost(const Error& why);

  Pubsub& owner;
  libp2p::PeerId id;
  IpAddress address;
  bool outbound;
  std::uint32_t meshes = 0;    // that it is in
  bool listening = false;      // there is an inbound stream that has not ended
  bool delivering = false;     // and what comes on it is taken
  bool is_lost = false;        // the outbound stream is
  bool dropped = false;        // it broke the rules, and is not listened to
  bool has_something = false;  // it stands among those to send to at the end of this turn
  PeerHandle handle{};         // once it is known what it speaks
  std::unique_ptr<libp2p::PeerStream> in{};
  std::unique_ptr<libp2p::PeerStream> out{};
  ReadinessRelay<Peer, &Peer::send> out_writable{*this};
  ReadinessRelay<Peer, &Peer::watch> out_readable{*this};
  TimePoint out_opened{};
  Duration pause = kFirstPause;
  std::vector<Frame> under_way{};        // taken from the router, and not by the stream as a whole
  std::size_t under_way_sent_bytes = 0;  // of the first of them
  Scope opening;

 private:
  void foresee(unsigned step) const override { owner.router_.foresee(handle, step); }
  void on_message(ByteView message) override {
    if (!dropped) owner.router_.receive(owner.host_.now(), handle, message);
  }
  void on_messages_end(const Error& why) override {
    static_cast<void>(why);
    listening = false;  // it may open another
  }
};

Router::Config Pubsub::router_config(libp2p::Node& node, const RouterOptions& options, const ScoreParams& scoring,
                                     RouterTracer* tracer, std::span<const libp2p::PeerId> direct_peers) {
  Router::Config config{
      .options = options, .scoring = scoring, .own_id = Bytes::copy_of(node.id().bytes()), .tracer = tracer};
  for (const libp2p::PeerId& peer : direct_peers) config.direct_peers.push_back(Bytes::copy_of(peer.bytes()));
  if (options.signature_policy == SignaturePolicy::strict_no_sign) config.message_id = content_id;
  return config;
}

Pubsub::Pubsub(libp2p::Node& node, const RouterOptions& options, const ScoreParams& scoring, PubsubHandler& handler,
               RouterTracer* tracer, std::vector<libp2p::PeerId> direct_peers)
    : node_(node),
      host_(node.host()),
      handler_(handler),
      router_(router_config(node, options, scoring, tracer, direct_peers), *this,
              Random::from_state(node.host().random().next_u64(), node.host().random().next_u64() | 1),
              node.host().now()),
      // As go-libp2p-pubsub: from the wall clock on, so that a restarted node does not repeat itself.
      next_seqno_(static_cast<std::uint64_t>(node.host().clock().wall_now().time_since_epoch().count())),
      flush_(*this, node.host().loop()),
      scope_(node.host().loop()),
      direct_peers_(std::move(direct_peers)) {
  for (const std::string& protocol : offered_protocols()) {
    if (auto registered = node_.handle(protocol, *this)) registrations_.push_back(std::move(*registered));
  }
  registrations_.push_back(node_.observe(*this));
  for (const libp2p::ConnectionInfo& connection : node_.connections()) connected(connection);
  for (const libp2p::PeerId& peer : direct_peers_) {
    node_.protect(peer, kDirectTag);
    if (!node_.is_connected(peer)) scope_.spawn(dial(peer));
  }
  scope_.spawn(beat());
}

Pubsub::~Pubsub() {
  for (const libp2p::PeerId& peer : direct_peers_) node_.unprotect(peer, kDirectTag);
  for (const auto& [id, peer] : peers_) node_.unprotect(id, kMeshTag);
  if (node_.host().observer() == nullptr) return;
  for (const auto& [topic, peer] : router_.links()) {
    if (const Peer* const other = find(peer)) show_link(topic, other->id, false);
  }
}

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
  while (true) {
    co_await host_.clock().sleep_until(router_.next_deadline());
    router_.on_deadline(host_.now());
  }
}

// ---- peers ----

void Pubsub::connected(const libp2p::ConnectionInfo& connection) {
  if (find(connection.peer) != nullptr) return;
  auto made = std::make_unique<Peer>(*this, host_.loop(), connection);
  Peer& peer = *made;
  peers_.emplace(connection.peer, std::move(made));
  peer.opening.spawn(open(peer));
}

void Pubsub::disconnected(const libp2p::PeerId& id, const Error& why) {
  static_cast<void>(why);
  const auto found = peers_.find(id);
  if (found == peers_.end()) return;
  forget(*found->second);
  peers_.erase(found);
}

// For the router it is gone.
void Pubsub::forget(Peer& peer) {
  std::erase(to_flush_, &peer);
  peer.has_something = false;
  if (!peer.handle) return;
  router_.remove_peer(host_.now(), peer.handle);
  by_slot_[peer.handle.slot] = nullptr;
  peer.handle = {};
}

// Opens the stream to the peer, and introduces it to the router.
Task<> Pubsub::open(Peer& peer) {
  while (true) {
    auto opened = co_await node_.open_stream(peer.id, offered_protocols());
    if (opened) {
      introduce(peer, std::move(*opened));
      co_return;
    }
    if (opened.error() == Errc::not_supported) co_return;
    const Duration pause = peer.pause;
    peer.pause = std::min(2 * pause, kMaxPause);
    co_await host_.clock().sleep(pause);
  }
}

// The stream to the peer is lost while the connection stays. Both begin anew: what the peer had said of its
// subscriptions went with it, and by the end of its own stream the peer sees that it has to say it again.
Task<> Pubsub::reopen(Peer& peer, Errc why) {
  forget(peer);
  peer.out_writable.disarm();
  peer.out_readable.disarm();
  peer.out.reset();
  peer.in.reset();
  peer.listening = peer.delivering = peer.is_lost = false;
  peer.under_way.clear();
  peer.under_way_sent_bytes = 0;
  if (why == Errc::not_supported || peer.dropped) co_return;
  if (host_.now() - peer.out_opened > kMaxPause) peer.pause = kFirstPause;
  const Duration pause = peer.pause;
  peer.pause = std::min(2 * pause, kMaxPause);
  co_await host_.clock().sleep(pause);
  co_await open(peer);
}

void Pubsub::introduce(Peer& peer, std::unique_ptr<libp2p::PeerStream> stream) {
  peer.out = std::move(stream);
  peer.out_opened = host_.now();
  auto handle = router_.add_peer(host_.now(), {.id = Bytes::copy_of(peer.id.bytes()),
                                               .version = version_of(peer.out->protocol()),
                                               .outbound = peer.outbound,
                                               .address = peer.address});
  if (!handle) return;
  peer.handle = *handle;
  if (by_slot_.size() <= handle->slot) by_slot_.resize(handle->slot + std::size_t{1});
  by_slot_[handle->slot] = &peer;
  peer.listen();
  peer.watch();
  ready_to_send(peer.handle);
}

void Pubsub::accept(std::unique_ptr<libp2p::PeerStream> stream) {
  Peer* const peer = find(stream->remote_peer());
  if (peer == nullptr || peer->listening || peer->dropped) return;  // a second stream is reset: one is enough
  peer->listening = true;
  peer->delivering = false;
  peer->in = std::move(stream);
  peer->listen();
  if (!peer->handle && peer->opening.empty()) peer->opening.spawn(open(*peer));
}

void Pubsub::Peer::watch() {
  std::array<std::uint8_t, 64> room;
  while (true) {
    const auto read = out->try_read(room);
    if (read && *read > 0) continue;
    if (read) return;  // it says no more, and may still listen
    if (read.error() == Errc::would_block) return out_readable.arm(out->readable());
    return lost(read.error());
  }
}

void Pubsub::Peer::lost(const Error& why) {
  if (!std::exchange(is_lost, true)) opening.spawn(owner.reopen(*this, why.code()));
}

// What the router has for it, some frames in each gathered write, until the stream has no room.
void Pubsub::Peer::send() {
  if (is_lost) return;
  constexpr std::size_t kFramesAtOnce = 8;
  constexpr std::size_t kBytesAtOnce = 16 * 1024;  // large messages wait where an IDONTWANT still finds them
  constexpr std::size_t kFramesKept = 2;
  while (true) {
    std::vector<Frame>& frames = under_way;
    std::size_t gathered_bytes = 0;
    for (const Frame& frame : frames) gathered_bytes += frame.size();
    while (frames.size() < kFramesAtOnce && gathered_bytes < kBytesAtOnce) {
      auto frame = owner.router_.next_frame(handle);
      if (!frame) break;
      gathered_bytes += frame->size();
      frames.push_back(std::move(*frame));
    }
    if (frames.empty()) break;
    std::array<ByteView, 2 * kFramesAtOnce> parts;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      parts[2 * i] = frames[i].head_view();
      parts[2 * i + 1] = frames[i].body.view();
    }
    for (std::size_t sent = under_way_sent_bytes, i = 0; sent > 0; ++i) {
      const std::size_t skipped = std::min(sent, parts[i].size());
      parts[i] = parts[i].subspan(skipped);
      sent -= skipped;
    }
    const auto written = out->try_write(std::span<const ByteView>(parts.data(), 2 * frames.size()));
    if (!written) {
      if (written.error() != Errc::would_block) return lost(written.error());
      return out_writable.arm(out->writable());
    }
    under_way_sent_bytes += *written;
    std::size_t done = 0;
    while (done < frames.size() && under_way_sent_bytes >= frames[done].size()) {
      under_way_sent_bytes -= frames[done++].size();
    }
    frames.erase(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(done));
  }
  if (under_way.capacity() > kFramesKept) under_way = {};
}

// ---- the router's wishes ----

void Pubsub::ready_to_send(PeerHandle handle) {
  Peer* const peer = find(handle);
  if (peer == nullptr || peer->has_something) return;
  peer->has_something = true;
  to_flush_.push_back(peer);
  flush_.schedule();
}

void Pubsub::foresee_sending(PeerHandle handle) {
  if (handle.slot < by_slot_.size()) fetch_lines(by_slot_[handle.slot], sizeof(Peer));
}

// At the end of the turn, so that what one message causes leaves together.
void Pubsub::flush() {
  // Down to the connections below, all peers side by side.
  constexpr unsigned kSteps = 7;
  for (unsigned step = 0; step < kSteps; ++step) {
    for (const Peer* peer : to_flush_) {
      if (peer->out) peer->out->foresee_writing(step);
    }
  }
  for (std::size_t i = 0; i < to_flush_.size(); ++i) {
    Peer& peer = *to_flush_[i];
    peer.has_something = false;
    if (!peer.out_writable.armed()) peer.send();
  }
  to_flush_.clear();
}

void Pubsub::drop(PeerHandle handle, const Error& why) {
  Peer* const peer = find(handle);
  if (peer == nullptr || std::exchange(peer->dropped, true)) return;
  host_.log().info("gossipsub: dropping {}: {}", peer->id.text(), why.message());
  scope_.spawn(leave(peer->id));
}

// In a turn of its own: the router is at work when it wants a peer dropped.
Task<> Pubsub::leave(libp2p::PeerId peer) {
  node_.disconnect(peer);
  co_return;
}

Bytes Pubsub::signed_record(PeerHandle handle) {
  const Peer* const peer = find(handle);
  const libp2p::PeerAbout* const about = peer == nullptr ? nullptr : node_.peers().find(peer->id);
  return about == nullptr ? Bytes() : about->signed_record;
}

void Pubsub::exchanged(std::span<const PeerInfo> peers, PeerHandle from) {
  static_cast<void>(from);
  constexpr std::size_t kDialsAtOnce = 16;
  for (const PeerInfo& info : peers.first(std::min(peers.size(), kDialsAtOnce))) {
    const auto id = libp2p::PeerId::from_bytes(info.peer_id);
    if (exchange_dials_ >= kMaxExchangeDials) return;
    if (!id || *id == node_.id() || node_.is_connected(*id)) continue;
    if (!info.signed_peer_record.empty()) {
      const auto record = libp2p::PeerRecord::open(info.signed_peer_record);
      if (!record || record->peer != *id) continue;  // who tells of it lies
      node_.peers().add_addresses(*id, record->addresses, host_.now(), kExchangedAddressLifetime);
    }
    ++exchange_dials_;
    scope_.spawn(dial_exchanged(*id));
  }
}

Task<> Pubsub::dial_exchanged(libp2p::PeerId peer) {
  co_await dial(peer);
  --exchange_dials_;
}

void Pubsub::dial_direct(const Bytes& peer_id) {
  if (const auto id = libp2p::PeerId::from_bytes(peer_id.view())) scope_.spawn(dial(*id));
}

Task<> Pubsub::dial(libp2p::PeerId peer) {
  const Result<> connected = co_await node_.connect(peer);
  if (!connected) host_.log().debug("gossipsub: {}", connected.error().message());
}

void Pubsub::mesh_changed(std::string_view topic, PeerHandle handle, bool grafted) {
  Peer* const peer = find(handle);
  if (peer == nullptr) return;
  if (grafted && peer->meshes++ == 0) node_.protect(peer->id, kMeshTag);
  if (!grafted && --peer->meshes == 0) node_.unprotect(peer->id, kMeshTag);
  show_link(topic, peer->id, grafted);
  handler_.mesh_changed(topic, peer->id, grafted);
}

void Pubsub::peer_subscribed(PeerHandle handle, std::string_view topic, bool subscribed) {
  if (const Peer* const peer = find(handle)) handler_.peer_subscribed(peer->id, topic, subscribed);
}

// ---- for whoever observes the host ----

void Pubsub::show_link(std::string_view topic, const libp2p::PeerId& peer, bool grafted) {
  Observer* const observer = node_.host().observer();
  if (observer == nullptr) return;
  const HostId other = observer->host_named(peer.bytes());
  const LinkName name{.kind = "mesh", .topic = topic};
  if (grafted) {
    observer->link_up(node_.host().id(), other, name);
  } else {
    observer->link_down(node_.host().id(), other, name);
  }
}

void Pubsub::sets_out(const MessageId& id) {
  if (Observer* const observer = node_.host().observer()) observer->published(node_.host().id(), id.view());
}

void Pubsub::copy_queued(const MessageId& id, PeerHandle to, std::size_t size_bytes) {
  Observer* const observer = node_.host().observer();
  if (observer == nullptr || !observer->traces(id.view())) return;
  if (const Peer* const peer = find(to)) {
    observer->handed_on(node_.host().id(), observer->host_named(peer->id.bytes()), id.view(), size_bytes);
  }
}

void Pubsub::copy_came(const MessageId& id, PeerHandle from) {
  Observer* const observer = node_.host().observer();
  if (observer == nullptr || !observer->traces(id.view())) return;
  if (const Peer* const peer = find(from)) {
    observer->arrived(observer->host_named(peer->id.bytes()), node_.host().id(), id.view());
  }
}

// ---- messages ----

Result<> Pubsub::subscribe(std::string_view topic) { return router_.subscribe(host_.now(), topic); }
void Pubsub::unsubscribe(std::string_view topic) { router_.unsubscribe(host_.now(), topic); }

Result<MessageId> Pubsub::publish(std::string_view topic, ByteView data) {
  NewMessage message{.data = data, .topic = topic};
  std::array<std::uint8_t, 8> seqno;
  std::vector<std::uint8_t> signature;
  std::vector<std::uint8_t> key;
  if (options().signature_policy == SignaturePolicy::strict_sign) {
    store_be<std::uint64_t>(seqno.data(), next_seqno_++);
    message.from = node_.id().bytes();
    message.seqno = seqno;
    const Bytes unsigned_bytes = message.encode();
    const auto to_sign = Message{.encoded = unsigned_bytes.view()}.signed_bytes();
    signature = node_.key().sign(to_sign, node_.secure_random());
    message.signature = signature;
    if (node_.id().inlined_key().empty()) {
      key = node_.key().public_key().encode();
      message.key = key;
    }
  }
  const auto published = router_.publish(host_.now(), message.encode());
  if (!published) return fail(published);
  return router_.id_of(*published);
}

void Pubsub::set_app_score(const libp2p::PeerId& id, double score) {
  if (const Peer* const peer = find(id)) router_.set_app_score(peer->handle, score);
}

bool Pubsub::send_as_is(const libp2p::PeerId& id, const Rpc& rpc) {
  const Peer* const peer = find(id);
  return peer != nullptr && router_.send_as_is(peer->handle, rpc);
}

bool Pubsub::authentic(const Message& message) {
  return options().signature_policy != SignaturePolicy::strict_sign || signature_holds(message);
}

std::optional<Verdict> Pubsub::validate(MessageSeq seq, const Message& message, PeerHandle source) {
  const Peer* const peer = find(source);
  return handler_.validate(seq, message, peer == nullptr ? libp2p::PeerId() : peer->id);
}

// pubsub/README.md "Message Signing": the key is the one that the author's id holds, or has as its hash.
bool Pubsub::signature_holds(const Message& message) const {
  const auto author = libp2p::PeerId::from_bytes(*message.from);
  if (!author) return false;
  const ByteView encoded_key = message.key && !message.key->empty() ? *message.key : author->inlined_key();
  if (encoded_key.empty()) return false;
  const auto key = libp2p::PublicKey::decode(encoded_key);
  if (!key || key->peer_id() != *author) return false;
  return key->verify(message.signed_bytes(), *message.signature);
}

std::vector<libp2p::PeerId> Pubsub::mesh(std::string_view topic) const {
  std::vector<libp2p::PeerId> ids;
  for (const PeerHandle handle : router_.mesh(topic)) {
    if (const Peer* const peer = find(handle)) ids.push_back(peer->id);
  }
  return ids;
}

}  // namespace ghostnet::gossipsub
