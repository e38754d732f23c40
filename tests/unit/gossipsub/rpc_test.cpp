#include "ghostnet/gossipsub/rpc.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ghostnet/gossipsub/message.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::gossipsub::rpc_test {
namespace {

Bytes hex(std::string_view text) { return *parse_hex(text); }

Rpc parsed(const Bytes& encoded) {
  Rpc rpc;
  const Result<> done = rpc.parse(encoded.view());
  EXPECT_TRUE(done) << done.error().message();
  return rpc;
}

TEST(Rpc, SubscriptionsAreWrittenAsProto2Does) {
  Rpc rpc;
  rpc.subscriptions = {{.subscribe = true, .topic = "ab"}, {.subscribe = false, .topic = "c"}};
  EXPECT_EQ(rpc.encode(), hex("0a 06 08 01 12 02 61 62  0a 05 08 00 12 01 63"));
}

TEST(Rpc, ControlIsOneMessageOfItsParts) {
  Rpc rpc;
  const Bytes ids[] = {hex("0102"), hex("03")};
  rpc.ids = {ids[0].view(), ids[1].view()};
  rpc.ihave = {{.topic = "t", .ids = {.first = 0, .count = 2}}};
  rpc.iwant = {ids[1].view()};
  rpc.graft = {"g"};
  rpc.prune = {{.topic = "p", .backoff_s = 60}};
  rpc.idontwant = {ids[0].view()};
  EXPECT_EQ(rpc.encode(), hex("1a 23"
                              "0a 0a 0a 01 74 12 02 01 02 12 01 03"
                              "12 03 0a 01 03"
                              "1a 03 0a 01 67"
                              "22 05 0a 01 70 18 3c"
                              "2a 04 0a 02 01 02"));
}

TEST(Rpc, WhatIsWrittenIsRead) {
  Rpc rpc;
  const Bytes id = hex("aabbcc");
  const Bytes message = NewMessage{.data = as_bytes("data"), .topic = "t"}.encode();
  rpc.subscriptions = {{.subscribe = true, .topic = "topic"}};
  rpc.publish = {message.view()};
  rpc.peers = {{.peer_id = id.view(), .signed_peer_record = message.view()}};
  rpc.prune = {{.topic = "pruned", .peers = {.first = 0, .count = 1}, .backoff_s = 300}};
  rpc.graft = {"a", "b"};
  rpc.idontwant = {id.view()};
  const Bytes encoded = rpc.encode();
  const Rpc back = parsed(encoded);
  ASSERT_EQ(back.subscriptions.size(), 1U);
  EXPECT_TRUE(back.subscriptions[0].subscribe);
  EXPECT_EQ(back.subscriptions[0].topic, "topic");
  ASSERT_EQ(back.publish.size(), 1U);
  EXPECT_TRUE(equal(back.publish[0], message.view()));
  EXPECT_THAT(back.graft, testing::ElementsAre("a", "b"));
  ASSERT_EQ(back.prune.size(), 1U);
  EXPECT_EQ(back.prune[0].topic, "pruned");
  EXPECT_EQ(back.prune[0].backoff_s, 300U);
  ASSERT_EQ(back.prune[0].peers.of(back.peers).size(), 1U);
  EXPECT_TRUE(equal(back.peers[0].signed_peer_record, message.view()));
  EXPECT_EQ(back.idontwant_messages, 1U);
  EXPECT_EQ(back.encode(), encoded);
}

TEST(Rpc, UnknownFieldsAreSkipped) {
  const Rpc rpc = parsed(hex("7a 01 00  78 05  0a 04 08 01 12 00  7d 01020304"));
  EXPECT_EQ(rpc.subscriptions.size(), 1U);
}

TEST(Rpc, BrokenBytesAreMalformed) {
  for (const std::string_view bytes :
       {"0a", "0a 05 08 01", "0b", "08", "00 00", "1a 02 0a 05", "ffffffffffffffffffff01"}) {
    Rpc rpc;
    const auto done = rpc.parse(hex(bytes).view());
    ASSERT_FALSE(done) << bytes;
    EXPECT_EQ(done.error(), Errc::malformed) << bytes;
  }
}

TEST(Rpc, PartsAreBounded) {
  std::vector<std::uint8_t> many;
  for (std::size_t i = 0; i <= Rpc::kMaxParts; ++i) many.insert(many.end(), {0x12, 0x00});
  Rpc rpc;
  EXPECT_EQ(rpc.parse(many).error(), Errc::limit);
}

TEST(Frame, StandsBehindItsLength) {
  const Frame frame = Frame::of_message(NewMessage{.data = as_bytes("x"), .topic = "t"}.encode());
  EXPECT_EQ(to_hex(frame.head_view()), "081206");
  EXPECT_EQ(to_hex(frame.body.view()), "120178220174");
  EXPECT_EQ(frame.size(), 9U);
}

TEST(PubsubMessage, FieldsAreViewsIntoItsBytes) {
  const Bytes encoded = NewMessage{.from = as_bytes("me"),
                                   .data = as_bytes("data"),
                                   .seqno = as_bytes("12345678"),
                                   .topic = "t",
                                   .signature = as_bytes("sig"),
                                   .key = as_bytes("key")}
                            .encode();
  const auto message = Message::parse(encoded.view());
  ASSERT_TRUE(message);
  EXPECT_EQ(as_text(*message->from), "me");
  EXPECT_EQ(as_text(message->data), "data");
  EXPECT_EQ(message->topic, "t");
  EXPECT_EQ(as_text(*message->key), "key");
  EXPECT_EQ(to_hex(message->signature_field), "2a03736967");
  EXPECT_EQ(to_hex(message->key_field), "32036b6579");
  EXPECT_EQ(as_text(MessageId::of_origin(*message)->view()), "me12345678");
}

TEST(PubsubMessage, SignedIsAllButTheSignatureAndTheKey) {
  const auto signed_of = [](std::string_view encoded) {
    const Bytes bytes = hex(encoded);
    const std::vector<std::uint8_t> whole = Message::parse(bytes.view())->signed_bytes();
    EXPECT_EQ(as_text(ByteView(whole).first(14)), "libp2p-pubsub:");
    return to_hex(ByteView(whole).subspan(14));
  };
  EXPECT_EQ(signed_of("12 01 78 22 01 74 2a 01 00 32 02 aa bb"), "120178220174");
  EXPECT_EQ(signed_of("32 02 aa bb 12 01 78 2a 01 00 22 01 74"), "120178220174") << "in whatever order they come";
  EXPECT_EQ(signed_of("2a 01 00 22 01 74"), "220174");
  EXPECT_EQ(signed_of("22 01 74 32 01 00"), "220174");
  EXPECT_EQ(signed_of("22 01 74"), "220174");
}

TEST(PubsubMessage, NeedsATopicAndAtMostOneSignature) {
  EXPECT_EQ(Message::parse(hex("12 01 78").view()).error(), Errc::malformed);
  EXPECT_EQ(Message::parse(hex("22 01 74 2a 01 00 2a 01 00").view()).error(), Errc::malformed);
  EXPECT_EQ(Message::parse(hex("22 01 74 32 01 00 32 01 00").view()).error(), Errc::malformed);
  EXPECT_TRUE(Message::parse(hex("22 01 74 2a 01 00").view()));
}

TEST(PubsubMessage, AnIdTooLongForItsPlaceIsNone) {
  const std::string author(60, 'a');
  const Bytes encoded = NewMessage{.from = as_bytes(author), .seqno = as_bytes("12345678"), .topic = "t"}.encode();
  EXPECT_FALSE(MessageId::of_origin(*Message::parse(encoded.view())));
}

}  // namespace
}  // namespace ghostnet::gossipsub::rpc_test
