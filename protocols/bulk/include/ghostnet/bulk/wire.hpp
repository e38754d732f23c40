// The wire format of bulk transfers. Big-endian. Every message begins with
//
//   magic "gnbk" (32 bits) | version 1 (8) | type (8) | zero (16) | number (64)
//
// Over UDP a transfer goes so; the number is the client's in the first two rows and in refuse, else the server's token:
//   client                          server
//   open    padded to 64 bytes  ->                    as often as needed
//                               <-  accept            with the token
//   data    sequence, sent at   ->                    at the rate asked for, any size
//   finish  packets sent        ->                    as often as needed; padded to the size of a report
//                               <-  report            what was received
// or                            <-  refuse            the server has no room
//
// No answer is longer than what it answers, and data flows only after the server's token has come back: nobody can be
// hit by what he did not ask for, nor be made to hit others.
//
// A stream is: an open message (64 bytes), then anything until the client's end; then a report, and the server's end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::bulk {

inline constexpr std::uint32_t kMagic = 0x676e'626b;
inline constexpr std::uint8_t kVersion = 1;
inline constexpr std::size_t kHeaderBytes = 16;
inline constexpr std::size_t kOpenBytes = 64;
inline constexpr std::size_t kDataHeaderBytes = kHeaderBytes + 16;
inline constexpr std::size_t kReportBytes = kHeaderBytes + 64;

struct Open {
  std::uint64_t nonce = 0;
  friend bool operator==(const Open&, const Open&) = default;
};
struct Accept {
  std::uint64_t nonce = 0;
  std::uint64_t token = 0;
  friend bool operator==(const Accept&, const Accept&) = default;
};
struct Refuse {
  std::uint64_t nonce = 0;
  friend bool operator==(const Refuse&, const Refuse&) = default;
};
struct Data {
  std::uint64_t token = 0;
  std::uint64_t sequence = 0;
  std::int64_t sent_at_ns = 0;                // on the sender's clock
  std::size_t size_bytes = kDataHeaderBytes;  // of the whole datagram
  friend bool operator==(const Data&, const Data&) = default;
};
struct Finish {
  std::uint64_t token = 0;
  std::uint64_t packets = 0;
  friend bool operator==(const Finish&, const Finish&) = default;
};
// What arrived. Over a stream everything but bytes and duration is 0.
struct Report {
  std::uint64_t token = 0;
  std::uint64_t packets = 0;  // each counted once
  std::uint64_t bytes = 0;    // of those, whole datagrams
  std::uint64_t lost = 0;     // sent - packets
  std::uint64_t duplicates = 0;
  std::uint64_t reordered = 0;    // of packets, those that came after one sent later
  std::uint64_t first_bytes = 0;  // that came at the very first instant, before time could be taken
  std::int64_t duration_ns = 0;   // from the first to the last
  std::int64_t jitter_ns = 0;     // RFC 3550 6.4.1

  // bytes after the first instant, over the duration; 0 where all came at once.
  std::uint64_t goodput_bps() const;

  friend bool operator==(const Report&, const Report&) = default;
};

using Message = std::variant<Open, Accept, Refuse, Data, Finish, Report>;

// Total. Errors: malformed.
Result<Message> parse(ByteView message);

// Data alone, for the path that every packet takes; nothing where it is anything else.
std::optional<Data> parse_data(ByteView message);

// Padded as the table above says; Data to its size_bytes.
void emit(const Message& message, ByteWriter& out);

}  // namespace ghostnet::bulk
