// LISTEN and TIME-WAIT, which are a stack's: RFC 9293 3.10.7.2, the old duplicates and half-open connections of 3.5,
// and crowds of strangers.
#include <gtest/gtest.h>

#include "net.hpp"

namespace ghostnet::tcp::listen_test {
namespace {

const Endpoint kStranger(IpAddress::v4(192, 0, 2, 1), 5000);

SegmentHeader segment(std::uint8_t flags, std::uint32_t sequence = 0, std::uint32_t acknowledgment = 0) {
  SegmentHeader header;
  header.flags = flags;
  header.sequence = SeqNumber(sequence);
  header.acknowledgment = SeqNumber(acknowledgment);
  header.window = 60'000;
  return header;
}

class Listening : public testing::Test {
 protected:
  explicit Listening(const Tuning& tuning = {.time_wait = 30s}) : net(tuning) {}

  // What the server answers to a stranger's segment; one without flags for nothing.
  SegmentHeader ask(const SegmentHeader& header, std::string_view payload = {}, const Endpoint& from = kStranger) {
    net.stray.clear();
    net.forge(server, from, server.at(7), header, payload);
    net.world.run_ready();
    EXPECT_LE(net.stray.size(), 1u);
    return net.stray.empty() ? SegmentHeader() : net.stray[0].header;
  }
  // A connection of a stranger, whose next byte is 101 and whom the server's next is returned to.
  std::uint32_t open(const Endpoint& from = kStranger) {
    const SegmentHeader answer = ask(segment(kSyn, 100), {}, from);
    EXPECT_EQ(answer.flags, kSyn | kAck);
    const std::uint32_t next = answer.sequence.value() + 1;
    EXPECT_EQ(ask(segment(kAck, 101, next), {}, from).flags, 0);
    return next;
  }
  // The server closes first, and waits.
  std::uint32_t leave_waiting() {
    const std::uint32_t next = open();
    std::unique_ptr<Stream> stream = std::move(*listener->try_accept());
    EXPECT_TRUE(stream->shutdown_send());
    net.world.run_ready();
    EXPECT_EQ(ask(segment(kAck | kFin, 101, next + 1)).flags, kAck);
    EXPECT_EQ(server.stack.time_waits(), 1u);
    EXPECT_EQ(server.stack.connections(), 0u);
    return next + 1;
  }

  Net net;
  Node& server = net.add();
  std::unique_ptr<Listener> listener = *server.stack.listen({.local = server.at(7), .backlog = 16});
};

// ---- RFC 9293 3.10.7.2 ----

TEST_F(Listening, AResetIsIgnored) {  // first
  EXPECT_EQ(ask(segment(kRst)).flags, 0);
  EXPECT_EQ(ask(segment(kRst | kSyn)).flags, 0);
}

TEST_F(Listening, AnAcknowledgmentIsReset) {  // second
  for (std::uint8_t more : {std::uint8_t{0}, kSyn, kFin, kPsh}) {
    const SegmentHeader answer = ask(segment(kAck | more, 5, 777), "data");
    EXPECT_EQ(answer.flags, kRst);
    EXPECT_EQ(answer.sequence, SeqNumber(777));
  }
}

TEST_F(Listening, ASynIsAnswered) {  // third
  const SegmentHeader answer = ask(segment(kSyn, 100));
  EXPECT_EQ(answer.flags, kSyn | kAck);
  EXPECT_EQ(answer.acknowledgment, SeqNumber(101));
}

TEST_F(Listening, AnythingElseIsDropped) {  // fourth
  for (std::uint8_t flags : {std::uint8_t{0}, kFin, kPsh, kUrg, std::uint8_t{kSyn | kFin}}) {
    EXPECT_EQ(ask(segment(flags, 100), "data").flags, 0) << int{flags};
  }
  EXPECT_EQ(server.stack.connections(), 0u);
}

// ---- RFC 9293 3.5 ----

TEST_F(Listening, AnOldSynIsGivenUpForTheRealOne) {  // figure 8
  const SegmentHeader answer = ask(segment(kSyn, 90));
  ASSERT_EQ(answer.flags, kSyn | kAck);
  // The client finds that this acknowledges nothing of its own, and resets.
  EXPECT_EQ(ask(segment(kRst, 91)).flags, 0);
  EXPECT_EQ(server.stack.connections(), 0u) << "back to LISTEN";
  (void)open();
  EXPECT_TRUE(listener->try_accept());
}

TEST_F(Listening, APeerThatCrashedFindsOutAndCanComeAgain) {  // figure 9
  const std::uint32_t next = open();
  std::unique_ptr<Stream> stream = std::move(*listener->try_accept());
  // It begins anew, from the same port.
  const SegmentHeader challenge = ask(segment(kSyn, 40'000));
  EXPECT_EQ(challenge.flags, kAck);
  EXPECT_EQ(challenge.sequence, SeqNumber(next));
  EXPECT_EQ(challenge.acknowledgment, SeqNumber(101));
  // That acknowledges something it never sent.
  EXPECT_EQ(ask(segment(kRst, 101)).flags, 0);
  std::array<std::uint8_t, 8> buffer;
  EXPECT_EQ(stream->try_read(buffer).error(), Errc::reset);
  EXPECT_EQ(ask(segment(kSyn, 40'000)).flags, kSyn | kAck);
}

// ---- TIME-WAIT ----

TEST_F(Listening, ARepeatedFinIsAcknowledgedAndTheWaitBeginsAnew) {  // RFC 9293 3.10.7.4, eighth
  const std::uint32_t next = leave_waiting();
  net.world.run_for(20s);
  EXPECT_EQ(ask(segment(kAck | kFin, 101, next)).flags, kAck);
  net.world.run_for(20s);
  EXPECT_EQ(server.stack.time_waits(), 1u) << "40 seconds after it began";
  net.world.run_for(11s);
  EXPECT_EQ(server.stack.time_waits(), 0u);
}

TEST_F(Listening, ResetsDoNotEndTheWait) {  // RFC 1337 3
  (void)leave_waiting();
  EXPECT_EQ(ask(segment(kRst, 102)).flags, 0);
  EXPECT_EQ(server.stack.time_waits(), 1u);
}

TEST_F(Listening, ANewSynEndsTheWaitAndStartsBeyondItsNumbers) {  // RFC 9293 3.10.7.4, RFC 6191 2
  const std::uint32_t next = leave_waiting();
  const SegmentHeader answer = ask(segment(kSyn, 200'000));
  EXPECT_EQ(answer.flags, kSyn | kAck);
  EXPECT_GT(answer.sequence, SeqNumber(next));
  EXPECT_EQ(server.stack.time_waits(), 0u);
}

struct FewWaits : Listening {
  FewWaits() : Listening({.max_time_wait = 10}) {}
};

TEST_F(FewWaits, BeyondTheirBoundTheOldestGoes) {
  for (std::uint16_t i = 0; i < 25; ++i) {
    const Endpoint from(kStranger.address(), static_cast<std::uint16_t>(2000 + i));
    const std::uint32_t next = open(from);
    std::unique_ptr<Stream> stream = std::move(*listener->try_accept());
    EXPECT_TRUE(stream->shutdown_send());
    net.world.run_ready();
    (void)ask(segment(kAck | kFin, 101, next + 1), {}, from);
    EXPECT_LE(server.stack.time_waits(), 10u);
  }
}

// ---- crowds ----

// Handshakes that are completed by nobody in particular, for a server that is slow to accept.
TEST_F(Listening, ConnectionsThatNobodyAcceptsAreBounded) {
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const Endpoint from(IpAddress::v4(0x0b00'0000 + i), 4000);
    const SegmentHeader answer = ask(segment(kSyn, 100), {}, from);
    if (answer.flags != 0) (void)ask(segment(kAck, 101, answer.sequence.value() + 1), {}, from);
  }
  EXPECT_EQ(server.stack.connections(), 16u);
  EXPECT_GE(server.stack.metrics().syns_dropped.value(), 980u);
}

// Connections that are opened, asked and never read from (sockstress): what the server keeps for each is bounded, and
// all of it is gone a while after the server has lost interest.
TEST_F(Listening, PeersThatNeverReadAreOutlived) {
  std::vector<std::unique_ptr<Stream>> streams;
  for (std::uint32_t i = 0; i < 200; ++i) {
    const Endpoint from(IpAddress::v4(0x0b00'0000 + i), 4000);
    const SegmentHeader answer = ask(segment(kSyn, 100), {}, from);
    SegmentHeader closed = segment(kAck, 101, answer.sequence.value() + 1);
    closed.window = 0;
    (void)ask(closed, {}, from);
    streams.push_back(std::move(*listener->try_accept()));
    const std::vector<std::uint8_t> page(1 << 20, 'x');
    const ByteView view(page);
    std::size_t kept = 0;
    while (Result<std::size_t> written = streams.back()->try_write(std::span(&view, 1))) kept += *written;
    EXPECT_LE(kept, Tuning{}.send_buffer_bytes);
    EXPECT_TRUE(streams.back()->shutdown_send());
  }
  streams.clear();
  net.world.run_for(20min);
  EXPECT_EQ(server.stack.connections(), 0u);
}

TEST_F(Listening, NoSegmentIsAnsweredByMoreThanOne) {
  Random random = Random::derive(3, 0, "forged");
  const std::uint64_t before = server.sent;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    SegmentHeader header =
        segment(static_cast<std::uint8_t>(random.below(256)), static_cast<std::uint32_t>(random.below(300)),
                static_cast<std::uint32_t>(random.next_u64()));
    const Endpoint from(IpAddress::v4(0x0b00'0000 + static_cast<std::uint32_t>(random.below(50))), 4000);
    net.forge(server, from, server.at(7), header, random.below(2) == 0 ? "payload" : "");
    ASSERT_LE(server.sent - before, i + 1);
  }
}

}  // namespace
}  // namespace ghostnet::tcp::listen_test
