#include "ghostnet/tcp/segment.hpp"

#include <cassert>
#include <cstring>

#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::tcp {

namespace {

// RFC 9293 3.2, RFC 7323 2.2 and 3.2, RFC 2018 2 and 3, RFC 8684 3.
enum OptionKind : std::uint8_t {
  kEnd = 0,
  kNoOperation = 1,
  kMss = 2,
  kWindowScale = 3,
  kSackPermitted = 4,
  kSack = 5,
  kTimestamps = 8,
  kMultipath = 30,
};

// What nearly every segment of an established connection has: two no-operations and the timestamps (RFC 7323 A).
constexpr std::uint32_t kAlignedTimestamps = 0x0101'080a;

void take_timestamps(SegmentHeader& header, const std::uint8_t* at) {
  header.has_timestamps = true;
  header.timestamp = load_be<std::uint32_t>(at);
  header.timestamp_echo = load_be<std::uint32_t>(at + 4);
}

void take_sacks(SegmentHeader& header, ByteView blocks) {
  header.sack_count = 0;
  for (; blocks.size() >= 8 && header.sack_count < kMaxSackBlocks; blocks = blocks.subspan(8)) {
    header.sacks[header.sack_count++] = {SeqNumber(load_be<std::uint32_t>(blocks.data())),
                                         SeqNumber(load_be<std::uint32_t>(blocks.data() + 4))};
  }
}

// An option of a known kind with a length that is not its own is skipped, as one of an unknown kind.
void take_option(SegmentHeader& header, std::uint8_t kind, ByteView value) {
  switch (kind) {
    case kMss:
      if (value.size() == 2) header.mss = load_be<std::uint16_t>(value.data());
      break;
    case kWindowScale:
      if (value.size() == 1) header.window_scale = static_cast<std::int8_t>(std::min(value[0], kMaxWindowScale));
      break;
    case kSackPermitted: header.sack_permitted = header.sack_permitted || value.empty(); break;
    case kSack:
      if (value.size() % 8 == 0) take_sacks(header, value);
      break;
    case kTimestamps:
      if (value.size() == 8) take_timestamps(header, value.data());
      break;
    case kMultipath: header.multipath = value; break;
    default: break;
  }
}

// False when an option reaches past the header.
bool take_options(SegmentHeader& header, ByteView options) {
  while (!options.empty()) {
    std::uint8_t kind = options[0];
    if (kind == kEnd) return true;
    if (kind == kNoOperation) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) return false;
    take_option(header, kind, options.subspan(2, options[1] - 2u));
    options = options.subspan(options[1]);
  }
  return true;
}

std::size_t padded(std::size_t bytes) { return (bytes + 3) / 4 * 4; }

std::size_t fixed_option_bytes(const SegmentHeader& header) {
  std::size_t bytes = 0;
  if (header.mss != 0) bytes += 4;
  if (header.window_scale >= 0) bytes += 4;
  if (header.has_timestamps) {
    bytes += kTimestampOptionBytes;
  } else if (header.sack_permitted) {
    bytes += 4;
  }
  if (!header.multipath.empty()) bytes += padded(2 + header.multipath.size());
  return bytes;
}

std::uint8_t* put(std::uint8_t* to, std::initializer_list<std::uint8_t> bytes) {
  for (std::uint8_t byte : bytes) *to++ = byte;
  return to;
}

std::uint8_t* put_sacks(const SegmentHeader& header, std::uint8_t* to) {
  to = put(to, {kNoOperation, kNoOperation, kSack, static_cast<std::uint8_t>(2 + 8 * header.sack_count)});
  for (std::size_t i = 0; i < header.sack_count; ++i) {
    store_be(to, header.sacks[i].left.value());
    store_be(to + 4, header.sacks[i].right.value());
    to += 8;
  }
  return to;
}

std::uint8_t* put_multipath(const SegmentHeader& header, std::uint8_t* to) {
  std::uint8_t* const begin = to;
  to = put(to, {kMultipath, static_cast<std::uint8_t>(2 + header.multipath.size())});
  std::memcpy(to, header.multipath.data(), header.multipath.size());
  to += header.multipath.size();
  while ((to - begin) % 4 != 0) *to++ = kNoOperation;
  return to;
}

void emit_options(const SegmentHeader& header, std::uint8_t* to) {
  if (header.mss != 0) {
    to = put(to, {kMss, 4});
    store_be(to, header.mss);
    to += 2;
  }
  if (header.has_timestamps) {
    // SACK-permitted stands where the two no-operations would.
    to = header.sack_permitted ? put(to, {kSackPermitted, 2}) : put(to, {kNoOperation, kNoOperation});
    to = put(to, {kTimestamps, 10});
    store_be(to, header.timestamp);
    store_be(to + 4, header.timestamp_echo);
    to += 8;
  } else if (header.sack_permitted) {
    to = put(to, {kNoOperation, kNoOperation, kSackPermitted, 2});
  }
  if (header.window_scale >= 0) {
    to = put(to, {kNoOperation, kWindowScale, 3, static_cast<std::uint8_t>(header.window_scale)});
  }
  if (!header.multipath.empty()) to = put_multipath(header, to);
  if (header.sack_count != 0) to = put_sacks(header, to);
}

}  // namespace

Result<Segment> parse(ByteView bytes) {
  if (bytes.size() < kBaseHeaderBytes) [[unlikely]]
    return fail(Errc::malformed, "a TCP segment of {} bytes", bytes.size());
  const std::uint8_t* at = bytes.data();
  std::size_t data_offset_bytes = std::size_t{at[12]} >> 4 << 2;
  if (data_offset_bytes < kBaseHeaderBytes || data_offset_bytes > bytes.size()) [[unlikely]]
    return fail(Errc::malformed, "a TCP header of {} bytes in a segment of {}", data_offset_bytes, bytes.size());
  Result<Segment> segment(std::in_place);
  SegmentHeader& header = segment->header;
  header.source_port = load_be<std::uint16_t>(at);
  header.destination_port = load_be<std::uint16_t>(at + 2);
  header.sequence = SeqNumber(load_be<std::uint32_t>(at + 4));
  header.acknowledgment = SeqNumber(load_be<std::uint32_t>(at + 8));
  header.flags = at[13];
  header.window = load_be<std::uint16_t>(at + 14);
  header.urgent_pointer = load_be<std::uint16_t>(at + 18);
  segment->payload = bytes.subspan(data_offset_bytes);
  ByteView options = bytes.subspan(kBaseHeaderBytes, data_offset_bytes - kBaseHeaderBytes);
  if (options.size() == kTimestampOptionBytes && load_be<std::uint32_t>(options.data()) == kAlignedTimestamps)
      [[likely]] {
    take_timestamps(header, options.data() + 4);
  } else if (!take_options(header, options)) [[unlikely]] {
    return fail(Errc::malformed, "a TCP option reaches past the header");
  }
  return segment;
}

std::size_t header_bytes(const SegmentHeader& header) {
  std::size_t sack_bytes = header.sack_count == 0 ? 0 : 4 + 8 * std::size_t{header.sack_count};
  return kBaseHeaderBytes + fixed_option_bytes(header) + sack_bytes;
}

std::size_t sack_room(const SegmentHeader& header) {
  std::size_t left_bytes = kMaxOptionBytes - std::min(kMaxOptionBytes, fixed_option_bytes(header));
  return left_bytes < 12 ? 0 : std::min(kMaxSackBlocks, (left_bytes - 4) / 8);
}

void emit(const SegmentHeader& header, std::uint8_t* to) {
  std::size_t bytes = header_bytes(header);
  assert(bytes <= kMaxHeaderBytes && "the options of a segment fit its header");
  store_be(to, header.source_port);
  store_be(to + 2, header.destination_port);
  store_be(to + 4, header.sequence.value());
  store_be(to + 8, header.acknowledgment.value());
  to[12] = static_cast<std::uint8_t>(bytes / 4 << 4);
  to[13] = header.flags;
  store_be(to + 14, header.window);
  store_be(to + 16, std::uint16_t{0});
  store_be(to + 18, header.urgent_pointer);
  emit_options(header, to + kBaseHeaderBytes);
}

}  // namespace ghostnet::tcp
