// MessageTable: the messages that a router has seen, and of the recent ones the bytes. It is the `seen` cache and the
// `mcache` of the specification (v1.0 "Message Cache") in one.
//
// Messages stand in the order in which they were first seen and are numbered in it, so history windows and expiry are
// bounds of that order. A table from hashed ids to numbers finds them; the hash has a secret seed, as peers choose ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ghostnet/gossipsub/message.hpp"
#include "ghostnet/gossipsub/peer_handle.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::gossipsub {

// The number of a message at one router; ascending, never used again.
using MessageSeq = std::uint64_t;

struct SeenMessage {
  enum class State : std::uint8_t { validating, accepted, rejected, ignored };

  // What few messages need.
  struct Rare {
    std::vector<PeerHandle> near_first;                              // who brought it while it was being validated
    std::vector<std::pair<PeerHandle, std::uint8_t>> retransmitted;  // to whom on request, and how often
  };

  std::uint64_t hash = 0;
  MessageId id{};  // beside the hash: what find() looks at is then one line of the cache
  TimePoint first_seen{};
  TimePoint concluded{};  // when its validation ended
  Bytes encoded{};        // empty once it is no longer in the history
  std::unique_ptr<Rare> rare{};
  std::uint32_t topic = 0;
  PeerHandle source{};  // none: this router
  State state = State::validating;

  Rare& with_rare() {
    if (!rare) rare = std::make_unique<Rare>();
    return *rare;
  }
};

class MessageTable {
 public:
  // Of bytes beyond `max_bytes` the oldest go, but for those of messages that are being validated.
  MessageTable(std::uint64_t secret, std::size_t max_messages, std::size_t max_bytes)
      : secret_(secret), max_messages_(max_messages), max_bytes_(max_bytes) {}

  std::uint64_t secret() const { return secret_; }
  std::uint64_t hash(const MessageId& id) const { return hash(id.view()); }
  std::uint64_t hash(ByteView id) const { return hash_of(id, secret_); }
  std::optional<MessageSeq> find(const MessageId& id, std::uint64_t hash) const;

  // Whether there is a message of this hash: in one look. For what does no harm where two ids have one hash.
  bool knows(std::uint64_t hash) const;
  // Brings the place of a hash, and the messages seen last, into the cache.
  void foresee(std::uint64_t hash) const {
    if (!places_.empty()) __builtin_prefetch(&places_[home(hash)]);
  }
  void foresee() const {
    if (size_ != 0) __builtin_prefetch(&ring_[(end() - 1) & (ring_.size() - 1)]);
  }

  // Adds a message that find() does not know; the oldest makes room when there is none.
  MessageSeq insert(SeenMessage message);

  bool contains(MessageSeq seq) const { return seq >= first_ && seq < end(); }
  SeenMessage& operator[](MessageSeq seq) { return ring_[seq & (ring_.size() - 1)]; }
  MessageSeq first() const { return first_; }
  MessageSeq end() const { return first_ + size_; }
  std::size_t size() const { return size_; }

  // The validation of a message ended so; of one that was not accepted, and of one that is no longer in the history,
  // the bytes are let go of by let_go().
  void conclude(MessageSeq seq, SeenMessage::State state, TimePoint now);
  void let_go(MessageSeq seq);
  bool in_history(MessageSeq seq) const { return seq >= first_kept_; }
  std::size_t validating() const { return validating_; }
  std::size_t validating_bytes() const { return validating_bytes_; }
  std::size_t kept_bytes() const { return kept_bytes_; }

  // Forgets what was first seen at `oldest` or before.
  void expire(TimePoint oldest);
  // Begins a new history window, and lets go of the bytes of what was seen before the last `history_length` of them.
  void shift(std::size_t history_length);
  // The first message of the last `windows` ones, the one under way included.
  MessageSeq window_start(std::size_t windows) const;

 private:
  struct Place {
    std::uint64_t hash = 0;
    std::uint32_t seq = kFree;  // the lower half
  };
  static constexpr std::uint32_t kFree = 0xffff'ffff;

  std::size_t home(std::uint64_t hash) const { return (hash >> 32) & (places_.size() - 1); }
  void place(std::uint64_t hash, MessageSeq seq);
  void remove_first();
  void grow();

  std::uint64_t secret_;
  std::size_t max_messages_;
  std::size_t max_bytes_;
  std::size_t kept_bytes_ = 0;  // of messages
  std::size_t validating_ = 0;
  std::size_t validating_bytes_ = 0;
  std::vector<SeenMessage> ring_;  // a power of two, or none
  std::vector<Place> places_;      // twice that, open addressing
  MessageSeq first_ = 0;
  std::size_t size_ = 0;
  std::vector<MessageSeq> windows_{0};  // where the last windows begin, oldest first
  MessageSeq first_kept_ = 0;           // from here on messages may have their bytes
};

}  // namespace ghostnet::gossipsub
