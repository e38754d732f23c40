#include "ghostnet/libp2p/message.hpp"

#include <algorithm>
#include <array>

#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::libp2p {
namespace {

constexpr std::size_t kMaxLengthBytes = 9;
constexpr std::size_t kFirstRoomBytes = 4096;

}  // namespace

Task<Result<Bytes>> read_message(Stream& stream, std::size_t max_bytes) {
  std::array<std::uint8_t, kMaxLengthBytes> prefix;
  std::size_t prefix_bytes = 0;
  do {
    if (prefix_bytes == prefix.size()) co_return fail(Errc::malformed, "the length of a message has more than 9 bytes");
    const Result<std::size_t> read = co_await stream.read(MutableByteView(prefix).subspan(prefix_bytes, 1));
    if (!read) co_return fail(read);
    if (*read == 0) {
      if (prefix_bytes == 0) co_return fail(Errc::end_of_stream);
      co_return fail(Errc::malformed, "the stream ended within the length of a message");
    }
    ++prefix_bytes;
  } while (prefix[prefix_bytes - 1] >= 0x80);
  ByteReader in(ByteView(prefix).first(prefix_bytes));
  const std::uint64_t length = in.leb128();
  if (Result<> done = in.finish("length of a message"); !done) co_return fail(done);
  if (length > max_bytes) {
    co_return fail(Errc::message_too_large, "a message of {} bytes; at most {} are taken", length, max_bytes);
  }

  PacketBuf message = PacketBuf::with_room(0, std::min<std::size_t>(length, kFirstRoomBytes));
  while (message.size() < length) {
    const std::size_t missing = static_cast<std::size_t>(length) - message.size();
    if (message.tailroom() == 0) message.reserve(0, std::min(missing, message.size()));
    const MutableByteView room = message.tail().first(std::min(missing, message.tailroom()));
    const Result<std::size_t> read = co_await stream.read(room);
    if (!read) co_return fail(read);
    if (*read == 0) co_return fail(Errc::malformed, "the stream ended within a message");
    message.append(*read);
  }
  co_return Bytes::from(std::move(message));
}

Task<Result<>> write_message(Stream& stream, ByteView message) {
  std::array<std::uint8_t, kMaxLengthBytes> prefix;
  ByteWriter out(prefix);
  out.leb128(message.size());
  const std::array<ByteView, 2> parts = {out.written(), message};
  co_return co_await stream.write(parts);
}

}  // namespace ghostnet::libp2p
