#include "ghostnet/kademlia/message.hpp"

#include "ghostnet/libp2p/protobuf.hpp"

namespace ghostnet::kademlia {
namespace {

using libp2p::ProtobufReader;
using libp2p::ProtobufWriter;

// Nothing: its id is none.
Result<std::optional<PeerInfo>> parse_peer(ByteView encoded) {
  std::optional<libp2p::PeerId> id;
  PeerInfo peer;
  ProtobufReader in(encoded);
  while (in.next()) {
    switch (in.field()) {
      case 1:
        if (auto parsed = libp2p::PeerId::from_bytes(in.bytes())) id = *parsed;
        break;
      case 2: {
        const ByteView bytes = in.bytes();
        if (peer.addresses.size() >= Message::kMaxAddressesOfPeer) break;
        if (auto address = libp2p::Multiaddr::from_bytes(bytes)) peer.addresses.push_back(std::move(*address));
        break;
      }
      case 3: {
        const std::uint64_t connection = in.varint();
        if (connection <= 3) peer.connection = static_cast<ConnectionType>(connection);
        break;
      }
      default: break;
    }
  }
  if (auto done = in.finish("DHT peer"); !done) return fail(done);
  if (!id) return std::optional<PeerInfo>();
  peer.id = *id;
  return std::optional(std::move(peer));
}

Result<> parse_peer_into(std::vector<PeerInfo>& peers, ByteView encoded) {
  if (peers.size() >= Message::kMaxPeers) return {};
  auto peer = parse_peer(encoded);
  if (!peer) return fail(peer);
  if (*peer) peers.push_back(std::move(**peer));
  return {};
}

Result<Record> parse_record(ByteView encoded) {
  Record record;
  ProtobufReader in(encoded);
  while (in.next()) {
    switch (in.field()) {
      case 1: record.key = Bytes::copy_of(in.bytes()); break;
      case 2: record.value = Bytes::copy_of(in.bytes()); break;
      case 5: record.time_received = in.text(); break;
      default: break;
    }
  }
  if (auto done = in.finish("DHT record"); !done) return fail(done);
  if (record.key.size() > Message::kMaxKeyBytes || record.value.size() > Message::kMaxValueBytes) {
    return fail(Errc::limit, "DHT record: a key of {} B and a value of {} B; at most {} and {} are taken",
                record.key.size(), record.value.size(), Message::kMaxKeyBytes, Message::kMaxValueBytes);
  }
  return record;
}

std::vector<std::uint8_t> encoded_peer(const PeerInfo& peer) {
  std::vector<std::uint8_t> bytes;
  ProtobufWriter out(bytes);
  out.bytes(1, peer.id.bytes());
  for (const libp2p::Multiaddr& address : peer.addresses) out.bytes(2, address.bytes());
  if (peer.connection != ConnectionType::not_connected) out.varint(3, static_cast<std::uint64_t>(peer.connection));
  return bytes;
}

std::vector<std::uint8_t> encoded_record(const Record& record) {
  std::vector<std::uint8_t> bytes;
  ProtobufWriter out(bytes);
  out.bytes(1, record.key.view());
  out.bytes(2, record.value.view());
  if (!record.time_received.empty()) out.text(5, record.time_received);
  return bytes;
}

}  // namespace

Result<Message> Message::parse(ByteView encoded) {
  Message message;
  message.type = MessageType::put_value;  // what is absent is 0
  ProtobufReader in(encoded);
  while (in.next()) {
    Result<> part;
    switch (in.field()) {
      case 1: {
        const std::uint64_t type = in.varint();
        in.expect(type <= static_cast<std::uint64_t>(MessageType::ping), "a known type of message");
        message.type = static_cast<MessageType>(type);
        break;
      }
      case 2: message.key = Bytes::copy_of(in.bytes()); break;
      case 3: {
        auto record = parse_record(in.bytes());
        if (!record) return fail(record);
        message.record = std::move(*record);
        break;
      }
      case 8: part = parse_peer_into(message.closer, in.bytes()); break;
      case 9: part = parse_peer_into(message.providers, in.bytes()); break;
      default: break;
    }
    if (!part) return fail(part);
  }
  if (auto done = in.finish("DHT message"); !done) return fail(done);
  if (message.key.size() > kMaxKeyBytes) {
    return fail(Errc::limit, "DHT message: a key of {} B; at most {} are taken", message.key.size(), kMaxKeyBytes);
  }
  return message;
}

std::vector<std::uint8_t> Message::encode() const {
  std::vector<std::uint8_t> bytes;
  ProtobufWriter out(bytes);
  out.varint(1, static_cast<std::uint64_t>(type));
  if (!key.empty()) out.bytes(2, key.view());
  if (record) out.bytes(3, encoded_record(*record));
  for (const PeerInfo& peer : closer) out.bytes(8, encoded_peer(peer));
  for (const PeerInfo& peer : providers) out.bytes(9, encoded_peer(peer));
  return bytes;
}

}  // namespace ghostnet::kademlia
