// What a router keeps of its peers and topics; for its own sources.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ghostnet/gossipsub/router.hpp"

namespace ghostnet::gossipsub {

// Control for one peer that leaves in one RPC.
struct Router::Pending {
  struct PrunedTopic {
    Topic* topic;
    Px px;
    Duration backoff;
  };
  std::vector<Topic*> graft{};
  std::vector<PrunedTopic> prune{};
  std::vector<Topic*> ihave{};
};

struct Router::Peer {
  struct Unwanted {
    std::uint64_t message_hash;
    std::uint64_t until_tick;
  };

  Peer(PeerHandle as, const PeerDescription& description, std::uint64_t id_key)
      : handle(as), about(description), key(id_key) {}

  PeerHandle handle;
  PeerDescription about;
  std::uint64_t key;  // of its id, for backoffs
  PeerScores::Slot score = PeerScores::kNone;
  bool direct = false;
  std::vector<std::string> topics{};  // that it subscribes to
  SendQueue queue{};
  std::unique_ptr<Pending> pending{};
  std::vector<Unwanted> unwanted{};  // of IDONTWANT
  std::uint32_t ihave_messages = 0;  // since the last heartbeat, as the ones below
  std::uint32_t asked_ids = 0;
  std::uint32_t idontwant_messages = 0;
  std::uint32_t idontwant_ids = 0;
  std::uint32_t invalid_messages = 0;
  std::uint32_t subscription_changes = 0;
  double heartbeat_score = 0;  // as it was when the heartbeat began

  bool meshes() const { return about.version != Version::floodsub; }
  bool does_not_want(std::uint64_t message_hash) const {
    return std::ranges::any_of(unwanted, [&](const Unwanted& one) { return one.message_hash == message_hash; });
  }
};

struct Router::Topic {
  struct Backoff {
    std::uint64_t peer_key;
    TimePoint until;
  };
  static constexpr std::size_t kMaxBackoffs = 16'384;

  std::string name{};
  std::uint32_t number = 0;
  bool subscribed = false;
  std::vector<Peer*> members{};  // peers that subscribe to it
  std::vector<Peer*> mesh{};
  std::vector<Peer*> fanout{};
  std::vector<Backoff> backoffs{};  // by peer
  TimePoint last_published{};
  Frame gossip{};                // the IHAVE of this heartbeat; without a body when it is not made yet
  std::uint64_t gossip_ids = 0;  // in it

  const Backoff* backoff_of(const Peer& peer) const {
    const auto found = std::ranges::lower_bound(backoffs, peer.key, {}, &Backoff::peer_key);
    return found == backoffs.end() || found->peer_key != peer.key ? nullptr : &*found;
  }
};

template <class T>
bool contains(const std::vector<T>& all, const T& one) {
  return std::ranges::find(all, one) != all.end();
}

// Whether it was there.
template <class T>
bool remove(std::vector<T>& all, const T& one) {
  const auto at = std::ranges::find(all, one);
  if (at == all.end()) return false;
  all.erase(at);
  return true;
}

// Up to `count` members of a topic that are wanted, chosen at random.
template <class Wanted>
std::vector<Router::Peer*> Router::choose(const Topic& topic, std::size_t count, Wanted wanted) {
  std::vector<Peer*> chosen;
  for (Peer* peer : topic.members) {
    if (wanted(*peer)) chosen.push_back(peer);
  }
  random_.shuffle(chosen);
  if (chosen.size() > count) chosen.resize(count);
  return chosen;
}

}  // namespace ghostnet::gossipsub
