// SharedResults: pure functions of public-key cryptography are computed once for all hosts of a thread.
//
// Where many hosts live in one process, they compute the same things: all peers of a host verify the signature of the
// same Noise key, and the two ends of a connection compute the same Diffie-Hellman secret, X25519(a, B) = X25519(b, A).
// While somebody holds a SharedResults, ed25519_verify() and the agreement of X25519 on this thread look first whether
// the outcome is known. Outcomes are the same with it and without; what is saved is time. It is for simulations of many
// hosts: whoever measures what one host computes leaves it out.
//
// Keyed by BLAKE2b-256 of the whole input, and for agreements by both public keys, so one entry cannot stand for
// another. A secret is forgotten when it was taken, verifications when there are kMaxEntries of them; both are bounded.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

#include "ghostnet/crypto/secret.hpp"
#include "ghostnet/runtime/bytes.hpp"

namespace ghostnet::crypto {

class SharedResults {
 public:
  static constexpr std::size_t kMaxEntries = 1 << 17;

  struct Counters {
    std::uint64_t verifications = 0;  // asked for
    std::uint64_t verifications_known = 0;
    std::uint64_t agreements = 0;
    std::uint64_t agreements_known = 0;
  };

  // That of this thread, made for the first who asks and gone with the last who holds it.
  static std::shared_ptr<SharedResults> of_this_thread();
  // Null while nobody holds it.
  static SharedResults* in_use();

  const Counters& counters() const { return counters_; }

  // ---- for the functions that look here ----

  using Key = std::array<std::uint8_t, 32>;
  static Key key_of_verification(ByteView public_key, ByteView message, ByteView signature);
  static Key key_of_agreement(ByteView one_public_key, ByteView other_public_key);

  std::optional<bool> verified(const Key& key);
  void keep_verified(const Key& key, bool fits);
  // Copies the secret out and forgets it.
  bool take_agreed(const Key& key, MutableByteView shared);
  void keep_agreed(const Key& key, ByteView shared);

 private:
  struct HashOfKey {
    std::size_t operator()(const Key& key) const;
  };

  std::unordered_map<Key, bool, HashOfKey> verifications_;
  std::unordered_map<Key, Secret<32>, HashOfKey> agreements_;
  Counters counters_;
};

}  // namespace ghostnet::crypto
