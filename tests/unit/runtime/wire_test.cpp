#include "ghostnet/runtime/wire.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ghostnet/runtime/random.hpp"

namespace ghostnet::wire_test {
namespace {

constexpr std::array<std::uint8_t, 9> kCounting = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09};

std::string error_of(const Result<>& result) { return result ? "" : std::string(result.error().message()); }

TEST(LoadAndStore, SpeakBothByteOrders) {
  static_assert(load_be<std::uint16_t>(kCounting.data()) == 0x0102);
  static_assert(load_le<std::uint16_t>(kCounting.data()) == 0x0201);
  static_assert(load_be<std::uint32_t, 3>(kCounting.data()) == 0x010203);
  static_assert(load_le<std::uint32_t, 3>(kCounting.data()) == 0x030201);
  static_assert(load_be<std::uint64_t>(kCounting.data() + 1) == 0x0203040506070809);
  std::array<std::uint8_t, 8> out{};
  store_be(out.data(), std::uint32_t{0xa1b2c3d4});
  store_le(out.data() + 4, std::uint32_t{0xa1b2c3d4});
  EXPECT_EQ(to_hex(out), "a1b2c3d4d4c3b2a1");
}

TEST(ByteReader, ReadsNumbersInNetworkOrder) {
  const Bytes wire = parse_hex("01 0203 040506 0708090a 0b0c0d0e0f101112").value();
  ByteReader in(wire);
  EXPECT_EQ(in.u8(), 0x01U);
  EXPECT_EQ(in.u16(), 0x0203U);
  EXPECT_EQ(in.u24(), 0x040506U);
  EXPECT_EQ(in.u32(), 0x0708090aU);
  EXPECT_EQ(in.position(), 10U);
  EXPECT_EQ(in.u64(), 0x0b0c0d0e0f101112U);
  EXPECT_TRUE(in.finish("numbers"));
}

TEST(ByteReader, ReadsLittleEndianWhereAsked) {
  const Bytes wire = parse_hex("0201 030201 04030201 0807060504030201").value();
  ByteReader in(wire);
  EXPECT_EQ(in.u16_le(), 0x0102U);
  EXPECT_EQ(in.u24_le(), 0x010203U);
  EXPECT_EQ(in.u32_le(), 0x01020304U);
  EXPECT_EQ(in.u64_le(), 0x0102030405060708U);
  EXPECT_TRUE(in.finish("numbers"));
}

TEST(ByteReader, HandsOutPartsOfTheViewWithoutCopying) {
  ByteReader in(kCounting);
  const ByteView part = in.bytes(3);
  EXPECT_EQ(part.data(), kCounting.data());
  EXPECT_EQ(part.size(), 3U);
  EXPECT_EQ(in.peek_u8(), 0x04U);
  in.skip(1);
  EXPECT_EQ((in.array<2>()), (std::array<std::uint8_t, 2>{0x05, 0x06}));
  EXPECT_EQ(in.text(1), "\x07");
  EXPECT_EQ(in.remaining(), 2U);
  EXPECT_EQ(in.rest().data(), kCounting.data() + 7);
  EXPECT_FALSE(in.more());
  EXPECT_EQ(in.peek_u8(), 0U);
  EXPECT_TRUE(in.rest().empty());
  EXPECT_TRUE(in.bytes(0).empty());
  EXPECT_TRUE(in.finish("parts"));
}

TEST(ByteReader, FailsStickilyAndRemembersTheFirstFailure) {
  ByteReader in(ByteView(kCounting).first(5));
  EXPECT_EQ(in.u32(), 0x01020304U);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.u16(), 0U);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0U) << "the byte that is left is not to be taken for a later field";
  EXPECT_TRUE(in.rest().empty());
  EXPECT_EQ((in.array<1>())[0], 0U);
  EXPECT_FALSE(in.more());
  const auto done = in.finish("echo header");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), Errc::malformed);
  EXPECT_EQ(error_of(done), "echo header: at byte 4: u16 needs 2 bytes, 1 left");
  EXPECT_EQ(error_of(in.check("echo header")), error_of(done));
}

TEST(ByteReader, SurvivesLengthsStraightFromTheWire) {
  ByteReader in(kCounting);
  in.skip(1);
  EXPECT_TRUE(in.bytes(UINT64_MAX).empty());
  EXPECT_EQ(error_of(in.finish("frame")), "frame: at byte 1: bytes needs 18446744073709551615 bytes, 8 left");
}

TEST(ByteReader, ReadsNothingFromNothing) {
  ByteReader in{ByteView()};
  EXPECT_FALSE(in.more());
  EXPECT_EQ(in.peek_u8(), 0U);
  EXPECT_TRUE(in.bytes(0).empty());
  EXPECT_TRUE(in.check("nothing"));
  EXPECT_TRUE(in.finish("nothing"));
  EXPECT_EQ(in.u8(), 0U);
  EXPECT_FALSE(in.finish("nothing"));
}

TEST(ByteReader, FinishRefusesLeftoversAndCheckAllowsThem) {
  ByteReader in(kCounting);
  in.u8();
  EXPECT_TRUE(in.check("one"));
  EXPECT_EQ(error_of(in.finish("one")), "one: at byte 1: expected the end, 8 bytes left");
}

TEST(ByteReader, ExpectMakesAConditionPartOfTheFormat) {
  ByteReader in(kCounting);
  in.expect(in.u8() == 1, "version 1");
  EXPECT_TRUE(in.ok());
  in.expect(in.u8() == 1, "type 1");
  in.expect(false, "something later");
  EXPECT_EQ(error_of(in.finish("hello")), "hello: at byte 2: expected type 1");
}

TEST(ByteReader, SubReadersCountFromTheSameStart) {
  ByteReader in(kCounting);
  in.skip(2);
  ByteReader part = in.sub(3);
  EXPECT_EQ(in.position(), 5U);
  EXPECT_EQ(part.position(), 2U);
  EXPECT_EQ(part.remaining(), 3U);
  EXPECT_EQ(part.u16(), 0x0304U);
  part.u16();
  EXPECT_EQ(error_of(part.finish("part")), "part: at byte 4: u16 needs 2 bytes, 1 left");
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.u8(), 0x06U);
}

TEST(ByteReader, ASubReaderOfMoreThanThereIsHasFailed) {
  ByteReader in(kCounting);
  in.skip(2);
  ByteReader part = in.sub(8);
  EXPECT_FALSE(in.ok());
  EXPECT_FALSE(part.ok());
  EXPECT_FALSE(part.more());
  EXPECT_EQ(part.u8(), 0U);
  EXPECT_EQ(error_of(part.finish("part")), "part: at byte 2: bytes needs 8 bytes, 7 left");
}

TEST(ByteReader, WorksAtCompileTime) {
  constexpr auto sum = [] {
    ByteReader in(kCounting);
    return in.u8() + in.u16() + in.bytes(2).size() + (in.ok() ? 1 : 0);
  }();
  static_assert(sum == 0x01 + 0x0203 + 2 + 1);
}

// RFC 9000 A.1 gives these.
TEST(QuicVarint, ReadsTheSamplesOfTheRfc) {
  const auto read = [](std::string_view hex) {
    const Bytes wire = parse_hex(hex).value();
    ByteReader in(wire);
    const std::uint64_t value = in.quic_varint();
    EXPECT_TRUE(in.finish(hex));
    return value;
  };
  EXPECT_EQ(read("c2197c5eff14e88c"), 151288809941952652U);
  EXPECT_EQ(read("9d7f3e7d"), 494878333U);
  EXPECT_EQ(read("7bbd"), 15293U);
  EXPECT_EQ(read("25"), 37U);
  EXPECT_EQ(read("4025"), 37U) << "longer forms are allowed";
}

TEST(QuicVarint, IsWrittenInTheShortestForm) {
  const auto written = [](std::uint64_t value) {
    std::array<std::uint8_t, 8> room{};
    ByteWriter out(room);
    out.quic_varint(value);
    EXPECT_EQ(out.position(), quic_varint_size(value));
    return to_hex(out.written());
  };
  EXPECT_EQ(written(0), "00");
  EXPECT_EQ(written(63), "3f");
  EXPECT_EQ(written(64), "4040");
  EXPECT_EQ(written(16383), "7fff");
  EXPECT_EQ(written(16384), "80004000");
  EXPECT_EQ(written((1U << 30) - 1), "bfffffff");
  EXPECT_EQ(written(1U << 30), "c000000040000000");
  EXPECT_EQ(written(kMaxQuicVarint), "ffffffffffffffff");
}

TEST(QuicVarint, FailsWhenCutShortOrTooLarge) {
  ByteReader in(ByteView{});
  in.quic_varint();
  EXPECT_EQ(error_of(in.finish("frame")), "frame: at byte 0: a varint needs 1 bytes, 0 left");
  const Bytes wire = parse_hex("9d7f3e").value();
  ByteReader cut(wire);
  EXPECT_EQ(cut.quic_varint(), 0U);
  EXPECT_EQ(error_of(cut.finish("frame")), "frame: at byte 0: a varint needs 4 bytes, 3 left");

  std::array<std::uint8_t, 8> room{};
  ByteWriter out(room);
  out.quic_varint(kMaxQuicVarint + 1);
  const auto done = out.finish("frame");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), Errc::invalid_argument);
  EXPECT_EQ(error_of(done), "frame: at byte 0: expected a number below 2^62");
}

TEST(Leb128, ReadsAndWritesSevenBitsAByteTheLowestFirst) {
  for (const auto& [value, hex] :
       std::vector<std::pair<std::uint64_t, std::string>>{{0, "00"},
                                                          {1, "01"},
                                                          {127, "7f"},
                                                          {128, "8001"},
                                                          {255, "ff01"},
                                                          {300, "ac02"},
                                                          {16384, "808001"},
                                                          {kMaxLeb128, "ffffffffffffffff7f"}}) {
    const Bytes wire = parse_hex(hex).value();
    ByteReader in(wire);
    EXPECT_EQ(in.leb128(), value);
    EXPECT_TRUE(in.finish(hex));
    std::array<std::uint8_t, 10> room{};
    ByteWriter out(room);
    out.leb128(value);
    EXPECT_EQ(to_hex(out.written()), hex);
    EXPECT_EQ(leb128_size(value), wire.size());
  }
}

TEST(Leb128, RefusesPaddedOverlongAndUnfinishedForms) {
  const auto error = [](std::string_view hex) {
    const Bytes wire = parse_hex(hex).value();
    ByteReader in(wire);
    EXPECT_EQ(in.leb128(), 0U);
    return error_of(in.finish("length"));
  };
  EXPECT_EQ(error("8000"), "length: at byte 0: expected a varint in its shortest form");
  EXPECT_EQ(error("ff8000"), "length: at byte 0: expected a varint in its shortest form");
  EXPECT_EQ(error("80808080808080808001"), "length: at byte 0: expected a varint of at most 9 bytes");
  EXPECT_EQ(error("ffffffffffffffffff7f"), "length: at byte 0: expected a varint of at most 9 bytes");
  EXPECT_EQ(error("8080"), "length: at byte 0: a varint needs 3 bytes, 2 left");
  EXPECT_EQ(error(""), "length: at byte 0: a varint needs 1 bytes, 0 left");

  std::array<std::uint8_t, 10> room{};
  ByteWriter out(room);
  out.leb128(kMaxLeb128 + 1);
  EXPECT_EQ(out.finish("length").error(), Errc::invalid_argument);
}

TEST(ProtobufVarint, HoldsAll64BitsAndForgivesPadding) {
  const auto read = [](std::string_view hex) {
    const Bytes wire = parse_hex(hex).value();
    ByteReader in(wire);
    const std::uint64_t value = in.protobuf_varint();
    return std::pair(value, in.finish("field").has_value());
  };
  EXPECT_EQ(read("ffffffffffffffffff01"), std::pair(UINT64_MAX, true));
  EXPECT_EQ(read("8000"), std::pair(std::uint64_t{0}, true));
  EXPECT_EQ(read("ffffffffffffffffff02"), std::pair(std::uint64_t{0}, false));
  EXPECT_EQ(read("8080808080808080808001"), std::pair(std::uint64_t{0}, false));
  std::array<std::uint8_t, 10> room{};
  ByteWriter out(room);
  out.protobuf_varint(UINT64_MAX);
  EXPECT_EQ(to_hex(out.written()), "ffffffffffffffffff01");
}

TEST(ByteWriter, WritesNumbersInBothOrders) {
  std::array<std::uint8_t, 40> room{};
  ByteWriter out(room);
  out.u8(0x01);
  out.u16(0x0203);
  out.u24(0x040506);
  out.u32(0x0708090a);
  out.u64(0x0b0c0d0e0f101112);
  out.u16_le(0x0102);
  out.u24_le(0x010203);
  out.u32_le(0x01020304);
  out.u64_le(0x0102030405060708);
  EXPECT_EQ(out.position(), 35U);
  EXPECT_EQ(out.room(), 5U);
  EXPECT_TRUE(out.finish("numbers"));
  EXPECT_EQ(to_hex(out.written()),
            "01"
            "0203"
            "040506"
            "0708090a"
            "0b0c0d0e0f101112"
            "0201"
            "030201"
            "04030201"
            "0807060504030201");
}

TEST(ByteWriter, WritesBytesTextAndZeros) {
  std::array<std::uint8_t, 8> room{};
  room.fill(0xee);
  ByteWriter out(room);
  out.bytes(ByteView(kCounting).first(2));
  out.text("ok");
  out.zeros(2);
  out.bytes({});
  out.zeros(0);
  EXPECT_EQ(to_hex(out.written()), "01026f6b0000");
  EXPECT_EQ(room[6], 0xee);
}

TEST(ByteWriter, NeverPassesItsRoomAndSaysHowMuchWasNeeded) {
  std::array<std::uint8_t, 6> room{};
  ByteWriter out(MutableByteView(room).first(5));
  out.u32(0xffff'ffff);
  out.u16(0xffff);
  EXPECT_FALSE(out.ok());
  out.u8(0xff);
  out.bytes(kCounting);
  EXPECT_EQ(to_hex(room), "ffffffff0000") << "neither half a field nor one after the failure";
  EXPECT_TRUE(out.written().empty());
  const auto done = out.finish("hello");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), Errc::message_too_large);
  EXPECT_EQ(error_of(done), "hello: 16 bytes, with room for 5");
}

TEST(ByteWriter, RefusesNumbersThatDoNotFitTheirField) {
  struct Case {
    void (ByteWriter::*write)(std::uint64_t);
    unsigned bits;
  };
  for (const auto& [write, bits] :
       {Case{&ByteWriter::u8, 8}, Case{&ByteWriter::u16, 16}, Case{&ByteWriter::u24, 24}, Case{&ByteWriter::u32, 32},
        Case{&ByteWriter::u16_le, 16}, Case{&ByteWriter::u24_le, 24}, Case{&ByteWriter::u32_le, 32}}) {
    std::array<std::uint8_t, 8> room{};
    ByteWriter out(room);
    (out.*write)((std::uint64_t{1} << bits) - 1);
    EXPECT_TRUE(out.ok());
    (out.*write)(std::uint64_t{1} << bits);
    EXPECT_FALSE(out.ok());
    out.u8(1);
    const auto done = out.finish("hello");
    EXPECT_EQ(done.error(), Errc::invalid_argument);
    EXPECT_EQ(error_of(done), fmt::format("hello: at byte {}: expected a number below 2^{}", bits / 8, bits));
    EXPECT_EQ(room[bits / 8], 0);
  }
  std::array<std::uint8_t, 8> room{};
  ByteWriter out(room);
  out.u16(-1);
  EXPECT_FALSE(out.ok());
}

TEST(ByteWriter, AppendsToAPacketOnlyWhenFinished) {
  PacketBuf packet = PacketBuf::copy_of(as_bytes("old"), 0, 4);
  {
    ByteWriter out(packet);
    out.u32(0x6e657721);
    EXPECT_EQ(packet.size(), 3U);
    EXPECT_TRUE(out.finish("message"));
  }
  EXPECT_EQ(as_text(packet.view()), "oldnew!");
}

TEST(ByteWriter, LeavesAPacketAloneWhenTheMessageDoesNotFit) {
  PacketBuf packet = PacketBuf::copy_of(as_bytes("old"), 0, 4);
  {
    ByteWriter out(packet);
    out.u32(1);
    out.u8(2);
    EXPECT_EQ(error_of(out.finish("message")), "message: 5 bytes, with room for 4");
  }
  EXPECT_EQ(as_text(packet.view()), "old");
}

TEST(ByteWriter, FillsInLengthsAfterwards) {
  struct Case {
    LengthPrefix prefix;
    std::string wire;
  };
  for (const auto& [prefix, wire] :
       {Case{LengthPrefix::u8, "03"}, Case{LengthPrefix::u16, "0003"}, Case{LengthPrefix::u24, "000003"},
        Case{LengthPrefix::u32, "00000003"}, Case{LengthPrefix::u16_le, "0300"}, Case{LengthPrefix::u32_le, "03000000"},
        Case{LengthPrefix::quic_varint2, "4003"}, Case{LengthPrefix::quic_varint4, "80000003"}}) {
    std::array<std::uint8_t, 16> room{};
    ByteWriter out(room);
    out.u8(0xaa);
    const auto length = out.begin_length(prefix);
    out.text("abc");
    out.end_length(length);
    EXPECT_TRUE(out.finish("message"));
    EXPECT_EQ(to_hex(out.written()), "aa" + wire + "616263");
  }
}

TEST(ByteWriter, NestsLengths) {
  std::array<std::uint8_t, 16> room{};
  ByteWriter out(room);
  const auto outer = out.begin_length(LengthPrefix::u24);
  out.u8(7);
  const auto inner = out.begin_length(LengthPrefix::u16);
  out.text("xyz");
  out.end_length(inner);
  out.end_length(outer);
  EXPECT_EQ(to_hex(out.written()),
            "000006"
            "07"
            "0003"
            "78797a");
}

TEST(ByteWriter, RefusesAPartTooLongForItsLength) {
  std::vector<std::uint8_t> room(20000);
  for (const auto& [prefix, limit] :
       {std::pair(LengthPrefix::u8, std::size_t{255}), std::pair(LengthPrefix::quic_varint2, std::size_t{16383})}) {
    for (const std::size_t size : {limit, limit + 1}) {
      ByteWriter out(room);
      const auto length = out.begin_length(prefix);
      out.zeros(size);
      out.end_length(length);
      EXPECT_EQ(out.finish("part").has_value(), size == limit);
    }
  }
}

TEST(ByteWriter, PatchesNothingAfterAnOverflow) {
  std::array<std::uint8_t, 4> room{};
  ByteWriter out(room);
  const auto length = out.begin_length(LengthPrefix::u16);
  out.u64(1);
  out.end_length(length);
  EXPECT_EQ(error_of(out.finish("part")), "part: 10 bytes, with room for 4");
  ByteWriter none{MutableByteView()};
  none.end_length(none.begin_length(LengthPrefix::u32));
  EXPECT_EQ(error_of(none.finish("part")), "part: 4 bytes, with room for 0");
}

// Any sequence of fields reads back; and cut anywhere, it fails instead of reading something else.
TEST(ReaderAndWriter, AreInverse) {
  Random random = Random::from_state(9, 10);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::pair<int, std::uint64_t>> fields(1 + random.below(12));
    std::array<std::uint8_t, 160> room{};
    ByteWriter out(room);
    for (auto& [kind, value] : fields) {
      kind = static_cast<int>(random.below(7));
      value = random.next_u64() >> random.below(64);
      switch (kind) {
        case 0: out.u8(static_cast<std::uint8_t>(value &= 0xff)); break;
        case 1: out.u16(static_cast<std::uint16_t>(value &= 0xffff)); break;
        case 2: out.u24_le(static_cast<std::uint32_t>(value &= 0xff'ffff)); break;
        case 3: out.u64_le(value); break;
        case 4: out.quic_varint(value &= kMaxQuicVarint); break;
        case 5: out.leb128(value &= kMaxLeb128); break;
        default: out.protobuf_varint(value); break;
      }
    }
    ASSERT_TRUE(out.finish("fields"));
    const auto read = [&fields](ByteReader& in) {
      for (const auto& [kind, value] : fields) {
        const std::uint64_t got = kind == 0   ? in.u8()
                                  : kind == 1 ? in.u16()
                                  : kind == 2 ? in.u24_le()
                                  : kind == 3 ? in.u64_le()
                                  : kind == 4 ? in.quic_varint()
                                  : kind == 5 ? in.leb128()
                                              : in.protobuf_varint();
        if (in.ok()) EXPECT_EQ(got, value);
      }
    };
    for (std::size_t size = 0; size <= out.written().size(); ++size) {
      const std::vector<std::uint8_t> exact(out.written().begin(), out.written().begin() + static_cast<long>(size));
      ByteReader in(exact);
      read(in);
      EXPECT_EQ(in.finish("fields").has_value(), size == out.written().size());
    }
  }
}

}  // namespace
}  // namespace ghostnet::wire_test
