// PublicKey and KeyPair: identities of libp2p (libp2p specs, peer-ids): Ed25519, secp256k1, ECDSA over P-256, and RSA.
//
// Keys are encoded as the protobuf message {1: type, 2: data}, always in the same bytes. RSA keys verify and sign when
// they are read from somewhere; they are not generated. An identity should be Ed25519: the others are for peers that
// have them.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "ghostnet/crypto/ed25519.hpp"
#include "ghostnet/crypto/signing_key.hpp"
#include "ghostnet/libp2p/peer_id.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::libp2p {

enum class KeyType : std::uint8_t { rsa = 0, ed25519 = 1, secp256k1 = 2, ecdsa = 3 };

class PublicKey {
 public:
  // From the protobuf message. Errors: malformed; limit and not_supported as SigningKey::from_public().
  static Result<PublicKey> decode(ByteView encoded);
  // The key's own encoding, the field `data` of the message.
  static Result<PublicKey> from_data(KeyType type, ByteView data);

  KeyType type() const { return type_; }
  ByteView data() const { return data_.view(); }
  std::vector<std::uint8_t> encode() const;
  PeerId peer_id() const { return PeerId::of_encoded_key(encode()); }

  // Whether the owner of the key signed the message.
  bool verify(ByteView message, ByteView signature) const;

  friend bool operator==(const PublicKey&, const PublicKey&) = default;

 private:
  friend class KeyPair;
  PublicKey(KeyType type, Bytes data) : type_(type), data_(std::move(data)) {}

  KeyType type_;
  Bytes data_;
};

class KeyPair {
 public:
  static KeyPair generate_ed25519(crypto::SecureRandom& random);
  // Always the same of the same seed of 32 bytes.
  static KeyPair ed25519_from_seed(ByteView seed) { return of(crypto::Ed25519KeyPair::from_seed(seed)); }
  // Not rsa: not_supported.
  static Result<KeyPair> generate(KeyType type, crypto::SecureRandom& random);
  // The message that libp2p stores in key files. Errors: as PublicKey::decode().
  static Result<KeyPair> decode(ByteView encoded);
  std::vector<std::uint8_t> encode() const;

  KeyPair copy() const;

  const PublicKey& public_key() const { return public_; }
  const PeerId& peer_id() const { return peer_id_; }
  std::vector<std::uint8_t> sign(ByteView message, crypto::SecureRandom& random) const;

 private:
  using Private = std::variant<crypto::Ed25519KeyPair, crypto::SigningKey>;
  KeyPair(Private key, PublicKey public_key)
      : private_(std::move(key)), public_(std::move(public_key)), peer_id_(public_.peer_id()) {}
  static KeyPair of(crypto::Ed25519KeyPair key);
  static KeyPair of(KeyType type, crypto::SigningKey key);

  Private private_;
  PublicKey public_;
  PeerId peer_id_;
};

}  // namespace ghostnet::libp2p
