// AeadKey: authenticated encryption with a 32-byte key: ChaCha20-Poly1305 (RFC 8439) and AES-256-GCM (NIST SP 800-38D).
//
// In place, or from one memory to another that does not overlap it otherwise. The caller never uses a nonce twice with
// one key. A ChaCha20-Poly1305 key is nothing but its 32 bytes: short messages go through libsodium, from
// kLongMessageBytes on through OpenSSL, by one context of the thread that is keyed anew where the key changed
// (measured with another key each time: libsodium takes 0.4 us for 60 bytes, 1.25 for 1,150 and 1.4 for 1,300, OpenSSL
// 1.1, 1.45 and 1.4, and then less; a context of its own for every key would cost 1 KiB). An AES-256-GCM key has its
// own context, since its key schedule is what costs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "ghostnet/crypto/secret.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::crypto {

enum class AeadKind : std::uint8_t { chacha20_poly1305, aes_256_gcm };

inline constexpr std::size_t kAeadKeyBytes = 32;
inline constexpr std::size_t kAeadNonceBytes = 12;
inline constexpr std::size_t kAeadTagBytes = 16;

class AeadKey {
 public:
  static constexpr std::size_t kLongMessageBytes = 1280;

  AeadKey(AeadKind kind, ByteView key);
  AeadKey(AeadKey&&) noexcept = default;
  AeadKey& operator=(AeadKey&& other) noexcept;
  ~AeadKey() { forget(); }

  // Writes plaintext.size() + kAeadTagBytes bytes to `sealed`, which may begin where `plaintext` does.
  void seal(ByteView nonce, ByteView associated, ByteView plaintext, std::uint8_t* sealed) const;

  // Writes sealed.size() - kAeadTagBytes bytes to `plaintext`, which may begin where `sealed` does. malformed, and what
  // was written is of no use, when the tag does not fit.
  Result<> open(ByteView nonce, ByteView associated, ByteView sealed, std::uint8_t* plaintext) const;

  AeadKind kind() const { return kind_; }

 private:
  struct Context;
  struct FreeContext {
    void operator()(Context* context) const;
  };

  // A key that goes, or that another takes the place of, does not stay behind in the thread's context either.
  void forget();
  void seal_long(ByteView nonce, ByteView associated, ByteView plaintext, std::uint8_t* sealed) const;
  bool open_long(ByteView nonce, ByteView associated, ByteView sealed, std::uint8_t* plaintext) const;

  Secret<kAeadKeyBytes> key_;
  AeadKind kind_;
  std::unique_ptr<Context, FreeContext> context_;  // of AES-256-GCM
};

}  // namespace ghostnet::crypto
