#include "ghostnet/crypto/random.hpp"

#define OPENSSL_SUPPRESS_DEPRECATED  // RAND_METHOD is the one seam that every use of OpenSSL's randomness passes
#include <openssl/rand.h>
#include <sodium.h>

#include <cstdint>

namespace ghostnet::crypto {
namespace {

thread_local SecureRandom* current = nullptr;

void draw(void* bytes, std::size_t size) {
  const MutableByteView out(static_cast<std::uint8_t*>(bytes), size);
  if (current != nullptr) return current->fill(out);
  randombytes_sysrandom_implementation.buf(bytes, size);
}

// ---- libsodium ----

const char* sodium_name() { return "ghostnet"; }
std::uint32_t sodium_draw_number() {
  std::uint32_t number = 0;
  draw(&number, sizeof number);
  return number;
}

randombytes_implementation sodium_seam = {.implementation_name = sodium_name,
                                          .random = sodium_draw_number,
                                          .stir = nullptr,
                                          .uniform = nullptr,
                                          .buf = draw,
                                          .close = nullptr};

// ---- OpenSSL ----

int openssl_draw(unsigned char* bytes, int size) {
  if (size > 0) draw(bytes, static_cast<std::size_t>(size));
  return 1;
}
int openssl_status() { return 1; }

const RAND_METHOD openssl_seam = {.seed = nullptr,
                                  .bytes = openssl_draw,
                                  .cleanup = nullptr,
                                  .add = nullptr,
                                  .pseudorand = openssl_draw,
                                  .status = openssl_status};

// Both libraries ask us from the first use on.
bool install_seams() {
  randombytes_set_implementation(&sodium_seam);
  const bool sodium_works = sodium_init() >= 0;
  return sodium_works && RAND_set_rand_method(&openssl_seam) == 1;
}

void ensure_seams() {
  static const bool installed = install_seams();
  if (!installed) throw std::runtime_error("the cryptographic libraries refused their source of randomness");
}

}  // namespace

void SystemRandom::fill(MutableByteView bytes) {
  ensure_seams();
  if (!bytes.empty()) randombytes_sysrandom_implementation.buf(bytes.data(), bytes.size());
}

RandomnessFrom::RandomnessFrom(SecureRandom& source) : before_(current) {
  ensure_seams();
  current = &source;
}

RandomnessFrom::~RandomnessFrom() { current = before_; }

}  // namespace ghostnet::crypto
