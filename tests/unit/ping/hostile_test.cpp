// What peers and networks may do to the ping service.
#include <gtest/gtest.h>

#include "ghostnet/ping/service.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::ping::hostile_test {
namespace {

using support::TestHost;
using support::TestWorld;

constexpr std::uint16_t kPort = 7008;

struct PingHostile : testing::Test {
  TestWorld world{{.latency = 1ms}};
  TestHost& victim = world.add_host("victim");
  TestHost& attacker = world.add_host("attacker");
  std::vector<std::unique_ptr<UdpSocket>> sockets;
  std::vector<std::unique_ptr<PingService>> services;
  Scope actors{world.loop()};

  PingService* start(Host& host, PingOptions options = {}) {
    services.push_back(PingService::start(host, std::move(options)).value());
    return services.back().get();
  }
  UdpSocket* open(Host& host, std::uint16_t port) {
    sockets.push_back(host.open_udp({.local = Endpoint(IpAddress::any(IpFamily::v4), port)}).value());
    return sockets.back().get();
  }
  static PingMetrics& metrics(Host& host) { return host.metrics().family<PingMetrics>(); }
  static Task<> measure(PingService& service, Endpoint to, const PingRequest& request, Result<PingSummary>& out) {
    out = co_await service.measure(to, request);
  }
  // Answers each probe so many times, from the second on to an address of `forge`'s making.
  static Task<> answer_each(UdpSocket& socket, int times) {
    while (true) {
      Result<ReceivedDatagram> got = co_await socket.recv();
      if (!got) co_return;
      turn_into_reply(got->data.writable());
      for (int i = 0; i < times; ++i) EXPECT_TRUE(socket.send_to(got->peer, got->data.view()));
    }
  }
};

TEST_F(PingHostile, DoubledRepliesAreCountedOnce) {
  PingService* const prober = start(victim, {.responder = false});
  actors.spawn(answer_each(*open(attacker, kPort), 3));
  const PingRequest request{.probes = 2, .interval = 10ms, .timeout = 100ms};
  Result<PingSummary> summary = fail(Errc::internal);
  actors.spawn(measure(*prober, attacker.endpoint(kPort), request, summary));
  world.run_for(1s);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->received, 2u);
  EXPECT_EQ(summary->duplicates, 4u);
  EXPECT_EQ(metrics(victim).rtt.get().count(), 2u);
}

TEST_F(PingHostile, RepliesFromElsewhereAreStrays) {
  PingService* const prober = start(victim, {.responder = false});
  UdpSocket* const asked = open(attacker, kPort);
  UdpSocket* const other = open(attacker, kPort + 1);
  const auto redirect = [](UdpSocket& from, UdpSocket& through) -> Task<> {
    Result<ReceivedDatagram> got = co_await from.recv();
    EXPECT_TRUE(got);
    turn_into_reply(got->data.writable());
    EXPECT_TRUE(through.send_to(got->peer, got->data.view()));
  };
  actors.spawn(redirect(*asked, *other));
  const PingRequest request{.timeout = 100ms};
  Result<PingSummary> summary = fail(Errc::internal);
  actors.spawn(measure(*prober, attacker.endpoint(kPort), request, summary));
  world.run_for(1s);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->received, 0u);
  EXPECT_EQ(metrics(victim).strays.value(), 1u);
}

TEST_F(PingHostile, GarbageAndRepliesGetNoAnswer) {
  start(victim);
  UdpSocket* const socket = open(attacker, 9);
  std::vector<std::uint8_t> reply(Message::kHeaderBytes);
  ByteWriter out(reply);
  emit({.type = MessageType::reply}, out);
  const std::vector<std::uint8_t> huge(kMaxUdpPayloadBytes, 0xff);
  for (const ByteView bytes : {ByteView(), ByteView(reply), ByteView(reply).first(10), ByteView(huge)}) {
    ASSERT_TRUE(socket->send_to(victim.endpoint(kPort), bytes));
  }
  world.run_for(1s);
  EXPECT_EQ(metrics(victim).answered.value(), 0u);
  EXPECT_EQ(metrics(victim).malformed.value(), 4u);
  EXPECT_EQ(socket->counters().datagrams_received, 0u);
}

TEST_F(PingHostile, SessionsPastTheBoundFailAtOnce) {
  PingService* const prober = start(victim, {.responder = false, .max_sessions = 1});
  const PingRequest request{.timeout = 100ms};
  std::vector<Result<PingSummary>> summaries(2, fail(Errc::internal));
  for (auto& summary : summaries) actors.spawn(measure(*prober, attacker.endpoint(kPort), request, summary));
  world.run_for(1s);
  EXPECT_TRUE(summaries[0]);
  EXPECT_EQ(summaries[1].error(), Errc::limit);
}

TEST_F(PingHostile, LossIsWhatTheNetworkLost) {
  start(attacker);
  PingService* const prober = start(victim, {.responder = false});
  int n = 0;
  world.set_datagram_loss([&n](const Endpoint&, const Datagram&) { return ++n % 5 == 0; });
  const PingRequest request{.probes = 100, .interval = 10ms, .timeout = 100ms};
  Result<PingSummary> summary = fail(Errc::internal);
  actors.spawn(measure(*prober, attacker.endpoint(kPort), request, summary));
  world.run_for(10s);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->sent, 100u);
  EXPECT_EQ(summary->received + metrics(victim).lost.value(), 100u);
  EXPECT_EQ(metrics(victim).lost.value(), static_cast<std::uint64_t>(n / 5));
}

TEST_F(PingHostile, DroppingAtAnyTimeLeavesNothingBehind) {
  for (int steps = 0; steps < 40; ++steps) {
    auto responder = PingService::start(attacker, {}).value();
    auto prober = PingService::start(victim, {.responder = false}).value();
    const PingRequest request{.probes = 3, .interval = 1ms, .timeout = 10ms};
    Result<PingSummary> summary = fail(Errc::internal);
    Scope scope(world.loop());
    scope.spawn(measure(*prober, attacker.endpoint(kPort), request, summary));
    for (int i = 0; i < steps; ++i) world.step();
    scope.drop_all();
    prober.reset();
    responder.reset();
    world.run();
  }
  EXPECT_TRUE(world.failures().empty());
}

}  // namespace
}  // namespace ghostnet::ping::hostile_test
