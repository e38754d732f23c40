// More corners of the RFCs, one by one, each with the sentence that it is about.
#include <gtest/gtest.h>

#include "ghostnet/tcp/secrets.hpp"
#include "script.hpp"

namespace ghostnet::tcp::corners_test {
namespace {

SegmentHeader stamped(const Script& script, std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledgment,
                      std::uint32_t timestamp, std::uint32_t echo = 0) {
  SegmentHeader header = script.header(flags, sequence, acknowledgment);
  header.has_timestamps = true;
  header.timestamp = timestamp;
  header.timestamp_echo = echo;
  return header;
}

SegmentHeader sacking(const Script& script, std::uint32_t acknowledgment,
                      std::initializer_list<std::pair<std::uint32_t, std::uint32_t>> blocks) {
  SegmentHeader header = script.header(kAck, 1, acknowledgment);
  for (const auto& [left, right] : blocks) {
    header.sacks[header.sack_count++] = {SeqNumber(Script::kOurs) + left, SeqNumber(Script::kOurs) + right};
  }
  return header;
}

void expire(Script& script) { script.after(script.connection.next_deadline() - script.now); }

// ---- RFC 7323 ----

TEST(TcpCorners, TheWindowOfASynIsNotScaled) {  // 2.2
  Script script;
  SegmentHeader syn = script.header(kSyn, 0, 0);
  syn.mss = 1000;
  syn.window_scale = 7;
  syn.window = 2000;
  script.connection.accept(script.now, syn, Ecn::not_ect);
  (void)script.drain();
  script.window = 3000 >> 7;
  script.in(kAck, 1, 1);
  std::uint32_t sent = 0;
  for (const OutSegment& segment : script.send(10'000)) sent += segment.payload_bytes;
  EXPECT_EQ(sent, 2000u) << "23 units of 128 bytes hold two segments";
}

TEST(TcpCorners, ADelayedAcknowledgmentEchoesTheFirstSegment) {  // 4.3 (3): the timestamp of the earliest
  Script script(Tuning{});
  script.establish();
  script.in(stamped(script, kAck, 1, 1, 100), "abc");
  script.in(stamped(script, kAck, 4, 1, 140), "def");
  script.after(40ms);
  const std::vector<OutSegment> sent = script.drain();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].header.timestamp_echo, 100u);
}

TEST(TcpCorners, ASegmentBehindAGapDoesNotChangeTheEcho) {  // 4.3 (2)
  Script script(Tuning{});
  script.establish();
  script.in(stamped(script, kAck, 1, 1, 100), "abc");
  script.after(40ms);
  (void)script.drain();
  script.in(stamped(script, kAck, 10, 1, 150), "xyz");
  const std::vector<OutSegment> sent = script.drain();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].header.timestamp_echo, 100u);
}

TEST(TcpCorners, WhatFillsAGapIsEchoed) {  // 4.3 (C)
  Script script(Tuning{});
  script.establish();
  script.in(stamped(script, kAck, 1, 1, 100), "abc");
  script.after(40ms);
  (void)script.drain();
  script.in(stamped(script, kAck, 10, 1, 150), "xyz");
  (void)script.drain();
  script.in(stamped(script, kAck, 4, 1, 160), "defghi");
  const std::vector<OutSegment> sent = script.drain();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].header.acknowledgment, SeqNumber(Script::kTheirs) + 13);
  EXPECT_EQ(sent[0].header.timestamp_echo, 160u);
}

TEST(TcpCorners, ASynEchoesNothing) {  // 3.2: TSecr is valid only with an acknowledgment
  Script script(Tuning{});
  script.connection.connect(script.now);
  const std::vector<OutSegment> sent = script.drain();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_TRUE(sent[0].header.has_timestamps);
  EXPECT_EQ(sent[0].header.timestamp_echo, 0u);
}

TEST(TcpCorners, AfterTwentyFourDaysATimestampSaysNothing) {  // 5.5
  Script script(Tuning{});
  script.establish();
  script.in(stamped(script, kAck, 1, 1, 1000), "abc");
  (void)script.drain();
  script.now += 24h * 25;
  script.in(stamped(script, kAck, 4, 1, 500), "def");
  EXPECT_EQ(script.read(), "abcdef");
}

TEST(TcpCorners, AResetNeedsNoTimestamp) {  // 5.2
  Script script(Tuning{});
  script.establish();
  script.in(kRst, 1, 0);
  EXPECT_EQ(script.connection.failure(), Errc::reset);
}

// ---- RFC 6298 ----

TEST(TcpCorners, WhatWasSentTwiceIsNoMeasurement) {  // 3: Karn
  Script script;                                     // without timestamps
  script.establish();
  const Duration before = script.connection.rtt().smoothed();
  (void)script.write(100);
  expire(script);
  (void)script.drain();
  script.now += 3s;
  script.in(kAck, 1, 101);
  EXPECT_EQ(script.connection.rtt().smoothed(), before);
}

TEST(TcpCorners, AnAcknowledgmentOfNewDataStartsTheTimerAgain) {  // 5.3
  Tuning tuning = Script::plain();
  tuning.sack = false;  // so that the timer is the timeout and not a probe
  Script script(tuning);
  script.establish();
  (void)script.write(3000);
  const TimePoint first = script.connection.next_deadline();
  script.now += 50ms;
  script.in(kAck, 1, 1001);
  EXPECT_GT(script.connection.next_deadline(), first);
  script.in(kAck, 1, 3001);
  EXPECT_EQ(script.connection.next_deadline(), kNever) << "5.2: nothing is on its way";
}

// ---- RFC 2018 and 6675 ----

TEST(TcpCorners, APeerMayThrowAwayWhatItAcknowledgedSelectively) {  // RFC 2018 8
  Script script;
  script.establish();
  (void)script.write(3000);
  script.now += 10ms;
  script.in(sacking(script, 1, {{1001, 3001}}));
  (void)script.drain();
  expire(script);
  (void)script.drain();
  script.in(kAck, 1, 1001);
  std::string sent = script.out();
  for (int i = 0; i < 4 && sent.find("1001:2001") == std::string::npos; ++i) {
    expire(script);
    sent += script.out();
  }
  EXPECT_NE(sent.find("1001:2001"), std::string::npos) << "what is not acknowledged is sent again: " << sent;
}

TEST(TcpCorners, AcknowledgedBlocksAreNotSentAgain) {  // RFC 6675 5
  Script script;
  script.establish();
  (void)script.write(8000);
  script.now += 60ms;
  script.in(sacking(script, 1, {{1001, 3001}}));
  script.in(sacking(script, 1, {{4001, 8001}, {1001, 3001}}));
  std::string sent = script.out();
  EXPECT_NE(sent.find("1:1001"), std::string::npos) << sent;
  EXPECT_EQ(sent.find("1001:2001"), std::string::npos) << sent;
  EXPECT_EQ(sent.find("4001:5001"), std::string::npos) << sent;
  script.in(sacking(script, 1001, {}));
  script.in(sacking(script, 3001, {{4001, 8001}}));
  sent += script.out();
  EXPECT_NE(sent.find("3001:4001"), std::string::npos) << sent;
}

// ---- RFC 8985 ----

TEST(TcpCorners, ASilentTailIsProbedWithItsLastSegment) {  // 7.3
  Script script;
  script.establish();
  (void)script.write(3000);
  const Duration smoothed = script.connection.rtt().smoothed();
  ASSERT_EQ(script.connection.next_deadline(), script.now + 2 * smoothed);
  expire(script);
  EXPECT_EQ(script.out(), "2001:3001 ack 1");
  EXPECT_EQ(script.connection.counters().probes, 1u);
  EXPECT_EQ(script.connection.counters().timeouts, 0u);
}

TEST(TcpCorners, ANewSegmentIsTheProbeWhereThereIsOne) {  // 7.3
  Script script;
  script.establish();
  (void)script.write(12'000);  // two segments more than the congestion window
  expire(script);
  EXPECT_EQ(script.out(), "10001:11001 ack 1");
  EXPECT_EQ(script.connection.counters().retransmitted, 0u);
}

TEST(TcpCorners, AProbeThatRepairedALossShrinksTheWindow) {  // 7.4.2
  Script script;
  script.establish();
  (void)script.write(3000);
  const std::uint32_t before = script.connection.congestion().window_bytes();
  expire(script);
  (void)script.drain();
  (void)script.write(1000);
  script.now += 50ms;
  script.in(kAck, 1, 4001);  // beyond the probe, and no D-SACK: the original was lost
  EXPECT_LT(script.connection.congestion().window_bytes(), before + 4000);
  EXPECT_FALSE(script.connection.congestion().in_slow_start());
}

TEST(TcpCorners, AProbeThatCameTwiceDoesNot) {  // 7.4.2
  Script script;
  script.establish();
  (void)script.write(3000);
  expire(script);
  (void)script.drain();
  script.now += 50ms;
  script.in(sacking(script, 3001, {{2001, 3001}}));  // RFC 2883: the probe was a duplicate
  EXPECT_TRUE(script.connection.congestion().in_slow_start());
}

// ---- RFC 5681 ----

TEST(TcpCorners, AfterIdlenessTheWindowIsTheInitialOne) {  // 4.1
  Script script;
  script.establish();
  for (std::uint32_t acknowledged = 1; acknowledged < 60'000;) {
    (void)script.write(10'000);
    script.now += 10ms;
    acknowledged = script.connection.send_next().value() - Script::kOurs;
    script.in(kAck, 1, acknowledged);
  }
  ASSERT_GT(script.connection.congestion().window_bytes(), 12'000u);
  script.now += 60s;
  (void)script.write(1000);
  EXPECT_LE(script.connection.congestion().window_bytes(), 10'000u);
}

TEST(TcpCorners, WhatFillsAGapIsAcknowledgedAtOnce) {  // 4.2
  Script script;
  script.establish();
  script.in(kAck, 11, 1, "0123456789");
  (void)script.drain();
  script.in(kAck, 1, 1, "ABCDE");
  EXPECT_EQ(script.out(), "1:1 ack 6 sack 11-21") << "a part of the gap, too";
  script.in(kAck, 6, 1, "FGHIJ");
  EXPECT_EQ(script.out(), "1:1 ack 21");
}

TEST(TcpCorners, NoThresholdIsBelowTwoSegments) {  // 3.1 (4)
  Tuning tuning = Script::plain();
  tuning.congestion = &kNewReno;
  Script script(tuning);
  script.establish();
  (void)script.write(1000);
  for (int i = 0; i < 4; ++i) {
    expire(script);
    (void)script.drain();
  }
  EXPECT_EQ(script.connection.congestion().threshold_bytes(), 2000u);
  EXPECT_EQ(script.connection.congestion().window_bytes(), 1000u) << "the loss window";
}

TEST(TcpCorners, NotEveryRepeatedNumberIsADuplicate) {  // 2: no data, no FIN, the same window, and something on its way
  Tuning tuning = Script::plain();
  tuning.sack = false;
  Script script(tuning);
  script.establish();
  (void)script.write(6000);
  script.now += 10ms;
  for (int i = 0; i < 4; ++i) script.in(kAck, 1 + 4u * static_cast<std::uint32_t>(i), 1, "data");
  (void)script.drain();
  for (int i = 0; i < 4; ++i) {
    script.window = static_cast<std::uint16_t>(50'000 + i);
    script.in(kAck, 17, 1);
  }
  EXPECT_EQ(script.connection.counters().recoveries, 0u);
  for (int i = 0; i < 3; ++i) script.in(kAck, 17, 1);
  EXPECT_EQ(script.connection.counters().recoveries, 1u);
}

TEST(TcpCorners, AnAcknowledgmentWaitsForHalfASecondAtMost) {  // 4.2, RFC 1122 4.2.3.2
  EXPECT_LE(Tuning{}.delayed_ack, Duration(500ms));
  Script script;
  script.establish();
  script.in(kAck, 1, 1, "a");
  EXPECT_EQ(script.out(), "");
  const TimePoint begin = script.now;
  expire(script);
  EXPECT_EQ(script.out(), "1:1 ack 2");
  EXPECT_EQ(script.now - begin, script.tuning.delayed_ack);
}

// ---- RFC 9293 ----

TEST(TcpCorners, AnIdleConnectionIsSilent) {  // 3.8.4: keep-alives are off unless asked for
  Script script;
  script.establish();
  EXPECT_EQ(script.connection.next_deadline(), kNever);
}

TEST(TcpCorners, ASmallSegmentWaitsForWhatIsOnItsWay) {  // 3.7.4: Nagle
  Tuning tuning = Script::plain();
  tuning.nagle = true;
  Script script(tuning);
  script.establish();
  EXPECT_EQ(script.write(100), "1:101 ack 1") << "nothing is on its way";
  EXPECT_EQ(script.write(100), "");
  EXPECT_EQ(script.write(900), "101:1101 ack 1") << "a full one goes, and needs no acknowledgment";
  EXPECT_EQ(script.write(100), "");
  script.in(kAck, 1, 1101);
  EXPECT_EQ(script.out(), "1101:1201 ack 1");
  EXPECT_EQ(script.write(100), "");
  script.connection.shutdown(script.now);
  EXPECT_EQ(script.out(), "FIN 1201:1301 ack 1") << "what is closed has nothing to wait for";
}

TEST(TcpCorners, UrgentDataIsData) {  // RFC 6093 6
  Script script;
  script.establish();
  SegmentHeader header = script.header(kAck | kUrg, 1, 1);
  header.urgent_pointer = 2;
  script.in(header, "abc");
  EXPECT_EQ(script.read(), "abc");
}

TEST(TcpCorners, WithoutAnMssOptionItIs536) {  // 3.7.1
  Script script;
  script.connection.accept(script.now, script.header(kSyn, 0, 0), Ecn::not_ect);
  (void)script.drain();
  script.in(kAck, 1, 1);
  EXPECT_EQ(script.connection.send_mss(), 536u);
}

TEST(TcpCorners, AZeroWindowIsProbedEverMoreSlowly) {  // 3.8.6.1
  Script script;
  script.establish();
  script.window = 0;
  script.in(kAck, 1, 1);
  EXPECT_EQ(script.write(1000), "");
  Duration before{};
  for (int i = 0; i < 6; ++i) {
    const TimePoint begin = script.now;
    expire(script);
    EXPECT_EQ(script.out(), "0:0 ack 1") << "one that the peer must answer";
    if (i > 0) EXPECT_EQ(script.now - begin, 2 * before);
    before = script.now - begin;
    script.in(kAck, 1, 1);
  }
  script.window = 5000;
  script.in(kAck, 1, 1);
  EXPECT_EQ(script.out(), "1:1001 ack 1");
}

TEST(TcpCorners, AnOldAcknowledgmentDoesNotChangeTheWindow) {  // 3.10.7.4: SND.WL1, SND.WL2
  Script script;
  script.establish();
  (void)script.write(3000);
  script.now += 10ms;
  script.in(kAck, 1, 2001);
  script.window = 10;
  script.in(kAck, 1, 1001);  // late: from before the one above
  script.window = 60'000;
  EXPECT_EQ(script.write(1000), "3001:4001 ack 1");
}

// ---- RFC 3168 ----

TEST(TcpCorners, NeitherAcknowledgmentsNorRepetitionsAreMarkable) {  // 6.1.4, 6.1.5
  Tuning tuning = Script::plain();
  tuning.ecn = EcnUse::accept;
  Script script(tuning);
  script.establish();
  ASSERT_TRUE(script.connection.agreed().ecn);
  script.in(kAck, 1, 1, std::string(1000, 'x'));
  script.in(kAck, 1001, 1, std::string(1000, 'x'));
  std::vector<OutSegment> sent = script.drain();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].ecn, Ecn::not_ect);
  sent = script.send(1000);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].ecn, Ecn::ect0);
  expire(script);
  sent = script.drain();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].ecn, Ecn::not_ect);
}

TEST(TcpCorners, EcnIsAskedForInASyn) {  // 6.1.1
  Tuning tuning = Script::plain();
  tuning.ecn = EcnUse::request;
  Script script(tuning);
  script.connection.connect(script.now);
  EXPECT_EQ(script.out(), "SYN ECE CWR 0:0");
  SegmentHeader answer = script.header(kSyn | kAck | kEce | kCwr, 0, 1);
  script.in(answer);
  EXPECT_FALSE(script.connection.agreed().ecn) << "an answer that reflects both is a host that reflects";
}

// ---- RFC 6528 ----

TEST(TcpCorners, InitialSequenceNumbersAreEachPairsOwn) {  // 3: a clock, and a hash of the addresses with a secret
  Random one = Random::derive(1, 1, "a"), another = Random::derive(2, 1, "a");
  const Secrets secrets(one), others(another);
  const Endpoint here(IpAddress::v4(10, 0, 0, 1), 80), there(IpAddress::v4(10, 0, 0, 2), 5000),
      next(IpAddress::v4(10, 0, 0, 2), 5001);
  const TimePoint now{100s};
  const SeqNumber first = secrets.initial_sequence(now, here, there);
  EXPECT_NE(first, secrets.initial_sequence(now, here, next));
  EXPECT_NE(first, others.initial_sequence(now, here, there));
  EXPECT_EQ(secrets.initial_sequence(now + 1s, here, there) - first, 250'000) << "four microseconds a step";
}

// ---- sockstress: who takes connections and never a byte ----

TEST(TcpCorners, APeerThatNeverOpensItsWindowDoesNotKeepWhatNobodyHolds) {
  Script script;
  script.establish();
  script.window = 0;
  script.in(kAck, 1, 1);
  (void)script.write(10'000);
  script.connection.shutdown(script.now);
  script.connection.orphan(script.now);
  const TimePoint begin = script.now;
  int probes = 0;
  while (!script.connection.finished() && probes < 100) {
    expire(script);
    probes += static_cast<int>(script.drain().size());
    script.in(kAck, 1, 1);  // it answers every time
  }
  EXPECT_TRUE(script.connection.finished());
  EXPECT_LE(probes, script.tuning.orphan_retries + 2);
  EXPECT_LT(script.now - begin, 10min);
}

TEST(TcpCorners, AUserWhoSetsATimeIsNotKeptWaitingByAZeroWindow) {  // RFC 9293 3.9.1.1
  Tuning tuning = Script::plain();
  tuning.user_timeout = 30s;
  Script script(tuning);
  script.establish();
  script.window = 0;
  script.in(kAck, 1, 1);
  (void)script.write(10'000);
  const TimePoint begin = script.now;
  for (int i = 0; i < 100 && !script.connection.failure(); ++i) {
    expire(script);
    (void)script.drain();
    script.in(kAck, 1, 1);
  }
  EXPECT_EQ(script.connection.failure(), Errc::timed_out);
  EXPECT_LT(script.now - begin, 70s);
}

TEST(TcpCorners, TheUsersPatienceEndsWhenHeSaid) {  // RFC 9293 3.9.1.1
  for (const bool opening : {false, true}) {
    Tuning tuning = Script::plain();
    tuning.user_timeout = 20s;
    Script script(tuning);
    if (opening) {
      script.connection.connect(script.now);
    } else {
      script.establish();
    }
    const TimePoint begin = script.now;
    if (!opening) (void)script.write(1000);
    for (int i = 0; i < 50 && !script.connection.failure(); ++i) {
      (void)script.drain();
      expire(script);
    }
    EXPECT_EQ(script.connection.failure(), Errc::timed_out);
    EXPECT_EQ(script.now - begin, 20s) << "and not when the next repetition would have been due";
  }
}

// A peer that takes its window back, with segments on their way, is as good as one that keeps it closed.
TEST(TcpCorners, APeerThatTakesItsWindowBackIsNotGivenUpWhileItAnswers) {  // RFC 9293 3.8.6 and 3.8.6.1
  Script script;
  script.establish();
  (void)script.write(3000);
  script.window = 0;
  script.in(kAck, 1, 1);
  const TimePoint begin = script.now;
  while (script.now - begin < 3h) {
    expire(script);
    for (const OutSegment& segment : script.drain()) {
      if (segment.payload_bytes != 0) script.in(kAck, 1, 1);
    }
    ASSERT_FALSE(script.connection.failure()) << (script.now - begin) / 1s;
  }
  script.window = 5000;
  script.in(kAck, 1, 1);
  const TimePoint opened = script.now;
  expire(script);
  EXPECT_EQ(script.out(), "1:1001 ack 1");
  EXPECT_LT(script.now - opened, 2s) << "it does not wait as long as it had come to";
  // Whoever falls silent is given up as before.
  script.window = 0;
  script.in(kAck, 1, 1);
  for (int i = 0; i < 100 && !script.connection.failure(); ++i) {
    expire(script);
    (void)script.drain();
  }
  EXPECT_EQ(script.connection.failure(), Errc::timed_out);
}

TEST(TcpCorners, AWindowOfAByteIsNotAnsweredByAFloodOfBytes) {  // RFC 9293 3.8.6.2.1
  Script script;
  script.establish();
  script.window = 1;
  script.in(kAck, 1, 1);
  EXPECT_EQ(script.write(10'000), "") << "nothing that small at once";
  expire(script);
  EXPECT_EQ(script.out(), "1:2 ack 1") << "but in the end, since it stays so";
}

}  // namespace
}  // namespace ghostnet::tcp::corners_test
