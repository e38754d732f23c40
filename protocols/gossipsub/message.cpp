#include "ghostnet/gossipsub/message.hpp"

#include "ghostnet/libp2p/protobuf.hpp"

namespace ghostnet::gossipsub {

std::vector<std::uint8_t> Message::signed_bytes() const {
  constexpr std::string_view kPrefix = "libp2p-pubsub:";
  std::vector<std::uint8_t> bytes(kPrefix.begin(), kPrefix.end());
  ByteView rest = encoded;
  const auto copy_up_to = [&](ByteView field) {
    libp2p::append(bytes, rest.first(static_cast<std::size_t>(field.data() - rest.data())));
    rest = rest.subspan(static_cast<std::size_t>(field.data() - rest.data()) + field.size());
  };
  const bool key_first = !key_field.empty() && !signature_field.empty() && key_field.data() < signature_field.data();
  for (ByteView field : {key_first ? key_field : signature_field, key_first ? signature_field : key_field}) {
    if (!field.empty()) copy_up_to(field);
  }
  libp2p::append(bytes, rest);
  return bytes;
}

Result<Message> Message::parse(ByteView encoded) {
  Message message{.encoded = encoded};
  bool has_topic = false;
  int signatures = 0;
  int keys = 0;
  libp2p::ProtobufReader in(encoded);
  while (in.next()) {
    switch (in.field()) {
      case 1: message.from = in.bytes(); break;
      case 2: message.data = in.bytes(); break;
      case 3: message.seqno = in.bytes(); break;
      case 4:
        message.topic = in.text();
        has_topic = true;
        break;
      case 5:
      case 6: {
        const std::size_t begin = in.field_begin();
        const bool is_key = in.field() == 6;
        (is_key ? message.key : message.signature) = in.bytes();
        (is_key ? message.key_field : message.signature_field) = encoded.subspan(begin, in.position() - begin);
        ++(is_key ? keys : signatures);
        break;
      }
      default: break;  // signed and forwarded, not understood
    }
  }
  if (auto done = in.finish("pubsub message"); !done) return fail(done);
  if (!has_topic) return fail(Errc::malformed, "pubsub message: it has no topic");
  if (message.topic.size() > kMaxTopicBytes) return fail(Errc::malformed, "pubsub message: its topic is too long");
  if (signatures > 1 || keys > 1) {
    return fail(Errc::malformed, "pubsub message: it has several signatures or keys");
  }
  return message;
}

std::optional<MessageId> MessageId::of_origin(const Message& message) {
  if (!message.from || !message.seqno) return std::nullopt;
  MessageId id;
  if (!id.append(*message.from) || !id.append(*message.seqno)) return std::nullopt;
  return id;
}

}  // namespace ghostnet::gossipsub
