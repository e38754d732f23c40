#include "ghostnet/noise/cipher_state.hpp"

#include <cstring>

#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::noise {

Result<> CipherState::encrypt(ByteView associated, ByteView plaintext, std::uint8_t* ciphertext) {
  if (!key_) {
    if (!plaintext.empty()) std::memmove(ciphertext, plaintext.data(), plaintext.size());
    return {};
  }
  if (nonce_ == kNonceLimit) return fail(Errc::limit, "all nonces of a Noise key are used up");
  key_->seal(nonce_bytes(nonce_++), associated, plaintext, ciphertext);
  return {};
}

Result<> CipherState::decrypt(ByteView associated, ByteView ciphertext, std::uint8_t* plaintext) {
  if (!key_) {
    if (!ciphertext.empty()) std::memmove(plaintext, ciphertext.data(), ciphertext.size());
    return {};
  }
  if (nonce_ == kNonceLimit) return fail(Errc::limit, "all nonces of a Noise key are used up");
  if (Result<> opened = key_->open(nonce_bytes(nonce_), associated, ciphertext, plaintext); !opened) return opened;
  ++nonce_;
  return {};
}

void CipherState::rekey() {
  const std::array<std::uint8_t, crypto::kAeadKeyBytes> zeros{};
  crypto::Secret<crypto::kAeadKeyBytes + kTagBytes> sealed;
  key_->seal(nonce_bytes(kNonceLimit), {}, zeros, sealed.data());
  key_.emplace(kind_, sealed.view().first(crypto::kAeadKeyBytes));
}

// Sections 12.3 and 12.4: four zeros, then the number, little-endian for ChaChaPoly and big-endian for AESGCM.
CipherState::NonceBytes CipherState::nonce_bytes(std::uint64_t nonce) const {
  NonceBytes bytes{};
  if (kind_ == crypto::AeadKind::chacha20_poly1305) {
    store_le(bytes.data() + 4, nonce);
  } else {
    store_be(bytes.data() + 4, nonce);
  }
  return bytes;
}

}  // namespace ghostnet::noise
