#include "ghostnet/gossipsub/message_table.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace ghostnet::gossipsub {

std::optional<MessageSeq> MessageTable::find(const MessageId& id, std::uint64_t hash) const {
  if (places_.empty()) return std::nullopt;
  for (std::size_t at = home(hash); places_[at].seq != kFree; at = (at + 1) & (places_.size() - 1)) {
    if (places_[at].hash != hash) continue;
    const SeenMessage& message = ring_[places_[at].seq & (ring_.size() - 1)];
    if (message.id == id) {
      return first_ + static_cast<std::uint32_t>(places_[at].seq - static_cast<std::uint32_t>(first_));
    }
  }
  return std::nullopt;
}

bool MessageTable::knows(std::uint64_t hash) const {
  if (places_.empty()) return false;
  for (std::size_t at = home(hash); places_[at].seq != kFree; at = (at + 1) & (places_.size() - 1)) {
    if (places_[at].hash == hash) return true;
  }
  return false;
}

MessageSeq MessageTable::insert(SeenMessage message) {
  if (size_ == max_messages_) remove_first();
  if (size_ == ring_.size()) grow();
  const MessageSeq seq = end();
  ++size_;
  place(message.hash, seq);
  kept_bytes_ += message.encoded.size();
  if (message.state == SeenMessage::State::validating) {
    ++validating_;
    validating_bytes_ += message.encoded.size();
  }
  (*this)[seq] = std::move(message);
  for (first_kept_ = std::max(first_kept_, first_); kept_bytes_ > max_bytes_ && first_kept_ < seq; ++first_kept_) {
    if ((*this)[first_kept_].state != SeenMessage::State::validating) let_go(first_kept_);
  }
  return seq;
}

void MessageTable::place(std::uint64_t hash, MessageSeq seq) {
  std::size_t at = home(hash);
  while (places_[at].seq != kFree) at = (at + 1) & (places_.size() - 1);
  places_[at] = {.hash = hash, .seq = static_cast<std::uint32_t>(seq)};
}

void MessageTable::remove_first() {
  assert(size_ > 0);
  SeenMessage& message = (*this)[first_];
  const std::size_t mask = places_.size() - 1;
  std::size_t hole = home(message.hash);
  while (places_[hole].seq != static_cast<std::uint32_t>(first_)) hole = (hole + 1) & mask;
  // Those behind it that would not be found across the hole move up.
  for (std::size_t at = (hole + 1) & mask; places_[at].seq != kFree; at = (at + 1) & mask) {
    if (((at - home(places_[at].hash)) & mask) >= ((at - hole) & mask)) {
      places_[hole] = places_[at];
      hole = at;
    }
  }
  places_[hole] = {};
  kept_bytes_ -= message.encoded.size();
  if (message.state == SeenMessage::State::validating) {
    --validating_;
    validating_bytes_ -= message.encoded.size();
  }
  message = {};
  ++first_;
  --size_;
}

void MessageTable::grow() {
  constexpr std::size_t kFirstCapacity = 16;
  const std::size_t capacity = ring_.empty() ? kFirstCapacity : ring_.size() * 2;
  std::vector<SeenMessage> ring(capacity);
  for (MessageSeq seq = first_; seq != end(); ++seq) ring[seq & (capacity - 1)] = std::move((*this)[seq]);
  ring_ = std::move(ring);
  places_.assign(capacity * 2, {});
  for (MessageSeq seq = first_; seq != end(); ++seq) place((*this)[seq].hash, seq);
}

void MessageTable::expire(TimePoint oldest) {
  while (size_ != 0 && (*this)[first_].first_seen <= oldest) remove_first();
}

void MessageTable::shift(std::size_t history_length) {
  windows_.push_back(end());
  if (windows_.size() > history_length) windows_.erase(windows_.begin());
  for (first_kept_ = std::max(first_kept_, first_); first_kept_ < windows_.front(); ++first_kept_) {
    if ((*this)[first_kept_].state != SeenMessage::State::validating) let_go(first_kept_);  // or it may be forwarded
  }
}

void MessageTable::conclude(MessageSeq seq, SeenMessage::State state, TimePoint now) {
  SeenMessage& message = (*this)[seq];
  assert(message.state == SeenMessage::State::validating);
  message.state = state;
  message.concluded = now;
  --validating_;
  validating_bytes_ -= message.encoded.size();
}

void MessageTable::let_go(MessageSeq seq) {
  SeenMessage& message = (*this)[seq];
  kept_bytes_ -= message.encoded.size();
  message.encoded = {};
  message.rare.reset();
}

MessageSeq MessageTable::window_start(std::size_t windows) const {
  return std::max(first_, windows_[windows_.size() - std::min(windows, windows_.size())]);
}

}  // namespace ghostnet::gossipsub
