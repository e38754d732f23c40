// The RPC that peers exchange (libp2p/specs, pubsub/README.md "The RPC"; gossipsub v1.0 to v1.2 "Protobuf").
//
//   message RPC { repeated SubOpts subscriptions = 1; repeated Message publish = 2; optional ControlMessage control =
//   3; } message ControlMessage { ihave = 1; iwant = 2; graft = 3; prune = 4; idontwant = 5; }
//
// On a stream each RPC stands behind its length as an unsigned varint.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::gossipsub {

// Part of a list that several parts share.
struct Range {
  std::uint32_t first = 0;
  std::uint32_t count = 0;

  template <class T>
  std::span<const T> of(const std::vector<T>& all) const {
    return std::span(all).subspan(first, count);
  }
};

struct SubOpts {
  bool subscribe = false;
  std::string_view topic{};
};
struct IHave {
  std::string_view topic{};
  Range ids{};  // of Rpc::ids
};
// v1.1 "PRUNE Backoff and Peer Exchange".
struct PeerInfo {
  ByteView peer_id{};
  ByteView signed_peer_record{};  // empty: none was given
};
struct Prune {
  std::string_view topic{};
  Range peers{};                // of Rpc::peers
  std::uint64_t backoff_s = 0;  // 0: not said
};

// One RPC as views: into what was parsed, or into what is to be encoded. A router parses into the same one again and
// again, so that in the steady state nothing is allocated.
struct Rpc {
  // Parts of one RPC; what is beyond them makes the RPC malformed, so that work and memory stay in proportion.
  static constexpr std::size_t kMaxParts = 20'000;

  std::vector<SubOpts> subscriptions{};
  std::vector<ByteView> publish{};  // encoded messages
  std::vector<IHave> ihave{};
  std::vector<ByteView> iwant{};
  std::vector<std::string_view> graft{};
  std::vector<Prune> prune{};
  std::vector<ByteView> idontwant{};
  std::uint32_t idontwant_messages = 0;  // over which those ids were spread

  std::vector<ByteView> ids{};    // of ihave
  std::vector<PeerInfo> peers{};  // of prune

  void clear();
  bool empty() const;

  // Reads `encoded` into this, which was cleared. Errors: malformed, limit.
  Result<> parse(ByteView encoded);
  // The bytes of this RPC without a length in front.
  Bytes encode() const;
};

// What goes onto the stream: the length, and for a single message its tag, in front of bytes that are shared by all
// whom it is sent to.
struct Frame {
  std::array<std::uint8_t, 11> head{};
  std::uint8_t head_bytes = 0;
  Bytes body{};

  ByteView head_view() const { return {head.data(), head_bytes}; }
  std::size_t size() const { return head_bytes + body.size(); }

  static Frame of_rpc(Bytes encoded_rpc);
  // An RPC that publishes one message.
  static Frame of_message(Bytes encoded_message);
};

// Encodes a message of one's own. Empty parts are left out, as proto2 leaves out what is not set.
struct NewMessage {
  ByteView from{};
  ByteView data{};
  ByteView seqno{};
  std::string_view topic{};
  ByteView signature{};
  ByteView key{};

  Bytes encode() const;
};

}  // namespace ghostnet::gossipsub
