// /tls/1.0.0 (libp2p specs, tls): TLS 1.3 whose certificates carry the identities of peers.
//
// A peer signs the key of its certificate with its identity key and shows both in an extension of the certificate; the
// certificate signs itself. The muxer is agreed by ALPN (libp2p specs, inlined muxer negotiation).
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "ghostnet/libp2p/security.hpp"
#include "ghostnet/tls/certificate.hpp"

namespace ghostnet::libp2p {

inline constexpr std::string_view kTlsId = "/tls/1.0.0";

// What one node shows to all others: a certificate that is valid for a hundred years.
class TlsIdentity {
 public:
  TlsIdentity(const KeyPair& key, WallTime now, crypto::SecureRandom& random);

  const tls::Identity& identity() const { return identity_; }

 private:
  tls::Identity identity_;
};

// SignedKey, the value of the extension. Views into what was parsed.
struct SignedKey {
  ByteView public_key{};  // the protobuf message
  ByteView signature{};

  static Result<SignedKey> parse(ByteView der);
  std::vector<std::uint8_t> encode() const;
  // Whose identity signed the key of the certificate, a SubjectPublicKeyInfo. Errors: malformed, permission.
  Result<PeerId> check(ByteView certificate_key) const;
};

// Whose certificate this is. Errors: malformed, permission (a signature that does not fit), timed_out (not valid at
// this time), not_found (no extension), not_supported (a critical extension that nobody knows).
Result<PeerId> peer_of_certificate(const tls::PeerCertificate& certificate, WallTime now);

// As the others of security.hpp.
Task<Result<Secured>> secure_with_tls(Host& host, std::unique_ptr<Stream> raw, const TlsIdentity& identity,
                                      Direction direction, std::optional<PeerId> expected);

}  // namespace ghostnet::libp2p
