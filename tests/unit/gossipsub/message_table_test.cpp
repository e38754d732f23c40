#include "ghostnet/gossipsub/message_table.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ghostnet::gossipsub::message_table_test {
namespace {

constexpr std::size_t kAnyBytes = 1'000'000;

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
  MessageTable table(1, 1000, kAnyBytes);
  EXPECT_FALSE(find(table, 0));
  for (std::size_t i = 0; i < 500; ++i) EXPECT_EQ(add(table, i), i);
  for (std::size_t i = 0; i < 500; ++i) EXPECT_EQ(find(table, i), i);
  EXPECT_FALSE(find(table, 500));
}

TEST(MessageTable, ForgetsWhatIsOldAndNothingElse) {
  MessageTable table(1, 1000, kAnyBytes);
  for (std::size_t i = 0; i < 300; ++i) add(table, i, from_ns(static_cast<std::int64_t>(i)));
  table.expire(from_ns(99));
  EXPECT_EQ(table.size(), 200U);
  for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(find(table, i).has_value(), i >= 100) << i;
}

TEST(MessageTable, TheOldestMakesRoom) {
  MessageTable table(1, 10, kAnyBytes);
  for (std::size_t i = 0; i < 25; ++i) add(table, i);
  EXPECT_EQ(table.size(), 10U);
  for (std::size_t i = 0; i < 25; ++i) EXPECT_EQ(find(table, i).has_value(), i >= 15) << i;
}

TEST(MessageTable, BytesAreKeptForTheHistory) {
  MessageTable table(1, 100, kAnyBytes);
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

TEST(MessageTable, OfBytesBeyondTheBoundTheOldestGo) {
  MessageTable table(1, 100, 10);
  for (std::size_t i = 0; i < 30; ++i) {
    const MessageSeq seq =
        table.insert({.hash = table.hash(id_of(i)),
                      .id = id_of(i),
                      .encoded = Bytes::copy_of("m"),
                      .state = i == 3 ? SeenMessage::State::validating : SeenMessage::State::accepted});
    EXPECT_LE(table.kept_bytes(), 10U);
    EXPECT_FALSE(table[seq].encoded.empty());
  }
  EXPECT_EQ(table.size(), 30U) << "they are known all the same";
  EXPECT_TRUE(table[2].encoded.empty());
  EXPECT_FALSE(table[3].encoded.empty()) << "it may still be forwarded";
  EXPECT_EQ(table.validating(), 1U);
  table.conclude(3, SeenMessage::State::accepted, {});
  EXPECT_FALSE(table.in_history(3));
  table.let_go(3);
  EXPECT_EQ(table.validating(), 0U);
  table.expire(from_ns(1));
  EXPECT_EQ(table.kept_bytes(), 0U);
}

}  // namespace
}  // namespace ghostnet::gossipsub::message_table_test
