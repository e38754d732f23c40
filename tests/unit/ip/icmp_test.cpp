#include "ghostnet/ip/icmp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "ghostnet/ip/cutting.hpp"
#include "ghostnet/ip/udp_header.hpp"
#include "ghostnet/runtime/internet_checksum.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::ip::icmp_test {
namespace {

const IpAddress kA4 = IpAddress::v4(10, 9, 0, 1);
const IpAddress kB4 = IpAddress::v4(10, 9, 0, 2);
const IpAddress kA6 = IpAddress::v6({0xfd00, 0, 0, 0, 0, 0, 0, 1});
const IpAddress kB6 = IpAddress::v6({0xfd00, 0, 0, 0, 0, 0, 0, 2});

TEST(Icmp, AnEchoIsWrittenAndRead) {  // RFC 792
  const std::vector<std::uint8_t> data{'a', 'b', 'c'};
  const IcmpMessage echo{.type = 8, .rest = 0x0001'0002, .body = data};
  std::vector<std::uint8_t> bytes(echo.size_bytes());
  echo.emit(kA4, kB4, bytes);
  EXPECT_THAT(bytes, testing::ElementsAre(8, 0, 0x33, 0x9a, 0, 1, 0, 2, 'a', 'b', 'c'));
  EXPECT_TRUE(icmp_checksum_holds(kA4, kB4, bytes));
  const auto read = IcmpMessage::parse(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->echo_identifier(), 1);
  EXPECT_EQ(read->echo_sequence(), 2);
  EXPECT_FALSE(IcmpMessage::parse(ByteView(bytes).first(7)));
}

TEST(Icmp, TheChecksumOfVersion6CoversTheAddresses) {  // RFC 4443 2.3
  const IcmpMessage echo{.type = 128, .rest = 5};
  std::vector<std::uint8_t> bytes(echo.size_bytes());
  echo.emit(kA6, kB6, bytes);
  EXPECT_TRUE(icmp_checksum_holds(kA6, kB6, bytes));
  EXPECT_FALSE(icmp_checksum_holds(kA6, IpAddress::v6({0xfd00, 0, 0, 0, 0, 0, 0, 3}), bytes));
  EXPECT_FALSE(checksum_holds(bytes));
}

TEST(Icmp, EveryErrorComesBackAsItWasSent) {
  const std::vector<std::uint8_t> quoted(48);
  for (const IpFamily family : {IpFamily::v4, IpFamily::v6}) {
    for (int i = 0; i <= static_cast<int>(IcmpError::incomplete_chain); ++i) {
      const auto error = static_cast<IcmpError>(i);
      if (family == IpFamily::v4 && error >= IcmpError::unknown_option) continue;
      const IcmpMessage message = message_of(family, error, 1280, quoted);
      EXPECT_EQ(error_of(family, message), error) << i;
      EXPECT_TRUE(is_error_type(family, message.type)) << i;
    }
    EXPECT_FALSE(is_error_type(family, echo_request_type(family)));
    EXPECT_FALSE(is_error_type(family, echo_reply_type(family)));
    EXPECT_FALSE(error_of(family, {.type = echo_request_type(family), .body = quoted}));
    EXPECT_FALSE(error_of(family, message_of(family, IcmpError::no_route, 0, ByteView(quoted).first(8))))
        << "without the packet it says nothing";
  }
}

TEST(Icmp, TheNumbersAreThoseOfTheRfcs) {  // RFC 792, RFC 1122 3.2.2.1, RFC 4443 3
  const std::vector<std::uint8_t> quoted(48);
  const auto form = [&](IpFamily family, IcmpError error) {
    const IcmpMessage message = message_of(family, error, 0, quoted);
    return std::pair<int, int>(message.type, message.code);
  };
  EXPECT_EQ(form(IpFamily::v4, IcmpError::port_unreachable), std::pair(3, 3));
  EXPECT_EQ(form(IpFamily::v4, IcmpError::too_big), std::pair(3, 4));
  EXPECT_EQ(form(IpFamily::v4, IcmpError::hop_limit_exceeded), std::pair(11, 0));
  EXPECT_EQ(form(IpFamily::v6, IcmpError::port_unreachable), std::pair(1, 4));
  EXPECT_EQ(form(IpFamily::v6, IcmpError::too_big), std::pair(2, 0));
  EXPECT_EQ(form(IpFamily::v6, IcmpError::hop_limit_exceeded), std::pair(3, 0));
  EXPECT_EQ(form(IpFamily::v6, IcmpError::protocol_unreachable), std::pair(4, 1));
}

TEST(Icmp, AnOldRoutersMtuIsGuessedFromThePlateaus) {  // RFC 1191 7.1
  EXPECT_EQ(mtu_told(IpFamily::v4, 1400, 1500), 1400u);
  EXPECT_EQ(mtu_told(IpFamily::v4, 0, 1500), 1492u);
  EXPECT_EQ(mtu_told(IpFamily::v4, 0, 1492), 1006u);
  EXPECT_EQ(mtu_told(IpFamily::v4, 0, 60), 0u);
  EXPECT_EQ(mtu_told(IpFamily::v6, 1280, 1500), 1280u);
}

TEST(UdpHeader, IsReadWithinItsBounds) {
  const std::vector<std::uint8_t> bytes{0x30, 0x39, 0, 53, 0, 10, 0xab, 0xcd, 1, 2, 3};
  const auto header = UdpHeader::parse(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->source_port, 12345);
  EXPECT_EQ(header->destination_port, 53);
  EXPECT_EQ(header->length_bytes, 10);
  std::vector<std::uint8_t> written(8);
  header->emit(written);
  EXPECT_TRUE(equal(written, ByteView(bytes).first(8)));
  EXPECT_FALSE(UdpHeader::parse(ByteView(bytes).first(9))) << "shorter than it says";
  EXPECT_FALSE(UdpHeader::parse(ByteView(bytes).first(7)));
  std::vector<std::uint8_t> lying = bytes;
  lying[5] = 7;
  EXPECT_FALSE(UdpHeader::parse(lying));
  EXPECT_EQ(udp_checksum_of_sum(0xffff), 0xffff) << "zero would say: none";
}

// ---- cutting ----

IpPacket super_packet(std::uint8_t protocol, std::size_t payload_bytes, std::uint16_t segment_bytes) {
  Header header;
  header.source = kA4;
  header.destination = kB4;
  header.protocol = protocol;
  header.identification = 100;
  const std::size_t transport_bytes = protocol == kTcp ? 20 : 8;
  header.total_bytes = static_cast<std::uint32_t>(20 + transport_bytes + payload_bytes);
  IpPacket packet;
  packet.data = PacketBuf::with_room(0, header.total_bytes);
  emit(header, packet.data.append(20));
  const MutableByteView transport = packet.data.append(transport_bytes);
  std::ranges::fill(transport, std::uint8_t{0});
  if (protocol == kTcp) {
    store_be(transport.data() + 4, 1000u);
    transport[12] = 0x50;
    transport[13] = 0x99;  // CWR, ACK, PSH, FIN
  } else {
    UdpHeader{.source_port = 1, .destination_port = 2, .length_bytes = static_cast<std::uint16_t>(8 + payload_bytes)}
        .emit(transport);
  }
  for (std::size_t i = 0; i < payload_bytes; ++i) packet.data.append(1)[0] = static_cast<std::uint8_t>(i * 7);
  packet.segment_bytes = segment_bytes;
  packet.checksum = Checksum::partial;
  return packet;
}

TEST(Cutting, TcpSegmentsCarryOnTheSequenceAndEndOnce) {
  const IpPacket packet = super_packet(kTcp, 2500, 1000);
  std::vector<IpPacket> segments;
  ASSERT_TRUE(cut_segments(packet, *parse(packet.data.view()), segments));
  ASSERT_EQ(segments.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    IpPacket& segment = segments[i];
    const auto header = parse(segment.data.view());
    ASSERT_TRUE(header);
    EXPECT_EQ(header->total_bytes, i == 2 ? 540u : 1040u);
    EXPECT_EQ(header->identification, 100 + i);
    const ByteView tcp = segment.data.view().subspan(20);
    EXPECT_EQ(load_be<std::uint32_t>(tcp.data() + 4), 1000 + 1000 * i);
    EXPECT_EQ(tcp[13], i == 0 ? 0x90 : i == 1 ? 0x10 : 0x19) << "CWR only in front, PSH and FIN only at the end";
    complete_checksum(segment, *header);
    EXPECT_TRUE(
        checksum_holds(segment.data.view().subspan(20),
                       pseudo_header_sum(kA4, kB4, kTcp, static_cast<std::uint32_t>(segment.data.size() - 20))));
    EXPECT_TRUE(equal(segment.data.view().subspan(40), packet.data.view().subspan(40 + 1000 * i, i == 2 ? 500 : 1000)));
  }
}

TEST(Cutting, UdpSegmentsAreDatagramsOfTheirOwn) {
  const IpPacket packet = super_packet(kUdp, 1500, 700);
  std::vector<IpPacket> segments;
  ASSERT_TRUE(cut_segments(packet, *parse(packet.data.view()), segments));
  ASSERT_EQ(segments.size(), 3u);
  for (IpPacket& segment : segments) {
    const auto header = parse(segment.data.view());
    ASSERT_TRUE(header);
    const ByteView udp = segment.data.view().subspan(20);
    EXPECT_EQ(UdpHeader::parse(udp)->length_bytes, udp.size());
    complete_checksum(segment, *header);
    EXPECT_TRUE(checksum_holds(udp, pseudo_header_sum(kA4, kB4, kUdp, static_cast<std::uint32_t>(udp.size()))));
  }
}

TEST(Cutting, RefusesWhatIsNoTransport) {
  IpPacket packet = super_packet(kUdp, 100, 50);
  std::vector<IpPacket> out;
  Header header = *parse(packet.data.view());
  header.protocol = kIcmp;
  EXPECT_FALSE(cut_segments(packet, header, out));
  packet = super_packet(kTcp, 100, 50);
  packet.data.writable()[20 + 12] = 0x40;  // a TCP header of 16 bytes
  EXPECT_FALSE(cut_segments(packet, *parse(packet.data.view()), out));
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace ghostnet::ip::icmp_test
