// /tls/1.0.0: the certificates of the libp2p specs (tls, test vectors), our own, and those that prove nothing.
#include "ghostnet/libp2p/tls_security.hpp"

#include <gtest/gtest.h>

#include "ghostnet/crypto/der.hpp"
#include "ghostnet/libp2p/protobuf.hpp"

namespace ghostnet::libp2p::tls_security_test {
namespace {

constexpr WallTime kNow = WallTime{} + 24h * 365 * 50;
const std::string kExtension = "1.3.6.1.4.1.53594.1.1";

struct Vector {
  const char* peer;
  const char* certificate;
};
constexpr Vector kVectors[] = {
    {"12D3KooWM6CgA9iBFZmcYAHA6A2qvbAxqfkmrYiRQuz3XEsk4Ksv",
     "308201ae30820156a0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69627032702e696f310a"
     "300806035504051301313020170d3735303130313133303030305a180f34303936303130313133303030305a302031123010060355040a"
     "13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d020106082a8648ce3d030107034200040c901d423c"
     "831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd601331c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37"
     "e381569ea37c307a3078060a2b0601040183a25a0101046a3068042408011220a77f1d92fedb59dddaea5a1c4abd1ac2fbde7d7b879ed3"
     "64501809923d7c11b90440d90d2769db992d5e6195dbb08e706b6651e024fda6cfb8846694a435519941cac215a8207792e42849cccc6c"
     "d8136c6e4bde92a58c5e08cfd4206eb5fe0bf909300a06082a8648ce3d0403020346003043021f50f6b6c52711a881778718238f650c9f"
     "b48943ae6ee6d28427dc6071ae55e702203625f116a7a454db9c56986c82a25682f7248ea1cb764d322ea983ed36a31b77"},
    {"QmfXbAwNjJLXfesgztEHe8HwgVDCMMpZ9Eax1HYq6hn9uE",
     "308201f63082019da0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69627032702e696f310a"
     "300806035504051301313020170d3735303130313133303030305a180f34303936303130313133303030305a302031123010060355040a"
     "13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d020106082a8648ce3d030107034200040c901d423c"
     "831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd601331c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37"
     "e381569ea381c23081bf3081bc060a2b0601040183a25a01010481ad3081aa045f0803125b3059301306072a8648ce3d020106082a8648"
     "ce3d03010703420004bf30511f909414ebdd3242178fd290f093a551cf75c973155de0bb5a96fedf6cb5d52da7563e794b512f66e60c7f"
     "55ba8a3acf3dd72a801980d205e8a1ad29f2044730450220064ea8124774caf8f50e57f436aa62350ce652418c019df5d98a3ac666c938"
     "6a022100aa59d704a931b5f72fb9222cb6cc51f954d04a4e2e5450f8805fe8918f71eaae300a06082a8648ce3d04030203470030440220"
     "799395b0b6c1e940a7e4484705f610ab51ed376f19ff9d7c16757cfbf61b8d4302206205c03fbb0f95205c779be86581d3e31c01871ad5"
     "d1f3435bcf375cb0e5088a"},
    {"16Uiu2HAkutTMoTzDw1tCvSRtu6YoixJwS46S1ZFxW8hSx9fWHiPs",
     "308201ba3082015fa0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69627032702e696f310a"
     "300806035504051301313020170d3735303130313133303030305a180f34303936303130313133303030305a302031123010060355040a"
     "13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d020106082a8648ce3d030107034200040c901d423c"
     "831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd601331c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37"
     "e381569ea38184308181307f060a2b0601040183a25a01010471306f0425080212210206dc6968726765b820f050263ececf7f71e49558"
     "92776c0970542efd689d2382044630440220145e15a991961f0d08cd15425bb95ec93f6ffa03c5a385eedc34ecf464c7a8ab022026b310"
     "9b8a3f40ef833169777eb2aa337cfb6282f188de0666d1bcec2a4690dd300a06082a8648ce3d0403020349003046022100e1a217eeef9e"
     "c9204b3f774a08b70849646b6a1e6b8b27f93dc00ed58545d9fe022100b00dafa549d0f03547878338c7b15e7502888f6d45db387e5ae6"
     "b5d46899cef0"},
};
// "A mismatch between the Peer ID that it claims to authenticate vs the key that was used to sign it."
constexpr const char* kMismatched =
    "308201f73082019da0030201020204499602d2300a06082a8648ce3d040302302031123010060355040a13096c69627032702e696f310a"
    "300806035504051301313020170d3735303130313133303030305a180f34303936303130313133303030305a302031123010060355040a"
    "13096c69627032702e696f310a300806035504051301313059301306072a8648ce3d020106082a8648ce3d030107034200040c901d423c"
    "831ca85e27c73c263ba132721bb9d7a84c4f0380b2a6756fd601331c8870234dec878504c174144fa4b14b66a651691606d8173e55bd37"
    "e381569ea381c23081bf3081bc060a2b0601040183a25a01010481ad3081aa045f0803125b3059301306072a8648ce3d020106082a8648"
    "ce3d03010703420004bf30511f909414ebdd3242178fd290f093a551cf75c973155de0bb5a96fedf6cb5d52da7563e794b512f66e60c7f"
    "55ba8a3acf3dd72a801980d205e8a1ad29f204473045022100bb6e03577b7cc7a3cd1558df0da2b117dfdcc0399bc2504ebe7de6f65cad"
    "e72802206de96e2a5be9b6202adba24ee0362e490641ac45c240db71fe955f2c5cf8df6e300a06082a8648ce3d04030203480030450221"
    "00e847f267f43717358f850355bdcabbefb2cfbf8a3c043b203a14788a092fe8db022027c1d04a2d41fd6b57a7e8b3989e470325de4406"
    "e52e084e34a3fd56eef0d0df";

Result<PeerId> peer_of(ByteView der, WallTime now = kNow) {
  const Result<tls::PeerCertificate> certificate = tls::PeerCertificate::parse(der);
  if (!certificate) return fail(certificate);
  return peer_of_certificate(*certificate, now);
}

TEST(TlsCertificate, VectorsOfTheSpecificationNameTheirPeers) {
  for (const Vector& vector : kVectors) {
    const auto peer = peer_of(parse_hex(vector.certificate)->view());
    ASSERT_TRUE(peer) << peer.error().message();
    EXPECT_EQ(peer->text(), vector.peer);
  }
  EXPECT_EQ(peer_of(parse_hex(kMismatched)->view()).error(), Errc::permission);
}

TEST(TlsCertificate, NobodyIsNamedWhenAnyByteWasChanged) {
  const Bytes der = *parse_hex(kVectors[1].certificate);
  for (std::size_t i = 0; i < der.size(); ++i) {
    for (std::uint8_t mask : {0x01, 0x02, 0x80}) {
      std::vector<std::uint8_t> changed(der.view().begin(), der.view().end());
      changed[i] ^= mask;
      EXPECT_FALSE(peer_of(changed)) << "byte " << i;
    }
    EXPECT_FALSE(peer_of(der.view().first(i))) << i;
  }
}

class TlsIdentities : public testing::Test {
 protected:
  // A certificate of a fresh key; `value` makes the extension's value of that key.
  template <class MakeValue>
  std::vector<std::uint8_t> certificate(MakeValue value, const std::vector<std::string>& oids, bool critical = false) {
    tls::CertificateKey key = tls::CertificateKey::generate(random_);
    tls::CertificateSpec spec{.organization = "x", .not_before = kNow - 1h, .not_after = kNow + 1h};
    for (const std::string& oid : oids) spec.extensions.push_back({oid, value(key.public_key()), critical});
    return tls::Identity::self_signed(std::move(key), spec, random_).certificate();
  }
  std::vector<std::uint8_t> signed_key(const KeyPair& shown, const KeyPair& signer, ByteView certificate_key) {
    std::vector<std::uint8_t> bytes;
    append(bytes, as_bytes("libp2p-tls-handshake:"));
    append(bytes, certificate_key);
    const auto signature = signer.sign(bytes, random_);
    const auto key = shown.public_key().encode();
    return SignedKey{key, signature}.encode();
  }
  crypto::SystemRandom random_;
  KeyPair mine_ = KeyPair::generate_ed25519(random_);
  KeyPair stolen_ = KeyPair::generate_ed25519(random_);
};

TEST_F(TlsIdentities, OfEveryKindOfKeyNameTheirPeer) {
  for (KeyType type : {KeyType::ed25519, KeyType::secp256k1, KeyType::ecdsa}) {
    const auto key = KeyPair::generate(type, random_);
    ASSERT_TRUE(key);
    const TlsIdentity identity(*key, kNow, random_);
    const auto peer = peer_of(identity.identity().certificate());
    ASSERT_TRUE(peer) << peer.error().message();
    EXPECT_EQ(*peer, key->peer_id());
  }
}

TEST_F(TlsIdentities, AreValidForAHundredYears) {
  const std::vector<std::uint8_t> certificate = TlsIdentity(mine_, kNow, random_).identity().certificate();
  EXPECT_TRUE(peer_of(certificate, kNow - 59min));
  EXPECT_EQ(peer_of(certificate, kNow - 61min).error(), Errc::timed_out);
  EXPECT_TRUE(peer_of(certificate, kNow + 24h * 365 * 100));
  EXPECT_EQ(peer_of(certificate, kNow + 24h * 36'526).error(), Errc::timed_out);
}

TEST_F(TlsIdentities, ProveNothingWithAnothersSignature) {
  const auto good = [&](ByteView key) { return signed_key(mine_, mine_, key); };
  EXPECT_EQ(*peer_of(certificate(good, {kExtension})), mine_.peer_id());
  const auto lie = [&](ByteView key) { return signed_key(stolen_, mine_, key); };
  EXPECT_EQ(peer_of(certificate(lie, {kExtension})).error(), Errc::permission);
  const auto of_another_certificate = [&](ByteView) { return signed_key(stolen_, stolen_, as_bytes("another key")); };
  EXPECT_EQ(peer_of(certificate(of_another_certificate, {kExtension})).error(), Errc::permission);
  const auto garbage = [&](ByteView) { return std::vector<std::uint8_t>{0x30, 0x80}; };
  EXPECT_EQ(peer_of(certificate(garbage, {kExtension})).error(), Errc::malformed);
}

TEST_F(TlsIdentities, NeedTheExtensionOnceAndNothingCriticalThatNobodyKnows) {
  const auto good = [&](ByteView key) { return signed_key(mine_, mine_, key); };
  EXPECT_EQ(peer_of(certificate(good, {})).error(), Errc::not_found);
  EXPECT_EQ(peer_of(certificate(good, {kExtension, kExtension})).error(), Errc::malformed);
  EXPECT_TRUE(peer_of(certificate(good, {kExtension}, true)));
  EXPECT_TRUE(peer_of(certificate(good, {kExtension, "1.2.3.4"})));
  EXPECT_EQ(peer_of(certificate(good, {kExtension, "1.2.3.4"}, true)).error(), Errc::not_supported);
}

TEST_F(TlsIdentities, ASignedKeyIsReadAsItWasWritten) {
  const std::vector<std::uint8_t> key(300, 7);
  const std::vector<std::uint8_t> signature(100, 8);
  const std::vector<std::uint8_t> der = SignedKey{key, signature}.encode();
  const auto read = SignedKey::parse(der);
  ASSERT_TRUE(read);
  EXPECT_TRUE(equal(read->public_key, key));
  EXPECT_TRUE(equal(read->signature, signature));
  for (std::size_t size = 0; size < der.size(); ++size) EXPECT_FALSE(SignedKey::parse(ByteView(der).first(size)));
  std::vector<std::uint8_t> longer = der;
  longer.push_back(0);
  EXPECT_FALSE(SignedKey::parse(longer));
}

}  // namespace
}  // namespace ghostnet::libp2p::tls_security_test
