// Streams on the fabric: our TCP over its links, faults and traces.
#include <gtest/gtest.h>

#include "fabric_fixture.hpp"
#include "ghostnet/capture/pcapng.hpp"
#include "ghostnet/sim/fabric_tcp.hpp"
#include "ghostnet/tcp/checksum.hpp"
#include "ghostnet/tcp/segment.hpp"

namespace ghostnet::sim::fabric_tcp_test {
namespace {

constexpr std::uint16_t kPort = 80;

struct Got {
  std::uint64_t bytes = 0;
  bool ended = false;
  std::optional<Errc> error;
};

Task<> sink(Host& host, Got& got, IpFamily family = IpFamily::v4) {
  Result<std::unique_ptr<Listener>> listener = host.listen({.local = Endpoint(IpAddress::any(family), kPort)});
  if (!listener) {
    got.error = listener.error().code();
    co_return;
  }
  Result<std::unique_ptr<Stream>> stream = co_await (*listener)->accept();
  if (!stream) co_return;
  std::vector<std::uint8_t> buffer(16 * 1024);
  while (true) {
    Result<std::size_t> read = co_await (*stream)->read(buffer);
    if (!read) {
      got.error = read.error().code();
      co_return;
    }
    if (*read == 0) break;
    for (std::size_t i = 0; i < *read; ++i) {
      if (buffer[i] != static_cast<std::uint8_t>((got.bytes + i) * 7)) got.error = Errc::malformed;
    }
    got.bytes += *read;
  }
  got.ended = true;
  (void)(*stream)->shutdown_send();
}

Task<> source(Host& host, Endpoint peer, std::size_t bytes, std::optional<Errc>& error) {
  Result<std::unique_ptr<Stream>> stream = co_await host.connect({.peer = peer});
  if (!stream) {
    error = stream.error().code();
    co_return;
  }
  std::vector<std::uint8_t> data(bytes);
  for (std::size_t i = 0; i < bytes; ++i) data[i] = static_cast<std::uint8_t>(i * 7);
  Result<> written = co_await (*stream)->write(data);
  if (!written) {
    error = written.error().code();
    co_return;
  }
  (void)(*stream)->shutdown_send();
  std::uint8_t byte[1];
  Result<std::size_t> end = co_await (*stream)->read(byte);
  if (!end) error = end.error().code();
}

TEST(FabricTcp, CarriesBytesOverLinksThatLoseThem) {
  for (IpFamily family : {IpFamily::v4, IpFamily::v6}) {
    FabricWorldForTest world;
    link::LinkParams access{.rate_bps = 20'000'000, .loss = Probability::of(0.02), .corrupt = Probability::of(0.01)};
    Attachment ground = world.region(15ms);
    FabricHost& a = world.host_in(ground, &access, &access);
    FabricHost& b = world.host_in(ground, &access, &access);
    Got got;
    std::optional<Errc> error;
    b.scope().spawn(sink(b, got, family));
    a.scope().spawn(source(a, Endpoint(b.address(family), kPort), 1'000'000, error));
    world.run_for(60s);
    EXPECT_FALSE(error);
    EXPECT_FALSE(got.error);
    EXPECT_TRUE(got.ended);
    EXPECT_EQ(got.bytes, 1'000'000u);
    EXPECT_GT(world.fabric.counters().checksum_drops, 0u);
    EXPECT_EQ(world.fabric.in_flight(), 0u);
  }
}

TEST(FabricTcp, TheDigestCoversSegments) {
  std::uint64_t digests[3];
  for (int i = 0; i < 3; ++i) {
    FabricWorldForTest world({.seed = i < 2 ? 7u : 8u});
    link::LinkParams access{.rate_bps = 20'000'000, .loss = Probability::of(0.02)};
    Attachment ground = world.region(15ms);
    FabricHost& a = world.host_in(ground, &access);
    FabricHost& b = world.host_in(ground, &access);
    Got got;
    std::optional<Errc> error;
    b.scope().spawn(sink(b, got));
    a.scope().spawn(source(a, Endpoint(b.address(), kPort), 200'000, error));
    world.run_for(30s);
    digests[i] = world.fabric.digest();
  }
  EXPECT_EQ(digests[0], digests[1]);
  EXPECT_NE(digests[0], digests[2]);
}

TEST(FabricTcp, SaysWhyNobodyAnswers) {
  FabricWorldForTest world;
  Attachment ground = world.region(5ms);
  FabricHost& a = world.host_in(ground);
  FabricHost& b = world.host_in(ground);
  std::optional<Errc> refused, silent, down;
  a.scope().spawn(source(a, Endpoint(b.address(), kPort), 1, refused));
  a.scope().spawn(source(a, Endpoint(IpAddress::v4(10, 9, 9, 9), kPort), 1, silent));
  world.run_for(200s);
  EXPECT_EQ(refused, Errc::refused);
  EXPECT_EQ(silent, Errc::timed_out);
  ASSERT_TRUE(a.set_interface_up(1, false));
  a.scope().spawn(source(a, Endpoint(b.address(), kPort), 1, down));
  world.run_for(1s);
  EXPECT_EQ(down, Errc::unreachable);
}

TEST(FabricTcp, AHostReachesItself) {
  FabricWorldForTest world;
  FabricHost& a = world.host_in(world.region(5ms));
  for (const IpAddress& address : {IpAddress::loopback(IpFamily::v4), a.address()}) {
    Got got;
    std::optional<Errc> error;
    a.scope().spawn(sink(a, got));
    a.scope().spawn(source(a, Endpoint(address, kPort), 500'000, error));
    world.run_for(1s);
    EXPECT_EQ(got.bytes, 500'000u);
    EXPECT_TRUE(got.ended);
    EXPECT_FALSE(error);
  }
}

TEST(FabricTcp, ACrashIsFoundOutWhenTheHostIsBack) {
  FabricWorldForTest world;
  Attachment ground = world.region(5ms);
  FabricHost& a = world.host_in(ground);
  FabricHost& b = world.host_in(ground);
  Got got;
  std::optional<Errc> error;
  b.scope().spawn(sink(b, got));
  a.scope().spawn(source(a, Endpoint(b.address(), kPort), 100'000'000, error));
  world.run_for(100ms);
  EXPECT_GT(got.bytes, 0u);
  b.crash();
  world.run_for(10s);
  EXPECT_FALSE(error) << "as long as it is away it could come back";
  b.restart();
  world.run_for(60s);
  EXPECT_EQ(error, Errc::reset);
  EXPECT_EQ(world.fabric.in_flight(), 0u);
}

TEST(FabricTcp, APartitionIsOutlasted) {
  FabricWorldForTest world;
  link::LinkParams access{.rate_bps = 10'000'000};
  Attachment ground = world.region(5ms);
  FabricHost& a = world.host_in(ground, &access);
  FabricHost& b = world.host_in(ground, &access);
  Got got;
  std::optional<Errc> error;
  b.scope().spawn(sink(b, got));
  a.scope().spawn(source(a, Endpoint(b.address(), kPort), 2'000'000, error));
  world.run_for(500ms);
  world.fabric.partition({0, 1}, {{false, true}, {true, false}});
  world.run_for(20s);
  EXPECT_FALSE(got.ended);
  world.fabric.partition({}, {});
  world.run_for(60s);
  EXPECT_TRUE(got.ended);
  EXPECT_EQ(got.bytes, 2'000'000u);
}

TEST(FabricTcp, SegmentsFitTheLinkAndAreCutFurtherOn) {
  FabricWorldForTest world;
  link::LinkParams small{.rate_bps = 10'000'000, .mtu_bytes = 600};
  RouterId left = *world.fabric.add_router("left");
  RouterId right = *world.fabric.add_router("right");
  ASSERT_TRUE(world.fabric.add_edge(left, right, small));
  ASSERT_TRUE(world.fabric.add_edge(right, left, small));
  FabricHost& a = world.host_in({Attachment::Kind::router, left});
  FabricHost& b = world.host_in({Attachment::Kind::router, right}, &small);
  Got got;
  std::optional<Errc> error;
  b.scope().spawn(sink(b, got));
  a.scope().spawn(source(a, Endpoint(b.address(), kPort), 300'000, error));
  world.run_for(30s);
  EXPECT_EQ(got.bytes, 300'000u);
  EXPECT_TRUE(got.ended);
}

TEST(FabricTcp, TracesHoldWholePackets) {
  FabricWorldForTest world;
  Attachment ground = world.region(5ms);
  FabricHost& a = world.host_in(ground);
  FabricHost& b = world.host_in(ground);
  std::vector<std::uint8_t> file;
  capture::PcapngWriter writer([&file](ByteView bytes) {
    file.insert(file.end(), bytes.begin(), bytes.end());
    return Result<>();
  });
  Result<std::uint32_t> number = writer.add_interface({.name = "eth0", .link_type = capture::LinkType::raw_ip});
  ASSERT_TRUE(number);
  ASSERT_TRUE(a.capture(1, &writer, *number));
  Got got;
  std::optional<Errc> error;
  b.scope().spawn(sink(b, got));
  a.scope().spawn(source(a, Endpoint(b.address(), kPort), 10'000, error));
  world.run_for(1s);
  ASSERT_TRUE(writer.flush());
  int segments = 0;
  std::uint64_t payload = 0;
  capture::PcapngReader reader(file);
  while (true) {
    Result<std::optional<capture::Record>> record = reader.next();
    ASSERT_TRUE(record);
    if (!*record) break;
    const auto* packet = std::get_if<capture::Packet>(&**record);
    if (packet == nullptr) continue;
    ByteView ip = packet->bytes;
    ASSERT_EQ(ip[9], tcp::kProtocolNumber);
    IpAddress from = IpAddress::from_v4_bytes(ip.subspan<12, 4>());
    IpAddress to = IpAddress::from_v4_bytes(ip.subspan<16, 4>());
    ByteView segment = ip.subspan(20);
    tcp::InternetChecksum sum;
    EXPECT_EQ(sum.add_pseudo_header(from, to, tcp::kProtocolNumber, segment.size()).add(segment).value(), 0);
    Result<tcp::Segment> parsed = tcp::parse(segment);
    ASSERT_TRUE(parsed);
    if (parsed->header.destination_port == kPort) payload += parsed->payload.size();
    ++segments;
  }
  EXPECT_GE(segments, 12);
  EXPECT_EQ(payload, 10'000u);
}

}  // namespace
}  // namespace ghostnet::sim::fabric_tcp_test
