// Lookup: an iterative search for the peers nearest to a key, without network or clock (kad-dht, "Peer routing").
//
//   Lookup lookup(target, seeds, options);
//   while (auto peer = lookup.next()) ask(*peer);             // up to alpha at once; later answers make room for more
//   lookup.answered(peer, closer) or lookup.failed(peer)      // for each that was asked
//   until lookup.finished(): lookup.closest()
//
// With `paths` above 1 the seeds are dealt out to disjoint paths, and a peer that one of them met is not asked by
// another (S/Kademlia), so that a liar leads only one of them astray. It ends when the k nearest that it heard of, and
// that did not fail, have answered. Once the `beta` nearest have, nobody nearer is likely to turn up: then the rest of
// the k are asked at once, beyond alpha (Kademlia 2.3; go-libp2p-kad-dht's follow-up).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ghostnet/kademlia/key.hpp"
#include "ghostnet/libp2p/peer_id.hpp"

namespace ghostnet::kademlia {

struct LookupOptions {
  std::size_t k = 20;
  std::size_t alpha = 10;
  std::size_t beta = 3;
  std::size_t paths = 1;
  std::size_t max_candidates = 1024;  // that are remembered; the farthest are forgotten
};

class Lookup {
 public:
  Lookup(const Key& target, std::span<const libp2p::PeerId> seeds, const libp2p::PeerId& own,
         const LookupOptions& options);

  // Whom to ask now; it counts as asked. Nothing: all that may be under way is, or nobody is left.
  std::optional<libp2p::PeerId> next();
  void answered(const libp2p::PeerId& peer, std::span<const libp2p::PeerId> closer);
  void failed(const libp2p::PeerId& peer);
  bool finished() const;

  // Those that answered, nearest first, at most k.
  std::vector<libp2p::PeerId> closest() const;

  // How many were asked, and how far from a seed (which is 1) the nearest that answered was heard of.
  std::size_t asked() const { return asked_; }
  std::size_t hops() const;

 private:
  enum class State : std::uint8_t { heard, asked, answered, failed };
  struct Candidate {
    Distance distance;
    libp2p::PeerId peer;
    State state = State::heard;
    std::uint16_t hops = 1;
    std::uint16_t path = 0;
  };

  Candidate* find(const libp2p::PeerId& peer);
  void hear(const libp2p::PeerId& peer, std::uint16_t hops, std::uint16_t path);
  // Whether of the nearest `count` of the path, without those that failed, all have answered.
  bool nearest_answered(std::uint16_t path, std::size_t count) const;

  Key target_;
  libp2p::PeerId own_;
  LookupOptions options_;
  std::vector<Candidate> candidates_;  // nearest first
  std::size_t under_way_ = 0;
  std::size_t asked_ = 0;
  std::uint16_t next_path_ = 0;
};

}  // namespace ghostnet::kademlia
