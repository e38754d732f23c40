#include "ghostnet/ip/header.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "ghostnet/runtime/internet_checksum.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::ip::header_test {
namespace {

using ByteVector = std::vector<std::uint8_t>;

// An echo request as ping sends it: 10.9.0.1 to 10.9.0.2, 28 bytes, no fragmentation allowed.
const ByteVector kIpv4{0x45, 0x00, 0x00, 0x1c, 0x12, 0x34, 0x40, 0x00, 0x40, 0x01, 0x14, 0x99, 10, 9,
                       0,    1,    10,   9,    0,    2,    8,    0,    0xf7, 0xfd, 0,    1,    0,  1};

ByteVector with_checksum(ByteVector packet) {
  const std::size_t header_bytes = std::size_t{packet[0] & 0xfu} * 4;
  packet[10] = packet[11] = 0;
  store_be(packet.data() + 10, internet_checksum(ByteView(packet).first(header_bytes)));
  return packet;
}

ByteVector ipv6(std::uint8_t next_header, const ByteVector& payload) {
  ByteVector packet{0x60, 0, 0, 0, 0, 0, next_header, 64};
  const IpAddress source = IpAddress::v6({0x2001, 0xdb8, 0, 0, 0, 0, 0, 1});
  const IpAddress destination = IpAddress::v6({0x2001, 0xdb8, 0, 0, 0, 0, 0, 2});
  for (const IpAddress& address : {source, destination}) {
    for (const std::uint8_t byte : address.v6_bytes()) packet.push_back(byte);
  }
  packet.insert(packet.end(), payload.begin(), payload.end());
  store_be(packet.data() + 4, static_cast<std::uint16_t>(payload.size()));
  return packet;
}

TEST(Ipv4Header, IsReadFromItsBytes) {
  const auto header = parse(kIpv4);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->source, IpAddress::v4(10, 9, 0, 1));
  EXPECT_EQ(header->destination, IpAddress::v4(10, 9, 0, 2));
  EXPECT_EQ(header->total_bytes, 28u);
  EXPECT_EQ(header->identification, 0x1234u);
  EXPECT_TRUE(header->dont_fragment);
  EXPECT_FALSE(header->is_fragment());
  EXPECT_EQ(header->hop_limit, 64);
  EXPECT_EQ(header->protocol, kIcmp);
  EXPECT_EQ(header->transport_at, 20);
  EXPECT_EQ(header->payload_bytes(), 8u);
  EXPECT_EQ(header->fault, HeaderFault::none);
}

TEST(Ipv4Header, IsWrittenAsItWasRead) {
  const auto header = parse(kIpv4);
  ASSERT_TRUE(header);
  ByteVector written(kIpv4HeaderBytes);
  emit(*header, written);
  EXPECT_TRUE(equal(written, ByteView(kIpv4).first(kIpv4HeaderBytes)));
}

TEST(Ipv4Header, IsRefusedWhenItContradictsItself) {
  for (std::size_t size = 0; size < kIpv4.size(); ++size) {
    EXPECT_EQ(parse(ByteView(kIpv4).first(size)).error(), Unusable::truncated) << size;
  }
  ByteVector packet = kIpv4;
  packet[0] = 0x44;
  EXPECT_EQ(parse(packet).error(), Unusable::bad_length);
  packet = kIpv4;
  packet[3] = 19;
  EXPECT_EQ(parse(packet).error(), Unusable::bad_length);
  packet = kIpv4;
  packet[8] = 63;
  EXPECT_EQ(parse(packet).error(), Unusable::bad_checksum);
  packet[0] = 0x55;
  EXPECT_EQ(parse(packet).error(), Unusable::not_ip);
}

TEST(Ipv4Header, KnowsFragments) {
  ByteVector packet = kIpv4;
  packet[6] = 0x20;
  packet[7] = 0x03;
  const auto header = parse(with_checksum(packet));
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->more_fragments);
  EXPECT_EQ(header->fragment_offset_bytes, 24);
  EXPECT_FALSE(header->dont_fragment);
}

TEST(Ipv4Header, WalksOptionsWithinTheirBounds) {
  ByteVector packet = kIpv4;
  packet[0] = 0x46;
  packet.insert(packet.begin() + 20, {0x94, 4, 0, 0});  // router alert
  packet[3] = 32;
  auto header = parse(with_checksum(packet));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->transport_at, 24);
  EXPECT_EQ(header->fault, HeaderFault::none);
  EXPECT_FALSE(header->source_routed);

  packet[20] = 131;  // loose source route
  header = parse(with_checksum(packet));
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->source_routed);

  packet[21] = 5;  // longer than the header
  header = parse(with_checksum(packet));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->fault, HeaderFault::bad_field);
  EXPECT_EQ(header->fault_at, 20);
}

TEST(Ipv4Header, ChangesInPlaceKeepTheChecksumRight) {  // RFC 1624 3
  ByteVector packet = kIpv4;
  for (int hop_limit = 63; hop_limit > 0; --hop_limit) {
    set_hop_limit(packet, static_cast<std::uint8_t>(hop_limit));
    const auto header = parse(packet);
    ASSERT_TRUE(header) << hop_limit;
    EXPECT_EQ(header->hop_limit, hop_limit);
  }
  set_ecn(packet, Ecn::ce);
  const auto header = parse(packet);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->ecn(), Ecn::ce);
}

TEST(Ipv6Header, IsReadFromItsBytes) {
  ByteVector packet = ipv6(kUdp, {0, 53, 0, 53, 0, 8, 0, 0});
  packet[0] = 0x60 | 0x2;  // traffic class 0x2d, flow label 0xabcde
  packet[1] = 0xda;
  packet[2] = 0xbc;
  packet[3] = 0xde;
  const auto header = parse(packet);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->source, IpAddress::v6({0x2001, 0xdb8, 0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(header->destination, IpAddress::v6({0x2001, 0xdb8, 0, 0, 0, 0, 0, 2}));
  EXPECT_EQ(header->total_bytes, 48u);
  EXPECT_EQ(header->traffic_class, 0x2d);
  EXPECT_EQ(header->ecn(), Ecn::ect1);
  EXPECT_EQ(header->flow_label, 0xabcdeu);
  EXPECT_EQ(header->protocol, kUdp);
  EXPECT_EQ(header->transport_at, 40);
  ByteVector written(kIpv6HeaderBytes);
  emit(*header, written);
  EXPECT_TRUE(equal(written, ByteView(packet).first(kIpv6HeaderBytes)));
  set_ecn(packet, Ecn::ce);
  EXPECT_EQ(parse(packet)->ecn(), Ecn::ce);
  EXPECT_EQ(parse(packet)->flow_label, 0xabcdeu);
}

TEST(Ipv6Header, IsRefusedWhenCutShort) {
  const ByteVector packet = ipv6(kUdp, ByteVector(8));
  for (std::size_t size = 0; size < packet.size(); ++size) {
    EXPECT_EQ(parse(ByteView(packet).first(size)).error(), Unusable::truncated) << size;
  }
}

TEST(Ipv6Header, WalksExtensionHeaders) {
  const ByteVector packet = ipv6(kHopByHopOptions, {kDestinationOptions,
                                                    0,
                                                    5,
                                                    2,
                                                    0,
                                                    0,
                                                    1,
                                                    0,  // router alert
                                                    kRoutingHeader,
                                                    0,
                                                    1,
                                                    4,
                                                    0,
                                                    0,
                                                    0,
                                                    0,  // padding
                                                    kUdp,
                                                    0,
                                                    3,
                                                    0,
                                                    0,
                                                    0,
                                                    0,
                                                    0,  // nothing left to visit
                                                    0,
                                                    1,
                                                    0,
                                                    2,
                                                    0,
                                                    8,
                                                    0,
                                                    0});
  const auto header = parse(packet);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->fault, HeaderFault::none);
  EXPECT_EQ(header->protocol, kUdp);
  EXPECT_EQ(header->transport_at, 64);
  EXPECT_EQ(header->protocol_at, 56);
}

TEST(Ipv6Header, SaysWhatIsWrongWithExtensionHeaders) {
  // An option whose high bits say: discard, and answer even to groups.
  auto header = parse(ipv6(kDestinationOptions, {kUdp, 0, 0x80, 4, 0, 0, 0, 0}));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->fault, HeaderFault::unknown_option);
  EXPECT_EQ(header->fault_at, 42);
  EXPECT_TRUE(header->fault_also_to_groups);
  header = parse(ipv6(kDestinationOptions, {kUdp, 0, 0x40, 4, 0, 0, 0, 0}));
  EXPECT_EQ(header->fault, HeaderFault::silent);
  header = parse(ipv6(kDestinationOptions, {kUdp, 0, 0x1e, 4, 0, 0, 0, 0}));
  EXPECT_EQ(header->fault, HeaderFault::none) << "an option that may be skipped";
  header = parse(ipv6(kDestinationOptions, {kUdp, 0, 0x1e, 5, 0, 0, 0, 0}));
  EXPECT_EQ(header->fault, HeaderFault::bad_field) << "an option longer than its header";
  header = parse(ipv6(kRoutingHeader, {kUdp, 0, 0, 1, 0, 0, 0, 0}));
  EXPECT_EQ(header->fault, HeaderFault::bad_field) << "RFC 5095: type 0 with a segment left";
  EXPECT_EQ(header->fault_at, 42);
  header = parse(ipv6(kDestinationOptions, {kUdp, 1, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(header->fault, HeaderFault::bad_field) << "a header longer than the packet";
  header = parse(ipv6(kDestinationOptions, {kHopByHopOptions, 0, 1, 4, 0, 0, 0, 0, kUdp, 0, 1, 4, 0, 0, 0, 0}));
  EXPECT_EQ(header->fault, HeaderFault::unknown_header) << "hop-by-hop options that do not stand first";

  ByteVector many;
  for (std::size_t i = 0; i <= kMaxExtensionHeaders; ++i) {
    many.insert(many.end(), {kDestinationOptions, 0, 1, 4, 0, 0, 0, 0});
  }
  EXPECT_EQ(parse(ipv6(kDestinationOptions, many))->fault, HeaderFault::silent);
}

TEST(Ipv6Header, KnowsFragments) {
  auto header = parse(ipv6(kFragmentHeader, {kUdp, 0, 0, 0x19, 1, 2, 3, 4, 9, 9, 9, 9, 9, 9, 9, 9}));
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->is_fragment());
  EXPECT_EQ(header->fragment_offset_bytes, 24);
  EXPECT_TRUE(header->more_fragments);
  EXPECT_EQ(header->identification, 0x01020304u);
  EXPECT_EQ(header->protocol, kUdp);
  EXPECT_EQ(header->transport_at, 48);
  EXPECT_EQ(header->fragment_named_at, 6);

  // RFC 6946: one that is the whole is none.
  header = parse(ipv6(kFragmentHeader, {kUdp, 0, 0, 0, 1, 2, 3, 4, 0, 1, 0, 2, 0, 8, 0, 0}));
  ASSERT_TRUE(header);
  EXPECT_FALSE(header->is_fragment());
  EXPECT_EQ(header->transport_at, 48);

  // RFC 7112: a first fragment whose headers do not end in it.
  header = parse(ipv6(kFragmentHeader, {kDestinationOptions, 0, 0, 1, 1, 2, 3, 4, kUdp, 1, 1, 4, 0, 0, 0, 0}));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->fault, HeaderFault::incomplete_chain);
}

TEST(QuotedHeader, MayEndBehindTheFixedPart) {
  ByteVector packet = kIpv4;
  packet[10] ^= 1;  // a router need not keep the checksum
  const auto v4 = parse_quoted(ByteView(packet).first(20));
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->total_bytes, 28u);
  EXPECT_FALSE(parse_quoted(ByteView(packet).first(19)));
  const auto v6 = parse_quoted(ByteView(ipv6(kHopByHopOptions, ByteVector(64))).first(44));
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->total_bytes, 104u);
}

}  // namespace
}  // namespace ghostnet::ip::header_test
