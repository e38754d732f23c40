// What peers can make a node keep and do besides breaking a protocol: connections of one address, identify without end,
// and more connections than a node wants while all of them are young.
#include <gtest/gtest.h>

#include "ghostnet/libp2p/identify.hpp"
#include "ghostnet/libp2p/message.hpp"
#include "ghostnet/libp2p/node.hpp"
#include "ghostnet/libp2p/source.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::libp2p::hostile_bounds_test {
namespace {

Task<> connect(Node& node, Multiaddr address) { static_cast<void>(co_await node.connect(address)); }

Task<> send(PeerStream& stream, std::vector<std::uint8_t> message) {
  static_cast<void>(co_await write_message(stream, message));
}

class BoundsOfANode : public testing::Test {
 protected:
  std::unique_ptr<Node> make(support::TestHost& host, NodeOptions options = {}) {
    return std::make_unique<Node>(host, KeyPair::generate_ed25519(random_), std::move(options));
  }
  void start(NodeOptions options = {}) {
    victim_ = make(victim_host_, std::move(options));
    ASSERT_TRUE(victim_->listen(Multiaddr::tcp(victim_host_.endpoint(4001))));
  }
  // Dials the victim from the host, as somebody else each time.
  Node& join(support::TestHost& host) {
    others_.push_back(make(host));
    scope_.spawn(connect(*others_.back(), Multiaddr::tcp(victim_host_.endpoint(4001)).with_peer(victim_->id())));
    world_.run_for(500ms);
    return *others_.back();
  }
  // How many streams for the protocol are open after so many were tried.
  std::size_t open_streams(Node& from, std::string_view protocol, int tried) {
    for (int i = 0; i < tried; ++i) {
      auto stream = from.open_stream_now(victim_->id(), protocol);
      if (!stream) break;
      const ByteView byte = as_bytes("\x7f");  // a message begins
      static_cast<void>((*stream)->try_write(std::span(&byte, 1)));
      held_.push_back(std::move(*stream));
      world_.run_for(100ms);
    }
    std::array<std::uint8_t, 1> room;
    return static_cast<std::size_t>(std::ranges::count_if(held_, [&room](const auto& stream) {
      const Result<std::size_t> read = stream->try_read(room);
      return !read && read.error() == Errc::would_block;
    }));
  }

  support::TestWorld world_{{.latency = 10ms}};
  support::TestHost& victim_host_ = world_.add_host();
  support::TestHost& attacker_ = world_.add_host();
  crypto::HostRandom random_{victim_host_};
  std::unique_ptr<Node> victim_;
  std::vector<std::unique_ptr<Node>> others_;
  std::vector<std::unique_ptr<PeerStream>> held_;
  Scope scope_{world_.loop()};
};

TEST_F(BoundsOfANode, OneAddressHasOnlySoManyConnections) {
  start({.max_inbound_per_address = 5});
  for (int i = 0; i < 10; ++i) join(attacker_);
  EXPECT_EQ(victim_->connection_count(Direction::inbound), 5u);
  EXPECT_EQ(victim_->metrics().refused.value(), 5u);
  Node& honest = join(world_.add_host());
  EXPECT_TRUE(honest.is_connected(victim_->id()));
  others_.erase(others_.begin(), others_.begin() + 2);
  world_.run_for(10s);
  join(attacker_);
  EXPECT_EQ(victim_->connection_count(Direction::inbound), 5u) << "three of the first, the honest one, and this";
}

TEST(Source, IsAnIpv4AddressOrANetworkOfIpv6) {
  const auto source = [](std::string_view text) { return source_of(*IpAddress::parse(text)).to_string(); };
  EXPECT_EQ(source("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(source("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(source("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
  EXPECT_EQ(source("fd00::1:2:3:4"), "fd00::1:2:3:4") << "private";
  EXPECT_EQ(source("fe80::1"), "fe80::1");
}

TEST_F(BoundsOfANode, IdentifyIsPushedOverAFewStreamsAtOnce) {
  start();
  Node& attacker = join(attacker_);
  EXPECT_EQ(open_streams(attacker, kIdentifyPushId, 20), kMaxPushStreams);
}

TEST_F(BoundsOfANode, IdentifyIsPushedOnlySoOften) {
  start();
  Node& attacker = join(attacker_);
  const std::uint64_t before = victim_->metrics().streams_refused.value();
  for (int i = 0; i < 100; ++i) {
    attacker.push_identify();
    world_.run_for(100ms);
  }
  EXPECT_GT(victim_->metrics().streams_refused.value() - before, 60u);
  world_.run_for(60s);
  const std::uint64_t later = victim_->metrics().streams_refused.value();
  attacker.push_identify();
  world_.run_for(1s);
  EXPECT_EQ(victim_->metrics().streams_refused.value(), later);
  EXPECT_TRUE(attacker.is_connected(victim_->id()));
}

// Thousands of addresses and protocols in the messages that one push may have: what is kept is bounded.
TEST_F(BoundsOfANode, OfWhatAPeerSaysOfItselfSoMuchIsKept) {
  start();
  Node& attacker = join(attacker_);
  auto stream = *attacker.open_stream_now(victim_->id(), kIdentifyPushId);
  for (std::size_t message = 0; message < kMaxIdentifyMessages; ++message) {
    Identify part;
    for (std::uint32_t i = 0; i < 500; ++i) {
      const auto port = static_cast<std::uint16_t>(message * 500 + i + 1);
      part.listen_addresses.push_back(Multiaddr::tcp(Endpoint(IpAddress::v4(1, 1, 1, 1), port)));
    }
    const std::vector<std::uint8_t> encoded = part.encode();
    ASSERT_LE(encoded.size(), kMaxIdentifyBytes);
    scope_.spawn(send(*stream, encoded));
    world_.run_for(100ms);
  }
  static_cast<void>(stream->shutdown_send());
  world_.run_for(1s);
  const std::vector<Multiaddr> known = victim_->peers().addresses(attacker.id(), world_.now());
  EXPECT_GT(known.size(), 1u);
  EXPECT_LE(known.size(), PeerStore::kMaxAddresses);
}

TEST_F(BoundsOfANode, TooManyYoungConnectionsAreClosedWhenTheyAreOlder) {
  start({.low_water = 2, .high_water = 3, .grace_period = 30s});
  for (int i = 0; i < 6; ++i) join(world_.add_host());
  EXPECT_EQ(victim_->connections().size(), 6u) << "all are young";
  world_.run_for(60s);
  EXPECT_EQ(victim_->connections().size(), 2u);
}

}  // namespace
}  // namespace ghostnet::libp2p::hostile_bounds_test
