// Streams of our TCP over our IP: whole chains of hosts, narrow paths and bad wires.
#include <numeric>

#include "ghostnet/ip/tcp_watch.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "ip_fixture.hpp"

namespace ghostnet::ip::stream_test {
namespace {

Task<Result<std::uint64_t>> send_all(Host& host, Endpoint peer, std::size_t bytes) {
  Result<std::unique_ptr<Stream>> stream = co_await host.connect({.peer = peer});
  if (!stream) co_return fail(std::move(stream));
  std::vector<std::uint8_t> block(32 * 1024);
  std::uint64_t sum = 0;
  for (std::size_t sent = 0; sent < bytes;) {
    const std::size_t now = std::min(block.size(), bytes - sent);
    for (std::size_t i = 0; i < now; ++i) block[i] = static_cast<std::uint8_t>((sent + i) * 31 >> 3);
    const Result<> written = co_await (*stream)->write(ByteView(block).first(now));
    if (!written) co_return fail(written);
    for (std::size_t i = 0; i < now; ++i) sum = sum * 31 + block[i];
    sent += now;
  }
  if (Result<> shut = (*stream)->shutdown_send(); !shut) co_return fail(std::move(shut));
  std::uint8_t byte;
  const Result<std::size_t> end = co_await (*stream)->read(MutableByteView(&byte, 1));
  if (!end) co_return fail(end);
  co_return sum;
}

Task<Result<std::uint64_t>> receive_all(Listener& listener, std::size_t& received_bytes) {
  Result<std::unique_ptr<Stream>> stream = co_await listener.accept();
  if (!stream) co_return fail(std::move(stream));
  std::vector<std::uint8_t> block(50'000);
  std::uint64_t sum = 0;
  while (true) {
    const Result<std::size_t> got = co_await (*stream)->read(block);
    if (!got) co_return fail(got);
    if (*got == 0) break;
    for (std::size_t i = 0; i < *got; ++i) sum = sum * 31 + block[i];
    received_bytes += *got;
  }
  if (Result<> shut = (*stream)->shutdown_send(); !shut) co_return fail(std::move(shut));
  co_return sum;
}

Task<bool> transfer(Host& from, Endpoint to, Listener& listener, std::size_t bytes, std::size_t& received_bytes) {
  auto [sent, received] = co_await all_of(send_all(from, to, bytes), receive_all(listener, received_bytes));
  if (!sent) ADD_FAILURE() << sent.error().message();
  if (!received) ADD_FAILURE() << received.error().message();
  co_return sent&& received && *sent == *received;
}

class Streams : public IpFixture {
 protected:
  void build(const link::LinkParams& middle) {
    join({a, {own("10.1.0.1", 24), own("2001:db8:1::1", 64)}, {net("0.0.0.0/0"), net("::/0")}},
         {r1, {own("10.1.0.254", 24), own("2001:db8:1::fe", 64)}});
    join({r1, {own("10.2.0.1", 24), own("2001:db8:2::1", 64)}, {net("10.3.0.0/24"), net("2001:db8:3::/64")}},
         {r2, {own("10.2.0.2", 24), own("2001:db8:2::2", 64)}, {net("10.1.0.0/24"), net("2001:db8:1::/64")}}, middle);
    join({r2, {own("10.3.0.254", 24), own("2001:db8:3::fe", 64)}},
         {b, {own("10.3.0.1", 24), own("2001:db8:3::1", 64)}, {net("0.0.0.0/0"), net("::/0")}});
  }
  void expect_transfers(std::size_t bytes, Duration limit = 600s) {
    for (const std::string_view to : {"10.3.0.1", "2001:db8:3::1"}) {
      auto listener = b.listen({.local = Endpoint(IpAddress::any(addr(to).family()), 80), .v6_only = true});
      ASSERT_TRUE(listener) << listener.error().message();
      std::size_t received_bytes = 0;
      EXPECT_TRUE(finish(transfer(a, Endpoint(addr(to), 80), **listener, bytes, received_bytes), limit)) << to;
      EXPECT_EQ(received_bytes, bytes) << to;
    }
  }

  Host& a = add_host("a");
  Host& r1 = add_router("r1");
  Host& r2 = add_router("r2");
  Host& b = add_host("b");
};

TEST_F(Streams, CrossAChainOfRouters) {
  build({.rate_bps = 100'000'000, .delay = 5ms});
  expect_transfers(3'000'000);
  EXPECT_GT(r1.ip_metrics().forwarded.value(), 2000u);
}

TEST_F(Streams, FindTheirWayThroughANarrowPath) {
  build({.mtu_bytes = 1300, .delay = 1ms});
  expect_transfers(500'000);
  EXPECT_GT(r1.ip_metrics().dropped(DropReason::too_big), 0u) << "it was found by being told";
  EXPECT_EQ(a.ip_metrics().fragments_sent.value(), 0u);
}

// Narrower than what is believed of IPv4: then its routers cut what they are given (RFC 791 3.2).
TEST_F(Streams, CrossALinkThatIsNarrowerThanAnyoneBelieves) {
  join({a, {own("10.1.0.1", 24)}, {net("0.0.0.0/0")}}, {r1, {own("10.1.0.254", 24)}});
  join({r1, {own("10.2.0.1", 24)}, {net("10.3.0.0/24")}}, {r2, {own("10.2.0.2", 24)}, {net("10.1.0.0/24")}},
       {.mtu_bytes = 300, .delay = 1ms});
  join({r2, {own("10.3.0.254", 24)}}, {b, {own("10.3.0.1", 24)}, {net("0.0.0.0/0")}});
  auto listener = b.listen({.local = Endpoint(IpAddress::any(IpFamily::v4), 80)});
  ASSERT_TRUE(listener);
  std::size_t received_bytes = 0;
  EXPECT_TRUE(finish(transfer(a, Endpoint(addr("10.3.0.1"), 80), **listener, 200'000, received_bytes)));
  EXPECT_EQ(received_bytes, 200'000u);
  EXPECT_GT(b.ip_metrics().reassembled.value(), 300u);
}

// Advice that nobody needs any more (RFC 6633), and another way that a stranger recommends (RFC 1122 3.2.2.2).
TEST_F(Streams, AreNotSlowedNorTurnedAsideByForgedMessages) {
  IpLink& wire = tap({a, {own("10.1.0.1", 24)}, {net("0.0.0.0/0")}});
  std::optional<Result<std::unique_ptr<Stream>>> stream;
  Scope scope(world.loop());
  scope.spawn(keep(a.connect({.peer = Endpoint(addr("10.2.0.2"), 80)}), stream));
  const std::vector<IpPacket> sent = sent_by_host(wire);
  ASSERT_EQ(sent.size(), 1u);
  for (const std::uint8_t type : {4, 5}) {
    const IcmpMessage message{.type = type, .rest = addr("10.1.0.66").v4_value(), .body = sent[0].data.view()};
    Header header;
    header.source = addr("10.1.0.66");
    header.destination = addr("10.1.0.1");
    header.protocol = kIcmp;
    header.total_bytes = static_cast<std::uint32_t>(kIpv4HeaderBytes + message.size_bytes());
    IpPacket packet;
    packet.data = PacketBuf::with_room(0, header.total_bytes);
    emit(header, packet.data.append(kIpv4HeaderBytes));
    message.emit(header.source, header.destination, packet.data.append(message.size_bytes()));
    ASSERT_EQ(wire.send(std::span(&packet, 1)).accepted, 1u);
    world.run_ready();
    const std::vector<tcp::ConnectionStatus> statuses = a.tcp().statuses();
    ASSERT_EQ(statuses.size(), 1u);
    EXPECT_EQ(statuses[0].state, tcp::State::syn_sent);
    EXPECT_EQ(statuses[0].window_bytes, 14'600u);
  }
  EXPECT_EQ(a.network().routes().find(addr("10.2.0.2"))->interface, 2u);
  EXPECT_EQ(a.ip_metrics().errors_received.value(), 0u);
}

// What one flow hears of the path holds for all, and starves none (RFC 8201 5.2).
TEST_F(Streams, GoOnWhenADatagramFindsThePathNarrow) {
  build({.mtu_bytes = 1400, .delay = 1ms});
  auto listener = b.listen({.local = Endpoint(IpAddress::any(IpFamily::v6), 80)});
  ASSERT_TRUE(listener);
  auto socket = open(a, "[::]:0", {.dont_fragment = true});
  const Endpoint nobody(addr("2001:db8:3::1"), 9);
  std::size_t received_bytes = 0;
  std::optional<bool> same;
  Scope scope(world.loop());
  scope.spawn(keep(transfer(a, Endpoint(addr("2001:db8:3::1"), 80), **listener, 2'000'000, received_bytes), same));
  world.run_for(3ms);
  (void)socket->send_to(nobody, ByteView(std::vector<std::uint8_t>(1420)));
  world.run_for(30s);
  EXPECT_EQ(same, true);
}

TEST_F(Streams, SurviveLossReorderingDuplicationAndDamage) {
  build({.rate_bps = 50'000'000,
         .delay = 5ms,
         .loss = Probability::of(0.02),
         .corrupt = Probability::of(0.005),
         .duplicate = Probability::of(0.01),
         .reorder = Probability::of(0.02),
         .reorder_delay = 3ms});
  expect_transfers(1'000'000);
}

TEST_F(Streams, AClosedPortRefuses) {
  build({.delay = 1ms});
  EXPECT_EQ(finish(a.connect({.peer = Endpoint(addr("10.3.0.1"), 81)})).error(), Errc::refused);
  EXPECT_EQ(finish(a.connect({.peer = Endpoint(addr("10.9.0.1"), 81)})).error(), Errc::unreachable)
      << "a router has no way there";
}

TEST_F(Streams, AHostTalksToItself) {
  build({.delay = 1ms});
  auto listener = a.listen({.local = Endpoint(IpAddress::any(IpFamily::v4), 80)});
  ASSERT_TRUE(listener);
  std::size_t received_bytes = 0;
  EXPECT_TRUE(
      finish(transfer(a, Endpoint(IpAddress::loopback(IpFamily::v4), 80), **listener, 1'000'000, received_bytes)));
}

TEST_F(Streams, SuperPacketsPassWholeBetweenLinksThatTakeThem) {
  join_directly({a, {own("10.5.0.1", 24)}}, {b, {own("10.5.0.2", 24)}}, {.max_segmented_bytes = 65'535});
  auto listener = b.listen({.local = Endpoint(IpAddress::any(IpFamily::v4), 80)});
  ASSERT_TRUE(listener);
  std::size_t received_bytes = 0;
  EXPECT_TRUE(finish(transfer(a, Endpoint(addr("10.5.0.2"), 80), **listener, 10'000'000, received_bytes)));
  EXPECT_LT(a.ip_metrics().sent.value(), 3000u) << "far fewer packets than segments";
  EXPECT_EQ(a.ip_metrics().segments_cut.value(), 0u);
}

TEST_F(Streams, AWatchTellsHowConnectionsFare) {
  build({.rate_bps = 20'000'000, .delay = 10ms, .loss = Probability::of(0.01)});
  std::string trace;
  TcpWatch watch(a, 100ms, [&trace](ByteView bytes) -> Result<> {
    trace.append(as_text(bytes));
    return {};
  });
  expect_transfers(1'000'000);
  watch.look();
  const tcp::TcpMetrics& metrics = a.metrics().family<tcp::TcpMetrics>();
  EXPECT_EQ(metrics.opened.value(), 2u);
  EXPECT_GE(metrics.smoothed_rtt.get().min(), 20'000'000u) << "the round trip of the line";
  EXPECT_GT(metrics.window_bytes.get().max(), 14'600u) << "it has grown";
  EXPECT_THAT(trace, testing::HasSubstr("\"peer\": \"10.3.0.1:80\", \"state\": \"ESTABLISHED\", \"cwnd\": "));
  EXPECT_THAT(trace, testing::HasSubstr("\"peer\": \"[2001:db8:3::1]:80\""));
}

// For captures, which write it beside each packet.
TEST_F(Streams, ATapLearnsHowTheConnectionOfAPacketStands) {
  std::vector<std::string> comments;
  Host* self = nullptr;
  HostOptions options;
  options.tap = [&](InterfaceIndex, bool outgoing, const IpPacket& packet) {
    if (outgoing) comments.push_back(describe_connection_of(*self, packet));
  };
  self = &add_host("watched", options);
  join({*self, {own("10.6.0.1", 24)}}, {b, {own("10.6.0.2", 24)}});
  EXPECT_TRUE(finish(self->ping(addr("10.6.0.2"))));
  auto listener = b.listen({.local = Endpoint(IpAddress::any(IpFamily::v4), 80)});
  ASSERT_TRUE(listener);
  std::size_t received_bytes = 0;
  EXPECT_TRUE(finish(transfer(*self, Endpoint(addr("10.6.0.2"), 80), **listener, 50'000, received_bytes)));
  ASSERT_GT(comments.size(), 30u);
  EXPECT_EQ(comments[0], "") << "a ping is of no connection";
  EXPECT_THAT(comments[1], testing::StartsWith("SYN-SENT cwnd 14600 "));
  EXPECT_THAT(comments, testing::Contains(testing::MatchesRegex(
                            "ESTABLISHED cwnd [0-9]+ ssthresh [0-9]+ in flight [1-9][0-9]* unsent [0-9]+ unread 0 srtt "
                            "[0-9]+.[0-9]+ ms retransmitted 0 timeouts 0")));
}

}  // namespace
}  // namespace ghostnet::ip::stream_test
