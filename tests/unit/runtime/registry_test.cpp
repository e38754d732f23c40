#include "ghostnet/runtime/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ghostnet/runtime/operation_gate.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::registry_test {
namespace {

using ::testing::ElementsAre;

struct RumourOptions {
  std::uint16_t port = 9;
  static constexpr OptionDesc kOptions[] = {option<&RumourOptions::port>("port", "where", at_least(1))};
};
struct TellOptions {
  std::string text = "?";
  static constexpr OptionDesc kOptions[] = {option<&TellOptions::text>("text", "what")};
};
struct RumourMetrics {
  Counter told;
  static constexpr std::string_view kFamily = "rumour";
  static constexpr FamilyMetric<RumourMetrics> kMetrics[] = {{&RumourMetrics::told, "told", "rumours", "told"}};
};

class Rumour final : public Service {
 public:
  using Options = RumourOptions;
  using Metrics = RumourMetrics;

  static Result<std::unique_ptr<Rumour>> start(const ServiceContext&, RumourOptions options) {
    if (options.port == 13) return fail(Errc::address_in_use, "port 13");
    auto rumour = std::make_unique<Rumour>();
    rumour->port = options.port;
    return rumour;
  }
  Task<Result<>> tell(Peer peer, const TellOptions& options) {
    told.push_back(peer.address.to_string() + " " + options.text);
    co_return Result<>();
  }
  Task<Result<>> publish(const TellOptions& options) {
    told.push_back("all " + options.text);
    co_return Result<>();
  }
  Task<> stop(TimePoint) override { co_return; }

  std::uint16_t port = 0;
  std::vector<std::string> told;
};

ServiceDescriptor rumour() {
  return describe<Rumour>("rumour", "Tells rumours")
      .operation<&Rumour::tell>("tell", "to one")
      .operation<&Rumour::publish>("publish", "to all");
}

TEST(ServiceRegistry, StartsAndDrivesAServiceByNames) {
  ServiceRegistry registry;
  ASSERT_TRUE(registry.add(rumour()));
  const ServiceDescriptor* const found = registry.find("rumour");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->metrics[0].name, "rumour.told");

  support::TestWorld world;
  Host& host = world.add_host();
  AnyOptions options(*found->options);
  ASSERT_TRUE(options.set("port", "77"));
  const auto service = found->start(host, options);
  ASSERT_TRUE(service);
  EXPECT_EQ(static_cast<Rumour&>(**service).port, 77);

  const OperationDescriptor& tell = *found->find_operation("tell");
  const OperationDescriptor& publish = *found->find_operation("publish");
  EXPECT_TRUE(tell.needs_peer);
  EXPECT_FALSE(publish.needs_peer);
  AnyOptions text(*tell.options);
  ASSERT_TRUE(text.set("text", "boo"));
  host.scope().spawn(tell.perform(**service, Peer{IpAddress::v4(10, 0, 0, 2)}, text));
  host.scope().spawn(publish.perform(**service, {}, text));
  world.run();
  EXPECT_THAT(static_cast<Rumour&>(**service).told, ElementsAre("10.0.0.2 boo", "all boo"));
}

TEST(ServiceRegistry, WhyAServiceDidNotStartIsPassedOn) {
  support::TestWorld world;
  const ServiceDescriptor descriptor = rumour();
  AnyOptions options(*descriptor.options);
  ASSERT_TRUE(options.set("port", "13"));
  const auto service = descriptor.start(world.add_host(), options);
  ASSERT_FALSE(service);
  EXPECT_EQ(service.error().message(), "port 13");
}

TEST(ServiceRegistry, RefusesNamesThatAreTakenOrAreNone) {
  ServiceRegistry registry;
  ASSERT_TRUE(registry.add(rumour()));
  ServiceDescriptor again = rumour();
  again.origin = "librumour.so";
  EXPECT_EQ(registry.add(again).error().message(), "service 'rumour' of librumour.so is there already");
  for (const char* name : {"", "Rumour", "a b", "9", "a.b", "-a"}) {
    ServiceDescriptor bad = rumour();
    bad.name = name;
    EXPECT_EQ(registry.add(bad).error(), Errc::invalid_argument) << name;
  }
  ServiceDescriptor same_metric = rumour();
  same_metric.name = "gossip";
  EXPECT_EQ(registry.add(same_metric).error().message(), "metric 'rumour.told' of service 'gossip' is one of 'rumour'");
  EXPECT_THAT(registry.names(), ElementsAre("rumour"));
}

TEST(ServiceRegistry, FindsOperationsByShortNameWhileThatIsClear) {
  ServiceRegistry registry;
  ASSERT_TRUE(registry.add(rumour()));
  EXPECT_EQ(registry.find_operation("tell")->operation->name, "tell");
  EXPECT_EQ(registry.find_operation("rumour.tell")->operation->name, "tell");
  EXPECT_EQ(registry.find_operation("tel").error().message(),
            "no service has an operation 'tel'; did you mean 'tell'?");
  EXPECT_EQ(registry.find_operation("rumor.tell").error().message(),
            "no service has an operation 'rumor.tell'; did you mean 'rumour.tell'?");

  ServiceDescriptor other = rumour();
  other.name = "gossip";
  other.metrics.clear();
  ASSERT_TRUE(registry.add(other));
  EXPECT_EQ(registry.find_operation("tell").error().message(),
            "several services have an operation 'tell': say gossip.tell or rumour.tell");
  EXPECT_EQ(registry.find_operation("gossip.tell")->service->name, "gossip");
}

TEST(OperationGate, CountsBoundsAndCloses) {
  support::TestWorld world;
  OperationGate gate(world.loop(), 2);
  EXPECT_TRUE(gate.idle().is_set());
  {
    const auto first = gate.enter();
    auto second = gate.enter();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(gate.enter().error(), Errc::limit);
    const OperationGate::Pass moved = std::move(*second);
    EXPECT_EQ(gate.under_way(), 2u);
    EXPECT_FALSE(gate.idle().is_set());
    gate.close();
    EXPECT_EQ(gate.enter().error(), Errc::closed);
  }
  EXPECT_EQ(gate.under_way(), 0u);
  EXPECT_TRUE(gate.idle().is_set());
}

}  // namespace
}  // namespace ghostnet::registry_test
