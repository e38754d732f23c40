#include "ghostnet/libp2p/envelope.hpp"

#include <array>
#include <optional>

#include "ghostnet/libp2p/protobuf.hpp"

namespace ghostnet::libp2p {
namespace {

constexpr std::string_view kPeerRecordDomain = "libp2p-peer-record";
constexpr std::array<std::uint8_t, 2> kPeerRecordType = {0x03, 0x01};  // of the multicodec table

// RFC 0002, signature production: each part with its length in front.
std::vector<std::uint8_t> signed_bytes(std::string_view domain, ByteView payload_type, ByteView payload) {
  std::vector<std::uint8_t> bytes;
  for (ByteView part : {as_bytes(domain), payload_type, payload}) {
    append_varint(bytes, part.size());
    append(bytes, part);
  }
  return bytes;
}

}  // namespace

std::vector<std::uint8_t> seal_envelope(const KeyPair& key, std::string_view domain, ByteView payload_type,
                                        ByteView payload, crypto::SecureRandom& random) {
  std::vector<std::uint8_t> envelope;
  ProtobufWriter out(envelope);
  out.bytes(1, key.public_key().encode());
  out.bytes(2, payload_type);
  out.bytes(3, payload);
  out.bytes(5, key.sign(signed_bytes(domain, payload_type, payload), random));
  return envelope;
}

Result<Envelope> open_envelope(ByteView bytes, std::string_view domain) {
  ByteView key_bytes;
  ByteView payload_type;
  ByteView payload;
  ByteView signature;
  ProtobufReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: key_bytes = in.bytes(); break;
      case 2: payload_type = in.bytes(); break;
      case 3: payload = in.bytes(); break;
      case 5: signature = in.bytes(); break;
      default: break;
    }
  }
  if (Result<> done = in.finish("signed envelope"); !done) return fail(done);
  Result<PublicKey> signer = PublicKey::decode(key_bytes);
  if (!signer) return fail(signer.error().while_doing("signed envelope"));
  if (!signer->verify(signed_bytes(domain, payload_type, payload), signature)) {
    return fail(Errc::permission, "the signature of an envelope does not fit its key");
  }
  return Envelope{std::move(*signer), payload_type, payload};
}

std::vector<std::uint8_t> PeerRecord::encode() const {
  std::vector<std::uint8_t> record;
  ProtobufWriter out(record);
  out.bytes(1, peer.bytes());
  if (seq != 0) out.varint(2, seq);
  for (const Multiaddr& address : addresses) {
    std::vector<std::uint8_t> info;
    ProtobufWriter(info).bytes(1, address.bytes());
    out.bytes(3, info);
  }
  return record;
}

Result<PeerRecord> PeerRecord::decode(ByteView bytes) {
  PeerRecord record;
  ByteView peer;
  std::size_t addresses = 0;
  ProtobufReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: peer = in.bytes(); break;
      case 2: record.seq = in.varint(); break;
      case 3: {
        ProtobufReader info(in.bytes());
        in.expect(++addresses <= kMaxAddresses, "at most 256 addresses");
        while (info.next()) {
          if (info.field() != 1) continue;
          Result<Multiaddr> address = Multiaddr::from_bytes(info.bytes());
          if (address) record.addresses.push_back(std::move(*address));
        }
        if (Result<> done = info.finish("address of a peer record"); !done) return fail(done);
        break;
      }
      default: break;
    }
  }
  if (Result<> done = in.finish("peer record"); !done) return fail(done);
  Result<PeerId> id = PeerId::from_bytes(peer);
  if (!id) return fail(id);
  record.peer = *id;
  return record;
}

std::vector<std::uint8_t> PeerRecord::seal(const KeyPair& key, crypto::SecureRandom& random) const {
  return seal_envelope(key, kPeerRecordDomain, kPeerRecordType, encode(), random);
}

Result<PeerRecord> PeerRecord::open(ByteView envelope) {
  const Result<Envelope> opened = open_envelope(envelope, kPeerRecordDomain);
  if (!opened) return fail(opened);
  if (!equal(opened->payload_type, kPeerRecordType))
    return fail(Errc::malformed, "an envelope with no peer record in it");
  Result<PeerRecord> record = decode(opened->payload);
  if (!record) return record;
  if (record->peer != opened->signer.peer_id()) {
    return fail(Errc::permission, "a peer record that somebody else has signed");
  }
  return record;
}

}  // namespace ghostnet::libp2p
