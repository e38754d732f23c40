// MessageFeed: puts messages together from bytes as they come, each with its length in front, an unsigned varint, and
// hands them to a sink. What read_message() (message.hpp) is to a coroutine, this is to a stream of many small
// messages: a message that comes in one piece is seen where it lies, without a copy.
//
// Bounded by max_bytes, and by what has come: the length of a message alone reserves nothing. Total: after the first
// error, which the sink is told, everything is thrown away.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::libp2p {

// Gets the messages of one stream. Neither function may destroy the stream.
class MessageSink {
 public:
  // Good until it returns.
  virtual void on_message(ByteView message) = 0;
  // No more will come: end_of_stream (the peer finished between two messages), malformed, message_too_large, or what
  // ended the stream.
  virtual void on_messages_end(const Error& why) = 0;
  // A message will come: brings into the cache what it will touch beyond the sink itself, one step each time
  // (runtime/foresight.hpp).
  virtual void foresee(unsigned step) const { static_cast<void>(step); }

 protected:
  ~MessageSink() = default;
};

class MessageFeed {
 public:
  MessageFeed(MessageSink& sink, std::size_t max_bytes) : sink_(sink), max_bytes_(max_bytes) {}

  void feed(ByteView bytes);
  // The stream is over: cleanly, or by an error.
  void finish();
  void fail_with(const Error& why);

  bool ended() const { return ended_; }
  const MessageSink& sink() const { return sink_; }

 private:
  static constexpr std::size_t kMaxLengthBytes = 9;

  bool take_length(ByteView& bytes);

  MessageSink& sink_;
  std::size_t max_bytes_;
  std::uint64_t length_ = 0;       // of the message under way, as far as it was read
  std::uint8_t length_bytes_ = 0;  // read of it
  bool in_message_ = false;
  bool ended_ = false;
  PacketBuf held_;  // of the message under way
};

}  // namespace ghostnet::libp2p
