// Hash functions, HMAC and HKDF.
//
// SHA-256 and SHA-512 (FIPS 180-4) and BLAKE2s (RFC 7693) are OpenSSL's, which uses the processor's instructions;
// BLAKE2b (RFC 7693) is libsodium's. HMAC is RFC 2104, HKDF RFC 5869. Nothing here fails.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ghostnet/runtime/bytes.hpp"

namespace ghostnet::crypto {

enum class HashKind : std::uint8_t { sha256, sha512, blake2s, blake2b };

inline constexpr std::size_t kMaxHashBytes = 64;

constexpr std::size_t hash_bytes(HashKind kind) {
  return kind == HashKind::sha256 || kind == HashKind::blake2s ? 32 : 64;
}
// The block of HMAC.
constexpr std::size_t hash_block_bytes(HashKind kind) {
  return kind == HashKind::sha256 || kind == HashKind::blake2s ? 64 : 128;
}

using Sha256Digest = std::array<std::uint8_t, 32>;
using Sha512Digest = std::array<std::uint8_t, 64>;

// Bytes in any number of pieces, then the digest, once. Wiped when it goes.
class Hasher {
 public:
  explicit Hasher(HashKind kind);
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  ~Hasher();

  Hasher& update(ByteView bytes);
  // Into the first hash_bytes(kind) of `digest`.
  void finish(MutableByteView digest);

 private:
  static constexpr std::size_t kStateBytes = 384;

  HashKind kind_;
  alignas(64) std::array<std::uint8_t, kStateBytes> state_;
};

void hash(HashKind kind, ByteView bytes, MutableByteView digest);
Sha256Digest sha256(ByteView bytes);
// Of the parts, one behind the other. Where hosts of one process share what they compute (shared_results.hpp), a long
// input that was seen a moment ago is compared instead of hashed.
Sha256Digest sha256_of(std::span<const ByteView> parts);
Sha512Digest sha512(ByteView bytes);

class Hmac {
 public:
  Hmac(HashKind kind, ByteView key);
  ~Hmac();

  Hmac& update(ByteView bytes) {
    inner_.update(bytes);
    return *this;
  }
  void finish(MutableByteView digest);

 private:
  HashKind kind_;
  Hasher inner_;
  std::array<std::uint8_t, 128> outer_pad_;
};

void hmac(HashKind kind, ByteView key, ByteView message, MutableByteView digest);

// RFC 5869 2.2 and 2.3. `prk` has hash_bytes(kind) bytes; `out` at most 255 times as many.
void hkdf_extract(HashKind kind, ByteView salt, ByteView input, MutableByteView prk);
void hkdf_expand(HashKind kind, ByteView prk, ByteView info, MutableByteView out);

}  // namespace ghostnet::crypto
