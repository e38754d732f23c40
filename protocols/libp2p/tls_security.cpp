#include "ghostnet/libp2p/tls_security.hpp"

#include "ghostnet/crypto/der.hpp"
#include "ghostnet/libp2p/protobuf.hpp"
#include "ghostnet/tls/tls_stream.hpp"

namespace ghostnet::libp2p {
namespace {

const std::string kExtensionOid = "1.3.6.1.4.1.53594.1.1";
constexpr std::string_view kTlsKeyPrefix = "libp2p-tls-handshake:";
constexpr std::string_view kAlpn = "libp2p";  // without a muxer
constexpr Duration kBefore = 1h;              // for peers whose clocks are behind
constexpr Duration kAfter = 24h * 36'525;

std::vector<std::uint8_t> signed_tls_key(ByteView certificate_key) {
  std::vector<std::uint8_t> bytes(kTlsKeyPrefix.begin(), kTlsKeyPrefix.end());
  append(bytes, certificate_key);
  return bytes;
}

tls::Identity make_identity(const KeyPair& key, WallTime now, crypto::SecureRandom& random) {
  tls::CertificateKey certificate_key = tls::CertificateKey::generate(random);
  const std::vector<std::uint8_t> public_key = key.public_key().encode();
  const std::vector<std::uint8_t> signature = key.sign(signed_tls_key(certificate_key.public_key()), random);
  const tls::CertificateSpec spec{
      .organization = "libp2p.io",
      .not_before = now - kBefore,
      .not_after = now + kAfter,
      .extensions = {{.oid = kExtensionOid, .value = SignedKey{public_key, signature}.encode()}}};
  return tls::Identity::self_signed(std::move(certificate_key), spec, random);
}

}  // namespace

TlsIdentity::TlsIdentity(const KeyPair& key, WallTime now, crypto::SecureRandom& random)
    : identity_(make_identity(key, now, random)) {}

Result<SignedKey> SignedKey::parse(ByteView der) {
  crypto::DerReader in(der);
  crypto::DerReader fields = in.sequence();
  SignedKey key;
  key.public_key = fields.take(crypto::DerTag::octet_string);
  key.signature = fields.take(crypto::DerTag::octet_string);
  if (!fields.finish() || !in.finish()) return fail(Errc::malformed, "libp2p's extension is no SignedKey");
  return key;
}

std::vector<std::uint8_t> SignedKey::encode() const {
  std::vector<std::uint8_t> fields;
  crypto::append_der(fields, crypto::DerTag::octet_string, public_key);
  crypto::append_der(fields, crypto::DerTag::octet_string, signature);
  std::vector<std::uint8_t> der;
  crypto::append_der(der, crypto::DerTag::sequence, fields);
  return der;
}

Result<PeerId> SignedKey::check(ByteView certificate_key) const {
  const Result<PublicKey> key = PublicKey::decode(public_key);
  if (!key) return fail(key.error().while_doing("libp2p's extension"));
  if (!key->verify(signed_tls_key(certificate_key), signature)) {
    return fail(Errc::permission, "the peer's certificate is not signed by its identity");
  }
  return key->peer_id();
}

Result<PeerId> peer_of_certificate(const tls::PeerCertificate& certificate, WallTime now) {
  if (Result<> valid = certificate.check_self_signed(now); !valid) return fail(valid);
  if (const auto unknown = certificate.critical_extension_but(kExtensionOid)) {
    return fail(Errc::not_supported, "the peer's certificate has the critical extension {}", *unknown);
  }
  const Result<ByteView> extension = certificate.extension(kExtensionOid);
  if (!extension) return fail(extension);
  const Result<SignedKey> key = SignedKey::parse(*extension);
  if (!key) return fail(key);
  return key->check(certificate.public_key());
}

Task<Result<Secured>> secure_with_tls(Host& host, std::unique_ptr<Stream> raw, const TlsIdentity& identity,
                                      Direction direction, std::optional<PeerId> expected) {
  const auto peer = std::make_shared<std::optional<PeerId>>();
  const WallTime now = host.clock().wall_now();
  tls::HandshakeConfig config{.role = direction == Direction::outbound ? tls::Role::client : tls::Role::server,
                              .identity = identity.identity(),
                              .application_protocols = {},
                              .judge = {}};
  config.application_protocols.emplace_back(kYamuxId);
  config.application_protocols.emplace_back(kAlpn);
  config.judge = [peer, expected, now](const tls::PeerCertificate& certificate) -> Result<> {
    const Result<PeerId> shown = peer_of_certificate(certificate, now);
    if (!shown) return fail(shown);
    if (Result<> right = expect_peer(*shown, expected); !right) return right;
    *peer = *shown;
    return {};
  };
  Result<std::unique_ptr<tls::TlsStream>> stream =
      co_await tls::TlsStream::handshake(host, std::move(raw), std::move(config));
  if (!stream) co_return fail(stream);
  const std::string agreed = (*stream)->application_protocol();
  if (!agreed.empty() && agreed != kAlpn && agreed != kYamuxId) {
    co_return fail(Errc::protocol, "the peer chose {}, which was not offered", agreed);
  }
  co_return Secured{std::move(*stream), **peer, agreed == kYamuxId ? kYamuxId : std::string_view()};
}

}  // namespace ghostnet::libp2p
