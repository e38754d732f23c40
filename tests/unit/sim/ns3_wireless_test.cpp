#include <cmath>
#include <filesystem>
#include <fstream>

#include "ns3_fixture.hpp"

namespace ghostnet::sim::ns3_test::ns3_wireless_test {
namespace {

constexpr std::uint16_t kPort = 7000;

std::string write_file(const std::string& name, std::string_view text) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() / ("ghostnet-" + name);
  std::ofstream(path, std::ios::binary) << text;
  return path.string();
}

// A line of hosts 50 m apart that hear 60 m far: every hop counts.
FixedPositions line(std::size_t count) {
  FixedPositions fixed;
  for (std::size_t i = 0; i < count; ++i) fixed.positions.push_back({50.0 * static_cast<double>(i), 0, 0});
  return fixed;
}

struct Outcome {
  std::size_t pings = 0;
  bool stream_finished = false;
  std::uint64_t digest = 0;
};

// Echoes of both kinds from one end to the other, after some time to find a way.
Outcome talk(Rig& rig, HostId from, HostId to, IpFamily family, Duration warm_up) {
  rig.start();
  PingLog log;
  StreamLog stream;
  rig.host(to).scope().spawn(udp_echo(rig.host(to), {IpAddress::any(family), kPort}));
  rig.host(to).scope().spawn(tcp_echo(rig.host(to), {IpAddress::any(family), kPort}));
  rig.run(warm_up);
  const Endpoint peer(rig.address(to, family), kPort);
  rig.host(from).scope().spawn(udp_ping(rig.host(from), peer, 200, 20, 200ms, log));
  rig.run(10s);
  rig.host(from).scope().spawn(tcp_exchange(rig.host(from), peer, pattern(20'000), stream));
  rig.run(300s);  // radio cells that do not hear each other collide: TCP gets through, but not fast
  return {log.round_trips.size(), stream.finished, rig.network->digest()};
}

class Ns3Manet : public testing::TestWithParam<Ns3Routing> {};
INSTANTIATE_TEST_SUITE_P(Protocols, Ns3Manet, testing::Values(Ns3Routing::olsr, Ns3Routing::aodv, Ns3Routing::dsdv),
                         [](const auto& info) {
                           return info.param == Ns3Routing::olsr   ? "Olsr"
                                  : info.param == Ns3Routing::aodv ? "Aodv"
                                                                   : "Dsdv";
                         });

TEST_P(Ns3Manet, FindsItsWayOverThreeHopsAndRepeats) {
  auto run = [](std::uint64_t seed) {
    Rig rig({.seed = seed, .routing = GetParam()});
    const std::vector<HostId> hosts = rig.add_hosts(4);
    EXPECT_TRUE(rig.network->add_wifi(hosts, {.range_m = 60}));
    EXPECT_TRUE(rig.network->move(hosts, line(4)));
    return talk(rig, 0, 3, IpFamily::v4, 40s);
  };
  const Outcome first = run(1);
  EXPECT_GE(first.pings, 18U);
  EXPECT_TRUE(first.stream_finished);
  EXPECT_EQ(run(1).digest, first.digest);
  EXPECT_NE(run(2).digest, first.digest);
}

TEST_P(Ns3Manet, ARelayThatCrashesIsMissedAndAnotherTakesOver) {
  Rig rig({.routing = GetParam()});
  const std::vector<HostId> hosts = rig.add_hosts(4);  // a rhombus: 0, 1 above, 2 below, 3
  ASSERT_TRUE(rig.network->add_wifi(hosts, {.range_m = 60}));
  ASSERT_TRUE(rig.network->move(hosts, FixedPositions{{{0, 0, 0}, {45, 30, 0}, {45, -30, 0}, {90, 0, 0}}}));
  rig.start();
  PingLog log;
  rig.host(3).scope().spawn(udp_echo(rig.host(3), {IpAddress(), kPort}));
  rig.run(40s);
  rig.host(0).scope().spawn(udp_ping(rig.host(0), {rig.address(3, IpFamily::v4), kPort}, 50, 1'000'000, 200ms, log));
  rig.run(5s);
  EXPECT_GE(log.round_trips.size(), 20U);
  for (const HostId relay : {1, 2}) {
    rig.network->crash(relay);
    rig.run(60s);
    std::size_t before = log.round_trips.size();
    rig.run(5s);
    EXPECT_GE(log.round_trips.size(), before + 18) << "without " << relay;
    rig.network->restart(relay);
    rig.run(60s);
  }
  rig.network->crash(1);
  rig.network->crash(2);
  rig.run(1s);
  const std::size_t cut = log.round_trips.size();
  rig.run(10s);
  EXPECT_EQ(log.round_trips.size(), cut);
}

TEST(Ns3Wireless, ACellReachesItsNeighboursOverIPv6) {
  Rig rig({.routing = Ns3Routing::olsr});
  const std::vector<HostId> hosts = rig.add_hosts(2);
  ASSERT_TRUE(rig.network->add_wifi(hosts, {.range_m = 60}));
  ASSERT_TRUE(rig.network->move(hosts, line(2)));
  const Outcome outcome = talk(rig, 0, 1, IpFamily::v6, 1s);
  EXPECT_GE(outcome.pings, 19U);
  EXPECT_TRUE(outcome.stream_finished);
}

TEST(Ns3Wireless, EveryStandardAndRateControlWorks) {
  const WifiOptions kinds[] = {{.standard = "802.11a"},
                               {.standard = "802.11b"},
                               {.standard = "802.11g", .data_mode = "ErpOfdmRate54Mbps"},
                               {.standard = "802.11p"},
                               {.standard = "802.11n", .data_mode = "HtMcs7"},
                               {.standard = "802.11ac"},
                               {.standard = "802.11ax"},
                               {.standard = "802.11a", .rate_control = "ns3::MinstrelWifiManager"},
                               {.standard = "802.11a", .rate_control = "ns3::AarfWifiManager"},
                               {.standard = "802.11n", .rate_control = "ns3::MinstrelHtWifiManager"},
                               {.standard = "802.11ax", .rate_control = "ns3::IdealWifiManager"}};
  for (WifiOptions options : kinds) {
    Rig rig({.routing = Ns3Routing::paths});
    const std::vector<HostId> hosts = rig.add_hosts(2);
    auto added = rig.network->add_wifi(hosts, options);
    ASSERT_TRUE(added) << added.error().message();
    ASSERT_TRUE(rig.network->move(hosts, GridPositions{.spacing_m = 10}));
    rig.start();
    PingLog log;
    rig.host(1).scope().spawn(udp_echo(rig.host(1), {IpAddress::any(IpFamily::v6), kPort}));
    rig.host(0).scope().spawn(udp_ping(rig.host(0), {rig.address(1, IpFamily::v6), kPort}, 500, 10, 50ms, log));
    rig.run(2s);
    EXPECT_GE(log.round_trips.size(), 9U) << options.standard << " " << options.rate_control;
  }
}

TEST(Ns3Wireless, AMeshForwardsBelowBothFamilies) {
  for (const IpFamily family : {IpFamily::v4, IpFamily::v6}) {
    Rig rig({.routing = Ns3Routing::paths});
    const std::vector<HostId> hosts = rig.add_hosts(4);
    ASSERT_TRUE(rig.network->add_wifi(hosts, {.kind = WifiKind::mesh, .data_mode = "OfdmRate6Mbps", .range_m = 60}));
    ASSERT_TRUE(rig.network->move(hosts, line(4)));
    const Outcome outcome = talk(rig, 0, 3, family, 10s);
    EXPECT_GE(outcome.pings, 15U);
    EXPECT_TRUE(outcome.stream_finished);
  }
}

TEST(Ns3Wireless, AMeshRefusesGroupsAndCarriesBroadcasts) {
  Rig rig({.routing = Ns3Routing::paths});
  const std::vector<HostId> hosts = rig.add_hosts(3);
  ASSERT_TRUE(rig.network->add_wifi(hosts, {.kind = WifiKind::mesh, .range_m = 60}));
  ASSERT_TRUE(rig.network->move(hosts, line(3)));
  rig.start();
  rig.run(10s);
  EXPECT_FALSE(rig.host(0).interfaces()[1].multicast);
  auto sender = open_udp(rig.host(0), {.broadcast = true});
  auto receiver = open_udp(rig.host(2), {.local = Endpoint(IpAddress(), kPort)});
  EXPECT_EQ(receiver->join(IpAddress::v4(224, 0, 0, 251), 2).error(), Errc::not_supported);
  const std::vector<std::uint8_t> bytes = pattern(30);
  const Datagram to_group{.peer = {IpAddress::v4(224, 0, 0, 251), kPort}, .payload = bytes, .interface = 2};
  EXPECT_EQ(sender->send(std::span(&to_group, 1)).error, Errc::not_supported);
  EXPECT_TRUE(sender->send_to({IpAddress::v4_broadcast(), kPort}, bytes));
  rig.run(1s);
  EXPECT_EQ(receiver->counters().datagrams_received, 1U);
}

TEST(Ns3Wireless, AMeshPointThatIsOffForwardsNothing) {
  Rig rig({.routing = Ns3Routing::paths});
  const std::vector<HostId> hosts = rig.add_hosts(3);
  ASSERT_TRUE(rig.network->add_wifi(hosts, {.kind = WifiKind::mesh, .range_m = 60}));
  ASSERT_TRUE(rig.network->move(hosts, line(3)));
  rig.start();
  PingLog log;
  rig.host(2).scope().spawn(udp_echo(rig.host(2), {IpAddress(), kPort}));
  rig.host(0).scope().spawn(udp_ping(rig.host(0), {rig.address(2, IpFamily::v4), kPort}, 50, 1'000'000, 200ms, log));
  rig.run(10s);
  EXPECT_GE(log.round_trips.size(), 20U);
  rig.network->crash(1);
  rig.run(1s);
  const std::size_t cut = log.round_trips.size();
  rig.run(10s);
  EXPECT_EQ(log.round_trips.size(), cut);
  rig.network->restart(1);
  rig.run(20s);
  EXPECT_GE(log.round_trips.size(), cut + 20);
}

TEST(Ns3Wireless, StationsReachEachOtherThroughTheirAccessPoint) {
  for (const Ns3Routing routing : {Ns3Routing::paths, Ns3Routing::global}) {
    Rig rig({.routing = routing});
    const std::vector<HostId> hosts = rig.add_hosts(3);
    ASSERT_TRUE(rig.network->add_wifi(hosts, {.kind = WifiKind::infrastructure, .range_m = 60}));
    // The access point in the middle: the stations do not hear each other.
    ASSERT_TRUE(rig.network->move(hosts, FixedPositions{{{0, 0, 0}, {-50, 0, 0}, {50, 0, 0}}}));
    const Outcome outcome = talk(rig, 1, 2, IpFamily::v4, 2s);
    EXPECT_GE(outcome.pings, 19U);
    EXPECT_TRUE(outcome.stream_finished);
  }
}

TEST(Ns3Wireless, MovingHostsKeepTalkingAndRepeat) {
  auto run = [](std::uint64_t seed, const Mobility& mobility) {
    Rig rig({.seed = seed, .routing = Ns3Routing::aodv});
    const std::vector<HostId> hosts = rig.add_hosts(12);
    EXPECT_TRUE(rig.network->add_wifi(hosts, {.range_m = 120}));
    EXPECT_TRUE(rig.network->move(hosts, mobility));
    rig.start();
    const Position before = *rig.network->position(3);
    PingLog log;
    rig.host(1).scope().spawn(udp_echo(rig.host(1), {IpAddress(), kPort}));
    rig.host(0).scope().spawn(udp_ping(rig.host(0), {rig.address(1, IpFamily::v4), kPort}, 100, 100, 500ms, log));
    rig.run(60s);
    const Position after = *rig.network->position(3);
    EXPECT_GT(std::hypot(after.x_m - before.x_m, after.y_m - before.y_m), 1);
    EXPECT_GE(log.round_trips.size(), 30U);
    return std::pair(rig.network->digest(), after.x_m);
  };
  const Area area{.width_m = 200, .height_m = 200};
  for (const Mobility& mobility : {Mobility(RandomWaypoint{.area = area}), Mobility(RandomWalk{.area = area})}) {
    const auto first = run(1, mobility);
    EXPECT_EQ(run(1, mobility), first);
    EXPECT_NE(run(2, mobility), first);
  }
}

TEST(Ns3Wireless, PositionsAreWhereTheyWereAskedFor) {
  Rig rig;
  const std::vector<HostId> hosts = rig.add_hosts(14);
  ASSERT_TRUE(rig.network->move(std::span(hosts).first(5), GridPositions{.spacing_m = 10}));
  ASSERT_TRUE(rig.network->move(std::span(hosts).subspan(5, 8), RandomPositions{.area = {30, 20}}));
  rig.start();
  const Position fifth = *rig.network->position(4);  // 3 columns
  EXPECT_EQ(fifth.x_m, 10);
  EXPECT_EQ(fifth.y_m, 10);
  for (HostId id = 5; id < 13; ++id) {
    const Position at = *rig.network->position(id);
    EXPECT_TRUE(at.x_m >= 0 && at.x_m <= 30 && at.y_m >= 0 && at.y_m <= 20);
  }
  EXPECT_EQ(rig.network->position(13).error(), Errc::not_found);
  EXPECT_EQ(rig.network->position(99).error(), Errc::not_found);
}

constexpr std::string_view kTrace = R"(#
# nodes: 2, pause: 0.00, max speed: 2.00
#
$node_(0) set X_ 10.0
$node_(0) set Y_ 20.0
$node_(0) set Z_ 0.0
$node_(1) set X_ 0
$node_(1) set Y_ 0
$node_(1) set Z_ 0
$god_ set-dist 0 1 1
$ns_ at 1.0 "$node_(0) setdest 30.0 20.0 2.0"
$ns_ at 6.0 "$node_(0) setdest 30.0 120.0 10.0"
$ns_ at 3.0 "$god_ set-dist 0 1 2"
$ns_ at 2.0 "$node_(1) set X_ 7.5";
)";

TEST(Ns3Wireless, ATraceOfNs2IsFollowed) {
  const std::string path = write_file("moves.ns2", kTrace);
  Rig rig;
  const std::vector<HostId> hosts = rig.add_hosts(2);
  auto moved = rig.network->move(hosts, Ns2Trace{path});
  ASSERT_TRUE(moved) << moved.error().message();
  rig.start();
  auto at = [&](HostId host) { return *rig.network->position(host); };
  EXPECT_EQ(at(0).x_m, 10);
  EXPECT_EQ(at(0).y_m, 20);
  rig.run(4s);
  EXPECT_NEAR(at(0).x_m, 16, 1e-6);  // three seconds at 2 m/s
  EXPECT_EQ(at(1).x_m, 7.5);
  rig.run(6s);  // turned at 6 s, 20 m on its way, 10 m from where it first went
  EXPECT_NEAR(at(0).y_m, 20 + 4 * 10 * std::cos(std::atan(10.0 / 100)), 0.1);
  rig.run(20s);
  EXPECT_NEAR(at(0).x_m, 30, 1e-6);
  EXPECT_NEAR(at(0).y_m, 120, 1e-6);
  std::filesystem::remove(path);
}

TEST(Ns2Trace, WhatIsNoTraceIsNamedByItsLine) {
  EXPECT_TRUE(check_ns2_trace(kTrace, 2));
  EXPECT_TRUE(check_ns2_trace("", 0));
  EXPECT_TRUE(check_ns2_trace("\n\n# only a comment\n", 0));
  const Result<> beyond = check_ns2_trace(kTrace, 1);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error(), Errc::malformed);
  EXPECT_NE(beyond.error().message().find("line 7"), std::string_view::npos) << beyond.error().message();
  for (const char* bad : {"$node_(0) set X_",
                          "$node_(0) set W_ 1",
                          "$node_(0) set X_ 1 2",
                          "$node_(0) setdest 1 2 3",
                          "$node_(-1) set X_ 1",
                          "$node_(0.5) set X_ 1",
                          "$node_() set X_ 1",
                          "$node_(0 set X_ 1",
                          "$node_(99999999999999999999) set X_ 1",
                          "$node_(0) set X_ nan",
                          "$node_(0) set X_ inf",
                          "$node_(0) set X_ 1e300",
                          "$node_(0) set X_ 1x",
                          "$ns_ at 1.0",
                          "$ns_ at x \"$node_(0) setdest 1 2 3\"",
                          "$ns_ at -1 \"$node_(0) setdest 1 2 3\"",
                          "$ns_ at 1 \"$node_(0) setdest 1 2\"",
                          "$ns_ at 1 \"$node_(0) setdest 1 2 -3\"",
                          "$ns_ at 1 \"$node_(0) setdest 1 2 3",
                          "$ns_ at 1 $node_(0) setdest 1 2 3\"",
                          "$ns_ at 1 \"\"",
                          "$ns_ at 1 \"",
                          "$ns_ at 1 \"\" \"",
                          "$ns_ at 1 \" $node_(0) setdest 1 2 3\"",
                          "$ns_ at 1 \"$node_(0) set X_ 2 \"",
                          "$ns_ after 1 \"$node_(0) setdest 1 2 3\"",
                          "hello",
                          "$",
                          "(",
                          ")("}) {
    EXPECT_FALSE(check_ns2_trace(bad, 1)) << bad;
  }
}

// Traces broken in every place: an error or not, and what is no error does not end the process in ns-3's helper.
TEST(Ns2Trace, BrokenTracesDoNoHarm) {
  Random random = Random::derive(1, 2, "ns2");
  constexpr std::string_view kAlphabet = "\"$(){}[]_#.;-+0123456789eExXYZsnd \t\r\n";
  int accepted = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text(kTrace);
    for (std::uint64_t edits = 1 + random.below(3); edits > 0; --edits) {
      const std::size_t at = static_cast<std::size_t>(random.below(text.size()));
      switch (random.below(3)) {
        case 0: text.erase(at, static_cast<std::size_t>(1 + random.below(4))); break;
        case 1: text.insert(at, 1, kAlphabet[static_cast<std::size_t>(random.below(kAlphabet.size()))]); break;
        default: text[at] = kAlphabet[static_cast<std::size_t>(random.below(kAlphabet.size()))]; break;
      }
      if (text.empty()) text = "x";
    }
    if (!check_ns2_trace(text, 2) || ++accepted > 150) continue;
    const std::string path = write_file("broken.ns2", text);
    Rig rig;
    const std::vector<HostId> hosts = rig.add_hosts(2);
    EXPECT_TRUE(rig.network->move(hosts, Ns2Trace{path}));
    rig.start();
    rig.run(30s);
    std::filesystem::remove(path);
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace ghostnet::sim::ns3_test::ns3_wireless_test
