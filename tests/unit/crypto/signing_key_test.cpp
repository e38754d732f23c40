// Keys of peers: what is read, and that what cannot be read costs nothing (under AddressSanitizer: leaks nothing).
#include "ghostnet/crypto/signing_key.hpp"

#include <gtest/gtest.h>

#include "ghostnet/crypto/der.hpp"

namespace ghostnet::crypto::signing_key_test {
namespace {

constexpr std::uint8_t kRsaAlgorithm[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};

std::vector<std::uint8_t> der(DerTag tag, std::initializer_list<std::vector<std::uint8_t>> parts) {
  std::vector<std::uint8_t> contents;
  for (const auto& part : parts) contents.insert(contents.end(), part.begin(), part.end());
  std::vector<std::uint8_t> element;
  append_der(element, tag, contents);
  return element;
}

// A public key of RSA with the modulus 2^(bits-1) + 1, which nobody has to have the factors of.
std::vector<std::uint8_t> rsa_key(std::size_t bits, std::vector<std::uint8_t> exponent = {0x01, 0x00, 0x01}) {
  std::vector<std::uint8_t> modulus(bits / 8 + 1);
  modulus[1] = 0x80;
  modulus.back() |= 1;
  const auto numbers =
      der(DerTag::sequence, {der(DerTag::integer, {modulus}), der(DerTag::integer, {std::move(exponent)})});
  return der(DerTag::sequence, {der(DerTag::sequence, {{std::begin(kRsaAlgorithm), std::end(kRsaAlgorithm)}}),
                                der(DerTag::bit_string, {{0}, numbers})});
}

std::vector<std::uint8_t> p256_key() {
  SystemRandom random;
  return SigningKey::generate(SigningKind::ecdsa_p256, random)->public_key();
}

TEST(SigningKey, PublicKeysAreReadAndWrittenInTheSameBytes) {
  for (const auto& [kind, encoded] : {std::pair(SigningKind::ecdsa_p256, p256_key()),  //
                                      std::pair(SigningKind::rsa, rsa_key(2048)),      //
                                      std::pair(SigningKind::rsa, rsa_key(8192))}) {
    const auto key = SigningKey::from_public(kind, encoded);
    ASSERT_TRUE(key) << key.error().message();
    EXPECT_EQ(key->public_key(), encoded);
  }
}

TEST(SigningKey, ChangedAnywhereAKeyIsAnotherOrNone) {
  for (const auto& [kind, encoded] :
       {std::pair(SigningKind::ecdsa_p256, p256_key()), std::pair(SigningKind::rsa, rsa_key(2048))}) {
    for (std::size_t i = 0; i < encoded.size(); ++i) {
      for (std::uint8_t mask : {0x01, 0x02}) {
        std::vector<std::uint8_t> changed = encoded;
        changed[i] ^= mask;
        const auto key = SigningKey::from_public(kind, changed);
        if (key) EXPECT_EQ(key->public_key(), changed) << "byte " << i;
      }
      EXPECT_EQ(SigningKey::from_public(kind, ByteView(encoded).first(i)).error(), Errc::malformed);
    }
    std::vector<std::uint8_t> longer = encoded;
    longer.push_back(0);
    EXPECT_EQ(SigningKey::from_public(kind, longer).error(), Errc::malformed);
  }
}

TEST(SigningKey, RefusesKeysThatCostWhoVerifies) {
  EXPECT_EQ(SigningKey::from_public(SigningKind::rsa, rsa_key(1024)).error(), Errc::limit);
  EXPECT_EQ(SigningKey::from_public(SigningKind::rsa, rsa_key(16'384)).error(), Errc::limit);
  EXPECT_EQ(SigningKey::from_public(SigningKind::rsa, rsa_key(2048, {1, 0, 0, 0, 1})).error(), Errc::limit);
  EXPECT_EQ(SigningKey::from_public(SigningKind::rsa, rsa_key(2048, {1})).error(), Errc::malformed);
  EXPECT_EQ(SigningKey::from_public(SigningKind::rsa, rsa_key(2048, {4})).error(), Errc::malformed);
}

TEST(SigningKey, AKeyOfOneKindIsNoneOfAnother) {
  EXPECT_EQ(SigningKey::from_public(SigningKind::rsa, p256_key()).error(), Errc::malformed);
  EXPECT_EQ(SigningKey::from_public(SigningKind::ecdsa_p256, rsa_key(2048)).error(), Errc::malformed);
  std::vector<std::uint8_t> p384 = p256_key();
  p384[22] ^= 1;  // the curve's name, somewhere
  EXPECT_EQ(SigningKey::from_public(SigningKind::ecdsa_p256, p384).error(), Errc::not_supported);
}

}  // namespace
}  // namespace ghostnet::crypto::signing_key_test
