#include "ghostnet/runtime/address.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "ghostnet/runtime/random.hpp"

namespace ghostnet::address_test {
namespace {

IpAddress ip(std::string_view text) {
  auto address = IpAddress::parse(text);
  EXPECT_TRUE(address) << address.error().message();
  return address.value_or(IpAddress());
}

template <class T>
std::string error_of(const Result<T>& result) {
  EXPECT_FALSE(result);
  if (result) return "";
  EXPECT_EQ(result.error(), Errc::malformed);
  return std::string(result.error().message());
}

TEST(Addresses, AreSmallTriviallyCopyableAndZeroByDefault) {
  EXPECT_EQ(sizeof(IpAddress), 24U);
  EXPECT_EQ(sizeof(Endpoint), 24U);
  EXPECT_EQ(sizeof(IpPrefix), 32U);
  EXPECT_EQ(sizeof(MacAddress), 6U);
  EXPECT_TRUE(std::is_trivially_copyable_v<IpAddress>);
  EXPECT_TRUE(std::is_trivially_copyable_v<Endpoint>);
  EXPECT_TRUE(std::is_trivially_copyable_v<IpPrefix>);
  EXPECT_TRUE(std::is_trivially_copyable_v<MacAddress>);
  EXPECT_EQ(IpAddress().to_string(), "0.0.0.0");
  EXPECT_EQ(Endpoint().to_string(), "0.0.0.0:0");
  EXPECT_EQ(IpPrefix().to_string(), "0.0.0.0/0");
  EXPECT_EQ(MacAddress().to_string(), "00:00:00:00:00:00");
}

TEST(IpAddress, IsMadeOfNumbersAtCompileTime) {
  constexpr IpAddress v4 = IpAddress::v4(192, 0, 2, 1);
  static_assert(v4 == IpAddress::v4(0xc000'0201));
  static_assert(v4.is_v4() && !v4.is_v6() && v4.v4_value() == 0xc000'0201);
  constexpr IpAddress v6 = IpAddress::v6({0x2001, 0xdb8, 1, 2, 3, 4, 5, 6});
  static_assert(v6 == IpAddress::v6(0x2001'0db8'0001'0002, 0x0003'0004'0005'0006));
  static_assert(v6.is_v6() && v6.high() == 0x2001'0db8'0001'0002 && v6.low() == 0x0003'0004'0005'0006);
  static_assert(v4.byte_size() == 4 && v6.byte_size() == 16 && v4.bit_size() == 32 && v6.bit_size() == 128);
  static_assert(IpAddress::any(IpFamily::v6) == IpAddress::v6(0, 0));
  EXPECT_EQ(IpAddress::loopback(IpFamily::v4).to_string(), "127.0.0.1");
  EXPECT_EQ(IpAddress::loopback(IpFamily::v6).to_string(), "::1");
}

TEST(IpAddress, HasItsBytesInNetworkOrder) {
  EXPECT_EQ(to_hex(ip("192.0.2.1").v4_bytes()), "c0000201");
  EXPECT_EQ(to_hex(ip("2001:db8::a:1").v6_bytes()), "20010db80000000000000000000a0001");
  EXPECT_EQ(to_hex(ip("192.0.2.1").v6_bytes()), "00000000000000000000ffffc0000201");
  EXPECT_EQ(IpAddress::from_bytes(parse_hex("c0000201").value()).value(), ip("192.0.2.1"));
  EXPECT_EQ(IpAddress::from_bytes(parse_hex("20010db80000000000000000000a0001").value()).value(), ip("2001:db8::a:1"));
  EXPECT_EQ(error_of(IpAddress::from_bytes(parse_hex("c00002").value())), "an address of 3 bytes: expected 4 or 16");
  std::array<std::uint8_t, 20> room{};
  ByteWriter out(room);
  ip("192.0.2.1").write_to(out);
  ip("2001:db8::a:1").write_to(out);
  EXPECT_EQ(to_hex(out.written()), "c000020120010db80000000000000000000a0001");
}

TEST(IpAddress, ReadsFourDecimalNumbers) {
  EXPECT_EQ(ip("0.0.0.0"), IpAddress());
  EXPECT_EQ(ip("10.20.30.40"), IpAddress::v4(10, 20, 30, 40));
  EXPECT_EQ(ip("255.255.255.255"), IpAddress::v4_broadcast());
}

TEST(IpAddress, RefusesTheV4FormsThatOthersReadDifferently) {
  for (const std::string_view text :
       {"",           "1",          "1.2",       "1.2.3",    "1.2.3.4.5", "1.2.3.",
        ".1.2.3",     "1..2.3",     "01.2.3.4",  "1.2.3.00", "256.1.1.1", "1.2.3.999999999999999999999",
        "0x7f.0.0.1", "2130706433", "1.2.3.4 ",  " 1.2.3.4", "1.2.3.4\n", "+1.2.3.4",
        "1.2.3.-4",   "1.2.3.4%1",  "1.2.3.4/8", "a.b.c.d",  "localhost", "1.2.3.\xd9\xa4"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
  EXPECT_EQ(error_of(IpAddress::parse("10.0.0")), "address \"10.0.0\": expected four numbers between dots");
  EXPECT_EQ(error_of(IpAddress::parse("10.0.0.010")),
            "address \"10.0.0.010\": expected decimal numbers from 0 to 255, without leading zeros");
}

TEST(IpAddress, ReadsEveryFormOfRfc4291) {
  const IpAddress full = IpAddress::v6({0xabcd, 0xef01, 0x2345, 0x6789, 0xabcd, 0xef01, 0x2345, 0x6789});
  EXPECT_EQ(ip("ABCD:EF01:2345:6789:ABCD:EF01:2345:6789"), full);
  EXPECT_EQ(ip("2001:DB8:0:0:8:800:200C:417A"), IpAddress::v6({0x2001, 0xdb8, 0, 0, 8, 0x800, 0x200c, 0x417a}));
  EXPECT_EQ(ip("2001:0db8:0000:0000:0008:0800:200c:417a"), ip("2001:DB8::8:800:200C:417A"));
  EXPECT_EQ(ip("FF01::101"), IpAddress::v6({0xff01, 0, 0, 0, 0, 0, 0, 0x101}));
  EXPECT_EQ(ip("::1"), IpAddress::v6(0, 1));
  EXPECT_EQ(ip("::"), IpAddress::v6(0, 0));
  EXPECT_EQ(ip("1::"), IpAddress::v6({1, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(ip("1:2:3:4:5:6:7::"), IpAddress::v6({1, 2, 3, 4, 5, 6, 7, 0}));
  EXPECT_EQ(ip("::2:3:4:5:6:7:8"), IpAddress::v6({0, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(ip("1::3:4:5:6:7:8"), IpAddress::v6({1, 0, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(ip("0:0:0:0:0:0:13.1.68.3"), IpAddress::v6(0, 0x0d01'4403));
  EXPECT_EQ(ip("::FFFF:129.144.52.38"), IpAddress::v6(0, 0xffff'8190'3426));
  EXPECT_EQ(ip("64:ff9b::192.0.2.33"), IpAddress::v6({0x64, 0xff9b, 0, 0, 0, 0, 0xc000, 0x0221}));
  EXPECT_EQ(ip("::1.2.3.4"), IpAddress::v6(0, 0x0102'0304));
  EXPECT_EQ(ip("1:2:3:4:5::1.2.3.4"), IpAddress::v6({1, 2, 3, 4, 5, 0, 0x0102, 0x0304}));
}

TEST(IpAddress, RefusesEveryOtherV6Form) {
  for (const std::string_view text : {":",
                                      ":::",
                                      "1",
                                      "1:",
                                      ":1",
                                      "1::2::3",
                                      "::1::",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "1:2:3:4:5:6:7:8::",
                                      "::1:2:3:4:5:6:7:8",
                                      "1:2:3:4::5:6:7:8",
                                      "1:::2",
                                      "::1:",
                                      ":1::",
                                      "12345::",
                                      "::00001",
                                      "g::",
                                      "::-1",
                                      ":: 1",
                                      "::1 ",
                                      "[::1]",
                                      "1.2.3.4::",
                                      "::1.2.3.4:5",
                                      "::1.2.3",
                                      "::1.2.3.4.5",
                                      "::1.2.3.04",
                                      "1:2:3:4:5:6:7:1.2.3.4",
                                      "1:2:3:4:5:6:7::1.2.3.4",
                                      "::1/128",
                                      "::0x1"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_EQ(error_of(IpAddress::parse("1:2")), "address \"1:2\": expected eight groups, or a \"::\"");
  EXPECT_EQ(error_of(IpAddress::parse("1::2::3")), "address \"1::2::3\": expected \"::\" once at most");
  EXPECT_EQ(error_of(IpAddress::parse("1:2:3:4::5:6:7:8")),
            "address \"1:2:3:4::5:6:7:8\": expected fewer than eight groups around \"::\"");
}

TEST(IpAddress, ReadsZonesAsNumbersOnly) {
  EXPECT_EQ(ip("fe80::1%2").scope_id(), 2U);
  EXPECT_EQ(ip("fe80::1%4294967295").scope_id(), 0xffff'ffffU);
  EXPECT_EQ(ip("fe80::1%2").to_string(), "fe80::1%2");
  EXPECT_NE(ip("fe80::1%2"), ip("fe80::1"));
  EXPECT_NE(ip("fe80::1%2"), ip("fe80::1%3"));
  EXPECT_EQ(ip("fe80::1%2").without_scope_id(), ip("fe80::1"));
  EXPECT_EQ(ip("10.0.0.1").with_scope_id(7), ip("10.0.0.1"));
  for (const std::string_view text : {"fe80::1%", "fe80::1%0", "fe80::1%02", "fe80::1%4294967296", "fe80::1%-1",
                                      "fe80::1%eth0", "fe80::1%1%2", "%1", "::%1x"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_EQ(error_of(IpAddress::parse("fe80::1%eth0")),
            "address \"fe80::1%eth0\": expected a zone number from 1 to 4294967295 after '%'");
}

TEST(IpAddress, ErrorsShowHostileTextEscapedAndClipped) {
  EXPECT_EQ(error_of(IpAddress::parse("\x1b[2J\n\xff")),
            "address \"\\x1b[2J\\n\\xff\": expected four numbers between dots");
  const std::string long_error = error_of(IpAddress::parse(std::string(100'000, '1')));
  EXPECT_LT(long_error.size(), 200U);
  EXPECT_NE(long_error.find("1\"...: expected"), std::string::npos) << long_error;
}

TEST(IpAddress, PrintsAsRfc5952Wants) {
  const auto canonical = [](std::string_view text) { return ip(text).to_string(); };
  EXPECT_EQ(canonical("2001:0db8::0001"), "2001:db8::1");                // 4.1
  EXPECT_EQ(canonical("2001:db8:0:0:0:0:2:1"), "2001:db8::2:1");         // 4.2.1
  EXPECT_EQ(canonical("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");  // 4.2.2
  EXPECT_EQ(canonical("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");           // 4.2.3, the longest
  EXPECT_EQ(canonical("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");     // 4.2.3, the first of equals
  EXPECT_EQ(canonical("2001:DB8:AAAA::C"), "2001:db8:aaaa::c");          // 4.3
  EXPECT_EQ(canonical("::ffff:c000:201"), "::ffff:192.0.2.1");           // 5
  EXPECT_EQ(canonical("::ffff:192.0.2.1%3"), "::ffff:192.0.2.1%3");
  EXPECT_EQ(canonical("0:0:0:0:0:0:0:0"), "::");
  EXPECT_EQ(canonical("0:0:0:0:0:0:0:1"), "::1");
  EXPECT_EQ(canonical("1:0:0:0:0:0:0:0"), "1::");
  EXPECT_EQ(canonical("0:0:3:4:5:6:7:8"), "::3:4:5:6:7:8");
  EXPECT_EQ(canonical("1:2:3:4:5:6:0:0"), "1:2:3:4:5:6::");
  EXPECT_EQ(canonical("::2:3:4:5:6:7:8"), "0:2:3:4:5:6:7:8");
  EXPECT_EQ(canonical("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295"),
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295");
  EXPECT_EQ(canonical("1.20.0.255"), "1.20.0.255");
}

// Addresses with many zero groups, where the difficult texts are.
IpAddress random_address(Random& random) {
  if (random.below(3) == 0) return IpAddress::v4(static_cast<std::uint32_t>(random.next_u64()));
  std::array<std::uint16_t, 8> groups{};
  for (std::uint16_t& group : groups) {
    if (random.below(2) == 0) group = static_cast<std::uint16_t>((random.next_u64() & 0xffff) >> random.below(16));
  }
  return IpAddress::v6(groups, random.below(4) == 0 ? static_cast<std::uint32_t>(random.next_u64()) : 0);
}

TEST(IpAddress, ReadsBackWhatItPrints) {
  Random random = Random::from_state(11, 12);
  for (int i = 0; i < 20000; ++i) {
    const IpAddress address = random_address(random);
    ASSERT_EQ(ip(address.to_string()), address) << address.to_string();
    const IpAddress bare = address.without_scope_id();
    ASSERT_EQ(bare.is_v4() ? IpAddress::from_v4_bytes(bare.v4_bytes()) : IpAddress::from_v6_bytes(bare.v6_bytes()),
              bare);
  }
}

TEST(IpAddress, GoesToAndFromItsMappedForm) {
  const IpAddress mapped = ip("::ffff:192.0.2.1");
  EXPECT_TRUE(mapped.is_v4_mapped());
  EXPECT_EQ(mapped.unmapped(), ip("192.0.2.1"));
  EXPECT_EQ(ip("192.0.2.1").to_v6(), mapped);
  EXPECT_NE(mapped, ip("192.0.2.1"));
  EXPECT_FALSE(ip("::fffe:1.2.3.4").is_v4_mapped());
  EXPECT_FALSE(ip("1::ffff:1.2.3.4").is_v4_mapped());
  EXPECT_FALSE(ip("::1:ffff:1.2.3.4").is_v4_mapped());
  EXPECT_FALSE(ip("0.0.255.255").is_v4_mapped());
  EXPECT_EQ(ip("2001:db8::1").unmapped(), ip("2001:db8::1"));
  EXPECT_EQ(ip("2001:db8::1").to_v6(), ip("2001:db8::1"));
}

// Each row: the addresses at both ends of a class, and those just outside.
TEST(IpAddress, KnowsItsClass) {
  struct Class {
    const char* name;
    bool (*holds)(const IpAddress&);
    std::vector<std::string_view> inside;
    std::vector<std::string_view> outside;
  };
  const Class classes[] = {
      {"unspecified",
       [](const IpAddress& a) { return a.is_unspecified(); },
       {"0.0.0.0", "::", "::ffff:0.0.0.0"},
       {"0.0.0.1", "::1", "1::"}},
      {"loopback",
       [](const IpAddress& a) { return a.is_loopback(); },
       {"127.0.0.0", "127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"},
       {"126.255.255.255", "128.0.0.0", "::", "::2", "1::1", "::127.0.0.1"}},
      {"multicast",
       [](const IpAddress& a) { return a.is_multicast(); },
       {"224.0.0.0", "239.255.255.255", "ff00::", "ffff::", "ff02::fb", "::ffff:224.0.0.251"},
       {"223.255.255.255", "240.0.0.0", "feff::", "::"}},
      {"link-local",
       [](const IpAddress& a) { return a.is_link_local(); },
       {"169.254.0.0", "169.254.255.255", "fe80::", "febf:ffff::", "fe80::1%3"},
       {"169.253.255.255", "169.255.0.0", "fe7f::", "fec0::", "ff02::1"}},
      {"private",
       [](const IpAddress& a) { return a.is_private(); },
       {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255",
        "fc00::", "fdff::", "::ffff:10.1.2.3"},
       {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
        "fbff::", "fe00::", "100.64.0.1"}},
      {"shared",
       [](const IpAddress& a) { return a.is_shared(); },
       {"100.64.0.0", "100.127.255.255"},
       {"100.63.255.255", "100.128.0.0", "64:40::"}},
      {"broadcast",
       [](const IpAddress& a) { return a.is_broadcast(); },
       {"255.255.255.255", "::ffff:255.255.255.255"},
       {"255.255.255.254", "10.255.255.255", "::255.255.255.255"}},
  };
  for (const Class& c : classes) {
    for (const std::string_view text : c.inside) EXPECT_TRUE(c.holds(ip(text))) << text << " is " << c.name;
    for (const std::string_view text : c.outside) EXPECT_FALSE(c.holds(ip(text))) << text << " is not " << c.name;
  }
}

TEST(IpAddress, IsOrderedByFamilyNumberAndScope) {
  const std::vector<IpAddress> ordered = {ip("0.0.0.0"),  ip("1.2.3.4"), ip("127.0.0.1"), ip("128.0.0.0"),
                                          ip("::"),       ip("::1"),     ip("::1%1"),     ip("::1%2"),
                                          ip("::8000:0"), ip("1::"),     ip("8000::"),    ip("fe80::1%9")};
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    for (std::size_t j = 0; j < ordered.size(); ++j) EXPECT_EQ(ordered[i] <=> ordered[j], i <=> j);
  }
}

TEST(Endpoint, IsAnAddressAndAPort) {
  constexpr Endpoint endpoint(IpAddress::v6(0xfe80'0000'0000'0000, 1, 0xffff'ffff), 65535);
  static_assert(endpoint.address() == IpAddress::v6(0xfe80'0000'0000'0000, 1, 0xffff'ffff));
  static_assert(endpoint.port() == 65535 && endpoint.is_v6());
  static_assert(endpoint.with_port(1).port() == 1 && endpoint.with_port(1).address() == endpoint.address());
  EXPECT_EQ(Endpoint(ip("::ffff:10.0.0.1"), 9).unmapped(), Endpoint(ip("10.0.0.1"), 9));
  EXPECT_NE(Endpoint(ip("10.0.0.1"), 1), Endpoint(ip("10.0.0.1"), 2));
  EXPECT_NE(Endpoint(ip("10.0.0.1"), 1), Endpoint(ip("10.0.0.2"), 1));
}

TEST(Endpoint, ReadsAndPrintsBothFamilies) {
  for (const std::string_view text : {"10.0.0.1:80", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:80", "[::]:0",
                                      "[fe80::1%2]:5353", "[2001:db8::1]:443", "[::ffff:10.0.0.1]:1"}) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint) << endpoint.error().message();
    EXPECT_EQ(endpoint->to_string(), text);
  }
  const Endpoint parsed = Endpoint::parse("[fe80::1%2]:5353").value();
  EXPECT_EQ(parsed.address(), ip("fe80::1%2"));
  EXPECT_EQ(parsed.port(), 5353U);
}

TEST(Endpoint, RefusesOtherForms) {
  for (const std::string_view text : {"",
                                      ":",
                                      ":80",
                                      "10.0.0.1",
                                      "10.0.0.1:",
                                      "10.0.0.1:080",
                                      "10.0.0.1:65536",
                                      "10.0.0.1:-1",
                                      "10.0.0.1:+1",
                                      "10.0.0.1:80 ",
                                      "10.0.0.1 :80",
                                      "10.0.0.1:http",
                                      "::1",
                                      "::1:80",
                                      "1:2:3:4:5:6:7:8:80",
                                      "[::1]",
                                      "[::1]:",
                                      "[::1]80",
                                      "[::1:80",
                                      "::1]:80",
                                      "[10.0.0.1]:80",
                                      "[]:80",
                                      "[[::1]]:80",
                                      "[::1]:80]:80",
                                      "localhost:80"}) {
    EXPECT_FALSE(Endpoint::parse(text)) << text;
  }
  EXPECT_EQ(error_of(Endpoint::parse("::1:80")), "endpoint \"::1:80\": expected brackets around an IPv6 address");
  EXPECT_EQ(error_of(Endpoint::parse("10.0.0.1")), "endpoint \"10.0.0.1\": expected \":\" and a port");
  EXPECT_EQ(error_of(Endpoint::parse("[::1]")), "endpoint \"[::1]\": expected \"]:\" and a port");
  EXPECT_EQ(error_of(Endpoint::parse("[10.0.0.1]:80")),
            "endpoint \"[10.0.0.1]:80\": expected an IPv6 address in the brackets");
  EXPECT_EQ(error_of(Endpoint::parse("10.0.0.1:70000")),
            "endpoint \"10.0.0.1:70000\": expected a port from 0 to 65535, without leading zeros");
}

TEST(Endpoint, IsOrderedByAddressThenPort) {
  Random random = Random::from_state(13, 14);
  for (int i = 0; i < 5000; ++i) {
    const IpAddress a = random_address(random);
    const IpAddress b = random.below(2) == 0 ? a : random_address(random);
    const auto p = static_cast<std::uint16_t>(random.below(3));
    const auto q = static_cast<std::uint16_t>(random.below(3));
    ASSERT_EQ(Endpoint(a, p) <=> Endpoint(b, q), std::tie(a, p) <=> std::tie(b, q));
    ASSERT_EQ(Endpoint(a, p) == Endpoint(b, q), a == b && p == q);
    ASSERT_EQ(Endpoint::parse(Endpoint(a, p).to_string()).value(), Endpoint(a, p));
  }
}

TEST(IpPrefix, ClearsTheBitsBeyondItsLength) {
  EXPECT_EQ(IpPrefix(ip("10.1.2.3"), 8).to_string(), "10.0.0.0/8");
  EXPECT_EQ(IpPrefix(ip("10.1.2.255"), 31).to_string(), "10.1.2.254/31");
  EXPECT_EQ(IpPrefix(ip("10.1.2.3"), 0).to_string(), "0.0.0.0/0");
  EXPECT_EQ(IpPrefix(ip("10.1.2.3"), 32).to_string(), "10.1.2.3/32");
  EXPECT_EQ(IpPrefix(ip("2001:db8:ffff::1"), 33).to_string(), "2001:db8:8000::/33");
  EXPECT_EQ(IpPrefix(ip("2001:db8::ffff:0:0:1"), 64).to_string(), "2001:db8::/64");
  EXPECT_EQ(IpPrefix(ip("2001:db8::ffff:0:0:1"), 65).to_string(), "2001:db8:0:0:8000::/65");
  EXPECT_EQ(IpPrefix(ip("fe80::1%2"), 128).to_string(), "fe80::1/128");
  EXPECT_EQ(IpPrefix(ip("fe80::1"), 0).to_string(), "::/0");
  EXPECT_EQ(IpPrefix(ip("10.1.2.3"), 99).length(), 32U);
}

TEST(IpPrefix, ContainsFromItsFirstToItsLastAddress) {
  const IpPrefix lan(ip("192.168.4.0"), 22);
  EXPECT_EQ(lan.first(), ip("192.168.4.0"));
  EXPECT_EQ(lan.last(), ip("192.168.7.255"));
  EXPECT_TRUE(lan.contains(lan.first()));
  EXPECT_TRUE(lan.contains(lan.last()));
  EXPECT_FALSE(lan.contains(ip("192.168.3.255")));
  EXPECT_FALSE(lan.contains(ip("192.168.8.0")));
  EXPECT_FALSE(lan.contains(ip("::ffff:192.168.4.1")));
  EXPECT_FALSE(IpPrefix(ip("::"), 0).contains(ip("10.0.0.1")));
  EXPECT_FALSE(IpPrefix(ip("0.0.0.0"), 0).contains(ip("::")));
  EXPECT_TRUE(IpPrefix(ip("0.0.0.0"), 0).contains(ip("255.255.255.255")));
  EXPECT_TRUE(IpPrefix(ip("fe80::"), 10).contains(ip("fe80::1%7")));
  EXPECT_EQ(IpPrefix(ip("2001:db8::"), 32).last(), ip("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"));
  EXPECT_TRUE(lan.contains(IpPrefix(ip("192.168.6.0"), 24)));
  EXPECT_TRUE(lan.contains(lan));
  EXPECT_FALSE(lan.contains(IpPrefix(ip("192.168.0.0"), 16)));
  EXPECT_FALSE(IpPrefix(ip("10.0.0.0"), 8).contains(IpPrefix(ip("10.0.0.0"), 7)));
}

// Bit by bit, against the words and masks of the implementation.
TEST(IpPrefix, ContainsExactlyTheAddressesThatShareItsBits) {
  Random random = Random::from_state(15, 16);
  for (int i = 0; i < 5000; ++i) {
    const IpAddress base = random_address(random).without_scope_id();
    auto bytes = base.v6_bytes();
    const unsigned flipped = static_cast<unsigned>(random.below(base.bit_size()));
    const unsigned at = flipped + (base.is_v4() ? 96 : 0);
    bytes[at / 8] = static_cast<std::uint8_t>(bytes[at / 8] ^ 0x80 >> at % 8);
    const IpAddress other = base.is_v4() ? IpAddress::from_v6_bytes(bytes).unmapped() : IpAddress::from_v6_bytes(bytes);
    const unsigned length = static_cast<unsigned>(random.below(base.bit_size() + 1));
    const IpPrefix prefix(base, length);
    ASSERT_TRUE(prefix.contains(base));
    ASSERT_EQ(prefix.contains(other), flipped >= length) << prefix.to_string() << " " << other.to_string();
    ASSERT_TRUE(prefix.contains(prefix.first()) && prefix.contains(prefix.last()));
    ASSERT_LE(prefix.first(), base);
    ASSERT_GE(prefix.last(), base);
    ASSERT_EQ(IpPrefix::parse(prefix.to_string()).value(), prefix);
  }
}

TEST(IpPrefix, IsReadStrictlyUnlessTheCallerForgives) {
  EXPECT_EQ(IpPrefix::parse("10.0.0.0/8").value(), IpPrefix(ip("10.0.0.0"), 8));
  EXPECT_EQ(IpPrefix::parse("::/0").value(), IpPrefix(ip("::"), 0));
  EXPECT_EQ(IpPrefix::parse("2001:db8::1/128").value().length(), 128U);
  EXPECT_EQ(error_of(IpPrefix::parse("10.0.0.1/8")),
            "prefix \"10.0.0.1/8\": expected zero bits beyond the length, as in 10.0.0.0/8");
  EXPECT_EQ(IpPrefix::parse("10.0.0.1/8", IpPrefix::HostBits::clear).value(), IpPrefix(ip("10.0.0.0"), 8));
  for (const std::string_view text :
       {"", "/", "10.0.0.0", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10/8", "::/129",
        "fe80::%1/64", "10.0.0.0/255.0.0.0", "10.0.0.0/8/8", "10.0.0.0 /8"}) {
    EXPECT_FALSE(IpPrefix::parse(text, IpPrefix::HostBits::clear)) << text;
  }
  EXPECT_EQ(error_of(IpPrefix::parse("::/129")), "prefix \"::/129\": expected a length from 0 to 128");
}

TEST(IpPrefix, MakeRefusesALengthThatTheAddressDoesNotHave) {
  EXPECT_EQ(IpPrefix::make(ip("10.0.0.1"), 32).value().length(), 32U);
  EXPECT_EQ(IpPrefix::make(ip("10.0.0.1"), 33).error(), Errc::invalid_argument);
  EXPECT_EQ(IpPrefix::make(ip("::"), 129).error().message(), "a prefix of 129 bits of ::: at most 128");
}

TEST(LongestMatch, FindsTheNarrowestBlockThatContainsTheAddress) {
  struct Route {
    IpPrefix to;
    int via;
  };
  const std::vector<Route> routes = {{IpPrefix(ip("10.0.0.0"), 8), 1},
                                     {IpPrefix(ip("0.0.0.0"), 0), 2},
                                     {IpPrefix(ip("10.1.0.0"), 16), 3},
                                     {IpPrefix(ip("10.1.0.0"), 16), 4},
                                     {IpPrefix(ip("fd00::"), 8), 5}};
  const auto via = [&routes](std::string_view text) {
    const auto found = longest_match(routes, ip(text), &Route::to);
    return found == routes.end() ? 0 : found->via;
  };
  EXPECT_EQ(via("10.2.0.1"), 1);
  EXPECT_EQ(via("8.8.8.8"), 2);
  EXPECT_EQ(via("10.1.2.3"), 3) << "the first of equals";
  EXPECT_EQ(via("fd12::1"), 5);
  EXPECT_EQ(via("2001:db8::1"), 0);
}

TEST(MacAddress, ReadsColonsAndDashesAndPrintsColons) {
  const MacAddress expected({0x02, 0x00, 0x5e, 0x10, 0x00, 0xfb});
  EXPECT_EQ(MacAddress::parse("02:00:5e:10:00:fb").value(), expected);
  EXPECT_EQ(MacAddress::parse("02-00-5E-10-00-FB").value(), expected);
  EXPECT_EQ(expected.to_string(), "02:00:5e:10:00:fb");
  EXPECT_EQ(expected.value(), 0x0200'5e10'00fbU);
  for (const std::string_view text :
       {"", "02:00:5e:10:00", "02:00:5e:10:00:fb:", "02:00:5e:10:00-fb", "0200.5e10.00fb", "02005e1000fb",
        "2:0:5e:10:0:fb", "02:00:5e:10:00:fg", "02:00:5e:10:00: b", "02 00 5e 10 00 fb", "02:00:5e:10:00:fb "}) {
    EXPECT_FALSE(MacAddress::parse(text)) << text;
  }
  EXPECT_EQ(error_of(MacAddress::parse("02:00")),
            "MAC address \"02:00\": expected six pairs of hexadecimal digits between colons or dashes");
}

TEST(MacAddress, KnowsItsBits) {
  static_assert(MacAddress::broadcast().is_broadcast() && MacAddress::broadcast().is_multicast());
  EXPECT_TRUE(MacAddress({0x01, 0, 0x5e, 0, 0, 0xfb}).is_multicast());
  EXPECT_FALSE(MacAddress({0x02, 0, 0, 0, 0, 1}).is_multicast());
  EXPECT_TRUE(MacAddress({0x02, 0, 0, 0, 0, 1}).is_locally_administered());
  EXPECT_FALSE(MacAddress({0x00, 0, 0, 0, 0, 1}).is_locally_administered());
  EXPECT_LT(MacAddress({0x02, 0, 0, 0, 0, 9}), MacAddress({0x02, 0, 0, 0, 1, 0}));
}

TEST(Addresses, AreFormattedLikeText) {
  EXPECT_EQ(fmt::format("{} {} {} {}", ip("::1"), Endpoint(ip("10.0.0.1"), 80), IpPrefix(ip("10.0.0.0"), 8),
                        MacAddress({2, 0, 0, 0, 0, 1})),
            "::1 10.0.0.1:80 10.0.0.0/8 02:00:00:00:00:01");
  EXPECT_EQ(fmt::format("[{:>12}|{:<12}]", ip("10.0.0.1"), ip("::1")), "[    10.0.0.1|::1         ]");
}

TEST(Addresses, HashTheSameOnEveryMachine) {
  EXPECT_EQ(ip("10.0.0.1").hash(), 0x24e6'0b45'a7da'8c40U);
  EXPECT_EQ(Endpoint(ip("::1"), 443).hash(), 0x965e'0b09'6d76'452cU);
  EXPECT_EQ(MacAddress({2, 0, 0x5e, 0x10, 0, 1}).hash(), 0x7f3e'aab5'34c0'924fU);
}

TEST(Addresses, HashNeighboursApart) {
  std::unordered_set<Endpoint> endpoints;
  std::set<std::uint64_t> hashes;
  std::vector<int> buckets(1024);
  for (std::uint32_t host = 0; host < 256; ++host) {
    for (std::uint16_t port = 4000; port < 4064; ++port) {
      const Endpoint endpoint(IpAddress::v4(0x0a00'0000 + host), port);
      endpoints.insert(endpoint);
      hashes.insert(endpoint.hash());
      ++buckets[endpoint.hash() % buckets.size()];
    }
  }
  EXPECT_EQ(endpoints.size(), 256U * 64U);
  EXPECT_EQ(hashes.size(), 256U * 64U);
  EXPECT_LT(*std::ranges::max_element(buckets), 48);  // 16 expected
  EXPECT_NE(ip("0.0.0.1").hash(), ip("::1").hash());
  EXPECT_NE(IpPrefix(ip("10.0.0.0"), 8).hash(), IpPrefix(ip("10.0.0.0"), 9).hash());
}

}  // namespace
}  // namespace ghostnet::address_test
