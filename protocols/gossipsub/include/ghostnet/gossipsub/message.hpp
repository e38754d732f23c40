// Message and MessageId: what is published, as views into its encoding, and what tells one from another.
//
// A message is forwarded byte for byte as it came: signatures cover the encoding, unknown fields included
// (libp2p/specs, pubsub/README.md, "Message Signing"), so it is never encoded anew.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::gossipsub {

// message Message { from = 1, data = 2, seqno = 3, topic = 4, signature = 5, key = 6 }, all views into `encoded`.
struct Message {
  static constexpr std::size_t kMaxTopicBytes = 1024;

  ByteView encoded{};
  std::optional<ByteView> from{};  // the author's peer id
  ByteView data{};
  std::optional<ByteView> seqno{};
  std::string_view topic{};
  std::optional<ByteView> signature{};
  std::optional<ByteView> key{};
  // Where the fields `signature` and `key` stand in `encoded`, their tags included; empty without them.
  ByteView signature_field{};
  ByteView key_field{};

  // What the author signs (pubsub/README.md, "Message Signing"): "libp2p-pubsub:" and all of `encoded` but these two.
  std::vector<std::uint8_t> signed_bytes() const;

  // Errors: malformed. Of a field that appears twice the last counts, as protobuf says; two signatures or keys are
  // refused, since what is signed would be ambiguous.
  static Result<Message> parse(ByteView encoded);
};

// At most 63 bytes, inline. By default the author's peer id and the sequence number; any function of the message
// that all peers of a topic agree on can take its place (pubsub/README.md, "Message Identification").
class MessageId {
 public:
  static constexpr std::size_t kMaxBytes = 63;

  MessageId() = default;
  // Nothing for what is longer than kMaxBytes.
  static std::optional<MessageId> of(ByteView bytes) {
    MessageId id;
    if (!id.append(bytes)) return std::nullopt;
    return id;
  }
  // from + seqno. Nothing where either is missing or they are longer than kMaxBytes together.
  static std::optional<MessageId> of_origin(const Message& message);

  ByteView view() const { return {bytes_.data(), size_}; }
  std::size_t size() const { return size_; }
  bool append(ByteView bytes) {
    if (bytes.size() > kMaxBytes - size_) return false;
    if (!bytes.empty()) std::memcpy(bytes_.data() + size_, bytes.data(), bytes.size());
    size_ = static_cast<std::uint8_t>(size_ + bytes.size());
    return true;
  }

  friend bool operator==(const MessageId& a, const MessageId& b) { return equal(a.view(), b.view()); }

 private:
  std::uint8_t size_ = 0;
  std::array<std::uint8_t, kMaxBytes> bytes_;
};

}  // namespace ghostnet::gossipsub
