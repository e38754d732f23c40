#include "ghostnet/tls/certificate.hpp"

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <new>

#include "openssl.hpp"

namespace ghostnet::tls {
namespace {

using detail::CertificatePointer;
using detail::CertificateState;
using detail::FreeBy;
using detail::IdentityState;
using detail::KeyPointer;
using detail::KeyState;

using ObjectPointer = std::unique_ptr<ASN1_OBJECT, FreeBy<ASN1_OBJECT_free>>;
using OctetsPointer = std::unique_ptr<ASN1_OCTET_STRING, FreeBy<ASN1_OCTET_STRING_free>>;
using ExtensionPointer = std::unique_ptr<X509_EXTENSION, FreeBy<X509_EXTENSION_free>>;

constexpr std::size_t kSerialBytes = 16;
constexpr long kVersion3 = 2;  // RFC 5280 4.1.2.1

std::int64_t unix_seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

// Making a certificate fails when memory is out, or by a mistake of ours.
void require(bool made) {
  if (!made) throw std::bad_alloc();
}

ObjectPointer object_of(const std::string& oid) {
  ObjectPointer object(OBJ_txt2obj(oid.c_str(), 1));
  require(object != nullptr);
  return object;
}

void set_serial(X509* certificate, crypto::SecureRandom& random) {
  std::uint8_t serial[kSerialBytes];
  random.fill(serial);
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3f) | 0x40);  // positive, and always of the same length
  const std::unique_ptr<BIGNUM, FreeBy<BN_free>> number(BN_bin2bn(serial, sizeof serial, nullptr));
  require(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr);
}

void add_extension(X509* certificate, const CertificateSpec::Extension& said) {
  const OctetsPointer octets(ASN1_OCTET_STRING_new());
  require(octets && ASN1_OCTET_STRING_set(octets.get(), said.value.data(), static_cast<int>(said.value.size())) == 1);
  const ExtensionPointer extension(
      X509_EXTENSION_create_by_OBJ(nullptr, object_of(said.oid).get(), said.critical ? 1 : 0, octets.get()));
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

std::vector<std::uint8_t> der_of(const X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  require(size > 0);
  std::vector<std::uint8_t> der(static_cast<std::size_t>(size));
  unsigned char* cursor = der.data();
  i2d_X509(certificate, &cursor);
  return der;
}

std::string dotted(const ASN1_OBJECT* object) {
  char text[80];
  const int size = OBJ_obj2txt(text, sizeof text, object, 1);
  return size < 0 ? std::string() : std::string(text, std::min<std::size_t>(static_cast<std::size_t>(size), 79));
}

}  // namespace

std::string detail::take_reason() {
  const unsigned long code = ERR_peek_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? std::string("no reason given") : std::string(reason);
}

// ---- ours ----

CertificateKey::CertificateKey(std::unique_ptr<KeyState> state) : state_(std::move(state)) {}
CertificateKey::CertificateKey(CertificateKey&&) noexcept = default;
CertificateKey& CertificateKey::operator=(CertificateKey&&) noexcept = default;
CertificateKey::~CertificateKey() = default;

CertificateKey CertificateKey::generate(crypto::SecureRandom& random) {
  const crypto::RandomnessFrom seam(random);
  KeyPointer key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "prime256v1"));
  require(key != nullptr);
  return CertificateKey(std::make_unique<KeyState>(KeyState{std::move(key)}));
}

std::vector<std::uint8_t> CertificateKey::public_key() const {
  const int size = i2d_PUBKEY(state_->key.get(), nullptr);
  require(size > 0);
  std::vector<std::uint8_t> der(static_cast<std::size_t>(size));
  unsigned char* cursor = der.data();
  i2d_PUBKEY(state_->key.get(), &cursor);
  return der;
}

Identity Identity::self_signed(CertificateKey key, const CertificateSpec& spec, crypto::SecureRandom& random) {
  const crypto::RandomnessFrom seam(random);
  CertificatePointer certificate(X509_new());
  X509* const made = certificate.get();
  require(made != nullptr && X509_set_version(made, kVersion3) == 1);
  set_serial(made, random);
  require(ASN1_TIME_set(X509_getm_notBefore(made), unix_seconds(spec.not_before)) != nullptr &&
          ASN1_TIME_set(X509_getm_notAfter(made), unix_seconds(spec.not_after)) != nullptr);
  X509_NAME* const name = X509_get_subject_name(made);
  require(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(spec.organization.data()),
                                     static_cast<int>(spec.organization.size()), -1, 0) == 1 &&
          X509_set_issuer_name(made, name) == 1 && X509_set_pubkey(made, key.state_->key.get()) == 1);
  for (const CertificateSpec::Extension& extension : spec.extensions) add_extension(made, extension);
  require(X509_sign(made, key.state_->key.get(), EVP_sha256()) > 0);
  return Identity(std::make_shared<IdentityState>(IdentityState{std::move(key.state_->key), std::move(certificate)}));
}

std::vector<std::uint8_t> Identity::certificate() const { return der_of(state_->certificate.get()); }

// ---- the other side's ----

Result<PeerCertificate> PeerCertificate::parse(ByteView der) {
  if (der.size() > kMaxCertificateBytes) return fail(Errc::malformed, "a certificate of {} bytes", der.size());
  const unsigned char* cursor = der.data();
  CertificatePointer certificate(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())));
  if (!certificate || cursor != der.data() + der.size()) {
    return fail(Errc::malformed, "a certificate that cannot be read: {}", detail::take_reason());
  }
  return PeerCertificate(std::make_shared<CertificateState>(CertificateState{std::move(certificate)}));
}

Result<> PeerCertificate::check_self_signed(WallTime now) const {
  X509* const certificate = state_->certificate.get();
  if (X509_get_version(certificate) != kVersion3) return fail(Errc::malformed, "a certificate of an old version");
  time_t at = unix_seconds(now);
  const int begun = X509_cmp_time(X509_get0_notBefore(certificate), &at);
  const int ended = X509_cmp_time(X509_get0_notAfter(certificate), &at);
  if (begun == 0 || ended == 0) return fail(Errc::malformed, "a certificate without a time");
  if (begun > 0) return fail(Errc::timed_out, "the peer's certificate is not valid yet");
  if (ended < 0) return fail(Errc::timed_out, "the peer's certificate has expired");
  EVP_PKEY* const key = X509_get0_pubkey(certificate);
  if (key == nullptr || X509_verify(certificate, key) != 1) {
    return fail(Errc::permission, "the peer's certificate is not signed by its own key: {}", detail::take_reason());
  }
  return {};
}

std::vector<std::uint8_t> PeerCertificate::public_key() const {
  const X509_PUBKEY* const key = X509_get_X509_PUBKEY(state_->certificate.get());
  const int size = i2d_X509_PUBKEY(key, nullptr);
  if (size <= 0) return {};
  std::vector<std::uint8_t> der(static_cast<std::size_t>(size));
  unsigned char* cursor = der.data();
  i2d_X509_PUBKEY(key, &cursor);
  return der;
}

Result<ByteView> PeerCertificate::extension(const std::string& oid) const {
  const X509* const certificate = state_->certificate.get();
  const ObjectPointer object = object_of(oid);
  const int at = X509_get_ext_by_OBJ(certificate, object.get(), -1);
  if (at < 0) return fail(Errc::not_found, "the peer's certificate lacks the extension {}", oid);
  if (X509_get_ext_by_OBJ(certificate, object.get(), at) >= 0) {
    return fail(Errc::malformed, "the peer's certificate has the extension {} twice", oid);
  }
  const ASN1_OCTET_STRING* const value = X509_EXTENSION_get_data(X509_get_ext(certificate, at));
  return ByteView(ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value)));
}

std::optional<std::string> PeerCertificate::critical_extension_but(const std::string& oid) const {
  const X509* const certificate = state_->certificate.get();
  for (int i = 0; i < X509_get_ext_count(certificate); ++i) {
    X509_EXTENSION* const extension = X509_get_ext(certificate, i);
    if (X509_EXTENSION_get_critical(extension) == 0 || X509_supported_extension(extension) != 0) continue;
    std::string name = dotted(X509_EXTENSION_get_object(extension));
    if (name != oid) return name;
  }
  return std::nullopt;
}

}  // namespace ghostnet::tls
