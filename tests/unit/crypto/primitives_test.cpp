// The primitives against the vectors of their RFCs, and the seams against themselves.
#include <gtest/gtest.h>
#include <sodium.h>

#include "ghostnet/crypto/aead.hpp"
#include "ghostnet/crypto/ed25519.hpp"
#include "ghostnet/crypto/hash.hpp"
#include "ghostnet/crypto/key_agreement.hpp"
#include "ghostnet/crypto/signing_key.hpp"

namespace ghostnet::crypto::primitives_test {
namespace {

Bytes hex(std::string_view text) { return *parse_hex(text); }

std::string digest_of(HashKind kind, std::string_view text) {
  std::array<std::uint8_t, kMaxHashBytes> digest{};
  hash(kind, as_bytes(text), digest);
  return to_hex(ByteView(digest).first(hash_bytes(kind)));
}

// Before that libsodium computes in plain C, three times slower. 1: somebody has made it ready.
TEST(Libsodium, IsMadeReadyByWhoeverCallsIt) {
  const std::array<std::uint8_t, kAeadKeyBytes> key{};
  const AeadKey aead(AeadKind::chacha20_poly1305, key);
  EXPECT_EQ(sodium_init(), 1);
}

// FIPS 180-4 and RFC 7693, appendices A and B: "abc".
TEST(Hash, OfAbc) {
  EXPECT_EQ(digest_of(HashKind::sha256, "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest_of(HashKind::sha512, "abc"),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  EXPECT_EQ(digest_of(HashKind::blake2s, "abc"), "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
  EXPECT_EQ(digest_of(HashKind::blake2b, "abc"),
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
            "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

TEST(Hash, InPiecesIsTheSameAsInOne) {
  const std::string text(1000, 'x');
  for (HashKind kind : {HashKind::sha256, HashKind::sha512, HashKind::blake2s, HashKind::blake2b}) {
    Hasher hasher(kind);
    for (std::size_t at = 0; at < text.size(); at += 7) hasher.update(as_bytes(text.substr(at, 7)));
    std::array<std::uint8_t, kMaxHashBytes> digest{};
    hasher.finish(digest);
    EXPECT_EQ(to_hex(ByteView(digest).first(hash_bytes(kind))), digest_of(kind, text));
  }
}

// RFC 4231 4.3 (a key shorter than the digest) and 4.7 (one longer than the block).
TEST(Hmac, VectorsOfRfc4231) {
  std::array<std::uint8_t, 64> digest{};
  hmac(HashKind::sha256, as_bytes("Jefe"), as_bytes("what do ya want for nothing?"), digest);
  EXPECT_EQ(to_hex(ByteView(digest).first(32)), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  hmac(HashKind::sha512, std::vector<std::uint8_t>(131, 0xaa),
       as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"), digest);
  EXPECT_EQ(to_hex(digest),
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
            "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598");
}

// RFC 5869 A.1.
TEST(Hkdf, VectorOfRfc5869) {
  std::array<std::uint8_t, 32> prk{};
  hkdf_extract(HashKind::sha256, hex("000102030405060708090a0b0c").view(), std::vector<std::uint8_t>(22, 0x0b), prk);
  EXPECT_EQ(to_hex(prk), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  std::array<std::uint8_t, 42> okm{};
  hkdf_expand(HashKind::sha256, prk, hex("f0f1f2f3f4f5f6f7f8f9").view(), okm);
  EXPECT_EQ(to_hex(okm), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

// RFC 8439 2.8.2.
TEST(Aead, ChaCha20Poly1305OfRfc8439) {
  const Bytes key = hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const Bytes nonce = hex("070000004041424344454647");
  const Bytes associated = hex("50515253c0c1c2c3c4c5c6c7");
  constexpr std::string_view kText =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
      "it.";
  std::vector<std::uint8_t> sealed(kText.size() + kAeadTagBytes);
  AeadKey(AeadKind::chacha20_poly1305, key.view())
      .seal(nonce.view(), associated.view(), as_bytes(kText), sealed.data());
  EXPECT_EQ(to_hex(ByteView(sealed).first(16)), "d31a8d34648e60db7b86afbc53ef7ec2");
  EXPECT_EQ(to_hex(ByteView(sealed).last(16)), "1ae10b594f09e26a7e902ecbd0600691");
}

// McGrew and Viega, test case 16 of GCM.
TEST(Aead, Aes256Gcm) {
  const Bytes key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const Bytes text =
      hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0d"
          "e657ba637b39");
  std::vector<std::uint8_t> sealed(text.size() + kAeadTagBytes);
  AeadKey(AeadKind::aes_256_gcm, key.view())
      .seal(hex("cafebabefacedbaddecaf888").view(), hex("feedfacedeadbeeffeedfacedeadbeefabaddad2").view(), text.view(),
            sealed.data());
  EXPECT_EQ(to_hex(ByteView(sealed).last(16)), "76fc6ece0f4e1768cddf8853bb2d551b");
}

// The two libraries share the work by length: what one sealed the other opens, in place, at both sides of the border.
TEST(Aead, OpensInPlaceWhatWasSealedInPlace) {
  for (AeadKind kind : {AeadKind::chacha20_poly1305, AeadKind::aes_256_gcm}) {
    std::array<std::uint8_t, kAeadKeyBytes> bytes{1, 2, 3};
    const AeadKey key(kind, bytes);
    bytes[0] = 9;
    const AeadKey other(kind, bytes);
    const std::array<std::uint8_t, kAeadNonceBytes> nonce{7};
    for (std::size_t size : {0u, 1u, 100u, 767u, 768u, 1024u, 1024u, 1279u, 1280u, 1281u, 1296u, 5000u, 65'519u}) {
      std::vector<std::uint8_t> buffer(size + kAeadTagBytes, 0x5a);
      key.seal(nonce, as_bytes("ad"), ByteView(buffer).first(size), buffer.data());
      const std::vector<std::uint8_t> sealed = buffer;
      std::vector<std::uint8_t> scratch = sealed;
      EXPECT_FALSE(other.open(nonce, as_bytes("ad"), scratch, scratch.data())) << size;
      scratch = sealed;
      EXPECT_FALSE(key.open(nonce, as_bytes("da"), scratch, scratch.data())) << size;
      scratch = sealed;
      scratch.back() ^= 1;
      EXPECT_FALSE(key.open(nonce, as_bytes("ad"), scratch, scratch.data())) << size;
      ASSERT_TRUE(key.open(nonce, as_bytes("ad"), buffer, buffer.data())) << size;
      EXPECT_EQ(std::vector<std::uint8_t>(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)),
                std::vector<std::uint8_t>(size, 0x5a));
    }
    EXPECT_EQ(key.open(nonce, {}, std::vector<std::uint8_t>(15), nullptr).error(), Errc::malformed);
  }
}

// RFC 7748 6.1 and 6.2.
TEST(KeyAgreement, VectorsOfRfc7748) {
  const auto check = [](CurveKind curve, std::string_view a, std::string_view a_public, std::string_view b,
                        std::string_view shared) {
    const DhKeyPair ours = DhKeyPair::from_private(curve, hex(a).view());
    const DhKeyPair theirs = DhKeyPair::from_private(curve, hex(b).view());
    EXPECT_EQ(to_hex(ours.public_key()), a_public);
    std::array<std::uint8_t, kMaxDhBytes> secret{};
    ASSERT_TRUE(ours.agree(theirs.public_key(), secret));
    EXPECT_EQ(to_hex(ByteView(secret).first(dh_bytes(curve))), shared);
    ASSERT_TRUE(theirs.agree(ours.public_key(), secret));
    EXPECT_EQ(to_hex(ByteView(secret).first(dh_bytes(curve))), shared);
  };
  check(CurveKind::x25519, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  check(CurveKind::x448,
        "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a59872"
        "6b",
        "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41f"
        "a0",
        "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b6517399"
        "2d",
        "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a449a5037514a87"
        "9d");
}

TEST(KeyAgreement, BothSidesAgree) {
  SystemRandom random;
  for (CurveKind curve : {CurveKind::x25519, CurveKind::x448}) {
    const DhKeyPair a = DhKeyPair::generate(curve, random);
    const DhKeyPair b = DhKeyPair::generate(curve, random);
    std::array<std::uint8_t, kMaxDhBytes> one{};
    std::array<std::uint8_t, kMaxDhBytes> other{};
    ASSERT_TRUE(a.agree(b.public_key(), one));
    ASSERT_TRUE(b.copy().agree(a.copy().public_key(), other));
    EXPECT_EQ(one, other);
    EXPECT_FALSE(equal(a.public_key(), b.public_key()));
  }
}

TEST(KeyAgreement, RefusesPointsOfSmallOrder) {
  SystemRandom random;
  std::array<std::uint8_t, kMaxDhBytes> shared{};
  for (CurveKind curve : {CurveKind::x25519, CurveKind::x448}) {
    const DhKeyPair pair = DhKeyPair::generate(curve, random);
    std::vector<std::uint8_t> point(dh_bytes(curve));
    EXPECT_EQ(pair.agree(point, shared).error(), Errc::malformed);
    point[0] = 1;
    EXPECT_EQ(pair.agree(point, shared).error(), Errc::malformed);
    EXPECT_EQ(pair.agree(std::vector<std::uint8_t>(31), shared).error(), Errc::malformed);
  }
}

// RFC 8032 7.1, test 2.
TEST(Ed25519, VectorOfRfc8032) {
  const Ed25519KeyPair key =
      Ed25519KeyPair::from_seed(hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").view());
  EXPECT_EQ(to_hex(key.public_key()), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const std::array<std::uint8_t, 1> message = {0x72};
  const Ed25519Signature signature = key.sign(message);
  EXPECT_EQ(to_hex(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(ed25519_verify(key.public_key(), message, signature));
  EXPECT_FALSE(ed25519_verify(key.public_key(), {}, signature));
  EXPECT_FALSE(ed25519_verify(key.public_key(), message, ByteView(signature).first(63)));
}

TEST(Secret, IsEmptyOnceItMovedAway) {
  auto secret = Secret<4>::of(std::array<std::uint8_t, 4>{1, 2, 3, 4});
  const auto copy = secret.copy();
  const auto moved = std::move(secret);
  EXPECT_TRUE(moved == copy);
  EXPECT_EQ(to_hex(secret.view()), "00000000");  // NOLINT(bugprone-use-after-move): that is the point
}

TEST(Secret, ComparesContentsAndLengths) {
  EXPECT_TRUE(equal_in_constant_time({}, {}));
  EXPECT_TRUE(equal_in_constant_time(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(equal_in_constant_time(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(equal_in_constant_time(as_bytes("abc"), as_bytes("ab")));
}

// A counter instead of chance.
class Counting final : public SecureRandom {
 public:
  void fill(MutableByteView bytes) override {
    for (std::uint8_t& byte : bytes) byte = next_++;
    drawn += bytes.size();
  }
  std::size_t drawn = 0;

 private:
  std::uint8_t next_ = 1;
};

TEST(RandomnessFrom, MakesOpenSslRepeat) {
  std::vector<std::uint8_t> keys[2];
  for (auto& key : keys) {
    Counting random;
    key = *SigningKey::generate(SigningKind::ecdsa_p256, random)->private_key();
    EXPECT_GT(random.drawn, 0u);
  }
  EXPECT_EQ(keys[0], keys[1]);
  SystemRandom random;
  EXPECT_NE(*SigningKey::generate(SigningKind::ecdsa_p256, random)->private_key(), keys[0]);
}

TEST(RandomnessFrom, EndsWithItsBlock) {
  Counting outer;
  Counting inner;
  const RandomnessFrom from(outer);
  {
    const RandomnessFrom within(inner);
  }
  SystemRandom system;
  std::array<std::uint8_t, 8> bytes{};
  system.fill(bytes);  // the system's own stays the system's
  EXPECT_EQ(outer.drawn + inner.drawn, 0u);
  EXPECT_NE(bytes, (std::array<std::uint8_t, 8>{}));
}

}  // namespace
}  // namespace ghostnet::crypto::primitives_test
