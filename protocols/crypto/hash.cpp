#include "ghostnet/crypto/hash.hpp"

#define OPENSSL_SUPPRESS_DEPRECATED  // the plain functions: fetching an algorithm costs more than a short message
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <memory>
#include <new>

#include "ghostnet/crypto/secret.hpp"
#include "ghostnet/crypto/shared_results.hpp"
#include "sodium.hpp"

namespace ghostnet::crypto {
namespace {

struct FreeDigest {
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
};

const EVP_MD* blake2s() {
  static const std::unique_ptr<EVP_MD, FreeDigest> md(EVP_MD_fetch(nullptr, "BLAKE2S-256", nullptr));
  assert(md && "OpenSSL 3 has BLAKE2s");
  return md.get();
}

template <class State, std::size_t N>
State& state_in(std::array<std::uint8_t, N>& room) {
  static_assert(sizeof(State) <= N);
  return *reinterpret_cast<State*>(room.data());
}

}  // namespace

Hasher::Hasher(HashKind kind) : kind_(kind) {
  switch (kind) {
    case HashKind::sha256: SHA256_Init(new (state_.data()) SHA256_CTX); break;
    case HashKind::sha512: SHA512_Init(new (state_.data()) SHA512_CTX); break;
    case HashKind::blake2s: {
      auto*& context = *new (state_.data()) EVP_MD_CTX*(EVP_MD_CTX_new());
      if (context == nullptr) throw std::bad_alloc();
      EVP_DigestInit_ex2(context, blake2s(), nullptr);
      break;
    }
    case HashKind::blake2b:
      prepare_sodium();
      crypto_generichash_blake2b_init(new (state_.data()) crypto_generichash_blake2b_state, nullptr, 0, 64);
      break;
  }
}

Hasher::~Hasher() {
  if (kind_ == HashKind::blake2s) EVP_MD_CTX_free(state_in<EVP_MD_CTX*>(state_));
  wipe(state_);
}

Hasher& Hasher::update(ByteView bytes) {
  if (bytes.empty()) return *this;
  switch (kind_) {
    case HashKind::sha256: SHA256_Update(&state_in<SHA256_CTX>(state_), bytes.data(), bytes.size()); break;
    case HashKind::sha512: SHA512_Update(&state_in<SHA512_CTX>(state_), bytes.data(), bytes.size()); break;
    case HashKind::blake2s: EVP_DigestUpdate(state_in<EVP_MD_CTX*>(state_), bytes.data(), bytes.size()); break;
    case HashKind::blake2b:
      crypto_generichash_blake2b_update(&state_in<crypto_generichash_blake2b_state>(state_), bytes.data(),
                                        bytes.size());
      break;
  }
  return *this;
}

void Hasher::finish(MutableByteView digest) {
  assert(digest.size() >= hash_bytes(kind_));
  switch (kind_) {
    case HashKind::sha256: SHA256_Final(digest.data(), &state_in<SHA256_CTX>(state_)); break;
    case HashKind::sha512: SHA512_Final(digest.data(), &state_in<SHA512_CTX>(state_)); break;
    case HashKind::blake2s: EVP_DigestFinal_ex(state_in<EVP_MD_CTX*>(state_), digest.data(), nullptr); break;
    case HashKind::blake2b:
      crypto_generichash_blake2b_final(&state_in<crypto_generichash_blake2b_state>(state_), digest.data(), 64);
      break;
  }
}

void hash(HashKind kind, ByteView bytes, MutableByteView digest) { Hasher(kind).update(bytes).finish(digest); }

Sha256Digest sha256(ByteView bytes) {
  Sha256Digest digest;
  hash(HashKind::sha256, bytes, digest);
  return digest;
}

Sha256Digest sha256_of(std::span<const ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  if (size >= SharedResults::kLeastDigestedBytes && size <= SharedResults::kMostDigestedBytes) {
    if (SharedResults* const shared = SharedResults::in_use()) return shared->sha256_of(parts);
  }
  Sha256Digest digest;
  Hasher hasher(HashKind::sha256);
  for (const ByteView part : parts) hasher.update(part);
  hasher.finish(digest);
  return digest;
}

Sha512Digest sha512(ByteView bytes) {
  Sha512Digest digest;
  hash(HashKind::sha512, bytes, digest);
  return digest;
}

// RFC 2104 2: the inner hash begins with the key xor 0x36, the outer one with the key xor 0x5c.
Hmac::Hmac(HashKind kind, ByteView key) : kind_(kind), inner_(kind), outer_pad_{} {
  const std::size_t block_bytes = hash_block_bytes(kind);
  if (key.size() > block_bytes) {
    hash(kind, key, outer_pad_);
  } else if (!key.empty()) {
    std::memcpy(outer_pad_.data(), key.data(), key.size());
  }
  const MutableByteView pad = MutableByteView(outer_pad_).first(block_bytes);
  for (std::uint8_t& byte : pad) byte ^= 0x36;
  inner_.update(pad);
  for (std::uint8_t& byte : pad) byte ^= 0x36 ^ 0x5c;
}

Hmac::~Hmac() { wipe(outer_pad_); }

void Hmac::finish(MutableByteView digest) {
  Secret<kMaxHashBytes> inner;
  inner_.finish(inner.writable());
  Hasher(kind_)
      .update(ByteView(outer_pad_).first(hash_block_bytes(kind_)))
      .update(inner.view().first(hash_bytes(kind_)))
      .finish(digest);
}

void hmac(HashKind kind, ByteView key, ByteView message, MutableByteView digest) {
  Hmac(kind, key).update(message).finish(digest);
}

void hkdf_extract(HashKind kind, ByteView salt, ByteView input, MutableByteView prk) { hmac(kind, salt, input, prk); }

void hkdf_expand(HashKind kind, ByteView prk, ByteView info, MutableByteView out) {
  const std::size_t step_bytes = hash_bytes(kind);
  assert(out.size() <= 255 * step_bytes);
  Secret<kMaxHashBytes> block;
  std::size_t block_bytes = 0;  // the first round hashes no block before it
  for (std::uint8_t counter = 1; !out.empty(); ++counter) {
    Hmac mac(kind, prk);
    mac.update(block.view().first(block_bytes)).update(info).update({&counter, 1}).finish(block.writable());
    block_bytes = step_bytes;
    const std::size_t taken = std::min(out.size(), step_bytes);
    std::memcpy(out.data(), block.data(), taken);
    out = out.subspan(taken);
  }
}

}  // namespace ghostnet::crypto
