#include <gtest/gtest.h>

#include <algorithm>

#include "fabric_fixture.hpp"

namespace ghostnet::sim::fabric_test {
namespace {

TEST(Fabric, DeliversAfterExactlyTheDelayOfThePath) {
  FabricWorldForTest world;
  Attachment ground = world.region(25ms);
  FabricHost& a = world.host_in(ground);
  FabricHost& b = world.host_in(ground);
  auto from = world.open(a, 1000);
  auto to = world.open(b, 2000);
  std::vector<Seen> seen;
  b.scope().spawn(record_all(*to, seen));
  world.run_for(10ms);
  ASSERT_TRUE(from->send_to(Endpoint(b.address(), 2000), as_bytes("hello")));
  world.run_for(24ms);
  EXPECT_TRUE(seen.empty());
  world.run_for(1ms);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].text, "hello");
  EXPECT_EQ(seen[0].peer, Endpoint(a.address(), 1000));
  EXPECT_EQ(seen[0].local, b.address());
  EXPECT_EQ(to_ns(seen[0].at), 35'000'000);
}

TEST(Fabric, CarriesIpv6AsIpv4) {
  FabricWorldForTest world;
  Attachment ground = world.region(1ms);
  FabricHost& a = world.host_in(ground);
  FabricHost& b = world.host_in(ground);
  UdpOptions v6{.local = Endpoint(IpAddress::any(IpFamily::v6), 0)};
  auto from = world.open(a, 1000, v6);
  auto to = world.open(b, 2000, v6);
  std::vector<Seen> seen;
  b.scope().spawn(record_all(*to, seen));
  ASSERT_TRUE(from->send_to(Endpoint(b.address(IpFamily::v6), 2000), as_bytes("six")));
  world.run_for(1ms);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].peer, Endpoint(a.address(IpFamily::v6), 1000));
}

TEST(Fabric, ASocketOfAllAddressesOfIpv6TakesIpv4Too) {
  FabricWorldForTest world;
  Attachment ground = world.region(1ms);
  FabricHost& a = world.host_in(ground);
  FabricHost& b = world.host_in(ground);
  const Endpoint all(IpAddress::any(IpFamily::v6), 7);
  auto both = *b.open_udp({.local = all});
  std::vector<Seen> seen;
  b.scope().spawn(record_all(*both, seen));
  auto v4 = *a.open_udp({.local = Endpoint(IpAddress::any(IpFamily::v4), 5)});
  auto v6 = *a.open_udp({.local = Endpoint(IpAddress::any(IpFamily::v6), 5), .v6_only = true});
  EXPECT_TRUE(v4->send_to(Endpoint(b.address(IpFamily::v4), 7), as_bytes("four")));
  EXPECT_TRUE(v6->send_to(Endpoint(b.address(IpFamily::v6), 7), as_bytes("six")));
  EXPECT_FALSE(v6->send_to(Endpoint(b.address(IpFamily::v4), 7), as_bytes("four from a socket of IPv6 alone")));
  world.run_for(10ms);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].text, "four");
  EXPECT_EQ(seen[0].peer, Endpoint(a.address(IpFamily::v4), 5)) << "as it is, and not mapped";
  EXPECT_EQ(seen[0].local, b.address(IpFamily::v4));
  EXPECT_EQ(seen[1].peer, Endpoint(a.address(IpFamily::v6), 5));

  // And it answers in the family of the peer, which may be written in its mapped form.
  std::vector<Seen> answers;
  a.scope().spawn(record_all(*v4, answers));
  EXPECT_TRUE(both->send_to(seen[0].peer, as_bytes("back")));
  EXPECT_TRUE(both->send_to(Endpoint(a.address(IpFamily::v4).to_v6(), 5), as_bytes("mapped")));
  world.run_for(10ms);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[1].peer, Endpoint(b.address(IpFamily::v4), 7));
  a.scope().drop_all();  // they receive from sockets that end here
  b.scope().drop_all();
}

TEST(Fabric, AnIpv6OnlySocketLeavesIpv4ToOthers) {
  FabricWorldForTest world;
  Attachment ground = world.region(1ms);
  FabricHost& a = world.host_in(ground);
  FabricHost& b = world.host_in(ground);
  auto six = b.open_udp({.local = Endpoint(IpAddress::any(IpFamily::v6), 7), .v6_only = true});
  ASSERT_TRUE(six);
  auto four = b.open_udp({.local = Endpoint(IpAddress::any(IpFamily::v4), 7)});
  ASSERT_TRUE(four) << "the port of the other family is free";
  std::vector<Seen> to_six, to_four;
  b.scope().spawn(record_all(**six, to_six));
  b.scope().spawn(record_all(**four, to_four));
  auto from = *a.open_udp({.local = Endpoint(IpAddress::any(IpFamily::v6), 5)});
  EXPECT_TRUE(from->send_to(Endpoint(b.address(IpFamily::v4), 7), as_bytes("four")));
  EXPECT_TRUE(from->send_to(Endpoint(b.address(IpFamily::v6), 7), as_bytes("six")));
  world.run_for(10ms);
  EXPECT_EQ(to_six.size(), 1u);
  EXPECT_EQ(to_four.size(), 1u);

  Result<std::unique_ptr<UdpSocket>> both = b.open_udp({.local = Endpoint(IpAddress::any(IpFamily::v6), 7)});
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error(), Errc::address_in_use);
  auto taken = *a.open_udp({.local = Endpoint(IpAddress::any(IpFamily::v6), 9)});
  EXPECT_FALSE(a.open_udp({.local = Endpoint(IpAddress::any(IpFamily::v4), 9)})) << "the other one takes IPv4 too";
  b.scope().drop_all();  // they receive from sockets that end here
}

TEST(Fabric, SocketsThatShareAPortShareItsPeers) {
  FabricWorldForTest world;
  Attachment ground = world.region(1ms);
  FabricHost& b = world.host_in(ground);
  const UdpOptions options{.local = Endpoint(IpAddress::any(IpFamily::v4), 7), .reuse_port = true};
  auto first = *b.open_udp(options);
  auto second = *b.open_udp(options);
  std::vector<Seen> to_first, to_second;
  b.scope().spawn(record_all(*first, to_first));
  b.scope().spawn(record_all(*second, to_second));
  constexpr int kPeers = 64;
  std::vector<std::unique_ptr<UdpSocket>> peers;
  for (int i = 0; i < kPeers; ++i) {
    peers.push_back(*world.host_in(ground).open_udp({.local = Endpoint(IpAddress::any(IpFamily::v4), 5)}));
    for (int n = 0; n < 3; ++n) EXPECT_TRUE(peers.back()->send_to(Endpoint(b.address(), 7), as_bytes("hello")));
  }
  world.run_for(10ms);
  EXPECT_EQ(to_first.size() + to_second.size(), 3u * kPeers);
  EXPECT_GT(to_first.size(), kPeers);
  EXPECT_GT(to_second.size(), kPeers);
  for (const Seen& seen : to_first) {
    EXPECT_TRUE(std::ranges::none_of(to_second, [&](const Seen& other) { return other.peer == seen.peer; }))
        << seen.peer.to_string() << " keeps to one socket";
  }
  b.scope().drop_all();  // its tasks wait at the sockets
}

TEST(Fabric, SerialisationTakesTheTimeOfThePacketWithItsHeaders) {
  FabricWorldForTest world;
  link::LinkParams slow{.rate_bps = 1'000'000};
  Attachment ground = world.region(0ms);
  FabricHost& a = world.host_in(ground, &slow);
  FabricHost& b = world.host_in(ground);
  auto from = world.open(a, 1);
  auto to = world.open(b, 2);
  std::vector<Seen> seen;
  b.scope().spawn(record_all(*to, seen));
  std::string text(972, 'x');  // with 28 bytes of headers: 1000 bytes, 8 ms at 1 Mbit/s
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(from->send_to(Endpoint(b.address(), 2), as_bytes(text)));
  world.run_for(1s);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(to_ns(seen[0].at), 8'000'000);
  EXPECT_EQ(to_ns(seen[1].at), 16'000'000);
}

TEST(Fabric, TheLinkIntoAHostIsALinkToo) {
  FabricWorldForTest world;
  link::LinkParams slow{.rate_bps = 1'000'000, .queue_limit_bytes = 1500};
  Attachment ground = world.region(10ms);
  FabricHost& sink = world.host_in(ground, nullptr, &slow);
  auto to = world.open(sink, 2);
  std::vector<Seen> seen;
  sink.scope().spawn(record_all(*to, seen));
  std::string text(972, 'x');
  for (int i = 0; i < 3; ++i) {
    FabricHost& source = world.host_in(ground);
    auto from = world.open(source, 1);
    ASSERT_TRUE(from->send_to(Endpoint(sink.address(), 2), as_bytes(text)));
  }
  world.run_for(1s);
  ASSERT_EQ(seen.size(), 1u) << "the queue holds 1500 bytes: one packet of 1000, the others are dropped";
  EXPECT_EQ(to_ns(seen[0].at), 18'000'000);
  EXPECT_EQ(world.fabric.counters().link_drops, 2u);
}

TEST(Fabric, AFragmentedDatagramArrivesWithItsLastFragment) {
  FabricWorldForTest world;
  link::LinkParams link{.rate_bps = 8'000'000, .mtu_bytes = 1500};
  Attachment ground = world.region(0ms);
  FabricHost& a = world.host_in(ground, &link);
  FabricHost& b = world.host_in(ground);
  auto from = world.open(a, 1);
  auto to = world.open(b, 2);
  std::vector<Seen> seen;
  b.scope().spawn(record_all(*to, seen));
  std::string text(4000, 'x');  // 4008 bytes of IP payload: 1480 + 1480 + 1048, 20 bytes of header each
  ASSERT_TRUE(from->send_to(Endpoint(b.address(), 2), as_bytes(text)));
  world.run_for(1s);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(to_ns(seen[0].at), (4008 + 60) * 1000);
}

TEST(Fabric, DontFragmentRefusesWhatExceedsTheMtu) {
  FabricWorldForTest world;
  link::LinkParams link{.mtu_bytes = 1500};
  Attachment ground = world.region(0ms);
  FabricHost& a = world.host_in(ground, &link);
  auto from = world.open(a, 1);
  std::string text(1473, 'x');
  Datagram probe{.peer = Endpoint(IpAddress::v4(10, 0, 0, 1), 9), .payload = as_bytes(text), .dont_fragment = true};
  SendOutcome sent = from->send(std::span(&probe, 1));
  EXPECT_EQ(sent.accepted, 0u);
  EXPECT_EQ(sent.error, Errc::message_too_large);
  EXPECT_EQ(*from->max_payload_bytes(probe.peer), 1472u);
}

TEST(Fabric, OversizedDatagramsAreNamed) {
  FabricWorldForTest world;
  FabricHost& a = world.host_in(world.region(0ms));
  auto from = world.open(a, 1);
  std::string text(65'508, 'x');
  Result<> sent = from->send_to(Endpoint(a.address(), 9), as_bytes(text));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error(), Errc::message_too_large);
  EXPECT_NE(sent.error().message().find("65508 bytes to 10.0.0.1:9"), std::string_view::npos) << sent.error().message();
}

TEST(Fabric, SegmentsBecomeDatagrams) {
  FabricWorldForTest world;
  Attachment ground = world.region(0ms);
  FabricHost& a = world.host_in(ground);
  FabricHost& b = world.host_in(ground);
  auto from = world.open(a, 1);
  auto to = world.open(b, 2);
  std::vector<Seen> seen;
  b.scope().spawn(record_all(*to, seen));
  Datagram batch{.peer = Endpoint(b.address(), 2), .payload = as_bytes("aaabbbc"), .segment_bytes = 3};
  EXPECT_EQ(from->send(std::span(&batch, 1)).accepted, 1u);
  world.run_for(1ms);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[1].text, "bbb");
  EXPECT_EQ(seen[2].text, "c");
}

TEST(Fabric, AReceivedBufferTravelsBackWithoutBeingCopied) {
  FabricWorldForTest world;
  Attachment ground = world.region(1ms);
  FabricHost& a = world.host_in(ground);
  auto to = world.open(a, 2);
  ASSERT_TRUE(to->send_to(Endpoint(a.address(), 2), as_bytes("there and back")));
  world.run_for(1ms);
  ReceivedDatagram got;
  ASSERT_EQ(*to->try_recv(std::span(&got, 1)), 1u);
  const std::uint8_t* before = got.data.data();
  ASSERT_TRUE(to->send_to(Endpoint(a.address(), 2), std::move(got.data)));
  world.run_for(1ms);
  ASSERT_EQ(*to->try_recv(std::span(&got, 1)), 1u);
  EXPECT_EQ(got.data.data(), before);
  EXPECT_EQ(as_text(got.data.view()), "there and back");
}

TEST(Fabric, AConnectedSocketLearnsThatNobodyListens) {
  FabricWorldForTest world;
  Attachment ground = world.region(5ms);
  FabricHost& a = world.host_in(ground);
  FabricHost& b = world.host_in(ground);
  auto from = world.open(a, 1);
  ASSERT_TRUE(from->connect(Endpoint(b.address(), 99)));
  Datagram hello{.payload = as_bytes("anybody?")};
  ASSERT_EQ(from->send(std::span(&hello, 1)).accepted, 1u);
  world.run_for(9ms);
  ReceivedDatagram got;
  EXPECT_EQ(from->try_recv(std::span(&got, 1)).error(), Errc::would_block);
  world.run_for(1ms);
  EXPECT_EQ(from->try_recv(std::span(&got, 1)).error(), Errc::refused);
  EXPECT_EQ(from->try_recv(std::span(&got, 1)).error(), Errc::would_block) << "an error is told once";
  EXPECT_EQ(world.fabric.in_flight(), 0u);
}

TEST(Fabric, ASocketConnectedElsewhereDoesNotReceive) {
  FabricWorldForTest world;
  Attachment ground = world.region(1ms);
  FabricHost& a = world.host_in(ground);
  FabricHost& b = world.host_in(ground);
  auto to = world.open(b, 2);
  ASSERT_TRUE(to->connect(Endpoint(a.address(), 7)));
  auto right = world.open(a, 7);
  auto wrong = world.open(a, 8);
  ASSERT_TRUE(wrong->send_to(Endpoint(b.address(), 2), as_bytes("wrong")));
  ASSERT_TRUE(right->send_to(Endpoint(b.address(), 2), as_bytes("right")));
  world.run_for(1ms);
  ReceivedDatagram got[2];
  ASSERT_EQ(*to->try_recv(got), 1u);
  EXPECT_EQ(as_text(got[0].data.view()), "right");
}

TEST(Fabric, AFullReceiveQueueDropsAndCounts) {
  FabricWorldForTest world;
  Attachment ground = world.region(0ms);
  FabricHost& a = world.host_in(ground);
  // A datagram counts with its record.
  auto to = world.open(a, 2, {.receive_queue_bytes = 2 * (5 + Flight::kRecordBytes)});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(to->send_to(Endpoint(a.address(), 2), as_bytes("12345")));
  world.run_for(1ms);
  EXPECT_EQ(to->counters().dropped_queue_full, 1u);
  ReceivedDatagram got[4];
  EXPECT_EQ(*to->try_recv(got), 2u);
}

TEST(Fabric, PortsAreGivenOnceAndErrorsNameThem) {
  FabricWorldForTest world;
  FabricHost& a = world.host_in(world.region(0ms));
  world.open(a, 53);
  Result<std::unique_ptr<UdpSocket>> second = a.open_udp({.local = Endpoint(IpAddress{}, 53)});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), Errc::address_in_use);
  EXPECT_NE(second.error().message().find("0.0.0.0:53"), std::string_view::npos);
  world.sockets.clear();
  EXPECT_TRUE(a.open_udp({.local = Endpoint(IpAddress{}, 53)}));
  Result<std::unique_ptr<UdpSocket>> foreign = a.open_udp({.local = Endpoint(IpAddress::v4(10, 9, 9, 9), 53)});
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error(), Errc::address_not_available);
  auto dynamic = world.open(a, 0);
  EXPECT_GE(dynamic->local().port(), 49'152);
}

// ---- LANs ----

TEST(FabricLan, MulticastReachesTheMembersAndTheSendersOwn) {
  FabricWorldForTest world;
  Attachment lan = world.lan(1ms);
  IpAddress group = IpAddress::v4(224, 0, 0, 251);
  std::vector<Seen> seen[3];
  std::vector<UdpSocket*> sockets;
  for (int i = 0; i < 3; ++i) {
    FabricHost& host = world.host_in(lan);
    sockets.push_back(world.open(host, 5353));
    if (i < 2) {
      ASSERT_TRUE(sockets.back()->join(group));
    }
    host.scope().spawn(record_all(*sockets.back(), seen[i]));
  }
  ASSERT_TRUE(sockets[0]->send_to(Endpoint(group, 5353), as_bytes("who?")));
  world.run_for(1ms);
  ASSERT_EQ(seen[0].size(), 1u);
  EXPECT_EQ(to_ns(seen[0][0].at), 0) << "its own copy does not cross the wire";
  ASSERT_EQ(seen[1].size(), 1u);
  EXPECT_EQ(seen[1][0].local, group);
  EXPECT_EQ(seen[1][0].hop_limit, 1);
  EXPECT_TRUE(seen[2].empty()) << "not a member";
  ASSERT_TRUE(sockets[1]->leave(group));
  ASSERT_TRUE(sockets[0]->send_to(Endpoint(group, 5353), as_bytes("again")));
  world.run_for(1ms);
  EXPECT_EQ(seen[1].size(), 1u);
  EXPECT_EQ(world.fabric.in_flight(), 0u);
}

TEST(FabricLan, BroadcastWantsPermission) {
  FabricWorldForTest world;
  Attachment lan = world.lan(1ms);
  FabricHost& a = world.host_in(lan);
  FabricHost& b = world.host_in(lan);
  auto plain = world.open(a, 67);
  auto to = world.open(b, 67);
  Endpoint all(IpAddress::v4_broadcast(), 67);
  Result<> refused = plain->send_to(all, as_bytes("x"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Errc::permission);
  auto allowed = world.open(a, 68, {.broadcast = true});
  ASSERT_TRUE(allowed->send_to(all, as_bytes("x")));
  world.run_for(1ms);
  ReceivedDatagram got;
  EXPECT_EQ(*to->try_recv(std::span(&got, 1)), 1u);
}

TEST(FabricLan, AHostOnTwoGroundsUsesTheOneThatReaches) {
  FabricWorldForTest world;
  Attachment lan = world.lan(1ms);
  Attachment internet = world.region(20ms);
  FabricHost& both = world.host_in(lan);
  ASSERT_TRUE(world.fabric.attach(both, {.attachment = internet, .addresses = {}}));
  FabricHost& local = world.host_in(lan);
  FabricHost& remote = world.host_in(internet);
  auto from = world.open(both, 1);
  auto at_local = world.open(local, 2);
  auto at_remote = world.open(remote, 2);
  ASSERT_TRUE(from->send_to(Endpoint(local.address(), 2), as_bytes("near")));
  ASSERT_TRUE(from->send_to(Endpoint(remote.address(), 2), as_bytes("far")));
  world.run_for(1ms);
  ReceivedDatagram got;
  EXPECT_EQ(*at_local->try_recv(std::span(&got, 1)), 1u);
  EXPECT_EQ(at_remote->try_recv(std::span(&got, 1)).error(), Errc::would_block);
  world.run_for(19ms);
  EXPECT_EQ(*at_remote->try_recv(std::span(&got, 1)), 1u);
  EXPECT_EQ(both.interfaces().size(), 2u);
  auto lonely = world.open(local, 9);
  Result<> sent = lonely->send_to(Endpoint(remote.address(), 2), as_bytes("x"));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error(), Errc::unreachable);
}

// ---- graphs ----

TEST(FabricGraph, PacketsTakeTheWayOfLeastDelayAndLoseAHopAtEachRouter) {
  FabricWorldForTest world;
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(world.fabric.add_router(name));
  auto edge = [&](RouterId from, RouterId to, Duration delay) {
    link::LinkParams params{.delay = delay};
    ASSERT_TRUE(world.fabric.add_edge(from, to, params));
    ASSERT_TRUE(world.fabric.add_edge(to, from, params));
  };
  edge(0, 1, 3ms);
  edge(1, 2, 4ms);
  edge(0, 2, 10ms);
  FabricHost& a = world.host_in({Attachment::Kind::router, 0});
  FabricHost& c = world.host_in({Attachment::Kind::router, 2});
  auto from = world.open(a, 1);
  auto to = world.open(c, 2);
  std::vector<Seen> seen;
  c.scope().spawn(record_all(*to, seen));
  ASSERT_TRUE(from->send_to(Endpoint(c.address(), 2), as_bytes("x")));
  world.run_for(1s);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(to_ns(seen[0].at), 7'000'000);
  EXPECT_EQ(seen[0].hop_limit, 62);

  world.fabric.graph().set_edge_up(*world.fabric.graph().find_edge(0, 1), false);
  ASSERT_TRUE(from->send_to(Endpoint(c.address(), 2), as_bytes("y")));
  world.run_for(1s);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(to_ns(seen[1].at), 1'010'000'000);

  Datagram short_lived{.peer = Endpoint(c.address(), 2), .payload = as_bytes("z"), .hop_limit = 1};
  ASSERT_EQ(from->send(std::span(&short_lived, 1)).accepted, 1u);
  world.run_for(1s);
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_EQ(world.fabric.counters().unroutable, 1u);
}

}  // namespace
}  // namespace ghostnet::sim::fabric_test

namespace ghostnet::sim::fabric_test {
namespace {

std::uint64_t digest_of(std::uint64_t seed, std::string_view text) {
  FabricWorldForTest world({.seed = seed});
  link::LinkParams lossy{.rate_bps = 1'000'000, .loss = Probability::of(0.1)};
  Attachment ground = world.region(5ms);
  FabricHost& a = world.host_in(ground, &lossy);
  FabricHost& b = world.host_in(ground);
  auto from = world.open(a, 1);
  world.open(b, 2);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(from->send_to(Endpoint(b.address(), 2), as_bytes(text)));
  world.run_for(10s);
  return world.fabric.digest();
}

TEST(FabricDigest, IsOfTheSeedAndOfEveryByte) {
  std::uint64_t reference = digest_of(1, "the same bytes");
  EXPECT_EQ(digest_of(1, "the same bytes"), reference);
  EXPECT_NE(digest_of(2, "the same bytes"), reference);
  EXPECT_NE(digest_of(1, "the same byteS"), reference);
}

}  // namespace
}  // namespace ghostnet::sim::fabric_test
