#include "ghostnet/sim/ns3_attributes.hpp"

#include "ns3_fixture.hpp"

namespace ghostnet::sim::ns3_test::ns3_attributes_test {
namespace {

// What set_attributes says to one pair.
Error error_of(const std::string& name, const std::string& value) {
  Result<> set = set_attributes({{name, value}});
  EXPECT_FALSE(set) << name << " = " << value;
  return set ? Error(Errc::internal) : set.error();
}

class Ns3Attributes : public testing::Test {
 protected:
  void TearDown() override { reset_attributes(); }
};

TEST_F(Ns3Attributes, EveryKindOfValueIsSet) {
  EXPECT_TRUE(set_attributes({{"ns3::TcpL4Protocol::SocketType", "ns3::TcpCubic"},
                              {"ns3::TcpSocket::SegmentSize", "1200"},
                              {"ns3::TcpSocket::DelAckTimeout", "40ms"},
                              {"ns3::TcpSocketBase::Sack", "false"},
                              {"ns3::TcpSocketBase::UseEcn", "On"},
                              {"ns3::PointToPointNetDevice::DataRate", "3.5Mbps"},
                              {"ns3::DropTailQueue<Packet>::MaxSize", "64KiB"},
                              {"ns3::RttMeanDeviation::Alpha", "0.25"}}));
}

TEST_F(Ns3Attributes, NamesThatDoNotExistAreAnsweredWithTheNearest) {
  const Error type = error_of("ns3::TcpL4Protokol::SocketType", "ns3::TcpCubic");
  EXPECT_EQ(type, Errc::not_found);
  EXPECT_NE(type.message().find("ns3::TcpL4Protocol"), std::string_view::npos) << type.message();
  const Error attribute = error_of("ns3::TcpL4Protocol::SocketTyp", "ns3::TcpCubic");
  EXPECT_EQ(attribute, Errc::not_found);
  EXPECT_NE(attribute.message().find("'SocketType'"), std::string_view::npos) << attribute.message();
  const Error inherited = error_of("ns3::TcpSocketBase::SegmentSize", "1000");
  EXPECT_NE(inherited.message().find("ns3::TcpSocket::SegmentSize"), std::string_view::npos) << inherited.message();
  const Error derived = error_of("ns3::QueueBase::MaxSize", "5p");
  EXPECT_NE(derived.message().find("it belongs to a derived type: write ns3::"), std::string_view::npos)
      << derived.message();
  for (const char* name : {"", "::", "x", "ns3::", "::SegmentSize", "SegmentSize", "ns3::TcpSocket::"}) {
    EXPECT_FALSE(set_attributes({{name, "1"}})) << name;
  }
}

TEST_F(Ns3Attributes, ValuesThatWouldEndTheProcessAreErrors) {
  const Error type = error_of("ns3::TcpL4Protocol::SocketType", "ns3::TcpCubik");
  EXPECT_EQ(type, Errc::invalid_argument);
  EXPECT_NE(type.message().find("ns3::TcpCubic"), std::string_view::npos) << type.message();
  EXPECT_EQ(error_of("ns3::TcpL4Protocol::SocketType", "ns3::UdpL4Protocol"), Errc::invalid_argument);
  EXPECT_EQ(error_of("ns3::TcpL4Protocol::SocketType", "ns3::TcpCongestionOps"), Errc::invalid_argument);
  EXPECT_EQ(error_of("ns3::TcpL4Protocol::SocketType", ""), Errc::invalid_argument);
  for (const char* value : {"", "abc", "-1", "12x", "1.5", "99999999999999999999", "0x10", " 7"}) {
    EXPECT_EQ(error_of("ns3::TcpSocket::SegmentSize", value), Errc::invalid_argument) << value;
  }
  for (const char* value : {"", "40", "ms", "40 ms", "40xs", "nan", "inf", "1e300s", "40msx"}) {
    if (std::string(value) == "40") continue;  // seconds, as in ns-3
    EXPECT_EQ(error_of("ns3::TcpSocket::DelAckTimeout", value), Errc::invalid_argument) << value;
  }
  for (const char* value : {"", "fast", "1", "1Mbit", "-1Mbps", "1e99Gbps"}) {
    EXPECT_EQ(error_of("ns3::PointToPointNetDevice::DataRate", value), Errc::invalid_argument) << value;
  }
  for (const char* value : {"", "1", "yes", "True"}) {
    if (std::string(value) == "1") continue;
    EXPECT_EQ(error_of("ns3::TcpSocketBase::Sack", value), Errc::invalid_argument) << value;
  }
  const Error enumeration = error_of("ns3::TcpSocketBase::UseEcn", "Maybe");
  EXPECT_NE(enumeration.message().find("AcceptOnly"), std::string_view::npos) << enumeration.message();
  EXPECT_EQ(error_of("ns3::DropTailQueue<Packet>::MaxSize", "100"), Errc::invalid_argument);
  EXPECT_EQ(error_of("ns3::RttMeanDeviation::Alpha", "7"), Errc::invalid_argument);  // out of range
  EXPECT_EQ(error_of("ns3::ArpL3Protocol::RequestJitter", "ns3::Nonsense["), Errc::not_supported);
}

// Every attribute of ns-3 against values made to break parsers: an error or not, but no end of the process.
TEST_F(Ns3Attributes, NoAttributeAndValueEndTheProcess) {
  const std::vector<std::string> types = {"ns3::TcpSocket",
                                          "ns3::TcpSocketBase",
                                          "ns3::TcpL4Protocol",
                                          "ns3::Ipv4L3Protocol",
                                          "ns3::Ipv6L3Protocol",
                                          "ns3::ArpL3Protocol",
                                          "ns3::Icmpv6L4Protocol",
                                          "ns3::CsmaNetDevice",
                                          "ns3::WifiPhy",
                                          "ns3::WifiMac",
                                          "ns3::WifiNetDevice",
                                          "ns3::olsr::RoutingProtocol",
                                          "ns3::aodv::RoutingProtocol",
                                          "ns3::FqCoDelQueueDisc",
                                          "ns3::YansWifiPhy",
                                          "ns3::dot11s::HwmpProtocol",
                                          "ns3::ConstantRateWifiManager"};
  const std::vector<std::string> names = {"DataMode",      "ControlMode",   "SegmentSize", "ChannelSettings",
                                          "Mtu",           "Address",       "Ssid",        "Channel",
                                          "MaxSize",       "RequestJitter", "DAD",         "Mode",
                                          "QueueDiscList", "InterfaceList", "Willingness", "TxQueue"};
  const std::vector<std::string> values = {"",         " ",         "0", "-1",          "1e999",        "nan",
                                           "ns3::",    "ns3::Node", "[", "ns3::X[a=b]", "{0, 0, X, 0}", "true",
                                           "\xff\xfe", "100p",      "1s"};
  int refused = 0;
  for (const std::string& type : types) {
    for (const std::string& name : names) {
      for (const std::string& value : values) refused += set_attributes({{type + "::" + name, value}}) ? 0 : 1;
    }
  }
  EXPECT_GT(refused, 3000);
}

TEST_F(Ns3Attributes, TypesAreCheckedAgainstWhatIsWanted) {
  EXPECT_TRUE(check_type("ns3::FqCoDelQueueDisc", "ns3::QueueDisc"));
  EXPECT_EQ(check_type("ns3::FqCodelQueueDisc", "ns3::QueueDisc").error(), Errc::not_found);
  EXPECT_EQ(check_type("ns3::TcpCubic", "ns3::QueueDisc").error(), Errc::invalid_argument);
  EXPECT_EQ(check_type("ns3::QueueDisc", "ns3::QueueDisc").error(), Errc::invalid_argument);
}

// How long connecting to a host that is off takes.
Duration patience(Ns3Options options) {
  options.routing = Ns3Routing::paths;
  Rig rig(std::move(options));
  rig.add_hosts(2);
  const LinkId link = *rig.network->connect(0, 1, {.loss = {.ratio = 1}});
  static_cast<void>(link);
  rig.start();
  StreamLog log;
  rig.host(0).scope().spawn(tcp_exchange(rig.host(0), {rig.address(1, IpFamily::v4), 80}, {}, log));
  Duration waited{};
  while (!log.connect_error && waited < 1000s) {
    rig.run(100ms);
    waited += 100ms;
  }
  return waited;
}

TEST_F(Ns3Attributes, AnOverrideIsFeltAndGoneWithItsNetwork) {
  const Duration usual = patience({});
  EXPECT_GT(usual, 100s);
  EXPECT_LT(patience({.attributes = {{"ns3::TcpSocket::ConnTimeout", "200ms"}, {"ns3::TcpSocket::ConnCount", "2"}}}),
            2s);
  EXPECT_EQ(patience({}), usual);
}

TEST_F(Ns3Attributes, NothingIsSetWhereOneIsWrong) {
  const Duration usual = patience({});
  EXPECT_FALSE(set_attributes({{"ns3::TcpSocket::ConnTimeout", "200ms"}, {"ns3::TcpSocket::ConnCount", "x"}}));
  EXPECT_EQ(patience({}), usual);
}

}  // namespace
}  // namespace ghostnet::sim::ns3_test::ns3_attributes_test
