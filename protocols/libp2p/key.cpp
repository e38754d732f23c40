#include "ghostnet/libp2p/key.hpp"

#include <optional>

#include "ghostnet/libp2p/protobuf.hpp"

namespace ghostnet::libp2p {
namespace {

struct KeyMessage {
  KeyType type;
  ByteView data;
};

Result<KeyMessage> parse_message(ByteView encoded, std::string_view what) {
  std::optional<std::uint64_t> type;
  std::optional<ByteView> data;
  ProtobufReader in(encoded);
  while (in.next()) {
    switch (in.field()) {
      case 1: type = in.varint(); break;
      case 2: data = in.bytes(); break;
      default: in.expect(false, "no field but the type and the data of a key"); break;
    }
  }
  in.expect(type && *type <= static_cast<std::uint64_t>(KeyType::ecdsa),
            "a type of key: RSA, Ed25519, secp256k1 or ECDSA");
  in.expect(data.has_value(), "the data of a key");
  if (Result<> done = in.finish(what); !done) return fail(done);
  return KeyMessage{static_cast<KeyType>(*type), *data};
}

std::vector<std::uint8_t> encode_message(KeyType type, ByteView data) {
  std::vector<std::uint8_t> encoded;
  encoded.reserve(data.size() + 5);
  ProtobufWriter out(encoded);
  out.varint(1, static_cast<std::uint64_t>(type));
  out.bytes(2, data);
  return encoded;
}

crypto::SigningKind signing_kind(KeyType type) {
  switch (type) {
    case KeyType::secp256k1: return crypto::SigningKind::ecdsa_secp256k1;
    case KeyType::ecdsa: return crypto::SigningKind::ecdsa_p256;
    default: return crypto::SigningKind::rsa;
  }
}

// The seed and the public key; the oldest files have the public key twice (libp2p specs, peer-ids).
Result<crypto::Ed25519KeyPair> ed25519_from_private(ByteView data) {
  if (data.size() != 64 && data.size() != 96) {
    return fail(Errc::malformed, "an Ed25519 private key of {} bytes instead of 64 or 96", data.size());
  }
  crypto::Ed25519KeyPair key = crypto::Ed25519KeyPair::from_seed(data.first(crypto::kEd25519SeedBytes));
  for (ByteView rest = data.subspan(32); !rest.empty(); rest = rest.subspan(32)) {
    if (!equal(rest.first(32), key.public_key())) {
      return fail(Errc::malformed, "an Ed25519 private key with the public key of another");
    }
  }
  return key;
}

}  // namespace

Result<PublicKey> PublicKey::decode(ByteView encoded) {
  const Result<KeyMessage> message = parse_message(encoded, "public key");
  if (!message) return fail(message);
  return from_data(message->type, message->data);
}

Result<PublicKey> PublicKey::from_data(KeyType type, ByteView data) {
  if (type == KeyType::ed25519) {
    if (data.size() != crypto::kEd25519PublicBytes) {
      return fail(Errc::malformed, "an Ed25519 public key of {} bytes instead of 32", data.size());
    }
  } else if (auto readable = crypto::SigningKey::from_public(signing_kind(type), data); !readable) {
    return fail(readable);
  }
  return PublicKey(type, Bytes::copy_of(data));
}

std::vector<std::uint8_t> PublicKey::encode() const { return encode_message(type_, data()); }

bool PublicKey::verify(ByteView message, ByteView signature) const {
  if (type_ == KeyType::ed25519) return crypto::ed25519_verify(data(), message, signature);
  const auto key = crypto::SigningKey::from_public(signing_kind(type_), data());
  return key && key->verify(message, signature);
}

KeyPair KeyPair::of(crypto::Ed25519KeyPair key) {
  PublicKey public_key(KeyType::ed25519, Bytes::copy_of(key.public_key()));
  return KeyPair(std::move(key), std::move(public_key));
}

KeyPair KeyPair::of(KeyType type, crypto::SigningKey key) {
  PublicKey public_key(type, Bytes::copy_of(key.public_key()));
  return KeyPair(std::move(key), std::move(public_key));
}

KeyPair KeyPair::generate_ed25519(crypto::SecureRandom& random) { return of(crypto::Ed25519KeyPair::generate(random)); }

Result<KeyPair> KeyPair::generate(KeyType type, crypto::SecureRandom& random) {
  if (type == KeyType::ed25519) return generate_ed25519(random);
  Result<crypto::SigningKey> key = crypto::SigningKey::generate(signing_kind(type), random);
  if (!key) return fail(key);
  return of(type, std::move(*key));
}

Result<KeyPair> KeyPair::decode(ByteView encoded) {
  const Result<KeyMessage> message = parse_message(encoded, "private key");
  if (!message) return fail(message);
  if (message->type == KeyType::ed25519) {
    Result<crypto::Ed25519KeyPair> key = ed25519_from_private(message->data);
    if (!key) return fail(key);
    return of(std::move(*key));
  }
  Result<crypto::SigningKey> key = crypto::SigningKey::from_private(signing_kind(message->type), message->data);
  if (!key) return fail(key);
  return of(message->type, std::move(*key));
}

std::vector<std::uint8_t> KeyPair::encode() const {
  if (const auto* const key = std::get_if<crypto::Ed25519KeyPair>(&private_)) {
    std::vector<std::uint8_t> data;
    data.reserve(key->seed().size() + key->public_key().size());  // no copy of the seed is left behind
    append(data, key->seed());
    append(data, key->public_key());
    std::vector<std::uint8_t> encoded = encode_message(KeyType::ed25519, data);
    crypto::wipe(data);
    return encoded;
  }
  Result<std::vector<std::uint8_t>> data = std::get<crypto::SigningKey>(private_).private_key();
  std::vector<std::uint8_t> encoded = encode_message(public_.type(), *data);
  crypto::wipe(*data);
  return encoded;
}

KeyPair KeyPair::copy() const {
  if (const auto* const key = std::get_if<crypto::Ed25519KeyPair>(&private_)) return KeyPair(key->copy(), public_);
  return KeyPair(crypto::SigningKey(std::get<crypto::SigningKey>(private_)), public_);
}

std::vector<std::uint8_t> KeyPair::sign(ByteView message, crypto::SecureRandom& random) const {
  if (const auto* const key = std::get_if<crypto::Ed25519KeyPair>(&private_)) {
    const crypto::Ed25519Signature signature = key->sign(message);
    return {signature.begin(), signature.end()};
  }
  return *std::get<crypto::SigningKey>(private_).sign(message, random);  // it has its private half
}

}  // namespace ghostnet::libp2p
