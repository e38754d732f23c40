#include "ghostnet/crypto/signing_key.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <array>
#include <new>

#include "ghostnet/crypto/der.hpp"
#include "ghostnet/crypto/free_by.hpp"
#include "ghostnet/crypto/secret.hpp"

namespace ghostnet::crypto {
namespace {

using KeyPointer = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeBy<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeBy<EVP_MD_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreeBy<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, FreeBy<OSSL_PARAM_free>>;
using Number = std::unique_ptr<BIGNUM, FreeBy<BN_clear_free>>;
using Group = std::unique_ptr<EC_GROUP, FreeBy<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, FreeBy<EC_POINT_free>>;

constexpr const char* curve_name(SigningKind kind) {
  return kind == SigningKind::ecdsa_p256 ? "prime256v1" : "secp256k1";
}

std::unexpected<Error> refuse(Errc code, std::string_view what) {
  ERR_clear_error();  // the queue of this thread is nobody's business
  return fail(code, "{}", what);
}

// What from_public() and from_private() promise about a key that OpenSSL could read.
Result<> check(SigningKind kind, const EVP_PKEY* key) {
  if (kind == SigningKind::rsa) {
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) return refuse(Errc::malformed, "this is no RSA key");
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < kMinRsaBits || bits > kMaxRsaBits) {
      return fail(Errc::limit, "an RSA key of {} bits; between {} and {} are taken", bits, kMinRsaBits, kMaxRsaBits);
    }
    return {};
  }
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) return refuse(Errc::malformed, "this is no elliptic-curve key");
  char group[32] = {};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, group, sizeof group, &size) != 1 || std::string_view(group) != curve_name(kind)) {
    return refuse(Errc::not_supported, "an elliptic-curve key of another curve than P-256");
  }
  return {};
}

KeyPointer key_from_params(const char* algorithm, OSSL_PARAM_BLD* builder, int selection) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1) return nullptr;
  return KeyPointer(key);
}

KeyPointer ec_public(SigningKind kind, ByteView point) {
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve_name(kind), 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return nullptr;
  }
  return key_from_params("EC", builder.get(), EVP_PKEY_PUBLIC_KEY);
}

KeyPointer rsa_public(ByteView modulus, ByteView exponent) {
  const Number n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
  const Number e(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr));
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return nullptr;
  }
  return key_from_params("RSA", builder.get(), EVP_PKEY_PUBLIC_KEY);
}

// ---- SubjectPublicKeyInfo, read here: d2i_PUBKEY of OpenSSL 3.0 leaks at keys that it cannot decode ----

constexpr std::array<std::uint8_t, 7> kEcPublicKeyOid = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
constexpr std::array<std::uint8_t, 8> kP256Oid = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::array<std::uint8_t, 9> kRsaOid = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
constexpr std::size_t kMaxRsaExponentBytes = 4;  // a longer one only costs whoever verifies

constexpr std::size_t kP256PointBytes = 65;

// RFC 5480 2.1.1: ecPublicKey, the curve by name, and a point.
Result<KeyPointer> read_p256(ByteView der) {
  DerReader in(der);
  DerReader info = in.sequence();
  DerReader algorithm = info.sequence();
  algorithm.expect_oid(kEcPublicKeyOid);
  const ByteView curve = algorithm.take(DerTag::object_identifier);
  const ByteView point = info.bit_string();
  if (!algorithm.finish() || !info.finish() || !in.finish()) {
    return fail(Errc::malformed, "this is no elliptic-curve key on a named curve");
  }
  if (!equal(curve, kP256Oid)) return fail(Errc::not_supported, "an elliptic-curve key of another curve than P-256");
  // SEC 1 2.3.3. Only the uncompressed form: one key, one encoding, one peer id.
  if (point.size() != kP256PointBytes || point[0] != 0x04) return fail(Errc::malformed, "no uncompressed point");
  return ec_public(SigningKind::ecdsa_p256, point);
}

// RFC 3279 2.3.1: rsaEncryption with NULL, and RSAPublicKey.
Result<KeyPointer> read_rsa(ByteView der) {
  DerReader in(der);
  DerReader info = in.sequence();
  DerReader algorithm = info.sequence();
  algorithm.expect_oid(kRsaOid);
  algorithm.expect_null();
  DerReader wrapped(info.bit_string());
  DerReader key = wrapped.sequence();
  const ByteView modulus = key.positive_integer();
  const ByteView exponent = key.positive_integer();
  if (!key.finish() || !wrapped.finish() || !algorithm.finish() || !info.finish() || !in.finish()) {
    return fail(Errc::malformed, "this is no RSA key");
  }
  const bool odd = (modulus.back() & exponent.back() & 1) != 0;
  if (!odd || equal(exponent, std::array<std::uint8_t, 1>{1})) return fail(Errc::malformed, "no key of RSA");
  if (exponent.size() > kMaxRsaExponentBytes) {
    return fail(Errc::limit, "an RSA key whose exponent has {} bytes; {} are taken", exponent.size(),
                kMaxRsaExponentBytes);
  }
  return rsa_public(modulus, exponent);
}

KeyPointer secp256k1_private(ByteView scalar_bytes) {
  const Group group(EC_GROUP_new_by_curve_name(NID_secp256k1));
  const Number scalar(BN_secure_new());
  if (!group || !scalar ||
      BN_bin2bn(scalar_bytes.data(), static_cast<int>(scalar_bytes.size()), scalar.get()) == nullptr) {
    return nullptr;
  }
  if (BN_is_zero(scalar.get()) || BN_cmp(scalar.get(), EC_GROUP_get0_order(group.get())) >= 0) return nullptr;
  const Point point(EC_POINT_new(group.get()));
  std::uint8_t encoded[kSecp256k1PublicBytes];
  if (!point || EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, nullptr) != 1 ||
      EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_COMPRESSED, encoded, sizeof encoded, nullptr) !=
          sizeof encoded) {
    return nullptr;
  }
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "secp256k1", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded, sizeof encoded) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar.get()) != 1) {
    return nullptr;
  }
  return key_from_params("EC", builder.get(), EVP_PKEY_KEYPAIR);
}

std::vector<std::uint8_t> der_of(const EVP_PKEY* key, int (*encode)(const EVP_PKEY*, unsigned char**)) {
  const int size = encode(key, nullptr);
  if (size <= 0) return {};
  std::vector<std::uint8_t> der(static_cast<std::size_t>(size));
  unsigned char* cursor = der.data();
  encode(key, &cursor);
  return der;
}

}  // namespace

struct SigningKey::Key {
  KeyPointer pkey;
  bool has_private = false;
};

Result<SigningKey> SigningKey::from_public(SigningKind kind, ByteView encoded) {
  if (encoded.size() > kMaxKeyDerBytes) return fail(Errc::malformed, "a public key of {} bytes", encoded.size());
  Result<KeyPointer> key;
  switch (kind) {
    case SigningKind::ecdsa_p256: key = read_p256(encoded); break;
    case SigningKind::rsa: key = read_rsa(encoded); break;
    case SigningKind::ecdsa_secp256k1:
      if (encoded.size() != kSecp256k1PublicBytes) return fail(Errc::malformed, "a secp256k1 key has 33 bytes");
      key = ec_public(kind, encoded);
      break;
  }
  if (!key) return fail(key);
  if (!*key) return refuse(Errc::malformed, "a public key that cannot be read");
  if (Result<> fits = check(kind, key->get()); !fits) return fail(fits);
  return SigningKey(kind, std::make_shared<Key>(Key{std::move(*key), false}));
}

Result<SigningKey> SigningKey::from_private(SigningKind kind, ByteView encoded) {
  KeyPointer key;
  if (kind == SigningKind::ecdsa_secp256k1) {
    if (encoded.size() != kSecp256k1PrivateBytes) return fail(Errc::malformed, "a secp256k1 private key has 32 bytes");
    key = secp256k1_private(encoded);
  } else if (encoded.size() <= kMaxKeyDerBytes) {
    const unsigned char* cursor = encoded.data();
    key.reset(d2i_AutoPrivateKey(nullptr, &cursor, static_cast<long>(encoded.size())));
    if (key && cursor != encoded.data() + encoded.size()) key.reset();
  }
  if (!key) return refuse(Errc::malformed, "a private key that cannot be read");
  if (Result<> fits = check(kind, key.get()); !fits) return fail(fits);
  return SigningKey(kind, std::make_shared<Key>(Key{std::move(key), true}));
}

Result<SigningKey> SigningKey::generate(SigningKind kind, SecureRandom& random) {
  if (kind == SigningKind::rsa) return fail(Errc::not_supported, "RSA keys are not generated here");
  const RandomnessFrom seam(random);
  KeyPointer key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve_name(kind)));
  if (!key) throw std::bad_alloc();
  return SigningKey(kind, std::make_shared<Key>(Key{std::move(key), true}));
}

std::vector<std::uint8_t> SigningKey::public_key() const {
  if (kind_ != SigningKind::ecdsa_secp256k1) return der_of(key_->pkey.get(), i2d_PUBKEY);
  std::uint8_t point[65];  // compressed or not
  std::size_t size = 0;
  EVP_PKEY_get_octet_string_param(key_->pkey.get(), OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size);
  if (size == kSecp256k1PublicBytes) return {point, point + size};
  std::vector<std::uint8_t> compressed(point, point + kSecp256k1PublicBytes);
  compressed[0] = 0x02 | (point[64] & 1);  // SEC 1 2.3.3
  return compressed;
}

Result<std::vector<std::uint8_t>> SigningKey::private_key() const {
  if (!key_->has_private) return fail(Errc::invalid_argument, "this key has no private half");
  if (kind_ != SigningKind::ecdsa_secp256k1) return der_of(key_->pkey.get(), i2d_PrivateKey);
  BIGNUM* scalar = nullptr;
  if (EVP_PKEY_get_bn_param(key_->pkey.get(), OSSL_PKEY_PARAM_PRIV_KEY, &scalar) != 1) throw std::bad_alloc();
  const Number held(scalar);
  std::vector<std::uint8_t> bytes(kSecp256k1PrivateBytes);
  BN_bn2binpad(scalar, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

Result<std::vector<std::uint8_t>> SigningKey::sign(ByteView message, SecureRandom& random) const {
  if (!key_->has_private) return fail(Errc::invalid_argument, "this key has no private half");
  const RandomnessFrom seam(random);
  const DigestContext context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_->pkey.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) != 1) {
    throw std::bad_alloc();
  }
  std::vector<std::uint8_t> signature(size);
  if (EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1) {
    throw std::bad_alloc();
  }
  signature.resize(size);
  return signature;
}

bool SigningKey::verify(ByteView message, ByteView signature) const {
  const DigestContext context(EVP_MD_CTX_new());
  const bool fits =
      context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_->pkey.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
  if (!fits) ERR_clear_error();
  return fits;
}

}  // namespace ghostnet::crypto
