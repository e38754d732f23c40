#include "ghostnet/gossipsub/message_table.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ghostnet::gossipsub {
namespace {

MessageId id_of(std::size_t number) { return *MessageId::of(as_bytes("id-" + std::to_string(number))); }

MessageSeq add(MessageTable& table, std::size_t number, TimePoint at = {}) {
  return table.insert({.hash = table.hash(id_of(number)),
                       .id = id_of(number),
                       .first_seen = at,
                       .encoded = Bytes::copy_of("m"),
                       .state = SeenMessage::State::accepted});
}
std::optional<MessageSeq> find(const MessageTable& table, std::size_t number) {
  return table.find(id_of(number), table.hash(id_of(number)));
}

TEST(MessageTable, FindsWhatWasSeen) {
  MessageTable table(1, 1000);
  EXPECT_FALSE(find(table, 0));
  for (std::size_t i = 0; i < 500; ++i) EXPECT_EQ(add(table, i), i);
  for (std::size_t i = 0; i < 500; ++i) EXPECT_EQ(find(table, i), i);
  EXPECT_FALSE(find(table, 500));
}

TEST(MessageTable, ForgetsWhatIsOldAndNothingElse) {
  MessageTable table(1, 1000);
  for (std::size_t i = 0; i < 300; ++i) add(table, i, from_ns(static_cast<std::int64_t>(i)));
  table.expire(from_ns(99));
  EXPECT_EQ(table.size(), 200U);
  for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(find(table, i).has_value(), i >= 100) << i;
}

TEST(MessageTable, TheOldestMakesRoom) {
  MessageTable table(1, 10);
  for (std::size_t i = 0; i < 25; ++i) add(table, i);
  EXPECT_EQ(table.size(), 10U);
  for (std::size_t i = 0; i < 25; ++i) EXPECT_EQ(find(table, i).has_value(), i >= 15) << i;
}

TEST(MessageTable, BytesAreKeptForTheHistory) {
  MessageTable table(1, 100);
  add(table, 0);
  table.shift(3);  // the first window is closed
  add(table, 1);
  table.shift(3);
  EXPECT_EQ(table.window_start(1), 2U);
  EXPECT_EQ(table.window_start(2), 1U);
  EXPECT_EQ(table.window_start(3), 0U);
  EXPECT_FALSE(table[0].encoded.empty());
  table.shift(3);
  EXPECT_TRUE(table[0].encoded.empty());
  EXPECT_FALSE(table[1].encoded.empty());
  EXPECT_TRUE(find(table, 0)) << "it is still known";
  table.shift(3);
  EXPECT_TRUE(table[1].encoded.empty());
}

}  // namespace
}  // namespace ghostnet::gossipsub
