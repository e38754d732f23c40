#include "ghostnet/gossipsub/peer_score.hpp"

#include <gtest/gtest.h>

namespace ghostnet::gossipsub::peer_score_test {
namespace {

constexpr TimePoint kStart = from_ns(0);

// Everything switched off but what a test is about.
ScoreParams silent() {
  ScoreParams params{.enabled = true, .behaviour_penalty_weight = 0};
  params.topic.topic_weight = 1;
  params.topic.time_in_mesh_weight = 0;
  params.topic.first_message_deliveries_weight = 0;
  params.topic.invalid_message_deliveries_weight = 0;
  return params;
}

IpAddress address(std::uint8_t last) { return *IpAddress::parse("10.0.0." + std::to_string(last)); }

struct Scored {
  explicit Scored(const ScoreParams& params) : scores(params), peer(scores.connect(Bytes::copy_of("p"), address(1))) {}
  double score() const { return scores.score(peer); }
  PeerScores scores;
  PeerScores::Slot peer;
};

TEST(PeerScore, P1CountsQuantaInTheMeshUpToACap) {
  ScoreParams params = silent();
  params.topic.time_in_mesh_weight = 0.5;
  params.topic.time_in_mesh_quantum = 2s;
  params.topic.time_in_mesh_cap = 3;
  Scored one(params);
  one.scores.grafted(one.peer, 0, kStart);
  one.scores.decay(kStart + 5s);
  EXPECT_EQ(one.score(), 0.5 * 2);
  one.scores.decay(kStart + 60s);
  EXPECT_EQ(one.score(), 0.5 * 3);
  one.scores.pruned(one.peer, 0);
  EXPECT_EQ(one.score(), 0);
}

TEST(PeerScore, P2CountsFirstDeliveriesAndDecays) {
  ScoreParams params = silent();
  params.topic.first_message_deliveries_weight = 1;
  params.topic.first_message_deliveries_cap = 3;
  params.topic.first_message_deliveries_decay = 0.5;
  Scored one(params);
  for (int i = 0; i < 5; ++i) one.scores.first_delivery(one.peer, 0);
  EXPECT_EQ(one.score(), 3);
  one.scores.decay(kStart + 1s);
  EXPECT_EQ(one.score(), 1.5);
  for (int i = 0; i < 10; ++i) one.scores.decay(kStart + 1s);
  EXPECT_EQ(one.score(), 0) << "below decay_to_zero";
}

TEST(PeerScore, P3PunishesTheSquareOfMissingDeliveriesOnceActive) {
  ScoreParams params = silent();
  params.topic.mesh_message_deliveries_weight = -1;
  params.topic.mesh_message_deliveries_threshold = 4;
  params.topic.mesh_message_deliveries_cap = 10;
  params.topic.mesh_message_deliveries_decay = 0.999;
  params.topic.mesh_message_deliveries_activation = 10s;
  params.topic.mesh_message_deliveries_window = 5ms;
  Scored one(params);
  one.scores.grafted(one.peer, 0, kStart);
  one.scores.decay(kStart + 10s);
  EXPECT_EQ(one.score(), 0);
  one.scores.decay(kStart + 11s);
  EXPECT_EQ(one.score(), -16);
  one.scores.near_first_delivery(one.peer, 0, 5ms);
  EXPECT_EQ(one.score(), -9);
  one.scores.near_first_delivery(one.peer, 0, 6ms);
  EXPECT_EQ(one.score(), -9) << "outside the window";
}

TEST(PeerScore, P3bKeepsTheDeficitOfAPrune) {
  ScoreParams params = silent();
  params.topic.mesh_message_deliveries_threshold = 3;
  params.topic.mesh_message_deliveries_activation = 1s;
  params.topic.mesh_failure_penalty_weight = -2;
  params.topic.mesh_failure_penalty_decay = 0.5;
  Scored one(params);
  one.scores.grafted(one.peer, 0, kStart);
  one.scores.decay(kStart + 2s);
  one.scores.pruned(one.peer, 0);
  EXPECT_EQ(one.score(), -18);
  one.scores.decay(kStart + 3s);
  EXPECT_EQ(one.score(), -9);
}

TEST(PeerScore, P4IsTheSquareOfInvalidMessages) {
  ScoreParams params = silent();
  params.topic.invalid_message_deliveries_weight = -1;
  Scored one(params);
  for (int i = 0; i < 3; ++i) one.scores.invalid_delivery(one.peer, 0);
  EXPECT_EQ(one.score(), -9);
}

TEST(PeerScore, P5IsTheApplications) {
  ScoreParams params = silent();
  params.app_specific_weight = 2;
  Scored one(params);
  one.scores.set_app_specific(one.peer, -7);
  EXPECT_EQ(one.score(), -14);
}

TEST(PeerScore, P6IsTheSquareOfPeersTooManyAtOneAddress) {
  ScoreParams params = silent();
  params.ip_colocation_factor_weight = -1;
  params.ip_colocation_factor_threshold = 1;
  Scored one(params);
  EXPECT_EQ(one.score(), 0);
  const auto second = one.scores.connect(Bytes::copy_of("q"), address(1));
  const auto third = one.scores.connect(Bytes::copy_of("r"), address(1));
  const auto elsewhere = one.scores.connect(Bytes::copy_of("s"), address(2));
  EXPECT_EQ(one.score(), -4);
  EXPECT_EQ(one.scores.score(elsewhere), 0);
  one.scores.disconnect(second, kStart);
  one.scores.disconnect(third, kStart);
  EXPECT_EQ(one.score(), 0);
}

TEST(PeerScore, P7IsTheSquareBeyondAThreshold) {
  ScoreParams params = silent();
  params.behaviour_penalty_weight = -1;
  params.behaviour_penalty_threshold = 2;
  Scored one(params);
  one.scores.penalize(one.peer, 2);
  EXPECT_EQ(one.score(), 0);
  one.scores.penalize(one.peer, 3);
  EXPECT_EQ(one.score(), -9);
}

TEST(PeerScore, TopicsAreCappedTogether) {
  ScoreParams params = silent();
  params.topic.first_message_deliveries_weight = 1;
  params.topic_score_cap = 3;
  Scored one(params);
  for (std::uint32_t topic = 0; topic < 5; ++topic) one.scores.first_delivery(one.peer, topic);
  EXPECT_EQ(one.score(), 3);
}

TEST(PeerScore, ABadOneOutlivesTheConnectionAndAGoodOneDoesNot) {
  ScoreParams params = silent();
  params.topic.invalid_message_deliveries_weight = -1;
  params.topic.first_message_deliveries_weight = 1;
  params.retain_score = 10s;
  Scored bad(params);
  bad.scores.invalid_delivery(bad.peer, 0);
  bad.scores.disconnect(bad.peer, kStart);
  bad.peer = bad.scores.connect(Bytes::copy_of("p"), address(1));
  EXPECT_EQ(bad.score(), -1);
  bad.scores.disconnect(bad.peer, kStart);
  bad.scores.decay(kStart + 11s);
  EXPECT_EQ(bad.scores.size(), 0U);

  Scored good(params);
  good.scores.first_delivery(good.peer, 0);
  good.scores.disconnect(good.peer, kStart);
  EXPECT_EQ(good.scores.size(), 0U);
}

TEST(PeerScore, WhatIsRetainedIsBounded) {
  ScoreParams params = silent();
  params.topic.invalid_message_deliveries_weight = -1;
  params.max_retained = 5;
  PeerScores scores(params);
  for (int i = 0; i < 20; ++i) {
    const auto peer = scores.connect(Bytes::copy_of("peer" + std::to_string(i)), address(1));
    scores.invalid_delivery(peer, 0);
    scores.disconnect(peer, kStart + Duration(i));
  }
  EXPECT_EQ(scores.size(), 5U);
}

TEST(PeerScore, IsZeroWhereItIsSwitchedOff) {
  const ScoreParams off;
  PeerScores scores(off);
  const auto peer = scores.connect(Bytes::copy_of("p"), address(1));
  scores.invalid_delivery(peer, 0);
  EXPECT_EQ(scores.score(peer), 0);
  scores.disconnect(peer, kStart);
  EXPECT_EQ(scores.size(), 0U);
}

TEST(ScoreParams, ConstraintsOfTheSpecificationAreChecked) {
  EXPECT_TRUE(ScoreParams{}.validate());
  EXPECT_FALSE((ScoreParams{.gossip_threshold = 1}).validate());
  EXPECT_FALSE((ScoreParams{.gossip_threshold = -20, .publish_threshold = -10}).validate());
  ScoreParams params;
  params.topic.mesh_message_deliveries_cap = 1;
  EXPECT_FALSE(params.validate());
  EXPECT_FALSE((RouterOptions{.d = 4, .d_low = 5}).validate());
  EXPECT_FALSE((RouterOptions{.d_out = 4}).validate());
  EXPECT_TRUE(RouterOptions{}.validate());
}

}  // namespace
}  // namespace ghostnet::gossipsub::peer_score_test
