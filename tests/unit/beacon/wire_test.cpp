#include "ghostnet/beacon/wire.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ghostnet::beacon::wire_test {
namespace {

const std::vector<std::uint8_t> kBytes = {
    'g',  'n',  'b',  'c',                           // magic
    1,    0,    0,    0,                             // version
    0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,  // epoch
    0,    0,    0,    0,    0,    0,    1,    5,     // sequence
    0,    0,    0,                                   // padding
};
constexpr Message kMessage{.epoch = 0x1122'3344'5566'7788, .sequence = 261, .padding_bytes = 3};

TEST(BeaconWire, ReadsAndWritesTheDocumentedBytes) {
  EXPECT_EQ(parse(kBytes).value(), kMessage);
  std::vector<std::uint8_t> written(kMessage.size_bytes());
  ByteWriter out(written);
  emit(kMessage, out);
  EXPECT_TRUE(out.finish("beacon"));
  EXPECT_EQ(written, kBytes);
}

TEST(BeaconWire, EveryTruncationIsMalformed) {
  for (std::size_t size = 0; size < Message::kHeaderBytes; ++size) {
    const Result<Message> message = parse(ByteView(kBytes).first(size));
    ASSERT_FALSE(message) << size;
    EXPECT_EQ(message.error(), Errc::malformed);
  }
  EXPECT_TRUE(parse(ByteView(kBytes).first(Message::kHeaderBytes)));
}

TEST(BeaconWire, OtherMagicsAndVersionsAreMalformed) {
  for (const std::size_t at : {0, 3, 4}) {
    std::vector<std::uint8_t> bytes = kBytes;
    bytes[at] ^= 0x40;
    EXPECT_FALSE(parse(bytes)) << at;
  }
}

}  // namespace
}  // namespace ghostnet::beacon::wire_test
