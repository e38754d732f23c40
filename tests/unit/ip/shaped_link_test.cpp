// A line that is kept busy.
#include "ip_fixture.hpp"

namespace ghostnet::ip::shaped_link_test {
namespace {

using ShapedLinkTest = IpFixture;

IpPacket datagram() {
  Header header;
  header.source = IpAddress::v4(10, 0, 0, 1);
  header.destination = IpAddress::v4(10, 0, 0, 2);
  header.protocol = kUdp;
  header.total_bytes = 100;
  header.transport_at = 20;
  IpPacket packet;
  packet.data = PacketBuf::with_room(kPacketHeadroomBytes, 100);
  emit(header, packet.data.append(20));
  packet.data.append(80);
  return packet;
}

Task<> send_in_every_turn(IpLink& link, const Clock& clock, int count) {
  for (int i = 0; i < count; ++i) {
    IpPacket packet = datagram();
    EXPECT_EQ(link.send(std::span(&packet, 1)).accepted, 1u);
    co_await clock.sleep(Duration{});
  }
}

// Each packet that enters moves the deadline; those that are due leave all the same.
TEST_F(ShapedLinkTest, APacketThatIsDueLeavesThoughOthersKeepComing) {
  Pipe& pipe = pipes_.emplace_back(world.loop(), PipeOptions{});
  ShapedLink link(pipe.a(), world.clock(), Random::derive(1, 0, "wire"), {.outgoing = profile({.delay = 0ns})});
  Scope scope(world.loop());
  scope.spawn(send_in_every_turn(link, world.clock(), 100));
  std::size_t most_held = 0, arrived = 0;
  std::vector<IpPacket> batch(64);
  for (int i = 0; i < 1000 && arrived < 100; ++i) {
    world.step();
    const link::LinkCounters& counters = *link.outgoing_counters();
    most_held = std::max<std::size_t>(most_held, counters.offered - counters.delivered);
    if (const Result<std::size_t> got = pipe.b().try_recv(batch)) arrived += *got;
  }
  EXPECT_EQ(arrived, 100u);
  EXPECT_LE(most_held, 3u);
}

TEST_F(ShapedLinkTest, ATapSeesWhatComesAndGoes) {
  int coming = 0, going = 0;
  HostOptions options;
  options.tap = [&](InterfaceIndex interface, bool outgoing, const IpPacket& packet) {
    EXPECT_EQ(interface, 2u);
    EXPECT_FALSE(packet.data.empty());
    ++(outgoing ? going : coming);
  };
  Host& watched = add_host("watched", options);
  Host& other = add_host("other");
  join({watched, {own("10.0.0.1", 24)}}, {other, {own("10.0.0.2", 24)}});
  const Result<PingAnswer> answer = finish(other.ping(addr("10.0.0.1")));
  EXPECT_TRUE(answer);
  EXPECT_GE(coming, 1);
  EXPECT_GE(going, 1);
}

}  // namespace
}  // namespace ghostnet::ip::shaped_link_test
