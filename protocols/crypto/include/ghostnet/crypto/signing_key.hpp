// ECDSA over P-256 and secp256k1, and RSA with PKCS #1 v1.5 (RFC 8017 8.2), all over SHA-256, of OpenSSL.
//
// Signatures of ECDSA are DER (RFC 3279 2.2.3). Keys are DER: public keys SubjectPublicKeyInfo (RFC 5280 4.1), private
// ones those of their own standard (RFC 5915, RFC 8017 A.1.2) or PKCS #8; a secp256k1 key is its point or its scalar.
// RSA keys have between kMinRsaBits and kMaxRsaBits: larger ones would cost whoever verifies more than who signs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "ghostnet/crypto/random.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::crypto {

enum class SigningKind : std::uint8_t { ecdsa_p256, ecdsa_secp256k1, rsa };

inline constexpr int kMinRsaBits = 2048;
inline constexpr int kMaxRsaBits = 8192;
inline constexpr std::size_t kSecp256k1PrivateBytes = 32;
inline constexpr std::size_t kSecp256k1PublicBytes = 33;  // compressed
inline constexpr std::size_t kMaxKeyDerBytes = 8192;

// A key that verifies, and signs where it has its private half. A few KiB: not for tables.
class SigningKey {
 public:
  // Errors: malformed, not_supported (another curve), limit (RSA of another size).
  static Result<SigningKey> from_public(SigningKind kind, ByteView encoded);
  static Result<SigningKey> from_private(SigningKind kind, ByteView encoded);
  // ECDSA only: not_supported for RSA, whose generation takes a second.
  static Result<SigningKey> generate(SigningKind kind, SecureRandom& random);

  SigningKind kind() const { return kind_; }
  // As from_public() and from_private() read them.
  std::vector<std::uint8_t> public_key() const;
  Result<std::vector<std::uint8_t>> private_key() const;

  Result<std::vector<std::uint8_t>> sign(ByteView message, SecureRandom& random) const;
  bool verify(ByteView message, ByteView signature) const;

 private:
  struct Key;
  SigningKey(SigningKind kind, std::shared_ptr<Key> key) : kind_(kind), key_(std::move(key)) {}

  SigningKind kind_;
  std::shared_ptr<Key> key_;
};

}  // namespace ghostnet::crypto
