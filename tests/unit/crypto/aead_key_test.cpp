// Where a key is in memory: while it is in use, and after it went.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "ghostnet/crypto/aead.hpp"

namespace ghostnet::crypto::aead_key_test {
namespace {

constexpr std::uint8_t kMask = 0xa5;
constexpr std::size_t kMaxRegionBytes = 64 * 1024 * 1024;  // a sanitizer's own regions are longer

using Masked = std::array<std::uint8_t, kAeadKeyBytes>;  // so that what is looked for is not found in what looks

// How often the key's bytes stand anywhere in this process's writable memory but for the stack of this thread. It reads
// what nobody gave it, which is what the address sanitizer is against.
__attribute__((no_sanitize("address"))) std::size_t copies_in_memory(const Masked& masked) {
  std::size_t copies = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char rights[8] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %7s", &begin, &end, rights) != 3) continue;
    const bool readable = std::strncmp(rights, "rw", 2) == 0;
    if (!readable || end - begin > kMaxRegionBytes || line.find("[stack]") != std::string::npos) continue;
    const auto* const bytes = reinterpret_cast<const volatile std::uint8_t*>(begin);
    for (std::size_t at = 0; at + masked.size() <= end - begin; at += 4) {
      std::size_t same = 0;
      while (same < masked.size() && bytes[at + same] == (masked[same] ^ kMask)) ++same;
      if (same == masked.size()) ++copies;
    }
  }
  return copies;
}

Masked masked_key(std::uint8_t seed) {
  Masked masked;
  for (std::size_t i = 0; i < masked.size(); ++i) masked[i] = static_cast<std::uint8_t>(seed + 37 * i);
  return masked;
}

AeadKey key_of(AeadKind kind, const Masked& masked) {
  auto bytes = masked;
  for (std::uint8_t& byte : bytes) byte ^= kMask;
  AeadKey key(kind, bytes);
  wipe(bytes);
  return key;
}

// A message long enough for OpenSSL, whose context then holds the key.
void use(const AeadKey& key) {
  std::vector<std::uint8_t> message(2 * AeadKey::kLongMessageBytes);
  const std::array<std::uint8_t, kAeadNonceBytes> nonce{};
  key.seal(nonce, {}, ByteView(message).first(AeadKey::kLongMessageBytes), message.data());
}

class KeyInMemory : public testing::Test {
 protected:
  void SetUp() override {
    auto key = std::make_unique<AeadKey>(key_of(AeadKind::chacha20_poly1305, first_));
    use(*key);
    if (copies_in_memory(first_) == 0) GTEST_SKIP() << "the heap of this build is not looked through";
  }
  const Masked first_ = masked_key(11);
  const Masked second_ = masked_key(110);
};

TEST_F(KeyInMemory, IsGoneWithItsOwner) {
  EXPECT_EQ(copies_in_memory(first_), 0u) << "of the set-up";
  auto key = std::make_unique<AeadKey>(key_of(AeadKind::chacha20_poly1305, first_));
  use(*key);
  EXPECT_GE(copies_in_memory(first_), 2u) << "its own and that of the thread's context";
  key.reset();
  EXPECT_EQ(copies_in_memory(first_), 0u);
}

TEST_F(KeyInMemory, IsGoneWhenAnotherTakesItsPlace) {
  for (const AeadKind second : {AeadKind::chacha20_poly1305, AeadKind::aes_256_gcm}) {
    auto key = std::make_unique<AeadKey>(key_of(AeadKind::chacha20_poly1305, first_));
    use(*key);
    *key = key_of(second, second_);
    EXPECT_EQ(key->kind(), second);
    EXPECT_EQ(copies_in_memory(first_), 0u);
    use(*key);
    EXPECT_EQ(copies_in_memory(first_), 0u);
  }
}

TEST_F(KeyInMemory, StaysWhereAKeyIsAssignedToItself) {
  auto key = std::make_unique<AeadKey>(key_of(AeadKind::chacha20_poly1305, first_));
  AeadKey& same = *key;
  *key = std::move(same);
  use(*key);
  EXPECT_GE(copies_in_memory(first_), 2u);
}

}  // namespace
}  // namespace ghostnet::crypto::aead_key_test
