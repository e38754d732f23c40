// Segments of TCP on the wire (RFC 9293 3.1): header and options as values, the payload as a view.
//
// Options: maximum segment size (RFC 9293 3.2), window scale and timestamps (RFC 7323), SACK-permitted and SACK (RFC
// 2018). Multipath TCP's option 30 (RFC 8684 3) is handed through as the bytes it holds. Others are skipped by their
// length, as RFC 9293 3.2 wants. Where an option stands twice, the last one counts.
//
// Checksums are not looked at here: who takes a segment from a network verifies it first (checksum.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/tcp/sequence.hpp"

namespace ghostnet::tcp {

// Control bits (RFC 9293 3.1, RFC 3168 6.1).
inline constexpr std::uint8_t kFin = 0x01;
inline constexpr std::uint8_t kSyn = 0x02;
inline constexpr std::uint8_t kRst = 0x04;
inline constexpr std::uint8_t kPsh = 0x08;
inline constexpr std::uint8_t kAck = 0x10;
inline constexpr std::uint8_t kUrg = 0x20;
inline constexpr std::uint8_t kEce = 0x40;
inline constexpr std::uint8_t kCwr = 0x80;

inline constexpr std::size_t kBaseHeaderBytes = 20;
inline constexpr std::size_t kMaxHeaderBytes = 60;
inline constexpr std::size_t kMaxOptionBytes = 40;
inline constexpr std::size_t kTimestampOptionBytes = 12;  // with the two bytes that align it (RFC 7323 A)
inline constexpr std::size_t kMaxSackBlocks = 4;
inline constexpr std::uint8_t kMaxWindowScale = 14;  // RFC 7323 2.3

// RFC 2018 3: the bytes from left up to, not including, right have arrived.
struct SackBlock {
  SeqNumber left;
  SeqNumber right;

  friend bool operator==(const SackBlock&, const SackBlock&) = default;
};

struct SegmentHeader {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  SeqNumber sequence;
  SeqNumber acknowledgment;
  std::uint16_t window = 0;  // as it is written, not scaled
  std::uint16_t urgent_pointer = 0;
  std::uint8_t flags = 0;

  bool sack_permitted = false;
  bool has_timestamps = false;
  std::int8_t window_scale = -1;  // shift count; negative: no such option
  std::uint16_t mss = 0;          // 0: no such option
  std::uint8_t sack_count = 0;
  std::uint32_t timestamp = 0;       // TSval
  std::uint32_t timestamp_echo = 0;  // TSecr
  std::array<SackBlock, kMaxSackBlocks> sacks;
  ByteView multipath{};  // what follows kind and length of the option 30

  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

struct Segment {
  SegmentHeader header;
  ByteView payload;

  // RFC 9293 3.4: SYN and FIN count as one each.
  std::uint32_t length() const {
    return static_cast<std::uint32_t>(payload.size()) + (header.has(kSyn) ? 1 : 0) + (header.has(kFin) ? 1 : 0);
  }
};

// The segment that fills `bytes`; payload and multipath are views of them. Errors: malformed.
Result<Segment> parse(ByteView bytes);

// Of the header with its options, a multiple of four. The options of a header that is to be written fit in
// kMaxOptionBytes; sack_room() helps.
std::size_t header_bytes(const SegmentHeader& header);

// How many SACK blocks fit beside the other options.
std::size_t sack_room(const SegmentHeader& header);

// Writes the header into `to`, which has header_bytes(header) of room, with a checksum of zero.
void emit(const SegmentHeader& header, std::uint8_t* to);

}  // namespace ghostnet::tcp
