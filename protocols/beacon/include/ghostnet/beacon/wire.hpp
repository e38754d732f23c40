// The wire format of beacons: one message to a group, never answered. Big-endian.
//
//    0                   1                   2                   3
//   +-------------------------------+---------------+---------------+
//   | magic "gnbc"                                                  |   0
//   +---------------+-----------------------------------------------+
//   | version 1     | zero                                          |   4
//   +---------------+-----------------------------------------------+
//   | epoch (64 bits), chosen by chance when the sender starts      |   8
//   +---------------------------------------------------------------+
//   | sequence (64 bits), from 0 in each epoch                      |  16
//   +---------------------------------------------------------------+
//   | padding, any content                                          |  24
#pragma once

#include <cstddef>
#include <cstdint>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::beacon {

struct Message {
  static constexpr std::uint32_t kMagic = 0x676e'6263;
  static constexpr std::uint8_t kVersion = 1;
  static constexpr std::size_t kHeaderBytes = 24;

  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  std::size_t padding_bytes = 0;

  std::size_t size_bytes() const { return kHeaderBytes + padding_bytes; }

  friend bool operator==(const Message&, const Message&) = default;
};

// Total. Errors: malformed, with the byte and what was expected there.
Result<Message> parse(ByteView datagram);

// The padding is zeros.
void emit(const Message& message, ByteWriter& out);

}  // namespace ghostnet::beacon
