// Control messages: GRAFT and PRUNE keep the mesh, IHAVE and IWANT are the gossip, IDONTWANT saves copies.
#include <algorithm>
#include <utility>

#include "ghostnet/gossipsub/router.hpp"
#include "router_state.hpp"

namespace ghostnet::gossipsub {

// ---- the mesh ----

void Router::on_graft(TimePoint now, Peer& peer, std::string_view name) {
  Topic* const topic = find_topic(name);
  // v1.1 "Spam Protection Measures": no PRUNE for a topic that is not ours.
  if (topic == nullptr || !topic->subscribed || !peer.meshes() || contains(topic->mesh, &peer)) return;
  if (peer.direct) return refuse_graft(now, *topic, peer, Px::no);

  if (const Topic::Backoff* backoff = topic->backoff_of(peer); backoff != nullptr && now < backoff->until) {
    scores_.penalize(peer.score, 1);
    // Right after it was pruned, it cannot claim a clock that is a little ahead.
    const TimePoint pruned_at = backoff->until - options_.prune_backoff;
    if (now < pruned_at + options_.graft_flood_threshold) scores_.penalize(peer.score, 1);
    return refuse_graft(now, *topic, peer, Px::no);
  }
  if (score_of(peer) < 0) return refuse_graft(now, *topic, peer, Px::no);
  // v1.1 "Outbound Mesh Quotas": a full mesh takes only those that we dialled.
  if (topic->mesh.size() >= options_.d_high && !peer.about.outbound) {
    return refuse_graft(now, *topic, peer, Px::yes);
  }
  topic->mesh.push_back(&peer);
  scores_.grafted(peer.score, topic->number, now);
  ++counters_.grafts;
  trace({.kind = TraceKind::graft, .peer = peer.about.id.view(), .topic = topic->name});
  events_.mesh_changed(topic->name, peer.handle, true);
}

void Router::refuse_graft(TimePoint now, Topic& topic, Peer& peer, Px px) {
  add_backoff(now, topic, peer, options_.prune_backoff);
  queue_prune(topic, peer, px, options_.prune_backoff);
}

// One of a topic is enough, however many GRAFTs one RPC has.
void Router::queue_prune(Topic& topic, Peer& peer, Px px, Duration backoff) {
  std::vector<Pending::PrunedTopic>& prunes = pending(peer).prune;
  if (std::ranges::find(prunes, &topic, &Pending::PrunedTopic::topic) == prunes.end()) {
    prunes.push_back({&topic, px, backoff});
  }
}

void Router::on_prune(TimePoint now, Peer& peer, const Rpc& rpc, const Prune& prune) {
  Topic* const topic = find_topic(prune.topic);
  if (topic == nullptr) return;
  constexpr std::uint64_t kMaxBackoffSeconds = 24 * 3600;
  const Duration backoff = prune.backoff_s == 0
                               ? options_.prune_backoff
                               : Duration(std::chrono::seconds(std::min(prune.backoff_s, kMaxBackoffSeconds)));
  if (topic->subscribed) add_backoff(now, *topic, peer, backoff);
  const bool was_in_mesh = contains(topic->mesh, &peer);
  remove_from_mesh(*topic, peer);

  if (!options_.peer_exchange || !was_in_mesh) return;
  auto peers = prune.peers.of(rpc.peers);
  if (peers.empty() || (scores_.enabled() && score_of(peer) < scoring_.accept_px_threshold)) return;
  events_.exchanged(peers.first(std::min<std::size_t>(peers.size(), options_.prune_peers)), peer.handle);
}

// We add it to the mesh, and tell it.
void Router::graft(TimePoint now, Topic& topic, Peer& peer) {
  topic.mesh.push_back(&peer);
  scores_.grafted(peer.score, topic.number, now);
  ++counters_.grafts;
  trace({.kind = TraceKind::graft, .peer = peer.about.id.view(), .topic = topic.name});
  pending(peer).graft.push_back(&topic);
  events_.mesh_changed(topic.name, peer.handle, true);
}

void Router::prune(TimePoint now, Topic& topic, Peer& peer, Px px, Duration backoff) {
  remove_from_mesh(topic, peer);
  add_backoff(now, topic, peer, backoff);
  queue_prune(topic, peer, px, backoff);
}

void Router::remove_from_mesh(Topic& topic, Peer& peer) {
  if (!remove(topic.mesh, &peer)) return;
  scores_.pruned(peer.score, topic.number);
  ++counters_.prunes;
  trace({.kind = TraceKind::prune, .peer = peer.about.id.view(), .topic = topic.name});
  events_.mesh_changed(topic.name, peer.handle, false);
}

// The later of what there is and `backoff` from now.
void Router::add_backoff(TimePoint now, Topic& topic, const Peer& peer, Duration backoff) {
  const TimePoint until = saturating_add(now, backoff);
  const auto place = [&] { return std::ranges::lower_bound(topic.backoffs, peer.key, {}, &Topic::Backoff::peer_key); };
  if (const auto known = place(); known != topic.backoffs.end() && known->peer_key == peer.key) {
    known->until = std::max(known->until, until);
    return;
  }
  if (topic.backoffs.size() >= Topic::kMaxBackoffs) {
    topic.backoffs.erase(std::ranges::min_element(topic.backoffs, {}, &Topic::Backoff::until));
  }
  topic.backoffs.insert(place(), {.peer_key = peer.key, .until = until});
}

// ---- gossip ----

void Router::on_ihave(TimePoint now, Peer& peer, const Rpc& rpc) {
  if (scores_.enabled() && score_of(peer) < scoring_.gossip_threshold) return;
  if (++peer.ihave_messages > options_.max_ihave_messages) return;
  const std::size_t budget = options_.max_ihave_ids - std::min(peer.asked_ids, options_.max_ihave_ids);

  struct Wanted {
    ByteView id;
    std::uint64_t hash;
  };
  thread_local std::vector<Wanted> wanted;
  wanted.clear();
  for (const IHave& ihave : rpc.ihave) {
    const Topic* const topic = find_topic(ihave.topic);
    if (topic == nullptr || !topic->subscribed) continue;
    for (const ByteView id : ihave.ids.of(rpc.ids)) {
      if (wanted.size() >= options_.max_ihave_ids) break;
      if (id.size() > MessageId::kMaxBytes) continue;
      wanted.push_back({id, messages_.hash(id)});
      messages_.foresee(wanted.back().hash);
    }
  }
  std::erase_if(wanted, [&](const Wanted& one) { return messages_.knows(one.hash); });
  if (wanted.empty()) return;
  random_.shuffle(wanted);
  if (wanted.size() > budget) wanted.resize(budget);
  if (wanted.empty()) return;

  Rpc answer;
  for (const Wanted& one : wanted) answer.iwant.push_back(one.id);
  if (!send(peer, SendQueue::Class::ordinary, Frame::of_rpc(answer.encode()))) return;
  peer.asked_ids += static_cast<std::uint32_t>(wanted.size());
  counters_.iwant_sent += wanted.size();
  // v1.1 "Spam Protection Measures": one of them, by chance, must arrive.
  if (scores_.enabled() && promises_.size() < options_.max_promises) {
    promises_.push_back({.message_hash = wanted[random_.below(wanted.size())].hash,
                         .peer = peer.handle,
                         .expires = now + options_.iwant_followup});
  }
}

void Router::on_iwant(Peer& peer, const Rpc& rpc) {
  if (scores_.enabled() && score_of(peer) < scoring_.gossip_threshold) return;
  for (const ByteView bytes : rpc.iwant) {
    const auto id = MessageId::of(bytes);
    if (!id) continue;
    const std::uint64_t hash = messages_.hash(*id);
    const auto seq = messages_.find(*id, hash);
    if (!seq) continue;
    SeenMessage& seen = messages_[*seq];
    if (seen.state != SeenMessage::State::accepted || seen.encoded.empty() || peer.does_not_want(hash)) continue;
    auto& retransmitted = seen.with_rare().retransmitted;
    auto times = std::ranges::find(retransmitted, peer.handle, &std::pair<PeerHandle, std::uint8_t>::first);
    if (times == retransmitted.end()) times = retransmitted.insert(times, {peer.handle, std::uint8_t{0}});
    if (times->second >= options_.gossip_retransmission) continue;
    ++times->second;
    if (!send(peer, SendQueue::Class::ordinary, Frame::of_message(seen.encoded), *seq)) return;
    ++counters_.iwant_served;
    events_.copy_queued(seen.id, peer.handle, seen.encoded.size());
  }
}

void Router::on_idontwant(Peer& peer, const Rpc& rpc) {
  peer.idontwant_messages += rpc.idontwant_messages;
  if (peer.idontwant_messages > options_.max_idontwant_messages) return;
  for (const ByteView bytes : rpc.idontwant) {
    if (peer.idontwant_ids >= options_.max_idontwant_ids) return;
    const auto id = MessageId::of(bytes);
    if (!id) continue;
    ++peer.idontwant_ids;
    peer.unwanted.push_back(
        {.message_hash = messages_.hash(*id), .until_tick = ticks_ + options_.idontwant_heartbeats});
  }
}

// ---- what one RPC gathers ----

Router::Pending& Router::pending(Peer& peer) {
  if (!peer.pending) peer.pending = std::make_unique<Pending>();
  return *peer.pending;
}

// The IHAVE of a topic, made once a heartbeat for all whom it is told.
Frame Router::gossip_frame(Topic& topic) {
  if (!topic.gossip.body.empty()) return topic.gossip;
  Rpc rpc;
  for (MessageSeq seq = messages_.window_start(options_.history_gossip); seq != messages_.end(); ++seq) {
    const SeenMessage& seen = messages_[seq];
    if (seen.topic != topic.number || seen.state != SeenMessage::State::accepted || seen.encoded.empty()) continue;
    rpc.ids.push_back(seen.id.view());
  }
  if (rpc.ids.empty()) return {};
  // Of more than may be told, another part each time.
  if (rpc.ids.size() > options_.max_ihave_ids) {
    random_.shuffle(rpc.ids);
    rpc.ids.resize(options_.max_ihave_ids);
  }
  topic.gossip_ids = rpc.ids.size();
  rpc.ihave.push_back({.topic = topic.name, .ids = {.first = 0, .count = static_cast<std::uint32_t>(rpc.ids.size())}});
  topic.gossip = Frame::of_rpc(rpc.encode());
  return topic.gossip;
}

void Router::flush(Peer& peer) {
  const std::unique_ptr<Pending> gathered = std::exchange(peer.pending, nullptr);
  if (!gathered) return;
  Rpc rpc;
  std::vector<Bytes> records;  // what the RPC shows of them
  for (const Topic* topic : gathered->graft) rpc.graft.push_back(topic->name);
  for (const Pending::PrunedTopic& pruned : gathered->prune) {
    Prune prune{.topic = pruned.topic->name, .peers = {.first = static_cast<std::uint32_t>(rpc.peers.size())}};
    if (peer.about.version >= Version::v1_1) {
      prune.backoff_s = static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(pruned.backoff).count());
      if (pruned.px == Px::yes && options_.peer_exchange) {
        const auto good = [&](const Peer& other) { return &other != &peer && other.meshes() && score_of(other) >= 0; };
        for (const Peer* other : choose(*pruned.topic, options_.prune_peers, good)) {
          records.push_back(events_.signed_record(other->handle));
          rpc.peers.push_back({.peer_id = other->about.id.view(), .signed_peer_record = records.back().view()});
        }
      }
    }
    prune.peers.count = static_cast<std::uint32_t>(rpc.peers.size()) - prune.peers.first;
    rpc.prune.push_back(prune);
  }
  if (!rpc.empty()) send(peer, SendQueue::Class::urgent, Frame::of_rpc(rpc.encode()));
  for (Topic* topic : gathered->ihave) {
    if (send(peer, SendQueue::Class::ordinary, gossip_frame(*topic))) counters_.ihave_sent += topic->gossip_ids;
  }
}

void Router::flush_all() {
  for (const auto& peer : peers_) {
    if (peer) flush(*peer);
  }
}

}  // namespace ghostnet::gossipsub
