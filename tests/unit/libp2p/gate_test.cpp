// Gates: who is admitted by what was said, and that nodes ask.
#include "ghostnet/libp2p/gate.hpp"

#include <gtest/gtest.h>

#include "ghostnet/libp2p/node.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::libp2p::gate_test {
namespace {

TEST(Gate, AdmitsEverybodyUntilSomethingIsSaid) {
  EXPECT_TRUE(Gate().admits(IpAddress::v4(1, 2, 3, 4)));
  EXPECT_TRUE(Gate().admits(*PeerId::parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA")));
}

TEST(Gate, WhatIsDeniedIsNotAdmittedEvenIfItIsAllowed) {
  Gate gate;
  ASSERT_TRUE(gate.allow("10.0.0.0/8"));
  ASSERT_TRUE(gate.deny("10.1.0.7/16"));  // host bits mean nothing
  EXPECT_TRUE(gate.admits(IpAddress::v4(10, 2, 0, 1)));
  EXPECT_EQ(gate.admits(IpAddress::v4(10, 1, 0, 1)).error(), Errc::permission);
  EXPECT_EQ(gate.admits(IpAddress::v4(11, 0, 0, 1)).error(), Errc::permission);
  EXPECT_EQ(gate.admits(*IpAddress::parse("2001:db8::1")).error(), Errc::permission);
  EXPECT_EQ(gate.admits(*IpAddress::parse("::ffff:10.1.0.1")).error(), Errc::permission) << "the same address";
}

TEST(Gate, RulesOfOneKindSayNothingOfTheOther) {
  Gate gate;
  ASSERT_TRUE(gate.allow("192.0.2.1"));
  EXPECT_TRUE(gate.admits(*PeerId::parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA")));
  EXPECT_TRUE(gate.admits(IpAddress::v4(192, 0, 2, 1)));
  EXPECT_FALSE(gate.admits(IpAddress::v4(192, 0, 2, 2)));
}

TEST(Gate, RefusesWhatIsNoRule) {
  Gate gate;
  for (const char* rule : {"", "10.0.0.0/33", "example.org", "12D3KooW", "/ip4/1.2.3.4"}) {
    EXPECT_EQ(gate.deny(rule).error(), Errc::invalid_argument) << rule;
  }
}

class GatedNodes : public testing::Test {
 protected:
  static Task<> connect(Node& node, Multiaddr address, std::optional<Result<PeerId>>& outcome) {
    outcome = co_await node.connect(std::move(address));
  }
  // What becomes of a dial between two nodes with these gates.
  Result<PeerId> dial(Gate server_gate, Gate client_gate) {
    Node server(server_host_, server_key_.copy(), {.gate = std::move(server_gate)});
    Node client(client_host_, client_key_.copy(), {.gate = std::move(client_gate), .dial_timeout = 2s});
    const auto address = server.listen(*Multiaddr::parse("/ip4/10.0.0.1/tcp/4001"));
    EXPECT_TRUE(address);
    std::optional<Result<PeerId>> outcome;
    Scope scope(world_.loop());
    scope.spawn(connect(client, address->with_peer(server.id()), outcome));
    world_.run_for(5s);
    connected_ = server.is_connected(client.id()) && client.is_connected(server.id());
    EXPECT_TRUE(outcome);
    return outcome ? *outcome : Result<PeerId>(fail(Errc::would_block));
  }
  static Gate denying(const std::string& rule) {
    Gate gate;
    EXPECT_TRUE(gate.deny(rule));
    return gate;
  }
  support::TestWorld world_{{.latency = 1ms}};
  support::TestHost& server_host_ = world_.add_host();
  support::TestHost& client_host_ = world_.add_host();
  crypto::SystemRandom random_;
  KeyPair server_key_ = KeyPair::generate_ed25519(random_);
  KeyPair client_key_ = KeyPair::generate_ed25519(random_);
  bool connected_ = false;
};

TEST_F(GatedNodes, DoNotDialWhatIsDenied) {
  EXPECT_EQ(dial({}, denying("10.0.0.0/24")).error(), Errc::permission);
  EXPECT_FALSE(connected_);
  EXPECT_EQ(dial({}, denying(server_key_.peer_id().text())).error(), Errc::permission);
  EXPECT_FALSE(connected_);
}

TEST_F(GatedNodes, DoNotTakeWhoIsDenied) {
  EXPECT_FALSE(dial(denying("10.0.0.0/24"), {}));
  EXPECT_FALSE(connected_);
  static_cast<void>(dial(denying(client_key_.peer_id().text()), {}));  // Noise lets the dialer be done first
  EXPECT_FALSE(connected_);
}

TEST_F(GatedNodes, ConnectOtherwise) {
  EXPECT_TRUE(dial(denying("192.0.2.0/24"), denying("192.0.2.0/24")));
  EXPECT_TRUE(connected_);
}

}  // namespace
}  // namespace ghostnet::libp2p::gate_test
