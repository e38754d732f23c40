// What a packet costs on a link, by the features that are on, and what a random number costs.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ghostnet/link/link_model.hpp"
#include "ghostnet/link/transit.hpp"
#include "ghostnet/runtime/exact_math.hpp"
#include "ghostnet/runtime/random.hpp"

namespace ghostnet::link {
namespace {

LinkParams rate_and_delay() { return {.rate_bps = 50'000'000, .delay = 40ms}; }

LinkParams with_loss() {
  LinkParams params = rate_and_delay();
  params.loss = Probability::of(0.001);
  return params;
}

LinkParams with_packet_limit() {
  LinkParams params = with_loss();
  params.queue_limit_packets = 100;
  return params;
}

LinkParams with_jitter() {
  LinkParams params = with_loss();
  params.jitter = 5ms;
  return params;
}

LinkParams with_everything() {
  LinkParams params = rate_and_delay();
  params.burst_loss = {.enter_bad = Probability::of(0.001), .leave_bad = Probability::of(0.2)};
  params.jitter = 5ms;
  params.jitter_shape = JitterShape::normal;
  params.corrupt = Probability::of(0.001);
  params.duplicate = Probability::of(0.001);
  params.reorder = Probability::of(0.001);
  params.ecn_threshold_bytes = 30'000;
  return params;
}

LinkParams with_discipline(Discipline discipline) {
  LinkParams params = with_loss();
  params.discipline = discipline;
  return params;
}

// Packets of 512 bytes at 98 % of the rate, so that there is often something queued.
constexpr std::uint32_t kPacketBytes = 512;
constexpr Duration kBetweenPackets = 83'600ns;

void transit(benchmark::State& state, const LinkParams& params) {
  const LinkProfile profile = LinkProfile::make(params).value();
  Random random = Random::derive(1, 2, 3);
  Transit link;
  TimePoint now{};
  for (auto _ : state) {
    now += kBetweenPackets;
    benchmark::DoNotOptimize(link.admit(now, {.size_bytes = kPacketBytes}, profile, random));
  }
  state.SetItemsProcessed(state.iterations());
}

// The same over many links in turn: the cost of their state not being in the cache.
void transit_over_links(benchmark::State& state, const LinkParams& params) {
  struct Port {
    Transit link;
    Random random;
  };
  const LinkProfile profile = LinkProfile::make(params).value();
  std::vector<Port> ports;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    ports.push_back({Transit{}, Random::derive(1, static_cast<std::uint64_t>(i), 3)});
  }
  Random order = Random::derive(1, 2, 4);
  TimePoint now{};
  for (auto _ : state) {
    now += kBetweenPackets / state.range(0);
    Port& port = ports[order.below(ports.size())];
    benchmark::DoNotOptimize(port.link.admit(now, {.size_bytes = kPacketBytes}, profile, port.random));
  }
  state.SetItemsProcessed(state.iterations());
}

void model(benchmark::State& state, const LinkParams& params) {
  auto profile = std::make_shared<const LinkProfile>(LinkProfile::make(params).value());
  Random random = Random::derive(1, 2, 3);
  LinkModel<std::unique_ptr<int>, decltype([](const std::unique_ptr<int>&) { return std::unique_ptr<int>{}; })> link{
      profile};
  TimePoint now{};
  std::uint32_t flow = 0;
  for (auto _ : state) {
    now += kBetweenPackets;
    benchmark::DoNotOptimize(
        link.enqueue(now, nullptr, {.size_bytes = kPacketBytes, .flow_hash = ++flow % 16}, random));
    while (auto delivery = link.poll(now, random)) benchmark::DoNotOptimize(delivery);
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(transit, rate_delay, rate_and_delay());
BENCHMARK_CAPTURE(transit, rate_delay_loss, with_loss());
BENCHMARK_CAPTURE(transit, rate_delay_loss_packet_limit, with_packet_limit());
BENCHMARK_CAPTURE(transit, rate_delay_loss_jitter, with_jitter());
BENCHMARK_CAPTURE(transit, everything, with_everything());
BENCHMARK_CAPTURE(transit_over_links, rate_delay_loss, with_loss())->Arg(1'000)->Arg(20'000)->Arg(200'000);
BENCHMARK_CAPTURE(model, drop_tail, with_discipline(Discipline::drop_tail));
BENCHMARK_CAPTURE(model, codel, with_discipline(Discipline::codel));
BENCHMARK_CAPTURE(model, fq_codel, with_discipline(Discipline::fq_codel));

template <class Draw>
void draw(benchmark::State& state, Draw one) {
  Random random = Random::derive(1, 2, 3);
  for (auto _ : state) benchmark::DoNotOptimize(one(random));
}

BENCHMARK_CAPTURE(draw, next_u64, [](Random& r) { return r.next_u64(); });
BENCHMARK_CAPTURE(draw, below, [](Random& r) { return r.below(1000); });
BENCHMARK_CAPTURE(draw, chance, [](Random& r) { return r.chance(Probability::of(0.01)); });
BENCHMARK_CAPTURE(draw, exponential, [](Random& r) { return r.exponential(Duration{1s}); });
BENCHMARK_CAPTURE(draw, normal, [](Random& r) { return r.normal(0.0, 1.0); });
BENCHMARK_CAPTURE(draw, pareto, [](Random& r) { return r.pareto(1.0, 1.5); });
BENCHMARK_CAPTURE(draw, pow, [](Random& r) { return exact_pow(r.unit(), 1.7); });
BENCHMARK_CAPTURE(draw, cbrt, [](Random& r) { return exact_cbrt(r.unit()); });

}  // namespace
}  // namespace ghostnet::link

BENCHMARK_MAIN();
