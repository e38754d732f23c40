// Bulk transfers in every world.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ghostnet/bulk/service.hpp"
#include "ghostnet/worlds/worlds.hpp"

namespace ghostnet::bulk::everywhere_test {
namespace {

class BulkEverywhere : public worlds::TestInEveryWorld {
 protected:
  std::unique_ptr<BulkService> start(Host& host, BulkOptions options = {}) {
    Result<std::unique_ptr<BulkService>> service = BulkService::start(host, std::move(options));
    if (service) return std::move(*service);
    ADD_FAILURE() << service.error().message();
    return nullptr;
  }
  static BulkMetrics& metrics(Host& host) { return host.metrics().family<BulkMetrics>(); }

  Host& server_host = add_host();
  Host& client_host = add_host();
  Endpoint server_endpoint{address_of(server_host), 7009};
};
GHOSTNET_IN_EVERY_WORLD(BulkEverywhere);

TEST_P(BulkEverywhere, ATransferOverUdpArrivesAndIsReported) {
  const auto server = start(server_host);
  const auto client = start(client_host, {.server = false});
  const BulkRequest request{.bytes = DataSize{120'000}, .bitrate = DataRate::mbit(8), .packet = {1200}};
  const auto summary = finish(client_host, client->transfer(server_endpoint, request));
  ASSERT_TRUE(summary);
  ASSERT_TRUE(*summary) << summary->error().message();
  EXPECT_EQ((*summary)->sent_packets, 100u);
  EXPECT_EQ((*summary)->sent_bytes, 120'000u);
  EXPECT_EQ((*summary)->received.packets, 100u);
  EXPECT_EQ((*summary)->received.bytes, 120'000u);
  EXPECT_EQ((*summary)->received.lost, 0u);
  EXPECT_EQ((*summary)->received.duplicates, 0u);
  EXPECT_GT((*summary)->received.goodput_bps(), 0u);
  EXPECT_EQ(metrics(client_host).completed.value(), 1u);
  EXPECT_EQ(metrics(server_host).received_bytes.value(), 120'000u);
  EXPECT_EQ(metrics(server_host).open_sessions.value(), 0);
}

TEST_P(BulkEverywhere, ATransferOverAStreamArrives) {
  const auto server = start(server_host);
  const auto client = start(client_host, {.server = false});
  const BulkRequest request{.transport = Transport::stream, .bytes = DataSize{3'000'001}, .patience = 30s};
  const auto summary = finish(client_host, client->transfer(server_endpoint, request));
  ASSERT_TRUE(summary);
  ASSERT_TRUE(*summary) << summary->error().message();
  EXPECT_EQ((*summary)->sent_bytes, 3'000'001u);
  EXPECT_EQ((*summary)->received.bytes, 3'000'001u);
  EXPECT_TRUE(run_until([&] { return metrics(server_host).open_sessions.value() == 0; }));
}

TEST_P(BulkEverywhere, NobodyThereIsAnError) {
  const auto client = start(client_host, {.server = false});
  const BulkRequest request{.patience = 300ms};
  const auto summary = finish(client_host, client->transfer(server_endpoint, request));
  ASSERT_TRUE(summary);
  ASSERT_FALSE(*summary);
  EXPECT_THAT(summary->error().code(), ::testing::AnyOf(Errc::timed_out, Errc::refused));
  EXPECT_EQ(metrics(client_host).failed.value(), 1u);
}

TEST_P(BulkEverywhere, TransfersBeyondTheServersRoomAreRefused) {
  const auto server = start(server_host, {.max_sessions = 1});
  const auto client = start(client_host, {.server = false});
  const BulkRequest request{.bytes = DataSize{60'000}, .bitrate = DataRate::mbit(1)};
  std::vector<Result<Summary>> summaries(2, fail(Errc::internal));
  const auto transfer = [](BulkService& service, Endpoint to, const BulkRequest& what, auto& out) -> Task<> {
    out = co_await service.transfer(to, what);
  };
  Scope scope(client_host.loop());
  for (auto& summary : summaries) scope.spawn(transfer(*client, server_endpoint, request, summary));
  ASSERT_TRUE(run_until([&] { return scope.empty(); }));
  const bool first_won = summaries[0].has_value();
  ASSERT_TRUE(summaries[first_won ? 0 : 1]);
  ASSERT_FALSE(summaries[first_won ? 1 : 0]);
  EXPECT_EQ(summaries[first_won ? 1 : 0].error(), Errc::refused);
  const auto later = finish(client_host, client->transfer(server_endpoint, request));
  ASSERT_TRUE(later && *later) << "a session that has reported gives way";
}

TEST_P(BulkEverywhere, StoppingLetsTransfersFinish) {
  const auto server = start(server_host);
  const auto client = start(client_host, {.server = false});
  const BulkRequest request{.bytes = DataSize{24'000}, .bitrate = DataRate::mbit(1)};
  Result<Summary> summary = fail(Errc::internal);
  const auto transfer = [](BulkService& service, Endpoint to, const BulkRequest& what, auto& out) -> Task<> {
    out = co_await service.transfer(to, what);
  };
  const auto stop = [](BulkService& service, Host& host, bool& done) -> Task<> {
    co_await host.clock().sleep(20ms);
    co_await service.stop(host.now() + 30s);
    done = true;
  };
  bool client_stopped = false, server_stopped = false;
  Scope client_scope(client_host.loop()), server_scope(server_host.loop());
  client_scope.spawn(transfer(*client, server_endpoint, request, summary));
  client_scope.spawn(stop(*client, client_host, client_stopped));
  server_scope.spawn(stop(*server, server_host, server_stopped));
  ASSERT_TRUE(run_until([&] { return client_stopped && server_stopped; }));
  ASSERT_TRUE(run_until([&] { return client_scope.empty(); }));
  ASSERT_TRUE(summary) << summary.error().message();
  EXPECT_EQ(summary->received.packets, 20u);
  EXPECT_EQ(metrics(server_host).open_sessions.value(), 0);
}

}  // namespace
}  // namespace ghostnet::bulk::everywhere_test
