// The ping service in every world.
#include <gtest/gtest.h>

#include "ghostnet/ping/service.hpp"
#include "ghostnet/worlds/worlds.hpp"

namespace ghostnet::ping::everywhere_test {
namespace {

class PingEverywhere : public worlds::TestInEveryWorld {
 protected:
  std::unique_ptr<PingService> start(Host& host, PingOptions options = {}) {
    Result<std::unique_ptr<PingService>> service = PingService::start(host, std::move(options));
    if (service) return std::move(*service);
    ADD_FAILURE() << service.error().message();
    return nullptr;
  }
  static PingMetrics& metrics(Host& host) { return host.metrics().family<PingMetrics>(); }

  Host& responder_host = add_host();
  Host& prober_host = add_host();
  Endpoint responder_endpoint{address_of(responder_host), 7008};
};
GHOSTNET_IN_EVERY_WORLD(PingEverywhere);

TEST_P(PingEverywhere, ProbesComeBackWithTheirTimes) {
  const auto responder = start(responder_host);
  const auto prober = start(prober_host, {.responder = false});
  const PingRequest request{.probes = 10, .interval = 5ms, .timeout = 5s};
  const auto summary = finish(prober_host, prober->measure(responder_endpoint, request));
  ASSERT_TRUE(summary);
  ASSERT_TRUE(*summary) << summary->error().message();
  EXPECT_EQ((*summary)->sent, 10u);
  EXPECT_EQ((*summary)->received, 10u);
  EXPECT_EQ((*summary)->duplicates, 0u);
  EXPECT_EQ((*summary)->loss(), 0);
  EXPECT_GT((*summary)->rtt_min, 0ns);
  EXPECT_LE((*summary)->rtt_min, (*summary)->rtt_mean);
  EXPECT_LE((*summary)->rtt_mean, (*summary)->rtt_max);
  EXPECT_EQ(metrics(prober_host).rtt.get().count(), 10u);
  EXPECT_EQ(metrics(responder_host).answered.value(), 10u);
}

TEST_P(PingEverywhere, SessionsToSeveralPeersDoNotMix) {
  Host& other_host = add_host();
  const auto responder = start(responder_host);
  const auto other = start(other_host);
  const auto prober = start(prober_host, {.responder = false});
  const PingRequest request{.probes = 5, .interval = 2ms, .timeout = 5s};
  std::vector<Result<PingSummary>> summaries(4, fail(Errc::internal));
  Scope scope(prober_host.loop());
  const auto measure = [](PingService& service, Endpoint to, const PingRequest& what, auto& out) -> Task<> {
    out = co_await service.measure(to, what);
  };
  for (std::size_t i = 0; i < summaries.size(); ++i) {
    const Endpoint to = i % 2 == 0 ? responder_endpoint : Endpoint(address_of(other_host), 7008);
    scope.spawn(measure(*prober, to, request, summaries[i]));
  }
  ASSERT_TRUE(run_until([&] { return scope.empty(); }));
  for (const Result<PingSummary>& summary : summaries) {
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->received, 5u);
  }
  EXPECT_EQ(metrics(responder_host).answered.value(), 10u);
  EXPECT_EQ(metrics(other_host).answered.value(), 10u);
}

TEST_P(PingEverywhere, NobodyThereIsLossAndNoError) {
  const auto prober = start(prober_host, {.responder = false});
  const PingRequest request{.probes = 3, .interval = 10ms, .timeout = 50ms};
  const auto summary = finish(prober_host, prober->measure(responder_endpoint, request));
  ASSERT_TRUE(summary);
  ASSERT_TRUE(*summary) << summary->error().message();
  EXPECT_EQ((*summary)->sent, 3u);
  EXPECT_EQ((*summary)->loss(), 1);
  EXPECT_EQ(metrics(prober_host).lost.value(), 3u);
  const auto probed = finish(prober_host, prober->probe({.address = responder_endpoint.address()}, request));
  ASSERT_TRUE(probed && !*probed);
  EXPECT_EQ(probed->error().message(), fmt::format("no answer from {} within 50 ms", responder_endpoint));
}

TEST_P(PingEverywhere, StoppingLetsASessionFinish) {
  const auto responder = start(responder_host);
  const auto prober = start(prober_host, {.responder = false});
  const PingRequest request{.probes = 3, .interval = 10ms, .timeout = 5s};
  Result<PingSummary> summary = fail(Errc::internal);
  bool stopped = false;
  Scope scope(prober_host.loop());
  const auto measure = [](PingService& service, Endpoint to, const PingRequest& what, auto& out) -> Task<> {
    out = co_await service.measure(to, what);
  };
  const auto stop = [](PingService& service, Host& host, bool& done) -> Task<> {
    co_await host.clock().sleep(1ms);
    co_await service.stop(host.now() + 20s);
    done = true;
  };
  scope.spawn(measure(*prober, responder_endpoint, request, summary));
  scope.spawn(stop(*prober, prober_host, stopped));
  ASSERT_TRUE(run_until([&] { return stopped; }));
  ASSERT_TRUE(run_until([&] { return scope.empty(); }));
  ASSERT_TRUE(summary) << summary.error().message();
  EXPECT_EQ(summary->received, 3u);
}

}  // namespace
}  // namespace ghostnet::ping::everywhere_test
