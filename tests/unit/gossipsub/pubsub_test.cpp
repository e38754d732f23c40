// Pubsub on nodes in memory: signatures, streams that are lost, peers that break the rules.
#include "ghostnet/gossipsub/pubsub.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ghostnet/runtime/wire.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::gossipsub::pubsub_test {
namespace {

using libp2p::KeyPair;
using libp2p::Multiaddr;
using libp2p::PeerId;

constexpr std::string_view kTopic = "news";

Task<> connect(libp2p::Node& node, Multiaddr address) { static_cast<void>(co_await node.connect(address)); }

class Listener final : public PubsubHandler {
 public:
  void received(const Delivery& delivery) override {
    texts.emplace_back(as_text(delivery.message.data));
    seqno.assign(delivery.message.seqno->begin(), delivery.message.seqno->end());
  }
  std::optional<Verdict> validate(MessageSeq seq, const Message& message, const PeerId& from) override {
    if (!holds) return Verdict::accept;
    awaited.push_back(seq);
    brought_by = from;
    EXPECT_FALSE(message.data.empty());
    return std::nullopt;
  }
  bool holds = false;  // verdicts are left open
  std::vector<MessageSeq> awaited;
  PeerId brought_by;
  std::vector<std::string> texts;
  std::vector<std::uint8_t> seqno;  // of the last
};

struct Member {
  Member(support::TestHost& on, crypto::SecureRandom& random, const RouterOptions& with = {},
         const libp2p::NodeOptions& node_options = {})
      : host(on), options(with), node(on, KeyPair::generate_ed25519(random), node_options) {
    static_cast<void>(*node.listen(Multiaddr::tcp(host.endpoint(4001))));
    start();
  }
  void start(std::vector<PeerId> direct_peers = {}) {
    pubsub.reset();
    pubsub = std::make_unique<Pubsub>(node, options, ScoreParams{}, listener, nullptr, std::move(direct_peers));
    EXPECT_TRUE(pubsub->subscribe(kTopic));
  }
  Multiaddr address() const { return Multiaddr::tcp(host.endpoint(4001)).with_peer(node.id()); }
  void publish(std::string_view text) { EXPECT_TRUE(pubsub->publish(kTopic, as_bytes(text))); }

  support::TestHost& host;
  RouterOptions options;
  libp2p::Node node;
  Listener listener;
  std::unique_ptr<Pubsub> pubsub;
};

// Takes streams of pubsub without speaking it, and drops the first ones.
class Fickle final : public libp2p::StreamHandler {
 public:
  Fickle(libp2p::Node& node, int drops) : drops_(drops), handling_(*node.handle("/meshsub/1.1.0", *this)) {}
  void accept(std::unique_ptr<libp2p::PeerStream> stream) override {
    if (++accepted > drops_) held_.push_back(std::move(stream));
  }
  int accepted = 0;

 private:
  int drops_;
  std::vector<std::unique_ptr<libp2p::PeerStream>> held_;
  libp2p::Registration handling_;
};

class PubsubPeers : public testing::Test {
 protected:
  void join(libp2p::Node& from, const Multiaddr& to) {
    scope_.spawn(connect(from, to));
    world_.run_for(3s);
  }
  support::TestWorld world_{{.latency = 10ms}};
  support::TestHost& first_ = world_.add_host();
  support::TestHost& second_ = world_.add_host();
  support::TestHost& third_ = world_.add_host();
  crypto::HostRandom random_{first_};
  Scope scope_{world_.loop()};
};

TEST_F(PubsubPeers, AForgedSignatureDoesNotKeepOutTheTrueMessage) {
  Member author(first_, random_);
  Member target(second_, random_);
  Member forger(third_, random_);
  join(author.node, target.address());
  join(forger.node, target.address());
  author.publish("one");
  world_.run_for(3s);
  ASSERT_EQ(forger.listener.texts.size(), 1U);
  std::vector<std::uint8_t> next = forger.listener.seqno;
  store_be<std::uint64_t>(next.data(), load_be<std::uint64_t>(next.data()) + 1);
  const std::vector<std::uint8_t> junk(64, 0x5a);
  const Bytes forged = NewMessage{.from = author.node.id().bytes(),
                                  .data = as_bytes("forged"),
                                  .seqno = next,
                                  .topic = kTopic,
                                  .signature = junk}
                           .encode();
  Rpc rpc;
  rpc.publish.push_back(forged.view());
  ASSERT_TRUE(forger.pubsub->send_as_is(target.node.id(), rpc));
  world_.run_for(1s);
  author.publish("two");
  world_.run_for(3s);
  EXPECT_THAT(target.listener.texts, testing::ElementsAre("one", "two"));
}

TEST_F(PubsubPeers, ALostStreamIsOpenedAgain) {
  Member member(first_, random_);
  libp2p::Node other(second_, KeyPair::generate_ed25519(random_));
  Fickle fickle(other, 2);
  scope_.spawn(connect(other, member.address()));
  world_.run_for(500ms);
  EXPECT_EQ(fickle.accepted, 1);
  EXPECT_EQ(member.pubsub->router().peer_count(), 0U) << "who does not listen is no peer";
  world_.run_for(1s);
  EXPECT_EQ(fickle.accepted, 2);
  world_.run_for(3s);
  EXPECT_EQ(fickle.accepted, 3);
  EXPECT_EQ(member.pubsub->router().peer_count(), 1U);
  world_.run_for(10min);
  EXPECT_EQ(fickle.accepted, 3);
}

TEST_F(PubsubPeers, WhoStartsAgainOverTheSameConnectionIsFound) {
  Member one(first_, random_);
  Member two(second_, random_);
  join(one.node, two.address());
  ASSERT_EQ(one.pubsub->mesh(kTopic).size(), 1U);
  two.pubsub.reset();
  two.start();
  world_.run_for(15s);
  ASSERT_TRUE(one.node.is_connected(two.node.id()));
  one.publish("still there");
  two.publish("and here");
  world_.run_for(1s);
  EXPECT_THAT(two.listener.texts, testing::ElementsAre("still there"));
  EXPECT_THAT(one.listener.texts, testing::ElementsAre("and here"));
  EXPECT_EQ(one.pubsub->mesh(kTopic).size(), 1U);
}

TEST_F(PubsubPeers, WhoIsPrunedLearnsWhereOthersAre) {
  RouterOptions options;
  options.d = options.d_low = options.d_high = 2;
  options.d_score = 1;
  options.d_out = 0;
  options.peer_exchange = true;
  Member hub(first_, random_, options);
  std::vector<std::unique_ptr<Member>> leaves;
  for (int i = 0; i < 4; ++i) {
    leaves.push_back(std::make_unique<Member>(world_.add_host(), random_, options));
    join(leaves.back()->node, hub.address());
  }
  world_.run_for(10s);
  std::size_t met = 0;
  for (const auto& leaf : leaves) met += leaf->node.connected_peers().size() > 1 ? 1 : 0;
  EXPECT_GE(met, 2U);
}

TEST_F(PubsubPeers, WhoBreaksTheProtocolIsNotListenedToAndToldOfOnce) {
  Member member(first_, random_);
  libp2p::Node other(second_, KeyPair::generate_ed25519(random_));
  Fickle fickle(other, 0);
  join(other, member.address());
  auto stream = other.open_stream_now(member.node.id(), "/meshsub/1.1.0");
  ASSERT_TRUE(stream);
  const std::vector<std::uint8_t> garbage = {2, 0xff, 0xff, 2, 0xff, 0xff, 2, 0xff, 0xff};
  const ByteView part(garbage);
  ASSERT_TRUE((*stream)->try_write(std::span(&part, 1)));
  world_.run_for(10s);
  EXPECT_EQ(member.pubsub->router().counters().malformed, 1U);
  EXPECT_FALSE(member.node.is_connected(other.id()));
}

TEST_F(PubsubPeers, AVerdictMayComeLater) {
  Member author(first_, random_);
  Member middle(second_, random_);
  Member end(third_, random_);
  join(author.node, middle.address());
  join(end.node, middle.address());
  middle.listener.holds = true;
  for (const char* text : {"good", "dull", "bad"}) author.publish(text);
  world_.run_for(1s);
  ASSERT_EQ(middle.listener.awaited.size(), 3U);
  EXPECT_EQ(middle.listener.brought_by, author.node.id());
  EXPECT_TRUE(middle.listener.texts.empty());
  middle.pubsub->conclude(middle.listener.awaited[0], Verdict::accept);
  middle.pubsub->conclude(middle.listener.awaited[1], Verdict::ignore);
  middle.pubsub->conclude(middle.listener.awaited[2], Verdict::reject);
  middle.pubsub->conclude(middle.listener.awaited[0], Verdict::reject);  // it is settled
  world_.run_for(3s);
  EXPECT_THAT(middle.listener.texts, testing::ElementsAre("good"));
  EXPECT_THAT(end.listener.texts, testing::ElementsAre("good"));
  EXPECT_EQ(middle.pubsub->router().counters().ignored, 1U);
  EXPECT_EQ(middle.pubsub->router().counters().rejected, 1U);
}

TEST_F(PubsubPeers, DirectPeersAreDialledAndDialledAgain) {
  RouterOptions options;
  options.direct_connect_ticks = 10;
  options.d = options.d_low = options.d_high = options.d_out = options.d_score = 0;  // no mesh at all
  options.flood_publish = false;
  Member one(first_, random_, options);
  Member two(second_, random_, options);
  const Multiaddr there = Multiaddr::tcp(second_.endpoint(4001));
  one.node.peers().add_addresses(two.node.id(), std::span(&there, 1), world_.now(), 1h);
  two.start({one.node.id()});
  one.start({two.node.id()});
  world_.run_for(3s);
  ASSERT_TRUE(one.node.is_connected(two.node.id()));
  one.publish("first");
  world_.run_for(1s);
  two.node.disconnect(one.node.id());
  world_.run_for(1s);
  ASSERT_FALSE(one.node.is_connected(two.node.id()));
  world_.run_for(20s);
  ASSERT_TRUE(one.node.is_connected(two.node.id()));
  one.publish("second");
  world_.run_for(1s);
  EXPECT_THAT(two.listener.texts, testing::ElementsAre("first", "second"));
}

// The mesh is not what is closed for being too much.
TEST_F(PubsubPeers, PeersOfTheMeshStayConnected) {
  Member hub(first_, random_, {}, {.low_water = 1, .high_water = 2, .grace_period = 1s});
  Member friendly(second_, random_);
  join(friendly.node, hub.address());
  ASSERT_EQ(hub.pubsub->mesh(kTopic).size(), 1U);
  std::vector<std::unique_ptr<libp2p::Node>> strangers;
  for (int i = 0; i < 4; ++i) {
    strangers.push_back(std::make_unique<libp2p::Node>(world_.add_host(), KeyPair::generate_ed25519(random_)));
    join(*strangers.back(), hub.address());
  }
  EXPECT_TRUE(hub.node.is_connected(friendly.node.id()));
  EXPECT_LE(hub.node.connected_peers().size(), 3U);
  hub.pubsub->unsubscribe(kTopic);
  friendly.pubsub->unsubscribe(kTopic);
  world_.run_for(1s);
  for (int i = 0; i < 4; ++i) {
    strangers.push_back(std::make_unique<libp2p::Node>(world_.add_host(), KeyPair::generate_ed25519(random_)));
    join(*strangers.back(), hub.address());
  }
  EXPECT_FALSE(hub.node.is_connected(friendly.node.id())) << "it is worth no more than others";
}

}  // namespace
}  // namespace ghostnet::gossipsub::pubsub_test
