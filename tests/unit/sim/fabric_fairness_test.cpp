// Flows of our TCP that share a link share it evenly: Jain's index, (sum x)^2 / (n * sum x^2), of what each has
// carried.
#include <gtest/gtest.h>

#include "fabric_fixture.hpp"
#include "ghostnet/sim/fabric_tcp.hpp"

namespace ghostnet::sim::fabric_fairness_test {
namespace {

constexpr std::uint16_t kPort = 80;

Task<> pour(Host& host, Endpoint peer, Duration after) {
  co_await host.clock().sleep(after);
  Result<std::unique_ptr<Stream>> stream = co_await host.connect({.peer = peer});
  if (!stream) co_return;
  const std::vector<std::uint8_t> chunk(16 * 1024);
  while (true) {
    Result<> sent = co_await (*stream)->write(chunk);
    if (!sent) co_return;
  }
}

Task<> drink(Host& host, std::uint64_t& bytes) {
  std::unique_ptr<Listener> listener = *host.listen({.local = Endpoint(IpAddress(), kPort)});
  Result<std::unique_ptr<Stream>> stream = co_await listener->accept();
  if (!stream) co_return;
  std::vector<std::uint8_t> buffer(16 * 1024);
  while (true) {
    Result<std::size_t> got = co_await (*stream)->read(buffer);
    if (!got || *got == 0) co_return;
    bytes += *got;
  }
}

struct Shared {
  double fairness = 0;
  double used = 0;  // of the link
};

// 10 Mbit/s, 40 ms, a queue of two bandwidth-delay products; flows that start within three seconds, over a minute and a
// half from half a minute on.
Shared share(std::uint32_t flows, const tcp::CongestionAlgorithm& algorithm) {
  std::vector<std::uint64_t> bytes(flows);
  FabricOptions options{.seed = 11};
  options.tcp.congestion = &algorithm;
  FabricWorldForTest world(options);
  constexpr std::uint64_t kRateBps = 10'000'000;
  const link::LinkParams forth{.rate_bps = kRateBps, .delay = 20ms, .queue_limit_bytes = 100'000};
  const link::LinkParams back{.delay = 20ms};
  const RouterId left = *world.fabric.add_router("left"), right = *world.fabric.add_router("right");
  EXPECT_TRUE(world.fabric.add_edge(left, right, forth));
  EXPECT_TRUE(world.fabric.add_edge(right, left, back));
  Random starts = Random::derive(11, flows, "starts");
  for (std::uint64_t& each : bytes) {
    FabricHost& from = world.host_in({Attachment::Kind::router, left});
    FabricHost& to = world.host_in({Attachment::Kind::router, right});
    to.scope().spawn(drink(to, each));
    from.scope().spawn(pour(from, Endpoint(to.address(), kPort), starts.between(0ns, 3s)));
  }
  world.run_for(30s);
  const std::vector<std::uint64_t> before = bytes;
  world.run_for(90s);
  double sum = 0, squares = 0;
  for (std::uint32_t i = 0; i < flows; ++i) {
    const auto moved = static_cast<double>(bytes[i] - before[i]);
    sum += moved;
    squares += moved * moved;
  }
  return {.fairness = sum * sum / (flows * squares), .used = sum * 8 / 90 / kRateBps};
}

TEST(FabricFairness, FlowsThatShareALinkShareItEvenly) {
  for (const tcp::CongestionAlgorithm* algorithm : {&tcp::kCubic, &tcp::kNewReno}) {
    for (std::uint32_t flows = 2; flows <= 10; ++flows) {
      const Shared shared = share(flows, *algorithm);
      EXPECT_GE(shared.fairness, 0.95) << flows << " of " << algorithm->name;
      EXPECT_GE(shared.used, 0.93) << flows << " of " << algorithm->name << ", headers not counted";
    }
  }
}

}  // namespace
}  // namespace ghostnet::sim::fabric_fairness_test
