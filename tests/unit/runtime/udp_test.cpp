#include "ghostnet/runtime/udp.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::udp_test {
namespace {

using support::TestHost;
using support::TestWorld;
using Lines = std::vector<std::string>;

class UdpTest : public testing::Test {
 public:
  std::unique_ptr<UdpSocket> open(TestHost& host, std::uint16_t port) {
    return host.open_udp({.local = {IpAddress::any(IpFamily::v4), port}}).value();
  }
  Task<> receive(UdpSocket& socket) {
    while (true) {
      Result<ReceivedDatagram> got = co_await socket.recv();
      if (!got) {
        lines.emplace_back(to_string(got.error().code()));
        co_return;
      }
      lines.emplace_back(as_text(got->data.view()));
      last = std::move(*got);
    }
  }

  TestWorld world{{.datagram_bytes = 1000}};
  TestHost& a = world.add_host("a");
  TestHost& b = world.add_host("b");
  Lines lines;
  ReceivedDatagram last;
  Scope scope{world.loop()};
};

TEST_F(UdpTest, OneDatagramGoesFromSenderToReceiver) {
  auto from = open(a, 1000);
  auto to = open(b, 2000);
  scope.spawn(receive(*to));
  world.run();
  ASSERT_TRUE(from->send_to(b.endpoint(2000), as_bytes("hello")));
  EXPECT_TRUE(lines.empty());
  world.run();
  EXPECT_EQ(lines, Lines{"hello"});
  EXPECT_EQ(last.peer, a.endpoint(1000));
  EXPECT_EQ(last.local, b.address());
  EXPECT_EQ(to->counters().datagrams_received, 1u);
  scope.drop_all();
}

TEST_F(UdpTest, ABatchIsReceivedInOneGo) {
  auto from = open(a, 1000);
  auto to = open(b, 2000);
  std::array<Datagram, 3> batch;
  std::array<std::string, 3> texts = {"one", "two", "three"};
  for (std::size_t i = 0; i < 3; ++i) batch[i] = {.peer = b.endpoint(2000), .payload = as_bytes(texts[i])};
  SendOutcome sent = from->send(batch);
  EXPECT_EQ(sent.accepted, 3u);
  EXPECT_FALSE(sent.error);
  std::array<ReceivedDatagram, 8> got;
  auto take = [](UdpSocket& socket, std::span<ReceivedDatagram> into, Lines& out) -> Task<> {
    Result<std::size_t> count = co_await socket.recv(into);
    out.push_back(std::to_string(count.value()));
  };
  scope.spawn(take(*to, got, lines));
  world.run();
  EXPECT_EQ(lines, Lines{"3"});
  EXPECT_EQ(as_text(got[2].data.view()), "three");
}

TEST_F(UdpTest, SendingSaysHowManyWereAcceptedAndWhyNotTheNext) {
  auto from = open(a, 1000);
  std::string large(1001, 'x');
  std::array<Datagram, 3> batch = {Datagram{.peer = b.endpoint(1), .payload = as_bytes("small")},
                                   Datagram{.peer = b.endpoint(1), .payload = as_bytes(large)},
                                   Datagram{.peer = b.endpoint(1), .payload = as_bytes("small")}};
  SendOutcome sent = from->send(batch);
  EXPECT_EQ(sent.accepted, 1u);
  EXPECT_EQ(sent.error, Errc::message_too_large);
}

TEST_F(UdpTest, TheErrorOfOneDatagramSaysWhereItWasGoing) {
  auto from = open(a, 1000);
  std::string large(1001, 'x');
  Result<> sent = from->send_to(b.endpoint(2000), as_bytes(large));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error(), Errc::message_too_large);
  EXPECT_NE(sent.error().message().find("1001 bytes to 10.0.0.2:2000"), std::string_view::npos)
      << sent.error().message();
}

TEST_F(UdpTest, ASocketMayKeepTheSendersBuffer) {
  auto from = open(a, 1000);
  auto to = open(b, 2000);
  scope.spawn(receive(*to));
  ASSERT_TRUE(from->send_to(b.endpoint(2000), PacketBuf::copy_of(as_bytes("kept"))));
  PacketBuf buffer = PacketBuf::copy_of(as_bytes("stored"));
  Datagram datagram{.peer = b.endpoint(2000), .payload = buffer.view(), .storage = &buffer};
  EXPECT_EQ(from->send(std::span(&datagram, 1)).accepted, 1u);
  EXPECT_TRUE(buffer.empty());
  world.run();
  EXPECT_EQ(lines, (Lines{"kept", "stored"}));
  scope.drop_all();
}

TEST_F(UdpTest, AConnectedSocketHearsThatNobodyListens) {
  auto from = open(a, 1000);
  ASSERT_TRUE(from->connect(b.endpoint(9)));
  scope.spawn(receive(*from));
  world.run();
  ASSERT_TRUE(from->send_to(Endpoint(), as_bytes("anybody?")));
  world.run();
  EXPECT_EQ(lines, Lines{"refused"});
}

TEST_F(UdpTest, ADroppedReceiverLosesNothing) {
  auto from = open(a, 1000);
  auto to = open(b, 2000);
  scope.spawn(receive(*to));
  world.run();
  ASSERT_TRUE(from->send_to(b.endpoint(2000), as_bytes("hello")));
  scope.drop_all();  // woken, not run
  EXPECT_TRUE(lines.empty());
  scope.spawn(receive(*to));
  world.run();
  EXPECT_EQ(lines, Lines{"hello"});
  scope.drop_all();
}

TEST_F(UdpTest, ReadableCompletesWithoutTakingAnything) {
  auto from = open(a, 1000);
  auto to = open(b, 2000);
  auto wait = [](UdpSocket& socket, Lines& out) -> Task<> {
    co_await socket.readable();
    out.push_back("readable");
  };
  scope.spawn(wait(*to, lines));
  world.run();
  EXPECT_TRUE(lines.empty());
  ASSERT_TRUE(from->send_to(b.endpoint(2000), as_bytes("hello")));
  world.run();
  EXPECT_EQ(lines, Lines{"readable"});
  std::array<ReceivedDatagram, 1> got;
  EXPECT_EQ(to->try_recv(got).value(), 1u);
  EXPECT_EQ(to->try_recv(got).error(), Errc::would_block);
}

TEST_F(UdpTest, GroupsReachTheirMembers) {
  const IpAddress group = IpAddress::v4(239, 1, 2, 3);
  auto from = open(a, 1000);
  auto to = b.open_udp({.local = {IpAddress::any(IpFamily::v4), 2000}, .reuse_address = true}).value();
  auto also = b.open_udp({.local = {IpAddress::any(IpFamily::v4), 2000}, .reuse_address = true}).value();
  ASSERT_TRUE(to->join(group));
  ASSERT_TRUE(also->join(group));
  scope.spawn(receive(*to));
  scope.spawn(receive(*also));
  ASSERT_TRUE(from->send_to({group, 2000}, as_bytes("all")));
  world.run();
  EXPECT_EQ(lines, (Lines{"all", "all"}));
  scope.drop_all();
}

TEST_F(UdpTest, LossIsTheTestsToDecide) {
  auto from = open(a, 1000);
  auto to = open(b, 2000);
  int count = 0;
  world.set_datagram_loss([&](const Endpoint&, const Datagram&) { return ++count % 2 == 0; });
  scope.spawn(receive(*to));
  for (const char* text : {"1", "2", "3"}) ASSERT_TRUE(from->send_to(b.endpoint(2000), as_bytes(text)));
  world.run();
  EXPECT_EQ(lines, (Lines{"1", "3"}));
  scope.drop_all();
}

}  // namespace
}  // namespace ghostnet::udp_test
