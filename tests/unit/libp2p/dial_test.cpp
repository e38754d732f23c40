// How a node reaches a peer: by several addresses, for several who want it, when both dial at once, and what it learns
// of the other from then on.
#include <gtest/gtest.h>

#include "ghostnet/libp2p/node.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::libp2p::dial_test {
namespace {

constexpr Duration kRoundTrip = 20ms;

Task<> accept_silently(std::unique_ptr<Listener> listener, std::vector<std::unique_ptr<Stream>>& held) {
  while (true) {
    Result<std::unique_ptr<Stream>> stream = co_await listener->accept();
    if (!stream) co_return;
    held.push_back(std::move(*stream));
  }
}

struct Outcome {
  std::optional<Result<>> result{};
  TimePoint at{};
};

Task<> connect_into(Node& node, PeerId peer, Outcome& outcome) {
  Result<> connected = co_await node.connect(peer);
  outcome.at = node.host().now();
  outcome.result = std::move(connected);
}

Task<> ping_into(Node& node, PeerId peer, std::optional<Result<Duration>>& outcome) {
  outcome = co_await node.ping(peer);
}

class Dials : public testing::Test {
 protected:
  Dials() {
    for (Node* node : {&a_, &b_}) {
      const IpAddress own = IpAddress::v4(10, 0, 0, node == &a_ ? 1 : 2);
      static_cast<void>(*node->listen(Multiaddr::tcp(Endpoint(own, 4001))));
    }
  }
  void know(Node& node, const Node& other, std::initializer_list<const char*> addresses) {
    std::vector<Multiaddr> all;
    for (const char* address : addresses) all.push_back(*Multiaddr::parse(address));
    node.peers().add_addresses(other.id(), all, world_.now(), 1h);
  }

  support::TestWorld world_{{.latency = kRoundTrip / 2}};
  support::TestHost& a_host_ = world_.add_host("a");
  support::TestHost& b_host_ = world_.add_host("b");
  support::TestHost& mute_host_ = world_.add_host("mute");
  crypto::HostRandom random_{a_host_};
  Node a_{a_host_, KeyPair::generate_ed25519(random_)};
  Node b_{b_host_, KeyPair::generate_ed25519(random_)};
  std::vector<std::unique_ptr<Stream>> held_;
  Scope scope_{world_.loop()};
};

// As RFC 8305 has it of the addresses of a name.
TEST_F(Dials, AnAddressThatDoesNotAnswerHoldsUpTheNextForAMomentOnly) {
  scope_.spawn(accept_silently(*mute_host_.listen({.local = Endpoint(IpAddress::v4(10, 0, 0, 3), 4001)}), held_));
  know(a_, b_, {"/ip4/10.0.0.2/tcp/4001", "/ip4/10.0.0.3/tcp/4001"});  // the newest is tried first
  ASSERT_EQ(a_.peers().addresses(b_.id(), world_.now()).front(), *Multiaddr::parse("/ip4/10.0.0.3/tcp/4001"));
  Outcome outcome;
  const TimePoint begun = world_.now();
  scope_.spawn(connect_into(a_, b_.id(), outcome));
  world_.run_for(2s);
  ASSERT_TRUE(outcome.result && *outcome.result);
  EXPECT_EQ(outcome.at - begun, a_.options().dial_stagger + 2 * kRoundTrip);
  EXPECT_EQ(held_.size(), 1u);
  EXPECT_EQ(a_.connections().size(), 1u);
}

TEST_F(Dials, AnAddressThatRefusesHoldsUpNobody) {
  know(a_, b_, {"/ip4/10.0.0.2/tcp/4001", "/ip4/10.0.0.3/tcp/4001"});  // where nobody listens
  Outcome outcome;
  const TimePoint begun = world_.now();
  scope_.spawn(connect_into(a_, b_.id(), outcome));
  world_.run_for(2s);
  ASSERT_TRUE(outcome.result && *outcome.result);
  EXPECT_LE(outcome.at - begun, 3 * kRoundTrip);
}

TEST_F(Dials, ThoseWhoWantTheSamePeerShareOne) {
  know(a_, b_, {"/ip4/10.0.0.2/tcp/4001"});
  std::array<Outcome, 5> outcomes;
  for (Outcome& outcome : outcomes) scope_.spawn(connect_into(a_, b_.id(), outcome));
  world_.run_for(1s);
  for (const Outcome& outcome : outcomes) EXPECT_TRUE(outcome.result && *outcome.result);
  EXPECT_EQ(a_.metrics().dials.value(), 1u);
  EXPECT_EQ(b_.connections().size(), 1u);
}

TEST_F(Dials, OneGoesOnWhenWhoWantedItLosesInterest) {
  know(a_, b_, {"/ip4/10.0.0.2/tcp/4001"});
  Outcome dropped;
  Outcome other;
  {
    Scope impatient(world_.loop());
    impatient.spawn(connect_into(a_, b_.id(), dropped));
    scope_.spawn(connect_into(a_, b_.id(), other));
    world_.run_for(kRoundTrip / 2);
  }
  world_.run_for(1s);
  EXPECT_FALSE(dropped.result);
  EXPECT_TRUE(other.result && *other.result);
}

// TCP's simultaneous open is not needed for it: each has a connection of its own, and both are good.
TEST_F(Dials, TwoWhoDialEachOtherAtOnceCanBothSpeak) {
  know(a_, b_, {"/ip4/10.0.0.2/tcp/4001"});
  know(b_, a_, {"/ip4/10.0.0.1/tcp/4001"});
  Outcome of_a;
  Outcome of_b;
  scope_.spawn(connect_into(a_, b_.id(), of_a));
  scope_.spawn(connect_into(b_, a_.id(), of_b));
  world_.run_for(1s);
  ASSERT_TRUE(of_a.result && *of_a.result && of_b.result && *of_b.result);
  for (auto [from, to] : {std::pair(&a_, &b_), std::pair(&b_, &a_)}) {
    EXPECT_EQ(from->connection_count(Direction::outbound), 1u);
    EXPECT_EQ(from->connected_peers().size(), 1u);
    std::optional<Result<Duration>> pinged;
    scope_.spawn(ping_into(*from, to->id(), pinged));
    world_.run_for(1s);
    EXPECT_TRUE(pinged && *pinged);
  }
}

// Whoever connects first, nobody who wants the peer waits for addresses that do not answer, and no more are tried.
TEST_F(Dials, APeerThatConnectsMeanwhileIsNoticedAtOnce) {
  for (const std::uint16_t port : {4001, 4002, 4003}) {
    scope_.spawn(accept_silently(*mute_host_.listen({.local = Endpoint(IpAddress::v4(10, 0, 0, 3), port)}), held_));
  }
  know(a_, b_, {"/ip4/10.0.0.3/tcp/4001", "/ip4/10.0.0.3/tcp/4002", "/ip4/10.0.0.3/tcp/4003"});
  know(b_, a_, {"/ip4/10.0.0.1/tcp/4001"});
  Outcome of_a;
  Outcome of_b;
  scope_.spawn(connect_into(a_, b_.id(), of_a));
  world_.run_for(kRoundTrip);
  scope_.spawn(connect_into(b_, a_.id(), of_b));
  world_.run_for(10 * kRoundTrip);
  ASSERT_TRUE(of_b.result && *of_b.result);
  ASSERT_TRUE(of_a.result && *of_a.result);
  EXPECT_LE(of_a.at - of_b.at, kRoundTrip);
  world_.run_for(1s);
  EXPECT_EQ(held_.size(), 1u) << "the second address was to be tried a quarter of a second after the first";
  EXPECT_EQ(a_.connections().size(), 1u);
}

class Nothing final : public StreamHandler {
 public:
  void accept(std::unique_ptr<PeerStream> stream) override { stream.reset(); }
};

TEST_F(Dials, WhatAPeerSpeaksFromNowOnItPushes) {
  know(a_, b_, {"/ip4/10.0.0.2/tcp/4001"});
  Outcome outcome;
  scope_.spawn(connect_into(a_, b_.id(), outcome));
  world_.run_for(1s);
  ASSERT_FALSE(a_.peers().supports(b_.id(), "/late/1"));
  Nothing handler;
  auto handling = b_.handle("/late/1", handler);
  world_.run_for(1s);
  EXPECT_TRUE(a_.peers().supports(b_.id(), "/late/1"));
  handling->end();
  world_.run_for(1s);
  EXPECT_FALSE(a_.peers().supports(b_.id(), "/late/1"));
}

}  // namespace
}  // namespace ghostnet::libp2p::dial_test
