// Faults, clocks, CPUs and queues of the fabric.
#include <gtest/gtest.h>

#include "fabric_fixture.hpp"
#include "ghostnet/capture/pcapng.hpp"

namespace ghostnet::sim::fabric_faults_test {
namespace {

Task<> count_ticks(Host& host, Duration period, int& ticks) {
  while (true) {
    co_await host.clock().sleep(period);
    ++ticks;
  }
}

struct Flag {
  explicit Flag(bool& set) : set(set) {}
  ~Flag() { set = true; }
  bool& set;
};

Task<> hold(Host& host, bool& destroyed) {
  Flag flag(destroyed);
  co_await host.clock().sleep(1h);
}

Task<> crash_oneself(FabricHost& host, int& steps) {
  ++steps;
  host.crash();
  ++steps;  // goes on to its next suspension
  co_await host.clock().sleep(1ms);
  ++steps;
}

TEST(FabricCrash, DropsTasksClosesSocketsAndLosesPacketsUntilRestart) {
  FabricWorldForTest world;
  Attachment ground = world.region(5ms);
  FabricHost& a = world.host_in(ground);
  FabricHost& b = world.host_in(ground);
  auto from = world.open(a, 1);
  auto to = world.open(b, 2);
  bool destroyed = false;
  b.scope().spawn(hold(b, destroyed));
  int boots = 0;
  b.on_restart([&](FabricHost& host) {
    ++boots;
    to = world.open(host, 2);
  });
  ASSERT_TRUE(from->send_to(Endpoint(b.address(), 2), as_bytes("under way")));
  world.run_for(1ms);
  b.crash();
  EXPECT_TRUE(destroyed);
  EXPECT_FALSE(b.up());
  ReceivedDatagram got;
  EXPECT_EQ(to->try_recv(std::span(&got, 1)).error(), Errc::closed);
  EXPECT_EQ(b.open_udp({}).error(), Errc::closed);
  world.run_for(10ms);
  EXPECT_EQ(world.fabric.counters().host_down_drops, 1u);
  b.restart();
  EXPECT_EQ(boots, 1);
  ASSERT_TRUE(from->send_to(Endpoint(b.address(), 2), as_bytes("welcome back")));
  world.run_for(5ms);
  EXPECT_EQ(*to->try_recv(std::span(&got, 1)), 1u);
}

TEST(FabricCrash, ATaskThatCrashesItsOwnHostEndsAtItsNextSuspension) {
  FabricWorldForTest world;
  FabricHost& a = world.host_in(world.region(1ms));
  int steps = 0;
  a.scope().spawn(crash_oneself(a, steps));
  world.run_for(1s);
  EXPECT_EQ(steps, 2);
}

TEST(FabricCrash, WhatHadNotLeftTheQueueIsLost) {
  FabricWorldForTest world;
  link::LinkParams slow{.rate_bps = 8'000'000};
  Attachment ground = world.region(5ms);
  FabricHost& a = world.host_in(ground, &slow);
  FabricHost& b = world.host_in(ground);
  auto from = world.open(a, 1);
  auto to = world.open(b, 2);
  std::string text(972, 'x');  // a millisecond each
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(from->send_to(Endpoint(b.address(), 2), as_bytes(text)));
  world.run_for(3500us);
  a.crash();
  world.run_for(1s);
  ReceivedDatagram got[16];
  EXPECT_EQ(*to->try_recv(got), 3u);
}

TEST(FabricPartition, CutsOneWayAndHeals) {
  FabricWorldForTest world;
  Attachment ground = world.region(1ms);
  FabricHost& a = world.host_in(ground);
  FabricHost& b = world.host_in(ground);
  auto at_a = world.open(a, 1);
  auto at_b = world.open(b, 1);
  world.fabric.partition({0, 1}, {{false, true}, {false, false}});  // a does not reach b, b reaches a
  ASSERT_TRUE(at_a->send_to(Endpoint(b.address(), 1), as_bytes("lost")));
  ASSERT_TRUE(at_b->send_to(Endpoint(a.address(), 1), as_bytes("heard")));
  world.run_for(1ms);
  ReceivedDatagram got;
  EXPECT_EQ(at_b->try_recv(std::span(&got, 1)).error(), Errc::would_block);
  EXPECT_EQ(*at_a->try_recv(std::span(&got, 1)), 1u);
  world.fabric.partition({}, {});
  ASSERT_TRUE(at_a->send_to(Endpoint(b.address(), 1), as_bytes("healed")));
  world.run_for(1ms);
  EXPECT_EQ(*at_b->try_recv(std::span(&got, 1)), 1u);
}

TEST(FabricClock, AFastClockTicksMoreOften) {
  FabricWorldForTest world;
  Attachment ground = world.region(1ms);
  FabricHost& right = world.host_in(ground);
  FabricHost& fast = world.host_in(ground);
  fast.set_clock(100'000'000, 3s);  // a tenth fast
  int right_ticks = 0;
  int fast_ticks = 0;
  right.scope().spawn(count_ticks(right, 10ms, right_ticks));
  fast.scope().spawn(count_ticks(fast, 10ms, fast_ticks));
  world.run_for(1001ms);  // each tick comes at the first nanosecond at which its instant has passed
  EXPECT_EQ(right_ticks, 100);
  EXPECT_EQ(fast_ticks, 110);
  EXPECT_EQ(fast.now() - right.now(), 100ms + 100us);
  EXPECT_EQ(fast.clock().wall_now() - right.clock().wall_now(), 3s);
}

Task<> compute_twice(Host& host, std::vector<std::int64_t>& done_at_ns) {
  for (int i = 0; i < 2; ++i) {
    int answer = co_await host.compute({.handshakes = 1}, [] { return 42; });
    EXPECT_EQ(answer, 42);
    done_at_ns.push_back(to_ns(host.now()));
  }
}

TEST(FabricCpu, WorkTakesModelledTimeAndPacketsQueueForTheCpu) {
  FabricWorldForTest world;
  Attachment ground = world.region(1ms);
  FabricHost& a = world.host_in(ground);
  FabricHost& b = world.host_in(ground);
  b.set_cpu({.per_packet = 10us, .per_handshake = 100us, .slowness_percent = 200});
  auto from = world.open(a, 1);
  auto to = world.open(b, 2);
  std::vector<Seen> seen;
  b.scope().spawn(record_all(*to, seen));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(from->send_to(Endpoint(b.address(), 2), as_bytes("x")));
  world.run_for(10ms);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(to_ns(seen[0].at), 1'020'000);
  EXPECT_EQ(to_ns(seen[1].at), 1'040'000);
  std::vector<std::int64_t> done_at_ns;
  b.scope().spawn(compute_twice(b, done_at_ns));
  world.run_for(10ms);
  EXPECT_EQ(done_at_ns, (std::vector<std::int64_t>{10'200'000, 10'400'000}));
}

TEST(FabricCpu, PacketsWaitForWorkThatAHostWasChargedFor) {
  FabricWorldForTest world;
  Attachment ground = world.region(1ms);
  FabricHost& a = world.host_in(ground);
  FabricHost& b = world.host_in(ground);
  auto from = world.open(a, 1);
  auto to = world.open(b, 2);
  std::vector<Seen> seen;
  b.scope().spawn(record_all(*to, seen));
  b.charge({.handshakes = 1});  // without a model it costs nothing
  b.set_cpu({.per_aead_byte_ps = 2000, .per_handshake = 100us});
  b.charge({.aead_bytes = 1'000'000, .handshakes = 3});  // 2 ms and 300 us
  ASSERT_TRUE(from->send_to(Endpoint(b.address(), 2), as_bytes("x")));
  world.run_for(10ms);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(to_ns(seen[0].at), 2'300'000);
}

TEST(FabricCpu, ACrashEndsItsWork) {
  FabricWorldForTest world;
  FabricHost& host = world.host_in(world.region(1ms));
  host.set_cpu({.per_handshake = 1s});
  host.charge({.handshakes = 3600});
  host.crash();
  host.restart();
  std::vector<std::int64_t> done_at_ns;
  host.scope().spawn(compute_twice(host, done_at_ns));
  world.run_for(3s);
  EXPECT_EQ(done_at_ns, (std::vector<std::int64_t>{1'000'000'000, 2'000'000'000}));
}

TEST(FabricQueue, CodelMarksInsteadOfLettingTheQueueStand) {
  FabricWorldForTest world;
  link::LinkParams codel{.rate_bps = 8'000'000, .discipline = link::Discipline::codel, .queue_limit_bytes = 1 << 20};
  Attachment ground = world.region(1ms);
  FabricHost& a = world.host_in(ground, &codel);
  FabricHost& b = world.host_in(ground);
  auto from = world.open(a, 1);
  auto to = world.open(b, 2, {.receive_queue_bytes = 1 << 24});
  std::string text(972, 'x');
  for (int burst = 0; burst < 100; ++burst) {  // 12 packets a 10 ms, where 10 leave
    for (int i = 0; i < 12; ++i) {
      Datagram datagram{.peer = Endpoint(b.address(), 2), .payload = as_bytes(text), .ecn = Ecn::ect0};
      ASSERT_EQ(from->send(std::span(&datagram, 1)).accepted, 1u);
    }
    world.run_for(10ms);
  }
  world.run_for(1s);
  std::vector<ReceivedDatagram> got(2000);
  std::size_t count = *to->try_recv(got);
  EXPECT_EQ(count, 1200u) << "ECN-capable packets are marked, not dropped";
  auto marked = std::count_if(got.begin(), got.begin() + static_cast<std::ptrdiff_t>(count),
                              [](const ReceivedDatagram& datagram) { return datagram.ecn == Ecn::ce; });
  EXPECT_GT(marked, 10);
  EXPECT_EQ(world.fabric.in_flight(), 0u);
}

TEST(FabricLinks, DegradeWhilePacketsAreInFlight) {
  FabricWorldForTest world;
  link::LinkParams quick{.rate_bps = 8'000'000};
  link::LinkParams slow{.rate_bps = 800'000};
  Attachment ground = world.region(1ms);
  FabricHost& a = world.host_in(ground, &quick);
  FabricHost& b = world.host_in(ground);
  auto from = world.open(a, 1);
  auto to = world.open(b, 2);
  std::vector<Seen> seen;
  b.scope().spawn(record_all(*to, seen));
  std::string text(972, 'x');
  ASSERT_TRUE(from->send_to(Endpoint(b.address(), 2), as_bytes(text)));
  ASSERT_TRUE(a.set_links(1, &slow, nullptr));
  ASSERT_TRUE(from->send_to(Endpoint(b.address(), 2), as_bytes(text)));
  world.run_for(1s);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(to_ns(seen[0].at), 2'000'000);
  EXPECT_EQ(to_ns(seen[1].at), 12'000'000);
  ASSERT_TRUE(a.set_interface_up(1, false));
  Result<> sent = from->send_to(Endpoint(b.address(), 2), as_bytes(text));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error(), Errc::unreachable);
}

TEST(FabricLinks, CorruptionFailsTheChecksumAndDuplicationDeliversTwice) {
  FabricWorldForTest world;
  link::LinkParams corrupting{.corrupt = Probability::always()};
  link::LinkParams doubling{.duplicate = Probability::always()};
  Attachment ground = world.region(1ms);
  FabricHost& a = world.host_in(ground, &corrupting);
  FabricHost& b = world.host_in(ground, &doubling);
  auto at_a = world.open(a, 1);
  auto at_b = world.open(b, 1);
  ASSERT_TRUE(at_a->send_to(Endpoint(b.address(), 1), as_bytes("x")));
  ASSERT_TRUE(at_b->send_to(Endpoint(a.address(), 1), as_bytes("y")));
  world.run_for(1s);
  EXPECT_EQ(world.fabric.counters().checksum_drops, 1u);
  ReceivedDatagram got[4];
  EXPECT_EQ(*at_a->try_recv(got), 2u);
  EXPECT_EQ(world.fabric.in_flight(), 0u);
}

TEST(FabricCapture, WritesWhatPassesAnInterface) {
  FabricWorldForTest world;
  Attachment ground = world.region(1ms);
  FabricHost& a = world.host_in(ground);
  FabricHost& b = world.host_in(ground);
  std::vector<std::uint8_t> trace;
  capture::PcapngWriter writer([&trace](ByteView bytes) -> Result<> {
    trace.insert(trace.end(), bytes.begin(), bytes.end());
    return {};
  });
  std::uint32_t interface = *writer.add_interface({.name = "a/eth0"});
  ASSERT_TRUE(a.capture(1, &writer, interface));
  auto at_a = world.open(a, 1);
  auto at_b = world.open(b, 2);
  ASSERT_TRUE(at_a->send_to(Endpoint(b.address(), 2), as_bytes("out")));
  ASSERT_TRUE(at_b->send_to(Endpoint(a.address(), 1), as_bytes("in")));
  ASSERT_TRUE(at_a->send_to(Endpoint(b.address(), 99), as_bytes("nobody")));
  world.run_for(1s);
  ASSERT_TRUE(writer.flush());
  EXPECT_EQ(writer.packets_written(), 4u) << "out, in, nobody, and the ICMP answer to it";
}

TEST(FabricBounds, TooManyInFlightAreDroppedAndCounted) {
  FabricWorldForTest world({.seed = 1, .max_in_flight = 3});
  FabricHost& a = world.host_in(world.region(1ms));
  auto from = world.open(a, 1);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(from->send_to(Endpoint(a.address(), 1), as_bytes("x")));
  Result<> sent = from->send_to(Endpoint(a.address(), 1), as_bytes("x"));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error(), Errc::no_buffers);
  EXPECT_EQ(world.fabric.counters().overload_drops, 1u);
}

}  // namespace
}  // namespace ghostnet::sim::fabric_faults_test
