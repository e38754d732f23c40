#include "ghostnet/kademlia/key.hpp"

#include "ghostnet/crypto/hash.hpp"

namespace ghostnet::kademlia {

Key Key::of(ByteView bytes) {
  const crypto::Sha256Digest digest = crypto::sha256(bytes);
  Key key;
  for (std::size_t i = 0; i < key.words_.size(); ++i) key.words_[i] = load_be<std::uint64_t>(digest.data() + 8 * i);
  return key;
}

}  // namespace ghostnet::kademlia
