#include "ghostnet/gossipsub/router.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ghostnet/runtime/wire.hpp"
#include "router_net.hpp"

namespace ghostnet::gossipsub::router_test {
namespace {

using test::id_of;
using test::Node;
using test::RouterNet;
using test::unsigned_message;

constexpr std::string_view kTopic = "news";

Router::Config config() { return {.options = {.flood_publish = false}, .scoring = {}, .own_id = {}}; }
Router::Config scored() {
  Router::Config with = config();
  with.scoring.enabled = true;
  return with;
}

Bytes rpc(const Rpc& content) { return content.encode(); }

// ---- the mesh ----

TEST(RouterMesh, GrowsToDAndIsMutual) {
  RouterNet net(config());
  net.add(20);
  net.connect_all();
  net.subscribe_all(kTopic);
  net.run_for(10s);
  for (std::size_t node = 0; node < net.size(); ++node) {
    const auto mesh = net[node].router.mesh(kTopic);
    EXPECT_GE(mesh.size(), 5U);
    EXPECT_LE(mesh.size(), 12U);
    for (const PeerHandle peer : mesh) {
      const std::string_view id = net[node].router.peer_id(peer).text();
      const std::size_t other = std::stoul(std::string(id.substr(5)));
      EXPECT_THAT(net[other].router.mesh(kTopic), testing::Contains(net.handle(other, node))) << node << " " << id;
    }
  }
}

TEST(RouterMesh, LeavingPrunesAndForbidsToComeBackAtOnce) {
  RouterNet net(config());
  net.add(2);
  net.connect(0, 1);
  net.subscribe_all(kTopic);
  net.run_for(2s);
  ASSERT_EQ(net[0].router.mesh(kTopic).size(), 1U);
  net[1].router.unsubscribe(net.now(), kTopic);
  net.run_for(1s);
  EXPECT_TRUE(net[0].router.mesh(kTopic).empty());
  ASSERT_TRUE(net[1].router.subscribe(net.now(), kTopic));
  net.run_for(5s);
  EXPECT_TRUE(net[0].router.mesh(kTopic).empty()) << "the backoff of 10 s is not over";
  net.run_for(10s);
  EXPECT_EQ(net[0].router.mesh(kTopic).size(), 1U);
}

TEST(RouterMesh, AFullOneTakesOnlyThoseItDialled) {
  Router::Config with = config();
  with.options.d = with.options.d_high = with.options.d_low = 2;
  with.options.d_score = 1;
  with.options.d_out = 0;
  RouterNet net(with);
  net.add(5);
  for (std::size_t i = 1; i <= 3; ++i) net.connect(i, 0);
  net.connect(0, 4);
  net.subscribe_all(kTopic);
  net.run_for(3s);
  const auto before = net[0].router.mesh(kTopic);
  ASSERT_EQ(before.size(), 2U);
  Rpc graft;
  graft.graft = {kTopic};
  for (std::size_t i = 1; i <= 4; ++i) net[0].router.receive(net.now(), net.handle(0, i), rpc(graft));
  auto expected = before;
  if (std::ranges::find(before, net.handle(0, 4)) == before.end()) expected.push_back(net.handle(0, 4));
  EXPECT_EQ(net[0].router.mesh(kTopic), expected);
}

TEST(RouterMesh, AGraftDuringItsBackoffIsPrunedAndPunished) {
  RouterNet net(scored());
  net.add(2);
  net.connect(1, 0);
  ASSERT_TRUE(net[0].router.subscribe(net.now(), kTopic));
  Rpc prune;
  prune.prune = {{.topic = kTopic, .backoff_s = 60}};
  net[0].router.receive(net.now(), net.handle(0, 1), rpc(prune));
  Rpc graft;
  graft.graft = {kTopic};
  net[0].router.receive(net.now(), net.handle(0, 1), rpc(graft));
  EXPECT_TRUE(net[0].router.mesh(kTopic).empty());
  EXPECT_EQ(net[0].router.score(net.handle(0, 1)), -10 * 4) << "two penalties, as it came at once";
}

TEST(RouterMesh, AGraftForAnUnknownTopicIsNotAnswered) {
  RouterNet net(config());
  net.add(2);
  net.connect(1, 0);
  Rpc graft;
  graft.graft = {kTopic};
  net[0].router.receive(net.now(), net.handle(0, 1), rpc(graft));
  EXPECT_FALSE(net[0].router.has_frames(net.handle(0, 1)));
}

TEST(RouterMesh, ShrinksToDAndNamesOthersToThoseItPrunes) {
  Router::Config with = config();
  with.options.peer_exchange = true;
  with.options.d_high = 8;
  RouterNet net(with);
  net.add(16);
  for (std::size_t i = 1; i < net.size(); ++i) net.connect(0, i);
  net.subscribe_all(kTopic);
  Rpc graft;
  graft.graft = {kTopic};
  net.run_for(50ms);
  for (std::size_t i = 1; i < net.size(); ++i) {
    net[0].router.receive(net.now(), net.handle(0, i), rpc(graft));
    net[i].router.receive(net.now(), net.handle(i, 0), rpc(graft));
  }
  ASSERT_EQ(net[0].router.mesh(kTopic).size(), 15U);
  net.run_for(2s);
  EXPECT_LE(net[0].router.mesh(kTopic).size(), 8U);
  std::size_t told = 0;
  for (std::size_t i = 1; i < net.size(); ++i) told += net[i].exchanges.empty() ? 0 : 1;
  EXPECT_GE(told, 7U);
}

// Whoever comes later would be refused for ever by a mesh that stays as full as it may be.
TEST(RouterMesh, AFullMeshMakesRoomForOthers) {
  RouterNet net(config());
  const std::size_t full = config().options.d_high;
  net.add(full + 2);
  for (std::size_t i = 1; i <= full; ++i) net.connect(i, 0);
  net.subscribe_all(kTopic);
  net.run_for(50ms);
  Rpc graft;
  graft.graft = {kTopic};
  for (std::size_t i = 1; i <= full; ++i) net[0].router.receive(net.now(), net.handle(0, i), rpc(graft));
  ASSERT_EQ(net[0].router.mesh(kTopic).size(), full);
  net.run_for(2s);
  EXPECT_LT(net[0].router.mesh(kTopic).size(), full);
  net.connect(full + 1, 0);
  net[0].router.receive(net.now(), net.handle(0, full + 1), rpc(graft));
  EXPECT_THAT(net[0].router.mesh(kTopic), testing::Contains(net.handle(0, full + 1)));
}

TEST(RouterMesh, APeerThatLeftIsNowhere) {
  RouterNet net(scored());
  net.add(3);
  net.connect_all();
  net.subscribe_all(kTopic);
  net.run_for(2s);
  net[0].router.remove_peer(net.now(), net.handle(0, 1));
  EXPECT_EQ(net[0].router.peer_count(), 1U);
  EXPECT_THAT(net[0].router.mesh(kTopic), testing::ElementsAre(net.handle(0, 2)));
  net[0].router.receive(net.now(), net.handle(0, 1), rpc({}));  // what was under way
  ASSERT_TRUE(net[0].router.publish(net.now(), unsigned_message(kTopic, "x")));
  net.run_for(2s);
}

TEST(RouterMesh, NamesAreTakenOverOnlyFromThoseInTheMesh) {
  for (const bool on : {true, false}) {
    Router::Config with = config();
    with.options.peer_exchange = on;
    RouterNet net(with);
    net.add(3);
    net.connect(0, 1);
    net.connect(0, 2);
    ASSERT_TRUE(net[0].router.subscribe(net.now(), kTopic));
    ASSERT_TRUE(net[1].router.subscribe(net.now(), kTopic));
    net.run_for(3s);
    ASSERT_THAT(net[0].router.mesh(kTopic), testing::ElementsAre(net.handle(0, 1)));
    Rpc prune;
    const Bytes named = id_of(9);
    prune.peers = {{.peer_id = named.view()}};
    prune.prune = {{.topic = kTopic, .peers = {.first = 0, .count = 1}, .backoff_s = 60}};
    net[0].router.receive(net.now(), net.handle(0, 2), rpc(prune));
    EXPECT_TRUE(net[0].exchanges.empty()) << "it was in no mesh";
    net[0].router.receive(net.now(), net.handle(0, 1), rpc(prune));
    EXPECT_EQ(net[0].exchanges.size(), on ? 1U : 0U);
  }
}

// ---- messages ----

TEST(RouterMessages, AForgeryDoesNotKeepOutTheTrueOne) {
  RouterNet net(scored());
  net.add(3);
  net.connect(0, 1);
  net.connect(0, 2);
  net.subscribe_all(kTopic);
  net.run_for(3s);
  const std::string same(MessageId::kMaxBytes, 'x');  // what the id is made of
  Rpc forgery;
  const Bytes forged = unsigned_message(kTopic, same + "(forged)");
  forgery.publish = {forged.view()};
  net[0].router.receive(net.now(), net.handle(0, 1), rpc(forgery));
  EXPECT_TRUE(net[0].asked.empty());
  EXPECT_EQ(net[0].router.counters().rejected, 1U);
  EXPECT_LT(net[0].router.score(net.handle(0, 1)), 0);
  const double before = net[0].router.score(net.handle(0, 2));
  Rpc genuine;
  const Bytes message = unsigned_message(kTopic, same + "(true)");
  genuine.publish = {message.view()};
  net[0].router.receive(net.now(), net.handle(0, 2), rpc(genuine));
  EXPECT_THAT(net[0].delivered, testing::ElementsAre(same + "(true)"));
  EXPECT_GE(net[0].router.score(net.handle(0, 2)), before) << "it is not blamed for the forgery";
}

TEST(RouterMessages, ReachEverybodyOnce) {
  RouterNet net(config());
  net.add(50);
  net.connect_randomly(6);
  net.subscribe_all(kTopic);
  net.run_for(5s);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(
        net[static_cast<std::size_t>(i)].router.publish(net.now(), unsigned_message(kTopic, "m" + std::to_string(i))));
    net.run_for(300ms);
  }
  net.run_for(3s);
  for (std::size_t node = 0; node < net.size(); ++node) {
    EXPECT_EQ(net[node].delivered.size(), node < 10 ? 9U : 10U) << node;
    EXPECT_TRUE(net[node].drops.empty());
  }
}

TEST(RouterMessages, TwoRunsAreTheSame) {
  const auto run = [] {
    RouterNet net(scored());
    net.add(30);
    net.connect_randomly(5);
    net.subscribe_all(kTopic);
    net.run_for(3s);
    EXPECT_TRUE(net[0].router.publish(net.now(), unsigned_message(kTopic, "m")));
    net.run_for(3s);
    std::vector<std::uint64_t> counts;
    for (std::size_t node = 0; node < net.size(); ++node) {
      const RouterCounters& counters = net[node].router.counters();
      counts.insert(counts.end(), {counters.duplicates, counters.grafts, counters.prunes, counters.control_bytes});
    }
    return counts;
  };
  EXPECT_EQ(run(), run());
}

TEST(RouterMessages, FloodPublishingGoesToAllPeersOfTheTopic) {
  Router::Config with = config();
  with.options.flood_publish = true;
  RouterNet net(with);
  net.add(20);
  net.connect_all();
  net.subscribe_all(kTopic);
  net.run_for(2s);
  ASSERT_TRUE(net[0].router.publish(net.now(), unsigned_message(kTopic, "m")));
  EXPECT_EQ(net[0].router.counters().forwarded, 19U);
}

TEST(RouterMessages, WhoDoesNotSubscribePublishesThroughAFanout) {
  RouterNet net(config());
  net.add(20);
  net.connect_all();
  for (std::size_t i = 1; i < net.size(); ++i) ASSERT_TRUE(net[i].router.subscribe(net.now(), kTopic));
  net.run_for(2s);
  ASSERT_TRUE(net[0].router.publish(net.now(), unsigned_message(kTopic, "m")));
  EXPECT_EQ(net[0].router.counters().forwarded, 6U);
  net.run_for(2s);
  for (std::size_t i = 1; i < net.size(); ++i) EXPECT_EQ(net[i].delivered.size(), 1U);
  EXPECT_TRUE(net[0].delivered.empty());
}

TEST(RouterMessages, FloodsubPeersAreServed) {
  RouterNet net(config());
  net.add(Version::v1_2);
  net.add(Version::floodsub);
  net.add(Version::v1_2);
  net.connect(0, 1);
  net.connect(2, 0);
  net.subscribe_all(kTopic);
  net.run_for(2s);
  EXPECT_EQ(net[0].router.mesh(kTopic).size(), 1U) << "a floodsub peer is in no mesh";
  ASSERT_TRUE(net[2].router.publish(net.now(), unsigned_message(kTopic, "m")));
  net.run_for(1s);
  EXPECT_THAT(net[1].delivered, testing::ElementsAre("m"));
}

TEST(RouterMessages, DirectPeersGetEverythingOutsideOfTheMesh) {
  Router::Config with = config();
  with.direct_peers = {id_of(0), id_of(1)};
  RouterNet net(with);
  net.add(2);
  net.connect(0, 1);
  net.subscribe_all(kTopic);
  net.run_for(3s);
  EXPECT_TRUE(net[0].router.mesh(kTopic).empty());
  ASSERT_TRUE(net[0].router.publish(net.now(), unsigned_message(kTopic, "m")));
  net.run_for(1s);
  EXPECT_THAT(net[1].delivered, testing::ElementsAre("m"));
}

TEST(RouterMessages, AreNotForwardedBeforeTheVerdict) {
  RouterNet net(config());
  net.add(3);
  net.connect(0, 1);
  net.connect(1, 2);
  net.subscribe_all(kTopic);
  net.run_for(2s);
  net[1].verdict.reset();
  ASSERT_TRUE(net[0].router.publish(net.now(), unsigned_message(kTopic, "m")));
  net.run_for(100ms);
  ASSERT_EQ(net[1].asked.size(), 1U);
  EXPECT_TRUE(net[2].delivered.empty());
  net[1].router.conclude(net.now(), net[1].asked[0], Verdict::accept);
  net.run_for(100ms);
  EXPECT_THAT(net[2].delivered, testing::ElementsAre("m"));
}

TEST(RouterMessages, RejectedOnesCountAgainstAllWhoBroughtThem) {
  RouterNet net(scored());
  net.add(3);
  net.connect(1, 0);
  net.connect(2, 0);
  ASSERT_TRUE(net[0].router.subscribe(net.now(), kTopic));
  net[0].verdict.reset();
  Rpc bad;
  const Bytes message = unsigned_message(kTopic, "bad");
  bad.publish = {message.view()};
  for (std::size_t i = 1; i <= 2; ++i) net[0].router.receive(net.now(), net.handle(0, i), rpc(bad));
  ASSERT_EQ(net[0].asked.size(), 1U);
  net[0].router.conclude(net.now(), net[0].asked[0], Verdict::reject);
  EXPECT_LT(net[0].router.score(net.handle(0, 1)), 0);
  EXPECT_LT(net[0].router.score(net.handle(0, 2)), 0);
  EXPECT_TRUE(net[0].delivered.empty());
}

TEST(RouterMessages, ThePolicyIsKept) {
  RouterNet net(scored());
  net.add(2);
  net.connect(1, 0);
  ASSERT_TRUE(net[0].router.subscribe(net.now(), kTopic));
  Rpc stamped;
  const Bytes message = NewMessage{.from = as_bytes("x"), .data = as_bytes("m"), .topic = kTopic}.encode();
  stamped.publish = {message.view()};
  net[0].router.receive(net.now(), net.handle(0, 1), rpc(stamped));
  EXPECT_EQ(net[0].router.counters().rejected, 1U);
  EXPECT_TRUE(net[0].delivered.empty());
  EXPECT_FALSE(net[0].router.publish(net.now(), message));
}

TEST(RouterMessages, TheSameOneIsPublishedOnce) {
  RouterNet net(config());
  net.add(1);
  ASSERT_TRUE(net[0].router.publish(net.now(), unsigned_message(kTopic, "m")));
  EXPECT_EQ(net[0].router.publish(net.now(), unsigned_message(kTopic, "m")).error(), Errc::invalid_argument);
}

// ---- gossip ----

struct Pair : RouterNet {
  explicit Pair(Router::Config with) : RouterNet(std::move(with)) {
    add(2);
    connect(1, 0);
    subscribe_all(kTopic);
    run_for(100ms);
  }
  // As if node 1 had sent it.
  void inject(const Rpc& content) { (*this)[0].router.receive(now(), handle(0, 1), rpc(content)); }
  std::optional<Frame> sent() { return (*this)[0].router.next_frame(handle(0, 1)); }
};

TEST(RouterGossip, FillsWhatTheMeshLost) {
  Router::Config with = config();
  with.options.d = with.options.d_low = with.options.d_high = with.options.d_score = with.options.d_out = 0;
  RouterNet net(with);  // nobody has a mesh: all goes by gossip
  net.add(10);
  net.connect_all();
  net.subscribe_all(kTopic);
  net.run_for(1s);
  Rpc first;
  const Bytes message = unsigned_message(kTopic, "m");
  first.publish = {message.view()};
  net[0].router.receive(net.now(), net.handle(0, 1), rpc(first));
  net.run_for(5s);
  for (std::size_t node = 2; node < net.size(); ++node) EXPECT_THAT(net[node].delivered, testing::ElementsAre("m"));
}

TEST(RouterGossip, WantedMessagesAreServedAFewTimes) {
  Pair net(config());
  ASSERT_TRUE(net[0].router.publish(net.now(), unsigned_message(kTopic, "m")));
  while (net.sent()) {
  }
  Rpc iwant;
  iwant.iwant = {as_bytes("m")};
  for (int i = 0; i < 10; ++i) net.inject(iwant);
  EXPECT_EQ(net[0].router.counters().iwant_served, 3U);
}

TEST(RouterGossip, IhavesAreAnsweredWithinBounds) {
  Router::Config with = config();
  with.options.max_ihave_ids = 100;
  with.options.max_ihave_messages = 3;
  Pair net(with);
  std::vector<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.push_back("unheard-" + std::to_string(i));
  for (int round = 0; round < 10; ++round) {
    Rpc ihave;
    for (int i = 0; i < 60; ++i) ihave.ids.push_back(as_bytes(ids[static_cast<std::size_t>(round * 60 + i)]));
    ihave.ihave = {{.topic = kTopic, .ids = {.first = 0, .count = 60}}};
    net.inject(ihave);
  }
  EXPECT_EQ(net[0].router.counters().iwant_sent, 100U);
}

TEST(RouterGossip, APromiseThatIsNotKeptIsPunished) {
  Pair net(scored());
  Rpc ihave;
  ihave.ids = {as_bytes("never sent")};
  ihave.ihave = {{.topic = kTopic, .ids = {.first = 0, .count = 1}}};
  net.inject(ihave);
  EXPECT_EQ(net[0].router.counters().iwant_sent, 1U);
  net.run_for(5s);
  EXPECT_EQ(net[0].router.counters().broken_promises, 1U);
  EXPECT_LT(net[0].router.score(net.handle(0, 1)), 0);
}

// ---- IDONTWANT ----

TEST(RouterIdontwant, SavesTheCopy) {
  Router::Config with = config();
  with.options.flood_publish = true;
  Pair net(with);
  Rpc unwanted;
  unwanted.idontwant = {as_bytes("m")};
  net.inject(unwanted);
  ASSERT_TRUE(net[0].router.publish(net.now(), unsigned_message(kTopic, "m")));
  EXPECT_EQ(net[0].router.counters().suppressed, 1U);
}

TEST(RouterIdontwant, SavesACopyThatStillWaits) {
  Router::Config with = config();
  with.options.flood_publish = true;
  Pair net(with);
  while (net.sent()) {
  }
  ASSERT_TRUE(net[0].router.publish(net.now(), unsigned_message(kTopic, "m")));
  Rpc unwanted;
  unwanted.idontwant = {as_bytes("m")};
  net.inject(unwanted);
  EXPECT_FALSE(net.sent());
  EXPECT_EQ(net[0].router.counters().suppressed, 1U);
}

TEST(RouterIdontwant, IsForgottenAfterAFewHeartbeatsAndBounded) {
  Router::Config with = config();
  with.options.flood_publish = true;
  Pair net(with);
  Rpc unwanted;
  unwanted.idontwant = {as_bytes("m")};
  net.inject(unwanted);
  net.run_for(4s);
  ASSERT_TRUE(net[0].router.publish(net.now(), unsigned_message(kTopic, "m")));
  EXPECT_EQ(net[0].router.counters().suppressed, 0U);

  Rpc other;
  other.idontwant = {as_bytes("other")};
  for (int i = 0; i < 11; ++i) net.inject(other);
  Rpc late;
  late.idontwant = {as_bytes("late")};
  net.inject(late);
  ASSERT_TRUE(net[0].router.publish(net.now(), unsigned_message(kTopic, "late")));
  EXPECT_EQ(net[0].router.counters().suppressed, 0U) << "beyond max_idontwant_messages";
}

TEST(RouterIdontwant, IsSaidOfLargeMessagesToTheMesh) {
  RouterNet net(config());
  net.add(12);
  net.connect_all();
  net.subscribe_all(kTopic);
  net.run_for(3s);
  ASSERT_TRUE(net[0].router.publish(net.now(), unsigned_message(kTopic, "small")));
  net.run_for(1s);
  EXPECT_EQ(net[1].router.counters().idontwant_sent, 0U);
  ASSERT_TRUE(net[0].router.publish(net.now(), unsigned_message(kTopic, std::string(2000, 'x'))));
  net.run_for(1s);
  EXPECT_GT(net[1].router.counters().idontwant_sent, 0U);
}

// ---- hostile peers ----

TEST(RouterHostile, AGraylistedPeerIsNotHeard) {
  RouterNet net(scored());
  net.add(2);
  net.connect(1, 0);
  ASSERT_TRUE(net[0].router.subscribe(net.now(), kTopic));
  net[0].router.set_app_score(net.handle(0, 1), -100);
  Rpc content;
  const Bytes message = unsigned_message(kTopic, "m");
  content.publish = {message.view()};
  net[0].router.receive(net.now(), net.handle(0, 1), rpc(content));
  EXPECT_TRUE(net[0].delivered.empty());
  EXPECT_EQ(net[0].router.counters().graylisted, 1U);
}

TEST(RouterHostile, WhatAGraylistedPeerSubscribesToIsKnownWhenItsScoreIsGoodAgain) {
  RouterNet net(scored());
  net.add(2);
  net.connect(1, 0);
  ASSERT_TRUE(net[0].router.subscribe(net.now(), kTopic));
  net[0].router.set_app_score(net.handle(0, 1), -100);
  ASSERT_TRUE(net[1].router.subscribe(net.now(), kTopic));
  net.run_for(2s);
  EXPECT_TRUE(net[0].router.mesh(kTopic).empty());
  net[0].router.set_app_score(net.handle(0, 1), 0);
  net.run_for(90s);
  EXPECT_EQ(net[0].router.mesh(kTopic).size(), 1U);
}

TEST(RouterHostile, ANegativeScoreLeavesTheMesh) {
  Pair net(scored());
  net.run_for(2s);
  ASSERT_EQ(net[0].router.mesh(kTopic).size(), 1U);
  net[0].router.set_app_score(net.handle(0, 1), -1);
  net.run_for(1s);
  EXPECT_TRUE(net[0].router.mesh(kTopic).empty());
}

TEST(RouterHostile, MalformedRpcsEndTheConnection) {
  Pair net(config());
  net[0].router.receive(net.now(), net.handle(0, 1), Bytes::copy_of("\xff\xff\xff"));
  ASSERT_EQ(net[0].drops.size(), 1U);
  EXPECT_EQ(net[0].drops[0].second, Errc::malformed);
}

TEST(RouterHostile, APeerThatDoesNotReadIsBounded) {
  Router::Config with = config();
  with.options.flood_publish = true;
  with.options.max_queue = DataSize::kib(64);
  RouterNet net(with);
  net.add(2);
  net.connect(1, 0);
  ASSERT_TRUE(net[1].router.subscribe(net.now(), kTopic));
  net.run_for(1s);
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(net[0].router.publish(net.now(), unsigned_message(kTopic, std::to_string(i) + std::string(1000, 'x'))));
  }
  EXPECT_FALSE(net[0].drops.empty());
  std::size_t queued = 0;
  while (auto frame = net[0].router.next_frame(net.handle(0, 1))) queued += frame->size();
  EXPECT_LE(queued, 64U * 1024);
}

TEST(RouterHostile, PeersAreBounded) {
  Router::Config with = config();
  with.options.max_peers = 3;
  RouterNet net(with);
  net.add(1);
  for (std::size_t i = 1; i <= 3; ++i) ASSERT_TRUE(net[0].router.add_peer(net.now(), {.id = id_of(i)}));
  EXPECT_EQ(net[0].router.add_peer(net.now(), {.id = id_of(4)}).error(), Errc::limit);
}

// Opportunistic grafting brings in peers that gossip well when the mesh is poor.
TEST(RouterScoring, APoorMeshGraftsBetterPeers) {
  Router::Config with = scored();
  with.options.d = with.options.d_low = 2;
  with.options.d_high = 4;
  with.options.d_score = 1;
  with.options.d_out = 0;
  with.options.opportunistic_graft_ticks = 5;
  with.options.prune_backoff = 1s;
  RouterNet net(with);
  net.add(12);
  for (std::size_t i = 1; i < net.size(); ++i) net.connect(0, i);
  net.subscribe_all(kTopic);
  net.run_for(1s);
  const auto poor = net[0].router.mesh(kTopic);
  ASSERT_LT(poor.size(), 11U);
  for (std::size_t i = 1; i < net.size(); ++i) {
    const PeerHandle peer = net.handle(0, i);
    net[0].router.set_app_score(peer, std::ranges::find(poor, peer) == poor.end() ? 50 : 0);
  }
  net.run_for(6s);
  const auto mesh = net[0].router.mesh(kTopic);
  EXPECT_TRUE(std::ranges::any_of(mesh, [&](PeerHandle peer) { return net[0].router.score(peer) > 10; }));
}

}  // namespace
}  // namespace ghostnet::gossipsub::router_test
