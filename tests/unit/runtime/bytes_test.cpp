#include "ghostnet/runtime/bytes.hpp"

#include <gtest/gtest.h>

#include <future>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/random.hpp"

namespace ghostnet::bytes_test {
namespace {

constexpr std::uint8_t kFiveBytes[] = {0x10, 0x11, 0x12, 0x13, 0x14};

TEST(Bytes, AreAPointerAndALengthInSixteenBytes) {
  EXPECT_EQ(sizeof(Bytes), 16U);
  const Bytes none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.size(), 0U);
  EXPECT_EQ(none.sharers(), 0U);
}

TEST(Bytes, CopyOfOwnsItsData) {
  std::string source = "gossip";
  const Bytes bytes = Bytes::copy_of(source);
  source.assign("XXXXXX");
  EXPECT_EQ(bytes.text(), "gossip");
  EXPECT_EQ(bytes.size(), 6U);
  EXPECT_EQ(bytes[5], 'p');
  EXPECT_EQ(bytes.sharers(), 1U);
}

TEST(Bytes, CopiesShareOneBlockUntilTheLastIsGone) {
  Bytes first = Bytes::copy_of(kFiveBytes);
  {
    const Bytes second = first;
    EXPECT_EQ(second.data(), first.data());
    EXPECT_EQ(first.sharers(), 2U);
    Bytes third;
    third = second;
    EXPECT_EQ(first.sharers(), 3U);
  }
  EXPECT_EQ(first.sharers(), 1U);
  const Bytes moved = std::move(first);
  EXPECT_EQ(moved.sharers(), 1U);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): empty is what is promised
  EXPECT_EQ(first.sharers(), 0U);
}

TEST(Bytes, AssignmentToItselfKeepsTheData) {
  Bytes bytes = Bytes::copy_of("self");
  const Bytes& same = bytes;
  bytes = same;
  EXPECT_EQ(bytes.text(), "self");
  EXPECT_EQ(bytes.sharers(), 1U);
}

TEST(Bytes, SlicesPointIntoTheSameBlockAndKeepItAlive) {
  Bytes slice;
  {
    const Bytes whole = Bytes::copy_of(kFiveBytes);
    slice = whole.slice(1, 3);
    EXPECT_EQ(slice.data(), whole.data() + 1);
    EXPECT_EQ(whole.sharers(), 2U);
  }
  EXPECT_EQ(slice, Bytes::copy_of(ByteView(kFiveBytes).subspan(1, 3)));
  const Bytes inner = slice.slice(2);
  EXPECT_EQ(to_hex(inner.view()), "13");
  EXPECT_EQ(inner.sharers(), 2U);
}

TEST(Bytes, ASliceOfATemporaryTakesOverItsShare) {
  Bytes whole = Bytes::copy_of(kFiveBytes);
  const Bytes tail = std::move(whole).slice(2);
  EXPECT_EQ(to_hex(tail.view()), "121314");
  EXPECT_EQ(tail.sharers(), 1U);
}

TEST(Bytes, AnEmptySliceHoldsNoBlock) {
  const Bytes whole = Bytes::copy_of(kFiveBytes);
  EXPECT_TRUE(whole.slice(5).empty());
  EXPECT_TRUE(whole.slice(2, 0).empty());
  EXPECT_EQ(whole.slice(5).sharers(), 0U);
  EXPECT_EQ(whole.sharers(), 1U);
}

TEST(Bytes, ASliceBeyondTheEndIsABug) {
  const Bytes whole = Bytes::copy_of(kFiveBytes);
  EXPECT_THROW((void)whole.slice(6), std::out_of_range);
  EXPECT_THROW((void)whole.slice(0, 6), std::out_of_range);
  EXPECT_THROW((void)whole.slice(3, 3), std::out_of_range);
  EXPECT_THROW((void)whole.slice(1, SIZE_MAX), std::out_of_range);
  EXPECT_THROW((void)Bytes().slice(1), std::out_of_range);
  EXPECT_EQ(whole.sharers(), 1U);
}

TEST(Bytes, FromStaticOwnsNothingAndCopiesNothing) {
  const Bytes bytes = Bytes::from_static(ByteView(kFiveBytes));
  EXPECT_EQ(bytes.data(), kFiveBytes);
  const Bytes slice = bytes.slice(4);
  EXPECT_EQ(slice.data(), kFiveBytes + 4);
  EXPECT_EQ(bytes.sharers(), 0U);
  EXPECT_EQ(Bytes::from_static("/yamux/1.0.0").text(), "/yamux/1.0.0");
}

TEST(Bytes, FromAHeapBufferTakesItsBlock) {
  PacketBuf buffer = PacketBuf::with_room(8, 64);
  buffer.append(as_bytes("payload"));
  const std::uint8_t* const where = buffer.data();
  const Bytes bytes = Bytes::from(std::move(buffer));
  EXPECT_EQ(bytes.data(), where);
  EXPECT_EQ(bytes.text(), "payload");
  EXPECT_EQ(bytes.sharers(), 1U);
  EXPECT_TRUE(buffer.empty());  // NOLINT(bugprone-use-after-move): empty is what is promised
  EXPECT_EQ(buffer.capacity(), 0U);
}

TEST(Bytes, FromAPooledBufferCopiesAndGivesItBack) {
  PacketPool pool({.buffer_bytes = 64, .max_buffers = 1});
  PacketBuf buffer = pool.take(8).value();
  buffer.append(as_bytes("payload"));
  const Bytes bytes = Bytes::from(std::move(buffer));
  EXPECT_EQ(bytes.text(), "payload");
  EXPECT_EQ(pool.outstanding(), 0U);
}

TEST(Bytes, FromAnEmptyBufferHoldsNothing) {
  EXPECT_EQ(Bytes::from(PacketBuf::with_room(16, 16)).sharers(), 0U);
  EXPECT_TRUE(Bytes::from(PacketBuf()).empty());
}

TEST(Bytes, CompareLikeTextOfUnsignedBytes) {
  const auto bytes = [](std::string_view text) { return Bytes::copy_of(text); };
  EXPECT_EQ(bytes("abc"), bytes("abc"));
  EXPECT_NE(bytes("abc"), bytes("abd"));
  EXPECT_NE(bytes("abc"), bytes("abcd"));
  EXPECT_LT(bytes("abc"), bytes("abcd"));
  EXPECT_LT(bytes("abc"), bytes("b"));
  EXPECT_LT(bytes("\x7f"), bytes("\x80"));
  EXPECT_LT(Bytes(), bytes("\x01"));
  EXPECT_EQ(Bytes(), Bytes::from_static(""));
}

TEST(Bytes, ConvertToAViewWhereOneIsWanted) {
  const Bytes bytes = Bytes::copy_of("view");
  const ByteView view = bytes;
  EXPECT_EQ(view.data(), bytes.data());
  EXPECT_EQ(view.size(), 4U);
}

TEST(Bytes, CopiesMayLiveAndDieOnSeveralThreads) {
  const Bytes original = Bytes::copy_of("shared by all");
  const auto churn = [&original] {
    std::size_t intact = 0;
    for (int i = 0; i < 2000; ++i) {
      const Bytes copy = original;
      const Bytes slice = copy.slice(7, 2);
      intact += slice.text() == "by" ? 1 : 0;
    }
    return intact;
  };
  auto other = std::async(std::launch::async, churn);
  EXPECT_EQ(churn(), 2000U);
  EXPECT_EQ(other.get(), 2000U);
  EXPECT_EQ(original.sharers(), 1U);
}

// Random copies, moves, slices and drops over a few blocks: what each holds must stay what a plain string says.
TEST(Bytes, StayWhatTheyWereUnderRandomSharing) {
  Random random = Random::from_state(1, 2);
  std::vector<std::pair<Bytes, std::string>> held(16);
  for (int step = 0; step < 20000; ++step) {
    auto& to = held[random.below(held.size())];
    auto& from = held[random.below(held.size())];
    switch (random.below(5)) {
      case 0: {
        std::string text(random.below(40), ' ');
        for (char& c : text) c = static_cast<char>(random.below(256));
        to = {Bytes::copy_of(text), text};
        break;
      }
      case 1: to = from; break;
      case 2:
        if (&to != &from) to = std::exchange(from, {});
        break;
      case 3: {
        const std::size_t offset = random.below(from.first.size() + 1);
        const std::size_t length = random.below(from.first.size() - offset + 1);
        to = {from.first.slice(offset, length), from.second.substr(offset, length)};
        break;
      }
      default: to = {}; break;
    }
    ASSERT_EQ(to.first.text(), to.second) << "step " << step;
    ASSERT_EQ(from.first.text(), from.second) << "step " << step;
  }
}

TEST(ByteViews, CompareByContent) {
  EXPECT_TRUE(equal(as_bytes("same"), as_bytes(std::string("same"))));
  EXPECT_TRUE(equal(ByteView(), as_bytes("")));
  EXPECT_FALSE(equal(as_bytes("a"), ByteView()));
  EXPECT_EQ(compare(as_bytes("a"), as_bytes("b")), std::strong_ordering::less);
  EXPECT_EQ(compare(ByteView(), ByteView()), std::strong_ordering::equal);
}

TEST(HashOf, IsTheSameOnEveryMachine) {
  EXPECT_EQ(hash_of(ByteView()), 0U);
  EXPECT_EQ(hash_of(as_bytes("ghostnet")), 0x10e07584cfead243U);
  EXPECT_EQ(hash_of(as_bytes("ghostnet mesh"), 42), 0xc09bc1f868916b24U);
}

TEST(HashOf, TellsLengthsSeedsAndPaddingApart) {
  const std::uint8_t zeros[32] = {};
  std::set<std::uint64_t> hashes;
  for (std::size_t length = 0; length <= 32; ++length) {
    hashes.insert(hash_of(ByteView(zeros, length)));
    hashes.insert(hash_of(ByteView(zeros, length), 1));
  }
  EXPECT_EQ(hashes.size(), 66U);
}

TEST(HashOf, SpreadsNearbyKeysOverTheLowBits) {
  std::vector<int> buckets(256);
  for (std::uint8_t a = 0; a < 64; ++a) {
    for (std::uint8_t b = 0; b < 64; ++b) {
      const std::uint8_t key[] = {a, 0, 0, 0, b, 0, 0, 0, 0, 0};
      ++buckets[hash_of(key) % buckets.size()];
    }
  }
  for (const int count : buckets) EXPECT_LT(count, 48);  // 16 expected
}

TEST(Hex, PrintsLowerCasePairs) {
  const std::uint8_t bytes[] = {0x00, 0x0f, 0xa5, 0xff};
  EXPECT_EQ(to_hex(bytes), "000fa5ff");
  EXPECT_EQ(to_hex({}), "");
}

TEST(Hex, ReadsBothCasesAndSpacesBetweenPairs) {
  EXPECT_EQ(to_hex(parse_hex("000FA5ff").value().view()), "000fa5ff");
  EXPECT_EQ(to_hex(parse_hex(" 01 02\n\t03\r\n").value().view()), "010203");
  EXPECT_TRUE(parse_hex("").value().empty());
}

TEST(Hex, RefusesWhatIsNoPairOfDigits) {
  for (const auto& [text, offset] : std::vector<std::pair<std::string, std::string>>{
           {"0", "offset 0"}, {"012", "offset 2"}, {"0g", "offset 0"}, {"00 0 1", "offset 3"}, {"0x01", "offset 0"}}) {
    const auto parsed = parse_hex(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error(), Errc::malformed);
    EXPECT_NE(parsed.error().message().find(offset), std::string_view::npos) << parsed.error().message();
  }
}

TEST(Hex, ReadsBackWhatItPrints) {
  Random random = Random::from_state(3, 4);
  for (std::size_t size = 0; size < 100; ++size) {
    std::vector<std::uint8_t> bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.next_u64());
    EXPECT_TRUE(equal(parse_hex(to_hex(bytes)).value(), bytes));
  }
}

}  // namespace
}  // namespace ghostnet::bytes_test
