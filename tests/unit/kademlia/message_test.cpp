#include "ghostnet/kademlia/message.hpp"

#include <gtest/gtest.h>

#include "peers.hpp"

namespace ghostnet::kademlia::message_test {
namespace {

TEST(DhtMessage, AQuestionIsTypeAndKey) {
  const Message find{.type = MessageType::find_node, .key = Bytes::copy_of("abc")};
  EXPECT_EQ(to_hex(find.encode()), "08041203616263");
  const Message put{.type = MessageType::put_value,
                    .key = Bytes::copy_of("k"),
                    .record = Record{.key = Bytes::copy_of("k"), .value = Bytes::copy_of("v")}};
  EXPECT_EQ(to_hex(put.encode()), "080012016b1a060a016b120176");
}

TEST(DhtMessage, WhatIsWrittenIsRead) {
  const Message message{
      .type = MessageType::get_providers,
      .key = Bytes::copy_of("key"),
      .record =
          Record{.key = Bytes::copy_of("key"), .value = Bytes::copy_of("v"), .time_received = "2026-01-01T00:00:00Z"},
      .closer = {{.id = test::peer(1),
                  .addresses = {*libp2p::Multiaddr::parse("/ip4/10.0.0.1/tcp/4001")},
                  .connection = ConnectionType::can_connect}},
      .providers = {{.id = test::peer(2)}, {.id = test::peer(3)}}};
  const auto back = Message::parse(message.encode());
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(back->type, message.type);
  EXPECT_EQ(back->key, message.key);
  EXPECT_EQ(back->record->time_received, message.record->time_received);
  ASSERT_EQ(back->closer.size(), 1U);
  EXPECT_EQ(back->closer[0].id, test::peer(1));
  EXPECT_EQ(back->closer[0].addresses, message.closer[0].addresses);
  EXPECT_EQ(back->closer[0].connection, ConnectionType::can_connect);
  EXPECT_EQ(back->providers.size(), 2U);
  EXPECT_EQ(back->encode(), message.encode());
}

TEST(DhtMessage, PeersWithoutAnIdAndStrangeAddressesAreLeftOut) {
  // A closer peer without an id, and one whose address is of protocol 0x7f.
  auto bytes = Message{.type = MessageType::find_node}.encode();
  const std::uint8_t nobody[] = {0x42, 0x02, 0x18, 0x01};
  bytes.insert(bytes.end(), std::begin(nobody), std::end(nobody));
  const auto message = Message::parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->closer.empty());
}

TEST(DhtMessage, PeersAreBounded) {
  Message message{.type = MessageType::find_node};
  for (std::uint32_t i = 0; i < 200; ++i) message.closer.push_back({.id = test::peer(i)});
  EXPECT_EQ(Message::parse(message.encode())->closer.size(), Message::kMaxPeers);
}

TEST(DhtMessage, BrokenBytesAreMalformed) {
  EXPECT_EQ(Message::parse(parse_hex("0807")->view()).error(), Errc::malformed);
  EXPECT_EQ(Message::parse(parse_hex("1205 61")->view()).error(), Errc::malformed);
  const Message long_key{.key = Bytes::copy_of(std::string(Message::kMaxKeyBytes + 1, 'x'))};
  EXPECT_EQ(Message::parse(long_key.encode()).error(), Errc::limit);
}

}  // namespace
}  // namespace ghostnet::kademlia::message_test
