#include "ghostnet/ip/host.hpp"

#include <numeric>

#include "ip_fixture.hpp"

namespace ghostnet::ip::host_test {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

std::vector<std::uint8_t> pattern(std::size_t bytes) {
  std::vector<std::uint8_t> all(bytes);
  std::iota(all.begin(), all.end(), std::uint8_t{1});
  return all;
}

Endpoint at(std::string_view text) { return *Endpoint::parse(text); }

class TwoHosts : public IpFixture {
 protected:
  void connect(const link::LinkParams& params = {.delay = 1ms}) {
    join({a, {own("10.0.0.1", 24), own("2001:db8::1", 64)}}, {b, {own("10.0.0.2", 24), own("2001:db8::2", 64)}},
         params);
  }

  Host& a = add_host("a");
  Host& b = add_host("b");
};

// ---- interfaces ----

TEST_F(TwoHosts, AnInterfaceThatCouldNotBeAddedLeavesNoRoute) {
  Pipe& narrow = pipes_.emplace_back(world.loop(), PipeOptions{.mtu_bytes = 1000});
  const auto attached = a.attach(narrow.a(), {.addresses = {own("10.7.0.1", 24), own("2001:db8:7::1", 64)}});
  EXPECT_EQ(attached.error(), Errc::invalid_argument) << "IPv6 needs 1280 bytes";
  const auto socket = open(a, "0.0.0.0:0");
  EXPECT_EQ(socket->send_to(at("10.7.0.2:7"), ByteView(pattern(1))).error(), Errc::unreachable);
}

// ---- UDP ----

TEST_F(TwoHosts, DatagramsOfEverySizeArriveOverBothVersions) {
  connect();
  const auto server4 = open(b, "10.0.0.2:7");
  const auto server6 = open(b, "[2001:db8::2]:7");
  const auto client4 = open(a, "0.0.0.0:0");
  const auto client6 = open(a, "[::]:0");
  for (const std::size_t bytes : {0u, 1u, 1232u, 1472u, 1473u, 9000u, 65'507u}) {
    const auto payload = pattern(bytes);
    ASSERT_TRUE(client4->send_to(at("10.0.0.2:7"), payload)) << bytes;
    ASSERT_TRUE(client6->send_to(at("[2001:db8::2]:7"), payload)) << bytes;
    world.run_for(1s);
    for (ghostnet::UdpSocket* server : {server4.get(), server6.get()}) {
      const auto datagrams = received(*server);
      ASSERT_THAT(datagrams, SizeIs(1)) << bytes;
      EXPECT_TRUE(equal(datagrams[0].data.view(), payload)) << bytes;
      EXPECT_EQ(datagrams[0].hop_limit, 64);
    }
  }
  EXPECT_GT(b.ip_metrics().reassembled.value(), 0u);
  EXPECT_EQ(a.ip_metrics().dropped() + b.ip_metrics().dropped(), 0u);
}

TEST_F(TwoHosts, ADatagramSaysWhereItCameFromAndHow) {
  connect();
  const auto server = open(b, "0.0.0.0:7");
  const auto client = open(a, "0.0.0.0:5000");
  const auto payload = pattern(10);
  const Datagram datagram{.peer = at("10.0.0.2:7"), .payload = payload, .hop_limit = 9, .ecn = Ecn::ect0};
  ASSERT_EQ(client->send(std::span(&datagram, 1)).accepted, 1u);
  world.run_for(1s);
  const auto datagrams = received(*server);
  ASSERT_THAT(datagrams, SizeIs(1));
  EXPECT_EQ(datagrams[0].peer, at("10.0.0.1:5000"));
  EXPECT_EQ(datagrams[0].local, addr("10.0.0.2"));
  EXPECT_EQ(datagrams[0].interface, 2u);
  EXPECT_EQ(datagrams[0].hop_limit, 9);
  EXPECT_EQ(datagrams[0].ecn, Ecn::ect0);
}

TEST_F(TwoHosts, AConnectedSocketHearsOnlyItsPeerAndIsToldOfRefusals) {
  connect();
  const auto client = open(a, "0.0.0.0:5000");
  ASSERT_TRUE(client->connect(at("10.0.0.2:7")));
  EXPECT_EQ(client->local(), at("10.0.0.1:5000"));
  ASSERT_TRUE(client->send_to(Endpoint(), pattern(4)));
  world.run_for(1s);
  std::vector<ReceivedDatagram> batch(1);
  EXPECT_EQ(client->try_recv(batch).error(), Errc::refused);
  EXPECT_EQ(client->try_recv(batch).error(), Errc::would_block) << "told once";
  EXPECT_EQ(b.ip_metrics().dropped(DropReason::no_port), 1u);
  EXPECT_EQ(b.ip_metrics().errors_sent.value(), 1u);

  const auto other = open(b, "10.0.0.2:9");
  ASSERT_TRUE(other->send_to(at("10.0.0.1:5000"), pattern(4)));
  world.run_for(1s);
  EXPECT_EQ(client->try_recv(batch).error(), Errc::would_block);
  const auto peer = open(b, "10.0.0.2:7");
  ASSERT_TRUE(peer->send_to(at("10.0.0.1:5000"), pattern(4)));
  world.run_for(1s);
  EXPECT_THAT(received(*client), SizeIs(1));
}

TEST_F(TwoHosts, AnUnconnectedSocketIsNotToldWhoRefused) {  // RFC 1122 4.1.3.3
  connect();
  const auto client = open(a, "0.0.0.0:5000");
  ASSERT_TRUE(client->send_to(at("10.0.0.2:7"), pattern(4)));
  world.run_for(1s);
  std::vector<ReceivedDatagram> batch(1);
  EXPECT_EQ(client->try_recv(batch).error(), Errc::would_block);
}

TEST_F(TwoHosts, AnIpv6SocketTakesBothVersionsUnlessItSaysOtherwise) {
  connect();
  const auto both = open(b, "[::]:7");
  EXPECT_EQ(b.open_udp({.local = at("0.0.0.0:7")}).error(), Errc::address_in_use);
  const auto only6 = open(b, "[::]:8", {.v6_only = true});
  const auto only4 = open(b, "0.0.0.0:8");
  const auto client = open(a, "0.0.0.0:5000");
  ASSERT_TRUE(client->send_to(at("10.0.0.2:7"), pattern(4)));
  ASSERT_TRUE(client->send_to(at("10.0.0.2:8"), pattern(4)));
  world.run_for(1s);
  const auto datagrams = received(*both);
  ASSERT_THAT(datagrams, SizeIs(1));
  EXPECT_EQ(datagrams[0].peer, at("[::ffff:10.0.0.1]:5000"));
  EXPECT_THAT(received(*only6), SizeIs(0));
  EXPECT_THAT(received(*only4), SizeIs(1));
  ASSERT_TRUE(both->send_to(datagrams[0].peer, pattern(5)));
  world.run_for(1s);
  EXPECT_THAT(received(*client), SizeIs(1));
}

TEST_F(TwoHosts, PortsAreGivenOnceAndSharedOnlyByAgreement) {
  connect();
  const auto first = open(b, "0.0.0.0:7");
  EXPECT_EQ(b.open_udp({.local = at("0.0.0.0:7")}).error(), Errc::address_in_use);
  EXPECT_EQ(b.open_udp({.local = at("10.0.0.2:7")}).error(), Errc::address_in_use);
  EXPECT_EQ(b.open_udp({.local = at("10.0.0.9:8")}).error(), Errc::address_not_available);
  std::vector<std::unique_ptr<ghostnet::UdpSocket>> sharing;
  for (int i = 0; i < 4; ++i) sharing.push_back(open(b, "0.0.0.0:9", {.reuse_port = true}));
  std::vector<std::unique_ptr<ghostnet::UdpSocket>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(open(a, "0.0.0.0:0"));
    for (int repeat = 0; repeat < 2; ++repeat) ASSERT_TRUE(clients.back()->send_to(at("10.0.0.2:9"), pattern(4)));
  }
  world.run_for(1s);
  std::size_t sum = 0;
  for (const auto& socket : sharing) {
    const std::size_t count = received(*socket).size();
    EXPECT_GT(count, 0u) << "each has some of the flows";
    EXPECT_EQ(count % 2, 0u) << "and a flow stays with its socket";
    sum += count;
  }
  EXPECT_EQ(sum, 128u);
}

TEST_F(TwoHosts, AFullReceiveQueueDropsAndCounts) {
  connect();
  const auto server = open(b, "0.0.0.0:7", {.receive_queue_bytes = 10'000});
  const auto client = open(a, "0.0.0.0:0");
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(client->send_to(at("10.0.0.2:7"), pattern(1000)));
  world.run_for(1s);
  const std::size_t kept = received(*server).size();
  EXPECT_GT(kept, 0u);
  EXPECT_LT(kept, 10u);
  EXPECT_EQ(server->counters().dropped_queue_full, 100 - kept);
  EXPECT_EQ(b.ip_metrics().dropped(DropReason::receive_queue_full), 100 - kept);
}

TEST_F(TwoHosts, SendingWaitsForALinkThatIsFull) {
  join_directly({a, {own("10.0.0.1", 24)}}, {b, {own("10.0.0.2", 24)}}, {.queue_packets = 4});
  const auto server = open(b, "0.0.0.0:7", {.receive_queue_bytes = 1 << 24});
  const auto client = open(a, "0.0.0.0:0");
  // Nothing runs meanwhile: 4 packets in the pipe, 1024 in the queue of the interface.
  std::size_t sent = 0;
  while (client->send_to(at("10.0.0.2:7"), pattern(10))) ++sent;
  EXPECT_EQ(sent, 4 + HostOptions{}.link_queue_packets);
  bool writable = false;
  Scope scope(world.loop());
  scope.spawn([](ghostnet::UdpSocket& socket, bool& flag) -> Task<> {
    co_await socket.writable();
    flag = true;
  }(*client, writable));
  EXPECT_FALSE(writable);
  world.run();
  EXPECT_TRUE(writable);
  EXPECT_EQ(received(*server).size(), sent) << "none of them was lost";
  EXPECT_EQ(a.ip_metrics().dropped(), 0u);
}

TEST_F(TwoHosts, SuperPacketsPassWholeWhereTheLinkTakesThem) {
  join_directly({a, {own("10.0.0.1", 24)}}, {b, {own("10.0.0.2", 24)}}, {.max_segmented_bytes = 65'535});
  const auto server = open(b, "0.0.0.0:7");
  const auto client = open(a, "0.0.0.0:0");
  const auto payload = pattern(10'100);
  const Datagram datagram{.peer = at("10.0.0.2:7"), .payload = payload, .segment_bytes = 1000};
  ASSERT_EQ(client->send(std::span(&datagram, 1)).accepted, 1u);
  world.run();
  const auto datagrams = received(*server);
  ASSERT_THAT(datagrams, SizeIs(1));
  EXPECT_EQ(datagrams[0].segment_bytes, 1000);
  EXPECT_TRUE(equal(datagrams[0].data.view(), payload));
  EXPECT_EQ(client->counters().datagrams_sent, 11u);
}

TEST_F(TwoHosts, SuperPacketsAreCutWhereItDoesNot) {
  connect();
  const auto server = open(b, "0.0.0.0:7");
  const auto client = open(a, "0.0.0.0:0");
  const auto payload = pattern(100'000);  // more than one packet can be
  const Datagram datagram{.peer = at("10.0.0.2:7"), .payload = payload, .segment_bytes = 1200};
  ASSERT_EQ(client->send(std::span(&datagram, 1)).accepted, 1u);
  world.run();
  const auto datagrams = received(*server);
  ASSERT_THAT(datagrams, SizeIs(84));
  std::vector<std::uint8_t> joined;
  for (const ReceivedDatagram& part : datagrams) {
    joined.insert(joined.end(), part.data.view().begin(), part.data.view().end());
  }
  EXPECT_EQ(joined, payload);
  const Datagram too_large{.peer = at("10.0.0.2:7"), .payload = payload, .segment_bytes = 1473};
  EXPECT_EQ(client->send(std::span(&too_large, 1)).error, Errc::message_too_large);
}

TEST_F(TwoHosts, DamagedDatagramsAreNeverDelivered) {
  connect({.delay = 1ms, .corrupt = Probability::of(0.5)});
  const auto server = open(b, "0.0.0.0:7");
  const auto client = open(a, "0.0.0.0:0");
  const auto payload = pattern(500);
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(client->send_to(at("10.0.0.2:7"), payload));
    world.run_for(10ms);
  }
  const auto datagrams = received(*server);
  for (const ReceivedDatagram& datagram : datagrams) EXPECT_TRUE(equal(datagram.data.view(), payload));
  EXPECT_GT(datagrams.size(), 100u);
  EXPECT_LT(datagrams.size(), 300u);
  EXPECT_GT(b.ip_metrics().dropped(DropReason::transport_checksum), 50u);
  EXPECT_GT(b.ip_metrics().dropped(DropReason::bad_checksum), 0u);
}

TEST_F(TwoHosts, FragmentsSurviveReorderingAndDuplication) {
  connect({.delay = 5ms, .duplicate = Probability::of(0.3), .reorder = Probability::of(0.3), .reorder_delay = 3ms});
  const auto server = open(b, "[::]:7");
  const auto client = open(a, "[::]:0");
  const auto payload = pattern(20'000);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(client->send_to(at("[2001:db8::2]:7"), payload));
    world.run_for(100ms);
    const auto datagrams = received(*server);
    ASSERT_GE(datagrams.size(), 1u);
    EXPECT_TRUE(equal(datagrams[0].data.view(), payload));
  }
}

// ---- groups and broadcasts ----

TEST_F(TwoHosts, GroupsReachTheirMembersOnly) {
  connect();
  for (const std::string_view group : {"239.1.2.3", "ff05::1234"}) {
    const bool v4 = addr(group).is_v4();
    const auto member = open(b, v4 ? "0.0.0.0:7" : "[::]:7", {.v6_only = true});
    const auto stranger = open(b, v4 ? "0.0.0.0:8" : "[::]:8", {.v6_only = true});
    const auto sender = open(a, v4 ? "0.0.0.0:9" : "[::]:9", {.v6_only = true});
    ASSERT_TRUE(member->join(addr(group)));
    EXPECT_EQ(member->join(addr(group)).error(), Errc::address_in_use);
    ASSERT_TRUE(sender->join(addr(group)));
    ASSERT_TRUE(sender->send_to(Endpoint(addr(group), 7), pattern(4)));
    ASSERT_TRUE(sender->send_to(Endpoint(addr(group), 8), pattern(4)));
    ASSERT_TRUE(sender->send_to(Endpoint(addr(group), 9), pattern(4)));
    world.run_for(5s);
    const auto datagrams = received(*member);
    ASSERT_THAT(datagrams, SizeIs(1)) << group;
    EXPECT_EQ(datagrams[0].local.without_scope_id(), addr(group));
    EXPECT_EQ(datagrams[0].hop_limit, 1);
    EXPECT_THAT(received(*stranger), SizeIs(0)) << group;
    EXPECT_THAT(received(*sender), SizeIs(1)) << "its own group, looped back";
    ASSERT_TRUE(member->leave(addr(group)));
    EXPECT_EQ(member->leave(addr(group)).error(), Errc::address_not_available);
    ASSERT_TRUE(sender->send_to(Endpoint(addr(group), 7), pattern(4)));
    world.run_for(5s);
    EXPECT_THAT(received(*member), SizeIs(0)) << group;
  }
}

TEST_F(TwoHosts, BroadcastsWantPermissionAndReachAll) {
  connect();
  const auto first = open(b, "0.0.0.0:7", {.reuse_address = true});
  const auto second = open(b, "0.0.0.0:7", {.reuse_address = true});
  const auto plain = open(a, "0.0.0.0:0");
  EXPECT_EQ(plain->send_to(at("10.0.0.255:7"), pattern(4)).error(), Errc::permission);
  const auto sender = open(a, "0.0.0.0:0", {.broadcast = true});
  for (const std::string_view to : {"10.0.0.255:7", "255.255.255.255:7"}) {
    ASSERT_TRUE(sender->send_to(at(to), pattern(4)));
    world.run_for(1s);
    EXPECT_THAT(received(*first), SizeIs(1)) << to;
    EXPECT_THAT(received(*second), SizeIs(1)) << to;
  }
}

TEST_F(TwoHosts, LinkLocalAddressesWorkWithTheirZone) {  // RFC 4007 11
  connect();
  const IpAddress peer = link_local_of(b).without_scope_id();
  ASSERT_TRUE(peer.is_v6());
  const auto answer = finish(a.ping(peer.with_scope_id(2)));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->from, peer.with_scope_id(2));
}

// ---- this host itself ----

TEST_F(TwoHosts, AHostReachesItselfByAllItsAddresses) {
  connect();
  const auto server4 = open(a, "0.0.0.0:7");
  const auto server6 = open(a, "[::]:7", {.v6_only = true});
  const auto client4 = open(a, "0.0.0.0:0");
  const auto client6 = open(a, "[::]:0");
  for (const std::string_view to : {"127.0.0.1:7", "127.9.9.9:7", "10.0.0.1:7"}) {
    ASSERT_TRUE(client4->send_to(at(to), pattern(4)));
    world.run();
    EXPECT_THAT(received(*server4), SizeIs(1)) << to;
  }
  for (const std::string_view to : {"[::1]:7", "[2001:db8::1]:7"}) {
    ASSERT_TRUE(client6->send_to(at(to), pattern(4)));
    world.run();
    EXPECT_THAT(received(*server6), SizeIs(1)) << to;
  }
  EXPECT_TRUE(finish(a.ping(addr("127.0.0.1"))));
  EXPECT_TRUE(finish(a.ping(addr("2001:db8::1"))));
}

TEST_F(TwoHosts, InterfacesAreShownAndTheirChangesTold) {
  connect();
  const std::vector<Interface> interfaces = a.interfaces();
  ASSERT_THAT(interfaces, SizeIs(2));
  EXPECT_TRUE(interfaces[0].loopback);
  EXPECT_EQ(interfaces[1].index, 2u);
  EXPECT_EQ(interfaces[1].mtu_bytes, 1500u);
  EXPECT_THAT(interfaces[1].addresses, SizeIs(3)) << "with a link-local one";
  bool told = false;
  Scope scope(world.loop());
  scope.spawn([](Host& host, bool& flag) -> Task<> {
    co_await host.interfaces_changed();
    flag = true;
  }(a, told));
  world.run_ready();
  pipes_.front().close();
  world.run();
  EXPECT_TRUE(told);
  EXPECT_FALSE(a.interfaces()[1].up) << "its link has closed";
  const auto client = open(a, "0.0.0.0:0");
  EXPECT_EQ(client->send_to(at("10.0.0.2:7"), pattern(4)).error(), Errc::unreachable);
}

TEST_F(TwoHosts, NamesAreThoseThatTheHostWasTold) {
  a.add_name("b", {addr("10.0.0.2")});
  EXPECT_THAT(*finish(a.resolve("b")), ElementsAre(addr("10.0.0.2")));
  EXPECT_THAT(*finish(a.resolve("192.0.2.1")), ElementsAre(addr("192.0.2.1")));
  EXPECT_THAT(*finish(a.resolve("localhost")), ElementsAre(addr("::1"), addr("127.0.0.1")));
  EXPECT_EQ(finish(a.resolve("c")).error(), Errc::not_found);
}

TEST_F(TwoHosts, PingMeasuresTheRoundTripAndEndsByItself) {
  connect({.delay = 5ms});
  const auto v4 = finish(a.ping(addr("10.0.0.2")));
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->round_trip, 10ms);
  EXPECT_EQ(v4->hop_limit, 64);
  EXPECT_TRUE(finish(a.ping(addr("2001:db8::2"), {.data_bytes = 8000})));
  EXPECT_EQ(finish(a.ping(addr("10.0.0.77"))).error(), Errc::timed_out);
  EXPECT_EQ(finish(a.ping(addr("192.0.2.1"))).error(), Errc::unreachable);
}

// ---- a chain of routers ----

class Chain : public IpFixture {
 protected:
  // a - r1 - r2 - b, of which the middle may be narrow.
  void build(std::uint32_t middle_mtu_bytes = 1500) {
    join({a, {own("10.1.0.1", 24), own("2001:db8:1::1", 64)}, {net("0.0.0.0/0"), net("::/0")}},
         {r1, {own("10.1.0.254", 24), own("2001:db8:1::fe", 64)}});
    join({r1, {own("10.2.0.1", 24), own("2001:db8:2::1", 64)}, {net("10.3.0.0/24"), net("2001:db8:3::/64")}},
         {r2, {own("10.2.0.2", 24), own("2001:db8:2::2", 64)}, {net("10.1.0.0/24"), net("2001:db8:1::/64")}},
         {.mtu_bytes = middle_mtu_bytes, .delay = 1ms});
    join({r2, {own("10.3.0.254", 24), own("2001:db8:3::fe", 64)}},
         {b, {own("10.3.0.1", 24), own("2001:db8:3::1", 64)}, {net("0.0.0.0/0"), net("::/0")}});
  }

  Host& a = add_host("a");
  Host& r1 = add_router("r1");
  Host& r2 = add_router("r2");
  Host& b = add_host("b");
};

TEST_F(Chain, PacketsAreForwardedAndTheirHopsCounted) {  // RFC 1812 5.3.1, RFC 8200 3
  build();
  for (const std::string_view to : {"10.3.0.1", "2001:db8:3::1"}) {
    const auto answer = finish(a.ping(addr(to)));
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->hop_limit, 62) << to;
    EXPECT_EQ(answer->round_trip, 6ms) << to;
  }
  EXPECT_EQ(r1.ip_metrics().forwarded.value(), 4u);
}

TEST_F(Chain, APacketThatRunsOutOfHopsIsReported) {  // RFC 792, RFC 4443 3.3
  build();
  for (const std::string_view to : {"10.3.0.1:7", "[2001:db8:3::1]:7"}) {
    const auto client = open(a, at(to).is_v4() ? "0.0.0.0:0" : "[::]:0", {.hop_limit = 2});
    ASSERT_TRUE(client->connect(at(to)));
    ASSERT_TRUE(client->send_to(Endpoint(), pattern(4)));
    world.run_for(1s);
    std::vector<ReceivedDatagram> batch(1);
    EXPECT_EQ(client->try_recv(batch).error(), Errc::unreachable) << to;
  }
  EXPECT_EQ(r2.ip_metrics().dropped(DropReason::hop_limit), 2u);
}

TEST_F(Chain, WhereNoRouteLeadsIsReported) {  // RFC 1812 4.3.3.1
  build();
  const auto client = open(a, "0.0.0.0:0");
  ASSERT_TRUE(client->connect(at("10.9.0.1:7")));
  ASSERT_TRUE(client->send_to(Endpoint(), pattern(4)));
  world.run_for(1s);
  std::vector<ReceivedDatagram> batch(1);
  EXPECT_EQ(client->try_recv(batch).error(), Errc::unreachable);
  EXPECT_EQ(r1.ip_metrics().dropped(DropReason::no_route), 1u);
}

TEST_F(Chain, RoutersFragmentOnlyIpv4AndOnlyWhereTheyMay) {  // RFC 791 3.2
  build(1400);
  const auto server = open(b, "0.0.0.0:7");
  const auto client = open(a, "0.0.0.0:0");
  ASSERT_TRUE(client->send_to(at("10.3.0.1:7"), pattern(1472)));
  world.run_for(1s);
  ASSERT_THAT(received(*server), SizeIs(1));
  EXPECT_EQ(r1.ip_metrics().fragments_sent.value(), 2u);
  EXPECT_EQ(b.ip_metrics().reassembled.value(), 1u);
}

TEST_F(Chain, APathIsFoundToBeNarrow) {  // RFC 1191 3, RFC 8201 3
  build(1400);
  for (const std::string_view to : {"10.3.0.1:7", "[2001:db8:3::1]:7"}) {
    const bool v4 = at(to).is_v4();
    const std::size_t headers = v4 ? 28 : 48;
    const auto server = open(b, v4 ? "0.0.0.0:7" : "[::]:7", {.v6_only = true});
    const auto client = open(a, v4 ? "0.0.0.0:0" : "[::]:0", {.dont_fragment = true});
    EXPECT_EQ(client->max_payload_bytes(at(to)), 1500 - headers);
    ASSERT_TRUE(client->send_to(at(to), pattern(1500 - headers))) << "nobody knows better yet";
    world.run_for(1s);
    EXPECT_THAT(received(*server), SizeIs(0)) << to;
    EXPECT_EQ(client->max_payload_bytes(at(to)), 1400 - headers) << to;
    EXPECT_EQ(client->send_to(at(to), pattern(1500 - headers)).error(), Errc::message_too_large);
    ASSERT_TRUE(client->send_to(at(to), pattern(1400 - headers)));
    world.run_for(1s);
    EXPECT_THAT(received(*server), SizeIs(1)) << to;
  }
  EXPECT_EQ(r1.ip_metrics().dropped(DropReason::too_big), 2u);
  EXPECT_EQ(a.ip_metrics().path_mtu_reports.value(), 2u);
}

TEST_F(Chain, WhatMayBeFragmentedIsOnceThePathIsKnown) {  // RFC 8200 5
  build(1400);
  const auto server = open(b, "[::]:7");
  const auto client = open(a, "[::]:0");
  ASSERT_TRUE(client->send_to(at("[2001:db8:3::1]:7"), pattern(1452)));
  world.run_for(1s);
  EXPECT_THAT(received(*server), SizeIs(0)) << "IPv6 routers do not fragment";
  ASSERT_TRUE(client->send_to(at("[2001:db8:3::1]:7"), pattern(1452)));
  world.run_for(1s);
  EXPECT_THAT(received(*server), SizeIs(1)) << "the sender does";
}

TEST_F(Chain, LinkLocalPacketsStayOnTheirLink) {  // RFC 4291 2.5.6
  build();
  const IpAddress of_a = link_local_of(a);
  const auto server = open(b, "[::]:7");
  const auto client = open(a, "[::]:0");
  const auto payload = pattern(4);
  const Datagram datagram{.peer = at("[2001:db8:3::1]:7"), .payload = payload, .local = of_a};
  ASSERT_EQ(client->send(std::span(&datagram, 1)).accepted, 1u);
  world.run_for(1s);
  EXPECT_THAT(received(*server), SizeIs(0));
  EXPECT_EQ(r1.ip_metrics().dropped(DropReason::not_for_us), 1u);
}

TEST_F(Chain, AHostThatIsNoRouterForwardsNothing) {  // RFC 1122 3.3.1.1
  Host& c = add_host("c");
  join({a, {own("10.1.0.1", 24)}, {net("0.0.0.0/0")}}, {c, {own("10.1.0.254", 24)}});
  join({c, {own("10.3.0.254", 24)}}, {b, {own("10.3.0.1", 24)}, {net("0.0.0.0/0")}});
  EXPECT_EQ(finish(a.ping(addr("10.3.0.1"))).error(), Errc::timed_out);
  EXPECT_EQ(c.ip_metrics().dropped(DropReason::not_for_us), 1u);
}

}  // namespace
}  // namespace ghostnet::ip::host_test
