// SharedResults: pure functions of cryptography are computed once for all hosts of a thread.
//
// Where many hosts live in one process, they compute the same things: all peers of a host verify the signature of the
// same Noise key, the two ends of a connection compute the same Diffie-Hellman secret, X25519(a, B) = X25519(b, A), and
// whoever receives a message that goes to all computes its digest. While somebody holds a SharedResults,
// ed25519_verify(), the agreement of X25519 and sha256_of() on this thread look first whether the outcome is known.
// Outcomes are the same with it and without; what is saved is time. It is for simulations of many hosts: whoever
// measures what one host computes leaves it out.
//
// Keyed by BLAKE2b-256 of the whole input, and for agreements by both public keys, so one entry cannot stand for
// another. A secret is forgotten when it was taken, verifications when there are kMaxEntries of them; both are bounded.
// Digests are kept beside their inputs, which are compared whole.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "ghostnet/crypto/hash.hpp"
#include "ghostnet/crypto/secret.hpp"
#include "ghostnet/runtime/bytes.hpp"

namespace ghostnet::crypto {

class SharedResults {
 public:
  static constexpr std::size_t kMaxEntries = 1 << 17;
  // Inputs whose digests are kept: one for each of so many places, within these sizes.
  static constexpr std::size_t kDigests = 256;
  static constexpr std::size_t kLeastDigestedBytes = 256;
  static constexpr std::size_t kMostDigestedBytes = 64 * 1024;

  struct Counters {
    std::uint64_t verifications = 0;  // asked for
    std::uint64_t verifications_known = 0;
    std::uint64_t agreements = 0;
    std::uint64_t agreements_known = 0;
    std::uint64_t digests = 0;
    std::uint64_t digests_known = 0;
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
  // The SHA-256 of the parts, one behind the other.
  Sha256Digest sha256_of(std::span<const ByteView> parts);

 private:
  struct HashOfKey {
    std::size_t operator()(const Key& key) const;
  };

  struct Digested {
    std::vector<std::uint8_t> input;
    Sha256Digest digest;
  };

  std::unordered_map<Key, bool, HashOfKey> verifications_;
  std::unordered_map<Key, Secret<32>, HashOfKey> agreements_;
  std::vector<Digested> digests_;  // kDigests of them, or none
  Counters counters_;
};

}  // namespace ghostnet::crypto
