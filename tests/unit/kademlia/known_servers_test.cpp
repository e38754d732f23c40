// Tables that are filled out of what is known, against what a table is to be.
#include "ghostnet/kademlia/known_servers.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "peers.hpp"

namespace ghostnet::kademlia::known_servers_test {
namespace {

using test::peer;

constexpr std::size_t kBucket = 20;

class TablesOfTheKnown : public testing::Test {
 protected:
  TablesOfTheKnown() {
    for (std::uint32_t i = 0; i < 2000; ++i) all_.push_back({.id = peer(i), .addresses = {}});
  }
  std::vector<PeerInfo> all_;
  Random random_ = Random::from_state(1, 3);
};

TEST_F(TablesOfTheKnown, EveryBucketHoldsAsManyAsThereAreButNoMoreThanK) {
  const KnownServers known(all_);
  for (std::uint32_t self : {0u, 7u, 1999u}) {
    const Key own = Key::of(peer(self));
    std::map<std::size_t, std::size_t> there;  // in each bucket's part of the key space
    for (const PeerInfo& info : all_) ++there[own.distance_to(Key::of(info.id)).common_prefix_bits()];
    there.erase(Distance::kBits);  // itself
    std::map<std::size_t, std::size_t> held;
    std::set<libp2p::PeerId> ids;
    for (const PeerInfo& info : known.table_of(own, kBucket, random_)) {
      EXPECT_TRUE(ids.insert(info.id).second) << "twice";
      ++held[own.distance_to(Key::of(info.id)).common_prefix_bits()];
    }
    for (const auto& [bucket, count] : there) EXPECT_EQ(held[bucket], std::min(count, kBucket)) << bucket;
    EXPECT_FALSE(ids.contains(peer(self)));
  }
}

TEST_F(TablesOfTheKnown, EveryServerHasItsChance) {
  const KnownServers known(all_);
  std::set<libp2p::PeerId> met;
  for (std::uint32_t self = 0; self < 500; ++self) {
    for (const PeerInfo& info : known.table_of(Key::of(peer(self)), kBucket, random_)) met.insert(info.id);
  }
  EXPECT_EQ(met.size(), all_.size());
}

TEST_F(TablesOfTheKnown, WhoeverIsAloneHasAnEmptyOne) {
  EXPECT_TRUE(KnownServers({}).table_of(Key::of(peer(1)), kBucket, random_).empty());
  EXPECT_TRUE(KnownServers({all_[1]}).table_of(Key::of(peer(1)), kBucket, random_).empty());
}

}  // namespace
}  // namespace ghostnet::kademlia::known_servers_test
