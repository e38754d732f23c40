#include "ghostnet/ping/prober.hpp"

#include <gtest/gtest.h>

namespace ghostnet::ping::prober_test {
namespace {

constexpr std::uint64_t kSession = 7;

struct ProberTest : testing::Test {
  static constexpr TimePoint kStart = from_ns(1'000'000'000);

  Prober prober{kSession, {.probes = 4, .interval = 100ms, .timeout = 250ms, .size = {100}}, kStart};

  static Message reply_to(const Message& probe) {
    Message reply = probe;
    reply.type = MessageType::reply;
    return reply;
  }
  // The probe that must be due after `after`.
  Message send(Duration after) {
    const std::optional<Message> probe = prober.next_probe(kStart + after);
    EXPECT_TRUE(probe) << "nothing due after " << to_text(after);
    return probe.value_or(Message{});
  }
};

TEST_F(ProberTest, SendsOnScheduleAndNoMoreThanAsked) {
  EXPECT_EQ(prober.next_deadline(), kStart);
  const Message first = send(0ms);
  EXPECT_EQ(first.session, kSession);
  EXPECT_EQ(first.sequence, 0u);
  EXPECT_EQ(first.size_bytes(), 100u);
  EXPECT_EQ(first.sent_at_ns, to_ns(kStart));
  EXPECT_FALSE(prober.next_probe(kStart));
  EXPECT_EQ(prober.next_deadline(), kStart + 100ms);
  EXPECT_FALSE(prober.next_probe(kStart + 99ms));
  EXPECT_EQ(send(100ms).sequence, 1u);
  EXPECT_EQ(send(200ms).sequence, 2u);
  EXPECT_EQ(send(300ms).sequence, 3u);
  EXPECT_FALSE(prober.next_probe(kStart + 10s));
  EXPECT_EQ(prober.sent(), 4u);
}

TEST_F(ProberTest, ALateCallerCatchesUpOnTheSchedule) {
  send(0ms);
  EXPECT_EQ(send(250ms).sequence, 1u);
  EXPECT_EQ(send(250ms).sequence, 2u);
  EXPECT_FALSE(prober.next_probe(kStart + 250ms));
  EXPECT_EQ(send(300ms).sequence, 3u) << "the schedule did not move";
}

TEST_F(ProberTest, AnAnswerGivesTheRoundTripTime) {
  const Message probe = send(0ms);
  const Prober::Reply reply = prober.on_reply(reply_to(probe), kStart + 42ms);
  EXPECT_EQ(reply.verdict, Prober::Verdict::answer);
  EXPECT_EQ(reply.rtt, 42ms);
  EXPECT_FALSE(reply.reordered);
  EXPECT_EQ(prober.received(), 1u);
}

TEST_F(ProberTest, ASecondReplyIsADuplicateForAsLongAsTheProbeIsRemembered) {
  const Message probe = send(0ms);
  prober.on_reply(reply_to(probe), kStart + 10ms);
  EXPECT_EQ(prober.on_reply(reply_to(probe), kStart + 20ms).verdict, Prober::Verdict::duplicate);
  EXPECT_EQ(prober.expire(kStart + 250ms), 0u) << "an answered probe is not lost";
  EXPECT_EQ(prober.on_reply(reply_to(probe), kStart + 260ms).verdict, Prober::Verdict::stray);
  EXPECT_EQ(prober.received(), 1u);
}

TEST_F(ProberTest, AnAnswerAfterOneToALaterProbeIsReordered) {
  const Message first = send(0ms), second = send(100ms), third = send(200ms);
  EXPECT_FALSE(prober.on_reply(reply_to(second), kStart + 210ms).reordered);
  EXPECT_TRUE(prober.on_reply(reply_to(first), kStart + 220ms).reordered);
  EXPECT_FALSE(prober.on_reply(reply_to(third), kStart + 230ms).reordered);
}

TEST_F(ProberTest, AProbeWithoutAReplyIsLostAtItsTimeout) {
  const Message probe = send(0ms);
  send(100ms);
  send(200ms);
  EXPECT_EQ(prober.expire(kStart + 249ms), 0u);
  EXPECT_EQ(prober.on_reply(reply_to(probe), kStart + 250ms).verdict, Prober::Verdict::stray) << "too late";
  EXPECT_EQ(prober.expire(kStart + 250ms), 1u);
  EXPECT_EQ(prober.lost(), 1u);
  EXPECT_EQ(prober.next_deadline(), kStart + 300ms);
}

TEST_F(ProberTest, ForgedRepliesAreStrays) {
  const Message probe = send(0ms);
  Message forged = reply_to(probe);
  forged.session = kSession + 1;
  EXPECT_EQ(prober.on_reply(forged, kStart + 1ms).verdict, Prober::Verdict::stray);
  forged = reply_to(probe);
  forged.sequence = 1;
  EXPECT_EQ(prober.on_reply(forged, kStart + 1ms).verdict, Prober::Verdict::stray) << "not sent yet";
  forged.sequence = UINT64_MAX;
  EXPECT_EQ(prober.on_reply(forged, kStart + 1ms).verdict, Prober::Verdict::stray);
  forged = reply_to(probe);
  forged.sent_at_ns -= 1;
  EXPECT_EQ(prober.on_reply(forged, kStart + 1ms).verdict, Prober::Verdict::stray) << "another time of sending";
  EXPECT_EQ(prober.on_reply(probe, kStart + 1ms).verdict, Prober::Verdict::stray) << "a request is no reply";
  EXPECT_EQ(prober.received(), 0u);
}

TEST_F(ProberTest, IsFinishedOnceTheFateOfAllIsKnown) {
  std::vector<Message> probes;
  for (Duration at = 0ms; at <= 300ms; at += 100ms) {
    prober.expire(kStart + at);
    probes.push_back(send(at));
  }
  EXPECT_FALSE(prober.finished());
  for (std::size_t i : {1u, 2u, 3u}) prober.on_reply(reply_to(probes[i]), kStart + 310ms);
  EXPECT_TRUE(prober.finished()) << "the first was lost at 250 ms";
  EXPECT_EQ(prober.next_deadline(), kNever);
  EXPECT_EQ(prober.sent(), 4u);
  EXPECT_EQ(prober.received(), 3u);
  EXPECT_EQ(prober.lost(), 1u);
}

TEST(ProberBounds, TheWindowIsBoundedWhateverTheCallerDoes) {
  const PingRequest request{.probes = 1'000'000, .interval = 1us, .timeout = 60ms, .size = {64}};
  ASSERT_TRUE(request.validate());
  Prober prober(1, request, TimePoint{});
  std::int64_t sent = 0;
  while (prober.next_probe(TimePoint{} + 1s)) ++sent;
  EXPECT_EQ(sent, PingRequest::kMaxWindow);
  EXPECT_EQ(prober.expire(TimePoint{} + 1s + 60ms), static_cast<std::size_t>(PingRequest::kMaxWindow));
  EXPECT_TRUE(prober.next_probe(TimePoint{} + 1s + 60ms));
}

TEST(ProberBounds, MoreProbesInFlightThanTheWindowAreRefused) {
  const PingRequest request{.interval = 1us, .timeout = 1s};
  ASSERT_FALSE(request.validate());
  EXPECT_EQ(request.validate().error().message(),
            "timeout: 1 s is more than 65536 intervals of 1 us: probes could not be told apart");
}

TEST(ProberBounds, SchedulesBeyondTheEndOfTimeDoNotOverflow) {
  Prober prober(1, {.probes = 1'000'000'000, .interval = 24h, .timeout = 1ms, .size = {32}}, from_ns(INT64_MAX - 1000));
  EXPECT_TRUE(prober.next_probe(from_ns(INT64_MAX - 1000)));
  EXPECT_FALSE(prober.next_probe(from_ns(INT64_MAX - 1)));
  EXPECT_EQ(prober.next_deadline(), kNever);
}

}  // namespace
}  // namespace ghostnet::ping::prober_test
