// The echo service in every world.
#include <gtest/gtest.h>

#include "ghostnet/echo/service.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/worlds/worlds.hpp"

namespace ghostnet::echo::everywhere_test {
namespace {

class EchoEverywhere : public worlds::TestInEveryWorld {
 protected:
  std::unique_ptr<EchoService> start(Host& host, EchoOptions options = {}) {
    Result<std::unique_ptr<EchoService>> service = EchoService::start(host, std::move(options));
    if (service) return std::move(*service);
    ADD_FAILURE() << service.error().message();
    return nullptr;
  }
  static EchoMetrics& metrics(Host& host) { return host.metrics().family<EchoMetrics>(); }

  Host& server_host = add_host();
  Host& client_host = add_host();
  Endpoint server_endpoint{address_of(server_host), 7007};
};
GHOSTNET_IN_EVERY_WORLD(EchoEverywhere);

TEST_P(EchoEverywhere, DatagramsOfEverySizeComeBackUnchanged) {
  const auto server = start(server_host);
  const auto client = start(client_host, {.server = false});
  for (const std::uint64_t size : {16u, 17u, 64u, 1472u, 1473u, 9000u}) {
    const EchoRequest request{.size = {size}};
    const auto rtt = finish(client_host, client->round_trip(server_endpoint, request));
    ASSERT_TRUE(rtt);
    ASSERT_TRUE(*rtt) << size << " B: " << rtt->error().message();
    EXPECT_GE(**rtt, 0ns);
  }
  EXPECT_EQ(metrics(client_host).replies.value(), 6u);
  EXPECT_EQ(metrics(client_host).rtt.get().count(), 6u);
  EXPECT_EQ(metrics(client_host).mismatches.value(), 0u);
  EXPECT_EQ(metrics(server_host).served_datagrams.value(), 6u);
  EXPECT_EQ(metrics(server_host).served_bytes.value(), 16u + 17 + 64 + 1472 + 1473 + 9000);
}

TEST_P(EchoEverywhere, StreamsComeBackUnchanged) {
  const auto server = start(server_host);
  const auto client = start(client_host, {.server = false});
  for (const std::uint64_t size : {16u, 100'000u, 1'000'000u}) {
    const EchoRequest request{.size = {size}, .timeout = 30s, .transport = Transport::stream};
    const auto rtt = finish(client_host, client->round_trip(server_endpoint, request));
    ASSERT_TRUE(rtt);
    ASSERT_TRUE(*rtt) << size << " B: " << rtt->error().message();
  }
  EXPECT_EQ(metrics(client_host).replies.value(), 3u);
  EXPECT_EQ(metrics(client_host).connect_time.get().count(), 3u);
  EXPECT_EQ(metrics(server_host).served_streams.value(), 3u);
  EXPECT_TRUE(run_until([&] { return metrics(server_host).open_streams.value() == 0; }));
}

TEST_P(EchoEverywhere, NobodyThereIsATimeoutOrARefusal) {
  const auto client = start(client_host, {.server = false});
  const EchoRequest request{.timeout = 50ms};
  const auto rtt = finish(client_host, client->round_trip(server_endpoint, request));
  ASSERT_TRUE(rtt);
  ASSERT_FALSE(*rtt);
  EXPECT_EQ(rtt->error(), Errc::timed_out);
  EXPECT_EQ(rtt->error().message(), fmt::format("no echo from {} within 50 ms", server_endpoint));
  EXPECT_EQ(metrics(client_host).timeouts.value(), 1u);
}

TEST_P(EchoEverywhere, ManyRequestsAtOnceEachGetTheirOwnReply) {
  const auto server = start(server_host);
  const auto client = start(client_host, {.server = false});
  const EchoRequest request{.size = {200}, .timeout = 10s};
  std::vector<Task<Result<Duration>>> requests;
  for (int i = 0; i < 100; ++i) requests.push_back(client->round_trip(server_endpoint, request));
  const auto wait_for_all = [](std::vector<Task<Result<Duration>>> tasks) -> Task<std::vector<Result<Duration>>> {
    co_return co_await all_of(std::move(tasks));
  };
  const auto outcomes = finish(client_host, wait_for_all(std::move(requests)));
  ASSERT_TRUE(outcomes);
  for (const Result<Duration>& rtt : *outcomes) EXPECT_TRUE(rtt);
  EXPECT_EQ(metrics(client_host).replies.value(), 100u);
}

TEST_P(EchoEverywhere, StoppingLetsRequestsUnderWayFinishAndRefusesNewOnes) {
  const auto server = start(server_host);
  const auto client = start(client_host, {.server = false});
  const EchoRequest request{.size = {64}, .timeout = 10s};
  Scope scope(client_host.loop());
  bool stopped = false;
  const auto stop = [](EchoService& service, Host& host, bool& done) -> Task<> {
    co_await host.clock().sleep(0ns);
    co_await service.stop(host.now() + 20s);
    done = true;
  };
  const auto ask = [](EchoService& service, Endpoint peer, const EchoRequest& message) -> Task<> {
    static_cast<void>(co_await service.round_trip(peer, message));
  };
  scope.spawn(ask(*client, server_endpoint, request));
  scope.spawn(stop(*client, client_host, stopped));
  ASSERT_TRUE(run_until([&] { return stopped; }));
  EXPECT_EQ(metrics(client_host).replies.value(), 1u);
  const auto refused = finish(client_host, client->round_trip(server_endpoint, request));
  ASSERT_TRUE(refused);
  ASSERT_FALSE(*refused);
  EXPECT_EQ(refused->error(), Errc::closed);
}

}  // namespace
}  // namespace ghostnet::echo::everywhere_test
