#include "ghostnet/sim/digest.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace ghostnet::sim::digest_test {
namespace {

std::vector<std::uint8_t> counting(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + 3);
  return bytes;
}

std::uint64_t digest_of(ByteView payload, std::int64_t at_ns = 5, HostId host = 1) {
  RunDigest digest;
  RunDigest::Chain chain;
  digest.deliver(chain, from_ns(at_ns), host, payload);
  return digest.value();
}

TEST(RunDigest, EveryBitOfEveryLengthCounts) {
  std::set<std::uint64_t> seen;
  std::size_t made = 0;
  for (std::size_t size = 0; size <= 200; ++size) {
    std::vector<std::uint8_t> bytes = counting(size);
    seen.insert(digest_of(bytes));
    ++made;
    for (std::size_t bit = 0; bit < size * 8; ++bit) {
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      seen.insert(digest_of(bytes));
      ++made;
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    }
  }
  EXPECT_EQ(seen.size(), made);
}

TEST(RunDigest, ZerosOfDifferentLengthsDiffer) {
  std::set<std::uint64_t> seen;
  for (std::size_t size = 0; size <= 300; ++size) seen.insert(digest_of(std::vector<std::uint8_t>(size)));
  EXPECT_EQ(seen.size(), 301U);
}

TEST(RunDigest, TimeAndHostCount) {
  std::vector<std::uint8_t> bytes = counting(100);
  EXPECT_NE(digest_of(bytes, 5, 1), digest_of(bytes, 6, 1));
  EXPECT_NE(digest_of(bytes, 5, 1), digest_of(bytes, 5, 2));
  EXPECT_EQ(digest_of(bytes, 5, 1), digest_of(bytes, 5, 1));
}

TEST(RunDigest, AnyBlockSwapWithinAPayloadCounts) {
  std::vector<std::uint8_t> bytes = counting(512);
  const std::uint64_t straight = digest_of(bytes);
  for (std::size_t a = 0; a < 512; a += 16) {
    for (std::size_t b = a + 16; b < 512; b += 16) {
      std::vector<std::uint8_t> swapped = bytes;
      std::swap_ranges(swapped.begin() + static_cast<std::ptrdiff_t>(a),
                       swapped.begin() + static_cast<std::ptrdiff_t>(a + 16),
                       swapped.begin() + static_cast<std::ptrdiff_t>(b));
      if (swapped != bytes) EXPECT_NE(digest_of(swapped), straight) << a << " and " << b;
    }
  }
}

TEST(RunDigest, OrderCountsWithinAHostAndNotBetweenHosts) {
  const std::vector<std::uint8_t> one = counting(10);
  const std::vector<std::uint8_t> two = counting(20);

  RunDigest straight;
  RunDigest crossed;
  RunDigest reversed;
  RunDigest::Chain a[3];
  RunDigest::Chain b[3];
  straight.deliver(a[0], from_ns(1), 0, one);
  straight.deliver(b[0], from_ns(1), 1, two);
  straight.deliver(a[0], from_ns(1), 0, two);

  crossed.deliver(b[1], from_ns(1), 1, two);
  crossed.deliver(a[1], from_ns(1), 0, one);
  crossed.deliver(a[1], from_ns(1), 0, two);
  EXPECT_EQ(straight.value(), crossed.value());

  reversed.deliver(a[2], from_ns(1), 0, two);
  reversed.deliver(b[2], from_ns(1), 1, two);
  reversed.deliver(a[2], from_ns(1), 0, one);
  EXPECT_NE(straight.value(), reversed.value());
}

// Computed by a second implementation, with integers of any size.
TEST(RunDigest, IsTheSameOnEveryMachine) {
  EXPECT_EQ(digest_of({}), 12'782'446'305'336'698'825U);
  EXPECT_EQ(digest_of(counting(512), 1'000'000'007, 41), 2'938'456'652'384'585'154U);
}

}  // namespace
}  // namespace ghostnet::sim::digest_test
