#include "ghostnet/crypto/key_agreement.hpp"

#include <openssl/evp.h>

#include <cassert>
#include <memory>
#include <new>

#include "ghostnet/crypto/free_by.hpp"
#include "ghostnet/crypto/shared_results.hpp"
#include "sodium.hpp"

namespace ghostnet::crypto {
namespace {

using KeyPointer = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;

KeyPointer x448_private(ByteView bytes) {
  KeyPointer key(EVP_PKEY_new_raw_private_key(EVP_PKEY_X448, nullptr, bytes.data(), bytes.size()));
  if (!key) throw std::bad_alloc();
  return key;
}

void x448_public_of(ByteView private_key, MutableByteView public_key) {
  std::size_t size = public_key.size();
  EVP_PKEY_get_raw_public_key(x448_private(private_key).get(), public_key.data(), &size);
}

bool x448(ByteView private_key, ByteView peer_public_key, MutableByteView shared) {
  const KeyPointer ours = x448_private(private_key);
  const KeyPointer theirs(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X448, nullptr, peer_public_key.data(), peer_public_key.size()));
  const std::unique_ptr<EVP_PKEY_CTX, FreeBy<EVP_PKEY_CTX_free>> context(EVP_PKEY_CTX_new(ours.get(), nullptr));
  std::size_t size = shared.size();
  return theirs && context && EVP_PKEY_derive_init(context.get()) == 1 &&
         EVP_PKEY_derive_set_peer(context.get(), theirs.get()) == 1 &&
         EVP_PKEY_derive(context.get(), shared.data(), &size) == 1;  // refuses a secret of zeros (RFC 7748 6.2)
}

bool x25519(const DhKeyPair& ours, ByteView peer_public_key, MutableByteView secret) {
  const auto agree = [&] {
    return crypto_scalarmult_curve25519(secret.data(), ours.private_key().data(), peer_public_key.data()) == 0;
  };
  SharedResults* const shared = SharedResults::in_use();
  if (shared == nullptr) return agree();
  const SharedResults::Key key = SharedResults::key_of_agreement(ours.public_key(), peer_public_key);
  if (shared->take_agreed(key, secret)) return true;
  if (!agree()) return false;
  shared->keep_agreed(key, secret.first(dh_bytes(CurveKind::x25519)));
  return true;
}

}  // namespace

DhKeyPair DhKeyPair::generate(CurveKind curve, SecureRandom& random) {
  Secret<kMaxDhBytes> drawn;
  const MutableByteView bytes = drawn.writable().first(dh_bytes(curve));
  random.fill(bytes);
  return from_private(curve, bytes);
}

DhKeyPair DhKeyPair::from_private(CurveKind curve, ByteView private_key) {
  assert(private_key.size() == dh_bytes(curve));
  DhKeyPair pair(curve);
  std::memcpy(pair.private_.data(), private_key.data(), private_key.size());
  if (curve == CurveKind::x25519) {
    prepare_sodium();
    crypto_scalarmult_curve25519_base(pair.public_.data(), pair.private_.data());
  } else {
    x448_public_of(private_key, MutableByteView(pair.public_).first(dh_bytes(curve)));
  }
  return pair;
}

DhKeyPair DhKeyPair::copy() const {
  DhKeyPair other(curve_);
  other.private_ = private_.copy();
  other.public_ = public_;
  return other;
}

Result<> DhKeyPair::agree(ByteView peer_public_key, MutableByteView shared) const {
  assert(shared.size() >= dh_bytes(curve_));
  if (peer_public_key.size() != dh_bytes(curve_)) return fail(Errc::malformed, "a public key of the wrong length");
  const bool agreed = curve_ == CurveKind::x25519
                          ? x25519(*this, peer_public_key, shared)
                          : x448(private_key(), peer_public_key, shared.first(dh_bytes(curve_)));
  if (!agreed) return fail(Errc::malformed, "the peer's public key has small order");
  return {};
}

}  // namespace ghostnet::crypto
