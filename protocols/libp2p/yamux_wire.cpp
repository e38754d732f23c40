#include "ghostnet/libp2p/yamux_wire.hpp"

#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::libp2p {

Result<YamuxHeader> YamuxHeader::parse(ByteView bytes) {
  ByteReader in(bytes);
  in.expect(in.u8() == 0, "yamux version 0");
  const std::uint8_t type = in.u8();
  in.expect(type <= static_cast<std::uint8_t>(YamuxType::go_away), "a yamux type");
  YamuxHeader header{static_cast<YamuxType>(type), in.u16(), in.u32(), in.u32()};
  const bool of_session = header.type == YamuxType::ping || header.type == YamuxType::go_away;
  in.expect(of_session == (header.stream_id == 0), "a stream id where, and only where, a stream is meant");
  if (Result<> done = in.finish("yamux header"); !done) return fail(done);
  return header;
}

std::array<std::uint8_t, kYamuxHeaderBytes> YamuxHeader::encode() const {
  std::array<std::uint8_t, kYamuxHeaderBytes> bytes{};
  bytes[1] = static_cast<std::uint8_t>(type);
  store_be(bytes.data() + 2, flags);
  store_be(bytes.data() + 4, stream_id);
  store_be(bytes.data() + 8, length);
  return bytes;
}

}  // namespace ghostnet::libp2p
