// Keys and peer ids: the vectors of the libp2p specs (peer-ids), and what is refused.
#include "ghostnet/libp2p/key.hpp"

#include <gtest/gtest.h>

#include "ghostnet/libp2p/peer_id.hpp"

namespace ghostnet::libp2p::key_test {
namespace {

struct Vector {
  KeyType type;
  const char* private_hex;
  const char* public_hex;
};

constexpr Vector kVectors[] = {
    {KeyType::ecdsa,
     "08031279307702010104203E5B1FE9712E6C314942A750BD67485DE3C1EFE85B1BFB520AE8F9AE3DFA4A4CA00A06082A8648CE3D0301"
     "07A14403420004DE3D300FA36AE0E8F5D530899D83ABAB44ABF3161F162A4BC901D8E6ECDA020E8B6D5F8DA30525E71D6851510C098E"
     "5C47C646A597FB4DCEC034E9F77C409E62",
     "0803125b3059301306072a8648ce3d020106082a8648ce3d03010703420004de3d300fa36ae0e8f5d530899d83abab44abf3161f162a"
     "4bc901d8e6ecda020e8b6d5f8da30525e71d6851510c098e5c47c646a597fb4dcec034e9f77c409e62"},
    {KeyType::ed25519,
     "080112407e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b"
     "871c3cacf6010f0e42d474fce27e",
     "080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e"},
    {KeyType::secp256k1, "0802122053DADF1D5A164D6B4ACDB15E24AA4C5B1D3461BDBD42ABEDB0A4404D56CED8FB",
     "08021221037777e994e452c21604f91de093ce415f5432f701dd8cd1a7a6fea0e630bfca99"},
};

Bytes hex(std::string_view text) { return *parse_hex(text); }

std::vector<std::uint8_t> vector_of(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

TEST(Key, VectorsOfTheSpecificationGiveTheirPublicKeys) {
  for (const Vector& vector : kVectors) {
    const auto key = KeyPair::decode(hex(vector.private_hex).view());
    ASSERT_TRUE(key) << key.error().message();
    EXPECT_EQ(key->public_key().type(), vector.type);
    EXPECT_EQ(key->public_key().encode(), vector_of(hex(vector.public_hex).view()));
    EXPECT_EQ(key->encode(), vector_of(hex(vector.private_hex).view()));
  }
}

TEST(Key, SignaturesFitTheirKeyAndMessageOnly) {
  crypto::SystemRandom random;
  for (KeyType type : {KeyType::ed25519, KeyType::secp256k1, KeyType::ecdsa}) {
    const auto key = KeyPair::generate(type, random);
    const auto other = KeyPair::generate(type, random);
    ASSERT_TRUE(key && other);
    const std::vector<std::uint8_t> signature = key->sign(as_bytes("message"), random);
    EXPECT_TRUE(key->public_key().verify(as_bytes("message"), signature));
    EXPECT_FALSE(key->public_key().verify(as_bytes("massage"), signature));
    EXPECT_FALSE(other->public_key().verify(as_bytes("message"), signature));
    EXPECT_FALSE(key->public_key().verify(as_bytes("message"), {}));
    const auto read = PublicKey::decode(key->public_key().encode());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->peer_id(), key->peer_id());
    const auto stored = KeyPair::decode(key->encode());
    ASSERT_TRUE(stored) << stored.error().message();
    EXPECT_EQ(stored->public_key(), key->public_key());
  }
}

TEST(Key, OldEd25519FilesHaveThePublicKeyTwice) {
  const Bytes file = hex(kVectors[1].private_hex);
  std::vector<std::uint8_t> old = {0x08, 0x01, 0x12, 0x60};
  old.insert(old.end(), file.begin() + 4, file.end());
  old.insert(old.end(), file.end() - 32, file.end());
  EXPECT_TRUE(KeyPair::decode(old));
  old.back() ^= 1;
  EXPECT_EQ(KeyPair::decode(old).error(), Errc::malformed);
}

TEST(Key, RefusesWhatIsNoKey) {
  EXPECT_EQ(PublicKey::decode({}).error(), Errc::malformed);
  EXPECT_EQ(PublicKey::decode(hex("08011200").view()).error(), Errc::malformed);      // no Ed25519 key has 0 bytes
  EXPECT_EQ(PublicKey::decode(hex("08041200").view()).error(), Errc::malformed);      // no such type
  EXPECT_EQ(PublicKey::decode(hex("1200").view()).error(), Errc::malformed);          // no type
  EXPECT_EQ(PublicKey::decode(hex("080012020500").view()).error(), Errc::malformed);  // no RSA key
  std::vector<std::uint8_t> longer = vector_of(hex(kVectors[1].public_hex).view());
  longer.insert(longer.end(), {0x18, 0x01});  // libp2p allows no further field
  EXPECT_EQ(PublicKey::decode(longer).error(), Errc::malformed);
}

// The examples of the specification.
TEST(PeerId, TextOfBothKindsIsTheSamePeer) {
  const auto base58 = PeerId::parse("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");
  const auto cid = PeerId::parse("bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe");
  ASSERT_TRUE(base58) << base58.error().message();
  ASSERT_TRUE(cid) << cid.error().message();
  EXPECT_EQ(*base58, *cid);
  EXPECT_EQ(base58->text(), "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");
  EXPECT_EQ(cid->cid_text(), "bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe");
  EXPECT_TRUE(base58->inlined_key().empty());
}

TEST(PeerId, HoldsAShortKey) {
  constexpr std::string_view kText = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
  const auto id = PeerId::parse(kText);
  ASSERT_TRUE(id) << id.error().message();
  EXPECT_EQ(id->text(), kText);
  const auto key = PublicKey::decode(id->inlined_key());
  ASSERT_TRUE(key);
  EXPECT_EQ(key->type(), KeyType::ed25519);
  EXPECT_EQ(key->peer_id(), *id);
  EXPECT_EQ(*PeerId::from_bytes(id->bytes()), *id);
}

TEST(PeerId, RefusesWhatCanBeNobodys) {
  for (const char* text : {"", "1", "Qm", "12D3KooW", "zzz", "bafz", "Qm0OIl", "u",
                           "bafkreie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe"}) {
    EXPECT_FALSE(PeerId::parse(text)) << text;
  }
  EXPECT_FALSE(PeerId::from_bytes(hex("122000").view()));
  EXPECT_FALSE(PeerId::from_bytes(hex("0001aa").view()));
}

}  // namespace
}  // namespace ghostnet::libp2p::key_test
