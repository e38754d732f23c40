// What one peer can make a router compute, keep and send: each test goes beyond one bound of RouterOptions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "router_net.hpp"

namespace ghostnet::gossipsub::router_bounds_test {
namespace {

using test::Node;
using test::RouterNet;
using test::unsigned_message;

constexpr std::string_view kTopic = "news";

// Node 0 is the router that is looked at, node 1 is the peer that goes beyond bounds.
class Bounds : public testing::Test {
 protected:
  void start(const RouterOptions& options = {}, ScoreParams scoring = {}) {
    net_.emplace(Router::Config{.options = options, .scoring = std::move(scoring), .own_id = {}});
    net_->add(3);
    net_->connect(1, 0);
    net_->connect(2, 0);
    net_->subscribe_all(kTopic);
    net_->run_for(3s);
  }
  Node& victim() { return (*net_)[0]; }
  const RouterCounters& counters() { return victim().router.counters(); }
  void receive(const Rpc& rpc, std::size_t from = 1) {
    victim().router.receive(net_->now(), net_->handle(0, from), rpc.encode().view());
  }
  void receive_message(std::string_view data, std::size_t from = 1) {
    const Bytes message = unsigned_message(kTopic, data);
    Rpc rpc;
    rpc.publish = {message.view()};
    receive(rpc, from);
  }
  // Frames that wait for the peer, and their bytes.
  std::pair<std::size_t, std::size_t> waiting() {
    std::pair<std::size_t, std::size_t> all{};
    while (const auto frame = victim().router.next_frame(net_->handle(0, 1))) {
      ++all.first;
      all.second += frame->size();
    }
    return all;
  }

  std::optional<RouterNet> net_;
};

TEST_F(Bounds, TooManySubscriptionsEndTheConnection) {
  start();
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i) names.push_back("topic" + std::to_string(i));
  Rpc rpc;
  for (const std::string& name : names) rpc.subscriptions.push_back({.subscribe = true, .topic = name});
  receive(rpc);
  ASSERT_EQ(victim().drops.size(), 1U);
  EXPECT_EQ(victim().drops[0].second, Errc::limit);
}

TEST_F(Bounds, OfForgeriesOnlyAFewAreLookedAtUntilTheNextHeartbeat) {
  RouterOptions options;
  options.max_invalid_messages = 10;
  start(options);
  for (int i = 0; i < 500; ++i) receive_message(std::to_string(i) + "(forged)");
  EXPECT_EQ(counters().rejected, 10U);
  EXPECT_EQ(counters().ignored, 490U);
  receive_message("an honest one", 2);
  EXPECT_THAT(victim().delivered, testing::ElementsAre("an honest one")) << "others are heard";
  net_->run_for(1s);
  receive_message("a late one");
  EXPECT_EQ(victim().delivered.size(), 2U) << "and so is it after the heartbeat";
}

TEST_F(Bounds, MessagesThatAreNoneCountAsWell) {
  RouterOptions options;
  options.max_invalid_messages = 10;
  start(options);
  const Bytes none = Bytes::copy_of("\xff\xff\xff");
  Rpc rpc;
  for (int i = 0; i < 500; ++i) rpc.publish.push_back(none.view());
  receive(rpc);
  EXPECT_EQ(counters().malformed, 10U);
}

TEST_F(Bounds, VerdictsThatAreAwaitedAreSoMany) {
  RouterOptions options;
  options.max_validating = 5;
  start(options);
  victim().verdict.reset();
  for (int i = 0; i < 20; ++i) receive_message("message " + std::to_string(i));
  ASSERT_EQ(victim().asked.size(), 5U);
  EXPECT_EQ(counters().throttled, 15U);
  victim().router.conclude(net_->now(), victim().asked[0], Verdict::accept);
  receive_message("message 7");
  EXPECT_EQ(victim().asked.size(), 6U) << "what was not looked at may come again";
  EXPECT_THAT(victim().delivered, testing::ElementsAre("message 0"));
}

TEST_F(Bounds, AndTheyHoldSoManyBytes) {
  RouterOptions options;
  options.max_history = DataSize::kib(64);
  start(options);
  victim().verdict.reset();
  for (int i = 0; i < 20; ++i) receive_message("message " + std::to_string(i) + std::string(10'000, '.'));
  EXPECT_EQ(victim().asked.size(), 6U);
  EXPECT_EQ(counters().throttled, 14U);
}

TEST_F(Bounds, AVerdictThatNeverComesIsForgottenWithItsMessage) {
  RouterOptions options;
  options.max_validating = 5;
  start(options);
  victim().verdict.reset();
  for (int i = 0; i < 5; ++i) receive_message("message " + std::to_string(i));
  net_->run_for(options.seen_ttl + 2s);
  receive_message("much later");
  EXPECT_EQ(victim().asked.size(), 6U);
}

TEST_F(Bounds, TogglingSubscriptionsEndsTheConnection) {
  RouterOptions options;
  options.max_subscription_changes = 100;
  start(options);
  Rpc rpc;
  for (int i = 0; i < 30; ++i) {
    rpc.subscriptions.push_back({.subscribe = false, .topic = kTopic});
    rpc.subscriptions.push_back({.subscribe = true, .topic = kTopic});
  }
  receive(rpc);
  EXPECT_TRUE(victim().drops.empty());
  receive(rpc);
  ASSERT_EQ(victim().drops.size(), 1U);
  EXPECT_EQ(victim().drops[0].second, Errc::limit);
}

TEST_F(Bounds, ManyGraftsOfOneTopicAreAnsweredByOnePrune) {
  start();
  Rpc prune;
  prune.prune.push_back({.topic = kTopic, .backoff_s = 60});
  receive(prune);
  static_cast<void>(waiting());
  Rpc grafts;
  grafts.graft.assign(10'000, kTopic);
  receive(grafts);
  const auto [frames, bytes] = waiting();
  EXPECT_EQ(frames, 1U);
  EXPECT_LT(bytes, 64U);
}

// P6, where an operator has a whole /64 for itself.
TEST(ScoredAddresses, OfOneIpv6NetworkCountTogether) {
  ScoreParams params{.enabled = true, .ip_colocation_factor_weight = -1, .ip_colocation_factor_threshold = 1};
  PeerScores scores(params);
  const auto connect = [&scores](std::string_view id, std::string_view address) {
    return scores.connect(Bytes::copy_of(id), *IpAddress::parse(address));
  };
  const PeerScores::Slot one = connect("one", "2001:db8:0:1::1");
  const PeerScores::Slot two = connect("two", "2001:db8:0:1:ffff::2");
  const PeerScores::Slot other = connect("other", "2001:db8:0:2::1");
  EXPECT_EQ(scores.score(one), -1);
  EXPECT_EQ(scores.score(two), -1);
  EXPECT_EQ(scores.score(other), 0);
  const PeerScores::Slot plain = connect("plain", "192.0.2.1");
  const PeerScores::Slot mapped = connect("mapped", "::ffff:192.0.2.1");
  EXPECT_EQ(scores.score(plain), -1);
  EXPECT_EQ(scores.score(mapped), -1);
  scores.disconnect(two, from_ns(0));
  EXPECT_EQ(scores.score(one), 0);
}

TEST(ScoredTopics, MayHaveParametersOfTheirOwn) {
  ScoreParams params{.enabled = true};
  params.topic.first_message_deliveries_weight = 1;
  params.topic.first_message_deliveries_cap = 100;
  TopicScoreParams blocks = params.topic;
  blocks.topic_weight = 0.5;
  blocks.first_message_deliveries_weight = 10;
  blocks.first_message_deliveries_cap = 3;
  blocks.first_message_deliveries_decay = 0.5;
  params.topics = {{.name = "blocks", .params = blocks}};
  ASSERT_TRUE(params.validate());
  PeerScores scores(params);
  scores.name_topic(0, "news");
  scores.name_topic(1, "blocks");
  const PeerScores::Slot peer = scores.connect(Bytes::copy_of("p"), IpAddress::v4(10, 0, 0, 1));
  for (int i = 0; i < 5; ++i) {
    scores.first_delivery(peer, 0);
    scores.first_delivery(peer, 1);
  }
  EXPECT_EQ(scores.score(peer), 5 + 0.5 * 10 * 3);
  scores.decay(from_ns(0) + 1s);
  EXPECT_NEAR(scores.score(peer), 5 * params.topic.first_message_deliveries_decay + 0.5 * 10 * 1.5, 1e-9);
  params.topics[0].params.first_message_deliveries_decay = 2;
  EXPECT_FALSE(params.validate());
}

}  // namespace
}  // namespace ghostnet::gossipsub::router_bounds_test
