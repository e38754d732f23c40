#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "ns3_fixture.hpp"

namespace ghostnet::sim::ns3_test::ns3_network_test {
namespace {

constexpr std::uint16_t kPort = 9000;

// ---- building ----

TEST(Ns3Network, OptionsThatCannotBeAreErrors) {
  Rig rig;
  const HostId a = rig.add("a"), b = rig.add("b");
  EXPECT_EQ(rig.network->add_host("a").error(), Errc::address_in_use);
  EXPECT_EQ(rig.network->add_host("").error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->connect(a, 7, {}).error(), Errc::not_found);
  EXPECT_EQ(rig.network->connect(a, a, {}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->connect(a, b, {.rate_bps = 0}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->connect(a, b, {.delay = -1ns}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->connect(a, b, {.mtu_bytes = 100}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->connect(a, b, {.queue = "many"}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->connect(a, b, {.queue = "0p"}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->connect(a, b, {.loss = {.ratio = 1.5}}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->connect(a, b, {.loss = {.ratio = 0.9}}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->connect(a, b, {.loss = {.ratio = 0.1, .burst_packets = 0}}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->add_lan({}, {}).error(), Errc::invalid_argument);
  const HostId both[] = {a, b};
  EXPECT_EQ(rig.network->add_wifi(both, {.standard = "802.11z"}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->add_wifi(both, {.kind = WifiKind::mesh, .standard = "802.11ax"}).error(), Errc::not_supported);
  EXPECT_EQ(rig.network->add_wifi(both, {.rate_control = "ns3::Aarf"}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->add_wifi(both, {.standard = "802.11n", .rate_control = "ns3::AarfWifiManager"}).error(),
            Errc::not_supported);
  EXPECT_EQ(rig.network->add_wifi(both, {.data_mode = "HtMcs3"}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->add_wifi(both, {.ssid = std::string(33, 'x')}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->add_wifi(both, {.range_m = -1}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->move(both, FixedPositions{{{}}}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->move(both, RandomWaypoint{.min_speed_m_s = 0}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->move(both, RandomWalk{.area = {.width_m = 0}}).error(), Errc::invalid_argument);
  EXPECT_EQ(rig.network->move(both, Ns2Trace{"/nowhere/at/all"}).error(), Errc::not_found);
  ASSERT_TRUE(rig.network->add_wifi(both, {}));
  EXPECT_EQ(rig.network->start().error(), Errc::invalid_argument);  // radios without a place
  ASSERT_TRUE(rig.network->move(both, GridPositions{}));
  EXPECT_EQ(rig.network->move(both, GridPositions{}).error(), Errc::busy);
  rig.start();
  EXPECT_EQ(rig.network->add_host("c").error(), Errc::busy);
  EXPECT_EQ(rig.network->connect(a, b, {}).error(), Errc::busy);
  EXPECT_EQ(rig.network->start().error(), Errc::busy);
}

TEST(Ns3Network, OneAtATimeAndEachLeavesAClearField) {
  for (int i = 0; i < 3; ++i) {
    Rig rig;
    MetricHub metrics;
    EXPECT_THROW(Timeline second({.lock_step = true}), std::logic_error);
    const HostId a = rig.add("a"), b = rig.add("b");
    ASSERT_TRUE(rig.network->connect(a, b, {}));
    rig.start();
    EXPECT_EQ(rig.address(a, IpFamily::v4), IpAddress::v4(10, 0, 0, 1));
    EXPECT_EQ(rig.address(b, IpFamily::v6), *IpAddress::parse("fd67:6873::2"));
    PingLog log;
    rig.host(b).scope().spawn(udp_echo(rig.host(b), {IpAddress(), kPort}));
    rig.host(a).scope().spawn(udp_ping(rig.host(a), {rig.address(b, IpFamily::v4), kPort}, 10, 3, 10ms, log));
    rig.run(1s);
    EXPECT_EQ(log.round_trips.size(), 3U);
    EXPECT_GE(rig.timeline.ns3_events(), 12U);
  }
}

TEST(Ns3Network, AddressesAreJustEnoughAndInterfacesAreShown) {
  Rig rig;
  const std::vector<HostId> hosts = rig.add_hosts(7);
  ASSERT_TRUE(rig.network->connect(0, 1, {.mtu_bytes = 1400}));
  ASSERT_TRUE(rig.network->add_lan(hosts, {}));
  rig.start();
  const std::vector<Interface> shown = rig.host(1).interfaces();
  ASSERT_EQ(shown.size(), 3U);
  EXPECT_TRUE(shown[0].loopback);
  EXPECT_EQ(shown[1].name, "p2p0");
  EXPECT_EQ(shown[1].mtu_bytes, 1400U);
  EXPECT_EQ(shown[1].addresses[0], (InterfaceAddress{IpAddress::v4(10, 0, 0, 2), 30}));
  EXPECT_EQ(shown[2].name, "eth0");
  EXPECT_EQ(shown[2].index, 3U);
  EXPECT_EQ(shown[2].addresses[0], (InterfaceAddress{IpAddress::v4(10, 0, 0, 18), 28}));  // 7 hosts and two ends
  EXPECT_EQ(shown[2].addresses[1], (InterfaceAddress{*IpAddress::parse("fd67:6873:0:1::2"), 64}));
}

TEST(Ns3Network, AnExhaustedPoolSaysSo) {
  Rig rig({.ipv4_pool = {IpAddress::v4(192, 168, 1, 0), 24}});
  const std::vector<HostId> hosts = rig.add_hosts(100);
  ASSERT_TRUE(rig.network->add_lan(hosts, {}));
  ASSERT_TRUE(rig.network->add_lan(hosts, {}));
  EXPECT_EQ(rig.network->add_lan(hosts, {}).error(), Errc::limit);
}

TEST(Ns3Network, AFamilyCanBeLeftOut) {
  for (const bool v4 : {true, false}) {
    Rig rig({.ipv4 = v4, .ipv6 = !v4});
    const HostId a = rig.add("a"), b = rig.add("b");
    ASSERT_TRUE(rig.network->connect(a, b, {}));
    rig.start();
    const IpFamily family = v4 ? IpFamily::v4 : IpFamily::v6;
    PingLog log;
    rig.host(b).scope().spawn(udp_echo(rig.host(b), {IpAddress::any(family), kPort}));
    rig.host(a).scope().spawn(udp_ping(rig.host(a), {rig.address(b, family), kPort}, 10, 3, 10ms, log));
    rig.run(1s);
    EXPECT_EQ(log.round_trips.size(), 3U);
    const IpFamily other = v4 ? IpFamily::v6 : IpFamily::v4;
    EXPECT_EQ(rig.host(a).open_udp({.local = Endpoint(IpAddress::any(other), 0)}).error(), Errc::not_supported);
  }
}

Task<> look_up(Host& host, std::string name, Result<std::vector<IpAddress>>& found) {
  found = co_await host.resolve(name);
}

TEST(Ns3Network, NamesResolveIPv4First) {
  Rig rig;
  const HostId a = rig.add("alpha"), b = rig.add("beta");
  ASSERT_TRUE(rig.network->connect(a, b, {}));
  rig.start();
  Result<std::vector<IpAddress>> beta, literal, self, nobody;
  rig.host(a).scope().spawn(look_up(rig.host(a), "beta", beta));
  rig.host(a).scope().spawn(look_up(rig.host(a), "2001:db8::1", literal));
  rig.host(a).scope().spawn(look_up(rig.host(a), "localhost", self));
  rig.host(a).scope().spawn(look_up(rig.host(a), "gamma", nobody));
  rig.run(1ms);
  EXPECT_EQ(*beta, (std::vector{rig.address(b, IpFamily::v4), rig.address(b, IpFamily::v6)}));
  EXPECT_EQ(*literal, std::vector{*IpAddress::parse("2001:db8::1")});
  EXPECT_EQ(self->size(), 2U);
  EXPECT_EQ(nobody.error(), Errc::not_found);
}

// ---- changes ----

// Counts what arrives.
Task<> count_datagrams(Host& host, Endpoint at, std::size_t& count) {
  auto socket = open_udp(host, {.local = at});
  while (co_await socket->recv()) ++count;
}

Task<> send_steadily(Host& host, Endpoint to, Duration interval) {
  auto socket = open_udp(host, {.local = Endpoint(IpAddress::any(to.family()), 0)});
  const std::vector<std::uint8_t> bytes = pattern(100);
  while (true) {
    static_cast<void>(socket->send_to(to, bytes));
    co_await host.clock().sleep(interval);
  }
}

TEST(Ns3Network, RoutesFollowLinksThatGoDownAndComeBack) {
  for (const IpFamily family : {IpFamily::v4, IpFamily::v6}) {
    for (const Ns3Routing routing : {Ns3Routing::global, Ns3Routing::paths}) {
      Rig rig({.routing = routing});
      rig.add_hosts(4);  // a ring: 0-1-3 and 0-2-3
      const LinkId direct = *rig.network->connect(0, 1, {});
      ASSERT_TRUE(rig.network->connect(1, 3, {}));
      const LinkId other = *rig.network->connect(0, 2, {});
      ASSERT_TRUE(rig.network->connect(2, 3, {}));
      rig.start();
      // An address on the far link of host 3, as traffic from elsewhere would use.
      std::size_t count = 0;
      rig.host(3).scope().spawn(count_datagrams(rig.host(3), {IpAddress::any(family), kPort}, count));
      rig.host(0).scope().spawn(send_steadily(rig.host(0), {rig.address(3, family), kPort}, 10ms));
      rig.run(1s);
      const std::size_t before = count;
      EXPECT_GT(before, 95U);
      rig.network->set_link_up(direct, false);
      rig.run(1s);
      EXPECT_GT(count, before + 95) << "over the other side";
      rig.network->set_link_up(other, false);
      rig.run(1s);
      const std::size_t cut = count;
      rig.run(1s);
      EXPECT_EQ(count, cut);
      rig.network->set_link_up(direct, true);
      rig.run(1s);
      EXPECT_GT(count, cut + 95);
    }
  }
}

Task<> watch_interfaces(Host& host, int& changes) {
  while (true) {
    co_await host.interfaces_changed();
    ++changes;
  }
}

TEST(Ns3Network, InterfaceChangesAreSeen) {
  Rig rig;
  rig.add_hosts(2);
  ASSERT_TRUE(rig.network->connect(0, 1, {}));
  rig.start();
  int changes = 0;
  rig.host(0).scope().spawn(watch_interfaces(rig.host(0), changes));
  rig.run(1ms);
  ASSERT_TRUE(rig.network->set_interface_up(0, 2, false));
  rig.run(1ms);
  EXPECT_EQ(changes, 1);
  EXPECT_FALSE(rig.host(0).interfaces()[1].up);
  ASSERT_TRUE(rig.network->set_interface_up(0, 2, false));  // is already
  rig.run(1ms);
  EXPECT_EQ(changes, 1);
  ASSERT_TRUE(rig.network->set_interface_up(0, 2, true));
  rig.run(1ms);
  EXPECT_EQ(changes, 2);
  EXPECT_EQ(rig.network->set_interface_up(0, 1, false).error(), Errc::not_found);  // the loopback
  EXPECT_EQ(rig.network->set_interface_up(0, 9, false).error(), Errc::not_found);
}

TEST(Ns3Network, AWireCanGetWorseWhileItRuns) {
  Rig rig;
  rig.add_hosts(2);
  const LinkId wire = *rig.network->connect(0, 1, {.delay = 1ms});
  rig.start();
  PingLog log;
  rig.host(1).scope().spawn(udp_echo(rig.host(1), {IpAddress(), kPort}));
  rig.host(0).scope().spawn(udp_ping(rig.host(0), {rig.address(1, IpFamily::v4), kPort}, 10, 1000, 10ms, log));
  rig.run(1s);
  EXPECT_EQ(log.round_trips.size(), 100U);
  ASSERT_TRUE(rig.network->change(wire, {.delay = 4ms, .loss = {.ratio = 0.2}}));
  rig.run(8s);
  EXPECT_GT(log.round_trips.back(), 8ms);
  EXPECT_NEAR(static_cast<double>(log.round_trips.size() - 100), 800 * 0.64, 60);
  EXPECT_EQ(rig.network->change(9, {}).error(), Errc::not_found);
  EXPECT_EQ(rig.network->change(wire, {.rate_bps = 0}).error(), Errc::invalid_argument);
}

TEST(Ns3Network, LossAndBurstsComeOutAsAskedFor) {
  for (const double burst : {1.0, 8.0}) {
    Rig rig;
    rig.add_hosts(2);
    ASSERT_TRUE(rig.network->connect(0, 1, {.loss = {.ratio = 0.1, .burst_packets = burst}}));
    rig.start();
    std::size_t count = 0;
    rig.host(1).scope().spawn(count_datagrams(rig.host(1), {IpAddress(), kPort}, count));
    rig.host(0).scope().spawn(send_steadily(rig.host(0), {rig.address(1, IpFamily::v4), kPort}, 1ms));
    rig.run(40s);
    EXPECT_NEAR(static_cast<double>(count) / 40'000, 0.9, 0.02) << burst;
  }
}

TEST(Ns3Network, ACrashEndsEverythingAndARestartBeginsAnew) {
  for (const IpFamily family : {IpFamily::v4, IpFamily::v6}) {
    Rig rig;
    rig.add_hosts(2);
    ASSERT_TRUE(rig.network->connect(0, 1, {}));
    rig.start();
    const IpAddress address = rig.address(1, family);
    rig.host(1).scope().spawn(udp_echo(rig.host(1), {IpAddress::any(family), kPort}));
    rig.host(1).scope().spawn(tcp_echo(rig.host(1), {IpAddress::any(family), kPort}));
    auto kept = open_udp(rig.host(1), {.local = Endpoint(IpAddress::any(family), 1234)});
    PingLog log;
    StreamLog stream;
    rig.host(0).scope().spawn(udp_ping(rig.host(0), {address, kPort}, 10, 300, 10ms, log));
    rig.host(0).scope().spawn(tcp_exchange(rig.host(0), {address, kPort}, pattern(20'000'000), stream));
    rig.run(100ms);
    EXPECT_FALSE(rig.host(1).scope().empty());
    rig.network->crash(1);
    EXPECT_FALSE(rig.network->is_up(1));
    EXPECT_TRUE(rig.host(1).scope().empty());
    EXPECT_FALSE(rig.host(1).interfaces()[1].up);
    EXPECT_EQ(rig.host(1).open_udp({}).error(), Errc::closed);
    EXPECT_EQ(rig.host(1).listen({}).error(), Errc::closed);
    ReceivedDatagram none;
    EXPECT_EQ(kept->try_recv(std::span(&none, 1)).error(), Errc::closed);
    rig.run(900ms);
    const std::size_t before = log.round_trips.size();
    EXPECT_LE(before, 11U);
    EXPECT_FALSE(stream.finished);
    rig.network->restart(1);
    rig.network->restart(1);
    EXPECT_TRUE(rig.network->is_up(1));
    rig.host(1).scope().spawn(udp_echo(rig.host(1), {IpAddress::any(family), kPort}));
    rig.host(1).scope().spawn(tcp_echo(rig.host(1), {IpAddress::any(family), kPort}));
    rig.run(1s);
    EXPECT_GT(log.round_trips.size(), before + 95);
    rig.run(10s);  // the old connection meets a host that does not know it
    ASSERT_TRUE(stream.read_error);
    EXPECT_EQ(*stream.read_error, Errc::reset);
    StreamLog again;
    rig.host(0).scope().spawn(tcp_exchange(rig.host(0), {address, kPort}, pattern(10'000), again));
    rig.run(5s);
    EXPECT_TRUE(again.finished);
  }
}

Task<> crash_self(Host& host, Ns3Network& network, bool& survived) {
  auto socket = open_udp(host, {});
  network.crash(host.id());
  survived = true;  // a task that runs goes on to its next suspension
  co_await host.clock().sleep(1ms);
  survived = false;
}

TEST(Ns3Network, ATaskMayCrashItsOwnHost) {
  Rig rig;
  rig.add_hosts(2);
  ASSERT_TRUE(rig.network->connect(0, 1, {}));
  rig.start();
  bool survived = false;
  rig.host(0).scope().spawn(crash_self(rig.host(0), *rig.network, survived));
  rig.run(1s);
  EXPECT_TRUE(survived);
  EXPECT_TRUE(rig.host(0).scope().empty());
}

TEST(Ns3Network, CrashesAtEveryMomentOfATransferLeaveNothingBehind) {
  Rig rig;
  rig.add_hosts(2);
  ASSERT_TRUE(rig.network->connect(0, 1, {.rate_bps = 20'000'000}));
  rig.start();
  const Endpoint to(rig.address(1, IpFamily::v4), kPort);
  StreamLog logs[200];
  for (int i = 0; i < 200; ++i) {
    rig.host(1).scope().spawn(tcp_echo(rig.host(1), {IpAddress(), kPort}));
    rig.host(0).scope().spawn(tcp_exchange(rig.host(0), to, pattern(30'000), logs[i]));
    rig.run(Duration(1 + i * 123'457LL));
    const HostId victim = static_cast<HostId>(i % 2);
    rig.network->crash(victim);
    rig.run(Duration(i % 3 * 1'000'000LL));
    rig.network->restart(victim);
    rig.host(1 - victim).scope().drop_all();
    rig.run(Duration(i % 5 * 1'000'000LL));
  }
  StreamLog last;
  rig.host(1).scope().spawn(tcp_echo(rig.host(1), {IpAddress(), kPort}));
  rig.host(0).scope().spawn(tcp_exchange(rig.host(0), to, pattern(30'000), last));
  rig.run(10s);
  EXPECT_TRUE(last.finished);
}

// ---- compute ----

int answer() { return 42; }

Task<> compute_twice(Host& host, std::vector<TimePoint>& finished) {
  for (int i = 0; i < 2; ++i) {
    const int got = co_await host.compute(CpuWork{.packets = 1}, answer);
    EXPECT_EQ(got, 42);
    finished.push_back(host.now());
  }
}

TEST(Ns3Network, WorkTakesItsPriceOneAfterTheOther) {
  std::vector<TimePoint> free, paid;
  {
    Rig rig;
    rig.add("a");
    rig.start();
    rig.host(0).scope().spawn(compute_twice(rig.host(0), free));
    rig.run(1s);
  }
  EXPECT_EQ(free, (std::vector{TimePoint{}, TimePoint{}}));
  Rig rig({.cpu_price = [](HostId, const CpuWork& work) { return work.packets * 5ms; }});
  rig.add("a");
  rig.start();
  rig.host(0).scope().spawn(compute_twice(rig.host(0), paid));
  rig.host(0).scope().spawn(compute_twice(rig.host(0), paid));
  rig.run(1s);
  EXPECT_EQ(paid, (std::vector{TimePoint{5ms}, TimePoint{10ms}, TimePoint{15ms}, TimePoint{20ms}}));
}

// ---- traces ----

TEST(Ns3Network, PacketTracesOpenInWireshark) {
  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("ghostnet-ns3-" + std::to_string(::getpid()));
  {
    Rig rig({.pcap_directory = directory.string()});
    const HostId a = rig.add("left/../host"), b = rig.add("b");
    ASSERT_TRUE(rig.network->connect(a, b, {}));
    ASSERT_TRUE(rig.network->add_lan(std::vector{a, b}, {}));
    ASSERT_TRUE(rig.network->add_wifi(std::vector{a, b}, {}));
    ASSERT_TRUE(rig.network->move(std::vector{a, b}, GridPositions{}));
    rig.start();
    rig.host(b).scope().spawn(udp_echo(rig.host(b), {IpAddress(), kPort}));
    PingLog log;
    rig.host(a).scope().spawn(udp_ping(rig.host(a), {IpAddress::v4(10, 0, 0, 2), kPort}, 123, 5, 10ms, log));
    rig.run(1s);
    EXPECT_EQ(log.round_trips.size(), 5U);
  }
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) files.insert(entry.path().filename());
  EXPECT_EQ(files,
            (std::set<std::string>{"0-left____host-eth0.pcap", "0-left____host-p2p0.pcap", "0-left____host-wlan0.pcap",
                                   "1-b-eth0.pcap", "1-b-p2p0.pcap", "1-b-wlan0.pcap"}));
  // The global header of a capture file, then packets: 123 bytes, UDP, IP and PPP.
  std::ifstream file(directory / "1-b-p2p0.pcap", std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  ASSERT_EQ(content.size(), 24U + 10 * (16 + 153));
  EXPECT_TRUE(content.starts_with("\xd4\xc3\xb2\xa1") || content.starts_with("\x4d\x3c\xb2\xa1"));
  // Wireshark's own opinion, where it is installed.
  if (std::system("tshark --version > /dev/null 2>&1") == 0) {
    const std::string command =
        "tshark -r '" + (directory / "1-b-p2p0.pcap").string() + "' -T fields -e udp.length -Y udp 2> /dev/null";
    std::FILE* tshark = ::popen(command.c_str(), "r");
    ASSERT_NE(tshark, nullptr);
    char line[64];
    int lines = 0;
    for (; std::fgets(line, sizeof line, tshark) != nullptr; ++lines) EXPECT_STREQ(line, "131\n");
    ::pclose(tshark);
    EXPECT_EQ(lines, 10);
  }
  std::filesystem::remove_all(directory);
}

TEST(Ns3Network, ATraceThatCannotBeWrittenIsAnError) {
  Rig rig({.pcap_directory = "/proc/ghostnet"});
  rig.add_hosts(2);
  ASSERT_TRUE(rig.network->connect(0, 1, {}));
  EXPECT_EQ(rig.network->start().error(), Errc::permission);
}

// ---- repeatability ----

std::uint64_t digest_of(std::uint64_t seed, double loss, std::uint8_t flip = 0) {
  Rig rig({.seed = seed});
  const std::vector<HostId> hosts = rig.add_hosts(6);
  EXPECT_TRUE(rig.network->connect(0, 1, {.loss = {.ratio = loss}}));
  EXPECT_TRUE(rig.network->connect(1, 2, {.loss = {.ratio = loss, .burst_packets = 3}}));
  EXPECT_TRUE(rig.network->add_lan(std::vector<HostId>{2, 3, 4, 5}, {}));
  rig.start();
  StreamLog stream;
  PingLog pings[2];
  std::vector<std::uint8_t> payload = pattern(200'000);
  payload[100'000] ^= flip;
  rig.host(5).scope().spawn(udp_echo(rig.host(5), {IpAddress::any(IpFamily::v6), kPort}));
  rig.host(5).scope().spawn(tcp_echo(rig.host(5), {IpAddress::any(IpFamily::v6), kPort}));
  rig.host(0).scope().spawn(udp_ping(rig.host(0), {rig.address(5, IpFamily::v4), kPort}, 200, 200, 90ms, pings[0]));
  rig.host(3).scope().spawn(udp_ping(rig.host(3), {rig.address(5, IpFamily::v6), kPort}, 200, 200, 90ms, pings[1]));
  rig.host(0).scope().spawn(tcp_exchange(rig.host(0), {rig.address(5, IpFamily::v4), kPort}, payload, stream));
  rig.run(20s);
  EXPECT_GT(pings[0].round_trips.size(), 10U);
  return rig.network->digest();
}

TEST(Ns3Network, TheSameSeedGivesTheSameRunAndAnotherSeedAnother) {
  const std::uint64_t first = digest_of(7, 0.05);
  EXPECT_EQ(digest_of(7, 0.05), first);
  EXPECT_NE(digest_of(8, 0.05), first);
  EXPECT_NE(digest_of(7 + (std::uint64_t{1} << 32), 0.05), first);
  EXPECT_NE(digest_of(7, 0.05, 1), first) << "one bit of one byte";
  EXPECT_EQ(digest_of(7, 0.05), first);
}

}  // namespace
}  // namespace ghostnet::sim::ns3_test::ns3_network_test
