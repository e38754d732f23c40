// PeerId: who a peer is: the multihash of its public key (libp2p specs, peer-ids).
//
// Keys of at most 42 encoded bytes (Ed25519, secp256k1) stand in the id themselves, by the identity multihash; longer
// ones (RSA, ECDSA) by their SHA-256. 40 bytes, trivially copied. Parsing accepts what can be the id of a key of libp2p
// and nothing else: malformed otherwise.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::libp2p {

class PeerId {
 public:
  static constexpr std::size_t kMaxBytes = 39;  // of the identity multihash of a secp256k1 key

  // Nobody's.
  constexpr PeerId() = default;

  // The binary multihash.
  static Result<PeerId> from_bytes(ByteView multihash);
  // Base58btc ("12D3KooW...", "Qm...") or a CIDv1 of the codec libp2p-key in any multibase ("bafz...").
  static Result<PeerId> parse(std::string_view text);
  // Of a public key as its protobuf message encodes it.
  static PeerId of_encoded_key(ByteView encoded);

  constexpr ByteView bytes() const { return {bytes_.data(), size_}; }
  constexpr bool empty() const { return size_ == 0; }
  // Base58btc, as libp2p shows it; "" of nobody.
  std::string text() const;
  // CIDv1, base32.
  std::string cid_text() const;

  // The encoded public key where the id holds it (identity multihash), or nothing.
  ByteView inlined_key() const;

  std::uint64_t hash(std::uint64_t seed = 0) const { return hash_of(bytes(), seed); }
  friend constexpr bool operator==(const PeerId&, const PeerId&) = default;
  // By the bytes of the multihash.
  friend std::strong_ordering operator<=>(const PeerId& a, const PeerId& b) { return compare(a.bytes(), b.bytes()); }

 private:
  std::uint8_t size_ = 0;
  std::array<std::uint8_t, kMaxBytes> bytes_{};
};
static_assert(sizeof(PeerId) == 40);

}  // namespace ghostnet::libp2p

// Of the same bytes on every machine; iteration over hashed tables still decides nothing.
template <>
struct std::hash<ghostnet::libp2p::PeerId> {
  std::size_t operator()(const ghostnet::libp2p::PeerId& id) const { return static_cast<std::size_t>(id.hash()); }
};
