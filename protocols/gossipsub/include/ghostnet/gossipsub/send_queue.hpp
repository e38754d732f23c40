// SendQueue: what waits to be sent to one peer, in two classes, with a bound on both together.
//
// Urgent frames (control, own messages) leave first. Ordinary ones (forwarded messages, gossip) are refused when the
// queue is full: gossip repairs what is lost so. A peer whose urgent frames find no room does not read what it is
// sent, and is to be dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "ghostnet/gossipsub/message_table.hpp"
#include "ghostnet/gossipsub/rpc.hpp"
#include "ghostnet/runtime/fifo.hpp"

namespace ghostnet::gossipsub {

class SendQueue {
 public:
  static constexpr MessageSeq kNoMessage = ~MessageSeq{0};
  enum class Class : std::uint8_t { urgent, ordinary };

  struct Limits {
    std::size_t max_bytes;
    std::size_t max_frames;
  };

  bool empty() const { return urgent_.empty() && ordinary_.empty(); }
  std::size_t frames() const { return urgent_.size() + ordinary_.size(); }
  std::size_t bytes() const { return bytes_; }

  // False when there is no room. `message` names the message that the frame carries alone.
  bool push(Class of, Frame frame, const Limits& limits, MessageSeq message = kNoMessage) {
    if (frames() >= limits.max_frames || frame.size() > limits.max_bytes - bytes_) return false;
    bytes_ += frame.size();
    (of == Class::urgent ? urgent_ : ordinary_).push_back({std::move(frame), message});
    return true;
  }

  struct Item {
    Frame frame;
    MessageSeq message = kNoMessage;
  };
  std::optional<Item> pop() {
    if (empty()) return std::nullopt;
    Item item = (urgent_.empty() ? ordinary_ : urgent_).pop_front();
    bytes_ -= item.frame.size();
    return item;
  }

 private:
  Fifo<Item> urgent_;
  Fifo<Item> ordinary_;
  std::size_t bytes_ = 0;  // never above max_bytes
};

}  // namespace ghostnet::gossipsub
