#include "ghostnet/ping/wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace ghostnet::ping::wire_test {
namespace {

using ::testing::HasSubstr;

const std::vector<std::uint8_t> kRequest = {
    'g',  'n',  'p',  'g',                           // magic
    1,    1,    0,    0,                             // version, request
    0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,  // session
    0,    0,    0,    0,    0,    0,    0,    5,     // sequence
    0,    0,    0,    0,    0x3b, 0x9a, 0xca, 0x00,  // sent at 1 s
    0,    0,                                         // padding
};
constexpr Message kMessage{
    .session = 0x1122'3344'5566'7788, .sequence = 5, .sent_at_ns = 1'000'000'000, .padding_bytes = 2};

TEST(PingWire, ReadsAndWritesTheDocumentedBytes) {
  EXPECT_EQ(parse(kRequest).value(), kMessage);
  std::vector<std::uint8_t> written(kMessage.size_bytes());
  ByteWriter out(written);
  emit(kMessage, out);
  EXPECT_TRUE(out.finish("ping message"));
  EXPECT_EQ(written, kRequest);
}

TEST(PingWire, AReplyIsTheRequestWithItsTypeChanged) {
  std::vector<std::uint8_t> bytes = kRequest;
  bytes[33] = 0xee;
  turn_into_reply(bytes);
  Message expected = kMessage;
  expected.type = MessageType::reply;
  EXPECT_EQ(parse(bytes).value(), expected);
  EXPECT_EQ(bytes[33], 0xee) << "padding comes back as it was";
  EXPECT_EQ(bytes.size(), kRequest.size());
}

TEST(PingWire, EveryTruncationIsMalformed) {
  for (std::size_t size = 0; size < Message::kHeaderBytes; ++size) {
    const Result<Message> message = parse(ByteView(kRequest).first(size));
    ASSERT_FALSE(message) << size;
    EXPECT_EQ(message.error(), Errc::malformed);
  }
  EXPECT_TRUE(parse(ByteView(kRequest).first(Message::kHeaderBytes)));
}

TEST(PingWire, OtherMagicVersionsAndTypesAreMalformedAndSaySo) {
  const auto error_with = [](std::size_t at, std::uint8_t value) {
    std::vector<std::uint8_t> bytes = kRequest;
    bytes[at] = value;
    const Result<Message> message = parse(bytes);
    return message ? "no error" : std::string(message.error().message());
  };
  EXPECT_THAT(error_with(0, 'G'), HasSubstr("magic"));
  EXPECT_THAT(error_with(4, 2), HasSubstr("version 1"));
  EXPECT_THAT(error_with(5, 0), HasSubstr("a request or a reply"));
  EXPECT_THAT(error_with(5, 3), HasSubstr("a request or a reply"));
  EXPECT_EQ(error_with(6, 9), "no error") << "room for later versions is not looked at";
}

}  // namespace
}  // namespace ghostnet::ping::wire_test
