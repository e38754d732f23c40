#include "ghostnet/gossipsub/rpc.hpp"

#include <cassert>
#include <utility>

#include "ghostnet/libp2p/protobuf.hpp"
#include "ghostnet/runtime/packet_buf.hpp"
#include "proto_writer.hpp"

namespace ghostnet::gossipsub {
namespace {

using libp2p::ProtobufReader;

// ---- reading ----

Result<> room_for_more(std::size_t parts) {
  if (parts < Rpc::kMaxParts) return {};
  return fail(Errc::limit, "pubsub RPC: more than {} parts", Rpc::kMaxParts);
}

template <class T>
Result<> append(std::vector<T>& parts, T part) {
  if (auto room = room_for_more(parts.size()); !room) return room;
  parts.push_back(std::move(part));
  return {};
}

template <class T>
std::uint32_t size_of(const std::vector<T>& parts) {
  return static_cast<std::uint32_t>(parts.size());
}

Result<> parse_sub_opts(ByteView encoded, Rpc& rpc) {
  SubOpts opts;
  ProtobufReader in(encoded);
  while (in.next()) {
    if (in.field() == 1) opts.subscribe = in.boolean();
    if (in.field() == 2) opts.topic = in.text();
  }
  if (auto done = in.finish("SubOpts"); !done) return done;
  return append(rpc.subscriptions, opts);
}

Result<> parse_ihave(ByteView encoded, Rpc& rpc) {
  IHave ihave{.topic = {}, .ids = {.first = size_of(rpc.ids)}};
  ProtobufReader in(encoded);
  while (in.next()) {
    if (in.field() == 1) ihave.topic = in.text();
    if (in.field() == 2) {
      if (auto added = append(rpc.ids, in.bytes()); !added) return added;
    }
  }
  ihave.ids.count = size_of(rpc.ids) - ihave.ids.first;
  if (auto done = in.finish("IHAVE"); !done) return done;
  return append(rpc.ihave, ihave);
}

// IWANT and IDONTWANT.
Result<> parse_ids(ByteView encoded, std::string_view what, std::vector<ByteView>& ids) {
  ProtobufReader in(encoded);
  while (in.next()) {
    if (in.field() != 1) continue;
    if (auto added = append(ids, in.bytes()); !added) return added;
  }
  return in.finish(what);
}

Result<> parse_graft(ByteView encoded, Rpc& rpc) {
  std::string_view topic;
  ProtobufReader in(encoded);
  while (in.next()) {
    if (in.field() == 1) topic = in.text();
  }
  if (auto done = in.finish("GRAFT"); !done) return done;
  return append(rpc.graft, topic);
}

Result<> parse_peer_info(ByteView encoded, Rpc& rpc) {
  PeerInfo peer;
  ProtobufReader in(encoded);
  while (in.next()) {
    if (in.field() == 1) peer.peer_id = in.bytes();
    if (in.field() == 2) peer.signed_peer_record = in.bytes();
  }
  if (auto done = in.finish("PeerInfo"); !done) return done;
  return append(rpc.peers, peer);
}

Result<> parse_prune(ByteView encoded, Rpc& rpc) {
  Prune prune{.topic = {}, .peers = {.first = size_of(rpc.peers)}};
  ProtobufReader in(encoded);
  while (in.next()) {
    switch (in.field()) {
      case 1: prune.topic = in.text(); break;
      case 2:
        if (auto peer = parse_peer_info(in.bytes(), rpc); !peer) return peer;
        break;
      case 3: prune.backoff_s = in.varint(); break;
      default: break;
    }
  }
  prune.peers.count = size_of(rpc.peers) - prune.peers.first;
  if (auto done = in.finish("PRUNE"); !done) return done;
  return append(rpc.prune, prune);
}

Result<> parse_control(ByteView encoded, Rpc& rpc) {
  ProtobufReader in(encoded);
  while (in.next()) {
    Result<> parsed;
    switch (in.field()) {
      case 1: parsed = parse_ihave(in.bytes(), rpc); break;
      case 2: parsed = parse_ids(in.bytes(), "IWANT", rpc.iwant); break;
      case 3: parsed = parse_graft(in.bytes(), rpc); break;
      case 4: parsed = parse_prune(in.bytes(), rpc); break;
      case 5:
        ++rpc.idontwant_messages;
        parsed = parse_ids(in.bytes(), "IDONTWANT", rpc.idontwant);
        break;
      default: break;
    }
    if (!parsed) return parsed;
  }
  return in.finish("ControlMessage");
}

// ---- writing: each part knows its size before it is written ----

std::size_t sub_opts_size(const SubOpts& opts) { return varint_field_size(1) + bytes_field_size(opts.topic.size()); }

std::size_t ids_size(std::span<const ByteView> ids) {
  std::size_t size = 0;
  for (const ByteView id : ids) size += bytes_field_size(id.size());
  return size;
}

std::size_t ihave_size(const Rpc& rpc, const IHave& ihave) {
  return bytes_field_size(ihave.topic.size()) + ids_size(ihave.ids.of(rpc.ids));
}

std::size_t peer_info_size(const PeerInfo& peer) {
  const std::size_t record = peer.signed_peer_record.size();
  return bytes_field_size(peer.peer_id.size()) + (record == 0 ? 0 : bytes_field_size(record));
}

std::size_t prune_size(const Rpc& rpc, const Prune& prune) {
  std::size_t size = bytes_field_size(prune.topic.size());
  for (const PeerInfo& peer : prune.peers.of(rpc.peers)) size += bytes_field_size(peer_info_size(peer));
  return size + (prune.backoff_s == 0 ? 0 : varint_field_size(prune.backoff_s));
}

std::size_t control_size(const Rpc& rpc) {
  std::size_t size = 0;
  for (const IHave& ihave : rpc.ihave) size += bytes_field_size(ihave_size(rpc, ihave));
  if (!rpc.iwant.empty()) size += bytes_field_size(ids_size(rpc.iwant));
  for (const std::string_view topic : rpc.graft) size += bytes_field_size(bytes_field_size(topic.size()));
  for (const Prune& prune : rpc.prune) size += bytes_field_size(prune_size(rpc, prune));
  if (!rpc.idontwant.empty()) size += bytes_field_size(ids_size(rpc.idontwant));
  return size;
}

void write_ids(ByteWriter& out, unsigned number, std::span<const ByteView> ids) {
  for (const ByteView id : ids) write_bytes(out, number, id);
}

void write_prune(ByteWriter& out, const Rpc& rpc, const Prune& prune) {
  write_text(out, 1, prune.topic);
  for (const PeerInfo& peer : prune.peers.of(rpc.peers)) {
    write_length(out, 2, peer_info_size(peer));
    write_bytes(out, 1, peer.peer_id);
    if (!peer.signed_peer_record.empty()) write_bytes(out, 2, peer.signed_peer_record);
  }
  if (prune.backoff_s != 0) write_varint(out, 3, prune.backoff_s);
}

void write_control(ByteWriter& out, const Rpc& rpc) {
  for (const IHave& ihave : rpc.ihave) {
    write_length(out, 1, ihave_size(rpc, ihave));
    write_text(out, 1, ihave.topic);
    write_ids(out, 2, ihave.ids.of(rpc.ids));
  }
  if (!rpc.iwant.empty()) {
    write_length(out, 2, ids_size(rpc.iwant));
    write_ids(out, 1, rpc.iwant);
  }
  for (const std::string_view topic : rpc.graft) {
    write_length(out, 3, bytes_field_size(topic.size()));
    write_text(out, 1, topic);
  }
  for (const Prune& prune : rpc.prune) {
    write_length(out, 4, prune_size(rpc, prune));
    write_prune(out, rpc, prune);
  }
  if (!rpc.idontwant.empty()) {
    write_length(out, 5, ids_size(rpc.idontwant));
    write_ids(out, 1, rpc.idontwant);
  }
}

Bytes finished(PacketBuf packet, std::size_t wanted_bytes) {
  assert(packet.size() == wanted_bytes && "sizes and writers agree");
  static_cast<void>(wanted_bytes);
  return Bytes::from(std::move(packet));
}

}  // namespace

void Rpc::clear() {
  subscriptions.clear();
  publish.clear();
  ihave.clear();
  iwant.clear();
  graft.clear();
  prune.clear();
  idontwant.clear();
  idontwant_messages = 0;
  ids.clear();
  peers.clear();
}

bool Rpc::empty() const {
  return subscriptions.empty() && publish.empty() && ihave.empty() && iwant.empty() && graft.empty() && prune.empty() &&
         idontwant.empty();
}

Result<> Rpc::parse(ByteView encoded) {
  ProtobufReader in(encoded);
  while (in.next()) {
    Result<> parsed;
    switch (in.field()) {
      case 1: parsed = parse_sub_opts(in.bytes(), *this); break;
      case 2: parsed = append(publish, in.bytes()); break;
      case 3: parsed = parse_control(in.bytes(), *this); break;
      default: break;
    }
    if (!parsed) return parsed;
  }
  return in.finish("pubsub RPC");
}

Bytes Rpc::encode() const {
  std::size_t size = 0;
  for (const SubOpts& opts : subscriptions) size += bytes_field_size(sub_opts_size(opts));
  for (const ByteView message : publish) size += bytes_field_size(message.size());
  const std::size_t control = control_size(*this);
  if (control != 0) size += bytes_field_size(control);

  PacketBuf packet = PacketBuf::with_room(0, size);
  ByteWriter out(packet);
  for (const SubOpts& opts : subscriptions) {
    write_length(out, 1, sub_opts_size(opts));
    write_varint(out, 1, opts.subscribe ? 1 : 0);
    write_text(out, 2, opts.topic);
  }
  write_ids(out, 2, publish);
  if (control != 0) {
    write_length(out, 3, control);
    write_control(out, *this);
  }
  const Result<> done = out.finish("pubsub RPC");
  assert(done && "the room was computed from the parts");
  return finished(std::move(packet), size);
}

Frame Frame::of_rpc(Bytes encoded_rpc) {
  Frame frame{.body = std::move(encoded_rpc)};
  ByteWriter out(frame.head);
  out.protobuf_varint(frame.body.size());
  frame.head_bytes = static_cast<std::uint8_t>(out.position());
  return frame;
}

Frame Frame::of_message(Bytes encoded_message) {
  Frame frame{.body = std::move(encoded_message)};
  ByteWriter out(frame.head);
  out.protobuf_varint(bytes_field_size(frame.body.size()));
  write_length(out, 2, frame.body.size());
  frame.head_bytes = static_cast<std::uint8_t>(out.position());
  return frame;
}

Bytes NewMessage::encode() const {
  const std::pair<unsigned, ByteView> fields[] = {{1, from},      {2, data}, {3, seqno}, {4, as_bytes(topic)},
                                                  {5, signature}, {6, key}};
  std::size_t size = 0;
  for (const auto& [number, bytes] : fields) {
    if (!bytes.empty() || number == 4) size += bytes_field_size(bytes.size());
  }
  PacketBuf packet = PacketBuf::with_room(0, size);
  ByteWriter out(packet);
  for (const auto& [number, bytes] : fields) {
    if (!bytes.empty() || number == 4) write_bytes(out, number, bytes);
  }
  const Result<> done = out.finish("pubsub message");
  assert(done && "the room was computed from the parts");
  return finished(std::move(packet), size);
}

}  // namespace ghostnet::gossipsub
