// CipherState: a key and the count of messages under it (Noise, revision 34, section 5.1).
#pragma once

#include <cstdint>
#include <optional>

#include "ghostnet/crypto/aead.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::noise {

inline constexpr std::size_t kTagBytes = crypto::kAeadTagBytes;
inline constexpr std::size_t kMaxMessageBytes = 65'535;  // section 3
// The last nonce is kept for rekey().
inline constexpr std::uint64_t kNonceLimit = UINT64_MAX;

class CipherState {
 public:
  // Without a key, bytes pass as they are.
  explicit CipherState(crypto::AeadKind kind) : kind_(kind) {}
  CipherState(crypto::AeadKind kind, ByteView key) : kind_(kind), key_(std::in_place, kind, key) {}

  bool has_key() const { return key_.has_value(); }
  // What encryption adds.
  std::size_t overhead_bytes() const { return has_key() ? kTagBytes : 0; }

  // Writes plaintext.size() + overhead_bytes() bytes to `ciphertext`, which may begin where the plaintext does. limit
  // when all nonces are used up.
  Result<> encrypt(ByteView associated, ByteView plaintext, std::uint8_t* ciphertext);
  // Writes ciphertext.size() - overhead_bytes() bytes. malformed when the tag does not fit; the nonce then stands
  // still.
  Result<> decrypt(ByteView associated, ByteView ciphertext, std::uint8_t* plaintext);

  // Section 4.2: another key that only this one leads to. Both sides do it at the same message.
  void rekey();

  std::uint64_t nonce() const { return nonce_; }
  // For transports that lose or reorder messages and carry the nonce with them (section 11.4).
  void set_nonce(std::uint64_t nonce) { nonce_ = nonce; }

 private:
  using NonceBytes = std::array<std::uint8_t, crypto::kAeadNonceBytes>;
  NonceBytes nonce_bytes(std::uint64_t nonce) const;

  crypto::AeadKind kind_;
  std::optional<crypto::AeadKey> key_;
  std::uint64_t nonce_ = 0;
};

}  // namespace ghostnet::noise
