#include "ghostnet/bulk/wire.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ghostnet::bulk::wire_test {
namespace {

std::vector<std::uint8_t> emitted(const Message& message, std::size_t room_bytes = 2000) {
  std::vector<std::uint8_t> bytes(room_bytes);
  ByteWriter out(bytes);
  emit(message, out);
  bytes.resize(out.written().size());
  return bytes;
}

const Report kReport{.token = 9,
                     .packets = 1,
                     .bytes = 200,
                     .lost = 3,
                     .duplicates = 4,
                     .reordered = 5,
                     .first_bytes = 6,
                     .duration_ns = 7,
                     .jitter_ns = 8};

const std::vector<Message> kMessages = {Open{1}, Accept{2, 3}, Refuse{4}, Data{5, 6, -7, 1200}, Finish{7, 8}, kReport};

TEST(BulkWire, ReadsWhatItWrites) {
  for (const Message& message : kMessages) {
    const Result<Message> parsed = parse(emitted(message));
    ASSERT_TRUE(parsed) << message.index() << ": " << parsed.error().message();
    EXPECT_EQ(*parsed, message) << message.index();
  }
}

TEST(BulkWire, DataHasTheDocumentedBytes) {
  const std::vector<std::uint8_t> expected = {
      'g',  'n',  'b',  'k',  1,    4,    0,    0,     // magic, version, data
      0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,  // token
      0,    0,    0,    0,    0,    0,    1,    0,     // sequence
      0,    0,    0,    0,    0,    0,    2,    0,     // sent at
      0,    0,    0,                                   // the rest
  };
  const Data data{.token = 0x1122'3344'5566'7788, .sequence = 256, .sent_at_ns = 512, .size_bytes = 35};
  EXPECT_EQ(emitted(data), expected);
  EXPECT_EQ(parse_data(expected), data);
}

TEST(BulkWire, NoAnswerIsLongerThanWhatItAnswers) {
  EXPECT_LE(emitted(Accept{}).size(), emitted(Open{}).size());
  EXPECT_LE(emitted(Refuse{}).size(), emitted(Open{}).size());
  EXPECT_LE(emitted(kReport).size(), emitted(Finish{}).size());
  EXPECT_EQ(emitted(Open{}).size(), kOpenBytes);
  EXPECT_EQ(emitted(kReport).size(), kReportBytes);
}

TEST(BulkWire, EveryTruncationIsMalformed) {
  for (const Message& message : kMessages) {
    const std::vector<std::uint8_t> bytes = emitted(message);
    const bool data = std::holds_alternative<Data>(message);
    for (std::size_t size = 0; size < (data ? kDataHeaderBytes : bytes.size()); ++size) {
      const Result<Message> parsed = parse(ByteView(bytes).first(size));
      ASSERT_FALSE(parsed) << message.index() << " cut to " << size;
      EXPECT_EQ(parsed.error(), Errc::malformed);
    }
  }
}

TEST(BulkWire, RefusesForeignBytesAndImpossibleReports) {
  std::vector<std::uint8_t> bytes = emitted(Open{1});
  bytes[0] ^= 1;
  EXPECT_FALSE(parse(bytes));
  bytes = emitted(Open{1});
  bytes[4] = 2;
  EXPECT_FALSE(parse(bytes)) << "version";
  for (const std::uint8_t type : {0, 7, 255}) {
    bytes = emitted(kReport);
    bytes[5] = type;
    EXPECT_FALSE(parse(bytes)) << "type " << int(type);
  }
  Report lie = kReport;
  lie.duration_ns = -1;
  EXPECT_FALSE(parse(emitted(lie)));
  lie = kReport;
  lie.first_bytes = lie.bytes + 1;
  EXPECT_FALSE(parse(emitted(lie)));
  EXPECT_FALSE(parse_data(emitted(Open{1})));
}

TEST(BulkWire, GoodputIsTakenOverTheTimeInWhichTheBytesCame) {
  EXPECT_EQ((Report{.bytes = 1250, .first_bytes = 250, .duration_ns = 1'000'000'000}.goodput_bps()), 8000u);
  EXPECT_EQ((Report{.bytes = 1250, .first_bytes = 1250}.goodput_bps()), 0u);
  EXPECT_EQ((Report{.bytes = UINT64_MAX, .duration_ns = 1}.goodput_bps()), UINT64_MAX);
}

}  // namespace
}  // namespace ghostnet::bulk::wire_test
