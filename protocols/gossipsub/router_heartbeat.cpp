// The heartbeat (v1.0 "Heartbeat", v1.1 "Heartbeat Maintenance" and "Opportunistic Grafting").
#include <algorithm>
#include <utility>

#include "ghostnet/gossipsub/router.hpp"
#include "ghostnet/runtime/foresight.hpp"
#include "router_state.hpp"

namespace ghostnet::gossipsub {

void Router::heartbeat(TimePoint now) {
  constexpr std::uint64_t kTicksBetweenSweeps = 15;
  ++ticks_;
  reset_peers();
  break_promises(now);
  if (options_.direct_connect_ticks != 0 && ticks_ % options_.direct_connect_ticks == 1) {
    for (const Bytes& id : direct_peers_) {
      const bool connected =
          std::ranges::any_of(peers_, [&](const auto& peer) { return peer && peer->about.id == id; });
      if (!connected) events_.dial_direct(id);
    }
  }
  for (const auto& topic : topics_) {
    topic->gossip = {};
    if (ticks_ % kTicksBetweenSweeps == 0) {
      std::erase_if(topic->backoffs, [&](const Topic::Backoff& backoff) { return backoff.until <= now; });
    }
    if (topic->subscribed) {
      maintain_mesh(now, *topic);
      emit_gossip(*topic, topic->mesh);
    } else if (!topic->fanout.empty()) {
      maintain_fanout(now, *topic);
      emit_gossip(*topic, topic->fanout);
    }
  }
  flush_all();
  messages_.shift(options_.history_length);
  messages_.expire(now - options_.seen_ttl);
}

void Router::reset_peers() {
  for (const auto& peer : peers_) fetch_lines(peer.get(), peer ? sizeof(*peer) : 0);
  for (const auto& peer : peers_) {
    if (!peer) continue;
    peer->ihave_messages = peer->asked_ids = peer->idontwant_messages = peer->idontwant_ids = 0;
    peer->invalid_messages = peer->subscription_changes = 0;
    std::erase_if(peer->unwanted, [&](const Peer::Unwanted& one) { return one.until_tick <= ticks_; });
    peer->heartbeat_score = score_of(*peer);
  }
}

void Router::break_promises(TimePoint now) {
  std::erase_if(promises_, [&](const Promise& promise) {
    if (promise.expires > now) return false;
    if (const Peer* const peer = find(promise.peer)) scores_.penalize(peer->score, 1);
    ++counters_.broken_promises;
    return true;
  });
}

void Router::maintain_mesh(TimePoint now, Topic& topic) {
  // Those with a negative score go first.
  const std::vector<Peer*> mesh = topic.mesh;
  for (Peer* peer : mesh) {
    if (peer->heartbeat_score < 0) prune(now, topic, *peer, Px::no, options_.prune_backoff);
  }
  if (topic.mesh.size() < options_.d_low) {
    const auto wanted = [&](const Peer& peer) { return may_mesh(topic, peer, now); };
    for (Peer* peer : choose(topic, options_.d - topic.mesh.size(), wanted)) graft(now, topic, *peer);
  }
  // v1.0 prunes above d_high only. But a mesh of d_high refuses whoever grafts it (v1.1 "Outbound Mesh Quotas"): who
  // came first would keep it for ever. So it is pruned from d_high on, as go-libp2p-pubsub does.
  if (topic.mesh.size() >= options_.d_high && topic.mesh.size() > options_.d) shrink_mesh(now, topic);
  if (topic.mesh.size() >= options_.d_low) {
    const auto outbound = static_cast<std::size_t>(
        std::ranges::count_if(topic.mesh, [](const Peer* peer) { return peer->about.outbound; }));
    if (outbound < options_.d_out) {
      const auto wanted = [&](const Peer& peer) { return peer.about.outbound && may_mesh(topic, peer, now); };
      for (Peer* peer : choose(topic, options_.d_out - outbound, wanted)) graft(now, topic, *peer);
    }
  }
  if (scores_.enabled() && ticks_ % options_.opportunistic_graft_ticks == 0) graft_opportunistically(now, topic);
}

// Keeps the d_score best, others at random, and among all of them d_out outbound ones.
void Router::shrink_mesh(TimePoint now, Topic& topic) {
  std::vector<Peer*> order = topic.mesh;
  random_.shuffle(order);
  const auto score = [](const Peer* peer) { return peer->heartbeat_score; };
  for (auto best = order.begin(); best != order.begin() + options_.d_score; ++best) {
    std::iter_swap(best, std::ranges::max_element(best, order.end(), {}, score));
  }

  const auto is_outbound = [](const Peer* peer) { return peer->about.outbound; };
  const auto kept_end = order.begin() + options_.d;
  auto kept_outbound = std::count_if(order.begin(), kept_end, is_outbound);
  // An outbound one that would go changes places with the last kept one that is not outbound.
  for (auto at = kept_end; at != order.end() && kept_outbound < options_.d_out; ++at) {
    if (!is_outbound(*at)) continue;
    const auto last = std::find_if(std::make_reverse_iterator(kept_end), order.rend(),
                                   [&](const Peer* peer) { return !is_outbound(peer); });
    if (last == order.rend()) break;
    std::iter_swap(at, last);
    ++kept_outbound;
  }
  for (Peer* peer : std::span(kept_end, order.end())) prune(now, topic, *peer, Px::yes, options_.prune_backoff);
}

void Router::graft_opportunistically(TimePoint now, Topic& topic) {
  if (topic.mesh.size() < 2) return;
  std::vector<double> scores;
  for (const Peer* peer : topic.mesh) scores.push_back(peer->heartbeat_score);
  std::ranges::sort(scores);
  const double median = scores[scores.size() / 2];
  if (median >= scoring_.opportunistic_graft_threshold) return;
  const auto better = [&](const Peer& peer) { return score_of(peer) > median && may_mesh(topic, peer, now); };
  for (Peer* peer : choose(topic, options_.opportunistic_graft_peers, better)) graft(now, topic, *peer);
}

void Router::maintain_fanout(TimePoint now, Topic& topic) {
  if (now - topic.last_published > options_.fanout_ttl) {
    topic.fanout.clear();
    return;
  }
  const double threshold = scoring_.publish_threshold;
  std::erase_if(topic.fanout, [&](const Peer* peer) { return peer->heartbeat_score < threshold; });
  if (topic.fanout.size() >= options_.d) return;
  const auto wanted = [&](const Peer& peer) {
    return peer.meshes() && !peer.direct && !contains(topic.fanout, const_cast<Peer*>(&peer)) &&
           peer.heartbeat_score >= threshold;
  };
  for (Peer* peer : choose(topic, options_.d - topic.fanout.size(), wanted)) topic.fanout.push_back(peer);
}

// v1.1 "Adaptive Gossip Dissemination": to a share of the peers, and to d_lazy at least.
void Router::emit_gossip(Topic& topic, const std::vector<Peer*>& except) {
  if (gossip_frame(topic).body.empty()) return;
  const auto wanted = [&](const Peer& peer) {
    return peer.meshes() && !peer.direct && !contains(except, const_cast<Peer*>(&peer)) &&
           peer.heartbeat_score >= scoring_.gossip_threshold;
  };
  std::vector<Peer*> receivers = choose(topic, topic.members.size(), wanted);
  const auto share = static_cast<std::size_t>(options_.gossip_factor.value() * static_cast<double>(receivers.size()));
  const std::size_t count = std::max<std::size_t>(share, options_.d_lazy);
  if (receivers.size() > count) receivers.resize(count);
  for (Peer* peer : receivers) pending(*peer).ihave.push_back(&topic);
}

}  // namespace ghostnet::gossipsub
