// Losses: how they are found, how fast they are repaired, and what is undone when there were none.
#include <gtest/gtest.h>

#include "ghostnet/tcp/cubic.hpp"
#include "script.hpp"

namespace ghostnet::tcp::recovery_test {
namespace {

class Losing : public Script {
 public:
  using Script::Script;

  // Ten segments of a thousand bytes are on their way, and more wait.
  void fill(std::size_t bytes = 40'000) {
    establish();
    ASSERT_EQ(send(bytes).size(), 10u);
    now += 50ms;
  }
  void sack(std::uint32_t acknowledgment, std::uint32_t left, std::uint32_t right) {
    SegmentHeader h = header(kAck, 1, acknowledgment);
    h.sack_count = 1;
    h.sacks[0] = {SeqNumber(kOurs) + left, SeqNumber(kOurs) + right};
    in(h);
  }
  SegmentHeader stamped(std::uint32_t acknowledgment, std::uint32_t echo) const {
    SegmentHeader h = header(kAck, 1, acknowledgment);
    h.has_timestamps = true;
    h.timestamp = 2;
    h.timestamp_echo = echo;
    return h;
  }
  void expire() { after(connection.next_deadline() - now); }
  std::uint32_t stamp() const { return static_cast<std::uint32_t>(to_ns(now) / 1'000'000); }
};

Tuning without_sack() {
  Tuning tuning = Script::plain();
  tuning.sack = false;
  return tuning;
}

Tuning of_reno() {
  Tuning tuning = Script::plain();
  tuning.congestion = &kNewReno;
  return tuning;
}

// ---- RFC 3042: what the first two duplicates allow ----

TEST(TcpRecovery, EachOfTheFirstDuplicatesLetsANewSegmentGo) {  // RFC 3042 2
  Losing selective;
  selective.fill();
  selective.sack(1, 1001, 2001);
  EXPECT_EQ(selective.out(), "10001:11001 ack 1");
  selective.sack(1, 1001, 3001);
  EXPECT_EQ(selective.out(), "11001:12001 ack 1");
  Losing plain(without_sack());
  plain.fill();
  plain.in(kAck, 1, 1);
  EXPECT_EQ(plain.out(), "10001:11001 ack 1");
  plain.in(kAck, 1, 1);
  EXPECT_EQ(plain.out(), "11001:12001 ack 1");
}

// ---- RFC 5681, RFC 6582 ----

TEST(TcpRecovery, TheThresholdIsHalfOfWhatIsOnItsWay) {  // RFC 5681 3.1 (4)
  Losing script(of_reno());
  script.fill(10'000);
  script.sack(1, 1001, 4001);
  EXPECT_EQ(script.out(), "1:1001 ack 1");
  EXPECT_EQ(script.connection.congestion().threshold_bytes(), 5000u);
}

// RFC 6582 3.2 step 1: duplicates of what was sent before a timeout tell nothing, since it is sent again anyway.
TEST(TcpRecovery, DuplicatesAfterATimeoutAreNoLoss) {
  Losing script(without_sack());
  script.fill(10'000);
  script.expire();
  EXPECT_EQ(script.out(), "1:1001 ack 1");
  const std::uint32_t threshold = script.connection.congestion().threshold_bytes();
  for (int i = 0; i < 5; ++i) script.in(kAck, 1, 1);
  EXPECT_EQ(script.connection.counters().recoveries, 0u);
  EXPECT_EQ(script.connection.congestion().threshold_bytes(), threshold);
}

TEST(TcpRecovery, SeveralLossesOfOneWindowAreOneReduction) {  // RFC 5681 4.3
  Losing script(of_reno());
  script.fill(10'000);
  script.sack(1, 2001, 5001);  // the first two are lost
  (void)script.out();
  const std::uint32_t threshold = script.connection.congestion().threshold_bytes();
  SegmentHeader h = script.header(kAck, 1, 1);
  h.sack_count = 2;
  h.sacks[0] = {SeqNumber(Script::kOurs) + 7001, SeqNumber(Script::kOurs) + 10'001};
  h.sacks[1] = {SeqNumber(Script::kOurs) + 2001, SeqNumber(Script::kOurs) + 5001};
  script.in(h);  // two more
  (void)script.out();
  EXPECT_EQ(script.connection.congestion().threshold_bytes(), threshold);
  EXPECT_EQ(script.connection.counters().recoveries, 1u);
}

// ---- RFC 6937 ----

// RFC 6937 3.1: with half the window as its aim, every second segment that arrives lets one go, and at the end as many
// are on their way as the threshold says.
TEST(TcpRecovery, TheWindowShrinksInProportion) {
  Losing script(of_reno());
  script.fill(10'000);
  std::uint32_t sent = 0;
  for (std::uint32_t delivered = 1; delivered <= 9; ++delivered) {
    script.sack(1, 1001, 1001 + delivered * 1000);
    sent += static_cast<std::uint32_t>(script.send(1000).size());
    EXPECT_LE(script.connection.in_flight_bytes(), 12'000u);
  }
  EXPECT_EQ(script.connection.congestion().threshold_bytes(), 6000u) << "half of twelve: two went by RFC 3042";
  EXPECT_EQ(sent, 2u + 4u) << "two before the loss was known, and half of the seven after it";
  script.in(kAck, 1, 10'001);
  EXPECT_LE(script.connection.congestion().window_bytes(), 6000u);
}

// ---- RFC 8985 ----

// 6.2 step 4: a D-SACK says that something was sent again that had only been late.
TEST(TcpRecovery, ADuplicateWidensTheReorderWindowOnceARoundTrip) {
  const auto patience = [](int dsacks) {
    Losing script;
    script.fill(10'000);
    for (int i = 0; i < dsacks; ++i) script.sack(1001, 1, 1001);
    if (dsacks == 0) script.in(kAck, 1, 1001);
    (void)script.out();
    script.sack(1001, 2001, 3001);
    return script.connection.next_deadline() - script.now;
  };
  EXPECT_EQ(patience(0), 12'500us) << "a quarter of the least round trip";
  EXPECT_EQ(patience(1), 25ms);
  EXPECT_EQ(patience(3), 25ms) << "all in the same round trip";
}

TEST(TcpRecovery, ALossIsFoundByTimeWithoutThreeDuplicates) {  // RFC 8985 6.2 step 5
  Losing script;
  script.fill(2000 + 8000);
  script.in(kAck, 1, 8001);
  (void)script.out();
  script.sack(8001, 9001, 10'001);
  EXPECT_EQ(script.out(), "");
  script.after(13ms);
  EXPECT_EQ(script.out(), "8001:9001 ack 1");
}

TEST(TcpRecovery, ALostRetransmissionIsFoundToo) {  // RFC 8985 4, figure 2
  Losing script;
  script.fill(10'000);
  script.sack(1, 1001, 4001);
  EXPECT_EQ(script.out(), "1:1001 ack 1");
  script.now += 10ms;
  (void)script.write(1000);
  script.sack(1, 1001, 10'001);
  (void)script.write(1000);
  script.now += 60ms;
  script.sack(1, 1001, 11'001);  // sent after the retransmission, and arrived
  script.after(20ms);
  EXPECT_NE(script.out().find("1:1001"), std::string::npos);
  EXPECT_EQ(script.connection.counters().timeouts, 0u);
}

// ---- RFC 3522, RFC 4015 ----

// Of ten segments with timestamps three behind the first have arrived, so the first is sent again.
class Doubtful : public Losing {
 public:
  Doubtful() : Losing(Tuning{}) {
    establish();
    mss = connection.send_mss();
    EXPECT_EQ(send(10 * mss).size(), 10u);
    first_stamp = stamp();
    window_before = connection.congestion().window_bytes();
    now += 50ms;
    SegmentHeader h = stamped(1, first_stamp);
    h.sack_count = 1;
    h.sacks[0] = {SeqNumber(kOurs) + 1 + mss, SeqNumber(kOurs) + 1 + 4 * mss};
    in(h);
    EXPECT_EQ(drain().size(), 1u) << "sent again";
    EXPECT_LT(connection.congestion().threshold_bytes(), window_before);
  }

  std::uint32_t mss = 0;
  std::uint32_t first_stamp = 0;
  std::uint32_t window_before = 0;
};

TEST(TcpRecovery, AnEarlierEchoUndoesWhatWasNoLoss) {  // RFC 3522 3.2, RFC 4015 3
  Doubtful script;
  script.now += 2ms;
  script.in(script.stamped(1 + 4 * script.mss, script.first_stamp));  // the original came late
  EXPECT_EQ(script.connection.counters().undone, 1u);
  EXPECT_GE(script.connection.congestion().window_bytes(), script.window_before);
}

TEST(TcpRecovery, AnEchoOfTheRepetitionDoesNot) {  // RFC 3522 3.2 (4)
  Doubtful script;
  const std::uint32_t second_stamp = script.stamp();
  script.now += 50ms;
  script.in(script.stamped(1 + 4 * script.mss, second_stamp));
  EXPECT_EQ(script.connection.counters().undone, 0u);
  EXPECT_LT(script.connection.congestion().window_bytes(), script.window_before);
}

// Nothing was reduced for what was taken back, so a loss in the same window of data counts.
TEST(TcpRecovery, ALossBehindWhatWasUndoneIsAnswered) {
  Doubtful script;
  script.now += 2ms;
  script.in(script.stamped(1 + 4 * script.mss, script.first_stamp));
  ASSERT_EQ(script.connection.counters().undone, 1u);
  script.now += 20ms;
  SegmentHeader h = script.stamped(1 + 4 * script.mss, script.first_stamp);
  h.sack_count = 1;
  h.sacks[0] = {SeqNumber(Script::kOurs) + 1 + 5 * script.mss, SeqNumber(Script::kOurs) + 1 + 9 * script.mss};
  script.in(h);
  EXPECT_EQ(script.connection.counters().recoveries, 2u);
  EXPECT_LT(script.connection.congestion().threshold_bytes(), script.window_before);
  (void)script.drain();
  script.now += 50ms;
  script.in(script.stamped(1 + 10 * script.mss, script.stamp()));
  EXPECT_LT(script.connection.congestion().window_bytes(), script.window_before);
}

// The repetition was late, not lost; that the original was lost is as true as before.
TEST(TcpRecovery, ATimeoutThatIsUndoneLeavesTheRecoveryBefore) {
  Doubtful script;
  const std::uint32_t second_stamp = script.stamp();
  const std::uint32_t threshold_bytes = script.connection.congestion().threshold_bytes();
  for (int i = 0; i < 3 && script.connection.counters().timeouts == 0; ++i) {
    script.expire();
    ASSERT_FALSE(script.drain().empty());
  }
  ASSERT_EQ(script.connection.counters().timeouts, 1u);
  script.now += 1ms;
  script.in(script.stamped(1 + 4 * script.mss, second_stamp));
  EXPECT_EQ(script.connection.counters().undone, 1u);
  EXPECT_EQ(script.connection.congestion().threshold_bytes(), threshold_bytes);
  (void)script.drain();
  script.now += 50ms;
  script.in(script.stamped(1 + 10 * script.mss, script.stamp()));
  EXPECT_LE(script.connection.congestion().window_bytes(), script.window_before);
}

TEST(TcpRecovery, CubicsPlateauIsUndoneWithIt) {  // RFC 9438 4.9.2
  constexpr std::uint32_t kMss = 1000;
  const auto grown = [](bool undone) {
    Cubic cubic(kMss, 100 * kMss);
    cubic.on_congestion(TimePoint{1s}, cubic.window_bytes());
    cubic.set_window(cubic.threshold_bytes());
    if (undone) {
      cubic.on_congestion(TimePoint{2s}, cubic.window_bytes());
      cubic.on_undo();
      cubic.set_threshold(70 * kMss);
      cubic.set_window(70 * kMss);
    }
    for (int i = 0; i < 1000; ++i) {
      cubic.on_ack({.now = TimePoint{3s + i * 10ms},
                    .bytes = kMss,
                    .rtt = 200ms,
                    .smoothed_rtt = 200ms,
                    .window_limited = true});
    }
    return cubic.window_bytes();
  };
  EXPECT_NEAR(grown(true), grown(false), 1000);
}

// ---- RFC 6298 ----

TEST(TcpRecovery, TheTimeoutIsBoundedBothWays) {  // RFC 6298 2.4, 2.5
  Losing script(without_sack());
  script.fill(1000 + 9000);
  Duration longest{};
  for (int i = 0; i < 14; ++i) {
    const TimePoint begin = script.now;
    script.expire();
    (void)script.drain();
    longest = std::max(longest, script.now - begin);
    if (i == 0) EXPECT_GE(longest, 150ms);  // 200 ms after they were sent, 50 ms ago
  }
  EXPECT_EQ(longest, script.tuning.most_timeout);
  EXPECT_GE(longest, 60s);
}

TEST(TcpRecovery, AMeasurementEndsTheBackingOff) {  // RFC 6298 5.7, last sentence
  Losing script(without_sack());
  script.fill(10'000);
  for (int i = 0; i < 4; ++i) {
    script.expire();
    (void)script.drain();
  }
  script.in(kAck, 1, 10'001);
  (void)script.write(1000);
  const Duration kept = script.connection.next_deadline() - script.now;
  EXPECT_GE(kept, 1600ms) << "until then the last timeout holds";
  script.now += 50ms;
  script.in(kAck, 1, 11'001);
  (void)script.write(1000);
  EXPECT_LT(script.connection.next_deadline() - script.now, 500ms);
}

}  // namespace
}  // namespace ghostnet::tcp::recovery_test
