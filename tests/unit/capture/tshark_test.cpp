// What Wireshark's own reader makes of our traces. Skips where tshark is not installed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "ghostnet/capture/pcapng.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::capture::tshark_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Octets = std::vector<std::uint8_t>;

Octets joined(std::initializer_list<ByteView> parts) {
  Octets whole;
  for (const ByteView part : parts) whole.insert(whole.end(), part.begin(), part.end());
  return whole;
}

// RFC 1071, over an even number of bytes.
std::uint16_t internet_checksum(ByteView bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) sum += load_be<std::uint16_t>(&bytes[i]);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// From port 4001 to port 4002, "ping", under the given addresses.
Octets udp_datagram(ByteView addresses) {
  Octets udp = {0x0f, 0xa1, 0x0f, 0xa2, 0, 12, 0, 0, 'p', 'i', 'n', 'g'};
  const std::uint8_t length_and_protocol[] = {0, 12, 0, 17};
  store_be(&udp[6], internet_checksum(joined({addresses, length_and_protocol, udp})));
  return udp;
}

Octets udp_over_ipv4() {
  Octets ip = {0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};
  store_be(&ip[10], internet_checksum(ip));
  return joined({ip, udp_datagram(ByteView(ip).subspan(12, 8))});
}

Octets udp_over_ipv6() {
  Octets ip = {0x60, 0, 0, 0, 0, 12, 17, 64};
  const std::uint8_t addresses[32] = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,   // fd00::1
                                      0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};  // fd00::2
  return joined({ip, addresses, udp_datagram(addresses)});
}

Octets in_ethernet(ByteView ip) {
  const std::uint8_t header[] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00};
  return joined({header, ip});
}

struct Tshark : testing::Test {
  std::string path = testing::TempDir() + "ghostnet_tshark_" + std::to_string(getpid()) + ".pcapng";
  std::FILE* file = nullptr;

  void SetUp() override {
    if (std::system("command -v tshark >/dev/null 2>&1") != 0) GTEST_SKIP() << "tshark is not installed";
    file = std::fopen(path.c_str(), "wb");
    ASSERT_NE(file, nullptr) << path;
  }
  ~Tshark() override { std::remove(path.c_str()); }

  ByteSink sink() {
    return [this](ByteView bytes) -> Result<> {
      if (std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size()) return fail(Errc::no_buffers);
      return {};
    };
  }

  // One line for each packet: the fields, separated by "|". Fails where tshark does.
  std::vector<std::string> dissect(PcapngWriter& writer, const std::string& arguments) {
    EXPECT_TRUE(writer.flush());
    std::fclose(file);
    const std::string command =
        "tshark -n -r '" + path + "' -o udp.check_checksum:TRUE " + arguments + " 2>'" + path + ".err'";
    std::vector<std::string> lines;
    std::FILE* const output = popen(command.c_str(), "r");
    for (char line[4096]; std::fgets(line, sizeof line, output) != nullptr;) {
      lines.emplace_back(line);
      lines.back().pop_back();
    }
    EXPECT_EQ(pclose(output), 0) << command;
    std::remove((path + ".err").c_str());
    return lines;
  }
};

std::string fields(std::initializer_list<std::string> names) {
  std::string arguments = "-T fields -E 'separator=|'";
  for (const std::string& name : names) arguments += " -e " + name;
  return arguments;
}

TEST_F(Tshark, DissectsUdpOverIpv4AndIpv6FromEthernetAndRawInterfaces) {
  PcapngWriter writer(sink());
  ASSERT_TRUE(writer.add_interface({.name = "h1/eth0", .link_type = LinkType::ethernet}));
  ASSERT_TRUE(writer.add_interface({.name = "h2/tun0", .link_type = LinkType::raw_ip}));
  ASSERT_TRUE(writer.write(Packet{.interface = 0, .bytes = in_ethernet(udp_over_ipv4())}));
  ASSERT_TRUE(writer.write(Packet{.interface = 1, .bytes = udp_over_ipv4()}));
  ASSERT_TRUE(writer.write(Packet{.interface = 1, .bytes = udp_over_ipv6()}));
  // A checksum status of 1 means good.
  EXPECT_THAT(dissect(writer, fields({"frame.interface_name", "frame.protocols", "ip.src", "ipv6.dst", "udp.srcport",
                                      "udp.dstport", "udp.checksum.status", "data.data"})),
              ElementsAre("h1/eth0|eth:ethertype:ip:udp:data|10.0.0.1||4001|4002|1|70696e67",
                          "h2/tun0|raw:ip:udp:data|10.0.0.1||4001|4002|1|70696e67",
                          "h2/tun0|raw:ipv6:udp:data||fd00::2|4001|4002|1|70696e67"));
}

TEST_F(Tshark, ShowsTimesToTheNanosecondAndWhatElseAPacketCarries) {
  PcapngWriter writer(sink());
  ASSERT_TRUE(writer.add_interface({}));
  const Octets packet = udp_over_ipv4();
  ASSERT_TRUE(writer.write(Packet{.time = WallTime{Duration{1}}, .bytes = packet, .direction = Direction::inbound}));
  ASSERT_TRUE(writer.write(Packet{.time = WallTime{Duration{1'700'000'000'123'456'789}},
                                  .bytes = ByteView(packet).first(28),
                                  .original_bytes = 32,
                                  .direction = Direction::outbound,
                                  .dropped = 5,
                                  .comment = "dropped by the queue of h7"}));
  EXPECT_THAT(dissect(writer, fields({"frame.time_epoch", "frame.len", "frame.cap_len", "frame.packet_flags_direction",
                                      "frame.drop_count", "frame.comment"})),
              ElementsAre("0.000000001|32|32|0x00000001||",
                          "1700000000.123456789|32|28|0x00000002|5|dropped by the queue of h7"));
}

TEST_F(Tshark, ReadsManyPacketsOfManyInterfacesWithStatistics) {
  constexpr std::uint32_t kInterfaces = 300;
  constexpr std::size_t kPackets = 3'000;
  PcapngWriter writer(sink(), {.hardware = "abstract", .os = "none", .comment = "of a test"});
  for (std::uint32_t i = 0; i < kInterfaces; ++i) ASSERT_TRUE(writer.add_interface({.name = "h" + std::to_string(i)}));
  const Octets packet = udp_over_ipv6();
  for (std::uint32_t i = 0; i < kPackets; ++i) {
    ASSERT_TRUE(writer.write(Packet{.interface = i % kInterfaces, .time = WallTime{Duration{i}}, .bytes = packet}));
  }
  for (std::uint32_t i = 0; i < kInterfaces; ++i) {
    ASSERT_TRUE(writer.write(Statistics{.interface = i, .received = kPackets / kInterfaces, .dropped = 1}));
  }
  const std::vector<std::string> lines = dissect(writer, fields({"frame.interface_name", "frame.time_epoch"}));
  ASSERT_EQ(lines.size(), kPackets);
  EXPECT_EQ(lines.front(), "h0|0.000000000");
  EXPECT_EQ(lines.back(), "h299|0.000002999");
}

TEST_F(Tshark, FindsNothingMalformed) {
  PcapngWriter writer(sink());
  ASSERT_TRUE(writer.add_interface({}));
  ASSERT_TRUE(writer.write(Packet{.bytes = udp_over_ipv4()}));
  EXPECT_THAT(dissect(writer, "-Y '_ws.malformed || ip.checksum.status == 0'"), IsEmpty());
}

}  // namespace
}  // namespace ghostnet::capture::tshark_test
