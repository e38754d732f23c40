// The corners of the RFCs, one by one: what comes in, what goes out.
#include <gtest/gtest.h>

#include "script.hpp"

namespace ghostnet::tcp::script_test {
namespace {

// ---- opening: RFC 9293 3.10.7.3 and 3.10.7.4 ----

TEST(TcpScript, AnActiveOpenSendsItsOptions) {
  Script script(Tuning{});
  script.connection.connect(script.now);
  std::vector<OutSegment> sent = script.drain();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].header.flags, kSyn);
  EXPECT_EQ(sent[0].header.mss, 1000);
  EXPECT_TRUE(sent[0].header.sack_permitted && sent[0].header.has_timestamps);
  EXPECT_GT(sent[0].header.window_scale, 0);
}

TEST(TcpScript, ASynIsRepeatedEverMoreSlowlyAndGivenUp) {
  Script script;
  script.connection.connect(script.now);
  EXPECT_EQ(script.out(), "SYN 0:0");
  int sent = 1;
  TimePoint begin = script.now;
  while (!script.connection.failure()) {
    script.after(script.connection.next_deadline() - script.now);
    sent += static_cast<int>(script.drain().size());
  }
  EXPECT_EQ(script.connection.failure(), Errc::timed_out);
  EXPECT_EQ(sent, 7);
  EXPECT_EQ(script.now - begin, 127s);
}

TEST(TcpScript, ARefusalEndsAnAttemptButOnlyARightOne) {
  Script script;
  script.connection.connect(script.now);
  (void)script.out();
  script.in(kRst, 0, 0);
  EXPECT_EQ(script.connection.state(), State::syn_sent) << "without an acknowledgment it could be anybody's";
  script.in(kRst | kAck, 0, 77);
  EXPECT_EQ(script.connection.state(), State::syn_sent);
  script.in(kRst | kAck, 0, 1);
  EXPECT_EQ(script.connection.failure(), Errc::refused);
  EXPECT_EQ(script.out(), "");
}

TEST(TcpScript, AnAcknowledgmentOfNothingIsAnsweredByAReset) {
  Script script;
  script.connection.connect(script.now);
  (void)script.out();
  script.in(kAck, 5, 99);
  EXPECT_EQ(script.out(), "RST 99:99");
  EXPECT_EQ(script.connection.state(), State::syn_sent);
}

TEST(TcpScript, ASynAckThatGotLostIsSentAgainForTheSameSyn) {
  Script script;
  SegmentHeader syn = script.header(kSyn, 0, 0);
  script.connection.accept(script.now, syn, Ecn::not_ect);
  EXPECT_EQ(script.out(), "SYN 0:0 ack 1");
  script.in(syn);
  EXPECT_EQ(script.out(), "SYN 0:0 ack 1");
  EXPECT_EQ(script.connection.state(), State::syn_received);
}

TEST(TcpScript, AWrongAcknowledgmentInSynReceivedIsReset) {
  Script script;
  script.connection.accept(script.now, script.header(kSyn, 0, 0), Ecn::not_ect);
  (void)script.out();
  script.in(kAck, 1, 2000);
  EXPECT_EQ(script.out(), "RST 2000:2000");
  EXPECT_EQ(script.connection.state(), State::syn_received);
}

// ---- data and acknowledgments ----

TEST(TcpScript, EverySecondSegmentIsAcknowledgedAtOnceAndOneAloneLater) {  // RFC 5681 4.2
  Script script;
  script.establish();
  std::string full(1000, 'x');
  script.in(kAck, 1, 1, full);
  EXPECT_EQ(script.out(), "");
  script.after(40ms);
  EXPECT_EQ(script.out(), "1:1 ack 1001");
  script.in(kAck, 1001, 1, full);
  EXPECT_EQ(script.out(), "");
  script.in(kAck, 2001, 1, full);
  EXPECT_EQ(script.out(), "1:1 ack 3001");
}

TEST(TcpScript, AnAnswerCarriesTheAcknowledgment) {
  Script script;
  script.establish();
  script.in(kAck | kPsh, 1, 1, "hello");
  EXPECT_EQ(script.write(3), "1:4 ack 6");
  script.after(100ms);
  EXPECT_EQ(script.out(), "") << "nothing is left to acknowledge";
}

TEST(TcpScript, WhatIsEarlyIsAskedAboutWithSack) {  // RFC 2018 4
  Script script;
  script.establish();
  script.in(kAck, 11, 1, "0123456789");
  EXPECT_EQ(script.out(), "1:1 ack 1 sack 11-21");
  script.in(kAck, 31, 1, "0123456789");
  EXPECT_EQ(script.out(), "1:1 ack 1 sack 31-41 sack 11-21");
  script.in(kAck, 21, 1, "abcdefghij");
  EXPECT_EQ(script.out(), "1:1 ack 1 sack 11-41");
  script.in(kAck, 1, 1, "ABCDEFGHIJ");
  EXPECT_EQ(script.out(), "1:1 ack 41");
  EXPECT_EQ(script.read(), "ABCDEFGHIJ0123456789abcdefghij0123456789");
}

TEST(TcpScript, WhatComesTwiceIsReported) {  // RFC 2883 4
  Script script;
  script.establish();
  script.in(kAck, 1, 1, "0123456789");
  script.after(40ms);
  (void)script.out();
  script.in(kAck, 1, 1, "0123456789");
  EXPECT_EQ(script.out(), "1:1 ack 11 sack 1-11");
  script.in(kAck, 21, 1, "0123456789");
  (void)script.out();
  script.in(kAck, 26, 1, "5678901234");
  EXPECT_EQ(script.out(), "1:1 ack 11 sack 26-31 sack 21-36");
}

TEST(TcpScript, OverlapsAreTakenOnce) {
  Script script;
  script.establish();
  script.in(kAck, 1, 1, "abcdef");
  script.in(kAck, 4, 1, "defghi");
  EXPECT_EQ(script.read(), "abcdefghi");
  script.in(kAck, 15, 1, "OPQ");
  script.in(kAck, 12, 1, "lmnOPQrs");
  script.in(kAck, 8, 1, "hijklmn");
  EXPECT_EQ(script.read(), "jklmnOPQrs");
}

TEST(TcpScript, BeyondTheWindowNothingIsTaken) {
  Script script(Script::plain(), {.receive_buffer_bytes = 1000});
  script.establish();
  script.in(kAck, 1, 1, std::string(1500, 'x'));
  EXPECT_EQ(script.read().size(), 1000u);
  script.in(kAck, 5000, 1, "far");
  EXPECT_NE(script.out().find("ack 1001"), std::string::npos);
  EXPECT_EQ(script.read(), "would_block");
}

TEST(TcpScript, ASillyWindowIsNotOffered) {  // RFC 9293 3.8.6.2.2
  Script script(Script::plain(), {.receive_buffer_bytes = 4000});
  script.establish();
  script.in(kAck, 1, 1, std::string(1000, 'x'));
  script.in(kAck, 1001, 1, std::string(1000, 'x'));
  script.in(kAck, 2001, 1, std::string(1000, 'x'));
  script.in(kAck, 3001, 1, std::string(1000, 'x'));
  std::vector<OutSegment> sent = script.drain();
  ASSERT_FALSE(sent.empty());
  EXPECT_EQ(sent.back().header.window, 0);
  std::array<std::uint8_t, 100> little;
  ASSERT_TRUE(script.connection.read(script.now, little));
  EXPECT_EQ(script.out(), "") << "a hundred bytes are not worth a word";
  std::array<std::uint8_t, 2000> much;
  ASSERT_TRUE(script.connection.read(script.now, much));
  sent = script.drain();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].header.window, 2100);
}

// ---- closing ----

TEST(TcpScript, ACloseGoesThroughItsStates) {  // RFC 9293 3.6, figure 12
  Script script;
  script.establish();
  script.connection.shutdown(script.now);
  EXPECT_EQ(script.out(), "FIN 1:1 ack 1");
  EXPECT_EQ(script.connection.state(), State::fin_wait_1);
  script.in(kAck, 1, 2);
  EXPECT_EQ(script.connection.state(), State::fin_wait_2);
  script.in(kAck | kFin, 1, 2);
  EXPECT_EQ(script.connection.state(), State::time_wait);
  EXPECT_EQ(script.out(), "2:2 ack 2");
}

TEST(TcpScript, AFinIsAcknowledgedBesideAClosedWindow) {  // RFC 9293 3.10.7.4
  Script script(Script::plain(), {.receive_buffer_bytes = 1000});
  script.establish();
  script.in(kAck, 1, 1, std::string(1000, 'x'));  // unread: the window is closed
  (void)script.drain();
  script.connection.shutdown(script.now);
  (void)script.drain();
  ASSERT_EQ(script.connection.state(), State::fin_wait_1);
  script.in(kAck, 1001, 2, "y");
  EXPECT_EQ(script.connection.state(), State::fin_wait_2);
}

TEST(TcpScript, APassiveCloseEndsInLastAck) {
  Script script;
  script.establish();
  script.in(kAck | kFin, 1, 1);
  EXPECT_EQ(script.out(), "1:1 ack 2");
  EXPECT_EQ(script.read(), "") << "the end of the stream";
  EXPECT_EQ(script.connection.state(), State::close_wait);
  EXPECT_EQ(script.write(5), "1:6 ack 2") << "it may still be written to";
  script.connection.shutdown(script.now);
  EXPECT_EQ(script.out(), "FIN 6:6 ack 2");
  EXPECT_EQ(script.connection.state(), State::last_ack);
  script.in(kAck, 2, 7);
  EXPECT_TRUE(script.connection.finished());
  EXPECT_FALSE(script.connection.failure());
}

TEST(TcpScript, AFinBehindAGapWaitsForIt) {
  Script script;
  script.establish();
  script.in(kAck | kFin, 11, 1, "0123456789");
  EXPECT_EQ(script.connection.state(), State::established);
  script.in(kAck, 1, 1, "ABCDEFGHIJ");
  script.in(kAck | kFin, 11, 1, "0123456789");
  EXPECT_EQ(script.connection.state(), State::close_wait);
  EXPECT_EQ(script.read(), "ABCDEFGHIJ0123456789");
  EXPECT_EQ(script.read(), "");
}

TEST(TcpScript, AnOrphanInFinWait2IsLetGo) {
  Script script;
  script.establish();
  script.connection.shutdown(script.now);
  (void)script.out();
  script.connection.orphan(script.now);
  script.in(kAck, 1, 2);
  EXPECT_EQ(script.connection.state(), State::fin_wait_2);
  script.after(60s);
  EXPECT_TRUE(script.connection.finished());
}

TEST(TcpScript, WhoGoesOnSendingToAnOrphanIsTold) {  // RFC 9293 3.6.1
  Script script;
  script.establish();
  script.connection.shutdown(script.now);
  script.connection.orphan(script.now);
  (void)script.out();
  script.in(kAck, 1, 2);
  script.in(kAck, 1, 2, "more");
  EXPECT_EQ(script.out(), "RST 2:2 ack 5");
}

// ---- blind attackers: RFC 5961 ----

TEST(TcpScript, OnlyAnExactResetResets) {  // 3.2
  Script script;
  script.establish();
  script.in(kRst, 100, 0);
  EXPECT_EQ(script.connection.state(), State::established);
  EXPECT_EQ(script.out(), "1:1 ack 1") << "a challenge";
  script.in(kRst, 100'000, 0);
  EXPECT_EQ(script.out(), "") << "beyond the window it is not even challenged";
  script.in(kRst, 1, 0);
  EXPECT_EQ(script.connection.failure(), Errc::reset);
}

TEST(TcpScript, ASynIsChallengedWhereverItStands) {  // 4.2
  for (std::uint32_t at : {0u, 1u, 100u, 900'000u}) {
    Script script;
    script.establish();
    script.in(kSyn, at, 0);
    EXPECT_EQ(script.connection.state(), State::established);
    EXPECT_EQ(script.out(), "1:1 ack 1") << at;
  }
}

TEST(TcpScript, ChallengesAreNotAFlood) {  // 7
  Script script;
  script.establish();
  int sent = 0;
  for (int i = 0; i < 1000; ++i) {
    script.in(kSyn, 100, 0);
    sent += static_cast<int>(script.drain().size());
  }
  EXPECT_EQ(sent, 1);
}

TEST(TcpScript, DataWithAnAcknowledgmentFromNowhereIsRefused) {  // 5.2
  Script script;
  script.establish();
  (void)script.write(100);
  script.in(kAck, 1, 100'000, "evil");
  EXPECT_EQ(script.read(), "would_block");
  script.in(kAck, 1, static_cast<std::uint32_t>(-100'000), "evil");
  EXPECT_EQ(script.read(), "would_block");
}

// ---- timestamps: RFC 7323 ----

TEST(TcpScript, OldTimestampsAreRefused) {  // 5.3
  Script script(Tuning{});
  script.establish();
  SegmentHeader h = script.header(kAck, 1, 1);
  h.has_timestamps = true;
  h.timestamp = 100;
  script.in(h, "abc");
  EXPECT_EQ(script.read(), "abc");
  (void)script.out();
  script.after(40ms);
  (void)script.out();
  h.sequence += 3;
  h.timestamp = 50;
  script.in(h, "old");
  EXPECT_EQ(script.read(), "would_block");
  EXPECT_NE(script.out(), "") << "it is acknowledged nevertheless";
  h.timestamp = 100;
  script.in(h, "new");
  EXPECT_EQ(script.read(), "new");
}

// The original of a segment comes late, behind the retransmission of one before it. It is not taken, so it must not be
// acknowledged selectively either: its sender would wait for its timeout, and for one more at each such segment.
TEST(TcpScript, WhatPawsRefusesIsNotAcknowledged) {  // RFC 7323 5.3 R1, RFC 2018 8
  Script script(Tuning{});
  script.establish();
  SegmentHeader h = script.header(kAck, 1, 1);
  h.has_timestamps = true;
  h.timestamp = 100;
  script.in(h, std::string(1000, 'a'));
  script.after(40ms);
  EXPECT_EQ(script.out(), "1:1 ack 1001");
  h.sequence += 2000;
  h.timestamp = 99;
  script.in(h, std::string(1000, 'c'));
  EXPECT_EQ(script.out(), "1:1 ack 1001");
  h.sequence = SeqNumber(Script::kTheirs) + 501;
  script.in(h, std::string(1000, 'b'));
  EXPECT_EQ(script.out(), "1:1 ack 1001 sack 501-1001") << "half of it was there before";
}

TEST(TcpScript, TimestampsMayNotBeLeftOut) {  // 3.2
  Script script(Tuning{});
  script.establish();
  script.in(kAck, 1, 1, "abc");
  EXPECT_EQ(script.read(), "would_block");
}

// ---- losses ----

TEST(TcpScript, ThreeSelectiveAcknowledgmentsTellOfALoss) {  // RFC 6675, RFC 8985
  Script script;
  script.establish();
  EXPECT_NE(script.write(5000).find("4001:5001"), std::string::npos);
  script.after(50ms);
  SegmentHeader h = script.header(kAck, 1, 1);
  h.sack_count = 1;
  for (std::uint32_t right : {2001u, 3001u}) {
    h.sacks[0] = {SeqNumber(Script::kOurs) + 1001, SeqNumber(Script::kOurs) + right};
    script.in(h);
    EXPECT_EQ(script.out(), "") << "it could be reordering";
  }
  h.sacks[0].right = SeqNumber(Script::kOurs) + 4001;
  script.in(h);
  EXPECT_EQ(script.out(), "1:1001 ack 1");
}

TEST(TcpScript, ATimeoutSendsTheFirstSegmentAndBacksOff) {  // RFC 6298 5.4 to 5.6
  Tuning tuning = Script::plain();
  tuning.sack = false;
  Script script(tuning);
  script.establish();
  (void)script.write(5000);
  Duration before{};
  for (int i = 0; i < 5; ++i) {
    TimePoint begin = script.now;
    script.after(script.connection.next_deadline() - script.now);
    EXPECT_EQ(script.out(), "1:1001 ack 1");
    Duration waited = script.now - begin;
    if (i > 1) EXPECT_EQ(waited, before * 2);
    before = waited;
  }
  EXPECT_EQ(script.connection.congestion().window_bytes(), script.connection.send_mss());
}

TEST(TcpScript, ThreeDuplicatesTellAPeerWithoutSackApart) {  // RFC 5681 3.2, RFC 6582 3.2
  Tuning tuning = Script::plain();
  tuning.sack = false;
  Script script(tuning);
  script.establish();
  (void)script.write(6000);
  script.after(10ms);
  script.in(kAck, 1, 1);
  script.in(kAck, 1, 1);
  EXPECT_EQ(script.out(), "");
  script.in(kAck, 1, 1);
  EXPECT_EQ(script.out(), "1:1001 ack 1");
  script.in(kAck, 1, 3001);
  EXPECT_EQ(script.out(), "3001:4001 ack 1") << "a partial acknowledgment names the next hole";
  script.in(kAck, 1, 6001);
  EXPECT_EQ(script.out(), "");
  EXPECT_EQ(script.connection.in_flight_bytes(), 0u);
}

TEST(TcpScript, SelectiveAcknowledgmentsOfNothingSentAreIgnored) {
  Script script;
  script.establish();
  (void)script.write(3000);
  SegmentHeader h = script.header(kAck, 1, 1);
  h.sack_count = 2;
  h.sacks[0] = {SeqNumber(Script::kOurs) + 2001, SeqNumber(Script::kOurs) + 90'000};
  h.sacks[1] = {SeqNumber(Script::kOurs) + 3000, SeqNumber(Script::kOurs) + 2000};
  script.in(h);
  EXPECT_EQ(script.connection.in_flight_bytes(), 3000u);
}

// ---- congestion: RFC 3168 ----

TEST(TcpScript, CongestionIsEchoedUntilItIsAnswered) {  // 6.1.3
  Tuning tuning = Script::plain();
  tuning.ecn = EcnUse::accept;
  Script script(tuning);
  script.establish();
  ASSERT_TRUE(script.connection.agreed().ecn);
  script.in(script.header(kAck, 1, 1), std::string(1000, 'x'), Ecn::ce);
  script.in(script.header(kAck, 1001, 1), std::string(1000, 'x'), Ecn::ect0);
  EXPECT_EQ(script.out(), "ECE 1:1 ack 2001");
  script.in(script.header(kAck | kCwr, 2001, 1), std::string(1000, 'x'), Ecn::ect0);
  script.in(script.header(kAck, 3001, 1), std::string(1000, 'x'), Ecn::ect0);
  EXPECT_EQ(script.out(), "1:1 ack 4001");
}

TEST(TcpScript, AnEchoHalvesOnceAWindow) {  // 6.1.2
  Tuning tuning = Script::plain();
  tuning.ecn = EcnUse::accept;
  Script script(tuning);
  script.establish();
  (void)script.write(10'000);
  std::uint32_t window = script.connection.congestion().window_bytes();
  script.in(kAck | kEce, 1, 1001);
  std::uint32_t reduced = script.connection.congestion().window_bytes();
  EXPECT_LT(reduced, window);
  script.in(kAck | kEce, 1, 2001);
  EXPECT_GE(script.connection.congestion().window_bytes(), reduced);
  script.in(kAck, 1, 10'001);
  std::vector<OutSegment> sent = script.send(1000);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_TRUE(sent[0].header.has(kCwr));
  EXPECT_EQ(sent[0].ecn, Ecn::ect0);
}

// ---- windows ----

TEST(TcpScript, TheInitialWindowIsTenSegments) {  // RFC 6928
  Script script;
  script.establish();
  EXPECT_EQ(script.send(30'000).size(), 10u);
}

TEST(TcpScript, ThePeersWindowIsKept) {
  Script script;
  script.window = 2500;
  script.establish();
  EXPECT_EQ(script.write(10'000), "1:1001 ack 1\n1001:2001 ack 1") << "what is left is too small to send";
  script.in(kAck, 1, 2001);
  EXPECT_EQ(script.out(), "2001:3001 ack 1\n3001:4001 ack 1");
}

TEST(TcpScript, AShrunkenWindowIsBorne) {  // RFC 9293 3.8.6
  Script script;
  script.establish();
  (void)script.write(5000);
  script.window = 1000;
  script.in(kAck, 1, 1001);
  EXPECT_EQ(script.out(), "");
  script.in(kAck, 1, 5001);
  EXPECT_EQ(script.write(1000), "5001:6001 ack 1");
}

}  // namespace
}  // namespace ghostnet::tcp::script_test
