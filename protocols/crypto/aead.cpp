#include "ghostnet/crypto/aead.hpp"

#include <openssl/evp.h>

#include <cassert>
#include <climits>
#include <new>
#include <utility>

#include "sodium.hpp"

namespace ghostnet::crypto {
namespace {

struct FreeCipher {
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
};
struct FreeCipherContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipherContext>;

// Fetched once: looking an algorithm up by name costs more than sealing a message.
const EVP_CIPHER* cipher_of(AeadKind kind) {
  static const std::unique_ptr<EVP_CIPHER, FreeCipher> chacha(EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr));
  static const std::unique_ptr<EVP_CIPHER, FreeCipher> aes(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
  const EVP_CIPHER* const cipher = kind == AeadKind::chacha20_poly1305 ? chacha.get() : aes.get();
  if (cipher == nullptr) throw std::bad_alloc();
  return cipher;
}

CipherContext new_context(AeadKind kind, const std::uint8_t* key) {
  CipherContext context(EVP_CIPHER_CTX_new());
  if (!context || EVP_CipherInit_ex(context.get(), cipher_of(kind), nullptr, key, nullptr, 1) != 1) {
    throw std::bad_alloc();
  }
  return context;
}

int size_of(ByteView bytes) {
  assert(bytes.size() <= INT_MAX);
  return static_cast<int>(bytes.size());
}

void seal_with(EVP_CIPHER_CTX* context, const std::uint8_t* key, ByteView nonce, ByteView associated,
               ByteView plaintext, std::uint8_t* sealed) {
  int written = 0;
  bool ok = EVP_CipherInit_ex(context, nullptr, nullptr, key, nonce.data(), 1) == 1;
  if (!associated.empty()) {
    ok = ok && EVP_EncryptUpdate(context, nullptr, &written, associated.data(), size_of(associated)) == 1;
  }
  if (!plaintext.empty()) {
    ok = ok && EVP_EncryptUpdate(context, sealed, &written, plaintext.data(), size_of(plaintext)) == 1;
  }
  ok = ok && EVP_EncryptFinal_ex(context, sealed + plaintext.size(), &written) == 1;
  ok = ok && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes, sealed + plaintext.size()) == 1;
  if (!ok) throw std::bad_alloc();  // sealing fails for want of memory alone
}

bool open_with(EVP_CIPHER_CTX* context, const std::uint8_t* key, ByteView nonce, ByteView associated, ByteView sealed,
               std::uint8_t* plaintext) {
  const ByteView body = sealed.first(sealed.size() - kAeadTagBytes);
  std::array<std::uint8_t, kAeadTagBytes> tag;
  std::memcpy(tag.data(), sealed.data() + body.size(), tag.size());
  int written = 0;
  bool ok = EVP_CipherInit_ex(context, nullptr, nullptr, key, nonce.data(), 0) == 1;
  if (!associated.empty()) {
    ok = ok && EVP_DecryptUpdate(context, nullptr, &written, associated.data(), size_of(associated)) == 1;
  }
  if (!body.empty()) {
    ok = ok && EVP_DecryptUpdate(context, plaintext, &written, body.data(), size_of(body)) == 1;
  }
  ok = ok && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, tag.data()) == 1;
  std::uint8_t nothing = 0;
  return ok && EVP_DecryptFinal_ex(context, &nothing, &written) == 1;
}

// The context of this thread for long messages under ChaCha20-Poly1305, and the key that it holds.
struct SharedContext {
  CipherContext context;
  Secret<kAeadKeyBytes> key;
  const AeadKey* last = nullptr;  // whose message was of middling length; it may be gone

  static SharedContext& of_this_thread() {
    thread_local SharedContext shared;
    return shared;
  }
};

// The context, and the key to give it: null where it has it already.
std::pair<EVP_CIPHER_CTX*, const std::uint8_t*> shared_context(const Secret<kAeadKeyBytes>& key) {
  SharedContext& shared = SharedContext::of_this_thread();
  if (!shared.context) {
    shared.context = new_context(AeadKind::chacha20_poly1305, key.data());
    shared.key = key.copy();
    return {shared.context.get(), nullptr};
  }
  if (shared.key == key) return {shared.context.get(), nullptr};
  shared.key = key.copy();
  return {shared.context.get(), key.data()};
}

// Keying the context is what makes OpenSSL the slower one below kLongMessageBytes: for a key that is used time and
// again it is the faster one from here on (1,024 bytes: 1.24 us, libsodium 1.39).
constexpr std::size_t kMiddlingBytes = 768;

bool is_for_openssl(const AeadKey* owner, std::size_t size) {
  if (size < kMiddlingBytes) return false;
  if (size >= AeadKey::kLongMessageBytes) return true;
  return std::exchange(SharedContext::of_this_thread().last, owner) == owner;
}

}  // namespace

struct AeadKey::Context {
  CipherContext cipher;
};

void AeadKey::FreeContext::operator()(Context* context) const { delete context; }

AeadKey::AeadKey(AeadKind kind, ByteView key) : kind_(kind) {
  assert(key.size() == kAeadKeyBytes);
  if (kind == AeadKind::aes_256_gcm) {
    context_.reset(new Context{new_context(kind, key.data())});
  } else {
    prepare_sodium();
    key_ = Secret<kAeadKeyBytes>::of(key);
  }
}

AeadKey& AeadKey::operator=(AeadKey&& other) noexcept {
  if (this == &other) return *this;
  forget();
  key_ = std::move(other.key_);
  kind_ = other.kind_;
  context_ = std::move(other.context_);
  return *this;
}

// OpenSSL wipes what it frees.
void AeadKey::forget() {
  SharedContext& shared = SharedContext::of_this_thread();
  if (!shared.context || !(shared.key == key_)) return;
  shared.context.reset();
  shared.key = Secret<kAeadKeyBytes>();
}

void AeadKey::seal(ByteView nonce, ByteView associated, ByteView plaintext, std::uint8_t* sealed) const {
  assert(nonce.size() == kAeadNonceBytes);
  if (context_ || is_for_openssl(this, plaintext.size())) return seal_long(nonce, associated, plaintext, sealed);
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed, nullptr, plaintext.data(), plaintext.size(), associated.data(),
                                            associated.size(), nullptr, nonce.data(), key_.data());
}

Result<> AeadKey::open(ByteView nonce, ByteView associated, ByteView sealed, std::uint8_t* plaintext) const {
  assert(nonce.size() == kAeadNonceBytes);
  if (sealed.size() < kAeadTagBytes) return fail(Errc::malformed, "sealed bytes shorter than their tag");
  bool fits = false;
  if (context_ || is_for_openssl(this, sealed.size() - kAeadTagBytes)) {
    fits = open_long(nonce, associated, sealed, plaintext);
  } else {
    fits =
        crypto_aead_chacha20poly1305_ietf_decrypt(plaintext, nullptr, nullptr, sealed.data(), sealed.size(),
                                                  associated.data(), associated.size(), nonce.data(), key_.data()) == 0;
  }
  if (!fits) return fail(Errc::malformed, "the tag of sealed bytes does not fit");
  return {};
}

void AeadKey::seal_long(ByteView nonce, ByteView associated, ByteView plaintext, std::uint8_t* sealed) const {
  if (context_) return seal_with(context_->cipher.get(), nullptr, nonce, associated, plaintext, sealed);
  const auto [context, key] = shared_context(key_);
  seal_with(context, key, nonce, associated, plaintext, sealed);
}

bool AeadKey::open_long(ByteView nonce, ByteView associated, ByteView sealed, std::uint8_t* plaintext) const {
  if (context_) return open_with(context_->cipher.get(), nullptr, nonce, associated, sealed, plaintext);
  const auto [context, key] = shared_context(key_);
  return open_with(context, key, nonce, associated, sealed, plaintext);
}

}  // namespace ghostnet::crypto
