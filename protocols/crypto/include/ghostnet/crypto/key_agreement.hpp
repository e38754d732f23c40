// Diffie-Hellman over Curve25519 and Curve448 (RFC 7748): X25519 is libsodium's, X448 OpenSSL's.
//
// A shared secret of zeros (the peer sent a point of small order) is refused: malformed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ghostnet/crypto/random.hpp"
#include "ghostnet/crypto/secret.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::crypto {

enum class CurveKind : std::uint8_t { x25519, x448 };

inline constexpr std::size_t kMaxDhBytes = 56;

// Of private keys, public keys and shared secrets alike.
constexpr std::size_t dh_bytes(CurveKind curve) { return curve == CurveKind::x25519 ? 32 : 56; }

// A private key and its public one; the first dh_bytes(curve) of each count.
class DhKeyPair {
 public:
  static DhKeyPair generate(CurveKind curve, SecureRandom& random);
  // Of dh_bytes(curve) bytes.
  static DhKeyPair from_private(CurveKind curve, ByteView private_key);

  DhKeyPair copy() const;

  CurveKind curve() const { return curve_; }
  ByteView public_key() const { return ByteView(public_).first(dh_bytes(curve_)); }
  ByteView private_key() const { return private_.view().first(dh_bytes(curve_)); }

  // The shared secret, into the first dh_bytes(curve) of `shared`.
  Result<> agree(ByteView peer_public_key, MutableByteView shared) const;

 private:
  explicit DhKeyPair(CurveKind curve) : curve_(curve) {}

  Secret<kMaxDhBytes> private_;
  std::array<std::uint8_t, kMaxDhBytes> public_{};
  CurveKind curve_;
};

}  // namespace ghostnet::crypto
