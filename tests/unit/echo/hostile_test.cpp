// What peers may do to the echo service, and what must not come of it.
#include <gtest/gtest.h>

#include "ghostnet/echo/service.hpp"
#include "ghostnet/runtime/wire.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::echo::hostile_test {
namespace {

using support::TestHost;
using support::TestWorld;

constexpr std::uint16_t kPort = 7007;
using Datagrams = std::vector<std::vector<std::uint8_t>>;

struct EchoHostile : testing::Test {
  TestWorld world{{.latency = 1ms}};
  TestHost& victim = world.add_host("victim");
  TestHost& attacker = world.add_host("attacker");

  std::vector<std::unique_ptr<UdpSocket>> sockets;
  std::vector<std::unique_ptr<EchoService>> services;
  Scope actors{world.loop()};

  EchoService* start(Host& host, EchoOptions options = {}) {
    services.push_back(EchoService::start(host, std::move(options)).value());
    return services.back().get();
  }
  static EchoMetrics& metrics(Host& host) { return host.metrics().family<EchoMetrics>(); }
  UdpSocket* open(Host& host, std::uint16_t port = 0) {
    sockets.push_back(host.open_udp({.local = Endpoint(IpAddress::any(IpFamily::v4), port)}).value());
    return sockets.back().get();
  }
  // Answers every datagram with what `forge` makes of it.
  template <class Forge>
  static Task<> forge_replies(UdpSocket& socket, Forge forge) {
    while (true) {
      Result<ReceivedDatagram> got = co_await socket.recv();
      if (!got) co_return;
      for (const std::vector<std::uint8_t>& reply : forge(got->data.view())) {
        EXPECT_TRUE(socket.send_to(got->peer, reply));
      }
    }
  }
  static Task<> ask(EchoService& service, Endpoint server, const EchoRequest& request, Result<Duration>& outcome) {
    outcome = co_await service.round_trip(server, request);
  }
  Result<Duration> request_to_attacker(EchoService& client) {
    Result<Duration> outcome = fail(Errc::internal);
    actors.spawn(ask(client, attacker.endpoint(kPort), request, outcome));
    world.run_for(5s);
    return outcome;
  }

  EchoRequest request{.size = {64}, .timeout = 1s};
};

// Or else two servers could be made to answer each other for ever.
TEST_F(EchoHostile, ADatagramFromTheServersOwnPortStaysUnanswered) {
  start(victim);
  UdpSocket* const socket = open(attacker, kPort);
  const std::uint8_t bytes[32] = {};
  ASSERT_TRUE(socket->send_to(victim.endpoint(kPort), bytes));
  world.run_for(1s);
  EXPECT_EQ(metrics(victim).served_datagrams.value(), 0u);
  EXPECT_EQ(metrics(victim).ignored.value(), 1u);
}

TEST_F(EchoHostile, EmptyAndHugeDatagramsAreAnsweredAsTheyAre) {
  start(victim);
  UdpSocket* const socket = open(attacker);
  const std::vector<std::uint8_t> huge(kMaxUdpPayloadBytes, 0x5a);
  ASSERT_TRUE(socket->send_to(victim.endpoint(kPort), ByteView()));
  ASSERT_TRUE(socket->send_to(victim.endpoint(kPort), huge));
  world.run_for(1s);
  EXPECT_EQ(metrics(victim).served_datagrams.value(), 2u);
  EXPECT_EQ(metrics(victim).served_bytes.value(), huge.size());
}

TEST_F(EchoHostile, AChangedReplyIsAMismatch) {
  EchoService* const client = start(victim, {.server = false});
  UdpSocket* const socket = open(attacker, kPort);
  actors.spawn(forge_replies(*socket, [](ByteView got) {
    std::vector<std::uint8_t> forged(got.begin(), got.end());
    forged.back() ^= 1;
    return Datagrams{forged};
  }));
  const Result<Duration> outcome = request_to_attacker(*client);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error(), Errc::malformed);
  EXPECT_EQ(metrics(victim).mismatches.value(), 1u);
  EXPECT_EQ(metrics(victim).replies.value(), 0u);
}

TEST_F(EchoHostile, AShortOrLongReplyIsAMismatch) {
  EchoService* const client = start(victim, {.server = false});
  UdpSocket* const socket = open(attacker, kPort);
  std::size_t longer = 0;
  actors.spawn(forge_replies(*socket, [&longer](ByteView got) {
    std::vector<std::uint8_t> forged(got.begin(), got.end());
    forged.resize(longer++ == 0 ? got.size() - 1 : got.size() + 1);
    return Datagrams{forged};
  }));
  EXPECT_EQ(request_to_attacker(*client).error(), Errc::malformed);
  EXPECT_EQ(request_to_attacker(*client).error(), Errc::malformed);
}

TEST_F(EchoHostile, StraysAreCountedAndEndNothing) {
  EchoService* const client = start(victim, {.server = false});
  UdpSocket* const socket = open(attacker, kPort);
  actors.spawn(forge_replies(*socket, [](ByteView got) {
    const std::vector<std::uint8_t> whole(got.begin(), got.end());
    std::vector<std::uint8_t> other_number = whole;
    other_number[7] ^= 1;
    return Datagrams{{}, {1, 2, 3}, other_number, whole, whole};
  }));
  EXPECT_TRUE(request_to_attacker(*client));
  EXPECT_EQ(metrics(victim).strays.value(), 4u) << "empty, short, of no request, and the double";
  EXPECT_EQ(metrics(victim).replies.value(), 1u);
}

TEST_F(EchoHostile, ARightReplyFromElsewhereIsAStray) {
  EchoService* const client = start(victim, {.server = false});
  UdpSocket* const socket = open(attacker, kPort);
  UdpSocket* const other = open(attacker, kPort + 1);
  const auto redirect = [](UdpSocket& from, UdpSocket& through) -> Task<> {
    const Result<ReceivedDatagram> got = co_await from.recv();
    EXPECT_TRUE(got);
    EXPECT_TRUE(through.send_to(got->peer, got->data.view()));
  };
  actors.spawn(redirect(*socket, *other));
  EXPECT_EQ(request_to_attacker(*client).error(), Errc::timed_out);
  EXPECT_EQ(metrics(victim).strays.value(), 1u);
}

TEST_F(EchoHostile, RequestsPastTheBoundFailAtOnce) {
  EchoService* const client = start(victim, {.server = false, .max_outstanding = 2});
  std::vector<Result<Duration>> outcomes(3, fail(Errc::internal));
  for (Result<Duration>& outcome : outcomes) {
    actors.spawn(ask(*client, attacker.endpoint(kPort), request, outcome));
  }
  world.run_for(100ms);
  EXPECT_EQ(outcomes[2].error(), Errc::limit);
  world.run_for(5s);
  EXPECT_EQ(outcomes[0].error(), Errc::timed_out);
  EXPECT_EQ(outcomes[1].error(), Errc::timed_out);
}

TEST_F(EchoHostile, AStreamThatSendsNothingIsDroppedAndMakesRoom) {
  start(victim, {.max_streams = 1, .stream_idle = 1s});
  EchoService* const client = start(attacker, {.server = false});
  const auto hold = [](Host& host, Endpoint peer, Duration time) -> Task<> {
    ConnectOptions options;
    options.peer = peer;
    const auto stream = co_await host.connect(std::move(options));
    EXPECT_TRUE(stream);
    co_await host.clock().sleep(time);
  };
  actors.spawn(hold(attacker, victim.endpoint(kPort), 10s));
  world.run_for(100ms);
  EXPECT_EQ(metrics(victim).open_streams.value(), 1);
  Result<Duration> outcome = fail(Errc::internal);
  request = {.size = {64}, .timeout = 5s, .transport = Transport::stream};
  actors.spawn(ask(*client, victim.endpoint(kPort), request, outcome));
  world.run_for(500ms);
  EXPECT_EQ(metrics(victim).open_streams.value(), 1) << "the second one waits in the backlog";
  world.run_for(5s);
  EXPECT_TRUE(outcome) << outcome.error().message();
  EXPECT_EQ(metrics(victim).open_streams.value(), 0);
}

TEST_F(EchoHostile, AStreamThatReadsNothingIsDropped) {
  start(victim, {.stream_idle = 1s});
  const auto flood = [](Host& host, Endpoint peer) -> Task<> {
    ConnectOptions options;
    options.peer = peer;
    auto stream = co_await host.connect(std::move(options));
    EXPECT_TRUE(stream);
    const std::vector<std::uint8_t> chunk(4096);
    while (true) {
      const Result<> written = co_await (*stream)->write(chunk);
      if (!written) co_return;
    }
  };
  actors.spawn(flood(attacker, victim.endpoint(kPort)));
  world.run_for(500ms);
  EXPECT_EQ(metrics(victim).open_streams.value(), 1);
  world.run_for(5s);
  EXPECT_EQ(metrics(victim).open_streams.value(), 0);
  EXPECT_EQ(actors.size(), 0u) << "the flood ended with the stream";
}

TEST_F(EchoHostile, AStreamWithOtherContentIsAMismatch) {
  EchoService* const client = start(victim, {.server = false});
  const auto lie = [](Host& host) -> Task<> {
    auto listener = host.listen({.local = Endpoint(IpAddress::any(IpFamily::v4), kPort)});
    EXPECT_TRUE(listener);
    auto stream = co_await (*listener)->accept();
    EXPECT_TRUE(stream);
    const std::vector<std::uint8_t> zeros(1000);
    static_cast<void>(co_await (*stream)->write(zeros));
    co_await host.clock().sleep(2s);
  };
  actors.spawn(lie(attacker));
  world.run_for(0s);
  // More than fits the buffers: the sending half has to be ended too.
  request = {.size = DataSize::mib(1), .timeout = 10s, .transport = Transport::stream};
  EXPECT_EQ(request_to_attacker(*client).error(), Errc::malformed);
}

TEST_F(EchoHostile, DroppingTheServiceAtAnyTimeLeavesNothingBehind) {
  for (int steps = 0; steps < 60; ++steps) {
    auto server = EchoService::start(victim, {}).value();
    auto client = EchoService::start(attacker, {.server = false}).value();
    Result<Duration> over_udp = fail(Errc::internal), over_stream = fail(Errc::internal);
    const EchoRequest stream_request{.size = {100'000}, .timeout = 1s, .transport = Transport::stream};
    Scope scope(world.loop());
    scope.spawn(ask(*client, victim.endpoint(kPort), request, over_udp));
    scope.spawn(ask(*client, victim.endpoint(kPort), stream_request, over_stream));
    for (int i = 0; i < steps; ++i) world.step();
    if (steps % 2 == 0) server.reset();
    for (int i = 0; i < 3; ++i) world.step();
    scope.drop_all();
    client.reset();
    server.reset();
    world.run();
    EXPECT_EQ(metrics(victim).open_streams.value(), 0) << "after " << steps;
  }
  EXPECT_TRUE(world.failures().empty());
}

TEST_F(EchoHostile, MessagesTooLargeForADatagramAreRefusedWithTheWayOut) {
  const EchoRequest too_large{.size = {65'508}};
  ASSERT_FALSE(too_large.validate());
  EXPECT_EQ(too_large.validate().error().message(),
            "size: '65508 B' does not fit a datagram: expected at most 65507 B, or transport: stream");
  const EchoRequest stream{.size = {65'508}, .transport = Transport::stream};
  EXPECT_TRUE(stream.validate());
}

}  // namespace
}  // namespace ghostnet::echo::hostile_test
