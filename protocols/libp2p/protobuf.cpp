#include "ghostnet/libp2p/protobuf.hpp"

namespace ghostnet::libp2p {
namespace {

constexpr std::uint64_t kMaxField = (1u << 29) - 1;

}  // namespace

bool ProtobufReader::next() {
  if (!taken_) skip();
  if (!in_.more()) return false;
  begin_ = in_.position();
  const std::uint64_t tag = in_.protobuf_varint();
  const std::uint64_t field = tag >> 3;
  const auto type = static_cast<std::uint8_t>(tag & 7);
  in_.expect(field >= 1 && field <= kMaxField, "a field number");
  in_.expect(type == 0 || type == 1 || type == 2 || type == 5, "a wire type of proto2 or proto3 without groups");
  if (!in_.ok()) return false;
  field_ = static_cast<std::uint32_t>(field);
  type_ = static_cast<WireType>(type);
  taken_ = false;
  return true;
}

std::uint64_t ProtobufReader::varint() {
  in_.expect(type_ == WireType::varint, "a varint");
  taken_ = true;
  return in_.protobuf_varint();
}

ByteView ProtobufReader::bytes() {
  in_.expect(type_ == WireType::bytes, "a field with a length");
  taken_ = true;
  return in_.bytes(in_.protobuf_varint());
}

void ProtobufReader::skip() {
  taken_ = true;
  switch (type_) {
    case WireType::varint: in_.protobuf_varint(); break;
    case WireType::fixed64: in_.skip(8); break;
    case WireType::bytes: in_.skip(in_.protobuf_varint()); break;
    case WireType::fixed32: in_.skip(4); break;
  }
}

void ProtobufWriter::varint(std::uint32_t field, std::uint64_t value) {
  append_varint(out_, std::uint64_t{field} << 3);
  append_varint(out_, value);
}

void ProtobufWriter::bytes(std::uint32_t field, ByteView value) {
  append_varint(out_, std::uint64_t{field} << 3 | 2);
  append_varint(out_, value.size());
  append(out_, value);
}

void append_varint(std::vector<std::uint8_t>& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

}  // namespace ghostnet::libp2p
