// The wire format of ping: one message, asked and answered over UDP. Big-endian.
//
//    0                   1                   2                   3
//   +-------------------------------+---------------+---------------+
//   | magic "gnpg"                                                  |   0
//   +---------------+---------------+-------------------------------+
//   | version 1     | type          | zero                          |   4
//   +---------------+---------------+-------------------------------+
//   | session (64 bits), chosen by who asks                         |   8
//   +---------------------------------------------------------------+
//   | sequence (64 bits), from 0                                    |  16
//   +---------------------------------------------------------------+
//   | sent at (64 bits), ns on the clock of who asks                |  24
//   +---------------------------------------------------------------+
//   | padding, any content                                          |  32
//
// A reply is the request with its type changed, so it is never longer: nobody can be hit by more than was sent. A later
// version may put fields in front of the padding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::ping {

enum class MessageType : std::uint8_t { request = 1, reply = 2 };

struct Message {
  static constexpr std::uint32_t kMagic = 0x676e'7067;
  static constexpr std::uint8_t kVersion = 1;
  static constexpr std::size_t kHeaderBytes = 32;

  MessageType type = MessageType::request;
  std::uint64_t session = 0;
  std::uint64_t sequence = 0;
  std::int64_t sent_at_ns = 0;
  std::size_t padding_bytes = 0;

  std::size_t size_bytes() const { return kHeaderBytes + padding_bytes; }

  friend bool operator==(const Message&, const Message&) = default;
};

// Total. Errors: malformed, with the byte and what was expected there.
Result<Message> parse(ByteView datagram);

// The padding is zeros.
void emit(const Message& message, ByteWriter& out);

// Makes the reply out of a datagram that parsed as a request, in place.
void turn_into_reply(MutableByteView request);

}  // namespace ghostnet::ping
