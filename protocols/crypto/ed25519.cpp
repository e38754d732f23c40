#include "ghostnet/crypto/ed25519.hpp"

#include <sodium.h>

#include <cassert>

namespace ghostnet::crypto {

Ed25519KeyPair Ed25519KeyPair::generate(SecureRandom& random) {
  return from_seed(random.secret<kEd25519SeedBytes>().view());
}

Ed25519KeyPair Ed25519KeyPair::from_seed(ByteView seed) {
  assert(seed.size() == kEd25519SeedBytes);
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
  return public_key.size() == kEd25519PublicBytes && signature.size() == kEd25519SignatureBytes &&
         crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(), public_key.data()) == 0;
}

}  // namespace ghostnet::crypto
