// Identify (libp2p specs, identify): what a peer says of itself, as a message.
//
// It may come in several messages, which are merged; fields that are missing say nothing. The signed peer record (field
// 8) is what go-libp2p and others add.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/libp2p/multiaddr.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::libp2p {

inline constexpr std::string_view kIdentifyId = "/ipfs/id/1.0.0";
inline constexpr std::string_view kPingId = "/ipfs/ping/1.0.0";
inline constexpr std::string_view kIdentifyPushId = "/ipfs/id/push/1.0.0";
inline constexpr std::size_t kMaxIdentifyBytes = 8 * 1024;  // of one message, as go-libp2p reads them
inline constexpr std::size_t kMaxIdentifyMessages = 10;
// Streams that one peer may have open with a node at once; more are reset. Of ping the specification says so.
inline constexpr std::size_t kMaxPingStreams = 2;
inline constexpr std::size_t kMaxIdentifyStreams = 4;
inline constexpr std::size_t kMaxPushStreams = 4;

struct Identify {
  static constexpr std::size_t kMaxAddresses = 256;
  static constexpr std::size_t kMaxProtocols = 1024;

  std::optional<std::string> protocol_version{};
  std::optional<std::string> agent_version{};
  std::optional<Bytes> public_key{};
  std::vector<Multiaddr> listen_addresses{};  // those of known protocols
  std::optional<Multiaddr> observed_address{};
  std::vector<std::string> protocols{};
  std::optional<Bytes> signed_peer_record{};

  std::vector<std::uint8_t> encode() const;
  // Adds what one message says.
  Result<> merge(ByteView message);
};

}  // namespace ghostnet::libp2p
