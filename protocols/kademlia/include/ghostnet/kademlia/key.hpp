// Key: a point of the Kademlia key space, and distances between points (libp2p/specs, kad-dht, "Distance").
//
// Peers, records and content all lie at the SHA-256 of their bytes. The distance is the exclusive or of two points, as
// a number of 256 bits.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>

#include "ghostnet/libp2p/peer_id.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::kademlia {

class Distance {
 public:
  static constexpr std::size_t kBits = 256;

  friend std::strong_ordering operator<=>(const Distance&, const Distance&) = default;
  friend bool operator==(const Distance&, const Distance&) = default;
  // How many bits two points share from the front; kBits when they are the same.
  std::size_t common_prefix_bits() const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (words_[i] != 0) return 64 * i + static_cast<std::size_t>(std::countl_zero(words_[i]));
    }
    return kBits;
  }

 private:
  friend class Key;
  std::array<std::uint64_t, 4> words_{};  // the most significant first
};

class Key {
 public:
  Key() = default;
  static Key of(ByteView bytes);
  static Key of(const libp2p::PeerId& peer) { return of(peer.bytes()); }
  static Key from_words(const std::array<std::uint64_t, 4>& words) {
    Key key;
    key.words_ = words;
    return key;
  }

  Distance distance_to(const Key& other) const {
    Distance distance;
    for (std::size_t i = 0; i < words_.size(); ++i) distance.words_[i] = words_[i] ^ other.words_[i];
    return distance;
  }
  const std::array<std::uint64_t, 4>& words() const { return words_; }

  friend bool operator==(const Key&, const Key&) = default;

 private:
  std::array<std::uint64_t, 4> words_{};
};

}  // namespace ghostnet::kademlia
