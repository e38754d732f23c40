// The beacon service on a simulated LAN.
#include "ghostnet/beacon/service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ghostnet/sim/world.hpp"

namespace ghostnet::beacon::beacon_test {
namespace {

class SilentLog : public LogSink {
  void write(const LogRecord&) override {}
};

class BeaconServiceTest : public testing::Test {
 protected:
  void build(std::uint32_t hosts, decltype(sim::WorldSpec::ground) ground) {
    sim::WorldSpec spec;
    spec.ground = std::move(ground);
    spec.groups.emplace_back().count = hosts;
    world_ = sim::make_world(spec, metrics_, log_).value();
  }
  ~BeaconServiceTest() override {
    announcing_.reset();
    services_.clear();
    world_.reset();  // the log asks it for the time
  }

  BeaconService& start(HostId id) {
    services_.push_back(BeaconService::start(world_->host(id), {}).value());
    return *services_.back();
  }
  Result<> announce(BeaconService& service, const BeaconRequest& request = {}) {
    Result<> outcome = fail(Errc::internal);
    announcing_ = std::make_unique<Scope>(world_->loop());
    const auto keep = [](BeaconService& sender, const BeaconRequest& what, Result<>& out) -> Task<> {
      out = co_await sender.announce(what);
    };
    announcing_->spawn(keep(service, request, outcome));
    world_->run_until(world_->now() + 1s);
    return outcome;
  }
  BeaconMetrics& metrics(HostId id) { return world_->host(id).metrics().family<BeaconMetrics>(); }

  SilentLog sink_;
  MetricHub metrics_;
  LogHub log_{sink_, [this] { return world_ ? world_->now() : TimePoint{}; }};
  std::unique_ptr<sim::World> world_;
  std::vector<std::unique_ptr<BeaconService>> services_;
  std::unique_ptr<Scope> announcing_;
};

TEST_F(BeaconServiceTest, AllOthersOfTheLanHearABeaconOnce) {
  build(3, sim::LanSpec{.delay = 1ms});
  for (HostId id = 0; id < 3; ++id) start(id);
  EXPECT_TRUE(announce(*services_[0], {.size = DataSize{200}}));
  EXPECT_EQ(metrics(0).announced.value(), 1U);
  EXPECT_EQ(metrics(0).heard.value(), 0U) << "not oneself";
  for (HostId id : {1U, 2U}) {
    EXPECT_EQ(metrics(id).heard.value(), 1U);
    EXPECT_EQ(metrics(id).heard_bytes.value(), 200U);
    EXPECT_EQ(metrics(id).senders.value(), 1);
  }
}

TEST_F(BeaconServiceTest, WhatOneDidNotHearIsMissed) {
  build(2, sim::LanSpec{.delay = 1ms});
  start(0);
  start(1);
  EXPECT_TRUE(announce(*services_[0]));
  ASSERT_TRUE(world_->set_interface_up(1, 1, false));
  EXPECT_TRUE(announce(*services_[0]));
  EXPECT_TRUE(announce(*services_[0]));
  ASSERT_TRUE(world_->set_interface_up(1, 1, true));
  EXPECT_TRUE(announce(*services_[0]));
  EXPECT_EQ(metrics(1).heard.value(), 2U);
  EXPECT_EQ(metrics(1).missed.value(), 2U);
}

TEST_F(BeaconServiceTest, AServiceThatStoppedFallsSilentAndIsForgotten) {
  build(2, sim::LanSpec{.delay = 1ms});
  start(0);
  start(1);
  EXPECT_TRUE(announce(*services_[0]));
  const auto stop = [](BeaconService& service) -> Task<> { co_await service.stop(TimePoint::max()); };
  Scope stopping(world_->loop());
  stopping.spawn(stop(*services_[1]));
  world_->run_until(world_->now() + 1s);
  EXPECT_TRUE(announce(*services_[0]));
  EXPECT_EQ(metrics(1).heard.value(), 1U);
  EXPECT_EQ(announce(*services_[1]).error(), Errc::closed);
  services_.pop_back();
  EXPECT_EQ(metrics(1).senders.value(), 0) << "a level is lowered by who raised it";
}

TEST_F(BeaconServiceTest, ForeignDatagramsAreCounted) {
  build(2, sim::LanSpec{.delay = 1ms});
  start(0);
  auto socket = world_->host(1).open_udp({}).value();
  const std::vector<std::uint8_t> junk(40, 0xff);
  EXPECT_TRUE(socket->send_to(Endpoint(BeaconOptions{}.group, 7011), ByteView(junk)));
  world_->run_until(world_->now() + 1s);
  EXPECT_EQ(metrics(0).malformed.value(), 1U);
  EXPECT_EQ(metrics(0).heard.value(), 0U);
}

TEST_F(BeaconServiceTest, WithoutMulticastItDoesNotStart) {
  build(1, sim::RegionsSpec{.regions = {{.name = "here"}}, .paths = {{.delay = 1ms}}});
  const auto service = BeaconService::start(world_->host(0), {});
  ASSERT_FALSE(service);
  EXPECT_EQ(service.error(), Errc::not_supported);
  EXPECT_THAT(std::string(service.error().message()), testing::HasSubstr("no interface with multicast"));
}

TEST_F(BeaconServiceTest, AGroupMustBeOne) {
  build(1, sim::LanSpec{});
  EXPECT_FALSE(BeaconService::start(world_->host(0), {.group = IpAddress::v4(10, 0, 0, 1)}));
}

}  // namespace
}  // namespace ghostnet::beacon::beacon_test
