// ByteReader and ByteWriter: parsing and emitting wire formats, and the byte-order helpers under them.
//
//     ByteReader in(datagram);
//     Header header{.type = in.u8(), .flags = in.u8(), .length = in.u16()};
//     header.body = in.bytes(header.length);
//     in.expect(header.type <= kLastType, "a known type");
//     if (auto done = in.finish("header"); !done) return fail(done);
//
// Errors are sticky. A read that would pass the end returns zero, remembers where it stood and what it wanted, and
// makes every later read fail too; finish() turns that into one Result that names the byte. So a parser reads like
// its format, with one branch at the end instead of one a field; a Result per read would be an if and a dereference a
// line, and would carry an Error through registers that hold the message. What follows from it: a value read may be
// the zero of a failure until finish() or ok() was asked, so loops over what remains test `while (in.more())`, and an
// allocation is never sized by a count that was not checked against remaining().
//
// Reader and writer own nothing. Numbers are big-endian (network order) unless the name ends in _le. No read passes
// the end of the view and no write the end of the room, whatever the input.
//
// Varints: QUIC's (RFC 9000 16) and unsigned LEB128, in the strict form of libp2p and multiformats (minimal, at
// most 9 bytes, so below 2^63) and the lenient form of Protocol Buffers (at most 10 bytes, below 2^64).
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet {

// The kBytes bytes at `from` as one number. Unaligned is fine; compiles to a load and a swap.
template <std::unsigned_integral T, std::size_t kBytes = sizeof(T)>
constexpr T load_be(const std::uint8_t* from) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kBytes; ++i) value = value << 8 | from[i];
  return static_cast<T>(value);
}
template <std::unsigned_integral T, std::size_t kBytes = sizeof(T)>
constexpr T load_le(const std::uint8_t* from) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kBytes; ++i) value |= std::uint64_t{from[i]} << (8 * i);
  return static_cast<T>(value);
}
template <std::unsigned_integral T, std::size_t kBytes = sizeof(T)>
constexpr void store_be(std::uint8_t* to, T value) {
  for (std::size_t i = 0; i < kBytes; ++i) {
    to[i] = static_cast<std::uint8_t>(std::uint64_t{value} >> (8 * (kBytes - 1 - i)));
  }
}
template <std::unsigned_integral T, std::size_t kBytes = sizeof(T)>
constexpr void store_le(std::uint8_t* to, T value) {
  for (std::size_t i = 0; i < kBytes; ++i) to[i] = static_cast<std::uint8_t>(std::uint64_t{value} >> (8 * i));
}

inline constexpr std::uint64_t kMaxQuicVarint = (std::uint64_t{1} << 62) - 1;
inline constexpr std::uint64_t kMaxLeb128 = (std::uint64_t{1} << 63) - 1;

// Bytes that a varint takes: 1, 2, 4 or 8 (values above kMaxQuicVarint cannot be written).
constexpr std::size_t quic_varint_size(std::uint64_t value) {
  return value < (1u << 6) ? 1 : value < (1u << 14) ? 2 : value < (1u << 30) ? 4 : 8;
}
// 1 to 10.
constexpr std::size_t leb128_size(std::uint64_t value) {
  std::size_t size = 1;
  while (value >>= 7) ++size;
  return size;
}

class ByteReader {
 public:
  constexpr explicit ByteReader(ByteView view)
      : begin_(view.data()), cursor_(view.data()), end_(view.data() + view.size()) {}

  // Bytes from the start of the (outermost) view to the next read, and from there to the end.
  constexpr std::size_t position() const { return static_cast<std::size_t>(cursor_ - begin_); }
  constexpr std::size_t remaining() const { return static_cast<std::size_t>(end_ - cursor_); }
  // False at the end and after a failure.
  constexpr bool more() const { return cursor_ != end_; }
  constexpr bool ok() const { return !wanted_; }

  constexpr std::uint8_t u8() { return number_be<std::uint8_t>("u8"); }
  constexpr std::uint16_t u16() { return number_be<std::uint16_t>("u16"); }
  constexpr std::uint32_t u24() { return number_be<std::uint32_t, 3>("u24"); }
  constexpr std::uint32_t u32() { return number_be<std::uint32_t>("u32"); }
  constexpr std::uint64_t u64() { return number_be<std::uint64_t>("u64"); }
  constexpr std::uint16_t u16_le() { return number_le<std::uint16_t>("u16"); }
  constexpr std::uint32_t u24_le() { return number_le<std::uint32_t, 3>("u24"); }
  constexpr std::uint32_t u32_le() { return number_le<std::uint32_t>("u32"); }
  constexpr std::uint64_t u64_le() { return number_le<std::uint64_t>("u64"); }

  constexpr std::uint64_t quic_varint();
  // Strict: a value padded with zeros, or longer than 9 bytes, is a failure.
  constexpr std::uint64_t leb128() { return leb128_number(9, true); }
  constexpr std::uint64_t protobuf_varint() { return leb128_number(10, false); }

  // The next byte without consuming it; zero, and no failure, at the end.
  constexpr std::uint8_t peek_u8() const { return more() ? *cursor_ : std::uint8_t{0}; }

  // The next n bytes, as a part of the view; empty on failure. n may come straight from the wire.
  constexpr ByteView bytes(std::uint64_t n) {
    const std::uint8_t* const from = take(n, "bytes");
    return from ? ByteView(from, static_cast<std::size_t>(n)) : ByteView();
  }
  std::string_view text(std::uint64_t n) { return as_text(bytes(n)); }
  // A copy of the next N bytes; zeros on failure.
  template <std::size_t N>
  constexpr std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> copy{};
    if (const std::uint8_t* const from = take(N, "bytes")) {
      for (std::size_t i = 0; i < N; ++i) copy[i] = from[i];
    }
    return copy;
  }
  constexpr ByteView rest() { return bytes(remaining()); }
  constexpr void skip(std::uint64_t n) { take(n, "bytes"); }

  // A reader over the next n bytes, which this one skips. It counts positions from the same start, and fails by itself:
  // ask its finish(). Empty (and this reader failed) when fewer than n remain.
  constexpr ByteReader sub(std::uint64_t n) {
    const std::uint8_t* const from = take(n, "bytes");
    ByteReader inner = *this;  // failed where this one has
    inner.cursor_ = from ? from : cursor_;
    inner.end_ = cursor_;
    return inner;
  }

  // Fails here unless `condition`; the error says that `wanted` (a literal: it is kept by pointer) was expected.
  constexpr void expect(bool condition, const char* wanted) {
    if (!condition) [[unlikely]]
      note_failure(cursor_, 0, wanted);
  }

  // Whether everything was read as wanted: `malformed`, naming `what`, the byte and what was wanted there. check()
  // allows bytes to remain; finish() does not.
  Result<> check(std::string_view what) const {
    if (ok()) [[likely]]
      return {};
    return describe_failure(what, position_of(failed_at_), wanted_bytes_, wanted_, size_t_between(failed_at_, limit_));
  }
  Result<> finish(std::string_view what) const {
    if (ok() && more()) [[unlikely]]
      return describe_leftover(what, position(), remaining());
    return check(what);
  }

 private:
  // Everything is stored inline, and failures are described from values, so that a local reader lives in registers.
  constexpr const std::uint8_t* take(std::uint64_t n, const char* wanted) {
    if (n > remaining()) [[unlikely]] {
      note_failure(cursor_, n, wanted);
      return nullptr;
    }
    const std::uint8_t* const from = cursor_;
    cursor_ += n;
    return from;
  }
  constexpr void note_failure(const std::uint8_t* at, std::uint64_t n, const char* wanted) {
    if (!wanted_) {
      wanted_ = wanted;
      wanted_bytes_ = n;
      failed_at_ = at;
      limit_ = end_;
    }
    cursor_ = end_;
  }

  template <std::unsigned_integral T, std::size_t kBytes = sizeof(T)>
  constexpr T number_be(const char* wanted) {
    const std::uint8_t* const from = take(kBytes, wanted);
    return from ? load_be<T, kBytes>(from) : T{0};
  }
  template <std::unsigned_integral T, std::size_t kBytes = sizeof(T)>
  constexpr T number_le(const char* wanted) {
    const std::uint8_t* const from = take(kBytes, wanted);
    return from ? load_le<T, kBytes>(from) : T{0};
  }
  constexpr std::uint64_t leb128_number(std::size_t max_bytes, bool minimal);

  constexpr std::size_t position_of(const std::uint8_t* at) const { return size_t_between(begin_, at); }
  static constexpr std::size_t size_t_between(const std::uint8_t* from, const std::uint8_t* to) {
    return static_cast<std::size_t>(to - from);
  }
  static std::unexpected<Error> describe_failure(std::string_view what, std::size_t at, std::uint64_t wanted_bytes,
                                                 const char* wanted, std::size_t left);
  static std::unexpected<Error> describe_leftover(std::string_view what, std::size_t at, std::size_t left);

  const std::uint8_t* begin_;
  const std::uint8_t* cursor_;
  const std::uint8_t* end_;
  const char* wanted_ = nullptr;  // set by the first failure, with the three below
  std::uint64_t wanted_bytes_ = 0;
  const std::uint8_t* failed_at_ = nullptr;
  const std::uint8_t* limit_ = nullptr;
};

constexpr std::uint64_t ByteReader::quic_varint() {
  const std::uint8_t* const at = cursor_;
  if (at == end_) [[unlikely]] {
    note_failure(at, 1, "a varint");
    return 0;
  }
  switch (*at >> 6) {
    case 0: return number_be<std::uint8_t>("a varint");
    case 1: return number_be<std::uint16_t>("a varint") & 0x3fffu;
    case 2: return number_be<std::uint32_t>("a varint") & 0x3fff'ffffu;
    default: return number_be<std::uint64_t>("a varint") & kMaxQuicVarint;
  }
}

constexpr std::uint64_t ByteReader::leb128_number(std::size_t max_bytes, bool minimal) {
  const std::uint8_t* const at = cursor_;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < max_bytes; ++i) {
    if (at + i == end_) [[unlikely]] {
      note_failure(at, i + 1, "a varint");
      return 0;
    }
    const std::uint8_t byte = at[i];
    if (i == 9 && byte > 1) break;
    value |= std::uint64_t{byte & 0x7fu} << (7 * i);
    if (byte < 0x80) {
      if (minimal && byte == 0 && i > 0) [[unlikely]] {
        note_failure(at, 0, "a varint in its shortest form");
        return 0;
      }
      cursor_ = at + i + 1;
      return value;
    }
  }
  note_failure(at, 0, minimal ? "a varint of at most 9 bytes" : "a varint below 2^64");
  return 0;
}

// How the length in front of a part is written; see ByteWriter::begin_length.
enum class LengthPrefix : std::uint8_t { u8, u16, u24, u32, u16_le, u32_le, quic_varint2, quic_varint4 };

// Writes into memory of someone else: never beyond its room, and never half a field. A write that does not fit, or a
// number that its field cannot hold, writes nothing and makes every later one fail; finish() then says what was wrong
// or how much room was needed. So `out.u16(payload.size())` needs no check of its own.
class ByteWriter {
 public:
  // Into `room`, from its start; written() is the part that was filled.
  explicit ByteWriter(MutableByteView room)
      : begin_(room.data()), cursor_(room.data()), end_(room.data() + room.size()), room_bytes_(room.size()) {}
  // Behind the data of `packet`, into its tailroom. finish() appends all of it, or nothing when it failed; until then
  // the packet must not move and does not change.
  explicit ByteWriter(PacketBuf& packet) : ByteWriter(packet.tail()) { packet_ = &packet; }
  ByteWriter(const ByteWriter&) = delete;
  ByteWriter& operator=(const ByteWriter&) = delete;

  std::size_t position() const { return static_cast<std::size_t>(cursor_ - begin_); }
  // What is left; nothing after a failure.
  std::size_t room() const { return static_cast<std::size_t>(end_ - cursor_); }
  bool ok() const { return !wanted_ && missing_bytes_ == 0; }
  ByteView written() const { return {begin_, ok() ? position() : 0}; }

  // The parameters are wide so that nothing is cut off silently; where the argument's type fits, the check is none.
  void u8(std::uint64_t value) { number_be<std::uint8_t>(value, "a number below 2^8"); }
  void u16(std::uint64_t value) { number_be<std::uint16_t>(value, "a number below 2^16"); }
  void u24(std::uint64_t value) { number_be<std::uint32_t, 3>(value, "a number below 2^24"); }
  void u32(std::uint64_t value) { number_be<std::uint32_t>(value, "a number below 2^32"); }
  void u64(std::uint64_t value) { number_be<std::uint64_t>(value, "any number"); }
  void u16_le(std::uint64_t value) { number_le<std::uint16_t>(value, "a number below 2^16"); }
  void u24_le(std::uint64_t value) { number_le<std::uint32_t, 3>(value, "a number below 2^24"); }
  void u32_le(std::uint64_t value) { number_le<std::uint32_t>(value, "a number below 2^32"); }
  void u64_le(std::uint64_t value) { number_le<std::uint64_t>(value, "any number"); }

  void quic_varint(std::uint64_t value);
  void leb128(std::uint64_t value) {
    require(value <= kMaxLeb128, "a number below 2^63");
    protobuf_varint(value);
  }
  void protobuf_varint(std::uint64_t value);

  // `bytes` may not lie in the room.
  void bytes(ByteView bytes) {
    std::uint8_t* const to = take(bytes.size());
    if (to && !bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  }
  void text(std::string_view text) { bytes(as_bytes(text)); }
  void zeros(std::size_t n) {
    std::uint8_t* const to = take(n);
    if (to && n != 0) std::memset(to, 0, n);
  }

  // A length that is known only once what it counts has been written:
  //     auto length = out.begin_length(LengthPrefix::u16);
  //     ... the part ...
  //     out.end_length(length);
  // Parts may nest. A part too long for its prefix is a failure.
  class [[nodiscard]] OpenLength {
    friend class ByteWriter;
    OpenLength(std::size_t at, LengthPrefix prefix) : at_(at), prefix_(prefix) {}
    std::size_t at_;
    LengthPrefix prefix_;
  };
  OpenLength begin_length(LengthPrefix prefix);
  void end_length(OpenLength length);

  // message_too_large when the room did not suffice, invalid_argument for a value that its field cannot hold; `what`
  // names the message. Appends to the packet, if there is one; a writer is finished once.
  Result<> finish(std::string_view what) {
    if (!ok()) [[unlikely]]
      return describe_failure(what, position(), room_bytes_, missing_bytes_, wanted_);
    if (packet_) packet_->append(position());
    packet_ = nullptr;
    return {};
  }

 private:
  // After a failure no room is left, so one comparison serves for both. All is stored inline, and failures are
  // described from values, so that a local writer lives in registers.
  std::uint8_t* take(std::size_t n) {
    if (n > room()) [[unlikely]] {
      missing_bytes_ += n;
      end_ = cursor_;
      return nullptr;
    }
    std::uint8_t* const to = cursor_;
    cursor_ += n;
    return to;
  }
  void require(bool condition, const char* wanted) {
    if (!condition) [[unlikely]] {
      if (!wanted_) wanted_ = wanted;
      end_ = cursor_;
    }
  }
  template <std::unsigned_integral T, std::size_t kBytes = sizeof(T)>
  void number_be(std::uint64_t value, const char* wanted) {
    require(fits<kBytes>(value), wanted);
    if (std::uint8_t* const to = take(kBytes)) store_be<T, kBytes>(to, static_cast<T>(value));
  }
  template <std::unsigned_integral T, std::size_t kBytes = sizeof(T)>
  void number_le(std::uint64_t value, const char* wanted) {
    require(fits<kBytes>(value), wanted);
    if (std::uint8_t* const to = take(kBytes)) store_le<T, kBytes>(to, static_cast<T>(value));
  }
  template <std::size_t kBytes>
  static constexpr bool fits(std::uint64_t value) {
    return kBytes == 8 || value >> (8 * kBytes % 64) == 0;
  }
  static std::unexpected<Error> describe_failure(std::string_view what, std::size_t position, std::size_t room_bytes,
                                                 std::size_t missing_bytes, const char* wanted);

  std::uint8_t* begin_;
  std::uint8_t* cursor_;
  std::uint8_t* end_;  // of the room; the cursor after a failure
  std::size_t room_bytes_;
  PacketBuf* packet_ = nullptr;
  const char* wanted_ = nullptr;  // set by the first value that its field could not hold
  std::size_t missing_bytes_ = 0;
};

}  // namespace ghostnet
