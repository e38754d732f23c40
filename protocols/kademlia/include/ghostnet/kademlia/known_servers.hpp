// KnownServers: the hosts of a directory by their points in the key space, for routing tables that are filled at the
// start of a run instead of by searching.
//
// What a table looks like after long refreshing, without the handshakes that it takes: of the servers in each bucket's
// part of the key space, k by chance. For simulations whose identities are made of the hosts' numbers.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "ghostnet/kademlia/key.hpp"
#include "ghostnet/kademlia/message.hpp"
#include "ghostnet/libp2p/service.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/service.hpp"

namespace ghostnet::kademlia {

class KnownServers {
 public:
  explicit KnownServers(const std::vector<PeerInfo>& servers);

  // One for all services of this thread that are given the same directory, as long as any of them holds it. Null where
  // identities are not made of the hosts' numbers.
  static std::shared_ptr<const KnownServers> of(const Directory& directory, const libp2p::Libp2pService& libp2p);

  // What the table of the peer at `own` holds, the first bucket first: at most `bucket_size` of each.
  std::vector<PeerInfo> table_of(const Key& own, std::size_t bucket_size, Random& random) const;

  std::size_t size() const { return servers_.size(); }

 private:
  struct Server {
    Key key;
    PeerInfo info;
  };
  // Places in servers_, of those that begin with the first `bits` bits of the key.
  struct Range {
    std::size_t begin;
    std::size_t end;
    std::size_t size() const { return end - begin; }
  };
  Range beginning_with(const Key& key, std::size_t bits) const;

  std::vector<Server> servers_;  // by key
};

}  // namespace ghostnet::kademlia
