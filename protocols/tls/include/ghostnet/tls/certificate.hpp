// Certificates (RFC 5280) of peers that nobody vouches for: each signs its own, and proves who it is by an extension.
//
// An Identity is what one side shows: a self-signed certificate and its private key, ECDSA over P-256. A
// PeerCertificate is what the other side showed: a view that a handshake lends to whoever judges it, or a certificate
// parsed from its DER. Chains and authorities are not for peers and not here.
//
// Times are given, never asked of the system, and keys and serial numbers are drawn from the SecureRandom given.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/crypto/random.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::tls {

inline constexpr std::size_t kMaxCertificateBytes = 16 * 1024;

namespace detail {
struct Engine;
struct IdentityState;
struct CertificateState;
struct KeyState;
}  // namespace detail

// The key of a certificate that is not made yet: its public half goes into what the certificate shall say.
class CertificateKey {
 public:
  static CertificateKey generate(crypto::SecureRandom& random);
  CertificateKey(CertificateKey&&) noexcept;
  CertificateKey& operator=(CertificateKey&&) noexcept;
  ~CertificateKey();

  // SubjectPublicKeyInfo, DER.
  std::vector<std::uint8_t> public_key() const;

 private:
  friend class Identity;
  explicit CertificateKey(std::unique_ptr<detail::KeyState> state);
  std::unique_ptr<detail::KeyState> state_;
};

struct CertificateSpec {
  struct Extension {
    std::string oid;  // dotted
    std::vector<std::uint8_t> value;
    bool critical = false;
  };
  std::string organization;  // of issuer and subject
  WallTime not_before;
  WallTime not_after;
  std::vector<Extension> extensions{};
};

class Identity {
 public:
  static Identity self_signed(CertificateKey key, const CertificateSpec& spec, crypto::SecureRandom& random);

  std::vector<std::uint8_t> certificate() const;  // DER

 private:
  friend struct detail::Engine;
  explicit Identity(std::shared_ptr<detail::IdentityState> state) : state_(std::move(state)) {}
  std::shared_ptr<const detail::IdentityState> state_;
};

class PeerCertificate {
 public:
  // Errors: malformed.
  static Result<PeerCertificate> parse(ByteView der);

  // Whether it is of version 3, signed by its own key, and valid at this time. Errors: malformed, permission (another
  // signed it), timed_out (it is not valid yet, or any more).
  Result<> check_self_signed(WallTime now) const;
  // SubjectPublicKeyInfo, DER.
  std::vector<std::uint8_t> public_key() const;
  // The value of an extension. Errors: not_found; malformed (it is there twice).
  Result<ByteView> extension(const std::string& oid) const;
  // The first critical extension, dotted, that is neither the one named nor one that RFC 5280 defines.
  std::optional<std::string> critical_extension_but(const std::string& oid) const;

 private:
  friend struct detail::Engine;
  explicit PeerCertificate(std::shared_ptr<const detail::CertificateState> state) : state_(std::move(state)) {}
  std::shared_ptr<const detail::CertificateState> state_;
};

}  // namespace ghostnet::tls
