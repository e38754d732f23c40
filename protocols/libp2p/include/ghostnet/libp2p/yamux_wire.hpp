// The header of yamux frames (libp2p specs, yamux): twelve bytes, big-endian.
#pragma once

#include <array>
#include <cstdint>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::libp2p {

enum class YamuxType : std::uint8_t { data = 0, window_update = 1, ping = 2, go_away = 3 };

namespace yamux_flag {
inline constexpr std::uint16_t kSyn = 1;
inline constexpr std::uint16_t kAck = 2;
inline constexpr std::uint16_t kFin = 4;
inline constexpr std::uint16_t kRst = 8;
}  // namespace yamux_flag

enum class YamuxGoAway : std::uint32_t { normal = 0, protocol_error = 1, internal_error = 2 };

inline constexpr std::size_t kYamuxHeaderBytes = 12;

struct YamuxHeader {
  YamuxType type = YamuxType::data;
  std::uint16_t flags = 0;
  std::uint32_t stream_id = 0;
  std::uint32_t length = 0;  // of data: bytes that follow; else the value that the type says

  bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
  friend bool operator==(const YamuxHeader&, const YamuxHeader&) = default;

  // Of exactly kYamuxHeaderBytes bytes. malformed: another version, an unknown type, or a stream where none can be.
  static Result<YamuxHeader> parse(ByteView bytes);
  std::array<std::uint8_t, kYamuxHeaderBytes> encode() const;
};

}  // namespace ghostnet::libp2p
