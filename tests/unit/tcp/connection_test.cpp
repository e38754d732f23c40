// Connections against each other, over links that behave and links that do not.
#include <gtest/gtest.h>

#include "pair.hpp"

namespace ghostnet::tcp::connection_test {
namespace {

TEST(TcpConnection, OpensCarriesBytesBothWaysAndCloses) {
  Pair pair;
  pair.client.sends(100'000);
  pair.server.sends(50'000);
  ASSERT_TRUE(pair.run_until([&] { return pair.client.ended && pair.server.ended; }));
  EXPECT_EQ(pair.server.received, 100'000u);
  EXPECT_EQ(pair.client.received, 50'000u);
  EXPECT_FALSE(pair.client.wrong || pair.server.wrong);
  EXPECT_TRUE(pair.run_to_rest());
  EXPECT_TRUE(pair.client.connection.finished() && pair.server.connection.finished());
  EXPECT_FALSE(pair.client.failed() || pair.server.failed());
  EXPECT_EQ(pair.client.connection.counters().retransmitted, 0u);
}

TEST(TcpConnection, AgreesOnWhatBothOffer) {
  Pair all;
  ASSERT_TRUE(all.run_until([&] { return all.server.connection.synchronized(); }));
  EXPECT_TRUE(all.client.connection.agreed().sack && all.server.connection.agreed().timestamps);
  EXPECT_GE(all.client.connection.agreed().peer_window_scale, 0);

  PairOptions bare;
  bare.server = {.window_scaling = false, .timestamps = false, .sack = false};
  Pair pair(bare);
  pair.client.sends(300'000);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.received == 300'000; }));
  EXPECT_FALSE(pair.client.connection.agreed().sack);
  EXPECT_FALSE(pair.client.connection.agreed().timestamps);
  EXPECT_LT(pair.client.connection.agreed().peer_window_scale, 0);
}

TEST(TcpConnection, BothMayOpenAtOnce) {  // RFC 9293 3.5, figure 7
  PairOptions options;
  options.both_open = true;
  Pair pair(options);
  pair.client.sends(10'000);
  pair.server.sends(10'000);
  ASSERT_TRUE(pair.run_until([&] { return pair.client.ended && pair.server.ended; }));
  EXPECT_EQ(pair.server.received, 10'000u);
  EXPECT_EQ(pair.client.received, 10'000u);
  EXPECT_TRUE(pair.run_to_rest());
}

TEST(TcpConnection, HalfClosedItStillReceives) {
  Pair pair;
  pair.client.sends(1000);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.ended; }));
  EXPECT_EQ(pair.client.connection.state(), State::fin_wait_1);
  pair.run_for(1s);
  EXPECT_EQ(pair.client.connection.state(), State::fin_wait_2);
  EXPECT_EQ(pair.server.connection.state(), State::close_wait);
  pair.server.sends(200'000);
  pair.work(pair.server);
  ASSERT_TRUE(pair.run_until([&] { return pair.client.ended; }));
  EXPECT_EQ(pair.client.received, 200'000u);
  EXPECT_TRUE(pair.run_to_rest());
}

TEST(TcpConnection, BothClosingAtOnceGoThroughClosing) {
  Pair pair;
  ASSERT_TRUE(
      pair.run_until([&] { return pair.client.connection.synchronized() && pair.server.connection.synchronized(); }));
  pair.client.sends(0);
  pair.server.sends(0);
  pair.work(pair.client);
  pair.work(pair.server);
  EXPECT_EQ(pair.client.connection.state(), State::fin_wait_1);
  EXPECT_EQ(pair.server.connection.state(), State::fin_wait_1);
  ASSERT_TRUE(pair.run_until([&] { return pair.client.time_wait && pair.server.time_wait; }));
  EXPECT_TRUE(pair.run_to_rest());
}

TEST(TcpConnection, FillsALinkWhoseQueueHoldsAWindow) {
  PairOptions options;
  options.forth = {.rate_bps = 20'000'000, .delay = 20ms, .queue_limit_bytes = 100'000};
  options.back = {.delay = 20ms};
  Pair pair(options);
  pair.client.sends(20'000'000);
  TimePoint begin = pair.now;
  ASSERT_TRUE(pair.run_until([&] { return pair.server.received == 20'000'000; }));
  double seconds = std::chrono::duration<double>(pair.now - begin).count();
  double ideal = 20'000'000 * 8.0 / 20'000'000 * 1500 / 1448;
  EXPECT_LT(seconds, ideal * 1.15);
  EXPECT_FALSE(pair.server.wrong);
}

TEST(TcpConnection, RepairsLossWithoutTimeouts) {
  PairOptions options;
  options.forth = {.rate_bps = 20'000'000, .delay = 20ms, .loss = Probability::of(0.01)};
  options.back = {.delay = 20ms};
  Pair pair(options);
  pair.client.sends(5'000'000);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.received == 5'000'000; }));
  EXPECT_FALSE(pair.server.wrong);
  EXPECT_GT(pair.client.connection.counters().recoveries, 5u);
  EXPECT_LE(pair.client.connection.counters().timeouts, 2u);
}

TEST(TcpConnection, RepairsLossOfAPeerWithoutSack) {  // RFC 6582
  PairOptions options;
  options.forth = {.rate_bps = 20'000'000, .delay = 20ms, .loss = Probability::of(0.01)};
  options.server = {.sack = false};
  Pair pair(options);
  pair.client.sends(2'000'000);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.received == 2'000'000; }));
  EXPECT_FALSE(pair.server.wrong);
  EXPECT_GT(pair.client.connection.counters().recoveries, 3u);
}

TEST(TcpConnection, ToleratesReorderingWithoutShrinking) {  // RFC 8985 6.2
  PairOptions options;
  options.forth = {.rate_bps = 50'000'000, .delay = 20ms, .reorder = Probability::of(0.02), .reorder_delay = 5ms};
  options.back = {.delay = 20ms};
  Pair pair(options);
  pair.client.sends(10'000'000);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.received == 10'000'000; }));
  EXPECT_FALSE(pair.server.wrong);
  EXPECT_LE(pair.client.connection.counters().recoveries, 12u) << "the reorder window has grown";
}

TEST(TcpConnection, ALostTailIsProbedFor) {  // RFC 8985 7
  Pair pair;
  pair.client.sends(14'000, false);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.received == 14'000; }));
  pair.run_for(1s);
  link::LinkParams dead{.delay = 10ms, .loss = Probability::always()};
  link::LinkParams live{.delay = 10ms};
  pair.set_links(dead, live);
  pair.client.sends(3000, false);
  pair.work(pair.client);
  pair.set_links(live, live);
  TimePoint begin = pair.now;
  ASSERT_TRUE(pair.run_until([&] { return pair.server.received == 17'000; }));
  EXPECT_LT(pair.now - begin, 190ms) << "sooner than the least retransmission timeout";
  EXPECT_EQ(pair.client.connection.counters().timeouts, 0u);
  EXPECT_EQ(pair.client.connection.counters().probes, 1u);
}

TEST(TcpConnection, AClosedWindowIsProbedUntilItOpens) {  // RFC 9293 3.8.6.1
  PairOptions options;
  options.server_stream = {.receive_buffer_bytes = 20'000};
  Pair pair(options);
  pair.server.read_limit = 5000;
  pair.client.sends(100'000);
  pair.run_for(120s);
  EXPECT_EQ(pair.server.received, 5000u);
  EXPECT_FALSE(pair.client.failed());
  EXPECT_EQ(pair.client.connection.in_flight_bytes(), 0u);
  std::uint64_t probes = pair.client.segments;
  pair.run_for(600s);
  EXPECT_GT(pair.client.segments, probes);
  EXPECT_LT(pair.client.segments, probes + 20);
  EXPECT_FALSE(pair.client.failed()) << "as long as the peer answers";
  pair.server.read_limit = ~std::uint64_t{0};
  pair.work(pair.server);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.ended; }));
  EXPECT_EQ(pair.server.received, 100'000u);
}

TEST(TcpConnection, ASilentPeerIsGivenUp) {
  Pair pair;
  ASSERT_TRUE(pair.run_until([&] { return pair.server.connection.synchronized(); }));
  link::LinkParams dead{.loss = Probability::always()};
  pair.set_links(dead, dead);
  pair.client.sends(1000);
  pair.work(pair.client);
  EXPECT_TRUE(pair.run_until([&] { return pair.client.failed(); }, 3600s));
  EXPECT_EQ(pair.client.connection.failure(), Errc::timed_out);
  EXPECT_GT(pair.now, TimePoint{100s}) << "RFC 9293 3.8.3: R2 is at least 100 seconds";
}

TEST(TcpConnection, TheUserMayGiveUpSooner) {  // RFC 9293 3.9.1.1
  PairOptions options;
  options.client.user_timeout = 5s;
  Pair pair(options);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.connection.synchronized(); }));
  link::LinkParams dead{.loss = Probability::always()};
  pair.set_links(dead, dead);
  pair.client.sends(1000);
  pair.work(pair.client);
  EXPECT_TRUE(pair.run_until([&] { return pair.client.failed(); }, 20s));
}

TEST(TcpConnection, KeepAliveFindsADeadPeerAndNotALivingOne) {  // RFC 9293 3.8.4
  PairOptions options;
  options.client_stream = {.keepalive_idle = 10s, .keepalive_interval = 2s};
  Pair pair(options);
  pair.run_for(300s);
  EXPECT_FALSE(pair.client.failed());
  link::LinkParams dead{.loss = Probability::always()};
  pair.set_links(dead, dead);
  pair.run_for(60s);
  EXPECT_EQ(pair.client.connection.failure(), Errc::timed_out);
}

TEST(TcpConnection, NagleGathersSmallWrites) {  // RFC 9293 3.7.4
  for (bool no_delay : {false, true}) {
    PairOptions options;
    options.client_stream = {.no_delay = no_delay};
    Pair pair(options);
    ASSERT_TRUE(pair.run_until([&] { return pair.client.connection.synchronized(); }));
    std::uint64_t before = pair.client.segments;
    for (int i = 0; i < 10; ++i) {
      pair.client.sends(10, false);
      pair.work(pair.client);
    }
    ASSERT_TRUE(pair.run_until([&] { return pair.server.received == 100; }));
    EXPECT_EQ(pair.client.segments - before, no_delay ? 10u : 2u);
  }
}

TEST(TcpConnection, MarksInsteadOfLosses) {  // RFC 3168
  PairOptions options;
  options.client.ecn = EcnUse::request;
  options.forth = {.rate_bps = 10'000'000, .delay = 20ms, .queue_limit_bytes = 200'000, .ecn_threshold_bytes = 30'000};
  options.back = {.delay = 20ms};
  Pair pair(options);
  pair.client.sends(5'000'000);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.received == 5'000'000; }));
  EXPECT_TRUE(pair.client.connection.agreed().ecn);
  EXPECT_EQ(pair.client.connection.counters().retransmitted, 0u);
  EXPECT_LT(pair.client.connection.congestion().window_bytes(), 150'000u) << "it answers to the marks";
}

TEST(TcpConnection, SuperPacketsCarryTheSameBytes) {
  PairOptions options;
  options.super_bytes = 65'000;
  options.forth = {.rate_bps = 100'000'000, .delay = 5ms, .loss = Probability::of(0.002)};
  Pair pair(options);
  pair.client.sends(5'000'000);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.ended; }));
  EXPECT_EQ(pair.server.received, 5'000'000u);
  EXPECT_FALSE(pair.server.wrong);
}

TEST(TcpConnection, APathThatGetsNarrowerIsFollowed) {  // RFC 1191
  Pair pair;
  pair.client.sends(100'000);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.received > 20'000; }));
  pair.client.connection.on_path_mss(pair.now, pair.client.connection.send_unacknowledged(), 536);
  pair.work(pair.client);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.ended; }));
  EXPECT_EQ(pair.client.connection.send_mss(), 536u - 12);
  EXPECT_EQ(pair.server.received, 100'000u);
  EXPECT_FALSE(pair.server.wrong);
}

TEST(TcpConnection, PacingSpreadsAWindow) {
  PairOptions options;
  options.client.pacing = Pacing::always;
  options.forth = {.rate_bps = 50'000'000, .delay = 50ms, .queue_limit_bytes = 30'000};
  options.back = {.delay = 50ms};
  Pair paced(options);
  options.client.pacing = Pacing::off;
  Pair bursts(options);
  for (Pair* pair : {&paced, &bursts}) {
    pair->client.sends(3'000'000);
    ASSERT_TRUE(pair->run_until([&] { return pair->server.ended; }));
  }
  EXPECT_LT(paced.now, bursts.now) << "a short queue bears no bursts";
}

TEST(TcpConnection, TheReceiveBufferFollowsThePath) {
  PairOptions options;
  options.forth = {.rate_bps = 400'000'000, .delay = 50ms, .queue_limit_bytes = 8'000'000};
  options.back = {.delay = 50ms};
  Pair pair(options);
  pair.client.sends(60'000'000);
  TimePoint begin = pair.now;
  ASSERT_TRUE(pair.run_until([&] { return pair.server.ended; }));
  double rate = 60'000'000 * 8 / std::chrono::duration<double>(pair.now - begin).count();
  EXPECT_GT(rate, 150e6) << "128 KiB in 100 ms would be 10 Mbit/s";
}

TEST(TcpConnection, ASpuriousTimeoutIsUndone) {  // RFC 3522
  Pair pair;
  pair.client.sends(400'000, false);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.received == 400'000; }));
  pair.run_for(100ms);
  std::uint32_t window = pair.client.connection.congestion().window_bytes();
  link::LinkParams slow{.delay = 700ms};
  pair.set_links(slow, slow);
  pair.client.sends(30'000, false);
  pair.work(pair.client);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.received == 430'000; }));
  pair.run_for(3s);
  EXPECT_GE(pair.client.connection.counters().timeouts, 1u);
  EXPECT_GE(pair.client.connection.counters().undone, 1u);
  EXPECT_GE(pair.client.connection.congestion().window_bytes(), window);
}

TEST(TcpConnection, AnIdleOneIsSmall) { EXPECT_LE(sizeof(Connection), 800u); }

}  // namespace
}  // namespace ghostnet::tcp::connection_test
