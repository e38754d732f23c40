// What strangers can do to a host: nothing that it was not asked for, and no more noise than they make.
#include <set>

#include "ghostnet/ip/icmp.hpp"
#include "ghostnet/ip/udp_header.hpp"
#include "ghostnet/runtime/internet_checksum.hpp"
#include "ghostnet/runtime/wire.hpp"
#include "ip_fixture.hpp"

namespace ghostnet::ip::hostile_test {
namespace {

using testing::SizeIs;

struct Forged {
  std::string_view source = "10.0.0.9";
  std::string_view destination = "10.0.0.1";
  std::uint8_t protocol = kUdp;
  std::uint8_t hop_limit = 64;
  std::uint16_t fragment_offset_bytes = 0;
  bool more_fragments = false;
  std::uint32_t identification = 1;
};

IpPacket packet(const Forged& forged, ByteView payload) {
  Header header;
  header.source = addr(forged.source);
  header.destination = addr(forged.destination);
  header.protocol = forged.protocol;
  header.hop_limit = forged.hop_limit;
  header.fragment_offset_bytes = forged.fragment_offset_bytes;
  header.more_fragments = forged.more_fragments;
  header.identification = forged.identification;
  const std::size_t header_bytes = header_bytes_of(header.source.family());
  header.total_bytes = static_cast<std::uint32_t>(header_bytes + payload.size());
  IpPacket packet;
  packet.data = PacketBuf::with_room(0, header.total_bytes);
  emit(header, packet.data.append(header_bytes));
  packet.data.append(payload);
  return packet;
}

std::vector<std::uint8_t> udp(const Forged& forged, std::uint16_t to_port, std::size_t bytes = 4,
                              std::uint16_t from_port = 9) {
  std::vector<std::uint8_t> datagram(kUdpHeaderBytes + bytes);
  const auto length = static_cast<std::uint16_t>(datagram.size());
  UdpHeader{.source_port = from_port, .destination_port = to_port, .length_bytes = length}.emit(datagram);
  const std::uint16_t sum =
      ones_sum(datagram, pseudo_header_sum(addr(forged.source), addr(forged.destination), kUdp, length));
  store_be(datagram.data() + 6, udp_checksum_of_sum(sum));
  return datagram;
}

std::vector<std::uint8_t> icmp(const Forged& forged, const IcmpMessage& message) {
  std::vector<std::uint8_t> bytes(message.size_bytes());
  message.emit(addr(forged.source), addr(forged.destination), bytes);
  return bytes;
}

class Hostile : public IpFixture {
 protected:
  void inject(IpPacket bad) {
    ASSERT_EQ(wire.send(std::span(&bad, 1)).accepted, 1u);
    world.run_ready();
  }
  void inject_udp(const Forged& forged, std::uint16_t port) { inject(packet(forged, udp(forged, port))); }
  std::size_t answers() { return sent_by_host(wire).size(); }
  std::uint64_t dropped(DropReason reason) { return host.ip_metrics().dropped(reason); }

  Host& host = add_host("victim");
  IpLink& wire = tap({host, {own("10.0.0.1", 24), own("2001:db8::1", 64)}});
};

TEST_F(Hostile, APortWhereNobodyListensIsRefused) {  // RFC 1122 4.1.3.1, RFC 4443 3.1
  inject_udp({}, 7);
  const auto answers = sent_by_host(wire);
  ASSERT_THAT(answers, SizeIs(1));
  const auto header = parse(answers[0].data.view());
  ASSERT_TRUE(header);
  EXPECT_EQ(header->source, addr("10.0.0.1"));
  EXPECT_EQ(header->destination, addr("10.0.0.9"));
  const ByteView message = answers[0].data.view().subspan(header->transport_at);
  EXPECT_TRUE(icmp_checksum_holds(header->source, header->destination, message));
  EXPECT_EQ(error_of(IpFamily::v4, *IcmpMessage::parse(message)), IcmpError::port_unreachable);
}

TEST_F(Hostile, SourcesThatNobodyCanHaveAreDropped) {  // RFC 1122 3.2.1.3, RFC 4291 2.5.2, 2.5.3 and 2.7
  for (const std::string_view source :
       {"0.0.0.0", "127.0.0.1", "224.0.0.5", "255.255.255.255", "10.0.0.255", "240.1.2.3", "0.1.2.3"}) {
    inject_udp({.source = source}, 7);
  }
  for (const std::string_view source : {"::", "::1", "ff02::1"}) {
    inject_udp({.source = source, .destination = "2001:db8::1"}, 7);
  }
  EXPECT_EQ(dropped(DropReason::martian_source), 10u);
  EXPECT_EQ(answers(), 0u);
}

TEST_F(Hostile, ALandAttackFindsNoGround) {
  const auto socket = open(host, "0.0.0.0:7");
  inject_udp({.source = "10.0.0.1"}, 7);
  inject_udp({.source = "2001:db8::1", .destination = "2001:db8::1"}, 7);
  EXPECT_EQ(dropped(DropReason::martian_source), 2u);
  EXPECT_EQ(answers(), 0u);
  EXPECT_THAT(received(*socket), SizeIs(0));
}

TEST_F(Hostile, LoopbackAddressesOnAWireAreDropped) {  // RFC 1122 3.2.1.3 (g), RFC 4291 2.5.3
  const auto socket = open(host, "0.0.0.0:7");
  inject_udp({.destination = "127.0.0.1"}, 7);
  inject_udp({.source = "2001:db8::9", .destination = "::1"}, 7);
  EXPECT_EQ(dropped(DropReason::martian_destination), 2u);
  EXPECT_THAT(received(*socket), SizeIs(0));
}

TEST_F(Hostile, NothingSentToManyIsAnsweredByAnError) {  // RFC 1122 3.2.2, RFC 4443 2.4 (e.3)
  inject_udp({.destination = "224.0.0.1"}, 7);
  inject_udp({.destination = "10.0.0.255"}, 7);
  inject_udp({.destination = "255.255.255.255"}, 7);
  inject_udp({.source = "2001:db8::9", .destination = "ff02::1"}, 7);
  const Forged unknown{.destination = "10.0.0.255", .protocol = 200};
  inject(packet(unknown, udp(unknown, 7)));
  EXPECT_EQ(answers(), 0u);
}

TEST_F(Hostile, BroadcastEchoesAreNotAnswered) {  // RFC 1122 3.2.2.6
  const Forged smurf{.destination = "10.0.0.255", .protocol = kIcmp};
  inject(packet(smurf, icmp(smurf, {.type = 8, .rest = 1})));
  const Forged group{.destination = "224.0.0.1", .protocol = kIcmp};
  inject(packet(group, icmp(group, {.type = 8, .rest = 1})));
  EXPECT_EQ(answers(), 0u);
  const Forged plain{.protocol = kIcmp};
  inject(packet(plain, icmp(plain, {.type = 8, .rest = 1})));
  EXPECT_EQ(answers(), 1u);
}

TEST_F(Hostile, ErrorsAreNotAnsweredByErrors) {  // RFC 1122 3.2.2, RFC 4443 2.4 (e.1)
  const std::vector<std::uint8_t> quoted(28);
  Forged forged{.protocol = kIcmp, .fragment_offset_bytes = 0};
  for (const std::uint8_t type : {3, 4, 5, 11, 12}) {
    Forged wrong = forged;
    // Of a kind that calls for an error itself: a header that nobody understands.
    IpPacket bad = packet(wrong, icmp(forged, {.type = type, .body = quoted}));
    inject(std::move(bad));
  }
  const Forged v6{.source = "2001:db8::9", .destination = "2001:db8::1", .protocol = kIcmpv6};
  for (const std::uint8_t type : {1, 2, 3, 4, 100}) {
    inject(packet(v6, icmp(v6, {.type = type, .body = quoted})));
  }
  EXPECT_EQ(answers(), 0u);
}

TEST_F(Hostile, AFloodIsAnsweredByATrickle) {  // RFC 4443 2.4 (f), RFC 1812 4.3.2.8
  for (int i = 0; i < 10'000; ++i) inject_udp({}, 7);
  EXPECT_EQ(answers(), ErrorLimitOptions{}.per_destination.burst);
  EXPECT_EQ(host.ip_metrics().errors_suppressed.value(), 10'000 - ErrorLimitOptions{}.per_destination.burst);
  world.run_for(1s);
  inject_udp({}, 7);
  EXPECT_EQ(answers(), 1u) << "and again a while later";
}

TEST_F(Hostile, ForgedUnreachablesDoNotDisturbOthers) {  // RFC 1122 4.1.3.3
  const auto socket = open(host, "0.0.0.0:5000");
  ASSERT_TRUE(socket->connect(*Endpoint::parse("10.0.0.9:7")));
  const auto quote = [](std::string_view source, std::uint16_t from, std::uint16_t to) {
    const Forged ours{.source = source, .destination = "10.0.0.9"};
    return packet(ours, udp(ours, to, 4, from));
  };
  const Forged forged{.source = "10.0.0.66", .protocol = kIcmp};
  const auto inject_error = [&](const IpPacket& about) {
    inject(packet(forged, icmp(forged, message_of(IpFamily::v4, IcmpError::port_unreachable, 0, about.data.view()))));
  };
  std::vector<ReceivedDatagram> batch(1);
  inject_error(quote("10.0.0.77", 5000, 7));  // not sent by this host
  inject_error(quote("10.0.0.1", 5001, 7));   // by no socket of it
  inject_error(quote("10.0.0.1", 5000, 8));   // to another peer
  EXPECT_EQ(socket->try_recv(batch).error(), Errc::would_block);
  inject_error(quote("10.0.0.1", 5000, 7));
  EXPECT_EQ(socket->try_recv(batch).error(), Errc::refused);
}

TEST_F(Hostile, ForgedPathMtusAreBelievedOnlyAboutWhatWasSentAndOnlySoFar) {  // RFC 8201 4
  const auto socket = open(host, "[::]:5000");
  const Endpoint peer = *Endpoint::parse("[2001:db8::9]:7");
  const auto report = [&](std::uint16_t from_port, std::uint32_t mtu_bytes) {
    const Forged ours{.source = "2001:db8::1", .destination = "2001:db8::9"};
    const IpPacket about = packet(ours, udp(ours, 7, 100, from_port));
    const Forged forged{.source = "2001:db8::66", .destination = "2001:db8::1", .protocol = kIcmpv6};
    inject(packet(forged, icmp(forged, message_of(IpFamily::v6, IcmpError::too_big, mtu_bytes, about.data.view()))));
  };
  report(5001, 1300);
  EXPECT_EQ(socket->max_payload_bytes(peer), 1452u) << "no socket has sent that";
  report(5000, 576);
  EXPECT_EQ(socket->max_payload_bytes(peer), 1452u) << "less than IPv6 allows";
  report(5000, 1300);
  EXPECT_EQ(socket->max_payload_bytes(peer), 1252u);
  report(5000, 9000);
  EXPECT_EQ(socket->max_payload_bytes(peer), 1252u) << "no report makes a path wider";
}

TEST_F(Hostile, LyingLengthsReachNobody) {
  const auto socket = open(host, "0.0.0.0:7");
  const Forged forged;
  std::vector<std::uint8_t> datagram = udp(forged, 7, 100);
  for (const std::uint16_t length : {0, 7, 109, 65'535}) {
    store_be(datagram.data() + 4, length);
    inject(packet(forged, datagram));
  }
  EXPECT_EQ(dropped(DropReason::bad_transport), 4u);
  for (std::size_t bytes = 0; bytes < kUdpHeaderBytes; ++bytes) inject(packet(forged, ByteView(datagram).first(bytes)));
  EXPECT_EQ(dropped(DropReason::bad_transport), 12u);
  datagram = udp(forged, 7, 100);
  datagram[20] ^= 1;
  inject(packet(forged, datagram));
  EXPECT_EQ(dropped(DropReason::transport_checksum), 1u);
  EXPECT_THAT(received(*socket), SizeIs(0));
  EXPECT_EQ(answers(), 0u);
}

TEST_F(Hostile, AnIpv6DatagramWithoutChecksumIsDropped) {
  const auto socket = open(host, "[::]:7");
  Forged forged{.source = "2001:db8::9", .destination = "2001:db8::1"};
  std::vector<std::uint8_t> datagram = udp(forged, 7);
  datagram[6] = datagram[7] = 0;
  inject(packet(forged, datagram));
  EXPECT_EQ(dropped(DropReason::transport_checksum), 1u);
  forged = {};
  datagram = udp(forged, 7);
  datagram[6] = datagram[7] = 0;
  inject(packet(forged, datagram));
  EXPECT_THAT(received(*socket), SizeIs(1)) << "over IPv4 it may lack one (RFC 768)";
}

TEST_F(Hostile, OverlappingFragmentsDeliverNothing) {  // RFC 5722 4, RFC 1858 4
  const auto socket = open(host, "0.0.0.0:7");
  const std::vector<std::uint8_t> datagram = udp({}, 7, 92);
  const ByteView whole(datagram);
  inject(packet({.more_fragments = true}, whole.first(48)));
  inject(packet({.fragment_offset_bytes = 40, .more_fragments = true}, whole.subspan(40, 16)));
  inject(packet({.fragment_offset_bytes = 48}, whole.subspan(48)));
  inject(packet({.more_fragments = true}, whole.first(48)));
  EXPECT_THAT(received(*socket), SizeIs(0));
  EXPECT_EQ(dropped(DropReason::fragment_overlap), 1u);
  EXPECT_EQ(dropped(DropReason::fragment_refused), 2u);
  // The same without the overlap is delivered.
  inject(packet({.more_fragments = true, .identification = 2}, whole.first(48)));
  inject(packet({.fragment_offset_bytes = 48, .identification = 2}, whole.subspan(48)));
  EXPECT_THAT(received(*socket), SizeIs(1));
}

TEST_F(Hostile, AFloodOfFragmentsIsBoundedAndGoesAway) {
  const std::vector<std::uint8_t> payload(1000);
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    inject(packet({.more_fragments = true, .identification = i}, payload));
    ASSERT_LE(host.network().reassembler().held_bytes(), ReassemblyOptions{}.max_bytes);
    ASSERT_LE(host.network().reassembler().datagrams(), ReassemblyOptions{}.max_datagrams);
  }
  const std::size_t noise = answers();
  EXPECT_EQ(noise, 0u);
  world.run_for(2min);
  EXPECT_EQ(host.network().reassembler().datagrams(), 0u);
  EXPECT_EQ(host.network().reassembler().held_bytes(), 0u);
  EXPECT_LE(answers(), ErrorLimitOptions{}.per_destination.burst) << "time exceeded, within the limit";
}

// What the numbers of one's own packets are tells nothing of the packets to others (RFC 7739 5.3); and packets that are
// not to be fragmented need none (RFC 6864 4.1).
TEST_F(Hostile, IdentificationNumbersTellStrangersNothing) {
  const auto socket = open(host, "0.0.0.0:7");
  const auto number_to = [&](std::string_view peer) {
    EXPECT_TRUE(socket->send_to(*Endpoint::parse(peer), as_bytes("hello")));
    const auto sent = sent_by_host(wire);
    EXPECT_THAT(sent, SizeIs(1));
    return sent.empty() ? 0u : parse(sent[0].data.view())->identification;
  };
  const std::uint32_t mine = number_to("10.0.0.9:7");
  std::set<std::uint32_t> others;
  for (int i = 10; i < 40; ++i) others.insert(number_to(fmt::format("10.0.0.{}:7", i)));
  EXPECT_EQ(number_to("10.0.0.9:7"), (mine + 1) & 0xffff) << "as if nothing had been sent between";
  EXPECT_GT(others.size(), 25u);
  std::size_t close_by = 0;
  for (const std::uint32_t other : others) close_by += ((other - mine) & 0xffff) < 64;
  EXPECT_LT(close_by, 5u);
  const auto whole = open(host, "0.0.0.0:8", {.dont_fragment = true});
  ASSERT_TRUE(whole->send_to(*Endpoint::parse("10.0.0.9:7"), as_bytes("hello")));
  const auto sent = sent_by_host(wire);
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(parse(sent[0].data.view())->identification, 0u);
}

TEST_F(Hostile, APingOfDeathIsMalformed) {
  const std::vector<std::uint8_t> payload(1000);
  inject(packet({.protocol = kIcmp, .fragment_offset_bytes = 65'528}, payload));
  EXPECT_EQ(dropped(DropReason::fragment_malformed), 1u);
  EXPECT_EQ(host.network().reassembler().datagrams(), 0u);
}

TEST_F(Hostile, SourceRoutesAreNotFollowed) {  // RFC 7126 4.3, 4.4
  const auto socket = open(host, "0.0.0.0:7");
  IpPacket bad = packet({}, udp({}, 7));
  std::vector<std::uint8_t> bytes(bad.data.begin(), bad.data.end());
  bytes.insert(bytes.begin() + 20, {131, 7, 4, 10, 0, 0, 5, 0});
  bytes[0] = 0x47;
  store_be(bytes.data() + 2, static_cast<std::uint16_t>(bytes.size()));
  bytes[10] = bytes[11] = 0;
  store_be(bytes.data() + 10, internet_checksum(ByteView(bytes).first(28)));
  IpPacket routed;
  routed.data = PacketBuf::copy_of(bytes);
  inject(std::move(routed));
  EXPECT_EQ(dropped(DropReason::source_routed), 1u);
  EXPECT_THAT(received(*socket), SizeIs(0));
}

TEST_F(Hostile, AnUnknownIpv6OptionIsAnsweredAsItAsks) {
  const auto inject_option = [&](std::uint8_t option, std::string_view destination) {
    const Forged forged{.source = "2001:db8::9", .destination = destination, .protocol = kDestinationOptions};
    const std::vector<std::uint8_t> payload{kNoNextHeader, 0, option, 4, 0, 0, 0, 0};
    inject(packet(forged, payload));
    return answers();
  };
  EXPECT_EQ(inject_option(0x1e, "2001:db8::1"), 0u) << "skipped";
  EXPECT_EQ(inject_option(0x5e, "2001:db8::1"), 0u) << "dropped in silence";
  EXPECT_EQ(inject_option(0x9e, "2001:db8::1"), 1u);
  EXPECT_EQ(inject_option(0xde, "2001:db8::1"), 1u);
  EXPECT_EQ(inject_option(0x9e, "ff02::1"), 1u) << "RFC 8200 4.2: even to a group";
  EXPECT_EQ(inject_option(0xde, "ff02::1"), 0u);
}

TEST_F(Hostile, AReversePathFilterKeepsOthersAddressesOut) {  // RFC 3704 2.2
  HostOptions options{.network = {.reverse_path_filter = true}};
  Host& guard = add_host("guard", options);
  IpLink& outside = tap({guard, {own("10.5.0.1", 24)}});
  IpPacket bad = packet({.source = "192.0.2.1", .destination = "10.5.0.1"},
                        udp({.source = "192.0.2.1", .destination = "10.5.0.1"}, 7));
  ASSERT_EQ(outside.send(std::span(&bad, 1)).accepted, 1u);
  EXPECT_THAT(sent_by_host(outside), SizeIs(0));
  EXPECT_EQ(guard.ip_metrics().dropped(DropReason::martian_source), 1u);
}

TEST_F(Hostile, AGroupThatIsJoinedIsReportedToRouters) {
  const auto socket = open(host, "0.0.0.0:7");
  ASSERT_TRUE(socket->join(addr("239.1.2.3")));
  world.run_for(1us);
  const auto reports = sent_by_host(wire);
  ASSERT_THAT(reports, SizeIs(1));
  const auto header = parse(reports[0].data.view());
  ASSERT_TRUE(header);
  EXPECT_EQ(header->protocol, kIgmp);
  EXPECT_EQ(header->destination, addr("224.0.0.22"));
  EXPECT_EQ(header->hop_limit, 1);
  EXPECT_EQ(header->transport_at, 24) << "with the router alert option (RFC 9776 4)";
  EXPECT_TRUE(checksum_holds(reports[0].data.view().subspan(24)));
  const auto socket6 = open(host, "[::]:8");
  ASSERT_TRUE(socket6->join(addr("ff05::7")));
  world.run_for(1us);
  const auto reports6 = sent_by_host(wire);
  ASSERT_THAT(reports6, SizeIs(1));
  const auto header6 = parse(reports6[0].data.view());
  ASSERT_TRUE(header6);
  EXPECT_EQ(header6->protocol, kIcmpv6);
  EXPECT_EQ(header6->fault, HeaderFault::none);
  EXPECT_TRUE(header6->source.is_link_local());
  EXPECT_TRUE(icmp_checksum_holds(header6->source, header6->destination, reports6[0].data.view().subspan(48)));
}

}  // namespace
}  // namespace ghostnet::ip::hostile_test
