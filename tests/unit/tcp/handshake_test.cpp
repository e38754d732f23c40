// Opening: what a handshake tells about the path, what becomes of SYNs that are lost, and what of data beside them.
#include <gtest/gtest.h>

#include "pair.hpp"
#include "script.hpp"

namespace ghostnet::tcp::handshake_test {
namespace {

void expire(Script& script) { script.after(script.connection.next_deadline() - script.now); }

TEST(TcpHandshake, DataAfterAnUntimedHandshakeWaitsThreeSeconds) {  // RFC 6298 5.7
  Script script;                                                    // without timestamps
  script.connection.connect(script.now);
  (void)script.out();
  expire(script);
  EXPECT_EQ(script.out(), "SYN 0:0");
  script.now += 50ms;
  script.in(kSyn | kAck, 0, 1);
  ASSERT_EQ(script.connection.state(), State::established);
  EXPECT_FALSE(script.connection.rtt().has_sample()) << "whichever of the two was answered (Karn)";
  (void)script.write(100);
  EXPECT_EQ(script.connection.next_deadline(), script.now + 3s);
}

TEST(TcpHandshake, TimestampsTellWhichOfTwoSynsWasAnswered) {  // RFC 7323 4.3
  Script script(Tuning{});
  script.connection.connect(script.now);
  (void)script.out();
  expire(script);
  const std::vector<OutSegment> again = script.drain();
  ASSERT_EQ(again.size(), 1u);
  script.now += 50ms;
  SegmentHeader answer = script.header(kSyn | kAck, 0, 1);
  answer.has_timestamps = true;
  answer.timestamp = 9;
  answer.timestamp_echo = again[0].header.timestamp;
  script.in(answer);
  EXPECT_EQ(script.connection.rtt().smoothed(), 50ms);
}

TEST(TcpHandshake, OneLostSynLeavesTheInitialWindowAndTwoDoNot) {  // RFC 6928 2
  for (int lost : {0, 1, 2}) {
    Script script;
    script.connection.connect(script.now);
    (void)script.out();
    for (int i = 0; i < lost; ++i) {
      expire(script);
      EXPECT_EQ(script.out(), "SYN 0:0");
    }
    SegmentHeader answer = script.header(kSyn | kAck, 0, 1);
    answer.mss = 1000;
    script.in(answer);
    EXPECT_EQ(script.connection.congestion().window_bytes(), lost < 2 ? 10'000u : 1000u) << lost;
  }
}

TEST(TcpHandshake, TheInitialWindowIsTenSegmentsOrSoManyBytes) {  // RFC 6928 2 (1)
  for (const auto& [mss, window] :
       {std::pair<std::uint16_t, std::uint32_t>{1000, 10'000}, {1460, 14'600}, {2000, 14'600}, {9000, 18'000}}) {
    PairOptions options;
    options.mss = mss;
    options.client.timestamps = false;
    Pair pair(options);
    ASSERT_TRUE(pair.run_until([&] { return pair.client.connection.synchronized(); }));
    EXPECT_EQ(pair.client.connection.congestion().window_bytes(), window) << mss;
  }
}

TEST(TcpHandshake, TheSegmentSizeCountsOptionsIn) {  // RFC 6691 2: what is told does not, what is sent does
  Script script(Tuning{});
  script.connection.connect(script.now);
  const std::vector<OutSegment> syn = script.drain();
  ASSERT_EQ(syn.size(), 1u);
  EXPECT_EQ(syn[0].header.mss, 1000);
  SegmentHeader answer = script.header(kSyn | kAck, 0, 1);
  answer.mss = 1000;
  answer.has_timestamps = true;
  script.in(answer);
  EXPECT_EQ(script.connection.send_mss(), 1000 - kTimestampOptionBytes);
}

TEST(TcpHandshake, ASynThatAskedForEcnIsRepeatedWithout) {  // RFC 3168 6.1.1.1
  Tuning tuning = Script::plain();
  tuning.ecn = EcnUse::request;
  Script script(tuning);
  script.connection.connect(script.now);
  EXPECT_EQ(script.out(), "SYN ECE CWR 0:0");
  expire(script);
  EXPECT_EQ(script.out(), "SYN 0:0") << "a box on the way may have dropped it for that";
  script.in(kSyn | kAck | kEce, 0, 1);
  EXPECT_FALSE(script.connection.agreed().ecn);
}

TEST(TcpHandshake, BothOpeningAtOnceAnswerEachOther) {  // RFC 9293 3.5, figure 7
  Script script;
  script.connection.connect(script.now);
  EXPECT_EQ(script.out(), "SYN 0:0");
  script.in(kSyn, 0, 0);
  EXPECT_EQ(script.connection.state(), State::syn_received);
  EXPECT_EQ(script.out(), "SYN 0:0 ack 1");
  script.in(kSyn | kAck, 0, 1);
  EXPECT_EQ(script.connection.state(), State::established);
}

TEST(TcpHandshake, DataBesideASynAckIsTaken) {  // RFC 9293 3.10.7.3, fourth
  Script script;
  script.connection.connect(script.now);
  (void)script.out();
  script.in(kSyn | kAck, 0, 1, "hello");
  EXPECT_EQ(script.out(), "1:1 ack 6");
  EXPECT_EQ(script.read(), "hello");
}

TEST(TcpHandshake, AScaleIsUsedOnlyWhereBothOffer) {  // RFC 7323 2.2
  Script script;
  script.connection.connect(script.now);
  (void)script.out();
  script.in(kSyn | kAck, 0, 1);  // without the option
  EXPECT_EQ(script.connection.receive_scale(), 0);
  EXPECT_LT(script.connection.agreed().peer_window_scale, 0);
}

// ---- which segments are acceptable: RFC 9293 3.10.7.4, first ----

struct Place {
  const char* what;
  std::uint32_t window;
  std::uint32_t sequence;  // RCV.NXT is 1
  std::uint32_t length;
  bool acceptable;
};

// RFC 9293 3.4, table 5. Of a segment that is not acceptable nothing is taken, and its acknowledgment is not looked at
// where it does not stand at RCV.NXT.
TEST(TcpHandshake, TheFourCasesOfAcceptability) {
  const Place places[] = {
      {"no data, at the edge", 2000, 1, 0, true},
      {"no data, before", 2000, 0, 0, false},
      {"no data, within", 2000, 1500, 0, true},
      {"no data, beyond", 2000, 2002, 0, false},
      {"data at the edge", 2000, 1, 100, true},
      {"data that begins before and ends within", 2000, 0xffff'fff0, 100, true},
      {"data that begins within and ends beyond", 2000, 1990, 100, true},
      {"data before", 2000, 0xffff'ff00, 100, false},
      {"data beyond", 2000, 2001, 100, false},
  };
  for (const Place& place : places) {
    Script script(Script::plain(), {.receive_buffer_bytes = place.window});
    script.establish();
    (void)script.write(500);
    script.in(kAck, place.sequence, 501, std::string(place.length, 'x'));
    EXPECT_EQ(script.connection.outstanding_bytes() == 0, place.acceptable) << place.what;
  }
}

TEST(TcpHandshake, AClosedWindowAcceptsNoData) {  // RFC 9293 3.4, the third case
  Script script(Script::plain(), {.receive_buffer_bytes = 1000});
  script.establish();
  script.in(kAck, 1, 1, std::string(1000, 'x'));
  script.after(40ms);
  const std::vector<OutSegment> sent = script.drain();
  ASSERT_FALSE(sent.empty());
  EXPECT_EQ(sent.back().header.window, 0);
  script.in(kAck, 1001, 1, "more");
  EXPECT_EQ(script.out(), "1:1 ack 1001") << "but it is answered";
  EXPECT_EQ(script.read().size(), 1000u);
  EXPECT_EQ(script.read(), "would_block");
}

}  // namespace
}  // namespace ghostnet::tcp::handshake_test
