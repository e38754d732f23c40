// Readers and writers under any sequence of operations. The input is a count of operations, that many operations of one
// byte each, and the bytes that they read. A model counts along: where the reader stands, when it fails, that it stays
// failed and returns zeros. What was read is then written into a room of that size, and reads the same again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "ghostnet/runtime/wire.hpp"

namespace ghostnet {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

enum class Field : std::uint8_t {
  u8,
  u16,
  u24,
  u32,
  u64,
  u16_le,
  u24_le,
  u32_le,
  u64_le,
  quic,
  leb128,
  protobuf,
  bytes
};
constexpr std::uint8_t kFields = 13;

struct Operation {
  explicit Operation(std::uint8_t code) : field(static_cast<Field>(code % kFields)), length(code / kFields) {}
  Field field;
  std::size_t length;  // of bytes: 0 to 18
};

struct Value {
  std::uint64_t number = 0;
  ByteView bytes;
};

Value read(ByteReader& in, Operation operation) {
  switch (operation.field) {
    case Field::u8: return {in.u8(), {}};
    case Field::u16: return {in.u16(), {}};
    case Field::u24: return {in.u24(), {}};
    case Field::u32: return {in.u32(), {}};
    case Field::u64: return {in.u64(), {}};
    case Field::u16_le: return {in.u16_le(), {}};
    case Field::u24_le: return {in.u24_le(), {}};
    case Field::u32_le: return {in.u32_le(), {}};
    case Field::u64_le: return {in.u64_le(), {}};
    case Field::quic: return {in.quic_varint(), {}};
    case Field::leb128: return {in.leb128(), {}};
    case Field::protobuf: return {in.protobuf_varint(), {}};
    case Field::bytes: return {0, in.bytes(operation.length)};
  }
  std::abort();
}

void write(ByteWriter& out, Operation operation, const Value& value) {
  switch (operation.field) {
    case Field::u8: return out.u8(static_cast<std::uint8_t>(value.number));
    case Field::u16: return out.u16(static_cast<std::uint16_t>(value.number));
    case Field::u24: return out.u24(static_cast<std::uint32_t>(value.number));
    case Field::u32: return out.u32(static_cast<std::uint32_t>(value.number));
    case Field::u64: return out.u64(value.number);
    case Field::u16_le: return out.u16_le(static_cast<std::uint16_t>(value.number));
    case Field::u24_le: return out.u24_le(static_cast<std::uint32_t>(value.number));
    case Field::u32_le: return out.u32_le(static_cast<std::uint32_t>(value.number));
    case Field::u64_le: return out.u64_le(value.number);
    case Field::quic: return out.quic_varint(value.number);
    case Field::leb128: return out.leb128(value.number);
    case Field::protobuf: return out.protobuf_varint(value.number);
    case Field::bytes: return out.bytes(value.bytes);
  }
}

// The bytes that a field takes from `left`, or more than there are when it must fail.
std::size_t bytes_taken(Operation operation, ByteView left) {
  constexpr std::size_t kFails = SIZE_MAX;
  switch (operation.field) {
    case Field::u8: return 1;
    case Field::u16:
    case Field::u16_le: return 2;
    case Field::u24:
    case Field::u24_le: return 3;
    case Field::u32:
    case Field::u32_le: return 4;
    case Field::u64:
    case Field::u64_le: return 8;
    case Field::quic: return left.empty() ? kFails : std::size_t{1} << (left[0] >> 6);
    case Field::bytes: return operation.length;
    case Field::leb128:
    case Field::protobuf: break;
  }
  const bool strict = operation.field == Field::leb128;
  const auto last = std::ranges::find_if(left, [](std::uint8_t byte) { return byte < 0x80; });
  if (last == left.end()) return kFails;
  const auto size = static_cast<std::size_t>(last - left.begin()) + 1;
  if (strict) return size > 9 || (size > 1 && *last == 0) ? kFails : size;
  return size > 10 || (size == 10 && *last > 1) ? kFails : size;
}

std::vector<Value> check_reader(const std::vector<Operation>& operations, ByteView data) {
  std::vector<Value> values;
  ByteReader in(data);
  std::size_t position = 0;
  bool failed = false;
  for (const Operation operation : operations) {
    const std::size_t taken = bytes_taken(operation, data.subspan(position));
    failed = failed || taken > data.size() - position;
    const Value value = read(in, operation);
    if (failed) {
      require(!in.ok() && !in.more() && value.number == 0 && value.bytes.empty());
      continue;
    }
    position += taken;
    require(in.ok() && in.position() == position && in.remaining() == data.size() - position);
    values.push_back(value);
  }
  require(in.check("fuzz").has_value() == !failed);
  require(in.finish("fuzz").has_value() == (!failed && position == data.size()));
  return values;
}

// Into `room_bytes` between two guards; returns what was written.
std::vector<std::uint8_t> check_writer(const std::vector<Operation>& operations, const std::vector<Value>& values,
                                       std::size_t room_bytes) {
  constexpr std::uint8_t kGuard = 0xa5;
  std::vector<std::uint8_t> memory(room_bytes + 2, kGuard);
  ByteWriter out(MutableByteView(memory).subspan(1, room_bytes));
  for (std::size_t i = 0; i < values.size(); ++i) write(out, operations[i], values[i]);
  require(out.finish("fuzz").has_value() == out.ok());
  require(memory.front() == kGuard && memory.back() == kGuard);
  return {out.written().begin(), out.written().end()};
}

}  // namespace
}  // namespace ghostnet

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ghostnet;  // NOLINT: the one function outside
  if (size == 0) return 0;
  const std::size_t count = std::min<std::size_t>(data[0] % 32, size - 1);
  const std::vector<Operation> operations(data + 1, data + 1 + count);
  const std::vector<Value> values = check_reader(operations, {data + 1 + count, size - 1 - count});

  // Padded varints get shorter, nothing gets longer: what could be read fits where it came from.
  const std::vector<std::uint8_t> written = check_writer(operations, values, size - 1 - count);
  const std::vector<Value> again =
      check_reader({operations.begin(), operations.begin() + static_cast<long>(values.size())}, written);
  require(again.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    require(again[i].number == values[i].number && equal(again[i].bytes, values[i].bytes));
  }
  if (!written.empty()) require(check_writer(operations, values, written.size() - 1).empty());
  return 0;
}
