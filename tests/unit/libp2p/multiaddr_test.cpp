// Multiaddr: text and bytes of every protocol, there and back, and what is refused.
#include "ghostnet/libp2p/multiaddr.hpp"

#include <gtest/gtest.h>

namespace ghostnet::libp2p::multiaddr_test {
namespace {

constexpr std::string_view kPeer = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

TEST(Multiaddr, BytesAreThoseOfTheTable) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"/ip4/127.0.0.1/udp/1234", "047f000001910204d2"},
      {"/ip4/127.0.0.1/tcp/4321", "047f0000010610e1"},
      {"/ip6/2001:8a0:7ac5:4201:3ac9:86ff:fe31:7095/tcp/8000", "29200108a07ac542013ac986fffe317095061f40"},
      {"/dns4/example.com/tcp/443/wss", "360b6578616d706c652e636f6d0601bbde03"},
      {"/ip4/10.0.0.1/udp/9/quic-v1", "040a00000191020009cd03"},
      {"/p2p-circuit", "a202"},
      {"/unix/a/b",
       "900304"
       "2f612f62"},
      {"/memory/7",
       "8906"
       "0000000000000007"},
  };
  for (const auto& [text, bytes] : cases) {
    const auto address = Multiaddr::parse(text);
    ASSERT_TRUE(address) << text << ": " << address.error().message();
    EXPECT_EQ(to_hex(address->bytes()), bytes) << text;
    EXPECT_EQ(address->text(), text);
    const auto read = Multiaddr::from_bytes(address->bytes());
    ASSERT_TRUE(read) << text << ": " << read.error().message();
    EXPECT_EQ(*read, *address);
  }
}

TEST(Multiaddr, TextComesBackTheSame) {
  for (std::string text :
       {std::string("/ip4/1.2.3.4/tcp/80/p2p/") + std::string(kPeer), std::string("/dns/a.b/udp/1"),
        std::string("/dnsaddr/bootstrap.libp2p.io/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"),
        std::string("/ip6zone/eth0/ip6/fe80::1/tcp/2"), std::string("/ip4/1.2.3.0/ipcidr/24"),
        std::string(
            "/ip4/1.2.3.4/udp/4001/quic-v1/webtransport/certhash/uEiDDq4_xNyDorZBH3TlGazyJdOWSwvo4PUo5YHFMrvDE8g"),
        std::string("/dns6/x/tcp/1/tls/sni/y/ws"), std::string("/ip4/1.2.3.4/udp/1/webrtc-direct"),
        std::string("/ip4/1.2.3.4/tcp/1/p2p/") + std::string(kPeer) + "/p2p-circuit/p2p/" + std::string(kPeer),
        std::string("/onion3/vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:1234"),
        std::string("/ip4/1.2.3.4/sctp/1"), std::string("/dns4/x/tcp/1/http"), std::string("/dns4/x/tcp/1/https"),
        std::string("/ip4/1.2.3.4/dccp/1"), std::string("/dns4/x/tcp/1/noise"),
        std::string("/ip4/1.2.3.4/udp/1/quic")}) {
    const auto address = Multiaddr::parse(text);
    ASSERT_TRUE(address) << text << ": " << address.error().message();
    EXPECT_EQ(address->text(), text);
    EXPECT_EQ(*Multiaddr::from_bytes(address->bytes()), *address);
  }
  EXPECT_EQ(Multiaddr::parse("/ip4/1.2.3.4/tcp/1/ipfs/" + std::string(kPeer))->peer()->text(), kPeer);
  EXPECT_EQ(Multiaddr::parse("/ip4/1.2.3.4/tcp/1/")->text(), "/ip4/1.2.3.4/tcp/1");
}

TEST(Multiaddr, RefusesWhatIsNone) {
  for (const char* text : {"", "ip4/1.2.3.4", "/ip4", "/ip4/1.2.3", "/ip4/::1", "/ip6/1.2.3.4", "/tcp/70000", "/tcp/-1",
                           "/tcp/", "/dns/", "/p2p/nobody", "/certhash/x", "/onion3/a:1", "/unix", "/memory/x", "//"}) {
    EXPECT_FALSE(Multiaddr::parse(text)) << text;
  }
  EXPECT_EQ(Multiaddr::parse("/carrier-pigeon/1").error(), Errc::not_supported);
  EXPECT_EQ(Multiaddr::from_bytes(parse_hex("ff7f").value().view()).error(), Errc::not_supported);
  for (const char* bytes : {"04", "047f0000", "3500", "35057f", "350161ff", "a50301ff", "8400", "8600", "350120"}) {
    EXPECT_FALSE(Multiaddr::from_bytes(parse_hex(bytes)->view())) << bytes;
  }
  EXPECT_EQ(Multiaddr::from_bytes(std::vector<std::uint8_t>(2000)).error(), Errc::limit);
}

TEST(Multiaddr, APeerIsPutAtTheEndAndTakenAway) {
  const auto peer = *PeerId::parse(kPeer);
  const auto bare = *Multiaddr::parse("/ip4/1.2.3.4/tcp/5");
  EXPECT_EQ(bare.peer(), std::nullopt);
  EXPECT_EQ(bare.without_peer(), bare);
  EXPECT_EQ(bare.with_peer(peer).peer(), peer);
  EXPECT_EQ(bare.with_peer(peer).without_peer(), bare);
  EXPECT_EQ(bare.with_peer(peer).with_peer(peer), bare.with_peer(peer));
  EXPECT_TRUE(bare.has(MultiaddrCode::tcp));
  EXPECT_FALSE(bare.has(MultiaddrCode::p2p));
  EXPECT_EQ(bare.join(*Multiaddr::parse("/ws"))->text(), "/ip4/1.2.3.4/tcp/5/ws");
}

TEST(Multiaddr, SaysWhereToDial) {
  const auto literal = tcp_target(*Multiaddr::parse("/ip6/::1/tcp/5/p2p/" + std::string(kPeer)));
  ASSERT_TRUE(literal);
  EXPECT_EQ(Endpoint(literal->address, literal->port), Endpoint(IpAddress::loopback(IpFamily::v6), 5));
  const auto named = tcp_target(*Multiaddr::parse("/dns4/a.example/tcp/6"));
  ASSERT_TRUE(named);
  EXPECT_EQ(named->name, "a.example");
  EXPECT_EQ(named->family, IpFamily::v4);
  for (const char* text : {"/ip4/1.2.3.4/udp/5", "/ip4/1.2.3.4/tcp/5/ws", "/dnsaddr/x/tcp/5", "/tcp/5"}) {
    EXPECT_EQ(tcp_target(*Multiaddr::parse(text)).error(), Errc::not_supported) << text;
  }
  EXPECT_EQ(Multiaddr::tcp(Endpoint(IpAddress::v4(10, 0, 0, 1), 80)).text(), "/ip4/10.0.0.1/tcp/80");
  EXPECT_EQ(Multiaddr::udp(Endpoint(IpAddress::loopback(IpFamily::v6), 80)).text(), "/ip6/::1/udp/80");
}

}  // namespace
}  // namespace ghostnet::libp2p::multiaddr_test
