// Security protocols: how a raw stream becomes a connection to a peer that has proved who it is.
//
// Noise (libp2p specs, noise): the XX handshake, in which each side signs its static Noise key with its identity key,
// and where both say which muxers they speak (inlined muxer negotiation). Plaintext 2.0.0 (libp2p specs, plaintext)
// exchanges keys and proves nothing: for simulations. TLS is in tls_security.hpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/crypto/random.hpp"
#include "ghostnet/libp2p/key.hpp"
#include "ghostnet/libp2p/peer_stream.hpp"
#include "ghostnet/noise/handshake_state.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/stream.hpp"

namespace ghostnet::libp2p {

inline constexpr std::string_view kNoiseId = "/noise";
inline constexpr std::string_view kPlaintextId = "/plaintext/2.0.0";
inline constexpr std::string_view kYamuxId = "/yamux/1.0.0";

// A secured stream and whose it is. A muxer, where the handshake agreed on one.
struct Secured {
  std::unique_ptr<Stream> stream;
  PeerId peer;
  std::string_view muxer{};
};

// Whether the peer that proved itself is the one that was dialled, if that is known. Errors: permission.
Result<> expect_peer(const PeerId& peer, const std::optional<PeerId>& expected);

// What one node proves itself with: its identity, and the Noise key that it signed once.
class NoiseIdentity {
 public:
  NoiseIdentity(const KeyPair& key, crypto::SecureRandom& random);

  const crypto::DhKeyPair& static_key() const { return static_key_; }
  // NoiseHandshakePayload with our muxers.
  ByteView payload() const { return payload_; }

 private:
  crypto::DhKeyPair static_key_;
  std::vector<std::uint8_t> payload_;
};

// NoiseHandshakePayload (libp2p specs, noise). Views into what was parsed.
struct NoisePayload {
  static constexpr std::size_t kMaxMuxers = 64;

  ByteView identity_key{};
  ByteView identity_signature{};
  std::vector<std::string_view> muxers{};

  static Result<NoisePayload> parse(ByteView bytes);
  // Whose key signed the static Noise key. Errors: malformed, permission.
  Result<PeerId> check(ByteView noise_static_key) const;
};

// Whether multistream-select has agreed on the security protocol before its handshake, or a dialer proposes it in the
// same write as the handshake's first message and reads the answer before the second: a round trip less.
enum class Agreement : std::uint8_t { made, with_first_message };

// `expected`: whom we dialled, if we know. Errors: permission (somebody else, or a bad signature), malformed, protocol
// (no muxer in common), not_supported (the peer does not take the proposal), and those of the stream.
Task<Result<Secured>> secure_with_noise(Host& host, std::unique_ptr<Stream> raw, const NoiseIdentity& identity,
                                        Direction direction, std::optional<PeerId> expected,
                                        Agreement agreement = Agreement::made);
// After multistream-select has agreed. Errors: as above.
Task<Result<Secured>> secure_with_plaintext(std::unique_ptr<Stream> raw, const KeyPair& key,
                                            std::optional<PeerId> expected);

}  // namespace ghostnet::libp2p
