// The section `ns3` of a scenario.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ghostnet/scenarios/scenario.hpp"

namespace ghostnet::scenarios::ns3_options_test {
namespace {

using testing::HasSubstr;

struct Nothing {
  int number = 0;
  static constexpr OptionDesc kOptions[] = {option<&Nothing::number>("number", "of nothing")};
};
struct IdleMetrics {
  Counter events;
  static constexpr std::string_view kFamily = "idle";
  static constexpr FamilyMetric<IdleMetrics> kMetrics[] = {{&IdleMetrics::events, "events", "events", "none"}};
};
class Idle : public Service {
 public:
  using Options = Nothing;
  using Metrics = IdleMetrics;
  static Result<std::unique_ptr<Idle>> start(const ServiceContext&, Nothing) { return std::make_unique<Idle>(); }
  Task<Result<>> rest(Peer, const Nothing&) { co_return Result<>(); }
  Task<> stop(TimePoint) override { co_return; }
};

class Ns3Section : public testing::Test {
 protected:
  Ns3Section() {
    EXPECT_TRUE(registry.add(describe<Idle>("idle", "does nothing").operation<&Idle::rest>("rest", "too")));
  }

  LoadResult load(std::string_view section, const Overrides& overrides = {}) {
    const std::string text = fmt::format(
        "network: {{ carrier: ns3, ground: wireless, spacing: 40, speed: 3 }}\n"
        "{}\nprotocols: {{ idle: }}\n",
        section);
    return load_scenario(text, "a.yaml", registry, overrides);
  }
  sim::WorldSpec world(std::string_view section, const Overrides& overrides = {}) {
    LoadResult result = load(section, overrides);
    if (!result) {
      ADD_FAILURE() << result.error().front().to_string();
      return {};
    }
    return result->world();
  }
  std::string bad(std::string_view section) {
    LoadResult result = load(section);
    return result ? "nothing is wrong" : result.error().front().to_string();
  }

  ServiceRegistry registry;
};

TEST_F(Ns3Section, SaysWhatRadioIsLike) {
  const sim::WorldSpec spec = world(
      "ns3: { standard: 802.11n, data_mode: HtMcs4, range: 90, tx_power: 10, movement: walk, width: 300, height: 200, "
      "leg: 5 s, pause: 1 s }");
  const auto& radio = std::get<sim::WirelessSpec>(spec.ground);
  EXPECT_EQ(radio.standard, "802.11n");
  EXPECT_EQ(radio.data_mode, "HtMcs4");
  EXPECT_EQ(radio.range_m, 90);
  EXPECT_EQ(radio.tx_power_dbm, 10);
  EXPECT_EQ(radio.movement, sim::WirelessSpec::Movement::walk);
  EXPECT_EQ(radio.width_m, 300);
  EXPECT_EQ(radio.height_m, 200);
  EXPECT_EQ(radio.leg, 5s);
  EXPECT_EQ(radio.pause, 1s);
  EXPECT_EQ(radio.spacing_m, 40) << "what the network says stays";
  EXPECT_EQ(radio.speed_m_per_s, 3);
}

TEST_F(Ns3Section, PassesAttributesOnByTheirNames) {
  Overrides overrides;
  overrides.set = {{"ns3.attributes.ns3::TcpSocket::SegmentSize", "500"}, {"ns3.routing", "global"}};
  const sim::WorldSpec spec = world(
      "ns3:\n  attributes:\n    ns3::TcpL4Protocol::SocketType: ns3::TcpCubic\n    ns3::TcpSocket::SegmentSize: 1000",
      overrides);
  EXPECT_EQ(spec.ns3_routing, sim::WiredRouting::global);
  using Attribute = std::pair<std::string, std::string>;
  EXPECT_EQ(spec.ns3_attributes, (std::vector<Attribute>{{"ns3::TcpL4Protocol::SocketType", "ns3::TcpCubic"},
                                                         {"ns3::TcpSocket::SegmentSize", "500"}}));
}

TEST_F(Ns3Section, IsPassedOverByOtherCarriers) {
  Overrides overrides;
  overrides.carrier = sim::Carrier::fabric;
  EXPECT_TRUE(load("ns3: { standard: 802.11n }", overrides));
}

TEST_F(Ns3Section, SaysWhatIsWrong) {
  EXPECT_THAT(bad("ns3: { standart: 802.11n }"),
              HasSubstr("a.yaml:2:8: ns3.standart: there is no such key; did you mean 'standard'?"));
  EXPECT_THAT(bad("ns3: { movement: fly }"), HasSubstr("ns3.movement"));
  EXPECT_THAT(bad("ns3: { range: -1 }"), HasSubstr("out of range"));
  EXPECT_THAT(bad("ns3: { attributes: [1] }"), HasSubstr("ns3.attributes: expected a mapping"));
  EXPECT_THAT(bad("ns3: { attributes: { ns3::TcpSocket::SegmentSize: [1] } }"), HasSubstr("expected a value"));
}

}  // namespace
}  // namespace ghostnet::scenarios::ns3_options_test
