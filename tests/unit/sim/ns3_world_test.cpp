// The ns3 carrier as scenarios see it: a World.
#include <unistd.h>

#include <filesystem>

#include "ghostnet/sim/world.hpp"
#include "ns3_fixture.hpp"

namespace ghostnet::sim::ns3_test::ns3_world_test {
namespace {

constexpr std::uint16_t kPort = 7000;

struct WorldRig : private LogSink {
  explicit WorldRig(const WorldSpec& spec)
      : log_(*this, [this] { return running_ != nullptr ? running_->now() : TimePoint{}; }),
        made_(make_world(spec, metrics_, log_)) {
    if (!made_) return;
    world = std::move(*made_);
    running_ = world.get();
  }
  ~WorldRig() { running_ = nullptr; }
  std::string error() const { return made_ ? "" : std::string(made_.error().message()); }

  IpAddress address(HostId id) {
    for (const Interface& interface : world->host(id).interfaces()) {
      for (const InterfaceAddress& own : interface.addresses) {
        if (!interface.loopback && own.address.is_v4()) return own.address;
      }
    }
    return {};
  }
  void serve(HostId id) { world->host(id).scope().spawn(udp_echo(world->host(id), {IpAddress(), kPort})); }
  void ping(HostId from, HostId to, std::uint32_t count, PingLog& log, Duration interval = 50ms) {
    Host& host = world->host(from);
    host.scope().spawn(udp_ping(host, {address(to), kPort}, 100, count, interval, log));
  }
  void run(Duration duration) { world->run_until(world->now() + duration); }

  std::vector<std::string> lines;

 private:
  void write(const LogRecord& record) override { lines.emplace_back(record.text); }

  const World* running_ = nullptr;  // while it is made and ended, lines are of the time 0
  MetricHub metrics_;
  LogHub log_;
  Result<std::unique_ptr<World>> made_;

 public:
  std::unique_ptr<World> world;
};

WorldSpec ns3_spec(decltype(WorldSpec::ground) ground, std::uint32_t hosts = 2) {
  WorldSpec spec;
  spec.carrier = Carrier::ns3;
  spec.ground = std::move(ground);
  spec.groups = {{.count = hosts}};
  return spec;
}

RegionsSpec one_region(Duration delay) { return {.regions = {{"everywhere", 1}}, .paths = {{.delay = delay}}}; }

LinkPair links(const link::LinkParams& out, const link::LinkParams& in) { return {.out = out, .in = in}; }

TEST(Ns3World, RegionsAreAsFarApartAsTheirMatrixSays) {
  WorldSpec spec = ns3_spec(RegionsSpec{.regions = {{"near", 1}, {"far", 1}},
                                        .paths = {{.delay = 10ms}, {.delay = 50ms}, {.delay = 50ms}, {.delay = 20ms}}});
  spec.groups = {{.name = "a", .count = 2, .place = "near"}, {.name = "b", .count = 2, .place = "far"}};
  for (const WiredRouting routing : {WiredRouting::paths, WiredRouting::global}) {
    spec.ns3_routing = routing;
    WorldRig rig(spec);
    ASSERT_TRUE(rig.world) << rig.error();
    rig.serve(1);
    rig.serve(3);
    PingLog near, far;
    rig.ping(0, 1, 1, near);
    rig.ping(0, 3, 1, far);
    rig.run(1s);
    ASSERT_EQ(near.round_trips.size(), 1U);
    ASSERT_EQ(far.round_trips.size(), 1U);
    EXPECT_NEAR(static_cast<double>(near.round_trips[0].count()), 20e6, 1e5);
    EXPECT_NEAR(static_cast<double>(far.round_trips[0].count()), 100e6, 1e5);
    EXPECT_EQ(rig.world->region_of(3), "far");
    EXPECT_EQ(rig.world->group_of(3), "b");
    const WorldCounters counters = rig.world->counters();
    EXPECT_EQ(counters.datagrams_sent, 4U);
    EXPECT_EQ(counters.datagrams_delivered, 4U);
    EXPECT_GT(counters.ns3_events, 0U);
  }
}

Task<> count_bytes(Host& host, std::size_t& bytes) {
  auto socket = open_udp(host, {.local = Endpoint(IpAddress(), kPort)});
  while (true) {
    Result<ReceivedDatagram> got = co_await socket->recv();
    if (!got) co_return;
    bytes += got->data.size();
  }
}

Task<> flood(Host& host, Endpoint to) {
  auto socket = open_udp(host, {});
  const std::vector<std::uint8_t> bytes = pattern(972);  // 1002 bytes on the wire, with IP, UDP and PPP
  while (true) {
    static_cast<void>(socket->send_to(to, bytes));
    co_await host.clock().sleep(500us);
  }
}

TEST(Ns3World, AWireHasItsRateByDirection) {
  WorldSpec spec = ns3_spec(one_region(2ms));
  const link::LinkParams up{.rate_bps = 2'000'000, .queue_limit_bytes = 10'000};
  const link::LinkParams down{.rate_bps = 8'000'000, .queue_limit_bytes = 10'000};
  spec.groups = {{.name = "asymmetric", .links = links(up, down)}, {.name = "peer"}};
  WorldRig rig(spec);
  ASSERT_TRUE(rig.world) << rig.error();
  std::size_t out = 0, in = 0;
  rig.world->host(1).scope().spawn(count_bytes(rig.world->host(1), out));
  rig.world->host(0).scope().spawn(count_bytes(rig.world->host(0), in));
  rig.world->host(0).scope().spawn(flood(rig.world->host(0), {rig.address(1), kPort}));
  rig.world->host(1).scope().spawn(flood(rig.world->host(1), {rig.address(0), kPort}));
  rig.run(10s);
  // 16 Mbit/s are offered in each direction.
  EXPECT_NEAR(static_cast<double>(out) * 8 / 10, 2e6 * 972 / 1002, 3e4);
  EXPECT_NEAR(static_cast<double>(in) * 8 / 10, 8e6 * 972 / 1002, 1e5);
}

TEST(Ns3World, LossStandsOnTheWayOut) {
  WorldSpec spec = ns3_spec(one_region(2ms));
  spec.groups = {{.name = "clean"}, {.name = "lossy", .links = links({.loss = Probability::of(0.25)}, {})}};
  WorldRig rig(spec);
  ASSERT_TRUE(rig.world) << rig.error();
  std::size_t to_lossy = 0, from_lossy = 0;
  rig.world->host(1).scope().spawn(count_bytes(rig.world->host(1), to_lossy));
  rig.world->host(0).scope().spawn(count_bytes(rig.world->host(0), from_lossy));
  rig.world->host(0).scope().spawn(flood(rig.world->host(0), {rig.address(1), kPort}));
  rig.world->host(1).scope().spawn(flood(rig.world->host(1), {rig.address(0), kPort}));
  rig.run(5s);
  EXPECT_GE(to_lossy / 972, 9990U);
  EXPECT_NEAR(static_cast<double>(from_lossy) / 972, 7500, 150);
}

TEST(Ns3World, AccessDelayIsPaidOnceEachWay) {
  WorldSpec spec = ns3_spec(one_region(10ms));
  spec.groups.front().links = links({.delay = 6ms}, {});
  WorldRig rig(spec);
  ASSERT_TRUE(rig.world) << rig.error();
  rig.serve(1);
  PingLog log;
  rig.ping(0, 1, 1, log);
  rig.run(1s);
  ASSERT_EQ(log.round_trips.size(), 1U);
  EXPECT_NEAR(static_cast<double>(log.round_trips[0].count()), 32e6, 1e5);
}

TEST(Ns3World, GraphsForwardOverTheirRouters) {
  const link::LinkParams hop{.rate_bps = 10'000'000, .delay = 5ms};
  WorldSpec spec = ns3_spec(GraphSpec{.routers = {"a", "b", "c"}, .edges = {{"a", "b", hop}, {"b", "c", hop}}});
  spec.groups = {{.name = "left", .place = "a"}, {.name = "right", .place = "c"}};
  WorldRig rig(spec);
  ASSERT_TRUE(rig.world) << rig.error();
  rig.serve(1);
  PingLog log;
  rig.ping(0, 1, 5, log);
  rig.run(1s);
  ASSERT_EQ(log.round_trips.size(), 5U);
  EXPECT_GT(log.round_trips[0], 20ms);
  EXPECT_LT(log.round_trips[0], 22ms);
}

TEST(Ns3World, LinksChangeAndGoDownWhileItRuns) {
  WorldRig rig(ns3_spec(one_region(2ms)));
  ASSERT_TRUE(rig.world) << rig.error();
  rig.serve(1);
  PingLog log;
  rig.ping(0, 1, 1000, log, 10ms);
  rig.run(1s);
  EXPECT_GE(log.round_trips.size(), 99U);
  ASSERT_TRUE(rig.world->set_links(1, 1, links({.delay = 30ms}, {.delay = 30ms})));
  rig.run(1s);
  EXPECT_NEAR(static_cast<double>(log.round_trips.back().count()), 64e6, 1e5);
  const std::size_t before = log.round_trips.size();
  ASSERT_TRUE(rig.world->set_links(1, 1, links({.up = false}, {})));
  rig.run(1s);
  EXPECT_LE(log.round_trips.size(), before + 7);  // what was under way
  ASSERT_TRUE(rig.world->set_links(1, 1, {}));
  rig.run(1s);
  EXPECT_GE(log.round_trips.size(), before + 95);
}

TEST(Ns3World, ACrashedHostComesBackByItsBoot) {
  WorldRig rig(ns3_spec(one_region(2ms)));
  ASSERT_TRUE(rig.world) << rig.error();
  rig.serve(1);
  PingLog log;
  rig.ping(0, 1, 300, log, 10ms);
  rig.world->on_restart(1, [](Host& host) { host.scope().spawn(udp_echo(host, {IpAddress(), kPort})); });
  rig.run(500ms);
  rig.world->crash(1);
  EXPECT_FALSE(rig.world->up(1));
  const std::size_t before = log.round_trips.size();
  rig.run(500ms);
  EXPECT_LE(log.round_trips.size(), before + 1);
  rig.world->restart(1);
  rig.run(1s);
  EXPECT_GE(log.round_trips.size(), before + 95);
}

// ---- radio ----

WirelessSpec radio(WirelessSpec::Kind kind) { return {.kind = kind, .spacing_m = 40}; }

TEST(Ns3World, EveryKindOfRadioReachesAcrossTheGrid) {
  for (const auto kind :
       {WirelessSpec::Kind::adhoc, WirelessSpec::Kind::mesh_80211s, WirelessSpec::Kind::infrastructure}) {
    WorldSpec spec = ns3_spec(radio(kind), 9);
    WorldRig rig(spec);
    ASSERT_TRUE(rig.world) << rig.error();
    // From one corner to the other; an access point is at the first corner and hears its neighbours only.
    const HostId to = kind == WirelessSpec::Kind::infrastructure ? 4 : 8;
    rig.serve(to);
    rig.run(20s);
    PingLog log;
    rig.ping(kind == WirelessSpec::Kind::infrastructure ? 1 : 0, to, 40, log);
    rig.run(20s);
    EXPECT_GE(log.round_trips.size(), 36U) << static_cast<int>(kind);
  }
}

TEST(Ns3World, EveryMovementStaysInItsAreaAndRepeats) {
  using Movement = WirelessSpec::Movement;
  for (const Movement movement : {Movement::grid, Movement::scattered, Movement::waypoints, Movement::walk}) {
    auto digest = [movement] {
      WirelessSpec spec{.speed_m_per_s = movement == Movement::grid || movement == Movement::scattered ? 0.0 : 20.0,
                        .movement = movement,
                        .width_m = 80,
                        .height_m = 80,
                        .pause = 100ms,
                        .leg = 1s};
      WorldRig rig(ns3_spec(spec, 6));
      EXPECT_TRUE(rig.world) << rig.error();
      rig.serve(5);
      rig.run(20s);
      PingLog log;
      rig.ping(0, 5, 100, log);
      rig.run(20s);
      EXPECT_GE(log.round_trips.size(), 50U) << static_cast<int>(movement);
      return rig.world->digest();
    };
    const std::uint64_t first = digest();
    EXPECT_EQ(digest(), first) << static_cast<int>(movement);
  }
}

TEST(Ns3World, RadioIsAsItsStandardAndPowerSay) {
  WirelessSpec spec{.spacing_m = 10, .standard = "802.11n", .data_mode = "HtMcs7"};
  spec.propagation = WirelessSpec::Propagation::log_distance;
  auto answered = [&spec] {
    WorldRig rig(ns3_spec(spec));
    EXPECT_TRUE(rig.world) << rig.error();
    rig.serve(1);
    rig.run(20s);
    PingLog log;
    rig.ping(0, 1, 20, log);
    rig.run(2s);
    return log.round_trips.size();
  };
  EXPECT_GE(answered(), 19U);
  spec.tx_power_dbm = -60;
  EXPECT_EQ(answered(), 0U);
}

// ---- what cannot be ----

TEST(Ns3World, WhatTheCarrierCannotDoSaysSo) {
  auto error_of = [](const WorldSpec& spec) {
    WorldRig rig(spec);
    EXPECT_FALSE(rig.world);
    return rig.error();
  };
  auto has = [](const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; };
  WorldSpec spec = ns3_spec(one_region(2ms));
  spec.groups.front().links.out = link::LinkParams{.jitter = 1ms};
  EXPECT_TRUE(has(error_of(spec), "carrier: fabric")) << error_of(spec);
  EXPECT_TRUE(has(error_of(spec), "group hosts")) << error_of(spec);
  spec = ns3_spec(one_region(2ms));
  spec.groups.front().links.out = link::LinkParams{.mtu_bytes = 600};
  EXPECT_TRUE(has(error_of(spec), "1280")) << error_of(spec);
  spec = ns3_spec(one_region(2ms));
  spec.groups.front().clock_drift_ppb = 5;
  EXPECT_TRUE(has(error_of(spec), "clocks")) << error_of(spec);
  spec = ns3_spec(one_region(2ms));
  spec.groups.front().cpu = CpuModel{.per_packet = 1us};
  EXPECT_TRUE(has(error_of(spec), "cpu_per_packet")) << error_of(spec);
  spec = ns3_spec(RegionsSpec{.regions = {{"a", 1}, {"b", 1}},
                              .paths = {{.delay = 10ms}, {.delay = 1ms}, {.delay = 1ms}, {.delay = 10ms}}});
  EXPECT_TRUE(has(error_of(spec), "from a to b")) << error_of(spec);
  spec = ns3_spec(radio(WirelessSpec::Kind::adhoc));
  spec.groups.front().links.out = link::LinkParams{.rate_bps = 1'000'000};
  EXPECT_TRUE(has(error_of(spec), "radio has no bandwidth")) << error_of(spec);
  spec = ns3_spec(WirelessSpec{.standard = "802.11z"});
  EXPECT_TRUE(has(error_of(spec), "802.11z")) << error_of(spec);
  spec = ns3_spec(WirelessSpec{.movement = WirelessSpec::Movement::waypoints});
  EXPECT_TRUE(has(error_of(spec), "network.speed")) << error_of(spec);
  spec = ns3_spec(WirelessSpec{.ns2_trace = "/nowhere/trace"});
  EXPECT_TRUE(has(error_of(spec), "/nowhere/trace")) << error_of(spec);
  spec = ns3_spec(GraphSpec{.routers = {"a"}, .edges = {{"a", "b", {}}}});
  EXPECT_TRUE(has(error_of(spec), "a router that there is not")) << error_of(spec);
  spec = ns3_spec(one_region(2ms));
  spec.ns3_attributes = {{"ns3::TcpSocket::SegmentSise", "500"}};
  EXPECT_TRUE(has(error_of(spec), "SegmentSize")) << error_of(spec);
  spec = ns3_spec(LanSpec{});
  spec.groups = {{.name = "a"}, {.name = "b", .links = links({.rate_bps = 1'000'000}, {.rate_bps = 1'000'000})}};
  EXPECT_TRUE(has(error_of(spec), "share one medium")) << error_of(spec);
}

TEST(Ns3World, ALongLanWarnsOfWhatItCosts) {
  WorldRig quiet(ns3_spec(LanSpec{.delay = 5us}));
  EXPECT_TRUE(quiet.lines.empty());
  quiet.world.reset();
  WorldRig rig(ns3_spec(LanSpec{.delay = 20ms}));
  ASSERT_EQ(rig.lines.size(), 1U);
  EXPECT_NE(rig.lines[0].find("50 frames/s"), std::string::npos) << rig.lines[0];
}

TEST(Ns3World, TracesOfEveryDeviceLandInTheirDirectory) {
  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("ghostnet-ns3-world-" + std::to_string(::getpid()));
  {
    WorldSpec spec = ns3_spec(one_region(2ms));
    spec.pcap_directory = directory.string();
    WorldRig rig(spec);
    ASSERT_TRUE(rig.world) << rig.error();
  }
  EXPECT_TRUE(std::filesystem::exists(directory / "0-host-0-p2p0.pcap"));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace ghostnet::sim::ns3_test::ns3_world_test
