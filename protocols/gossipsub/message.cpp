#include "ghostnet/gossipsub/message.hpp"

#include "protobuf.hpp"

namespace ghostnet::gossipsub {

Result<Message> Message::parse(ByteView encoded) {
  Message message{.encoded = encoded};
  bool has_topic = false;
  int signatures = 0;
  ProtobufFields fields(encoded);
  while (const auto field = fields.next()) {
    switch (field->number) {
      case 1: message.from = field->bytes; break;
      case 2: message.data = field->bytes; break;
      case 3: message.seqno = field->bytes; break;
      case 4:
        message.topic = as_text(field->bytes);
        has_topic = true;
        break;
      case 5:
        message.signature = field->bytes;
        message.signature_begin = field->begin;
        message.signature_end = fields.position();
        ++signatures;
        break;
      case 6: message.key = field->bytes; break;
      default: break;  // signed and forwarded, not understood
    }
  }
  if (auto done = fields.finish("pubsub message"); !done) return fail(done);
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
