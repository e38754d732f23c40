// Which connections go, and which addresses rest.
#include "ghostnet/libp2p/connection_manager.hpp"

#include <gtest/gtest.h>

#include "ghostnet/crypto/random.hpp"
#include "ghostnet/libp2p/key.hpp"
#include "ghostnet/libp2p/peer_store.hpp"

namespace ghostnet::libp2p {
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
  EXPECT_FALSE(manager_.rests(address, now_));
  manager_.dial_failed(address, now_);
  EXPECT_TRUE(manager_.rests(address, now_ + 4999ms));
  EXPECT_FALSE(manager_.rests(address, now_ + 5s));
  manager_.dial_failed(address, now_);
  manager_.dial_failed(address, now_);
  EXPECT_TRUE(manager_.rests(address, now_ + 8s));
  EXPECT_FALSE(manager_.rests(address, now_ + 9s));
  for (int i = 0; i < 100; ++i) manager_.dial_failed(address, now_);
  EXPECT_FALSE(manager_.rests(address, now_ + options_.backoff_max));
  manager_.dial_succeeded(address);
  EXPECT_FALSE(manager_.rests(address, now_));
}

TEST_F(Connections, FailuresAreForgottenWhenThereAreTooMany) {
  for (std::uint16_t port = 1; port <= 10; ++port) {
    manager_.dial_failed(Multiaddr::tcp(Endpoint(IpAddress::v4(1, 2, 3, 4), port)), now_);
  }
  EXPECT_TRUE(manager_.rests(Multiaddr::tcp(Endpoint(IpAddress::v4(1, 2, 3, 4), 4)), now_));
  EXPECT_FALSE(manager_.rests(Multiaddr::tcp(Endpoint(IpAddress::v4(1, 2, 3, 4), 5)), now_));
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

}  // namespace
}  // namespace ghostnet::libp2p
