#include "ghostnet/kademlia/lookup.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>

#include "ghostnet/kademlia/routing_table.hpp"
#include "peers.hpp"

namespace ghostnet::kademlia::lookup_test {
namespace {

using test::peer;

// A network whose nodes know what tables of theirs would hold after each met all others by chance.
class Network {
 public:
  explicit Network(std::uint32_t size) {
    for (std::uint32_t i = 0; i < size; ++i) all_.push_back(peer(i));
    Random random = Random::derive(5, size, "network");
    for (const libp2p::PeerId& own : all_) {
      RoutingTable& table = tables_.emplace(own, RoutingTable(own, {})).first->second;
      std::vector<libp2p::PeerId> met = all_;
      random.shuffle(met);
      for (const libp2p::PeerId& other : met) table.add(other, *IpAddress::parse("10.0.0.1"), from_ns(0));
    }
  }

  std::vector<libp2p::PeerId> nearest(const Key& target, std::size_t count) const {
    std::vector<libp2p::PeerId> sorted = all_;
    std::ranges::sort(sorted, {}, [&](const libp2p::PeerId& id) { return Key::of(id).distance_to(target); });
    sorted.resize(count);
    return sorted;
  }
  const RoutingTable& table(const libp2p::PeerId& id) const { return tables_.at(id); }

  // Runs it to its end; `dead` peers fail.
  void run(Lookup& lookup, const Key& target, const std::vector<libp2p::PeerId>& dead = {}) const {
    std::deque<libp2p::PeerId> under_way;
    while (true) {
      while (const auto next = lookup.next()) under_way.push_back(*next);
      if (under_way.empty()) break;
      const libp2p::PeerId asked = under_way.front();
      under_way.pop_front();
      if (std::ranges::find(dead, asked) != dead.end()) {
        lookup.failed(asked);
      } else {
        lookup.answered(asked, table(asked).closest(target, 20));
      }
    }
  }

 private:
  std::vector<libp2p::PeerId> all_;
  std::map<libp2p::PeerId, RoutingTable> tables_;
};

TEST(Lookup, FindsTheNearestOfAll) {
  const Network network(500);
  for (std::uint32_t i = 0; i < 20; ++i) {
    const Key target = Key::of(peer(10'000 + i));
    const libp2p::PeerId own = peer(i);
    const auto seeds = network.table(own).closest(target, 20);
    Lookup lookup(target, seeds, own, {});
    network.run(lookup, target);
    EXPECT_TRUE(lookup.finished());
    auto expected = network.nearest(target, 21);
    std::erase(expected, own);
    expected.resize(20);
    EXPECT_EQ(lookup.closest(), expected) << i;
    EXPECT_LE(lookup.hops(), 4U);
    EXPECT_LT(lookup.asked(), 60U);
  }
}

TEST(Lookup, GoesAroundTheDead) {
  const Network network(300);
  const Key target = Key::of(peer(77'777));
  auto nearest = network.nearest(target, 30);
  const std::vector<libp2p::PeerId> dead(nearest.begin(), nearest.begin() + 10);
  const libp2p::PeerId own = nearest[29];
  const auto seeds = network.table(own).closest(target, 20);
  Lookup lookup(target, seeds, own, {});
  network.run(lookup, target, dead);
  EXPECT_TRUE(lookup.finished());
  for (const libp2p::PeerId& found : lookup.closest()) EXPECT_TRUE(std::ranges::find(dead, found) == dead.end());
  // Whoever was asked named twenty, ten of them dead.
  ASSERT_GE(lookup.closest().size(), 10U);
  EXPECT_EQ(lookup.closest().front(), nearest[10]);
}

TEST(Lookup, NoMoreThanAlphaAreUnderWay) {
  std::vector<libp2p::PeerId> seeds;
  for (std::uint32_t i = 1; i <= 20; ++i) seeds.push_back(peer(i));
  Lookup lookup(Key::of(as_bytes("t")), seeds, peer(0), {.alpha = 3});
  int asked = 0;
  while (lookup.next()) ++asked;
  EXPECT_EQ(asked, 3);
}

TEST(Lookup, WhenTheBetaNearestHaveAnsweredTheRestAreAskedAtOnce) {
  std::vector<libp2p::PeerId> seeds;
  for (std::uint32_t i = 1; i <= 20; ++i) seeds.push_back(peer(i));
  Lookup lookup(Key::of(as_bytes("t")), seeds, peer(0), {.alpha = 3, .beta = 2});
  std::vector<libp2p::PeerId> asked;
  const auto ask_more = [&] {
    while (const auto next = lookup.next()) asked.push_back(*next);
    return asked.size();
  };
  EXPECT_EQ(ask_more(), 3U);
  lookup.answered(asked[0], {});
  EXPECT_EQ(ask_more(), 4U) << "alpha are under way";
  lookup.answered(asked[1], {});
  EXPECT_EQ(ask_more(), 20U);
  EXPECT_FALSE(lookup.finished());
  for (std::size_t i = 2; i < asked.size(); ++i) lookup.answered(asked[i], {});
  EXPECT_TRUE(lookup.finished());
}

TEST(Lookup, NobodyBeyondTheNearestIsAskedWhileTheyAreUnderWay) {
  std::vector<libp2p::PeerId> seeds;
  for (std::uint32_t i = 1; i <= 30; ++i) seeds.push_back(peer(i));
  Lookup lookup(Key::of(as_bytes("t")), seeds, peer(0), {.k = 5, .alpha = 10});
  std::vector<libp2p::PeerId> asked;
  while (const auto next = lookup.next()) asked.push_back(*next);
  ASSERT_EQ(asked.size(), 5U);
  for (std::size_t i = 1; i < asked.size(); ++i) lookup.answered(asked[i], {});
  EXPECT_FALSE(lookup.next()) << "the nearest may answer still";
  lookup.failed(asked[0]);
  EXPECT_TRUE(lookup.next());
  EXPECT_FALSE(lookup.next());
}

TEST(Lookup, DisjointPathsShareNoPeer) {
  const Network network(300);
  const Key target = Key::of(peer(5555));
  const libp2p::PeerId own = peer(3);
  const auto seeds = network.table(own).closest(target, 20);
  Lookup lookup(target, seeds, own, {.paths = 4});
  std::map<libp2p::PeerId, int> asked;
  std::deque<libp2p::PeerId> under_way;
  while (true) {
    while (const auto next = lookup.next()) {
      ++asked[*next];
      under_way.push_back(*next);
    }
    if (under_way.empty()) break;
    lookup.answered(under_way.front(), network.table(under_way.front()).closest(target, 20));
    under_way.pop_front();
  }
  EXPECT_TRUE(lookup.finished());
  for (const auto& [id, times] : asked) EXPECT_EQ(times, 1);
  auto expected = network.nearest(target, 21);
  std::erase(expected, own);
  EXPECT_EQ(lookup.closest().front(), expected.front());
}

TEST(Lookup, EndsWhenNobodyIsLeft) {
  Lookup none(Key::of(as_bytes("t")), {}, peer(0), {});
  EXPECT_TRUE(none.finished());
  EXPECT_TRUE(none.closest().empty());
  const libp2p::PeerId only[] = {peer(1)};
  Lookup one(Key::of(as_bytes("t")), only, peer(0), {});
  EXPECT_FALSE(one.finished());
  ASSERT_TRUE(one.next());
  one.failed(peer(1));
  EXPECT_TRUE(one.finished());
}

TEST(Lookup, WhatIsRememberedIsBounded) {
  const libp2p::PeerId liar[] = {peer(1)};
  Lookup lookup(Key::of(as_bytes("t")), liar, peer(0), {.max_candidates = 50});
  ASSERT_TRUE(lookup.next());
  std::vector<libp2p::PeerId> many;
  for (std::uint32_t i = 2; i < 1000; ++i) many.push_back(peer(i));
  lookup.answered(peer(1), many);
  std::size_t asked = 0;
  while (const auto next = lookup.next()) {
    lookup.failed(*next);
    ++asked;
  }
  EXPECT_LE(asked, 50U);
}

}  // namespace
}  // namespace ghostnet::kademlia::lookup_test
