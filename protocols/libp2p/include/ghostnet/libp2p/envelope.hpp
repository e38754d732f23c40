// Signed envelopes and peer records (libp2p specs, RFC 0002 and RFC 0003): what a peer said, and that it said it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ghostnet/libp2p/key.hpp"
#include "ghostnet/libp2p/multiaddr.hpp"
#include "ghostnet/libp2p/peer_id.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::libp2p {

// A payload whose signature fits its key and the domain. Views into the bytes that were opened.
struct Envelope {
  PublicKey signer;
  ByteView payload_type;
  ByteView payload;
};

std::vector<std::uint8_t> seal_envelope(const KeyPair& key, std::string_view domain, ByteView payload_type,
                                        ByteView payload, crypto::SecureRandom& random);
// Errors: malformed; permission when the signature does not fit.
Result<Envelope> open_envelope(ByteView bytes, std::string_view domain);

// Where a peer says that it can be reached. A record with a higher seq replaces others.
struct PeerRecord {
  static constexpr std::size_t kMaxAddresses = 256;

  PeerId peer;
  std::uint64_t seq = 0;
  std::vector<Multiaddr> addresses{};

  std::vector<std::uint8_t> encode() const;
  // Addresses of unknown protocols are left out.
  static Result<PeerRecord> decode(ByteView bytes);

  std::vector<std::uint8_t> seal(const KeyPair& key, crypto::SecureRandom& random) const;
  // Errors: those of open_envelope(); permission when somebody else signed it than the peer.
  static Result<PeerRecord> open(ByteView envelope);
};

}  // namespace ghostnet::libp2p
