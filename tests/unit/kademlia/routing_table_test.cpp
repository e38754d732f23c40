#include "ghostnet/kademlia/routing_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "peers.hpp"

namespace ghostnet::kademlia::routing_table_test {
namespace {

using test::peer;

constexpr TimePoint kNow = from_ns(0);
IpAddress address(std::string_view text) { return *IpAddress::parse(text); }
const IpAddress kPrivate = address("10.0.0.1");

TEST(KeySpace, DistanceIsSymmetricAndZeroToOneself) {
  const Key a = Key::of(peer(1));
  const Key b = Key::of(peer(2));
  EXPECT_EQ(a.distance_to(b), b.distance_to(a));
  EXPECT_EQ(a.distance_to(a).common_prefix_bits(), Distance::kBits);
  EXPECT_LT(a.distance_to(a), a.distance_to(b));
}

TEST(KeySpace, TheKeyOfBytesIsTheirSha256) {
  // FIPS 180-4, "abc".
  EXPECT_EQ(Key::of(as_bytes("abc")).words()[0], 0xba7816bf8f01cfeaU);
}

TEST(RoutingTable, HoldsKOfABucketAndReplacesTheDead) {
  RoutingTable table(peer(0), {.bucket_size = 3});
  std::vector<libp2p::PeerId> of_first_bucket;
  for (std::uint32_t i = 1; of_first_bucket.size() < 5; ++i) {
    if (table.bucket_of(Key::of(peer(i))) == 0) of_first_bucket.push_back(peer(i));
  }
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(table.add(of_first_bucket[i], kPrivate, kNow), i < 3);
  EXPECT_EQ(table.size(), 3U);
  table.remove(of_first_bucket[0]);
  EXPECT_EQ(table.size(), 3U);
  EXPECT_TRUE(table.contains(of_first_bucket[4])) << "the newest replacement";
  table.remove(of_first_bucket[1]);
  EXPECT_TRUE(table.contains(of_first_bucket[3]));
  table.remove(of_first_bucket[2]);
  EXPECT_EQ(table.size(), 2U);
}

TEST(RoutingTable, NeverHoldsItself) {
  RoutingTable table(peer(0), {});
  EXPECT_FALSE(table.add(peer(0), kPrivate, kNow));
  EXPECT_EQ(table.size(), 0U);
}

TEST(RoutingTable, ClosestIsWhatSortingAllWouldGive) {
  RoutingTable table(peer(0), {.bucket_size = 1000});
  std::vector<libp2p::PeerId> all;
  for (std::uint32_t i = 1; i < 300; ++i) {
    all.push_back(peer(i));
    table.add(peer(i), kPrivate, kNow);
  }
  const Key target = Key::of(as_bytes("target"));
  std::ranges::sort(all, {}, [&](const libp2p::PeerId& id) { return Key::of(id).distance_to(target); });
  all.resize(20);
  EXPECT_EQ(table.closest(target, 20), all);
  EXPECT_EQ(table.closest(target, 1000).size(), 299U);
}

TEST(RoutingTable, OneNetworkCannotFillIt) {
  RoutingTable table(peer(0), {});
  for (std::uint32_t i = 1; i < 200; ++i) table.add(peer(i), address("198.51.100.7"), kNow);
  EXPECT_EQ(table.size(), 3U);
  EXPECT_TRUE(table.add(peer(1000), address("203.0.113.9"), kNow));
}

TEST(RoutingTable, ARandomKeyLiesInItsBucket) {
  const RoutingTable table(peer(0), {});
  Random random = Random::derive(1, 1, "keys");
  for (std::size_t bucket = 0; bucket < 200; ++bucket) {
    EXPECT_EQ(table.bucket_of(table.random_key_in(bucket, random)), bucket);
  }
}

}  // namespace
}  // namespace ghostnet::kademlia::routing_table_test
