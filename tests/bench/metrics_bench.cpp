// What it costs to count, to record and to log, on the hot path and off it, and to write a packet trace.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "ghostnet/capture/pcapng.hpp"
#include "ghostnet/runtime/log.hpp"
#include "ghostnet/runtime/metrics.hpp"

namespace ghostnet {
namespace {

struct BenchMetrics {
  Counter sent, received, dropped, retransmitted, bytes;
  Gauge queued;
  HistogramRef latency;

  static constexpr std::string_view kFamily = "bench";
  static constexpr FamilyMetric<BenchMetrics> kMetrics[] = {
      {&BenchMetrics::sent, "datagrams_sent", "datagrams", ""},
      {&BenchMetrics::received, "datagrams_received", "datagrams", ""},
      {&BenchMetrics::dropped, "datagrams_dropped", "datagrams", ""},
      {&BenchMetrics::retransmitted, "datagrams_retransmitted", "datagrams", ""},
      {&BenchMetrics::bytes, "bytes_sent", "bytes", ""},
      {&BenchMetrics::queued, "queued", "datagrams", ""},
      {&BenchMetrics::latency, "latency", "ns", ""},
  };
};

// A world of hosts that each have the family.
struct World {
  MetricHub hub;
  std::vector<BenchMetrics*> hosts;

  explicit World(HostId count) {
    const GroupId group = hub.group("all");
    for (HostId host = 0; host < count; ++host) hosts.push_back(&hub.host(host, group).family<BenchMetrics>());
  }
};

// A permutation of 0..2^17-1 that no prefetcher follows.
HostId scattered(std::uint32_t i) { return (i * 2654435761U >> 15) & 0x1ffff; }

void counter_add(benchmark::State& state) {
  World world(1);
  BenchMetrics& metrics = *world.hosts[0];
  for (auto _ : state) {
    metrics.sent.add();
    benchmark::ClobberMemory();
  }
}
BENCHMARK(counter_add);

void histogram_record(benchmark::State& state) {
  World world(1);
  std::uint64_t value = 1'000'000;
  for (auto _ : state) {
    world.hosts[0]->latency.record(value);
    value = value * 6364136223846793005U % 80'000'000;
    benchmark::ClobberMemory();
  }
}
BENCHMARK(histogram_record);

// Five counters of hosts taken in an order that misses every cache: the line is the cost, once a host.
void five_counters_of_one_host_of_131072(benchmark::State& state) {
  World world(1U << 17);
  std::uint32_t i = 0;
  for (auto _ : state) {
    BenchMetrics& metrics = *world.hosts[scattered(++i)];
    metrics.sent.add();
    metrics.received.add();
    metrics.dropped.add();
    metrics.retransmitted.add();
    metrics.bytes.add(1'200);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(five_counters_of_one_host_of_131072);

void family_lookup(benchmark::State& state) {
  World world(1'000);
  const Metrics view = world.hub.host(7, world.hub.group("all"));
  for (auto _ : state) benchmark::DoNotOptimize(&view.family<BenchMetrics>());
}
BENCHMARK(family_lookup);

void counter_lookup(benchmark::State& state) {
  World world(1'000);
  const Metrics view = world.hub.host(7, world.hub.group("all"));
  const MetricDesc desc{"bench.looked_up_by_name", "datagrams", ""};
  for (auto _ : state) benchmark::DoNotOptimize(&view.counter(desc));
}
BENCHMARK(counter_lookup);

void new_host_with_a_family_of_seven(benchmark::State& state) {
  std::size_t bytes = 0;
  for (auto _ : state) {
    const World world(100'000);
    bytes = world.hub.heap_bytes();
  }
  state.SetItemsProcessed(state.iterations() * 100'000);
  state.counters["bytes_per_host"] = static_cast<double>(bytes) / 100'000;
}
BENCHMARK(new_host_with_a_family_of_seven)->Unit(benchmark::kMillisecond);

void snapshot_of_700000_cells(benchmark::State& state) {
  const World world(100'000);
  for (auto _ : state) benchmark::DoNotOptimize(world.hub.snapshot());
  state.SetItemsProcessed(state.iterations() * 700'000);
}
BENCHMARK(snapshot_of_700000_cells)->Unit(benchmark::kMillisecond);

// Latencies over ten powers of two, as a mesh has them.
Histogram latencies() {
  Histogram histogram;
  for (std::uint64_t i = 0; i < 100'000; ++i) histogram.record((i * i) % 300'000'000);
  return histogram;
}

void histogram_percentile(benchmark::State& state) {
  const Histogram histogram = latencies();
  for (auto _ : state) benchmark::DoNotOptimize(histogram.percentile(99));
}
BENCHMARK(histogram_percentile);

void histogram_merge(benchmark::State& state) {
  const Histogram histogram = latencies();
  Histogram sum = histogram;
  for (auto _ : state) sum.merge(histogram);
}
BENCHMARK(histogram_merge);

void histogram_bytes_and_back(benchmark::State& state) {
  const Histogram histogram = latencies();
  std::vector<std::uint8_t> bytes;
  for (auto _ : state) {
    bytes.clear();
    histogram.serialize(bytes);
    benchmark::DoNotOptimize(Histogram::parse(bytes));
  }
  state.counters["bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK(histogram_bytes_and_back);

struct NullSink : LogSink {
  void write(const LogRecord& record) override { benchmark::DoNotOptimize(record.text.data()); }
};

void log_line(benchmark::State& state, LogOptions options) {
  NullSink sink;
  LogHub hub(sink, [] { return from_ns(0); }, std::move(options));
  Log log = hub.host(1);
  int peers = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(log);
    log.info("{} peers in the mesh of {}", ++peers, "news");
  }
}
BENCHMARK_CAPTURE(log_line, off, LogOptions{.level = LogLevel::warn});
BENCHMARK_CAPTURE(log_line, suppressed, LogOptions{.max_lines_per_host_per_second = 1});
BENCHMARK_CAPTURE(log_line, written, LogOptions{.max_lines_per_host_per_second = 0});

void pcapng_write(benchmark::State& state) {
  const std::vector<std::uint8_t> bytes(static_cast<std::size_t>(state.range(0)));
  capture::PcapngWriter writer([](ByteView) -> Result<> { return {}; });
  (void)writer.add_interface({});
  for (auto _ : state) benchmark::DoNotOptimize(writer.write(capture::Packet{.bytes = bytes}));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(pcapng_write)->Arg(64)->Arg(1200);

void pcapng_read(benchmark::State& state) {
  constexpr std::int64_t kPackets = 10'000;
  const std::vector<std::uint8_t> bytes(1200);
  std::vector<std::uint8_t> trace;
  capture::PcapngWriter writer([&](ByteView block) -> Result<> {
    trace.insert(trace.end(), block.begin(), block.end());
    return {};
  });
  (void)writer.add_interface({});
  for (std::int64_t i = 0; i < kPackets; ++i) (void)writer.write(capture::Packet{.bytes = bytes});
  (void)writer.flush();
  for (auto _ : state) {
    capture::PcapngReader reader(trace);
    for (auto record = reader.next(); record && *record; record = reader.next()) benchmark::DoNotOptimize(record);
  }
  state.SetItemsProcessed(state.iterations() * kPackets);
}
BENCHMARK(pcapng_read);

}  // namespace
}  // namespace ghostnet
