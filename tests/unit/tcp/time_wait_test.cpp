// What is left of a connection: RFC 9293 3.10.7.4 for TIME-WAIT, RFC 6191, RFC 1337.
#include "ghostnet/tcp/time_wait.hpp"

#include <gtest/gtest.h>

#include "script.hpp"

namespace ghostnet::tcp::time_wait_test {
namespace {

using Verdict = TimeWait::Verdict;

struct Closed : Script {
  explicit Closed(const Tuning& tuning) : Script(tuning) {
    establish();
    connection.shutdown(now);
    (void)drain();
    SegmentHeader fin = header(kAck | kFin, 1, 2);
    fin.has_timestamps = tuning.timestamps;
    fin.timestamp = 1000;
    in(fin);
    (void)drain();
    EXPECT_EQ(connection.state(), State::time_wait);
  }
};

struct Left : Closed {
  using Closed::Closed;

  Verdict judge(std::uint8_t flags, std::uint32_t sequence, std::string_view payload = {},
                std::uint32_t timestamp = 1000) const {
    SegmentHeader h = header(flags, sequence, 2);
    h.has_timestamps = tuning.timestamps;
    h.timestamp = timestamp;
    return wait.judge({h, as_bytes(payload)});
  }

  Flow flow{.local = Endpoint(IpAddress::v4(10, 0, 0, 1), 80), .peer = Endpoint(IpAddress::v4(10, 0, 0, 2), 4000)};
  TimeWait wait{now, flow, connection, tuning};
};

TEST(TcpTimeWait, IsNotEndedByAReset) {  // RFC 1337 3: TIME-WAIT assassination
  Left left(Script::plain());
  for (std::uint32_t at : {0u, 1u, 2u, 1000u}) EXPECT_EQ(left.judge(kRst, at), Verdict::ignore);
}

TEST(TcpTimeWait, OldDataIsAnsweredAndNotBelieved) {  // RFC 1337 2
  Left left(Script::plain());
  EXPECT_EQ(left.judge(kAck, 1, "old"), Verdict::answer);
  const SegmentHeader answer = left.wait.answer(left.now);
  EXPECT_EQ(answer.flags, kAck);
  EXPECT_EQ(answer.sequence, SeqNumber(Script::kOurs) + 2);
  EXPECT_EQ(answer.acknowledgment, SeqNumber(Script::kTheirs) + 2);
  EXPECT_EQ(answer.source_port, 80);
}

TEST(TcpTimeWait, ARepeatedFinBeginsTheWaitAnew) {  // RFC 9293 3.10.7.4, eighth
  Left left(Script::plain());
  EXPECT_EQ(left.judge(kAck | kFin, 1), Verdict::renew);
}

TEST(TcpTimeWait, AnAcknowledgmentOfAllIsSilence) {  // or two that wait would talk for ever
  Left left(Script::plain());
  EXPECT_EQ(left.judge(kAck, 2), Verdict::ignore);
}

TEST(TcpTimeWait, ASynWithALaterTimestampIsANewConnection) {  // RFC 6191 2
  Left left(Tuning{});
  EXPECT_EQ(left.judge(kSyn, 1, {}, 1001), Verdict::reopen) << "though its sequence number is old";
  EXPECT_EQ(left.judge(kSyn, 3, {}, 1000), Verdict::reopen) << "of the same instant its sequence number decides";
  EXPECT_EQ(left.judge(kSyn, 2, {}, 1000), Verdict::answer);
  EXPECT_EQ(left.judge(kSyn, 900'000, {}, 999), Verdict::answer);
  EXPECT_EQ(left.judge(kSyn, 1, {}, 1000 + 0x7fff'ffffu), Verdict::reopen);
  EXPECT_EQ(left.judge(kSyn, 1, {}, 1001 + 0x7fff'ffffu), Verdict::answer) << "half the circle away it is older";
  EXPECT_EQ(left.judge(kSyn | kAck, 900'000, {}, 2000), Verdict::answer);
}

TEST(TcpTimeWait, WithoutTimestampsALaterSequenceNumberIs) {  // RFC 9293 3.6.1, RFC 1122 4.2.2.13
  Left left(Script::plain());
  EXPECT_EQ(left.judge(kSyn, 3), Verdict::reopen);
  EXPECT_EQ(left.judge(kSyn, 2), Verdict::answer);
  EXPECT_EQ(left.judge(kSyn, 1), Verdict::answer);
}

TEST(TcpTimeWait, ASynWithTimestampsWhereThereWereNoneIs) {  // RFC 6191 2
  Left left(Script::plain());
  SegmentHeader syn = left.header(kSyn, 1, 0);
  syn.has_timestamps = true;
  EXPECT_EQ(left.wait.judge({syn, {}}), Verdict::answer) << "this side offers none, so there will be none";
  left.tuning.timestamps = true;
  const TimeWait offers(left.now, left.flow, left.connection, left.tuning);
  EXPECT_EQ(offers.judge({syn, {}}), Verdict::reopen);
}

TEST(TcpTimeWait, OnlyTheFinThatWasSeenBeginsTheWaitAnew) {
  Left left(Script::plain());
  EXPECT_EQ(left.judge(kAck | kFin, 1), Verdict::renew);
  for (std::uint32_t guessed : {0u, 2u, 500u, 900'000u}) EXPECT_EQ(left.judge(kAck | kFin, guessed), Verdict::answer);
}

TEST(TcpTimeWait, TheNextConnectionsNumbersAreBeyondItsOwn) {  // RFC 6191 2
  Left left(Script::plain());
  EXPECT_GT(left.wait.next_initial_sequence() - left.connection.send_next(), 65'536);
}

}  // namespace
}  // namespace ghostnet::tcp::time_wait_test
