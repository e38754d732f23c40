#include "ghostnet/beacon/wire.hpp"

namespace ghostnet::beacon {

Result<Message> parse(ByteView datagram) {
  ByteReader in(datagram);
  in.expect(in.u32() == Message::kMagic, "the magic of beacon");
  in.expect(in.u8() == Message::kVersion, "version 1");
  in.skip(3);
  Message message{.epoch = in.u64(), .sequence = in.u64()};
  message.padding_bytes = in.remaining();
  if (Result<> whole = in.check("beacon"); !whole) return fail(std::move(whole));
  return message;
}

void emit(const Message& message, ByteWriter& out) {
  out.u32(Message::kMagic);
  out.u8(Message::kVersion);
  out.zeros(3);
  out.u64(message.epoch);
  out.u64(message.sequence);
  out.zeros(message.padding_bytes);
}

}  // namespace ghostnet::beacon
