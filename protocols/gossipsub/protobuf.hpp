// Reading and writing the few shapes of protobuf that gossipsub has: fields of bytes, and varints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::gossipsub {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct ProtobufField {
  std::uint64_t number = 0;
  WireType type{};
  std::size_t begin = 0;     // where its tag stands
  std::uint64_t varint = 0;  // of type varint
  ByteView bytes{};          // of type bytes; empty for others
};

// The fields of one message, in their order. Fields that are numbered as known ones but of another type look empty.
class ProtobufFields {
 public:
  explicit ProtobufFields(ByteView message) : in_(message) {}

  std::optional<ProtobufField> next() {
    if (!in_.more()) return std::nullopt;
    ProtobufField field{.begin = in_.position()};
    const std::uint64_t tag = in_.protobuf_varint();
    field.number = tag >> 3;
    field.type = static_cast<WireType>(tag & 7);
    in_.expect(field.number != 0, "a field number above 0");
    switch (field.type) {
      case WireType::varint: field.varint = in_.protobuf_varint(); break;
      case WireType::fixed64: in_.skip(8); break;
      case WireType::bytes: field.bytes = in_.bytes(in_.protobuf_varint()); break;
      case WireType::fixed32: in_.skip(4); break;
      default: in_.expect(false, "a wire type of proto2 without groups"); break;
    }
    if (!in_.ok()) return std::nullopt;
    return field;
  }

  std::size_t position() const { return in_.position(); }
  Result<> finish(std::string_view what) { return in_.finish(what); }

 private:
  ByteReader in_;
};

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
