// Which connections go, and which addresses rest.
#include "ghostnet/libp2p/connection_manager.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ghostnet/crypto/random.hpp"
#include "ghostnet/libp2p/key.hpp"
#include "ghostnet/libp2p/peer_store.hpp"

namespace ghostnet::libp2p::connection_manager_test {
namespace {

PeerId somebody() {
  crypto::SystemRandom random;
  return KeyPair::generate_ed25519(random).peer_id();
}

class Connections : public testing::Test {
 protected:
  NodeOptions options_{.low_water = 2, .high_water = 3, .grace_period = 20s, .max_backoffs = 4};
  ConnectionManager manager_{options_};
  TimePoint now_ = TimePoint{} + 1h;
  PeerId peer_ = somebody();
  std::vector<ConnectionManager::Candidate> open_ = {{somebody(), TimePoint{}},
                                                     {somebody(), TimePoint{} + 1s},
                                                     {somebody(), TimePoint{} + 2s},
                                                     {somebody(), TimePoint{} + 3s}};
};

TEST_F(Connections, NobodyGoesAtHighWater) {
  open_.pop_back();
  EXPECT_TRUE(manager_.to_close(open_, now_).empty());
}

TEST_F(Connections, TheLeastValuedGoDownToLowWater) {
  manager_.tag(open_[0].peer, "mesh", 10);
  manager_.tag(open_[3].peer, "dht", 5);
  manager_.tag(open_[3].peer, "mesh", 1);
  EXPECT_EQ(manager_.to_close(open_, now_), (std::vector<std::size_t>{2, 1}));
  manager_.tag(open_[0].peer, "mesh", 0);
  EXPECT_EQ(manager_.worth(open_[0].peer), 0);
  EXPECT_EQ(manager_.worth(open_[3].peer), 6);
}

TEST_F(Connections, ProtectedAndYoungOnesStay) {
  manager_.protect(open_[2].peer, "static");
  open_[1].opened = now_ - 1s;
  EXPECT_EQ(manager_.to_close(open_, now_), (std::vector<std::size_t>{3, 0}));
  manager_.protect(open_[3].peer, "a");
  manager_.protect(open_[3].peer, "b");
  manager_.unprotect(open_[3].peer, "a");
  EXPECT_TRUE(manager_.is_protected(open_[3].peer));
  EXPECT_EQ(manager_.to_close(open_, now_), (std::vector<std::size_t>{0}));
  manager_.unprotect(open_[3].peer, "b");
  EXPECT_FALSE(manager_.is_protected(open_[3].peer));
}

TEST_F(Connections, IdleOnesGoBeforeBusyOnes) {
  open_[3].streams = open_[2].streams = 1;
  EXPECT_EQ(manager_.to_close(open_, now_), (std::vector<std::size_t>{1, 0}));
}

TEST_F(Connections, AFailedAddressRestsLongerEachTime) {
  const Multiaddr address = *Multiaddr::parse("/ip4/1.2.3.4/tcp/5");
  EXPECT_FALSE(manager_.rests(peer_, address, now_));
  manager_.dial_failed(peer_, address, now_);
  EXPECT_TRUE(manager_.rests(peer_, address, now_ + 4999ms));
  EXPECT_FALSE(manager_.rests(peer_, address, now_ + 5s));
  manager_.dial_failed(peer_, address, now_);
  manager_.dial_failed(peer_, address, now_);
  EXPECT_TRUE(manager_.rests(peer_, address, now_ + 8s));
  EXPECT_FALSE(manager_.rests(peer_, address, now_ + 9s));
  for (int i = 0; i < 100; ++i) manager_.dial_failed(peer_, address, now_);
  EXPECT_FALSE(manager_.rests(peer_, address, now_ + options_.backoff_max));
  manager_.dial_succeeded(peer_, address);
  EXPECT_FALSE(manager_.rests(peer_, address, now_));
}

TEST_F(Connections, FailuresAreForgottenWhenThereAreTooMany) {
  for (std::uint16_t port = 1; port <= 10; ++port) {
    manager_.dial_failed(peer_, Multiaddr::tcp(Endpoint(IpAddress::v4(1, 2, 3, 4), port)), now_);
  }
  EXPECT_TRUE(manager_.rests(peer_, Multiaddr::tcp(Endpoint(IpAddress::v4(1, 2, 3, 4), 4)), now_));
  EXPECT_FALSE(manager_.rests(peer_, Multiaddr::tcp(Endpoint(IpAddress::v4(1, 2, 3, 4), 5)), now_));
}

TEST_F(Connections, WhoTellsAWrongAddressOfOnePeerKeepsNobodyFromAnother) {
  const Multiaddr address = *Multiaddr::parse("/ip4/1.2.3.4/tcp/5");
  manager_.dial_failed(peer_, address, now_);
  EXPECT_TRUE(manager_.rests(peer_, address, now_));
  EXPECT_FALSE(manager_.rests(somebody(), address, now_));
  EXPECT_FALSE(manager_.rests(PeerId(), address, now_));
}

TEST(PeerStore, ForgetsTheOldestThatIsNotPinned) {
  PeerStore store(2);
  const PeerId peers[] = {somebody(), somebody(), somebody(), somebody()};
  const Multiaddr address = *Multiaddr::parse("/ip4/1.2.3.4/tcp/5");
  const TimePoint now{};
  store.add_addresses(peers[0], {&address, 1}, now, 1h);
  store.pin(peers[0]);
  store.add_addresses(peers[1], {&address, 1}, now, 1h);
  store.add_addresses(peers[2], {&address, 1}, now, 1h);
  EXPECT_EQ(store.peers(), (std::vector<PeerId>{peers[0], peers[2]}));
  store.pin(peers[2]);
  store.add_addresses(peers[3], {&address, 1}, now, 1h);
  EXPECT_EQ(store.size(), 2u);
  EXPECT_TRUE(store.addresses(peers[3], now).empty());
}

TEST(PeerStore, KeepsAddressesForTheirTime) {
  PeerStore store(2);
  const PeerId peer = somebody();
  const Multiaddr addresses[] = {*Multiaddr::parse("/ip4/1.2.3.4/tcp/5"),
                                 Multiaddr::parse("/ip4/1.2.3.4/tcp/6")->with_peer(peer),
                                 Multiaddr::parse("/ip4/1.2.3.4/tcp/7")->with_peer(somebody())};
  const TimePoint now{};
  store.add_addresses(peer, addresses, now, 1h);
  EXPECT_EQ(store.addresses(peer, now), (std::vector<Multiaddr>{addresses[1].without_peer(), addresses[0]}));
  store.add_addresses(peer, {addresses, 1}, now, 2h);
  EXPECT_EQ(store.addresses(peer, now + 1h), (std::vector<Multiaddr>{addresses[0]}));
  EXPECT_TRUE(store.addresses(peer, now + 2h).empty());
  for (std::uint16_t port = 1; port <= 2 * PeerStore::kMaxAddresses; ++port) {
    const Multiaddr more = Multiaddr::tcp(Endpoint(IpAddress::v4(1, 1, 1, 1), port));
    store.add_addresses(peer, {&more, 1}, now, 1h);
  }
  EXPECT_EQ(store.addresses(peer, now).size(), PeerStore::kMaxAddresses);
}

Multiaddr address_of(std::uint32_t number) {
  return Multiaddr::tcp(Endpoint(IpAddress::v4(1, 1, 1, 1), static_cast<std::uint16_t>(number)));
}

TEST(PeerStore, WhatOthersTellOfAPeerComesBehindWhatItTellsItself) {
  PeerStore store(4);
  const PeerId peer = somebody();
  const TimePoint now{};
  const Multiaddr own = address_of(1);
  store.add_addresses(peer, {&own, 1}, now, 1h);
  for (std::uint32_t i = 2; i <= 100; ++i) {
    const Multiaddr heard = address_of(i);
    store.add_addresses(peer, {&heard, 1}, now, 2h, Told::by_others);
  }
  EXPECT_EQ(store.addresses(peer, now).size(), PeerStore::kMaxAddresses);
  EXPECT_EQ(store.addresses(peer, now).front(), own);
  const Multiaddr confirmed = address_of(100);
  store.add_addresses(peer, {&confirmed, 1}, now, 1h);
  EXPECT_EQ(store.addresses(peer, now)[0], confirmed) << "the peer says so too";
  EXPECT_EQ(store.addresses(peer, now)[1], own);
}

TEST(PeerStore, WhatAPinnedPeerToldOfItselfDoesNotGrowOld) {
  PeerStore store(4);
  const PeerId peer = somebody();
  const TimePoint now{};
  const Multiaddr own = address_of(1);
  store.pin(peer);
  store.add_addresses(peer, {&own, 1}, now, 30min);
  EXPECT_EQ(store.addresses(peer, now + 2h), std::vector{own});
  store.prolong(peer, now + 2h, 30min);
  store.unpin(peer);
  EXPECT_EQ(store.addresses(peer, now + 2h), std::vector{own});
  EXPECT_TRUE(store.addresses(peer, now + 3h).empty());
}

TEST(PeerStore, HearsayDrivesOutNobodyWhoWasMet) {
  PeerStore store(8);
  const TimePoint now{};
  const Multiaddr own = address_of(1);
  std::vector<PeerId> met;
  for (int i = 0; i < 4; ++i) {
    met.push_back(somebody());
    store.add_addresses(met.back(), {&own, 1}, now, 1h);
    store.set_about(met.back(), {});
  }
  for (int i = 0; i < 100; ++i) store.add_addresses(somebody(), {&own, 1}, now, 1h, Told::by_others);
  EXPECT_EQ(store.size(), 8u);
  for (const PeerId& peer : met) EXPECT_FALSE(store.addresses(peer, now).empty());
}

TEST(PeerStore, RoomIsLeftForHearsay) {
  PeerStore store(8);
  const TimePoint now{};
  const Multiaddr address = address_of(1);
  for (int i = 0; i < 20; ++i) store.set_about(somebody(), {});
  const PeerId heard = somebody();
  store.add_addresses(heard, {&address, 1}, now, 1h, Told::by_others);
  EXPECT_EQ(store.addresses(heard, now), std::vector{address});
}

// What a peer says that speaks `count` protocols that nobody else does, and one that many do.
PeerAbout strange(int peer, int count, std::vector<std::string>& texts) {
  texts.clear();
  for (int i = 0; i < count; ++i) texts.push_back("/strange/" + std::to_string(peer) + "/" + std::to_string(i));
  texts.emplace_back("/common/1");
  PeerAbout about{.protocols = {}, .agent = "agent"};
  about.protocols.assign(texts.rbegin(), texts.rend());
  return about;
}

TEST(PeerStore, NoPeerFillsTheRoomForTexts) {
  PeerStore store(1000);
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) store.set_about(somebody(), strange(i, 200, texts));
  EXPECT_LE(store.text_count(), PeerStore::kMaxTexts);
  const PeerId late = somebody();
  store.set_about(late, strange(1000, 20, texts));
  EXPECT_EQ(store.find(late)->protocols.size(), 21u);
  EXPECT_TRUE(store.supports(late, "/common/1"));
  EXPECT_EQ(store.find(late)->agent, "agent");
  EXPECT_EQ(store.keep_own("/ours/1"), "/ours/1");
}

TEST(PeerStore, TextsGoWithTheLastWhoSaysThem) {
  PeerStore store(2);
  const PeerId peer = somebody();
  std::vector<std::string> texts;
  store.set_about(peer, strange(1, 10, texts));
  EXPECT_EQ(store.text_count(), 12u);
  PeerAbout again = *store.find(peer);
  again.protocols.resize(2);
  store.set_about(peer, again);
  EXPECT_EQ(store.text_count(), 3u);
  EXPECT_TRUE(store.supports(peer, "/common/1"));
  for (int i = 0; i < 10; ++i) store.set_about(somebody(), {});
  EXPECT_EQ(store.text_count(), 0u);
}

}  // namespace
}  // namespace ghostnet::libp2p::connection_manager_test
