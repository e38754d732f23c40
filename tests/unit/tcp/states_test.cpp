// Every arrow between the states of RFC 9293 3.3.2, figure 5, and what a reset, a SYN or nonsense does in each of them
// (3.10.7.4). LISTEN is the stack's, and TIME-WAIT a TimeWait's; their arrows are walked in stack_test.cpp.
#include <gtest/gtest.h>

#include <functional>

#include "script.hpp"

namespace ghostnet::tcp::states_test {
namespace {

// A connection brought into a state, by the shortest way from CLOSED.
void bring(Script& script, State state) {
  const SegmentHeader syn = script.header(kSyn, 0, 0);
  switch (state) {
    case State::closed:
    case State::time_wait: break;
    case State::syn_sent: script.connection.connect(script.now); break;
    case State::syn_received: script.connection.accept(script.now, syn, Ecn::not_ect); break;
    case State::established: script.establish(); break;
    case State::fin_wait_1:
      script.establish();
      script.connection.shutdown(script.now);
      break;
    case State::fin_wait_2:
      bring(script, State::fin_wait_1);
      script.in(kAck, 1, 2);
      break;
    case State::close_wait:
      script.establish();
      script.in(kAck | kFin, 1, 1);
      break;
    case State::closing:
      bring(script, State::fin_wait_1);
      script.in(kAck | kFin, 1, 1);
      break;
    case State::last_ack:
      bring(script, State::close_wait);
      script.connection.shutdown(script.now);
      break;
  }
  (void)script.drain();
}

struct Arrow {
  const char* what;
  State from;
  std::function<void(Script&)> event;
  State to;
};

void PrintTo(const Arrow& arrow, std::ostream* out) { *out << arrow.what; }

std::vector<Arrow> arrows() {
  const auto shut = [](Script& s) { s.connection.shutdown(s.now); };
  const auto segment = [](std::uint8_t flags, std::uint32_t sequence, std::uint32_t ack) {
    return [=](Script& s) { s.in(flags, sequence, ack); };
  };
  using enum State;
  return {
      {"active open", closed, [](Script& s) { s.connection.connect(s.now); }, syn_sent},
      {"SYN comes to a listener", closed,
       [](Script& s) { s.connection.accept(s.now, s.header(kSyn, 0, 0), Ecn::not_ect); }, syn_received},
      {"SYN and ACK of ours", syn_sent, segment(kSyn | kAck, 0, 1), established},
      {"SYN: both open at once", syn_sent, segment(kSyn, 0, 0), syn_received},
      {"close before an answer", syn_sent, shut, closed},
      {"ACK of our SYN", syn_received, segment(kAck, 1, 1), established},
      {"close before the ACK of our SYN, and the ACK", syn_received,
       [](Script& s) {
         s.connection.shutdown(s.now);
         s.in(kAck, 1, 1);
       },
       fin_wait_1},
      {"ACK of our SYN with a FIN", syn_received, segment(kAck | kFin, 1, 1), close_wait},
      {"close", established, shut, fin_wait_1},
      {"FIN", established, segment(kAck | kFin, 1, 1), close_wait},
      {"ACK of our FIN", fin_wait_1, segment(kAck, 1, 2), fin_wait_2},
      {"FIN that does not know of ours", fin_wait_1, segment(kAck | kFin, 1, 1), closing},
      {"FIN with the ACK of ours", fin_wait_1, segment(kAck | kFin, 1, 2), time_wait},
      {"FIN in the other half", fin_wait_2, segment(kAck | kFin, 1, 2), time_wait},
      {"ACK of our FIN, both closing", closing, segment(kAck, 2, 2), time_wait},
      {"close of the second half", close_wait, shut, last_ack},
      {"ACK of the last FIN", last_ack, segment(kAck, 2, 2), closed},
  };
}

class TcpArrow : public testing::TestWithParam<Arrow> {};
INSTANTIATE_TEST_SUITE_P(Figure5, TcpArrow, testing::ValuesIn(arrows()));

TEST_P(TcpArrow, LeadsWhereTheFigureSays) {
  const Arrow& arrow = GetParam();
  Script script;
  bring(script, arrow.from);
  ASSERT_EQ(to_string(script.connection.state()), to_string(arrow.from)) << arrow.what;
  arrow.event(script);
  (void)script.drain();
  EXPECT_EQ(to_string(script.connection.state()), to_string(arrow.to)) << arrow.what;
}

constexpr State kSynchronized[] = {State::established, State::fin_wait_1, State::fin_wait_2,
                                   State::close_wait,  State::closing,    State::last_ack};

// What of the peer's stream has been taken: its SYN, and a FIN where there was one.
std::uint32_t next_of(const Script& script) { return script.connection.receive_next().value() - Script::kTheirs; }

TEST(TcpStates, AResetEndsEachOfThem) {  // RFC 9293 3.10.7.4, second
  for (State state : kSynchronized) {
    Script script;
    bring(script, state);
    ASSERT_EQ(script.connection.state(), state);
    script.in(kRst, next_of(script), 0);
    EXPECT_EQ(script.connection.state(), State::closed) << to_string(state);
    EXPECT_EQ(script.connection.failure(), Errc::reset) << to_string(state);
    EXPECT_EQ(script.out(), "") << "a reset is not answered";
    EXPECT_EQ(script.connection.next_deadline(), kNever) << to_string(state);
  }
}

TEST(TcpStates, AResetBesideTheNextByteIsChallengedInEachOfThem) {  // RFC 5961 3.2
  for (State state : kSynchronized) {
    Script script;
    bring(script, state);
    script.in(kRst, next_of(script) + 7, 0);
    EXPECT_EQ(script.connection.state(), state);
    EXPECT_EQ(script.drain().size(), 1u) << to_string(state);
  }
}

TEST(TcpStates, ASynIsChallengedInEachOfThem) {  // RFC 9293 3.10.7.4, fourth; RFC 5961 4.2
  for (State state : kSynchronized) {
    Script script;
    bring(script, state);
    script.in(kSyn, next_of(script), 0);
    EXPECT_EQ(script.connection.state(), state);
    const std::vector<OutSegment> sent = script.drain();
    ASSERT_EQ(sent.size(), 1u) << to_string(state);
    EXPECT_EQ(sent[0].header.flags, kAck) << to_string(state);
  }
}

TEST(TcpStates, ASegmentWithoutAnAcknowledgmentIsDroppedInEachOfThem) {  // RFC 9293 3.10.7.4, fifth
  for (State state : kSynchronized) {
    Script script;
    bring(script, state);
    script.in(0, next_of(script), 0, "data");
    EXPECT_EQ(script.connection.state(), state);
    EXPECT_EQ(script.out(), "") << to_string(state);
    EXPECT_TRUE(script.connection.drained()) << to_string(state);
  }
}

TEST(TcpStates, AnAbortResetsWhereThereIsSomebodyToTell) {  // RFC 9293 3.10.5
  for (State state : kSynchronized) {
    Script script;
    bring(script, state);
    script.connection.abort();
    const std::vector<OutSegment> sent = script.drain();
    ASSERT_EQ(sent.size(), 1u) << to_string(state);
    EXPECT_TRUE(sent[0].header.has(kRst)) << to_string(state);
    EXPECT_TRUE(script.connection.finished()) << to_string(state);
  }
  Script script;
  bring(script, State::syn_sent);
  script.connection.abort();
  EXPECT_EQ(script.out(), "") << "nobody has heard of it";
}

// RFC 9293 3.10.7.4, second: a passive open goes back to LISTEN, an active one is refused.
TEST(TcpStates, AResetInSynReceivedIsARefusalOfWhoOpened) {
  Script passive;
  bring(passive, State::syn_received);
  passive.in(kRst, 1, 0);
  EXPECT_EQ(passive.connection.failure(), Errc::reset);
  Script active;
  bring(active, State::syn_sent);
  active.in(kSyn, 0, 0);
  (void)active.drain();
  active.in(kRst, 1, 0);
  EXPECT_EQ(active.connection.failure(), Errc::refused);
}

// RFC 9293 3.10.7.4, eighth: the FIN again, since our acknowledgment of it was lost.
TEST(TcpStates, ARepeatedFinIsAcknowledgedAgain) {
  for (State state : {State::close_wait, State::closing, State::last_ack}) {
    Script script;
    bring(script, state);
    script.in(kAck | kFin, 1, 1);
    EXPECT_EQ(script.connection.state(), state);
    EXPECT_NE(script.out().find("ack 2"), std::string::npos) << to_string(state);
  }
}

// RFC 9293 3.10.7.4, seventh: data after a FIN cannot be.
TEST(TcpStates, WhatComesAfterAFinIsNotTaken) {
  for (State state : {State::close_wait, State::closing, State::last_ack}) {
    Script script;
    bring(script, state);
    script.in(kAck, 2, 1, "more");
    EXPECT_EQ(script.connection.state(), state);
    EXPECT_TRUE(script.connection.drained()) << to_string(state);
  }
}

TEST(TcpStates, AFinIsSentAgainUntilItIsAcknowledged) {  // RFC 9293 3.8.1
  for (State state : {State::fin_wait_1, State::closing, State::last_ack}) {
    Script script;
    bring(script, state);
    script.after(script.connection.next_deadline() - script.now);
    const std::string again = script.out();
    EXPECT_TRUE(again.starts_with("FIN 1:1")) << to_string(state) << " sent " << again;
  }
}

}  // namespace
}  // namespace ghostnet::tcp::states_test
