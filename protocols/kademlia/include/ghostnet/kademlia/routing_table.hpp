// RoutingTable: peers in buckets by how many leading bits they share with this node (kad-dht, "Routing table").
//
// A bucket holds k peers. Full buckets keep whom they have, since old peers are the likely ones to stay, and remember
// a few replacements. No more than a few peers of one network (IPv4 /16, IPv6 /32) may stand in a bucket and in the
// whole, so that one operator cannot fill it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ghostnet/kademlia/key.hpp"
#include "ghostnet/libp2p/peer_id.hpp"
#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::kademlia {

struct RoutingTableOptions {
  std::size_t bucket_size = 20;  // k
  std::size_t max_replacements = 4;
  // 0: not limited. Loopback and private addresses are never limited.
  std::size_t max_of_network_in_bucket = 2;
  std::size_t max_of_network = 3;
};

class RoutingTable {
 public:
  struct Entry {
    libp2p::PeerId peer;
    Key key;
    std::uint64_t network = 0;  // 0: not limited
    TimePoint last_useful{};    // when it last answered
  };

  RoutingTable(const libp2p::PeerId& own, const RoutingTableOptions& options)
      : own_(Key::of(own)), own_id_(own), options_(options) {}

  // A peer that answers. False: it is known now as before, or there was no room.
  bool add(const libp2p::PeerId& peer, const IpAddress& address, TimePoint now);
  // It does not answer; a replacement takes its place, who is returned. False: it was not there.
  struct Removal {
    bool removed = false;
    std::optional<libp2p::PeerId> replacement{};
  };
  Removal remove(const libp2p::PeerId& peer);

  bool contains(const libp2p::PeerId& peer) const;
  std::size_t size() const { return size_; }
  // Those that have not answered from `since` on.
  std::vector<libp2p::PeerId> silent_since(TimePoint since) const;
  // The nearest to `target`, nearest first.
  std::vector<libp2p::PeerId> closest(const Key& target, std::size_t count) const;
  // A point that lies in the n-th bucket, for its refresh.
  Key random_key_in(std::size_t bucket, Random& random) const;
  // Up to the deepest one that holds a peer.
  std::size_t bucket_count() const { return buckets_.size(); }
  std::size_t bucket_of(const Key& key) const { return own_.distance_to(key).common_prefix_bits(); }
  const std::vector<Entry>& bucket(std::size_t n) const { return buckets_[n].entries; }

 private:
  struct Bucket {
    std::vector<Entry> entries{};
    std::vector<Entry> replacements{};
  };

  bool has_room_for(const Bucket& bucket, std::uint64_t network) const;

  Key own_;
  libp2p::PeerId own_id_;
  RoutingTableOptions options_;
  std::vector<Bucket> buckets_;  // by shared bits
  std::size_t size_ = 0;
};

}  // namespace ghostnet::kademlia
