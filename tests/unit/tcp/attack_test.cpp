// What strangers and bad peers can do to a connection: as little as the RFCs leave them.
#include <gtest/gtest.h>

#include "script.hpp"

namespace ghostnet::tcp::attack_test {
namespace {

// ---- ICMP: RFC 5927 ----

TEST(TcpAttack, APacketTooBigMustQuoteWhatIsOnItsWay) {  // 7.1
  Script script;
  script.establish();
  (void)script.write(3000);
  for (std::uint32_t quoted : {0u, 3001u, 90'000u, 0x8000'0000u}) {
    script.connection.on_path_mss(script.now, SeqNumber(Script::kOurs) + quoted, 500);
    EXPECT_EQ(script.connection.send_mss(), 1000u) << quoted;
  }
  script.connection.on_path_mss(script.now, SeqNumber(Script::kOurs) + 1, 500);
  EXPECT_EQ(script.connection.send_mss(), 500u);
}

TEST(TcpAttack, NoReportMakesSegmentsTinyOrLarger) {  // 7.2
  Script script;
  script.establish();
  (void)script.write(3000);
  script.connection.on_path_mss(script.now, SeqNumber(Script::kOurs) + 1, 1);
  EXPECT_EQ(script.connection.send_mss(), 88u);
  script.connection.on_path_mss(script.now, SeqNumber(Script::kOurs) + 1, 9000);
  EXPECT_EQ(script.connection.send_mss(), 88u);
}

TEST(TcpAttack, UnreachablesEndOnlyAnAttempt) {  // 5.2, RFC 5461 4
  Script script;
  script.establish();
  (void)script.write(3000);
  script.connection.on_unreachable(SeqNumber(Script::kOurs) + 1, Errc::refused);
  EXPECT_EQ(script.connection.state(), State::established);
  Script attempt;
  attempt.connection.connect(attempt.now);
  (void)attempt.out();
  attempt.connection.on_unreachable(SeqNumber(Script::kOurs) + 77, Errc::refused);
  EXPECT_EQ(attempt.connection.state(), State::syn_sent) << "its sequence number was guessed";
  attempt.connection.on_unreachable(SeqNumber(Script::kOurs), Errc::refused);
  EXPECT_EQ(attempt.connection.failure(), Errc::refused);
}

// ---- answers that call for answers ----

// Two peers that disagree on where they are, as after data that a third has slipped in: each finds the other's
// acknowledgment out of place, and answers it.
TEST(TcpAttack, TwoWhoDisagreeDoNotTalkForEver) {  // RFC 5961 7
  Script one, other;
  one.establish();
  other.establish();
  int segments = 0;
  one.in(kAck, 900'000, 1);
  for (int round = 0; round < 200; ++round) {
    for (Script* side : {&one, &other}) {
      Script& peer = side == &one ? other : one;
      for (const OutSegment& segment : side->drain()) {
        ++segments;
        SegmentHeader h = segment.header;
        h.sequence = SeqNumber(Script::kTheirs) + 900'000;  // nowhere, for the other
        peer.in(h);
      }
      side->now += 5ms;
    }
  }
  EXPECT_LE(segments, 8) << "in a second";
}

TEST(TcpAttack, AProbeThatIsOutOfPlaceIsAnsweredNevertheless) {  // RFC 9293 3.8.4, 3.8.6.1
  Script script;
  script.establish();
  for (int i = 0; i < 5; ++i) {
    script.now += 1s;
    script.in(kAck, 0, 1);
    EXPECT_EQ(script.out(), "1:1 ack 1") << i;
  }
}

TEST(TcpAttack, NothingIsAnsweredByMoreThanItself) {
  for (int flags = 0; flags < 256; ++flags) {
    Script script;
    script.establish();
    for (std::uint32_t at : {0u, 1u, 500u, 100'000u, 0x8000'0000u}) {
      for (std::uint32_t ack : {0u, 1u, 2u, 100'000u}) {
        script.in(script.header(static_cast<std::uint8_t>(flags), at, ack), "x");
        EXPECT_LE(script.drain().size(), 1u) << flags << " at " << at << " ack " << ack;
      }
    }
  }
}

// A receiver that acknowledges what it has not got, to be sent to faster: beyond what was sent it is refused, and each
// acknowledgment counts for the bytes that it covers, however many pieces it comes in.
TEST(TcpAttack, AcknowledgingInSmallPiecesDoesNotOpenTheWindow) {  // RFC 3465 2.1, RFC 5681 3.1
  const auto grown = [](std::uint32_t piece) {
    Script script;
    script.establish();
    (void)script.write(10'000);
    for (std::uint32_t at = piece; at <= 10'000; at += piece) script.in(kAck, 1, 1 + at);
    return script.connection.congestion().window_bytes();
  };
  EXPECT_LE(grown(10), grown(1000));
  EXPECT_LE(grown(1000), 20'000u);
}

// ---- work ----

// A sender of 16,000 segments of 100 bytes that are all on their way.
struct LongBoard : Script {
  static constexpr std::uint32_t kSegments = 16'000;
  static constexpr std::uint32_t kBytes = 100;

  LongBoard()
      : Script({.timestamps = false,
                .pacing = Pacing::off,
                .initial_window_segments = 2 * kSegments,
                .send_buffer_bytes = 8'000'000,
                .max_send_buffer_bytes = 8'000'000}) {
    SegmentHeader syn = header(kSyn, 0, 0);
    syn.mss = kBytes;
    syn.sack_permitted = true;
    syn.window_scale = 8;
    connection.accept(now, syn, Ecn::not_ect);
    (void)drain();
    now += 50ms;
    in(kAck, 1, 1);
    EXPECT_EQ(send(kSegments * kBytes).size(), kSegments);
    now += 50ms;
  }
  static SackBlock block(std::uint32_t first_segment, std::uint32_t end_segment) {
    return {SeqNumber(kOurs) + 1 + first_segment * kBytes, SeqNumber(kOurs) + 1 + end_segment * kBytes};
  }
  // Returns how many records were looked at for nothing.
  std::uint32_t sack(std::initializer_list<SackBlock> blocks) {
    const std::uint32_t before = connection.counters().walked;
    SegmentHeader ack = header(kAck, 1, 1);
    for (const SackBlock& block : blocks) ack.sacks[ack.sack_count++] = block;
    in(ack);
    EXPECT_TRUE(connection.consistent());
    return connection.counters().walked - before;
  }
};

TEST(TcpAttack, BlocksThatAreNamedAgainAndAgainCostLittle) {  // RFC 2018 4: each in any order
  LongBoard script;
  for (std::uint32_t at = 1; at < 15'000; at += 1000) (void)script.sack({LongBoard::block(at, at + 1000)});
  (void)script.drain();
  for (std::uint32_t i = 0; i < 100; ++i) {
    const std::uint32_t at = i * 3000 % 15'000 + 1;
    EXPECT_LE(script.sack({LongBoard::block(at, at + 1000), LongBoard::block((at + 1000) % 15'000, at % 15'000 + 2000),
                           LongBoard::block((at + 2000) % 15'000, at % 15'000 + 3000)}),
              1100u);
  }
}

// What such an acknowledgment does not get to the next one does, as long as it says the same.
TEST(TcpAttack, ALongBlockIsTakenAllTheSame) {
  LongBoard script;
  for (std::uint32_t at = 1; at < 12'000; at += 1000) (void)script.sack({LongBoard::block(at, at + 1000)});
  const std::uint32_t before_bytes = script.connection.in_flight_bytes();
  for (int i = 0; i < 20; ++i) (void)script.sack({LongBoard::block(1, 15'000)});
  EXPECT_EQ(before_bytes - script.connection.in_flight_bytes(), (15'000u - 12'001u) * LongBoard::kBytes);
}

// A receiver that lets it look as if all could still come.
TEST(TcpAttack, SegmentsThatMayStillComeAreNotLookedAtEachTime) {  // RFC 8985 6.2 step 5
  LongBoard script;
  (void)script.sack({LongBoard::block(15'999, 16'000)});
  (void)script.sack({LongBoard::block(15'998, 15'999)});  // what was sent before has come after: reordering
  for (std::uint32_t at = 15'996; at > 15'900; at -= 2) EXPECT_LE(script.sack({LongBoard::block(at, at + 1)}), 3u);
  EXPECT_EQ(script.connection.counters().recoveries, 0u);
  script.after(13ms);  // a quarter of a round trip later they are lost
  EXPECT_EQ(script.connection.counters().recoveries, 1u);
}

// And one that has got all but two, which were sent again.
TEST(TcpAttack, NorAreThoseThatWereSentAgain) {
  LongBoard script;
  (void)script.sack({LongBoard::block(200, 201)});
  for (int i = 0; i < 20; ++i) (void)script.sack({LongBoard::block(1, 15'000), LongBoard::block(15'001, 15'900)});
  script.after(13ms);
  ASSERT_EQ(script.connection.counters().recoveries, 1u);
  (void)script.drain();
  (void)script.sack({LongBoard::block(15'900, 16'000)});
  (void)script.drain();
  ASSERT_EQ(script.connection.counters().retransmitted, 2u);
  script.now += 1ms;
  ASSERT_EQ(script.send(50 * LongBoard::kBytes).size(), 50u);
  script.now += 50ms;
  for (std::uint32_t at = 16'001; at <= 16'050; ++at) EXPECT_LE(script.sack({LongBoard::block(16'000, at)}), 3u) << at;
  script.after(13ms);
  (void)script.drain();
  EXPECT_GE(script.connection.counters().retransmitted, 3u) << "they are missed in their time";
}

// ---- sequence numbers ----

TEST(TcpAttack, DataIsTakenOnlyWithAnAcknowledgmentThatCouldBe) {  // RFC 5961 5.2
  Script script;
  script.window = 1000;
  script.establish();
  (void)script.write(1000);
  script.in(kAck, 1, 1001, "a");
  EXPECT_EQ(script.read(), "a");
  script.in(kAck, 2, 1, "b");  // SND.UNA less MAX.SND.WND
  EXPECT_EQ(script.read(), "b");
  script.in(kAck, 3, 0, "c");
  EXPECT_EQ(script.read(), "would_block") << "older than any window";
}

// A timestamp from the future would make all that the peer sends look old. Its place in the window is guessed in 65,536
// attempts; its acknowledgment must be guessed with it.
TEST(TcpAttack, ATimestampIsBelievedOnlyWithAnAcknowledgmentThatCouldBe) {  // RFC 7323 5.3 R3, RFC 5961 5.2
  Script script(Tuning{});
  script.establish();
  (void)script.write(100);
  SegmentHeader forged = script.header(kAck, 1, 90'000);
  forged.has_timestamps = true;
  forged.timestamp = 0x7000'0000;
  script.in(forged, "evil");
  EXPECT_EQ(script.connection.timestamp_recent(), 1u);
  SegmentHeader real = script.header(kAck, 1, 101);
  real.has_timestamps = true;
  real.timestamp = 2;
  script.in(real, "good");
  EXPECT_EQ(script.read(), "good");
  EXPECT_EQ(script.connection.timestamp_recent(), 2u);
}

TEST(TcpAttack, ForgedSegmentsDoNotKeepADeadPeerAlive) {  // RFC 9293 3.8.4
  Script script(Script::plain(), {.keepalive_idle = 60s, .keepalive_interval = 10s});
  script.establish();
  for (int i = 0; i < 40 && !script.connection.failure(); ++i) {
    script.after(5s);
    (void)script.drain();
    script.in(kAck, 900'000, 1, "guessed");
    script.in(kAck, 1, 900'000, "guessed");
    (void)script.drain();
  }
  EXPECT_EQ(script.connection.failure(), Errc::timed_out);
}

TEST(TcpAttack, ASynInSynReceivedIsAnsweredAndNotBelieved) {  // RFC 9293 3.10.7.4, fourth; RFC 5961 4
  Script script;
  script.connection.accept(script.now, script.header(kSyn, 0, 0), Ecn::not_ect);
  (void)script.out();
  for (std::uint32_t at : {1u, 500u, 900'000u}) {
    script.now += 1s;
    script.in(kSyn, at, 0);
    EXPECT_EQ(script.connection.state(), State::syn_received);
    EXPECT_EQ(script.out(), "1:1 ack 1") << at;
  }
  script.in(kSyn | kRst, 0, 0);
  EXPECT_EQ(script.out(), "") << "the SYN again, but a reset";
}

TEST(TcpAttack, ABlindResetInSynReceivedMustBeExact) {  // RFC 5961 3.2
  Script script;
  script.connection.accept(script.now, script.header(kSyn, 0, 0), Ecn::not_ect);
  (void)script.out();
  script.in(kRst, 50, 0);
  EXPECT_EQ(script.connection.state(), State::syn_received);
  script.in(kRst, 1, 0);
  EXPECT_EQ(script.connection.state(), State::closed);
}

}  // namespace
}  // namespace ghostnet::tcp::attack_test
