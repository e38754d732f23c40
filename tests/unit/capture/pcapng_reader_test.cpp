#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ghostnet/capture/pcapng.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::capture::pcapng_reader_test {
namespace {

using ::testing::HasSubstr;

using Trace = std::vector<std::uint8_t>;

// Builds traces as other tools write them: any byte order, any block.
class TraceBuilder {
 public:
  explicit TraceBuilder(bool big_endian = false) : big_endian_(big_endian) {}

  TraceBuilder& u8(std::uint8_t value) { return put(value); }
  TraceBuilder& u16(std::uint16_t value) { return put(value); }
  TraceBuilder& u32(std::uint32_t value) { return put(value); }
  TraceBuilder& u64(std::uint64_t value) { return put(value); }
  TraceBuilder& text(std::string_view text) {
    trace_.insert(trace_.end(), text.begin(), text.end());
    return *this;
  }

  TraceBuilder& begin(std::uint32_t type) {
    begin_ = trace_.size();
    return u32(type).u32(0);
  }
  TraceBuilder& end() {
    const auto length = static_cast<std::uint32_t>(trace_.size() + 4 - begin_);
    big_endian_ ? store_be(&trace_[begin_ + 4], length) : store_le(&trace_[begin_ + 4], length);
    return u32(length);
  }
  TraceBuilder& section() { return begin(0x0a0d0d0a).u32(0x1a2b3c4d).u16(1).u16(0).u64(UINT64_MAX).end(); }
  TraceBuilder& interface(std::uint16_t link_type, std::uint32_t snap = 0) {
    return begin(1).u16(link_type).u16(0).u32(snap).end();
  }
  // An interface whose one option is if_tsresol.
  TraceBuilder& interface_with_resolution(std::uint8_t resolution) {
    return begin(1).u16(101).u16(0).u32(0).u16(9).u16(1).u8(resolution).u8(0).u16(0).end();
  }
  // An empty packet.
  TraceBuilder& packet_at(std::uint64_t ticks, std::uint32_t interface = 0) {
    begin(6).u32(interface).u32(static_cast<std::uint32_t>(ticks >> 32)).u32(static_cast<std::uint32_t>(ticks));
    return u32(0).u32(0).end();
  }

  Trace build() const { return trace_; }

 private:
  template <class Integer>
  TraceBuilder& put(Integer value) {
    std::uint8_t bytes[sizeof value];
    big_endian_ ? store_be(bytes, value) : store_le(bytes, value);
    trace_.insert(trace_.end(), bytes, bytes + sizeof value);
    return *this;
  }

  bool big_endian_;
  std::size_t begin_ = 0;
  Trace trace_;
};

// Everything up to the end or the first error, and that error.
struct ReadAll {
  explicit ReadAll(const Trace& trace) : reader(trace) {
    for (;;) {
      auto next = reader.next();
      if (!next) error = next.error();
      if (!next || !*next) return;
      records.push_back(**next);
    }
  }
  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const Record& record : records) {
      if (const T* one = std::get_if<T>(&record)) found.push_back(*one);
    }
    return found;
  }

  PcapngReader reader;
  std::vector<Record> records;
  std::optional<Error> error;
};

std::int64_t ns_of(const Packet& packet) { return packet.time.time_since_epoch().count(); }

Trace written_by_us() {
  Trace trace;
  PcapngWriter writer(
      [&](ByteView bytes) -> Result<> { return trace.insert(trace.end(), bytes.begin(), bytes.end()), Result<>{}; },
      {.hardware = "abstract", .os = "none", .comment = "of a test"});
  const std::uint8_t bytes[] = {1, 2, 3, 4, 5, 6};
  EXPECT_TRUE(writer.add_interface({.name = "a", .description = "first", .link_type = LinkType::ethernet}));
  EXPECT_TRUE(writer.add_interface({.name = "b", .snap_bytes = 4}));
  EXPECT_TRUE(writer.write(Packet{.interface = 1,
                                  .time = WallTime{Duration{1'700'000'000'123'456'789}},
                                  .bytes = bytes,
                                  .direction = Direction::inbound,
                                  .dropped = UINT64_MAX,
                                  .comment = "hello"}));
  EXPECT_TRUE(writer.write(Packet{.bytes = ByteView(bytes).first(5), .original_bytes = 1'500}));
  EXPECT_TRUE(writer.write(Statistics{.interface = 1, .time = WallTime{Duration{5}}, .received = 7, .dropped = 2}));
  EXPECT_TRUE(writer.flush());
  return trace;
}

TEST(PcapngReader, ReturnsWhatTheWriterWrote) {
  const Trace trace = written_by_us();
  const ReadAll read(trace);
  ASSERT_FALSE(read.error) << read.error->message();
  ASSERT_EQ(read.records.size(), 6U);

  const auto section = std::get<SectionStart>(read.records[0]);
  EXPECT_EQ(section.major, 1);
  EXPECT_EQ(section.hardware, "abstract");
  EXPECT_EQ(section.os, "none");
  EXPECT_EQ(section.application, "ghostnet");
  EXPECT_EQ(section.comment, "of a test");

  const auto first = std::get<Interface>(read.records[1]);
  EXPECT_EQ(first.name, "a");
  EXPECT_EQ(first.description, "first");
  EXPECT_EQ(first.link_type, LinkType::ethernet);
  EXPECT_EQ(std::get<Interface>(read.records[2]).snap_bytes, 4U);

  const auto packet = std::get<Packet>(read.records[3]);
  EXPECT_EQ(packet.interface, 1U);
  EXPECT_EQ(ns_of(packet), 1'700'000'000'123'456'789);
  EXPECT_EQ(Trace(packet.bytes.begin(), packet.bytes.end()), (Trace{1, 2, 3, 4}));
  EXPECT_EQ(packet.original_bytes, 6U);
  EXPECT_EQ(packet.direction, Direction::inbound);
  EXPECT_EQ(packet.dropped, UINT64_MAX);
  EXPECT_EQ(packet.comment, "hello");

  const auto plain = std::get<Packet>(read.records[4]);
  EXPECT_EQ(plain.bytes.size(), 5U);
  EXPECT_EQ(plain.original_bytes, 1'500U);
  EXPECT_EQ(plain.direction, Direction::unknown);
  EXPECT_EQ(plain.dropped, std::nullopt);

  const auto statistics = std::get<Statistics>(read.records[5]);
  EXPECT_EQ(statistics.interface, 1U);
  EXPECT_EQ(statistics.received, 7U);
  EXPECT_EQ(statistics.dropped, 2U);
}

TEST(PcapngReader, ReadsBigEndianSectionsAlike) {
  for (const bool big_endian : {false, true}) {
    TraceBuilder builder(big_endian);
    builder.section().interface(1, 96).begin(6).u32(0).u32(1).u32(2).u32(3).u32(9).text("abc").u8(0);
    const Trace trace = builder.u16(1).u16(2).text("ok").u16(0).u32(0).end().build();
    const ReadAll read(trace);
    ASSERT_FALSE(read.error) << read.error->message();
    EXPECT_EQ(read.all<Interface>().at(0).snap_bytes, 96U);
    const Packet packet = read.all<Packet>().at(0);
    EXPECT_EQ(ns_of(packet), ((1LL << 32) + 2) * 1'000);
    EXPECT_EQ(as_text(packet.bytes), "abc");
    EXPECT_EQ(packet.original_bytes, 9U);
    EXPECT_EQ(packet.comment, "ok");
  }
}

TEST(PcapngReader, StartsAnewWithEverySectionWhateverItsByteOrder) {
  Trace trace = TraceBuilder(false).section().interface(1).interface(1).packet_at(1, 1).build();
  const Trace second = TraceBuilder(true).section().interface(101).packet_at(2, 0).packet_at(3, 1).build();
  trace.insert(trace.end(), second.begin(), second.end());
  const ReadAll read(trace);
  EXPECT_EQ(read.all<SectionStart>().size(), 2U);
  EXPECT_EQ(read.all<Packet>().size(), 2U);
  ASSERT_TRUE(read.error);
  EXPECT_THAT(std::string(read.error->message()), HasSubstr("an interface that was not described"));
}

TEST(PcapngReader, ConvertsEveryResolutionToNanoseconds) {
  const struct {
    std::uint8_t resolution;
    std::uint64_t ticks;
    std::int64_t ns;
  } cases[] = {
      {6, 1'500'000, 1'500'000'000},         // microseconds
      {9, 1'234, 1'234},                     // nanoseconds
      {0, 3, 3'000'000'000},                 // seconds
      {12, 1'999, 1},                        // picoseconds
      {127, UINT64_MAX, 0},                  // finer than anything
      {0x80 | 10, 1'536, 1'500'000'000},     // 2^-10 s
      {0x80 | 32, 1ULL << 31, 500'000'000},  // as NTP counts
      {0xff, UINT64_MAX, 0},                 // 2^-127 s
  };
  for (const auto& c : cases) {
    const Trace trace = TraceBuilder().section().interface_with_resolution(c.resolution).packet_at(c.ticks).build();
    const ReadAll read(trace);
    ASSERT_FALSE(read.error) << read.error->message();
    EXPECT_EQ(ns_of(read.all<Packet>().at(0)), c.ns) << int{c.resolution};
  }
}

TEST(PcapngReader, AddsTheOffsetOfAnInterface) {
  TraceBuilder builder;
  builder.section().begin(1).u16(101).u16(0).u32(0).u16(14).u16(8).u64(static_cast<std::uint64_t>(-2)).end();
  const Trace trace = builder.packet_at(500'000).build();
  EXPECT_EQ(ns_of(ReadAll(trace).all<Packet>().at(0)), -1'500'000'000);
}

TEST(PcapngReader, RefusesTimesThatNanosecondsCannotHold) {
  const Trace trace = TraceBuilder().section().interface_with_resolution(0).packet_at(UINT64_MAX).build();
  EXPECT_EQ(ReadAll(trace).error.value(), Errc::malformed);
}

TEST(PcapngReader, ReadsSimplePacketsUpToTheSnapLengthOfTheFirstInterface) {
  TraceBuilder builder;
  builder.section().interface(1, 3).begin(3).u32(10).text("abc").u8(0).end();
  builder.begin(3).u32(2).text("xy").u16(0).end();
  const Trace trace = builder.build();
  const std::vector<Packet> packets = ReadAll(trace).all<Packet>();
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(as_text(packets[0].bytes), "abc");
  EXPECT_EQ(packets[0].original_bytes, 10U);
  EXPECT_EQ(as_text(packets[1].bytes), "xy");
}

TEST(PcapngReader, SkipsBlocksAndOptionsItDoesNotKnow) {
  TraceBuilder builder;
  builder.section().begin(4).u32(0).end().begin(0x0bad).text("whatever").end();
  builder.begin(1).u16(1).u16(0).u32(0).u16(8).u16(8).u64(1'000'000).u16(2).u16(1).text("e").u8(0).u16(0).u32(0).end();
  const Trace trace = builder.packet_at(1).build();
  const ReadAll read(trace);
  ASSERT_FALSE(read.error) << read.error->message();
  EXPECT_EQ(read.all<Interface>().at(0).name, "e");
  EXPECT_EQ(read.all<Packet>().size(), 1U);
}

TEST(PcapngReader, ReturnsWhatIsWholeOfATraceCutShortAnywhere) {
  const Trace whole = written_by_us();
  std::size_t records_before = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Trace cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    const ReadAll read(cut);
    ASSERT_GE(read.records.size(), records_before);
    records_before = read.records.size();
    const bool between_blocks = read.reader.position_bytes() == length;
    ASSERT_EQ(read.error.has_value(), !between_blocks) << length;
    if (read.error) ASSERT_EQ(*read.error, Errc::end_of_stream) << length;
  }
  EXPECT_EQ(records_before, 5U);
}

TEST(PcapngReader, KeepsFailingAfterAnError) {
  const Trace trace = TraceBuilder().section().packet_at(1).build();
  PcapngReader reader(trace);
  ASSERT_TRUE(reader.next());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(reader.next().error(), Errc::malformed);
}

TEST(PcapngReader, HasNothingToReadInAnEmptyTrace) {
  const ReadAll read({});
  EXPECT_FALSE(read.error);
  EXPECT_TRUE(read.records.empty());
}

TEST(PcapngReader, RefusesWhatBreaksTheFormat) {
  const auto after_interface = [] { return TraceBuilder().section().interface(1); };
  const std::vector<std::pair<std::string, Trace>> cases = {
      {"not a pcapng trace", TraceBuilder().interface(1).build()},
      {"not a pcapng trace", TraceBuilder().u32(0xa1b2c3d4).u32(0x00040002).u32(0).u32(0).build()},
      {"no byte-order magic", TraceBuilder().u32(0x0a0d0d0a).u32(28).u32(7).u32(7).u32(7).u32(7).u32(28).build()},
      {"a section header too short", TraceBuilder().begin(0x0a0d0d0a).u32(0x1a2b3c4d).u16(1).u16(0).end().build()},
      {"a length of 8", TraceBuilder().section().u32(1).u32(8).u32(8).build()},
      {"a length of 14", TraceBuilder().section().u32(1).u32(14).u64(0).u32(14).build()},
      {"a length of 4294967292", TraceBuilder().section().u32(1).u32(0xfffffffc).u32(0).build()},
      {"two lengths that differ", TraceBuilder().section().u32(9).u32(16).u32(0).u32(12).build()},
      {"an interface description too short", TraceBuilder().section().begin(1).u32(1).end().build()},
      {"a packet block too short", after_interface().begin(6).u32(0).end().build()},
      {"a packet longer than its block", after_interface().begin(6).u32(0).u64(0).u32(5).u32(5).u32(0).end().build()},
      {"a simple packet block too short", after_interface().begin(3).end().build()},
      {"a packet before any interface", TraceBuilder().section().begin(3).u32(0).end().build()},
      {"a packet longer than its block", after_interface().begin(3).u32(0xffffffff).end().build()},
      {"interface statistics too short", after_interface().begin(5).u32(0).end().build()},
      {"not eight bytes", after_interface().begin(5).u32(0).u64(0).u16(4).u16(4).u32(0).end().build()},
      {"not four bytes", after_interface().begin(6).u32(0).u64(0).u64(0).u16(2).u16(8).u64(0).end().build()},
      {"not eight bytes", after_interface().begin(6).u32(0).u64(0).u64(0).u16(4).u16(4).u32(0).end().build()},
      {"not one byte", TraceBuilder().section().begin(1).u64(1).u16(9).u16(0).end().build()},
      {"not eight bytes", TraceBuilder().section().begin(1).u64(1).u16(14).u16(4).u32(0).end().build()},
      {"an option longer than its block", TraceBuilder().section().begin(1).u64(1).u16(2).u16(5).u32(0).end().build()},
  };
  for (const auto& [why, trace] : cases) {
    const ReadAll read(trace);
    ASSERT_TRUE(read.error) << why;
    EXPECT_EQ(*read.error, Errc::malformed) << why;
    EXPECT_THAT(std::string(read.error->message()), HasSubstr(why));
  }
}

TEST(PcapngReader, RefusesAnotherMajorVersion) {
  const Trace trace = TraceBuilder().begin(0x0a0d0d0a).u32(0x1a2b3c4d).u16(2).u16(0).u64(0).end().build();
  EXPECT_EQ(ReadAll(trace).error.value(), Errc::not_supported);
}

}  // namespace
}  // namespace ghostnet::capture::pcapng_reader_test
