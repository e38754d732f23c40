// ChaCha20: the vectors of RFC 8439, and libsodium's at every length that cuts blocks and groups of them differently.
#include "ghostnet/crypto/chacha20.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include <numeric>
#include <vector>

#include "ghostnet/crypto/aead.hpp"

namespace ghostnet::crypto {
namespace {

std::vector<std::uint8_t> counting(std::size_t size, std::uint8_t first) {
  std::vector<std::uint8_t> bytes(size);
  std::iota(bytes.begin(), bytes.end(), first);
  return bytes;
}

// RFC 8439 2.3.2.
TEST(ChaCha20, TheBlockOfRfc8439) {
  const std::vector<std::uint8_t> key = counting(32, 0);
  const std::array<std::uint8_t, 12> nonce = {0, 0, 0, 9, 0, 0, 0, 0x4a};
  ChaChaBlocks blocks;
  chacha20_blocks(key.data(), nonce.data(), 1, blocks);
  EXPECT_EQ(to_hex(ByteView(blocks).first(kChaChaBlockBytes)),
            "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
            "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e");
}

// RFC 8439 2.4.2.
TEST(ChaCha20, TheCipherOfRfc8439) {
  const std::vector<std::uint8_t> key = counting(32, 0);
  const std::array<std::uint8_t, 12> nonce = {0, 0, 0, 0, 0, 0, 0, 0x4a};
  constexpr std::string_view kText =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
      "it.";
  std::vector<std::uint8_t> out(kText.size());
  chacha20_xor(key.data(), nonce.data(), 1, as_bytes(kText), out.data());
  EXPECT_EQ(to_hex(ByteView(out).first(16)), "6e2e359a2568f98041ba0728dd0d6981");
  EXPECT_EQ(to_hex(ByteView(out).last(10)), "b40b8eedf2785e42874d");
}

TEST(ChaCha20, AgreesWithLibsodiumAtAllLengths) {
  const std::vector<std::uint8_t> key = counting(32, 77);
  const std::vector<std::uint8_t> nonce = counting(12, 200);
  const std::vector<std::uint8_t> text = counting(3000, 5);
  std::vector<std::uint8_t> ours(text.size());
  std::vector<std::uint8_t> theirs(text.size());
  for (std::size_t size = 0; size <= text.size(); size += size < 1100 ? 1 : 97) {
    chacha20_xor(key.data(), nonce.data(), 3, ByteView(text).first(size), ours.data());
    crypto_stream_chacha20_ietf_xor_ic(theirs.data(), text.data(), size, nonce.data(), 3, key.data());
    ASSERT_EQ(ours, theirs) << size;
    std::vector<std::uint8_t> in_place(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
    chacha20_xor(key.data(), nonce.data(), 3, in_place, in_place.data());
    ASSERT_TRUE(equal(in_place, ByteView(theirs).first(size))) << size;
  }
}

TEST(ChaCha20, AKeyOfTheAeadSealsAsLibsodiumDoes) {
  const std::vector<std::uint8_t> bytes = counting(kAeadKeyBytes, 3);
  const AeadKey key(AeadKind::chacha20_poly1305, bytes);
  const std::vector<std::uint8_t> nonce = counting(kAeadNonceBytes, 9);
  const std::vector<std::uint8_t> text = counting(6000, 1);
  for (const std::size_t associated_bytes : {0u, 1u, 13u, 16u, 40u}) {
    const ByteView associated = ByteView(text).first(associated_bytes);
    for (std::size_t size = 0; size <= text.size(); size += size < 300 ? 1 : 401) {
      std::vector<std::uint8_t> ours(size + kAeadTagBytes);
      std::vector<std::uint8_t> theirs(size + kAeadTagBytes);
      key.seal(nonce, associated, ByteView(text).first(size), ours.data());
      crypto_aead_chacha20poly1305_ietf_encrypt(theirs.data(), nullptr, text.data(), size, associated.data(),
                                                associated.size(), nullptr, nonce.data(), bytes.data());
      ASSERT_EQ(ours, theirs) << size << " and " << associated_bytes;
    }
  }
}

}  // namespace
}  // namespace ghostnet::crypto
