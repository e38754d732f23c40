#include "ns3_fixture.hpp"

namespace ghostnet::sim::ns3_test::ns3_udp_test {
namespace {

constexpr std::uint16_t kPort = 4000;

class Ns3UdpOver : public testing::TestWithParam<IpFamily> {};
INSTANTIATE_TEST_SUITE_P(Families, Ns3UdpOver, testing::Values(IpFamily::v4, IpFamily::v6),
                         [](const auto& info) { return info.param == IpFamily::v4 ? "IPv4" : "IPv6"; });

TEST_P(Ns3UdpOver, WireCarriesAnEchoInTheComputedTime) {
  Rig rig;
  const HostId a = rig.add("a"), b = rig.add("b");
  ASSERT_TRUE(rig.network->connect(a, b, {.rate_bps = 1'000'000, .delay = 5ms}));
  rig.start();
  PingLog log;
  rig.host(b).scope().spawn(udp_echo(rig.host(b), {IpAddress::any(GetParam()), kPort}));
  rig.host(a).scope().spawn(udp_ping(rig.host(a), {rig.address(b, GetParam()), kPort}, 100, 10, 100ms, log));
  rig.run(2s);
  ASSERT_EQ(log.round_trips.size(), 10U);
  // 100 bytes, UDP, IP and PPP headers at 1 Mbit/s, twice, and 5 ms each way.
  const std::int64_t frame_bytes = 100 + 8 + (GetParam() == IpFamily::v4 ? 20 : 40) + 2;
  EXPECT_EQ(log.round_trips.back(), Duration(2 * (frame_bytes * 8 * 1000 + 5'000'000)));
  EXPECT_TRUE(rig.failures.empty());
}

TEST_P(Ns3UdpOver, LanCarriesAnEcho) {
  Rig rig;
  const std::vector<HostId> hosts = rig.add_hosts(5);
  ASSERT_TRUE(rig.network->add_lan(hosts, {}));
  rig.start();
  PingLog log;
  rig.host(4).scope().spawn(udp_echo(rig.host(4), {IpAddress::any(GetParam()), kPort}));
  rig.host(0).scope().spawn(udp_ping(rig.host(0), {rig.address(4, GetParam()), kPort}, 1000, 10, 50ms, log));
  rig.run(2s);
  EXPECT_EQ(log.round_trips.size(), 10U);
}

TEST_P(Ns3UdpOver, ThreeHopsAreRoutedByEveryRouting) {
  for (const Ns3Routing routing : {Ns3Routing::global, Ns3Routing::paths}) {
    Rig rig({.routing = routing});
    const std::vector<HostId> hosts = rig.add_hosts(4);
    for (HostId i = 0; i < 3; ++i)
      ASSERT_TRUE(rig.network->connect(i, i + 1, {.rate_bps = 1'000'000'000, .delay = 10ms}));
    rig.start();
    PingLog log;
    rig.host(3).scope().spawn(udp_echo(rig.host(3), {IpAddress::any(GetParam()), kPort}));
    rig.host(0).scope().spawn(udp_ping(rig.host(0), {rig.address(3, GetParam()), kPort}, 100, 5, 200ms, log));
    rig.run(2s);
    ASSERT_EQ(log.round_trips.size(), 5U);
    EXPECT_GE(log.round_trips.front(), 60ms);
    EXPECT_LT(log.round_trips.front(), 61ms);
  }
}

struct OneWay {
  std::vector<ReceivedDatagram> got;
  std::vector<Error> errors;
};

Task<> collect(UdpSocket& socket, OneWay& log) {
  while (true) {
    Result<ReceivedDatagram> got = co_await socket.recv();
    if (got) {
      log.got.push_back(std::move(*got));
    } else {
      log.errors.push_back(got.error());
      if (got.error() == Errc::closed) co_return;
    }
  }
}

TEST_P(Ns3UdpOver, MetadataArrives) {
  Rig rig;
  const std::vector<HostId> hosts = rig.add_hosts(3);
  ASSERT_TRUE(rig.network->connect(0, 1, {.delay = 3ms}));
  ASSERT_TRUE(rig.network->connect(1, 2, {.delay = 4ms}));
  rig.start();
  auto sender = open_udp(rig.host(0), {.local = Endpoint(IpAddress::any(GetParam()), 0)});
  auto receiver = open_udp(rig.host(2), {.local = Endpoint(IpAddress::any(GetParam()), kPort)});
  OneWay log;
  Scope tasks(rig.timeline.loop());
  tasks.spawn(collect(*receiver, log));
  const std::vector<std::uint8_t> bytes = pattern(300);
  const Endpoint to(rig.address(2, GetParam()), kPort);
  const Datagram batch[] = {
      {.peer = to, .payload = bytes, .hop_limit = 17, .ecn = Ecn::ect0},
      {.peer = to, .payload = ByteView(bytes).first(1), .ecn = Ecn::ce},
      {.peer = to, .payload = {}},
  };
  EXPECT_EQ(sender->send(batch).accepted, 3U);
  rig.run(1s);
  ASSERT_EQ(log.got.size(), 3U);
  EXPECT_TRUE(equal(log.got[0].data.view(), bytes));
  EXPECT_EQ(log.got[0].hop_limit, 16);  // one router
  EXPECT_EQ(log.got[0].ecn, Ecn::ect0);
  EXPECT_EQ(log.got[0].peer, Endpoint(rig.address(0, GetParam()), sender->local().port()));
  EXPECT_EQ(log.got[0].local, to.address());
  EXPECT_EQ(log.got[0].interface, 2U);
  EXPECT_GT(log.got[0].received_at, TimePoint{7ms});
  EXPECT_LT(log.got[0].received_at, TimePoint{8ms});
  EXPECT_EQ(log.got[1].ecn, Ecn::ce);
  EXPECT_EQ(log.got[1].hop_limit, 63);
  EXPECT_EQ(log.got[2].data.size(), 0U);
  EXPECT_EQ(sender->counters().datagrams_sent, 3U);
  EXPECT_EQ(receiver->counters().datagrams_received, 3U);
}

TEST_P(Ns3UdpOver, SegmentsAreCutAndLargeDatagramsFragmented) {
  Rig rig;
  const HostId a = rig.add("a"), b = rig.add("b");
  ASSERT_TRUE(rig.network->connect(a, b, {}));
  rig.start();
  auto sender = open_udp(rig.host(a), {.local = Endpoint(IpAddress::any(GetParam()), 0)});
  auto receiver = open_udp(rig.host(b), {.local = Endpoint(IpAddress::any(GetParam()), kPort)});
  OneWay log;
  Scope tasks(rig.timeline.loop());
  tasks.spawn(collect(*receiver, log));
  const Endpoint to(rig.address(b, GetParam()), kPort);
  const std::vector<std::uint8_t> bytes = pattern(8000);
  const Datagram cut{.peer = to, .payload = ByteView(bytes).first(2500), .segment_bytes = 1000};
  EXPECT_EQ(sender->send(std::span(&cut, 1)).accepted, 1U);
  EXPECT_TRUE(sender->send_to(to, bytes));
  const Datagram whole{.peer = to, .payload = bytes, .dont_fragment = true};
  EXPECT_EQ(sender->send(std::span(&whole, 1)).error, Errc::message_too_large);
  const std::size_t fits = *sender->max_payload_bytes(to);
  EXPECT_EQ(fits, GetParam() == IpFamily::v4 ? 1472U : 1452U);
  const Datagram probe{.peer = to, .payload = ByteView(bytes).first(fits), .dont_fragment = true};
  EXPECT_FALSE(sender->send(std::span(&probe, 1)).error);
  const std::vector<std::uint8_t> too_large = pattern(65'536);
  EXPECT_EQ(sender->send_to(to, too_large).error(), Errc::message_too_large);
  rig.run(1s);
  ASSERT_EQ(log.got.size(), 5U);
  std::vector<std::size_t> sizes;
  for (const ReceivedDatagram& got : log.got) sizes.push_back(got.data.size());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1000, 1000, 500, 8000, fits}));
  EXPECT_TRUE(equal(log.got[3].data.view(), bytes));
}

TEST_P(Ns3UdpOver, GroupsReachTheirMembersOnly) {
  Rig rig;
  const std::vector<HostId> hosts = rig.add_hosts(4);
  ASSERT_TRUE(rig.network->add_lan(hosts, {}));
  rig.start();
  const IpAddress group = GetParam() == IpFamily::v4 ? IpAddress::v4(224, 0, 0, 251) : *IpAddress::parse("ff02::fb");
  std::vector<std::unique_ptr<UdpSocket>> sockets;
  OneWay logs[4];
  Scope tasks(rig.timeline.loop());
  for (HostId id : hosts) {
    sockets.push_back(
        open_udp(rig.host(id), {.local = Endpoint(IpAddress::any(GetParam()), 5353), .reuse_address = true}));
    if (id != 3) ASSERT_TRUE(sockets[id]->join(group));
    tasks.spawn(collect(*sockets[id], logs[id]));
  }
  ASSERT_TRUE(sockets[0]->send_to({group, 5353}, pattern(50)));
  rig.run(1s);
  EXPECT_EQ(logs[0].got.size(), 1U);  // its own
  ASSERT_EQ(logs[1].got.size(), 1U);
  EXPECT_EQ(logs[2].got.size(), 1U);
  EXPECT_EQ(logs[3].got.size(), 0U);
  EXPECT_EQ(logs[1].got[0].local, group);
  EXPECT_EQ(logs[1].got[0].hop_limit, 1);
  EXPECT_TRUE(sockets[2]->leave(group));
  EXPECT_EQ(sockets[2]->leave(group).error(), Errc::address_not_available);
  EXPECT_EQ(sockets[1]->join(group).error(), Errc::address_in_use);
  EXPECT_EQ(sockets[1]->join(rig.address(0, GetParam())).error(), Errc::invalid_argument);
  ASSERT_TRUE(sockets[3]->send_to({group, 5353}, pattern(50)));
  rig.run(1s);
  EXPECT_EQ(logs[1].got.size(), 2U);
  EXPECT_EQ(logs[2].got.size(), 1U);
  EXPECT_EQ(logs[3].got.size(), 0U);
}

TEST_P(Ns3UdpOver, AHostReachesItself) {
  Rig rig;
  const std::vector<HostId> hosts = rig.add_hosts(3);
  ASSERT_TRUE(rig.network->connect(0, 1, {}));
  ASSERT_TRUE(rig.network->connect(1, 2, {}));
  rig.start();
  PingLog own, loopback;
  rig.host(1).scope().spawn(udp_echo(rig.host(1), {IpAddress::any(GetParam()), kPort}));
  rig.host(1).scope().spawn(udp_ping(rig.host(1), {rig.address(1, GetParam()), kPort}, 10, 3, 100ms, own));
  rig.host(1).scope().spawn(udp_ping(rig.host(1), {IpAddress::loopback(GetParam()), kPort}, 10, 3, 100ms, loopback));
  rig.run(1s);
  EXPECT_EQ(own.round_trips.size(), 3U);
  EXPECT_EQ(loopback.round_trips.size(), 3U);
}

TEST_P(Ns3UdpOver, ConnectedSocketsFilterAndLearnOfRefusal) {
  Rig rig;
  const std::vector<HostId> hosts = rig.add_hosts(3);
  ASSERT_TRUE(rig.network->add_lan(hosts, {}));
  rig.start();
  const Endpoint any(IpAddress::any(GetParam()), 0);
  auto socket = open_udp(rig.host(0), {.local = any});
  auto friendly = open_udp(rig.host(1), {.local = any});
  auto stranger = open_udp(rig.host(2), {.local = any});
  OneWay log;
  Scope tasks(rig.timeline.loop());
  tasks.spawn(collect(*socket, log));
  const Endpoint peer(rig.address(1, GetParam()), friendly->local().port());
  ASSERT_TRUE(socket->connect(peer));
  EXPECT_EQ(socket->local().address(), rig.address(0, GetParam()));
  const Endpoint self = socket->local();
  ASSERT_TRUE(friendly->send_to(self, pattern(10)));
  ASSERT_TRUE(stranger->send_to(self, pattern(20)));
  rig.run(1s);
  ASSERT_EQ(log.got.size(), 1U);
  EXPECT_EQ(log.got[0].data.size(), 10U);

  friendly.reset();  // the port is closed: the host answers with ICMP
  const std::vector<std::uint8_t> five = pattern(5);
  const Datagram to_peer{.peer = {}, .payload = five};
  ASSERT_FALSE(socket->send(std::span(&to_peer, 1)).error);
  rig.run(1s);
  ASSERT_EQ(log.errors.size(), 1U);
  EXPECT_EQ(log.errors[0], Errc::refused);

  ASSERT_TRUE(socket->connect(Endpoint()));
  ASSERT_TRUE(stranger->send_to(self, pattern(30)));
  rig.run(1s);
  ASSERT_EQ(log.got.size(), 2U);
  EXPECT_EQ(log.got[1].data.size(), 30U);
}

TEST_P(Ns3UdpOver, PortsAreExclusiveUnlessShared) {
  Rig rig;
  const HostId a = rig.add("a"), b = rig.add("b");
  ASSERT_TRUE(rig.network->connect(a, b, {}));
  rig.start();
  const IpAddress any = IpAddress::any(GetParam());
  auto first = open_udp(rig.host(a), {.local = Endpoint(any, kPort)});
  EXPECT_EQ(rig.host(a).open_udp({.local = Endpoint(any, kPort)}).error(), Errc::address_in_use);
  EXPECT_EQ(rig.host(a).open_udp({.local = Endpoint(rig.address(a, GetParam()), kPort)}).error(), Errc::address_in_use);
  EXPECT_EQ(rig.host(a).open_udp({.local = Endpoint(rig.address(b, GetParam()), kPort)}).error(),
            Errc::address_not_available);
  EXPECT_EQ(rig.host(a).open_udp({.local = Endpoint(any, kPort), .reuse_port = true}).error(), Errc::address_in_use);
  first.reset();
  std::vector<std::unique_ptr<UdpSocket>> shared;
  OneWay logs[3];
  Scope tasks(rig.timeline.loop());
  for (OneWay& log : logs) {
    shared.push_back(open_udp(rig.host(a), {.local = Endpoint(any, kPort), .reuse_port = true}));
    tasks.spawn(collect(*shared.back(), log));
  }
  const Endpoint to(rig.address(a, GetParam()), kPort);
  for (int i = 0; i < 60; ++i) {
    auto sender = open_udp(rig.host(b), {.local = Endpoint(any, 0)});
    ASSERT_TRUE(sender->send_to(to, pattern(10)));
    ASSERT_TRUE(sender->send_to(to, pattern(10)));
    rig.run(1ms);
  }
  rig.run(1s);
  std::size_t total = 0;
  for (const OneWay& log : logs) {
    EXPECT_GT(log.got.size(), 10U);
    EXPECT_EQ(log.got.size() % 2, 0U);  // a peer always meets the same socket
    total += log.got.size();
  }
  EXPECT_EQ(total, 120U);
}

TEST_P(Ns3UdpOver, AFullQueueDropsAndCounts) {
  Rig rig;
  const HostId a = rig.add("a"), b = rig.add("b");
  ASSERT_TRUE(rig.network->connect(a, b, {.queue = "10000p"}));
  rig.start();
  auto sender = open_udp(rig.host(a), {.local = Endpoint(IpAddress::any(GetParam()), 0)});
  auto receiver =
      open_udp(rig.host(b), {.local = Endpoint(IpAddress::any(GetParam()), kPort), .receive_queue_bytes = 10'000});
  const Endpoint to(rig.address(b, GetParam()), kPort);
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(sender->send_to(to, pattern(1000, static_cast<std::uint32_t>(i))));
    rig.run(1ms);
  }
  rig.run(1s);
  EXPECT_EQ(receiver->counters().datagrams_received, 10U);
  EXPECT_EQ(receiver->counters().dropped_queue_full, 20U);
  ReceivedDatagram got[32];
  Result<std::size_t> taken = receiver->try_recv(got);
  ASSERT_TRUE(taken);
  EXPECT_EQ(*taken, 10U);
  EXPECT_TRUE(equal(got[9].data.view(), pattern(1000, 9)));
  EXPECT_EQ(receiver->try_recv(got).error(), Errc::would_block);
}

// Not with global routing: ns-3 gives a host with one wire a default route over it.
TEST_P(Ns3UdpOver, WhereThereIsNoRouteSendingSaysSo) {
  Rig rig({.routing = Ns3Routing::paths});
  const std::vector<HostId> hosts = rig.add_hosts(4);
  ASSERT_TRUE(rig.network->connect(0, 1, {}));
  ASSERT_TRUE(rig.network->connect(2, 3, {}));
  rig.start();
  auto socket = open_udp(rig.host(0), {.local = Endpoint(IpAddress::any(GetParam()), 0)});
  EXPECT_EQ(socket->send_to({rig.address(3, GetParam()), kPort}, pattern(1)).error(), Errc::unreachable);
  EXPECT_EQ(socket->send_to({IpAddress::any(GetParam()), kPort}, pattern(1)).error(), Errc::invalid_argument);
  const IpFamily other = GetParam() == IpFamily::v4 ? IpFamily::v6 : IpFamily::v4;
  if (GetParam() == IpFamily::v4) {
    EXPECT_EQ(socket->send_to({rig.address(1, other), kPort}, pattern(1)).error(), Errc::invalid_argument);
  }
  EXPECT_EQ(socket->max_payload_bytes({rig.address(3, GetParam()), kPort}).error(), Errc::unreachable);
}

TEST(Ns3Udp, BroadcastNeedsPermissionAndReachesTheLan) {
  Rig rig;
  const std::vector<HostId> hosts = rig.add_hosts(4);
  ASSERT_TRUE(rig.network->add_lan(hosts, {}));
  rig.start();
  OneWay logs[4];
  std::vector<std::unique_ptr<UdpSocket>> sockets;
  Scope tasks(rig.timeline.loop());
  for (HostId id : hosts) {
    sockets.push_back(open_udp(rig.host(id), {.local = Endpoint(IpAddress(), kPort), .broadcast = id == 0}));
    tasks.spawn(collect(*sockets[id], logs[id]));
  }
  const IpPrefix lan(rig.address(0, IpFamily::v4), rig.host(0).interfaces()[1].addresses[0].prefix_bits);
  EXPECT_EQ(sockets[1]->send_to({IpAddress::v4_broadcast(), kPort}, pattern(9)).error(), Errc::permission);
  EXPECT_EQ(sockets[1]->send_to({lan.last(), kPort}, pattern(9)).error(), Errc::permission);
  EXPECT_TRUE(sockets[0]->send_to({IpAddress::v4_broadcast(), kPort}, pattern(9)));
  EXPECT_TRUE(sockets[0]->send_to({lan.last(), kPort}, pattern(9)));
  rig.run(1s);
  for (HostId id : {1, 2, 3}) {
    ASSERT_EQ(logs[id].got.size(), 2U);
    EXPECT_EQ(logs[id].got[0].local, IpAddress::v4_broadcast());
    EXPECT_EQ(logs[id].got[1].local, lan.last());
  }
}

TEST(Ns3Udp, ADualSocketSpeaksBothFamilies) {
  Rig rig;
  const HostId a = rig.add("a"), b = rig.add("b");
  ASSERT_TRUE(rig.network->connect(a, b, {}));
  rig.start();
  auto dual = open_udp(rig.host(a), {.local = Endpoint(IpAddress::any(IpFamily::v6), kPort)});
  EXPECT_EQ(rig.host(a).open_udp({.local = Endpoint(IpAddress(), kPort)}).error(), Errc::address_in_use);
  auto v4 = open_udp(rig.host(b), {.local = Endpoint(IpAddress(), 0)});
  auto v6 = open_udp(rig.host(b), {.local = Endpoint(IpAddress::any(IpFamily::v6), 0), .v6_only = true});
  OneWay log, back;
  Scope tasks(rig.timeline.loop());
  tasks.spawn(collect(*dual, log));
  tasks.spawn(collect(*v4, back));
  ASSERT_TRUE(v4->send_to({rig.address(a, IpFamily::v4), kPort}, pattern(1)));
  ASSERT_TRUE(v6->send_to({rig.address(a, IpFamily::v6), kPort}, pattern(2)));
  rig.run(1s);
  ASSERT_EQ(log.got.size(), 2U);
  EXPECT_TRUE(log.got[0].peer.is_v4());
  EXPECT_TRUE(log.got[1].peer.is_v6());
  ASSERT_TRUE(dual->send_to(log.got[0].peer, pattern(3)));
  // Written as an IPv6 socket of a kernel shows it.
  ASSERT_TRUE(dual->send_to({log.got[0].peer.address().to_v6(), log.got[0].peer.port()}, pattern(4)));
  rig.run(1s);
  EXPECT_EQ(back.got.size(), 2U);
}

TEST(Ns3Udp, LinkLocalAddressesWorkWithTheirZone) {
  Rig rig;
  const std::vector<HostId> hosts = rig.add_hosts(3);
  ASSERT_TRUE(rig.network->connect(0, 1, {}));
  ASSERT_TRUE(rig.network->connect(0, 2, {}));
  rig.start();
  auto link_local = [&](HostId id, InterfaceIndex index) {
    const std::vector<Interface> interfaces = rig.host(id).interfaces();
    for (const InterfaceAddress& own : interfaces[index - 1].addresses) {
      if (own.address.is_link_local()) return own.address;
    }
    return IpAddress();
  };
  auto sender = open_udp(rig.host(0), {.local = Endpoint(IpAddress::any(IpFamily::v6), 0)});
  auto receiver = open_udp(rig.host(2), {.local = Endpoint(IpAddress::any(IpFamily::v6), kPort)});
  OneWay log;
  Scope tasks(rig.timeline.loop());
  tasks.spawn(collect(*receiver, log));
  const IpAddress to = link_local(2, 2).with_scope_id(3);  // over the sender's third interface
  ASSERT_TRUE(sender->send_to({to, kPort}, pattern(5)));
  rig.run(1s);
  ASSERT_EQ(log.got.size(), 1U);
  EXPECT_EQ(log.got[0].peer.address(), link_local(0, 3).with_scope_id(2));
}

}  // namespace
}  // namespace ghostnet::sim::ns3_test::ns3_udp_test
