#include "ghostnet/libp2p/message_feed.hpp"

#include <algorithm>
#include <utility>

namespace ghostnet::libp2p {

// True once the length is known; then the message begins at `bytes`.
bool MessageFeed::take_length(ByteView& bytes) {
  while (!bytes.empty()) {
    const std::uint8_t byte = bytes.front();
    bytes = bytes.subspan(1);
    length_ |= std::uint64_t{byte & 0x7fu} << (7 * length_bytes_);
    ++length_bytes_;
    if (byte < 0x80) {
      length_bytes_ = 0;
      return true;
    }
    if (length_bytes_ == kMaxLengthBytes) {
      fail_with({Errc::malformed, "the length of a message has more than {} bytes", kMaxLengthBytes});
      return false;
    }
  }
  return false;
}

void MessageFeed::feed(ByteView bytes) {
  while (!ended_ && (!bytes.empty() || in_message_)) {
    if (!in_message_) {
      if (!take_length(bytes)) return;
      if (length_ > max_bytes_) {
        return fail_with({Errc::message_too_large, "a message of {} bytes; at most {} are taken", length_, max_bytes_});
      }
      in_message_ = true;
    }
    const auto length = static_cast<std::size_t>(length_);
    if (held_.empty() && bytes.size() >= length) {
      const ByteView message = bytes.first(length);
      bytes = bytes.subspan(length);
      in_message_ = false;
      length_ = 0;
      sink_.on_message(message);
      continue;
    }
    const ByteView part = bytes.first(std::min(bytes.size(), length - held_.size()));
    bytes = bytes.subspan(part.size());
    if (held_.tailroom() < part.size()) held_.reserve(0, std::max(part.size(), held_.size()));
    held_.append(part);
    if (held_.size() < length) return;
    const PacketBuf whole = std::exchange(held_, {});
    in_message_ = false;
    length_ = 0;
    sink_.on_message(whole.view());
  }
}

void MessageFeed::finish() {
  if (in_message_ || length_bytes_ > 0) return fail_with({Errc::malformed, "the stream ended within a message"});
  fail_with({Errc::end_of_stream});
}

void MessageFeed::fail_with(const Error& why) {
  if (std::exchange(ended_, true)) return;
  held_ = {};
  sink_.on_messages_end(why);
}

}  // namespace ghostnet::libp2p
