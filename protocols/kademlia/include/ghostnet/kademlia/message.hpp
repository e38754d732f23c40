// The RPCs of /ipfs/kad/1.0.0 (libp2p/specs, kad-dht, "RPC messages"). Each stands on its stream behind its length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/libp2p/multiaddr.hpp"
#include "ghostnet/libp2p/peer_id.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::kademlia {

inline constexpr std::string_view kProtocol = "/ipfs/kad/1.0.0";

enum class MessageType : std::uint8_t { put_value = 0, get_value, add_provider, get_providers, find_node, ping };
enum class ConnectionType : std::uint8_t { not_connected = 0, connected, can_connect, cannot_connect };

struct PeerInfo {
  libp2p::PeerId id;
  std::vector<libp2p::Multiaddr> addresses{};
  ConnectionType connection = ConnectionType::not_connected;
};

struct Record {
  Bytes key;
  Bytes value;
  std::string time_received{};  // RFC 3339, set by who received it
};

struct Message {
  static constexpr std::size_t kMaxBytes = 4 * 1024 * 1024;
  static constexpr std::size_t kMaxKeyBytes = 1024;
  static constexpr std::size_t kMaxValueBytes = 512 * 1024;
  // What a message may name; the rest is not read.
  static constexpr std::size_t kMaxPeers = 64;
  static constexpr std::size_t kMaxAddressesOfPeer = 32;

  MessageType type = MessageType::find_node;
  Bytes key{};
  std::optional<Record> record{};
  std::vector<PeerInfo> closer{};
  std::vector<PeerInfo> providers{};

  // Peers whose id is none and addresses of unknown protocols are left out, as other implementations do. Errors:
  // malformed; limit for a key or value that is too long.
  static Result<Message> parse(ByteView encoded);
  std::vector<std::uint8_t> encode() const;
};

}  // namespace ghostnet::kademlia
