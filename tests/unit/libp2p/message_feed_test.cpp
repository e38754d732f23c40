// MessageFeed: messages out of bytes in any pieces, bounds, ends, and what is no message.
#include "ghostnet/libp2p/message_feed.hpp"

#include <gtest/gtest.h>

#include "ghostnet/libp2p/protobuf.hpp"

namespace ghostnet::libp2p::message_feed_test {
namespace {

class Kept final : public MessageSink {
 public:
  void on_message(ByteView message) override { messages.emplace_back(message.begin(), message.end()); }
  void on_messages_end(const Error& why) override { ends.push_back(why); }
  std::vector<std::vector<std::uint8_t>> messages;
  std::vector<Error> ends;
};

std::vector<std::uint8_t> framed(const std::vector<std::vector<std::uint8_t>>& messages) {
  std::vector<std::uint8_t> bytes;
  for (const auto& message : messages) {
    append_varint(bytes, message.size());
    bytes.insert(bytes.end(), message.begin(), message.end());
  }
  return bytes;
}

TEST(MessageFeed, FindsMessagesInPiecesOfAnySize) {
  const std::vector<std::vector<std::uint8_t>> sent = {{1, 2, 3}, {}, std::vector<std::uint8_t>(300, 7), {9}};
  const std::vector<std::uint8_t> bytes = framed(sent);
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    Kept kept;
    MessageFeed feed(kept, 1000);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      feed.feed(ByteView(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    }
    EXPECT_EQ(kept.messages, sent) << piece;
    feed.finish();
    ASSERT_EQ(kept.ends.size(), 1u);
    EXPECT_EQ(kept.ends[0], Errc::end_of_stream);
  }
}

TEST(MessageFeed, TakesNothingBeyondItsBound) {
  Kept kept;
  MessageFeed feed(kept, 10);
  feed.feed(framed({std::vector<std::uint8_t>(10, 1), std::vector<std::uint8_t>(11, 2), {3}}));
  EXPECT_EQ(kept.messages.size(), 1u);
  ASSERT_EQ(kept.ends.size(), 1u);
  EXPECT_EQ(kept.ends[0], Errc::message_too_large);
  feed.feed(framed({{4}}));
  EXPECT_EQ(kept.messages.size(), 1u);
  EXPECT_EQ(kept.ends.size(), 1u);
}

TEST(MessageFeed, RefusesALengthThatIsNone) {
  Kept kept;
  MessageFeed feed(kept, 10);
  feed.feed(std::vector<std::uint8_t>(9, 0x80));
  ASSERT_EQ(kept.ends.size(), 1u);
  EXPECT_EQ(kept.ends[0], Errc::malformed);
}

TEST(MessageFeed, AnEndWithinAMessageIsMalformed) {
  for (std::size_t left : {1u, 3u}) {
    Kept kept;
    MessageFeed feed(kept, 1000);
    const std::vector<std::uint8_t> bytes = framed({std::vector<std::uint8_t>(200, 1)});
    feed.feed(ByteView(bytes).first(left));
    feed.finish();
    ASSERT_EQ(kept.ends.size(), 1u);
    EXPECT_EQ(kept.ends[0], Errc::malformed) << left;
  }
}

}  // namespace
}  // namespace ghostnet::libp2p::message_feed_test
