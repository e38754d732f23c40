// Writing the few shapes of protobuf that gossipsub has, into room whose size is computed first: an RPC is one
// allocation and one pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::gossipsub {

enum class WireType : std::uint8_t { varint = 0, bytes = 2 };

// Sizes and writers of fields whose number is below 16, so that a tag is one byte.
constexpr std::size_t bytes_field_size(std::size_t bytes) { return 1 + leb128_size(bytes) + bytes; }
constexpr std::size_t varint_field_size(std::uint64_t value) { return 1 + leb128_size(value); }

inline void write_tag(ByteWriter& out, unsigned number, WireType type) {
  out.u8(number << 3 | static_cast<unsigned>(type));
}
inline void write_length(ByteWriter& out, unsigned number, std::size_t bytes) {
  write_tag(out, number, WireType::bytes);
  out.protobuf_varint(bytes);
}
inline void write_bytes(ByteWriter& out, unsigned number, ByteView bytes) {
  write_length(out, number, bytes.size());
  out.bytes(bytes);
}
inline void write_text(ByteWriter& out, unsigned number, std::string_view text) {
  write_bytes(out, number, as_bytes(text));
}
inline void write_varint(ByteWriter& out, unsigned number, std::uint64_t value) {
  write_tag(out, number, WireType::varint);
  out.protobuf_varint(value);
}

}  // namespace ghostnet::gossipsub
