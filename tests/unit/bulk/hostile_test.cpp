// What peers and networks may do to bulk transfers.
#include <gtest/gtest.h>

#include <array>

#include "ghostnet/bulk/service.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::bulk::hostile_test {
namespace {

using support::TestHost;
using support::TestWorld;

constexpr std::uint16_t kPort = 7009;

struct BulkHostile : testing::Test {
  TestWorld world{{.latency = 1ms}};
  TestHost& victim = world.add_host("victim");
  TestHost& attacker = world.add_host("attacker");
  std::vector<std::unique_ptr<UdpSocket>> sockets;
  std::vector<std::unique_ptr<BulkService>> services;
  Scope actors{world.loop()};

  BulkService* start(Host& host, BulkOptions options = {}) {
    services.push_back(BulkService::start(host, std::move(options)).value());
    return services.back().get();
  }
  UdpSocket* open(Host& host, std::uint16_t port = 0) {
    sockets.push_back(host.open_udp({.local = Endpoint(IpAddress::any(IpFamily::v4), port)}).value());
    return sockets.back().get();
  }
  static BulkMetrics& metrics(Host& host) { return host.metrics().family<BulkMetrics>(); }
  static Task<> transfer(BulkService& service, Endpoint to, const BulkRequest& request, Result<Summary>& out) {
    out = co_await service.transfer(to, request);
  }
  void send(UdpSocket& socket, const Message& message) {
    std::array<std::uint8_t, 1500> room;
    ByteWriter out(room);
    emit(message, out);
    EXPECT_TRUE(socket.send_to(victim.endpoint(kPort), out.written()));
    world.run_for(10ms);
  }
  static std::optional<Message> receive(UdpSocket& socket) {
    std::array<ReceivedDatagram, 1> datagram;
    if (!socket.try_recv(datagram)) return std::nullopt;
    Result<Message> message = parse(datagram[0].data.view());
    return message ? std::optional(*message) : std::nullopt;
  }
  std::uint64_t open_session(UdpSocket& socket, std::uint64_t nonce) {
    send(socket, Open{nonce});
    const std::optional<Message> answer = receive(socket);
    EXPECT_TRUE(answer && std::holds_alternative<Accept>(*answer));
    return answer ? std::get<Accept>(*answer).token : 0;
  }
};

TEST_F(BulkHostile, DataWithoutASessionCountsForNothing) {
  start(victim);
  UdpSocket* const socket = open(attacker);
  send(*socket, Data{.token = 1});
  send(*socket, Finish{.token = 1});
  EXPECT_EQ(metrics(victim).strays.value(), 2u);
  EXPECT_EQ(metrics(victim).received_packets.value(), 0u);
  EXPECT_FALSE(receive(*socket)) << "and gets no answer";
}

TEST_F(BulkHostile, AnotherPeerCannotJoinASession) {
  start(victim);
  UdpSocket* const owner = open(attacker);
  UdpSocket* const stranger = open(attacker);
  const std::uint64_t token = open_session(*owner, 7);
  send(*stranger, Data{.token = token});
  send(*stranger, Finish{.token = token, .packets = 1});
  EXPECT_EQ(metrics(victim).strays.value(), 2u);
  send(*owner, Data{.token = token});
  EXPECT_EQ(metrics(victim).received_packets.value(), 1u);
}

TEST_F(BulkHostile, RepeatedOpensAndFinishesAreAnsweredAlike) {
  start(victim);
  UdpSocket* const socket = open(attacker);
  const std::uint64_t token = open_session(*socket, 7);
  EXPECT_EQ(open_session(*socket, 7), token);
  EXPECT_EQ(metrics(victim).open_sessions.value(), 1);
  send(*socket, Data{.token = token});
  for (int i = 0; i < 2; ++i) {
    send(*socket, Finish{.token = token, .packets = 2});
    const std::optional<Message> answer = receive(*socket);
    ASSERT_TRUE(answer && std::holds_alternative<Report>(*answer));
    EXPECT_EQ(std::get<Report>(*answer).packets, 1u);
    EXPECT_EQ(std::get<Report>(*answer).lost, 1u);
  }
  EXPECT_EQ(metrics(victim).open_sessions.value(), 0);
  send(*socket, Data{.token = token, .sequence = 1});
  EXPECT_EQ(metrics(victim).strays.value(), 1u) << "data after the end";
}

TEST_F(BulkHostile, AFloodOfOpensFillsNoMoreThanTheTable) {
  start(victim, {.max_sessions = 4, .idle = 1s});
  UdpSocket* const socket = open(attacker);
  for (std::uint64_t nonce = 0; nonce < 50; ++nonce) send(*socket, Open{nonce});
  EXPECT_EQ(metrics(victim).open_sessions.value(), 4);
  EXPECT_EQ(metrics(victim).refused.value(), 46u);
  world.run_for(3s);
  EXPECT_EQ(metrics(victim).open_sessions.value(), 0) << "idle ones are forgotten";
  open_session(*open(attacker), 1);
}

TEST_F(BulkHostile, GarbageIsCountedAndUnanswered) {
  start(victim);
  UdpSocket* const socket = open(attacker);
  const std::vector<std::uint8_t> huge(kMaxUdpPayloadBytes, 0xff);
  for (const ByteView bytes : {ByteView(), ByteView(huge).first(3), ByteView(huge)}) {
    EXPECT_TRUE(socket->send_to(victim.endpoint(kPort), bytes));
  }
  world.run_for(10ms);
  EXPECT_EQ(metrics(victim).malformed.value(), 3u);
  send(*socket, Accept{});
  EXPECT_EQ(metrics(victim).strays.value(), 1u) << "an answer where questions are asked";
  EXPECT_FALSE(receive(*socket));
}

TEST_F(BulkHostile, AClientIgnoresForgedAnswersAndGivesUpInTime) {
  BulkService* const client = start(victim, {.server = false});
  UdpSocket* const socket = open(attacker, kPort);
  const auto lie = [](UdpSocket& from) -> Task<> {
    while (true) {
      const Result<ReceivedDatagram> got = co_await from.recv();
      if (!got) co_return;
      const std::array<std::uint8_t, 3> short_bytes{1, 2, 3};
      std::array<std::uint8_t, kReportBytes> room;
      ByteWriter out(room);
      emit(Accept{.nonce = 0, .token = 1}, out);
      EXPECT_TRUE(from.send_to(got->peer, short_bytes));
      EXPECT_TRUE(from.send_to(got->peer, out.written()));
    }
  };
  actors.spawn(lie(*socket));
  const BulkRequest request{.patience = 1s};
  Result<Summary> summary = fail(Errc::internal);
  actors.spawn(transfer(*client, attacker.endpoint(kPort), request, summary));
  world.run_for(900ms);
  EXPECT_EQ(summary.error(), Errc::internal) << "not given up yet";
  world.run_for(200ms);
  EXPECT_EQ(summary.error(), Errc::timed_out);
  EXPECT_GE(metrics(victim).strays.value(), 2u);
  EXPECT_EQ(metrics(victim).sent_packets.value(), 0u) << "no data without the server's token";
}

TEST_F(BulkHostile, LostControlMessagesAreSentAgain) {
  start(attacker);
  BulkService* const client = start(victim, {.server = false});
  int n = 0;
  // Loses the first open, accept, finish and report; never data.
  world.set_datagram_loss([&n](const Endpoint&, const Datagram& datagram) {
    return !parse_data(datagram.payload) && n++ % 2 == 0 && n < 8;
  });
  const BulkRequest request{.bytes = DataSize{12'000}, .bitrate = DataRate::mbit(10)};
  Result<Summary> summary = fail(Errc::internal);
  actors.spawn(transfer(*client, attacker.endpoint(kPort), request, summary));
  world.run_for(10s);
  ASSERT_TRUE(summary) << summary.error().message();
  EXPECT_EQ(summary->received.packets, 10u);
}

TEST_F(BulkHostile, LossOnTheWayIsReported) {
  start(attacker);
  BulkService* const client = start(victim, {.server = false});
  int n = 0;
  world.set_datagram_loss([&n](const Endpoint&, const Datagram& datagram) {
    return datagram.segment_bytes == 0 && parse_data(datagram.payload) && n++ % 4 == 1;
  });
  const BulkRequest request{.bytes = DataSize{120'000}, .bitrate = DataRate::mbit(1)};
  Result<Summary> summary = fail(Errc::internal);
  actors.spawn(transfer(*client, attacker.endpoint(kPort), request, summary));
  world.run_for(10s);
  ASSERT_TRUE(summary) << summary.error().message();
  EXPECT_EQ(summary->sent_packets, 100u);
  EXPECT_EQ(summary->received.lost, 25u);
  EXPECT_EQ(summary->received.packets, 75u);
  EXPECT_EQ(metrics(victim).lost.value(), 25u);
}

TEST_F(BulkHostile, AUdpTransferKeepsItsRate) {
  start(attacker);
  BulkService* const client = start(victim, {.server = false});
  const BulkRequest request{.duration = 2s, .bitrate = DataRate::mbit(50), .packet = {1250}};
  Result<Summary> summary = fail(Errc::internal);
  actors.spawn(transfer(*client, attacker.endpoint(kPort), request, summary));
  world.run_for(10s);
  ASSERT_TRUE(summary) << summary.error().message();
  EXPECT_EQ(summary->sent_packets, 10'000u) << "5000 a second";
  EXPECT_NEAR(static_cast<double>(summary->received.goodput_bps()), 50e6, 0.1e6);
}

TEST_F(BulkHostile, AStreamThatBeginsWithSomethingElseIsReset) {
  start(victim);
  const auto shout = [](Host& host, Endpoint to, Result<std::size_t>& read) -> Task<> {
    auto stream = co_await host.connect({.peer = to});
    EXPECT_TRUE(stream);
    const std::vector<std::uint8_t> junk(kOpenBytes, 'x');
    EXPECT_TRUE(co_await (*stream)->write(junk));
    std::array<std::uint8_t, 10> bytes;
    read = co_await (*stream)->read(bytes);
  };
  Result<std::size_t> read = 99;
  actors.spawn(shout(attacker, victim.endpoint(kPort), read));
  world.run_for(1s);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error(), Errc::reset);
  EXPECT_EQ(metrics(victim).malformed.value(), 1u);
  EXPECT_EQ(metrics(victim).open_sessions.value(), 0);
}

TEST_F(BulkHostile, AStreamThatFallsSilentIsForgotten) {
  start(victim, {.idle = 1s});
  const auto fall_silent = [](Host& host, Endpoint to) -> Task<> {
    auto stream = co_await host.connect({.peer = to});
    EXPECT_TRUE(stream);
    co_await host.clock().sleep(100s);
  };
  actors.spawn(fall_silent(attacker, victim.endpoint(kPort)));
  world.run_for(500ms);
  EXPECT_EQ(metrics(victim).open_sessions.value(), 1);
  world.run_for(1s);
  EXPECT_EQ(metrics(victim).open_sessions.value(), 0);
}

TEST_F(BulkHostile, AServerThatDoesNotReadEndsAStreamTransfer) {
  BulkService* const client = start(victim, {.server = false});
  const auto listen = [](Host& host) -> Task<> {
    auto listener = host.listen({.local = Endpoint(IpAddress::any(IpFamily::v4), kPort)});
    auto stream = co_await (*listener)->accept();
    co_await host.clock().sleep(100s);
  };
  actors.spawn(listen(attacker));
  world.run_for(0s);
  const BulkRequest request{.transport = Transport::stream, .duration = 1s, .patience = 2s};
  Result<Summary> summary = fail(Errc::internal);
  actors.spawn(transfer(*client, attacker.endpoint(kPort), request, summary));
  world.run_for(5s);
  EXPECT_EQ(summary.error(), Errc::timed_out);
  EXPECT_EQ(metrics(victim).failed.value(), 1u);
}

TEST_F(BulkHostile, DroppingAtAnyTimeLeavesNothingBehind) {
  for (int steps = 0; steps < 60; ++steps) {
    auto server = BulkService::start(attacker, {}).value();
    auto client = BulkService::start(victim, {.server = false}).value();
    const BulkRequest udp{.bytes = DataSize{6000}, .bitrate = DataRate::mbit(10)};
    const BulkRequest stream{.transport = Transport::stream, .bytes = DataSize{200'000}};
    Result<Summary> over_udp = fail(Errc::internal), over_stream = fail(Errc::internal);
    Scope scope(world.loop());
    scope.spawn(transfer(*client, attacker.endpoint(kPort), udp, over_udp));
    scope.spawn(transfer(*client, attacker.endpoint(kPort), stream, over_stream));
    for (int i = 0; i < steps; ++i) world.step();
    if (steps % 2 == 0) server.reset();
    scope.drop_all();
    client.reset();
    server.reset();
    world.run();
    EXPECT_EQ(metrics(attacker).open_sessions.value(), 0) << "after " << steps;
  }
  EXPECT_TRUE(world.failures().empty());
}

}  // namespace
}  // namespace ghostnet::bulk::hostile_test
