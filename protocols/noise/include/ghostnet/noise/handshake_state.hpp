// HandshakeState: one side of a Noise handshake, without I/O (Noise, revision 34, sections 5.2 and 5.3).
//
//   auto handshake = HandshakeState::begin({.protocol = ..., .role = Role::initiator, .s = ...}, random);
//   handshake->write_message(payload, out);        // by turns, as the pattern says: writes_next()
//   handshake->read_message(in, payload);
//   ... until finished()
//   Transport transport = std::move(*handshake).split();
//
// Messages and payloads are appended to what they are written into. After an error a handshake is of no use: every
// later call fails with closed. Wiped when it goes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ghostnet/crypto/key_agreement.hpp"
#include "ghostnet/crypto/random.hpp"
#include "ghostnet/noise/cipher_state.hpp"
#include "ghostnet/noise/protocol.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::noise {

inline constexpr std::size_t kPskBytes = 32;
using Psk = crypto::Secret<kPskBytes>;

enum class Role : std::uint8_t { initiator, responder };

struct HandshakeConfig {
  Protocol protocol;
  Role role = Role::initiator;
  ByteView prologue{};                            // both sides have the same (section 6)
  std::optional<crypto::DhKeyPair> s{};           // our static key, where the pattern wants one
  std::optional<crypto::DhKeyPair> e{};           // our ephemeral key; drawn when it is needed, but for test vectors
  std::optional<std::vector<std::uint8_t>> rs{};  // the other side's static key, where it is known before
  std::vector<Psk> psks{};                        // in the order of the modifiers
};

// After the handshake: one cipher for each direction. In a one-way pattern only the initiator sends.
struct Transport {
  CipherState send;
  CipherState receive;
};

// The chaining key and the handshake hash (section 5.2).
class SymmetricState {
 public:
  explicit SymmetricState(const Protocol& protocol);

  void mix_key(ByteView input);
  void mix_hash(ByteView data);
  void mix_key_and_hash(ByteView input);
  Result<> encrypt_and_hash(ByteView plaintext, std::vector<std::uint8_t>& out);
  Result<> decrypt_and_hash(ByteView ciphertext, std::vector<std::uint8_t>& out);
  std::pair<CipherState, CipherState> split() const;

  bool has_key() const { return cipher_.has_key(); }
  ByteView hash() const { return h_.view().first(hash_bytes_); }

 private:
  // Section 4.3.
  void hkdf(ByteView input, MutableByteView out) const;

  crypto::HashKind kind_;
  crypto::AeadKind cipher_kind_;
  std::size_t hash_bytes_;
  crypto::Secret<crypto::kMaxHashBytes> ck_;
  crypto::Secret<crypto::kMaxHashBytes> h_;
  CipherState cipher_;
};

class HandshakeState {
 public:
  // invalid_argument when the pattern wants a key or a psk that is not there. `random` outlives it.
  static Result<HandshakeState> begin(HandshakeConfig config, crypto::SecureRandom& random);

  bool writes_next() const { return (next_ % 2 == 0) == (config_.role == Role::initiator); }
  bool finished() const { return next_ == config_.protocol.pattern.messages.size(); }
  bool broken() const { return broken_; }

  // Errors: message_too_large (the payload), malformed (a key of small order), invalid_argument (not our turn).
  Result<> write_message(ByteView payload, std::vector<std::uint8_t>& out);
  // Errors: malformed (what came is no such message, or of somebody else), invalid_argument (not their turn).
  Result<> read_message(ByteView message, std::vector<std::uint8_t>& payload);

  // The other side's static key once it is known.
  std::optional<ByteView> remote_static() const;
  // For channel binding (section 11.2).
  ByteView hash() const { return symmetric_.hash(); }

  Transport split() &&;

 private:
  HandshakeState(HandshakeConfig config, crypto::SecureRandom& random);

  Result<> begin_turn(bool writing);
  Result<> write_token(Token token, std::vector<std::uint8_t>& out);
  Result<> read_token(Token token, ByteView& message);
  Result<> mix_dh(Token token);
  void mix_ephemeral(ByteView public_key);
  Result<> broke(Result<> result);

  HandshakeConfig config_;
  crypto::SecureRandom* random_;
  SymmetricState symmetric_;
  std::optional<std::vector<std::uint8_t>> re_;
  std::size_t next_ = 0;  // message
  std::size_t psks_used_ = 0;
  bool broken_ = false;
};

}  // namespace ghostnet::noise
