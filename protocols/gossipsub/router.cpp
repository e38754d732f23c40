#include "ghostnet/gossipsub/router.hpp"

#include <cassert>
#include <utility>

#include "ghostnet/runtime/foresight.hpp"
#include "router_state.hpp"

namespace ghostnet::gossipsub {
namespace {

std::string_view protocol_of(Version version) {
  switch (version) {
    case Version::floodsub: return "/floodsub/1.0.0";
    case Version::v1_0: return "/meshsub/1.0.0";
    case Version::v1_1: return "/meshsub/1.1.0";
    case Version::v1_2: return "/meshsub/1.2.0";
  }
  return {};
}

}  // namespace

Router::Router(Config config, RouterEvents& events, Random random, TimePoint now)
    : rules_(Rules::shared(config.options, config.scoring)),
      options_(rules_->options),
      scoring_(rules_->scoring),
      events_(events),
      messages_(random.next_u64(), options_.max_seen, static_cast<std::size_t>(options_.max_history.bytes)),
      tracer_(config.tracer),
      message_id_(std::move(config.message_id)),
      random_(random),
      scores_(scoring_),
      next_heartbeat_(now + random_.between(Duration(1), options_.heartbeat)),
      own_id_(std::move(config.own_id)),
      direct_peers_(std::move(config.direct_peers)) {
  if (scores_.enabled()) next_decay_ = now + scoring_.decay_interval;
}

Router::~Router() = default;

// ---- peers ----

Router::Peer* Router::find(PeerHandle handle) const {
  if (handle.slot >= peers_.size() || generations_[handle.slot] != handle.generation) return nullptr;
  return peers_[handle.slot].get();
}

Result<PeerHandle> Router::add_peer(TimePoint now, const PeerDescription& about) {
  static_cast<void>(now);
  if (peer_count_ >= std::min<std::size_t>(options_.max_peers, kNoPeer.slot)) {
    return fail(Errc::limit, "gossipsub: {} peers are connected already", peer_count_);
  }
  const auto vacant = std::ranges::find_if(peers_, [](const auto& peer) { return peer == nullptr; });
  const auto slot = static_cast<std::uint16_t>(vacant - peers_.begin());
  if (vacant == peers_.end()) {
    peers_.emplace_back();
    generations_.push_back(0);
  }
  const PeerHandle handle{.slot = slot, .generation = ++generations_[slot]};
  peers_[slot] = std::make_unique<Peer>(handle, about, key_of(about.id));
  Peer& peer = *peers_[slot];
  peer.score = scores_.connect(about.id, about.address);
  peer.direct = contains(direct_peers_, about.id);
  ++peer_count_;
  trace({.kind = TraceKind::add_peer, .peer = about.id.view(), .detail = protocol_of(about.version)});

  std::vector<SubOpts> hello;
  for (const auto& topic : topics_) {
    if (topic->subscribed) hello.push_back({.subscribe = true, .topic = topic->name});
  }
  if (!hello.empty()) announce(peer, hello);
  return handle;
}

void Router::remove_peer(TimePoint now, PeerHandle handle) {
  Peer* const peer = find(handle);
  if (peer == nullptr) return;
  for (const auto& topic : topics_) leave_topic(*topic, *peer);
  std::erase_if(promises_, [&](const Promise& promise) { return promise.peer == handle; });
  scores_.disconnect(peer->score, now);
  trace({.kind = TraceKind::remove_peer, .peer = peer->about.id.view()});
  peers_[handle.slot].reset();
  --peer_count_;
}

void Router::leave_topic(Topic& topic, Peer& peer) {
  remove(topic.members, &peer);
  remove(topic.fanout, &peer);
  remove_from_mesh(topic, peer);
}

std::vector<std::pair<std::string_view, PeerHandle>> Router::links() const {
  std::vector<std::pair<std::string_view, PeerHandle>> all;
  for (const auto& topic : topics_) {
    for (const Peer* peer : topic->mesh) all.emplace_back(topic->name, peer->handle);
  }
  return all;
}

const Bytes& Router::peer_id(PeerHandle handle) const {
  static const Bytes none;
  const Peer* const peer = find(handle);
  return peer == nullptr ? none : peer->about.id;
}

double Router::score_of(const Peer& peer) const { return scores_.score(peer.score); }

double Router::score(PeerHandle handle) const {
  const Peer* const peer = find(handle);
  return peer == nullptr ? 0 : score_of(*peer);
}

void Router::set_app_score(PeerHandle handle, double score) {
  if (const Peer* const peer = find(handle)) scores_.set_app_specific(peer->score, score);
}

// ---- topics ----

Router::Topic* Router::find_topic(std::string_view name) const {
  if (latest_topic_ != nullptr && latest_topic_->name == name) return latest_topic_;
  const auto found = topics_by_name_.find(name);
  return found == topics_by_name_.end() ? nullptr : latest_topic_ = found->second;
}

Result<Router::Topic*> Router::topic(std::string_view name) {
  if (Topic* known = find_topic(name)) return known;
  if (name.size() > Message::kMaxTopicBytes) {
    return fail(Errc::invalid_argument, "gossipsub: a topic name of {} bytes; at most {} are allowed", name.size(),
                Message::kMaxTopicBytes);
  }
  if (topics_.size() >= options_.max_topics) {
    return fail(Errc::limit, "gossipsub: {} topics are in use already", topics_.size());
  }
  topics_.push_back(
      std::make_unique<Topic>(Topic{.name = std::string(name), .number = static_cast<std::uint32_t>(topics_.size())}));
  Topic& topic = *topics_.back();
  topics_by_name_.emplace(topic.name, &topic);
  scores_.name_topic(topic.number, topic.name);
  for (const auto& peer : peers_) {
    if (peer && contains(peer->topics, topic.name)) topic.members.push_back(peer.get());
  }
  return &topic;
}

bool Router::subscribed(std::string_view name) const {
  const Topic* const topic = find_topic(name);
  return topic != nullptr && topic->subscribed;
}

std::vector<PeerHandle> Router::mesh(std::string_view name) const {
  std::vector<PeerHandle> handles;
  if (const Topic* const topic = find_topic(name)) {
    for (const Peer* peer : topic->mesh) handles.push_back(peer->handle);
  }
  return handles;
}

// v1.0 "Topic Membership": JOIN.
Result<> Router::subscribe(TimePoint now, std::string_view name) {
  auto found = topic(name);
  if (!found) return fail(found);
  Topic& topic = **found;
  if (topic.subscribed) return {};
  topic.subscribed = true;
  trace({.kind = TraceKind::join, .topic = topic.name});
  const SubOpts subscription{.subscribe = true, .topic = topic.name};
  for (const auto& peer : peers_) {
    if (peer) announce(*peer, std::span(&subscription, 1));
  }
  join_mesh(now, topic);
  flush_all();
  return {};
}

void Router::join_mesh(TimePoint now, Topic& topic) {
  for (Peer* peer : std::exchange(topic.fanout, {})) {
    if (topic.mesh.size() < options_.d && may_mesh(topic, *peer, now)) graft(now, topic, *peer);
  }
  if (topic.mesh.size() >= options_.d) return;
  const auto wanted = [&](const Peer& peer) { return may_mesh(topic, peer, now); };
  for (Peer* peer : choose(topic, options_.d - topic.mesh.size(), wanted)) graft(now, topic, *peer);
}

// Whether the peer can be grafted: it speaks gossipsub, is no member yet, and there is nothing against it.
bool Router::may_mesh(const Topic& topic, const Peer& peer, TimePoint now) const {
  if (!peer.meshes() || peer.direct || contains(topic.mesh, const_cast<Peer*>(&peer))) return false;
  const Topic::Backoff* const backoff = topic.backoff_of(peer);
  return (backoff == nullptr || backoff->until <= now) && score_of(peer) >= 0;
}

// v1.0 "Topic Membership": LEAVE; v1.1: with the shorter backoff.
void Router::unsubscribe(TimePoint now, std::string_view name) {
  Topic* const topic = find_topic(name);
  if (topic == nullptr || !topic->subscribed) return;
  topic->subscribed = false;
  trace({.kind = TraceKind::leave, .topic = topic->name});
  const SubOpts subscription{.subscribe = false, .topic = topic->name};
  for (const auto& peer : peers_) {
    if (peer) announce(*peer, std::span(&subscription, 1));
  }
  while (!topic->mesh.empty()) prune(now, *topic, *topic->mesh.back(), Px::no, options_.unsubscribe_backoff);
  flush_all();
}

void Router::announce(Peer& peer, std::span<const SubOpts> subscriptions) {
  Rpc rpc;
  rpc.subscriptions.assign(subscriptions.begin(), subscriptions.end());
  send(peer, SendQueue::Class::urgent, Frame::of_rpc(rpc.encode()));
}

void Router::on_subscriptions(Peer& peer, const Rpc& rpc) {
  for (const SubOpts& opts : rpc.subscriptions) {
    if (++peer.subscription_changes > options_.max_subscription_changes) {
      events_.drop(peer.handle, Error(Errc::limit, "gossipsub: it changes more than {} subscriptions at once",
                                      options_.max_subscription_changes));
      return;
    }
    if (opts.topic.size() > Message::kMaxTopicBytes) {
      ++counters_.malformed;
      continue;
    }
    std::string name(opts.topic);
    Topic* const topic = find_topic(name);
    if (!opts.subscribe) {
      if (!remove(peer.topics, name)) continue;
      if (topic != nullptr) leave_topic(*topic, peer);
      events_.peer_subscribed(peer.handle, name, false);
    } else if (!contains(peer.topics, name)) {
      if (peer.topics.size() >= options_.max_topics_of_peer) {
        events_.drop(peer.handle, Error(Errc::limit, "gossipsub: it subscribes to more than {} topics",
                                        options_.max_topics_of_peer));
        return;
      }
      peer.topics.push_back(std::move(name));
      if (topic != nullptr) topic->members.push_back(&peer);
      events_.peer_subscribed(peer.handle, peer.topics.back(), true);
    }
  }
}

// ---- input and output ----

void Router::receive(TimePoint now, PeerHandle handle, ByteView encoded) {
  Peer* const peer = find(handle);
  if (peer == nullptr) return;
  thread_local Rpc rpc;  // the one being read: its lists are reserved once for all routers of the thread
  rpc.clear();
  if (auto parsed = rpc.parse(encoded); !parsed) {
    ++counters_.malformed;
    events_.drop(handle, parsed.error());
    return;
  }
  // Also of a graylisted peer, as go-libp2p-pubsub does it: they are said once, and its score may become better.
  on_subscriptions(*peer, rpc);
  if (scores_.enabled() && !peer->direct && score_of(*peer) < scoring_.graylist_threshold) {
    ++counters_.graylisted;
    return;
  }
  for (const ByteView message : rpc.publish) {
    if (message.empty()) {
      ++counters_.malformed;
      continue;
    }
    on_message(now, *peer, message);
  }
  if (!rpc.ihave.empty()) on_ihave(now, *peer, rpc);
  if (!rpc.iwant.empty()) on_iwant(*peer, rpc);
  for (const std::string_view topic : rpc.graft) on_graft(now, *peer, topic);
  for (const Prune& prune : rpc.prune) on_prune(now, *peer, rpc, prune);
  if (!rpc.idontwant.empty()) on_idontwant(*peer, rpc);
  flush(*peer);
}

bool Router::send(Peer& peer, SendQueue::Class of, Frame frame, MessageSeq message) {
  const bool was_empty = peer.queue.empty();
  const SendQueue::Limits limits{.max_bytes = static_cast<std::size_t>(options_.max_queue.bytes),
                                 .max_frames = options_.max_queue_frames};
  if (!peer.queue.push(of, std::move(frame), limits, message)) {
    ++counters_.dropped;
    if (of == SendQueue::Class::urgent) {
      events_.drop(peer.handle, Error(Errc::no_buffers, "gossipsub: it does not read what it is sent"));
    }
    return false;
  }
  if (was_empty) events_.ready_to_send(peer.handle);
  return true;
}

bool Router::send_as_is(PeerHandle handle, const Rpc& rpc) {
  Peer* const peer = find(handle);
  return peer != nullptr && send(*peer, SendQueue::Class::ordinary, Frame::of_rpc(rpc.encode()));
}

void Router::foresee(PeerHandle handle, unsigned step) const {
  if (step == 0) return fetch_lines(this, sizeof(*this));
  if (handle.slot >= peers_.size()) return;
  if (step == 1) {
    __builtin_prefetch(&peers_[handle.slot]);
    __builtin_prefetch(&generations_[handle.slot]);
    if (latest_topic_ != nullptr) fetch_lines(latest_topic_, sizeof(Topic));
    return messages_.foresee();
  }
  const Peer* const peer = peers_[handle.slot].get();
  if (peer == nullptr) return;
  if (step == 2) return fetch_lines(peer, sizeof(*peer));
  if (step > 3) return;
  __builtin_prefetch(peer->unwanted.data(), 1);
  if (latest_topic_ != nullptr) __builtin_prefetch(latest_topic_->mesh.data());
}

bool Router::has_frames(PeerHandle handle) const {
  const Peer* const peer = find(handle);
  return peer != nullptr && !peer->queue.empty();
}

std::optional<Frame> Router::next_frame(PeerHandle handle) {
  Peer* const peer = find(handle);
  if (peer == nullptr) return std::nullopt;
  while (auto item = peer->queue.pop()) {
    if (item->message == SendQueue::kNoMessage) {
      counters_.control_bytes += item->frame.size();
      return std::move(item->frame);
    }
    // v1.2: an IDONTWANT that came while the message waited here still saves sending it.
    if (messages_.contains(item->message) && peer->does_not_want(messages_[item->message].hash)) {
      ++counters_.suppressed;
      continue;
    }
    counters_.payload_bytes += item->frame.size();
    return std::move(item->frame);
  }
  return std::nullopt;
}

void Router::on_deadline(TimePoint now) {
  if (now >= next_decay_) {
    scores_.decay(now);
    next_decay_ = now + scoring_.decay_interval;
  }
  if (now >= next_heartbeat_) {
    heartbeat(now);
    next_heartbeat_ = now + options_.heartbeat;
  }
}

}  // namespace ghostnet::gossipsub
