#include "ghostnet/ping/wire.hpp"

namespace ghostnet::ping {
namespace {

constexpr std::size_t kTypeAt = 5;

}  // namespace

Result<Message> parse(ByteView datagram) {
  ByteReader in(datagram);
  in.expect(in.u32() == Message::kMagic, "the magic of ping");
  in.expect(in.u8() == Message::kVersion, "version 1");
  const std::uint8_t type = in.u8();
  in.expect(
      type == static_cast<std::uint8_t>(MessageType::request) || type == static_cast<std::uint8_t>(MessageType::reply),
      "a request or a reply");
  in.skip(2);
  Message message{.type = static_cast<MessageType>(type),
                  .session = in.u64(),
                  .sequence = in.u64(),
                  .sent_at_ns = static_cast<std::int64_t>(in.u64())};
  message.padding_bytes = in.remaining();
  if (Result<> whole = in.check("ping message"); !whole) return fail(std::move(whole));
  return message;
}

void emit(const Message& message, ByteWriter& out) {
  out.u32(Message::kMagic);
  out.u8(Message::kVersion);
  out.u8(static_cast<std::uint8_t>(message.type));
  out.u16(0);
  out.u64(message.session);
  out.u64(message.sequence);
  out.u64(static_cast<std::uint64_t>(message.sent_at_ns));
  out.zeros(message.padding_bytes);
}

void turn_into_reply(MutableByteView request) { request[kTypeAt] = static_cast<std::uint8_t>(MessageType::reply); }

}  // namespace ghostnet::ping
