#include "ghostnet/crypto/ed25519.hpp"

#include <cassert>
#include <optional>

#include "ghostnet/crypto/shared_results.hpp"
#include "sodium.hpp"

namespace ghostnet::crypto {

Ed25519KeyPair Ed25519KeyPair::generate(SecureRandom& random) {
  return from_seed(random.secret<kEd25519SeedBytes>().view());
}

Ed25519KeyPair Ed25519KeyPair::from_seed(ByteView seed) {
  assert(seed.size() == kEd25519SeedBytes);
  prepare_sodium();
  SeedAndPublic secret;
  Ed25519PublicKey public_key;
  crypto_sign_ed25519_seed_keypair(public_key.data(), secret.data(), seed.data());
  return Ed25519KeyPair(std::move(secret));
}

Ed25519Signature Ed25519KeyPair::sign(ByteView message) const {
  Ed25519Signature signature;
  crypto_sign_ed25519_detached(signature.data(), nullptr, message.data(), message.size(), secret_.data());
  return signature;
}

bool ed25519_verify(ByteView public_key, ByteView message, ByteView signature) {
  if (public_key.size() != kEd25519PublicBytes || signature.size() != kEd25519SignatureBytes) return false;
  prepare_sodium();
  const auto verify = [&] {
    return crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(), public_key.data()) ==
           0;
  };
  SharedResults* const shared = SharedResults::in_use();
  if (shared == nullptr) return verify();
  const SharedResults::Key key = SharedResults::key_of_verification(public_key, message, signature);
  if (const std::optional<bool> known = shared->verified(key)) return *known;
  const bool fits = verify();
  shared->keep_verified(key, fits);
  return fits;
}

}  // namespace ghostnet::crypto
