// Peer ids for tests: of Ed25519 keys that nobody has the other half of.
#pragma once

#include <array>
#include <cstdint>

#include "ghostnet/libp2p/peer_id.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::kademlia::test {

inline libp2p::PeerId peer(std::uint32_t number) {
  std::array<std::uint8_t, 36> key{0x08, 0x01, 0x12, 0x20};  // the protobuf of an Ed25519 key
  store_be<std::uint32_t>(key.data() + 4, number);
  return libp2p::PeerId::of_encoded_key(key);
}

}  // namespace ghostnet::kademlia::test
