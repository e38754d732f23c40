#include "ghostnet/runtime/wire.hpp"

namespace ghostnet {

std::unexpected<Error> ByteReader::describe_failure(std::string_view what, std::size_t at, std::uint64_t wanted_bytes,
                                                    const char* wanted, std::size_t left) {
  if (wanted_bytes == 0) return fail(Errc::malformed, "{}: at byte {}: expected {}", what, at, wanted);
  return fail(Errc::malformed, "{}: at byte {}: {} needs {} bytes, {} left", what, at, wanted, wanted_bytes, left);
}

std::unexpected<Error> ByteReader::describe_leftover(std::string_view what, std::size_t at, std::size_t left) {
  return fail(Errc::malformed, "{}: at byte {}: expected the end, {} bytes left", what, at, left);
}

void ByteWriter::quic_varint(std::uint64_t value) {
  require(value <= kMaxQuicVarint, "a number below 2^62");
  switch (quic_varint_size(value)) {
    case 1: return u8(value);
    case 2: return u16(value | 0x4000);
    case 4: return u32(value | 0x8000'0000);
    default: return u64(value | 0xc000'0000'0000'0000);
  }
}

void ByteWriter::protobuf_varint(std::uint64_t value) {
  const std::size_t size = leb128_size(value);
  std::uint8_t* const to = take(size);
  if (!to) return;
  for (std::size_t i = 0; i + 1 < size; ++i, value >>= 7) to[i] = static_cast<std::uint8_t>(value | 0x80);
  to[size - 1] = static_cast<std::uint8_t>(value);
}

namespace {

struct PrefixShape {
  std::size_t bytes;
  std::uint64_t max_value;
};

constexpr PrefixShape shape_of(LengthPrefix prefix) {
  switch (prefix) {
    case LengthPrefix::u8: return {1, 0xff};
    case LengthPrefix::u16:
    case LengthPrefix::u16_le: return {2, 0xffff};
    case LengthPrefix::u24: return {3, 0xff'ffff};
    case LengthPrefix::u32:
    case LengthPrefix::u32_le: return {4, 0xffff'ffff};
    case LengthPrefix::quic_varint2: return {2, 0x3fff};
    case LengthPrefix::quic_varint4: return {4, 0x3fff'ffff};
  }
  return {0, 0};
}

}  // namespace

ByteWriter::OpenLength ByteWriter::begin_length(LengthPrefix prefix) {
  const OpenLength length(position(), prefix);
  take(shape_of(prefix).bytes);
  return length;
}

void ByteWriter::end_length(OpenLength length) {
  const PrefixShape shape = shape_of(length.prefix_);
  if (!ok()) return;
  const std::uint64_t counted = position() - length.at_ - shape.bytes;
  require(counted <= shape.max_value, "a part short enough for its length prefix");
  if (!ok()) return;
  std::uint8_t* const to = begin_ + length.at_;
  const auto value = static_cast<std::uint32_t>(counted);
  switch (length.prefix_) {
    case LengthPrefix::u8: return store_be(to, static_cast<std::uint8_t>(value));
    case LengthPrefix::u16: return store_be(to, static_cast<std::uint16_t>(value));
    case LengthPrefix::u24: return store_be<std::uint32_t, 3>(to, value);
    case LengthPrefix::u32: return store_be(to, value);
    case LengthPrefix::u16_le: return store_le(to, static_cast<std::uint16_t>(value));
    case LengthPrefix::u32_le: return store_le(to, value);
    case LengthPrefix::quic_varint2: return store_be(to, static_cast<std::uint16_t>(value | 0x4000));
    case LengthPrefix::quic_varint4: return store_be(to, value | 0x8000'0000);
  }
}

std::unexpected<Error> ByteWriter::describe_failure(std::string_view what, std::size_t position, std::size_t room_bytes,
                                                    std::size_t missing_bytes, const char* wanted) {
  if (wanted) return fail(Errc::invalid_argument, "{}: at byte {}: expected {}", what, position, wanted);
  return fail(Errc::message_too_large, "{}: {} bytes, with room for {}", what, position + missing_bytes, room_bytes);
}

}  // namespace ghostnet
