// What a host counts of its TCP (tcp_metrics.hpp), over whole lives of connections.
#include <gtest/gtest.h>

#include "net.hpp"

namespace ghostnet::tcp::metrics_test {
namespace {

constexpr std::uint16_t kPort = 7;

Task<> receive_one(Listener& listener, std::size_t& received_bytes) {
  Result<std::unique_ptr<Stream>> stream = co_await listener.accept();
  if (!stream) co_return;
  std::vector<std::uint8_t> buffer(16 * 1024);
  while (true) {
    const Result<std::size_t> got = co_await (*stream)->read(buffer);
    if (!got || *got == 0) break;
    received_bytes += *got;
  }
  (void)(*stream)->shutdown_send();
}

Task<> send_one(Stack& stack, Endpoint peer, std::size_t bytes) {
  Result<std::unique_ptr<Stream>> stream = co_await stack.connect({.peer = peer});
  if (!stream) co_return;
  const std::vector<std::uint8_t> data(bytes, 'd');
  (void)co_await (*stream)->write(data);
  (void)(*stream)->shutdown_send();
}

struct Rig {
  explicit Rig(Tuning tuning = {}) : net(tuning) {}

  void transfer(std::size_t bytes) {
    listener = *server.stack.listen({.local = server.at(kPort)});
    server.host.scope().spawn(receive_one(*listener, received_bytes));
    client.host.scope().spawn(send_one(client.stack, server.at(kPort), bytes));
  }

  Net net;
  Node& server = net.add();
  Node& client = net.add();
  std::unique_ptr<Listener> listener;
  std::size_t received_bytes = 0;
  const TcpMetrics& of_server = server.stack.metrics();
  const TcpMetrics& of_client = client.stack.metrics();
};

TEST(TcpMetrics, CountTheLifeOfAConnection) {
  Rig rig;
  rig.transfer(200'000);
  rig.net.world.run_for(13ms);  // the handshake takes ten
  EXPECT_EQ(rig.of_client.opened.value(), 1u);
  EXPECT_EQ(rig.of_client.accepted.value(), 0u);
  EXPECT_EQ(rig.of_client.connections.value(), 1);
  EXPECT_GT(rig.of_client.buffered_bytes.value(), 0);
  rig.net.world.run_for(5s);
  ASSERT_EQ(rig.received_bytes, 200'000u);
  EXPECT_EQ(rig.of_server.accepted.value(), 1u);
  EXPECT_EQ(rig.of_server.opened.value(), 0u);
  EXPECT_EQ(rig.of_client.connections.value() + rig.of_server.connections.value(), 0);
  EXPECT_EQ(rig.of_client.time_waits.value(), 1) << "who closes first waits";
  EXPECT_EQ(rig.of_client.buffered_bytes.value() + rig.of_server.buffered_bytes.value(), 0);
  EXPECT_EQ(rig.of_client.retransmits.value(), 0u);
  EXPECT_GT(rig.of_client.segments_sent.value(), 200'000u / 1460);
  EXPECT_EQ(rig.of_client.segments_sent.value(), rig.of_server.segments_received.value());
  rig.net.world.run_for(61s);
  EXPECT_EQ(rig.of_client.time_waits.value(), 0);
}

TEST(TcpMetrics, TimesAreThoseOfThePath) {
  Rig rig;
  rig.transfer(200'000);
  rig.net.world.run_for(5s);
  const Histogram& handshake = rig.of_client.handshake.get();
  EXPECT_EQ(handshake.count(), 1u) << "the one who opened it";
  EXPECT_NEAR(static_cast<double>(handshake.max()), 10e6, 1e5);
  const Histogram& rtt = rig.of_client.smoothed_rtt.get();
  EXPECT_GE(rtt.min(), 9'900'000u);
  // Ten segments, then twice as many each round trip.
  EXPECT_GE(rtt.count(), 4u);
  EXPECT_LE(rtt.count(), 8u);
  EXPECT_GE(rig.of_client.window_bytes.get().max(), 8u * 10 * 1448);
}

TEST(TcpMetrics, CountWhatWasLostAndSentAgain) {
  Rig rig;
  std::uint32_t data = 0, lost = 0;
  rig.net.lose = [&](const OutSegment& segment) {
    const bool lose = segment.payload_bytes != 0 && ++data % 40 == 20;
    lost += lose ? 1 : 0;
    return lose;
  };
  rig.transfer(500'000);
  rig.net.world.run_for(20s);
  ASSERT_EQ(rig.received_bytes, 500'000u);
  EXPECT_GE(lost, 8u);
  // RFC 8985 6.2 step 2: new data that left in the same instant as what is sent again does not make that lost.
  EXPECT_EQ(rig.of_client.retransmits.value(), lost) << "each once";
  EXPECT_EQ(rig.of_client.dsacks.value(), 0u);
  EXPECT_GE(rig.of_client.recoveries.value(), 1u);
  EXPECT_LE(rig.of_client.recoveries.value(), lost);
  EXPECT_GT(rig.of_server.out_of_order.value(), lost) << "those behind each gap";
  EXPECT_EQ(rig.of_client.timeouts.value(), 0u);
}

TEST(TcpMetrics, CountWhatWasSentAgainForNothing) {
  Rig rig;
  bool dark = false;
  rig.net.lose = [&](const OutSegment& segment) { return dark && segment.payload_bytes == 0; };
  rig.transfer(2'000'000);
  rig.net.world.run_for(30ms);
  dark = true;  // what is sent arrives, and nothing comes back
  rig.net.world.run_for(400ms);
  dark = false;
  rig.net.world.run_for(20s);
  ASSERT_EQ(rig.received_bytes, 2'000'000u);
  EXPECT_GE(rig.of_client.timeouts.value(), 1u);
  EXPECT_GE(rig.of_client.tail_probes.value(), 1u);
  EXPECT_GE(rig.of_client.dsacks.value(), 1u);
  EXPECT_GE(rig.of_client.undone.value(), 1u);
}

TEST(TcpMetrics, TellWhyConnectionsEnded) {
  Rig rig({.syn_retries = 1, .retries = 3});
  rig.client.host.scope().spawn(send_one(rig.client.stack, rig.server.at(81), 1));
  rig.net.world.run_for(1s);
  EXPECT_EQ(rig.of_client.failed.value(), 1u) << "refused";
  EXPECT_EQ(rig.of_server.resets_sent.value(), 1u);
  rig.client.host.scope().spawn(send_one(rig.client.stack, Endpoint(IpAddress::v4(192, 0, 2, 1), 1), 1));
  rig.net.world.run_for(10s);
  EXPECT_EQ(rig.of_client.failed.value(), 2u) << "not answered";
  EXPECT_EQ(rig.of_client.retransmits.value(), 1u) << "the SYN";
  EXPECT_EQ(rig.of_client.opened.value(), 0u);

  rig.transfer(50'000'000);
  rig.net.world.run_for(100ms);
  rig.server.stack.power_off();
  rig.net.world.run_for(1s);
  EXPECT_EQ(rig.of_client.reset.value(), 1u) << "a host that does not remember";
  EXPECT_EQ(rig.of_client.connections.value() + rig.of_server.connections.value(), 0);

  rig.transfer(50'000'000);
  rig.net.world.run_for(100ms);
  EXPECT_EQ(rig.of_client.connections.value(), 1);
  rig.net.lose = [](const OutSegment&) { return true; };
  rig.net.world.run_for(60s);
  EXPECT_EQ(rig.of_client.timed_out.value(), 1u);
  EXPECT_EQ(rig.of_client.reset.value(), 1u);
  EXPECT_EQ(rig.of_client.failed.value(), 2u);
  EXPECT_EQ(rig.of_client.connections.value(), 0);
}

TEST(TcpMetrics, HandshakesThatNeverEndAreNoConnections) {
  Rig rig({.synack_retries = 1});
  rig.listener = *rig.server.stack.listen({.local = rig.server.at(kPort)});
  SegmentHeader syn;
  syn.flags = kSyn;
  rig.net.forge(rig.server, Endpoint(IpAddress::v4(9, 9, 9, 9), 1000), rig.server.at(kPort), syn);
  rig.net.world.run_for(30s);
  EXPECT_EQ(rig.of_server.accepted.value(), 0u);
  EXPECT_EQ(rig.of_server.failed.value(), 0u) << "it was not this host that wanted it";
  EXPECT_EQ(rig.of_server.connections.value(), 0);
}

}  // namespace
}  // namespace ghostnet::tcp::metrics_test
