#include "ghostnet/runtime/packet_buf.hpp"

#include <gtest/gtest.h>
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "ghostnet/runtime/random.hpp"

namespace ghostnet::packet_buf_test {
namespace {

std::string text_of(const PacketBuf& packet) { return std::string(as_text(packet.view())); }

TEST(PacketBuf, IsSmallAndEmptyByDefault) {
  EXPECT_LE(sizeof(PacketBuf), 32U);
  const PacketBuf packet;
  EXPECT_TRUE(packet.empty());
  EXPECT_EQ(packet.headroom(), 0U);
  EXPECT_EQ(packet.tailroom(), 0U);
  EXPECT_EQ(packet.capacity(), 0U);
  EXPECT_FALSE(packet.is_pooled());
}

TEST(PacketBuf, GrowsIntoItsRooms) {
  PacketBuf packet = PacketBuf::with_room(4, 12);
  EXPECT_EQ(packet.capacity(), 16U);
  packet.append(as_bytes("payload"));
  packet.prepend(as_bytes("h:"));
  packet.append(as_bytes("/t"));
  EXPECT_EQ(text_of(packet), "h:payload/t");
  EXPECT_EQ(packet.headroom(), 2U);
  EXPECT_EQ(packet.tailroom(), 3U);
  EXPECT_EQ(packet.capacity(), 16U);
}

TEST(PacketBuf, GivesTheAddedPartToWriteInto) {
  PacketBuf packet = PacketBuf::with_room(1, 2);
  const MutableByteView tag = packet.append(2);
  ASSERT_EQ(tag.size(), 2U);
  tag[0] = 0xaa;
  tag[1] = 0xbb;
  packet.prepend(1)[0] = 0x99;
  EXPECT_EQ(to_hex(packet.view()), "99aabb");
}

TEST(PacketBuf, IsChangedInPlace) {
  PacketBuf packet = PacketBuf::copy_of(as_bytes("secret"), 8, 16);
  const std::uint8_t* const where = packet.data();
  for (std::uint8_t& byte : packet.writable()) byte ^= 0x20;
  packet.append(as_bytes("+tag"));
  packet.prepend(as_bytes("hdr+"));
  EXPECT_EQ(text_of(packet), "hdr+SECRET+tag");
  EXPECT_EQ(packet.data() + 4, where);
}

TEST(PacketBuf, ClaimsWhatWasWrittenIntoItsTail) {
  PacketBuf packet = PacketBuf::with_room(0, 8);
  const MutableByteView tail = packet.tail();
  ASSERT_EQ(tail.size(), 8U);
  tail[0] = 'o';
  tail[1] = 'k';
  EXPECT_EQ(packet.append(2).data(), tail.data());
  EXPECT_EQ(text_of(packet), "ok");
}

TEST(PacketBuf, TrimmedBytesBecomeRoom) {
  PacketBuf packet = PacketBuf::copy_of(as_bytes("header|body|tag"));
  packet.trim_front(7);
  packet.trim_back(4);
  EXPECT_EQ(text_of(packet), "body");
  EXPECT_EQ(packet.headroom(), 7U);
  EXPECT_EQ(packet.tailroom(), 4U);
  packet.trim_front(4);
  EXPECT_TRUE(packet.empty());
  EXPECT_EQ(packet.headroom(), 11U);
}

TEST(PacketBuf, TakingMoreThanThereIsIsABugAndChangesNothing) {
  PacketBuf packet = PacketBuf::copy_of(as_bytes("data"), 2, 3);
  EXPECT_THROW((void)packet.prepend(3), std::length_error);
  EXPECT_THROW((void)packet.append(4), std::length_error);
  EXPECT_THROW((void)packet.append(SIZE_MAX), std::length_error);
  EXPECT_THROW(packet.trim_front(5), std::length_error);
  EXPECT_THROW(packet.trim_back(5), std::length_error);
  EXPECT_THROW(packet.clear(10), std::length_error);
  EXPECT_EQ(text_of(packet), "data");
  EXPECT_EQ(packet.headroom(), 2U);
  EXPECT_EQ(packet.tailroom(), 3U);
  EXPECT_THROW((void)PacketBuf().append(1), std::length_error);
  EXPECT_THROW((void)PacketBuf::with_room(SIZE_MAX, 2), std::length_error);
  EXPECT_THROW((void)PacketBuf::with_room(0, detail::kMaxBlockBytes + 1), std::length_error);
}

TEST(PacketBuf, ClearForgetsTheDataAndSetsTheHeadroom) {
  PacketBuf packet = PacketBuf::copy_of(as_bytes("data"), 2, 3);
  packet.clear(5);
  EXPECT_TRUE(packet.empty());
  EXPECT_EQ(packet.headroom(), 5U);
  EXPECT_EQ(packet.tailroom(), 4U);
  packet.clear();
  EXPECT_EQ(packet.tailroom(), 9U);
  PacketBuf none;
  none.clear();
  EXPECT_EQ(none.capacity(), 0U);
}

TEST(PacketBuf, ReserveIsFreeWhereTheRoomIsThere) {
  PacketBuf packet = PacketBuf::copy_of(as_bytes("data"), 4, 4);
  const std::uint8_t* const where = packet.data();
  packet.reserve(4, 2);
  EXPECT_EQ(packet.data(), where);
  EXPECT_EQ(packet.headroom(), 4U);
}

TEST(PacketBuf, ReserveMovesTheDataWithinTheBlockWhereThatSuffices) {
  PacketBuf packet = PacketBuf::copy_of(as_bytes("data"), 0, 8);
  const std::uint8_t* const block = packet.data();
  packet.reserve(6, 2);
  EXPECT_EQ(packet.data(), block + 6);
  EXPECT_EQ(packet.tailroom(), 2U);
  EXPECT_EQ(text_of(packet), "data");
  packet.reserve(0, 8);
  EXPECT_EQ(packet.data(), block);
  EXPECT_EQ(text_of(packet), "data");
}

TEST(PacketBuf, ReserveTakesALargerBlockWhereItMust) {
  PacketBuf packet = PacketBuf::copy_of(as_bytes("data"));
  packet.reserve(16, 32);
  EXPECT_EQ(text_of(packet), "data");
  EXPECT_EQ(packet.headroom(), 16U);
  EXPECT_EQ(packet.tailroom(), 32U);
  PacketBuf none;
  none.reserve(1, 1);
  EXPECT_EQ(none.capacity(), 2U);
  none.reserve(0, 0);
  EXPECT_EQ(none.capacity(), 2U);
}

TEST(PacketBuf, MovesLeaveNothingBehind) {
  PacketBuf first = PacketBuf::copy_of(as_bytes("data"), 1, 1);
  PacketBuf second = std::move(first);
  EXPECT_EQ(first.capacity(), 0U);  // NOLINT(bugprone-use-after-move): empty is what is promised
  EXPECT_EQ(first.headroom(), 0U);
  EXPECT_EQ(text_of(second), "data");
  second = PacketBuf::copy_of(as_bytes("other"));
  EXPECT_EQ(text_of(second), "other");
  PacketBuf& same = second;
  second = std::move(same);
  EXPECT_EQ(text_of(second), "other");
}

// Against a model of two rooms and a string.
TEST(PacketBuf, KeepsItsRoomsAndDataUnderRandomOperations) {
  Random random = Random::from_state(5, 6);
  PacketBuf packet = PacketBuf::with_room(32, 32);
  std::string model;
  std::size_t headroom = 32;
  for (int step = 0; step < 20000; ++step) {
    const std::size_t n = random.below(9);
    const std::string text(n, static_cast<char>('a' + step % 26));
    switch (random.below(6)) {
      case 0:
        if (n > headroom) break;
        packet.prepend(as_bytes(text));
        model.insert(0, text);
        headroom -= n;
        break;
      case 1:
        if (n > packet.tailroom()) break;
        packet.append(as_bytes(text));
        model += text;
        break;
      case 2:
        if (n > model.size()) break;
        packet.trim_front(n);
        model.erase(0, n);
        headroom += n;
        break;
      case 3:
        if (n > model.size()) break;
        packet.trim_back(n);
        model.resize(model.size() - n);
        break;
      case 4:
        if (packet.capacity() < model.size() + 2 * n) break;
        if (n > headroom || n > packet.tailroom()) headroom = n;
        packet.reserve(n, n);
        break;
      default: packet = PacketBuf(std::move(packet)); break;
    }
    ASSERT_EQ(text_of(packet), model) << "step " << step;
    ASSERT_EQ(packet.headroom(), headroom) << "step " << step;
    ASSERT_EQ(packet.headroom() + packet.size() + packet.tailroom(), 64U);
  }
}

TEST(PacketPool, LendsEmptyBuffersWithTheHeadroomAskedFor) {
  PacketPool pool({.buffer_bytes = 100, .max_buffers = 4});
  PacketBuf packet = pool.take(28).value();
  EXPECT_TRUE(packet.empty());
  EXPECT_TRUE(packet.is_pooled());
  EXPECT_EQ(packet.headroom(), 28U);
  EXPECT_EQ(packet.tailroom(), 72U);
  EXPECT_EQ(pool.take(100).value().tailroom(), 0U);
}

TEST(PacketPool, RefusesBeyondItsBoundAndCountsIt) {
  PacketPool pool({.buffer_bytes = 16, .max_buffers = 2});
  std::optional<PacketBuf> first = pool.take().value();
  const PacketBuf second = pool.take().value();
  const auto third = pool.take();
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error(), Errc::no_buffers);
  EXPECT_EQ(pool.outstanding(), 2U);
  EXPECT_EQ(pool.refused(), 1U);
  first.reset();
  EXPECT_TRUE(pool.take());
  EXPECT_EQ(pool.refused(), 1U);
}

TEST(PacketPool, RefusesAHeadroomLargerThanItsBuffers) {
  PacketPool pool({.buffer_bytes = 16, .max_buffers = 2});
  const auto packet = pool.take(17);
  ASSERT_FALSE(packet);
  EXPECT_EQ(packet.error(), Errc::invalid_argument);
  EXPECT_EQ(pool.outstanding(), 0U);
  EXPECT_EQ(pool.idle(), 0U);
}

TEST(PacketPool, RefusesBuffersThatNoBlockCanHold) {
  EXPECT_THROW(PacketPool({.buffer_bytes = detail::kMaxBlockBytes + 1, .max_buffers = 1}), std::length_error);
}

TEST(PacketPool, OfNoBuffersRefusesAll) {
  PacketPool pool({.buffer_bytes = 16, .max_buffers = 0});
  EXPECT_EQ(pool.take().error(), Errc::no_buffers);
}

TEST(PacketPool, UsesTheLastReturnedBufferFirst) {
  PacketPool pool({.buffer_bytes = 16, .max_buffers = 4});
  PacketBuf first = pool.take().value();
  const PacketBuf second = pool.take().value();
  const std::uint8_t* const where = first.data();
  first = PacketBuf();
  EXPECT_EQ(pool.idle(), 1U);
  EXPECT_EQ(pool.take().value().data(), where);
}

TEST(PacketPool, GetsItsBufferBackWhenReserveOutgrowsIt) {
  PacketPool pool({.buffer_bytes = 16, .max_buffers = 1});
  PacketBuf packet = pool.take().value();
  packet.append(as_bytes("data"));
  packet.reserve(16, 16);
  EXPECT_FALSE(packet.is_pooled());
  EXPECT_EQ(text_of(packet), "data");
  EXPECT_EQ(pool.outstanding(), 0U);
  EXPECT_EQ(pool.idle(), 1U);
}

TEST(PacketPool, TrimFreesWhatWaits) {
  PacketPool pool({.buffer_bytes = 16, .max_buffers = 4});
  PacketBuf kept = pool.take().value();
  {
    const PacketBuf returned = pool.take().value();
  }
  EXPECT_EQ(pool.idle(), 1U);
  pool.trim();
  EXPECT_EQ(pool.idle(), 0U);
  EXPECT_EQ(pool.outstanding(), 1U);
  kept.append(as_bytes("still here"));
  kept = PacketBuf();
  EXPECT_EQ(pool.idle(), 1U);
}

// Leaks and uses after free are for AddressSanitizer to find here.
TEST(PacketPool, MayBeDestroyedBeforeItsBuffers) {
  std::vector<PacketBuf> survivors;
  {
    PacketPool pool({.buffer_bytes = 64, .max_buffers = 8});
    for (int i = 0; i < 5; ++i) survivors.push_back(pool.take(4).value());
    survivors.pop_back();
  }
  for (PacketBuf& packet : survivors) packet.append(as_bytes("alive"));
  EXPECT_EQ(text_of(survivors.front()), "alive");
  survivors.erase(survivors.begin());
  EXPECT_EQ(Bytes::from(std::move(survivors.front())).text(), "alive");
}

TEST(PacketPool, HidesIdleBuffersFromUseAfterReturn) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  PacketPool pool({.buffer_bytes = 64, .max_buffers = 1});
  const std::uint8_t* where = nullptr;
  {
    PacketBuf packet = pool.take().value();
    where = packet.data();
    EXPECT_FALSE(__asan_address_is_poisoned(where));
  }
  EXPECT_TRUE(__asan_address_is_poisoned(where));
  EXPECT_TRUE(__asan_address_is_poisoned(where + 63));
  const PacketBuf again = pool.take().value();
  EXPECT_FALSE(__asan_address_is_poisoned(where + 63));
  return;
#endif
#endif
  GTEST_SKIP() << "seen under AddressSanitizer only";
}

TEST(PacketPool, CountsRightUnderRandomTakingAndReturning) {
  Random random = Random::from_state(7, 8);
  PacketPool pool({.buffer_bytes = 32, .max_buffers = 20});
  std::vector<PacketBuf> held;
  std::uint64_t refused = 0;
  for (int step = 0; step < 20000; ++step) {
    if (random.below(2) == 0) {
      auto packet = pool.take(random.below(33));
      ASSERT_EQ(packet.has_value(), held.size() < 20);
      if (packet) {
        held.push_back(std::move(*packet));
      } else {
        ++refused;
      }
    } else if (!held.empty()) {
      std::swap(held[random.below(held.size())], held.back());
      held.pop_back();
    }
    if (random.below(500) == 0) pool.trim();
    ASSERT_EQ(pool.outstanding(), held.size());
    ASSERT_LE(pool.outstanding() + pool.idle(), 20U);
  }
  EXPECT_EQ(pool.refused(), refused);
  EXPECT_GT(refused, 0U);
}

}  // namespace
}  // namespace ghostnet::packet_buf_test
