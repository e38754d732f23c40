// Stacks of several hosts over a network in memory: opening, listening, ports, TIME-WAIT, floods, power cuts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "ghostnet/runtime/combine.hpp"
#include "net.hpp"

namespace ghostnet::tcp::stack_test {
namespace {

// ---- users ----

Task<> serve(Listener& listener, Scope& scope, int& served);

Task<> echo(std::unique_ptr<Stream> stream, int& served) {
  std::array<std::uint8_t, 512> buffer;
  while (true) {
    Result<std::size_t> got = co_await stream->read(buffer);
    if (!got) co_return;
    if (*got == 0) break;
    Result<> written = co_await stream->write(ByteView(buffer).first(*got));
    if (!written) co_return;
  }
  (void)stream->shutdown_send();
  ++served;
}

Task<> serve(Listener& listener, Scope& scope, int& served) {
  while (true) {
    Result<std::unique_ptr<Stream>> stream = co_await listener.accept();
    if (!stream) co_return;
    scope.spawn(echo(std::move(*stream), served));
  }
}

Task<> ask(Stack& stack, ConnectOptions options, std::size_t bytes, Result<std::size_t>& outcome) {
  Result<std::unique_ptr<Stream>> stream = co_await stack.connect(options);
  if (!stream) {
    outcome = fail(std::move(stream));
    co_return;
  }
  std::vector<std::uint8_t> data(bytes, 'q');
  Result<> written = co_await (*stream)->write(data);
  if (!written) {
    outcome = fail(std::move(written));
    co_return;
  }
  (void)(*stream)->shutdown_send();
  std::size_t total = 0;
  while (true) {
    Result<std::size_t> got = co_await (*stream)->read(data);
    if (!got) {
      outcome = fail(std::move(got));
      co_return;
    }
    if (*got == 0) break;
    total += *got;
  }
  outcome = total;
}

struct Server {
  Server(Node& n, const ListenOptions& options) : node(n), listener(*n.stack.listen(options)) {
    node.host.scope().spawn(serve(*listener, node.host.scope(), served));
  }
  ~Server() { node.host.scope().drop_all(); }

  Node& node;
  std::unique_ptr<Listener> listener;
  int served = 0;
};

TEST(TcpStack, CarriesStreamsOfBothFamilies) {
  Net net;
  Node& server = net.add();
  Node& client = net.add();
  for (IpFamily family : {IpFamily::v4, IpFamily::v6}) {
    Server echo(server, {.local = server.at(7, family)});
    Result<std::size_t> outcome = 0;
    client.host.scope().spawn(ask(client.stack, {.peer = server.at(7, family)}, 300'000, outcome));
    net.world.run_for(30s);
    ASSERT_TRUE(outcome) << outcome.error().message();
    EXPECT_EQ(*outcome, 300'000u);
    server.host.scope().drop_all();
  }
  EXPECT_EQ(client.stack.time_waits(), 2u);
  EXPECT_EQ(server.stack.connections(), 0u);
  net.world.run_for(61s);
  EXPECT_EQ(client.stack.time_waits(), 0u);
}

TEST(TcpStack, AListenerOfAllIpv6TakesIpv4Too) {
  Net net;
  Node& server = net.add();
  Node& client = net.add();
  Server echo(server, {.local = Endpoint(IpAddress::any(IpFamily::v6), 7)});
  Result<std::size_t> outcome = 0;
  client.host.scope().spawn(ask(client.stack, {.peer = server.at(7)}, 10, outcome));
  net.world.run_for(1s);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(server.stack.listen({.local = server.at(7)}).error(), Errc::address_in_use);
  EXPECT_EQ(server.stack.listen({.local = Endpoint(IpAddress::v4(9, 9, 9, 9), 7)}).error(),
            Errc::address_not_available);
}

TEST(TcpStack, SaysWhyAConnectionCouldNotBeOpened) {
  Net net({.syn_retries = 2});
  Node& server = net.add();
  Node& client = net.add();
  Result<std::size_t> refused = 0, unreachable = 0, silent = 0;
  client.host.scope().spawn(ask(client.stack, {.peer = server.at(81)}, 1, refused));
  client.host.scope().spawn(ask(client.stack, {.peer = Endpoint(IpAddress::v4(192, 0, 2, 99), 1)}, 1, unreachable));
  client.host.scope().spawn(ask(client.stack, {.peer = Endpoint(IpAddress::v4(192, 0, 2, 1), 1)}, 1, silent));
  net.world.run_for(60s);
  EXPECT_EQ(refused.error(), Errc::refused);
  EXPECT_THAT(std::string(refused.error().message()), testing::HasSubstr("10.0.0.1:81"));
  EXPECT_EQ(unreachable.error(), Errc::unreachable);
  EXPECT_EQ(silent.error(), Errc::timed_out);
  EXPECT_EQ(client.stack.connections(), 0u);
}

TEST(TcpStack, ManyConnectionsShareAHost) {
  Net net;
  Node& server = net.add();
  Node& client = net.add();
  Server echo(server, {.local = server.at(7)});
  std::vector<Result<std::size_t>> outcomes(500, 0);
  for (auto& outcome : outcomes) client.host.scope().spawn(ask(client.stack, {.peer = server.at(7)}, 1000, outcome));
  net.world.run_for(10s);
  for (auto& outcome : outcomes) ASSERT_TRUE(outcome && *outcome == 1000u);
  EXPECT_EQ(echo.served, 500);
}

TEST(TcpStack, PortsAreNotToBeForeseen) {  // RFC 6056
  Net net;
  Node& server = net.add();
  Node& client = net.add();
  Server echo(server, {.local = server.at(7)});
  std::set<std::uint16_t> ports;
  net.lose = [&](const OutSegment& segment) {
    if (segment.header.flags == kSyn) ports.insert(segment.header.source_port);
    return false;
  };
  std::vector<Result<std::size_t>> outcomes(50, 0);
  for (auto& outcome : outcomes) client.host.scope().spawn(ask(client.stack, {.peer = server.at(7)}, 10, outcome));
  net.world.run_for(10s);
  EXPECT_EQ(ports.size(), 50u);
  EXPECT_GE(*ports.begin(), 49'152);
}

TEST(TcpStack, AFloodOfSynsLeavesRoomForOthers) {  // RFC 4987 3.6
  Net net;
  Node& server = net.add();
  Node& client = net.add();
  Server echo(server, {.local = server.at(7), .backlog = 16});
  SegmentHeader syn;
  syn.flags = kSyn;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    syn.sequence = SeqNumber(i * 77);
    net.forge(server, Endpoint(IpAddress::v4(0x0b00'0000 + i), 1000), server.at(7), syn);
  }
  EXPECT_LE(server.stack.connections(), 16u);
  EXPECT_GT(server.stack.metrics().cookies_sent.value(), 9000u);
  Result<std::size_t> outcome = 0;
  client.host.scope().spawn(ask(client.stack, {.peer = server.at(7)}, 200'000, outcome));
  net.world.run_for(5s);
  ASSERT_TRUE(outcome) << outcome.error().message();
  EXPECT_EQ(*outcome, 200'000u);
  EXPECT_EQ(server.stack.metrics().cookies_accepted.value(), 1u);
  net.world.run_for(300s);
  EXPECT_EQ(server.stack.connections(), 0u) << "the half-open ones are gone";
}

TEST(TcpStack, ACookieTellsTheWindowOfItsListener) {  // RFC 7323 2.2
  Net net;
  Node& server = net.add();
  Server echo(server, {.local = server.at(7), .backlog = 1, .stream = {.receive_buffer_bytes = 20'000}});
  SegmentHeader syn;
  syn.flags = kSyn;
  syn.window_scale = 7;
  syn.has_timestamps = true;
  for (std::uint32_t i = 0; i < 4; ++i) {
    net.forge(server, Endpoint(IpAddress::v4(0x0b00'0000 + i), 1), server.at(7), syn);
  }
  ASSERT_GT(server.stack.metrics().cookies_sent.value(), 0u);
  ASSERT_EQ(net.stray.size(), 4u);
  for (const OutSegment& answer : net.stray) {
    EXPECT_EQ(answer.header.window, 20'000u);
    EXPECT_EQ(answer.header.window_scale, net.stray[0].header.window_scale) << "with a cookie as without";
  }
}

TEST(TcpStack, APathThatACarrierFindsNarrowIsFollowed) {  // RFC 1191 6.4
  Net net;
  Node& client = net.add();
  Node& server = net.add();
  Server echo(server, {.local = server.at(7)});
  Result<std::size_t> outcome = 0;
  client.host.scope().spawn(ask(client.stack, {.peer = server.at(7)}, 500'000, outcome));
  net.world.run_for(40ms);
  client.mtu_bytes = 1300;  // as a report about another flow to the same host has told
  net.world.run_for(5s);
  ASSERT_TRUE(outcome) << outcome.error().message();
  EXPECT_EQ(*outcome, 500'000u);
}

TEST(TcpStack, AForgedCookieOpensNothing) {
  Net net;
  Node& server = net.add();
  Server echo(server, {.local = server.at(7), .backlog = 1});
  SegmentHeader syn;
  syn.flags = kSyn;
  for (std::uint32_t i = 0; i < 3; ++i)
    net.forge(server, Endpoint(IpAddress::v4(0x0b00'0000 + i), 1), server.at(7), syn);
  SegmentHeader ack;
  ack.flags = kAck;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    ack.sequence = SeqNumber(i);
    ack.acknowledgment = SeqNumber(i * 31);
    net.forge(server, Endpoint(IpAddress::v4(0x0c00'0000 + i), 1000), server.at(7), ack);
  }
  EXPECT_EQ(server.stack.metrics().cookies_accepted.value(), 0u);
}

TEST(TcpStack, NobodyIsTalkedIntoTalkingToHimself) {
  Net net;
  Node& server = net.add();
  Server echo(server, {.local = server.at(7)});
  SegmentHeader syn;
  syn.flags = kSyn;
  net.forge(server, server.at(7), server.at(7), syn);
  net.forge(server, Endpoint(IpAddress::v4_broadcast(), 7), server.at(7), syn);
  net.forge(server, Endpoint(IpAddress::v4(224, 0, 0, 1), 7), server.at(7), syn);
  EXPECT_EQ(server.sent, 0u);
}

TEST(TcpStack, WhatIsForNobodyIsResetAndResetsAreNot) {  // RFC 9293 3.10.7.1
  Net net;
  Node& server = net.add();
  const Endpoint nowhere(IpAddress::v4(192, 0, 2, 1), 5);
  SegmentHeader header;
  header.flags = kAck;
  header.acknowledgment = SeqNumber(77);
  net.forge(server, nowhere, server.at(9), header);
  ASSERT_EQ(net.stray.size(), 1u);
  EXPECT_EQ(net.stray[0].header.flags, kRst);
  EXPECT_EQ(net.stray[0].header.sequence, SeqNumber(77));
  header.flags = kSyn;
  header.sequence = SeqNumber(100);
  net.forge(server, nowhere, server.at(9), header, "abc");
  ASSERT_EQ(net.stray.size(), 2u);
  EXPECT_EQ(net.stray[1].header.flags, kRst | kAck);
  EXPECT_EQ(net.stray[1].header.acknowledgment, SeqNumber(104));
  header.flags = kRst;
  net.forge(server, nowhere, server.at(9), header);
  EXPECT_EQ(net.stray.size(), 2u);
}

TEST(TcpStack, APortInTimeWaitCanBeUsedAgain) {  // RFC 6191
  Net net;
  Node& server = net.add();
  Node& client = net.add();
  Server echo(server, {.local = server.at(7)});
  for (int i = 0; i < 3; ++i) {
    Result<std::size_t> outcome = 0;
    client.host.scope().spawn(ask(client.stack, {.peer = server.at(7), .local = client.at(4000)}, 100'000, outcome));
    net.world.run_for(5s);
    ASSERT_TRUE(outcome) << i << ": " << outcome.error().message();
    EXPECT_EQ(*outcome, 100'000u);
    EXPECT_EQ(client.stack.time_waits(), 1u);
  }
}

TEST(TcpStack, AServerInTimeWaitTakesTheSameClientAgain) {
  Net net;
  Node& server = net.add();
  Node& client = net.add();
  std::unique_ptr<Listener> listener = *server.stack.listen({.local = server.at(7)});
  const auto close_first = [](Listener& from, int& closed) -> Task<> {
    while (true) {
      Result<std::unique_ptr<Stream>> stream = co_await from.accept();
      if (!stream) co_return;
      (void)(*stream)->shutdown_send();
      std::array<std::uint8_t, 16> buffer;
      co_await (*stream)->read(buffer);
      ++closed;
    }
  };
  int closed = 0;
  server.host.scope().spawn(close_first(*listener, closed));
  for (int i = 0; i < 3; ++i) {
    Result<std::size_t> outcome = 0;
    client.host.scope().spawn(ask(client.stack, {.peer = server.at(7), .local = client.at(4000)}, 0, outcome));
    net.world.run_for(2s);
    EXPECT_TRUE(outcome) << outcome.error().message();
  }
  EXPECT_EQ(closed, 3);
  server.host.scope().drop_all();
}

TEST(TcpStack, APowerCutIsSilentAndTheOtherSideLearnsByAReset) {
  Net net;
  Node& server = net.add();
  Node& client = net.add();
  Server echo(server, {.local = server.at(7)});
  std::unique_ptr<Stream> stream;
  const auto open = [](Stack& stack, Endpoint peer, std::unique_ptr<Stream>& into) -> Task<> {
    Result<std::unique_ptr<Stream>> opened = co_await stack.connect({.peer = peer});
    if (opened) into = std::move(*opened);
  };
  client.host.scope().spawn(open(client.stack, server.at(7), stream));
  net.world.run_for(100ms);
  ASSERT_TRUE(stream);
  std::uint64_t before = server.sent;
  server.stack.power_off();
  server.host.scope().drop_all();
  EXPECT_EQ(server.sent, before);
  EXPECT_EQ(server.stack.connections(), 0u);
  ByteView hello = as_bytes("hello");
  ASSERT_TRUE(stream->try_write(std::span(&hello, 1)));
  net.world.run_for(100ms);
  std::array<std::uint8_t, 8> buffer;
  EXPECT_EQ(stream->try_read(buffer).error(), Errc::reset);
  EXPECT_EQ(stream->try_write(std::span(&hello, 1)).error(), Errc::reset);
  EXPECT_EQ(echo.listener->try_accept().error(), Errc::closed);
}

TEST(TcpStack, ADroppedStreamResetsAndAShutOneDelivers) {
  Net net;
  Node& server = net.add();
  Node& client = net.add();
  std::unique_ptr<Listener> listener = *server.stack.listen({.local = server.at(7)});
  const auto send_and_leave = [](Stack& stack, Endpoint peer, bool shut) -> Task<> {
    Result<std::unique_ptr<Stream>> stream = co_await stack.connect({.peer = peer});
    std::vector<std::uint8_t> data(50'000, 'x');
    (void)co_await (*stream)->write(data);
    if (shut) (void)(*stream)->shutdown_send();
  };
  for (bool shut : {true, false}) {
    client.host.scope().spawn(send_and_leave(client.stack, server.at(7), shut));
    net.world.run_for(2s);
    std::unique_ptr<Stream> accepted = std::move(*listener->try_accept());
    std::vector<std::uint8_t> data(60'000);
    std::size_t total = 0;
    Result<std::size_t> got = 0;
    while ((got = accepted->try_read(data)) && *got != 0) {
      total += *got;
      net.world.run_for(1s);
    }
    EXPECT_EQ(got.has_value(), shut);
    if (shut) EXPECT_EQ(total, 50'000u);
    if (!shut) EXPECT_EQ(got.error(), Errc::reset);
    (void)accepted->shutdown_send();
    accepted.reset();
    net.world.run_for(2s);
  }
  EXPECT_EQ(client.stack.connections(), 0u);
  EXPECT_EQ(server.stack.connections(), 0u);
}

TEST(TcpStack, AnIdleConnectionTakesAtMostOneKibibyte) {
  constexpr std::size_t kSlotBytes = 16 * 4 / 2;  // a table is at least three eighths full
  EXPECT_LE(sizeof(Tcb) + sizeof(TcpStream) + kSlotBytes, 1024u)
      << sizeof(Tcb) << " + " << sizeof(TcpStream) << ", " << sizeof(Connection) << " of it the connection";
}

}  // namespace
}  // namespace ghostnet::tcp::stack_test
