// Segments as bytes.
#include <gtest/gtest.h>

#include <vector>

#include "ghostnet/tcp/checksum.hpp"
#include "ghostnet/tcp/segment.hpp"

namespace ghostnet::tcp::segment_test {
namespace {

std::vector<std::uint8_t> bytes_of(const SegmentHeader& header) {
  std::vector<std::uint8_t> bytes(header_bytes(header));
  emit(header, bytes.data());
  return bytes;
}

SegmentHeader header_like(std::uint8_t flags) {
  SegmentHeader header;
  header.source_port = 0x1234;
  header.destination_port = 80;
  header.sequence = SeqNumber(0x0102'0304);
  header.acknowledgment = SeqNumber(0x0506'0708);
  header.flags = flags;
  header.window = 0x2000;
  return header;
}

TEST(TcpSegment, AHeaderStandsAsRfc9293Draws) {  // RFC 9293 3.1
  const std::vector<std::uint8_t> expected = {0x12, 0x34, 0x00, 0x50, 1,    2,    3, 4, 5, 6,
                                              7,    8,    0x50, 0x18, 0x20, 0x00, 0, 0, 0, 0};
  EXPECT_EQ(bytes_of(header_like(kAck | kPsh)), expected);
}

TEST(TcpSegment, TheOptionsOfASynAreAligned) {
  SegmentHeader header = header_like(kSyn);
  header.mss = 1460;
  header.sack_permitted = true;
  header.has_timestamps = true;
  header.timestamp = 0x0a0b'0c0d;
  header.window_scale = 7;
  const std::vector<std::uint8_t> options = {2,    4,    0x05, 0xb4, 4, 2, 8, 10, 0x0a, 0x0b,
                                             0x0c, 0x0d, 0,    0,    0, 0, 1, 3,  3,    7};
  std::vector<std::uint8_t> bytes = bytes_of(header);
  EXPECT_EQ(std::vector<std::uint8_t>(bytes.begin() + 20, bytes.end()), options);
  EXPECT_EQ(bytes[12] >> 4, 10);
}

TEST(TcpSegment, WhatIsWrittenIsRead) {
  SegmentHeader header = header_like(kAck | kEce);
  header.has_timestamps = true;
  header.timestamp = 1;
  header.timestamp_echo = 2;
  header.sack_count = 3;
  for (std::uint32_t i = 0; i < 3; ++i) header.sacks[i] = {SeqNumber(100 * i), SeqNumber(100 * i + 50)};
  std::vector<std::uint8_t> bytes = bytes_of(header);
  EXPECT_EQ(bytes.size(), 60u);
  bytes.push_back('x');
  Result<Segment> segment = parse(bytes);
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->header.flags, kAck | kEce);
  EXPECT_EQ(segment->header.timestamp_echo, 2u);
  ASSERT_EQ(segment->header.sack_count, 3u);
  EXPECT_EQ(segment->header.sacks[2], (SackBlock{SeqNumber(200), SeqNumber(250)}));
  EXPECT_EQ(segment->payload.size(), 1u);
  EXPECT_EQ(segment->length(), 1u);
}

TEST(TcpSegment, SackBlocksFitBesideOtherOptions) {
  SegmentHeader header = header_like(kAck);
  EXPECT_EQ(sack_room(header), 4u);
  header.has_timestamps = true;
  EXPECT_EQ(sack_room(header), 3u);  // RFC 2018 3
}

TEST(TcpSegment, UnknownOptionsAreSkippedAndMultipathIsHandedThrough) {
  std::vector<std::uint8_t> bytes = bytes_of(header_like(kSyn));
  bytes[12] = 10 << 4;
  for (int byte : {253, 4, 9, 9, 30, 4, 0x00, 0x81, 2, 4, 0x02, 0x18, 1, 1, 1, 34, 2, 0, 99, 99}) {
    bytes.push_back(static_cast<std::uint8_t>(byte));
  }
  Result<Segment> segment = parse(bytes);
  ASSERT_TRUE(segment) << segment.error().message();
  EXPECT_EQ(segment->header.mss, 536);
  ASSERT_EQ(segment->header.multipath.size(), 2u);
  EXPECT_EQ(segment->header.multipath[1], 0x81);
  SegmentHeader again = header_like(kSyn);
  again.multipath = segment->header.multipath;
  const auto written = bytes_of(again);
  Result<Segment> read = parse(written);
  ASSERT_TRUE(read);
  EXPECT_TRUE(equal(read->header.multipath, segment->header.multipath));
}

TEST(TcpSegment, WhatBreaksItsOwnLengthsIsRefused) {
  std::vector<std::uint8_t> bytes = bytes_of(header_like(kAck));
  EXPECT_FALSE(parse(ByteView(bytes).first(19)));
  bytes[12] = 4 << 4;
  EXPECT_EQ(parse(bytes).error(), Errc::malformed);
  bytes[12] = 6 << 4;
  EXPECT_FALSE(parse(bytes)) << "the header is longer than the segment";
  for (std::uint8_t length : {0, 1, 5}) {
    std::vector<std::uint8_t> option = bytes;
    for (std::uint8_t byte : {std::uint8_t{8}, length, std::uint8_t{0}, std::uint8_t{0}}) option.push_back(byte);
    EXPECT_FALSE(parse(option)) << "an option of length " << int{length} << " in four bytes";
  }
}

TEST(TcpSegment, AnOptionOfAWrongLengthIsNoOption) {
  std::vector<std::uint8_t> bytes = bytes_of(header_like(kSyn));
  bytes[12] = 6 << 4;
  for (int byte : {2, 3, 5, 0}) bytes.push_back(static_cast<std::uint8_t>(byte));
  Result<Segment> segment = parse(bytes);
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->header.mss, 0);
}

TEST(TcpSegment, AWindowScaleBeyondFourteenIsFourteen) {  // RFC 7323 2.3
  SegmentHeader header = header_like(kSyn);
  header.window_scale = 40;
  EXPECT_EQ(parse(bytes_of(header))->header.window_scale, 14);
}

TEST(TcpChecksum, IsTheSumOfRfc1071) {  // RFC 1071 3, with the bytes of its example
  const std::uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(InternetChecksum().add(bytes).partial(), 0xddf2);
  EXPECT_EQ(InternetChecksum().add(bytes).value(), 0x220d);
}

TEST(TcpChecksum, APacketWithItsChecksumSumsToZero) {
  for (bool v6 : {false, true}) {
    IpAddress from = v6 ? IpAddress::v6(1, 2) : IpAddress::v4(10, 0, 0, 1);
    IpAddress to = v6 ? IpAddress::v6(1, 3) : IpAddress::v4(10, 0, 0, 2);
    std::vector<std::uint8_t> bytes = bytes_of(header_like(kAck));
    for (int size = 0; size < 40; ++size) {
      bytes.push_back(static_cast<std::uint8_t>(size * 37));
      std::vector<std::uint8_t> whole = bytes;
      std::uint16_t checksum = segment_checksum(from, to, whole);
      whole[16] = static_cast<std::uint8_t>(checksum >> 8);
      whole[17] = static_cast<std::uint8_t>(checksum);
      InternetChecksum sum;
      sum.add_pseudo_header(from, to, kProtocolNumber, whole.size()).add(whole);
      EXPECT_EQ(sum.value(), 0) << size;
      EXPECT_EQ(segment_checksum(from, to, whole), checksum) << "the field itself does not count";
    }
  }
}

TEST(TcpSequence, ComparesAcrossTheWrap) {  // RFC 9293 3.4
  SeqNumber last(0xffff'fffe);
  EXPECT_LT(last, last + 5);
  EXPECT_GT(last + 5, last);
  EXPECT_EQ((last + 5).value(), 3u);
  EXPECT_EQ(bytes_between(last, last + 5), 5u);
}

}  // namespace
}  // namespace ghostnet::tcp::segment_test
