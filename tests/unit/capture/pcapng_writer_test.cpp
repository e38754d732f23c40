#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ghostnet/capture/pcapng.hpp"

namespace ghostnet::capture::pcapng_writer_test {
namespace {

using ::testing::HasSubstr;

struct PcapngWriterTest : testing::Test {
  std::vector<std::uint8_t> trace;
  int writes = 0;

  ByteSink sink() {
    return [this](ByteView bytes) -> Result<> {
      ++writes;
      trace.insert(trace.end(), bytes.begin(), bytes.end());
      return {};
    };
  }
  static PcapngWriterOptions unbuffered() { return {.application = "", .buffer_bytes = 1}; }
};

// Section header: 28 bytes, and 4 for the end of its options.
constexpr std::size_t kSectionBytes = 32;

const std::uint8_t kBytes[] = {0xaa, 0xbb, 0xcc, 0xdd, 0xee};

TEST_F(PcapngWriterTest, BeginsWithASectionHeader) {
  PcapngWriter writer(sink(), {.application = "ghostnet"});
  ASSERT_TRUE(writer.flush());
  const std::vector<std::uint8_t> expected = {
      0x0a, 0x0d, 0x0d, 0x0a, 44,   0,    0,    0,                         // type, length
      0x4d, 0x3c, 0x2b, 0x1a, 1,    0,    0,    0,                         // byte order, version 1.0
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,                      // section of unknown length
      4,    0,    8,    0,    'g',  'h',  'o',  's',  't', 'n', 'e', 't',  // shb_userappl
      0,    0,    0,    0,    44,   0,    0,    0,                         // end of options, length
  };
  EXPECT_EQ(trace, expected);
}

TEST_F(PcapngWriterTest, DescribesInterfacesInNanoseconds) {
  PcapngWriter writer(sink(), unbuffered());
  EXPECT_EQ(writer.add_interface({.name = "eth0", .link_type = LinkType::ethernet, .snap_bytes = 100}).value(), 0U);
  const std::vector<std::uint8_t> expected = {
      1, 0, 0, 0, 40,  0,   0,   0,    // type, length
      1, 0, 0, 0, 100, 0,   0,   0,    // Ethernet, snap length
      2, 0, 4, 0, 'e', 't', 'h', '0',  // if_name
      9, 0, 1, 0, 9,   0,   0,   0,    // if_tsresol: 10^-9
      0, 0, 0, 0, 40,  0,   0,   0,    // end of options, length
  };
  EXPECT_EQ(std::vector(trace.begin() + kSectionBytes, trace.end()), expected);
  EXPECT_EQ(writer.add_interface({}).value(), 1U);
}

TEST_F(PcapngWriterTest, WritesAnEnhancedPacketBlockForEachPacket) {
  PcapngWriter writer(sink(), unbuffered());
  ASSERT_TRUE(writer.add_interface({}));
  trace.clear();
  ASSERT_TRUE(writer.write(Packet{.time = WallTime{Duration{0x0102030405060708}},
                                  .bytes = kBytes,
                                  .original_bytes = 9,
                                  .direction = Direction::outbound,
                                  .dropped = 3,
                                  .comment = "lost"}));
  const std::vector<std::uint8_t> expected = {
      6,    0,    0,    0,    72,   0,    0,    0,                 // type, length
      0,    0,    0,    0,                                         // interface
      0x04, 0x03, 0x02, 0x01, 0x08, 0x07, 0x06, 0x05,              // time, upper half first
      5,    0,    0,    0,    9,    0,    0,    0,                 // captured, original
      0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0,    0,    0,                 // padded to four
      1,    0,    4,    0,    'l',  'o',  's',  't',               // opt_comment
      2,    0,    4,    0,    2,    0,    0,    0,                 // epb_flags: outbound
      4,    0,    8,    0,    3,    0,    0,    0,    0, 0, 0, 0,  // epb_dropcount
      0,    0,    0,    0,    72,   0,    0,    0,                 // end of options, length
  };
  EXPECT_EQ(trace, expected);
  EXPECT_EQ(writer.packets_written(), 1U);
}

TEST_F(PcapngWriterTest, WritesNoOptionsForAPlainPacket) {
  PcapngWriter writer(sink(), unbuffered());
  ASSERT_TRUE(writer.add_interface({}));
  trace.clear();
  ASSERT_TRUE(writer.write(Packet{.bytes = kBytes}));
  EXPECT_EQ(trace.size(), 12U + 20 + 8);
}

TEST_F(PcapngWriterTest, WritesInterfaceStatistics) {
  PcapngWriter writer(sink(), unbuffered());
  ASSERT_TRUE(writer.add_interface({}));
  trace.clear();
  ASSERT_TRUE(writer.write(Statistics{.time = WallTime{Duration{7}}, .received = 1'000, .dropped = 2}));
  const std::vector<std::uint8_t> expected = {
      5, 0, 0, 0, 52,   0, 0, 0,              // type, length
      0, 0, 0, 0, 0,    0, 0, 0, 7, 0, 0, 0,  // interface, time
      4, 0, 8, 0, 0xe8, 3, 0, 0, 0, 0, 0, 0,  // isb_ifrecv
      5, 0, 8, 0, 2,    0, 0, 0, 0, 0, 0, 0,  // isb_ifdrop
      0, 0, 0, 0, 52,   0, 0, 0,              // end of options, length
  };
  EXPECT_EQ(trace, expected);
}

TEST_F(PcapngWriterTest, CutsPacketsToTheSnapLengthAndKeepsTheirOriginalLength) {
  PcapngWriter writer(sink(), unbuffered());
  ASSERT_TRUE(writer.add_interface({.snap_bytes = 2}));
  trace.clear();
  ASSERT_TRUE(writer.write(Packet{.bytes = kBytes}));
  EXPECT_EQ(trace[20], 2) << "captured";
  EXPECT_EQ(trace[24], 5) << "original";
  EXPECT_EQ(trace.size(), 12U + 20 + 4);
}

TEST_F(PcapngWriterTest, RefusesWhatTheFormatCannotSayAndWritesNothingOfIt) {
  PcapngWriter writer(sink(), unbuffered());
  ASSERT_TRUE(writer.add_interface({}));
  trace.clear();
  const std::string long_text(kMaxOptionBytes + 1, 'x');
  const std::vector<std::uint8_t> long_packet(kMaxPacketBytes + 1);

  EXPECT_EQ(writer.write(Packet{.interface = 1, .bytes = kBytes}).error(), Errc::invalid_argument);
  EXPECT_EQ(writer.write(Packet{.time = WallTime{Duration{-1}}, .bytes = kBytes}).error(), Errc::invalid_argument);
  EXPECT_EQ(writer.write(Packet{.bytes = kBytes, .original_bytes = 4}).error(), Errc::invalid_argument);
  EXPECT_EQ(writer.write(Packet{.bytes = kBytes, .comment = long_text}).error(), Errc::limit);
  EXPECT_EQ(writer.write(Packet{.bytes = long_packet}).error(), Errc::limit);
  EXPECT_EQ(writer.write(Statistics{.interface = 1}).error(), Errc::invalid_argument);
  EXPECT_EQ(writer.add_interface({.name = long_text}).error(), Errc::limit);

  EXPECT_TRUE(trace.empty());
  EXPECT_EQ(writer.packets_written(), 0U);
  EXPECT_TRUE(writer.write(Packet{.bytes = kBytes})) << "a refusal is not a failure for good";
}

TEST_F(PcapngWriterTest, HandsBlocksToItsSinkOnceItsBufferIsFull) {
  PcapngWriter writer(sink(), {.application = "", .buffer_bytes = 200});
  ASSERT_TRUE(writer.add_interface({}));  // 32 + 32 bytes so far, and 40 a packet
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(writer.write(Packet{.bytes = kBytes}));
  EXPECT_EQ(writes, 0);
  ASSERT_TRUE(writer.write(Packet{.bytes = kBytes}));
  EXPECT_EQ(writes, 1);
  EXPECT_TRUE(writer.flush());
  EXPECT_EQ(writes, 1) << "nothing was left";
}

TEST_F(PcapngWriterTest, StopsAtTheFirstFailureOfItsSink) {
  const ByteSink full = [this](ByteView) -> Result<> {
    ++writes;
    return fail(Errc::no_buffers, "disk full");
  };
  PcapngWriter writer(full, {.buffer_bytes = 100});
  ASSERT_TRUE(writer.add_interface({}) || writes == 1);
  EXPECT_FALSE(writer.flush());
  const int writes_before = writes;
  const auto refused = writer.write(Packet{.bytes = kBytes});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "disk full");
  EXPECT_FALSE(writer.add_interface({}));
  EXPECT_FALSE(writer.flush());
  EXPECT_EQ(writes, writes_before);
}

}  // namespace
}  // namespace ghostnet::capture::pcapng_writer_test
