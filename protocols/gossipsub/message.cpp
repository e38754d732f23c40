#include "ghostnet/gossipsub/message.hpp"

#include "ghostnet/libp2p/protobuf.hpp"

namespace ghostnet::gossipsub {

Result<Message> Message::parse(ByteView encoded) {
  Message message{.encoded = encoded};
  bool has_topic = false;
  int signatures = 0;
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
        message.signature_begin = in.field_begin();
        message.signature = in.bytes();
        message.signature_end = in.position();
        ++signatures;
        break;
      case 6: message.key = in.bytes(); break;
      default: break;  // signed and forwarded, not understood
    }
  }
  if (auto done = in.finish("pubsub message"); !done) return fail(done);
  if (!has_topic) return fail(Errc::malformed, "pubsub message: it has no topic");
  if (message.topic.size() > kMaxTopicBytes) return fail(Errc::malformed, "pubsub message: its topic is too long");
  if (signatures > 1) return fail(Errc::malformed, "pubsub message: it has several signatures");
  return message;
}

std::optional<MessageId> MessageId::of_origin(const Message& message) {
  if (!message.from || !message.seqno) return std::nullopt;
  MessageId id;
  if (!id.append(*message.from) || !id.append(*message.seqno)) return std::nullopt;
  return id;
}

}  // namespace ghostnet::gossipsub
