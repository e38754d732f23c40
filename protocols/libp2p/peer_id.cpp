#include "ghostnet/libp2p/peer_id.hpp"

#include <cassert>
#include <cstring>
#include <vector>

#include "ghostnet/crypto/hash.hpp"
#include "ghostnet/libp2p/multibase.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::libp2p {
namespace {

// Of the multicodec table.
constexpr std::uint64_t kIdentityCode = 0x00;
constexpr std::uint64_t kSha256Code = 0x12;
constexpr std::uint64_t kCidVersion = 1;
constexpr std::uint64_t kLibp2pKeyCode = 0x72;

constexpr std::size_t kMaxInlinedKeyBytes = 42;  // libp2p specs, peer-ids
constexpr std::size_t kSha256Bytes = 32;
constexpr std::size_t kMultihashHeaderBytes = 2;

// The encoded sizes of Ed25519 and secp256k1 keys, the only ones that are short enough to stand in an id.
constexpr bool can_be_inlined(std::size_t key_bytes) { return key_bytes == 36 || key_bytes == 37; }

}  // namespace

Result<PeerId> PeerId::from_bytes(ByteView multihash) {
  ByteReader in(multihash);
  const std::uint64_t code = in.leb128();
  const std::uint64_t length = in.leb128();
  in.expect(code == kIdentityCode || code == kSha256Code, "a multihash by identity or SHA-256");
  in.expect(length == in.remaining(), "a digest of the length that stands before it");
  in.expect(code == kIdentityCode ? can_be_inlined(length) : length == kSha256Bytes,
            "the length of a key or of SHA-256");
  in.rest();
  if (Result<> done = in.finish("peer id"); !done) return fail(done);
  PeerId id;
  id.size_ = static_cast<std::uint8_t>(multihash.size());
  std::memcpy(id.bytes_.data(), multihash.data(), multihash.size());
  return id;
}

Result<PeerId> PeerId::parse(std::string_view text) {
  if (text.starts_with('1') || text.starts_with("Qm")) {
    Result<std::vector<std::uint8_t>> multihash = decode_base(Multibase::base58btc, text);
    if (!multihash) return fail(multihash.error().while_doing("peer id"));
    return from_bytes(*multihash);
  }
  Result<std::vector<std::uint8_t>> cid = decode_multibase(text);
  if (!cid) return fail(cid.error().while_doing("peer id"));
  ByteReader in(*cid);
  in.expect(in.leb128() == kCidVersion, "CID version 1");
  in.expect(in.leb128() == kLibp2pKeyCode, "the codec libp2p-key");
  const ByteView multihash = in.rest();
  if (Result<> done = in.finish("peer id"); !done) return fail(done);
  return from_bytes(multihash);
}

PeerId PeerId::of_encoded_key(ByteView encoded) {
  PeerId id;
  if (encoded.size() <= kMaxInlinedKeyBytes) {
    assert(can_be_inlined(encoded.size()));
    id.bytes_[0] = kIdentityCode;
    id.bytes_[1] = static_cast<std::uint8_t>(encoded.size());
    std::memcpy(id.bytes_.data() + kMultihashHeaderBytes, encoded.data(), encoded.size());
    id.size_ = static_cast<std::uint8_t>(kMultihashHeaderBytes + encoded.size());
    return id;
  }
  const crypto::Sha256Digest digest = crypto::sha256(encoded);
  id.bytes_[0] = kSha256Code;
  id.bytes_[1] = kSha256Bytes;
  std::memcpy(id.bytes_.data() + kMultihashHeaderBytes, digest.data(), digest.size());
  id.size_ = kMultihashHeaderBytes + kSha256Bytes;
  return id;
}

std::string PeerId::text() const { return encode_base(Multibase::base58btc, bytes()); }

std::string PeerId::cid_text() const {
  std::vector<std::uint8_t> cid = {kCidVersion, kLibp2pKeyCode};
  cid.insert(cid.end(), bytes().begin(), bytes().end());
  return encode_multibase(Multibase::base32, cid);
}

ByteView PeerId::inlined_key() const {
  return size_ > 0 && bytes_[0] == kIdentityCode ? bytes().subspan(kMultihashHeaderBytes) : ByteView();
}

}  // namespace ghostnet::libp2p
