// Congestion control by itself: windows against the formulas that they follow.
#include <gtest/gtest.h>

#include <cmath>

#include "ghostnet/tcp/cubic.hpp"
#include "ghostnet/tcp/rtt.hpp"

namespace ghostnet::tcp::congestion_test {
namespace {

constexpr std::uint32_t kMss = 1448;
constexpr Duration kRtt = 100ms;

// A network that acknowledges every window in even steps over one round trip.
struct Feed {
  CongestionControl& control;
  TimePoint now{1s};
  SeqNumber acknowledged{0};
  Duration rtt = kRtt;
  Duration least{};

  void round(bool limited = true) {
    std::uint32_t segments = std::max(control.window_bytes() / kMss, 1u);
    SeqNumber next = acknowledged + segments * kMss;
    for (std::uint32_t i = 0; i < segments; ++i) {
      now += rtt / segments;
      acknowledged += kMss;
      control.on_ack({.now = now,
                      .bytes = kMss,
                      .rtt = rtt,
                      .smoothed_rtt = rtt,
                      .least_rtt = least,
                      .acknowledged = acknowledged,
                      .next = next + (i + 1) * kMss,
                      .window_limited = limited});
    }
  }
  double segments() const { return static_cast<double>(control.window_bytes()) / kMss; }
};

TEST(TcpNewReno, DoublesInSlowStartAndAddsOneSegmentAfterIt) {  // RFC 5681 3.1
  NewReno reno(kMss, 10 * kMss);
  Feed feed{reno};
  feed.round();
  EXPECT_NEAR(feed.segments(), 20, 0.1);
  reno.on_congestion(feed.now, reno.window_bytes());
  reno.set_window(reno.threshold_bytes());
  EXPECT_NEAR(feed.segments(), 10, 0.1);
  for (int i = 0; i < 10; ++i) feed.round();
  EXPECT_NEAR(feed.segments(), 20, 1.1);
}

TEST(TcpNewReno, AWindowThatIsNotUsedDoesNotGrow) {  // RFC 7661
  NewReno reno(kMss, 10 * kMss);
  Feed feed{reno};
  for (int i = 0; i < 10; ++i) feed.round(false);
  EXPECT_EQ(reno.window_bytes(), 10 * kMss);
}

TEST(TcpCubic, FollowsItsCurve) {  // RFC 9438 4.1 and 4.2
  Cubic cubic(kMss, 400 * kMss);
  Feed feed{cubic};
  cubic.on_congestion(feed.now, cubic.window_bytes());
  cubic.set_window(cubic.threshold_bytes());
  EXPECT_NEAR(feed.segments(), 280, 0.1);  // 0.7 times
  double inflection = std::cbrt(400 * 0.3 / 0.4);
  TimePoint begin = feed.now;
  for (int i = 0; i < 140; ++i) {
    feed.round();
    // The epoch begins with the first acknowledgment of the first round.
    double elapsed = std::chrono::duration<double>(feed.now - begin).count();
    double expected = 400 + 0.4 * std::pow(elapsed - inflection, 3);
    EXPECT_NEAR(feed.segments(), expected, 0.02 * expected + 2) << elapsed;
  }
  EXPECT_GT(feed.segments(), 500);
}

TEST(TcpCubic, IsAsFastAsRenoWhereThatIsFaster) {  // RFC 9438 4.3
  Cubic cubic(kMss, 20 * kMss);
  Feed feed{cubic};
  feed.rtt = 5ms;
  cubic.on_congestion(feed.now, cubic.window_bytes());
  cubic.set_window(cubic.threshold_bytes());
  // 0.529 segments a round trip until the window of before is reached, then one.
  for (int i = 0; i < 50; ++i) feed.round();
  EXPECT_NEAR(feed.segments(), 20 + (50 - 6 / 0.529), 3);
}

// Where Reno would be faster and the queue is short, the window falls no further than the queue asks for, and grows so
// much slower that on average it is the same (4.3 with another beta).
TEST(TcpCubic, AShortQueueIsNotAnsweredByAHalfEmptyPath) {
  for (const auto& [least, factor] : {std::pair{Duration(10ms), 0.8}, {9ms, 0.75}, {4ms, 0.7}, {12ms, 0.7}}) {
    Cubic cubic(kMss, 100 * kMss);
    Feed feed{cubic};
    feed.rtt = 12ms;
    feed.least = least;
    cubic.on_congestion(feed.now, cubic.window_bytes());
    cubic.set_window(cubic.threshold_bytes());
    EXPECT_NEAR(feed.segments(), 70, 0.1) << "nothing is known of the region yet";
    for (int i = 0; i < 40; ++i) feed.round();
    const double before = feed.segments();
    EXPECT_NEAR(before, 70 + 40 * 0.529, 1);
    cubic.on_congestion(feed.now, cubic.window_bytes());
    cubic.set_window(cubic.threshold_bytes());
    EXPECT_NEAR(feed.segments(), before * factor, 0.5);
    const double after = feed.segments();
    for (int i = 0; i < 20; ++i) feed.round();
    EXPECT_NEAR(feed.segments(), after + 20 * 3 * (1 - factor) / (1 + factor), 1);
  }
}

TEST(TcpCubic, ConvergesFast) {  // RFC 9438 4.7
  Cubic cubic(kMss, 100 * kMss);
  cubic.on_congestion(TimePoint{1s}, cubic.window_bytes());
  cubic.set_window(cubic.threshold_bytes());
  EXPECT_NEAR(cubic.window_bytes() / kMss, 70, 1);
  cubic.on_congestion(TimePoint{2s}, cubic.window_bytes());
  cubic.set_window(cubic.threshold_bytes());
  EXPECT_NEAR(cubic.window_bytes() / kMss, 49, 1);
  Feed feed{cubic};
  // The plateau is at 70 * 0.85 segments.
  feed.rtt = 200ms;
  double before = 0;
  double least_growth = 1e9, at = 0;
  for (int i = 0; i < 40; ++i) {
    before = feed.segments();
    feed.round();
    if (feed.segments() - before < least_growth) {
      least_growth = feed.segments() - before;
      at = feed.segments();
    }
  }
  EXPECT_NEAR(at, 59.5, 3);
}

// About the plateau the curve is flatter than a segment for seconds. A window that is there has not fallen short of
// W_max, neither by a part of a segment nor since what is in flight are whole ones.
TEST(TcpCubic, OnItsPlateauAFlowGivesNothingAway) {  // RFC 9438 4.7
  const double inflection_s = std::cbrt(400 * 0.3 / 0.4);
  for (const double at_s : {inflection_s - 1.2, inflection_s, inflection_s + 1.2}) {
    Cubic cubic(kMss, 400 * kMss);
    Feed feed{cubic};
    cubic.on_congestion(feed.now, cubic.window_bytes());
    cubic.set_window(cubic.threshold_bytes());
    while (feed.now < TimePoint(1s) + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(at_s))) {
      feed.round();
    }
    ASSERT_NEAR(feed.segments(), 400, 1) << at_s;
    cubic.on_congestion(feed.now, cubic.window_bytes() / kMss * kMss);
    cubic.set_window(cubic.threshold_bytes());
    for (TimePoint until = feed.now + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(inflection_s));
         feed.now < until;) {
      feed.round();
    }
    EXPECT_NEAR(feed.segments(), 400, 2) << at_s;  // with fast convergence: 340
  }
}

// What is lost while nothing waits is lost to the path, not to a flow that wants room: W_max is what was reached.
TEST(TcpCubic, ALossThatMetAnEmptyQueueMakesNoRoomForOthers) {  // RFC 9438 4.7
  for (const auto& [least, plateau] : {std::pair{Duration(100ms), 300.0}, {99ms, 300.0}, {97ms, 255.0}, {0ms, 255.0}}) {
    Cubic cubic(kMss, 400 * kMss);
    Feed feed{.control = cubic, .least = least};
    cubic.on_congestion(feed.now, cubic.window_bytes());
    cubic.set_window(cubic.threshold_bytes());
    while (feed.segments() < 300) feed.round();
    cubic.on_congestion(feed.now, cubic.window_bytes());
    cubic.set_window(cubic.threshold_bytes());
    const double inflection_s = std::cbrt((plateau - feed.segments()) / 0.4);
    const TimePoint at = feed.now + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(inflection_s));
    while (feed.now < at) feed.round();
    EXPECT_NEAR(feed.segments(), plateau, 4) << to_ns(TimePoint(least));
  }
}

TEST(TcpCubic, BeginsAnewAfterATimeout) {  // RFC 9438 4.8
  Cubic cubic(kMss, 400 * kMss);
  Feed feed{cubic};
  cubic.on_timeout(feed.now, cubic.window_bytes());
  cubic.set_window(cubic.threshold_bytes());  // slow start has come so far
  const TimePoint begin = feed.now;
  for (int i = 0; i < 60; ++i) feed.round();
  const double elapsed_s = std::chrono::duration<double>(feed.now - begin).count();
  const double expected = 280 + 0.4 * std::pow(elapsed_s, 3);  // K is 0: its plateau is where it begins
  EXPECT_NEAR(feed.segments(), std::max(expected, 280.0), 0.05 * expected + 2);
}

TEST(TcpCubic, TimeThatASenderDidNotUseCountsNothing) {  // RFC 9438 5.8
  const auto grown = [](bool idle) {
    Cubic cubic(kMss, 400 * kMss);
    Feed feed{cubic};
    cubic.on_congestion(feed.now, cubic.window_bytes());
    cubic.set_window(cubic.threshold_bytes());
    for (int i = 0; i < 10; ++i) feed.round();
    if (idle) {
      feed.round(false);
      feed.now += 60s;  // far beyond the plateau
    }
    const double before = feed.segments();
    feed.round();
    return feed.segments() - before;
  };
  EXPECT_LT(grown(true), grown(false) + 12);
  EXPECT_LT(grown(true), 30) << "and not 0.4 * 60^3";
}

// It goes on where it was on its curve, beyond the plateau too, where a curve that began anew would be flat.
TEST(TcpCubic, GoesOnWhereItWasAfterTimeThatWasNotUsed) {  // RFC 9438 5.8
  Cubic cubic(kMss, 400 * kMss);
  Feed feed{cubic};
  cubic.on_congestion(feed.now, cubic.window_bytes());
  cubic.set_window(cubic.threshold_bytes());
  double before = 0;
  for (int i = 0; i < 120; ++i) {
    before = feed.segments();
    feed.round();
  }
  const double growth = feed.segments() - before;
  ASSERT_GT(growth, 3);
  for (int i = 0; i < 5; ++i) feed.round(false);
  const double paused = feed.segments();
  feed.round();
  EXPECT_GE(feed.segments() - paused, growth);
  EXPECT_LE(feed.segments() - paused, growth * 1.2);
}

TEST(TcpHyStart, GrowsByAQuarterInTheConservativePhaseAndEndsAfterFiveRounds) {  // RFC 9406 4.2
  Cubic cubic(kMss, 10 * kMss);
  Feed feed{cubic};
  for (int i = 0; i < 3; ++i) feed.round();
  feed.rtt = 130ms;
  feed.round();  // in its eighth sample it is noticed
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(cubic.in_slow_start()) << i;
    const double before = feed.segments();
    feed.round();
    EXPECT_NEAR(feed.segments(), before * 1.25, before * 0.05) << i;
  }
  feed.round();
  feed.round();
  EXPECT_FALSE(cubic.in_slow_start());
}

TEST(TcpHyStart, OneAcknowledgmentCountsForEightSegmentsAtMost) {  // RFC 9406 4.3: L
  Cubic cubic(kMss, 10 * kMss);
  cubic.on_ack({.now = TimePoint{1s}, .bytes = 40 * kMss, .rtt = kRtt, .smoothed_rtt = kRtt, .window_limited = true});
  EXPECT_EQ(cubic.window_bytes(), 18 * kMss);
}

TEST(TcpHyStart, LeavesSlowStartWhenRoundTripsGetLonger) {  // RFC 9406
  Cubic cubic(kMss, 10 * kMss);
  Feed feed{cubic};
  for (int i = 0; i < 4; ++i) feed.round();
  double before = feed.segments();
  EXPECT_NEAR(before, 160, 1) << "as long as they do not, it doubles";
  feed.rtt = 120ms;
  for (int i = 0; i < 7; ++i) feed.round();
  EXPECT_FALSE(cubic.in_slow_start());
  EXPECT_LT(feed.segments(), before * 2.5 * 3.2) << "growth by a quarter in each conservative round";
}

TEST(TcpHyStart, AFalseAlarmIsForgotten) {  // RFC 9406 4.2
  Cubic cubic(kMss, 10 * kMss);
  Feed feed{cubic};
  for (int i = 0; i < 3; ++i) feed.round();
  feed.rtt = 120ms;
  feed.round();
  feed.rtt = 100ms;
  for (int i = 0; i < 3; ++i) feed.round();
  double before = feed.segments();
  feed.round();
  EXPECT_TRUE(cubic.in_slow_start());
  EXPECT_NEAR(feed.segments(), 2 * before, before * 0.1);
}

TEST(TcpRtt, FollowsRfc6298) {  // 2.2 and 2.3
  RttEstimator rtt;
  EXPECT_EQ(rtt.timeout(1s, 200ms, 60s), 1s);
  rtt.sample(100ms, TimePoint{1s});
  EXPECT_EQ(rtt.smoothed(), 100ms);
  EXPECT_EQ(rtt.timeout(1s, 200ms, 60s), 300ms);
  rtt.sample(200ms, TimePoint{2s});
  EXPECT_EQ(rtt.smoothed(), 112'500us);
  EXPECT_EQ(rtt.timeout(1s, 200ms, 60s), 112'500us + 4 * 62'500us);
  for (int i = 0; i < 100; ++i) rtt.sample(100ms, TimePoint{3s});
  EXPECT_EQ(rtt.timeout(1s, 200ms, 60s), 200ms) << "no sooner than the least";
}

}  // namespace
}  // namespace ghostnet::tcp::congestion_test
