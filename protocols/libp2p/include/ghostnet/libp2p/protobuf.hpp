// ProtobufReader and ProtobufWriter: as much of Protocol Buffers as the messages of libp2p need, without a generator.
//
//   ProtobufReader in(message);
//   while (in.next()) {
//     switch (in.field()) {
//       case 1: record.peer = in.bytes(); break;
//       case 2: record.seq = in.varint(); break;
//     }                                             // a field that nobody took is skipped
//   }
//   if (Result<> done = in.finish("peer record"); !done) return fail(done);
//
// Reading is total and owns nothing. A known field with another wire type than was asked for is malformed; of a field
// that may stand once, the caller sees every occurrence and by custom keeps the last. Groups are malformed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::libp2p {

class ProtobufReader {
 public:
  explicit ProtobufReader(ByteView message) : in_(message) {}

  // To the next field; false at the end and after a failure.
  bool next();
  std::uint32_t field() const { return field_; }
  // Where the tag of the field stands, and where what is read next does, in bytes from the start of the message.
  std::size_t field_begin() const { return begin_; }
  std::size_t position() const { return in_.position(); }

  std::uint64_t varint();
  bool boolean() { return varint() != 0; }
  std::int64_t int64() { return static_cast<std::int64_t>(varint()); }
  ByteView bytes();
  std::string_view text() { return as_text(bytes()); }

  // Fails here unless `condition`.
  void expect(bool condition, const char* wanted) { in_.expect(condition, wanted); }
  bool ok() const { return in_.ok(); }
  Result<> finish(std::string_view what) const { return in_.finish(what); }

 private:
  enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

  void skip();

  ByteReader in_;
  std::size_t begin_ = 0;
  std::uint32_t field_ = 0;
  WireType type_ = WireType::varint;
  bool taken_ = true;
};

// Appends fields, in the order in which they are written, to bytes of the caller's.
class ProtobufWriter {
 public:
  explicit ProtobufWriter(std::vector<std::uint8_t>& out) : out_(out) {}

  void varint(std::uint32_t field, std::uint64_t value);
  void boolean(std::uint32_t field, bool value) { varint(field, value ? 1 : 0); }
  void bytes(std::uint32_t field, ByteView value);
  void text(std::uint32_t field, std::string_view value) { bytes(field, as_bytes(value)); }

 private:
  std::vector<std::uint8_t>& out_;
};

// Appends an unsigned varint, as multiformats and Protocol Buffers write them.
void append_varint(std::vector<std::uint8_t>& out, std::uint64_t value);
inline void append(std::vector<std::uint8_t>& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace ghostnet::libp2p
