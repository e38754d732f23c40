// The results store: rows of series a second on the schema as shipped, what a row takes on the disk, and what it costs
// to record a run as one is by default. The rival of the rows is the same SQLite given the same rows plainly: one table
// with an index by metric and host, a prepared insert, the same transactions. That of the run is itself, not recorded.
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "bench_row.hpp"
#include "ghostnet/results/store.hpp"
#include "ghostnet/scenarios/recorder.hpp"
#include "ghostnet/scenarios/runner.hpp"
#include "ghostnet/services/services.hpp"
#include "in_child.hpp"

namespace ghostnet::bench {
namespace {

namespace fs = std::filesystem;

constexpr HostId kHosts = 10'000;
constexpr int kSeconds = 60;
constexpr int kMetrics = 6;
constexpr int kRuns = 3;
constexpr int kRecordedRuns = 25;
constexpr double kRows = 2.0 * kHosts * kSeconds;

double process_cpu_s() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

void demand(bool held, const std::string& what) {
  if (held) return;
  fmt::print(stderr, "store_bench: {}\n", what);
  std::exit(3);
}

struct TemporaryFile {
  std::string directory = (fs::temp_directory_path() / "ghostnet-store-bench-XXXXXX").string();
  std::string path;
  TemporaryFile() {
    demand(mkdtemp(directory.data()) != nullptr, "no temporary directory");
    path = directory + "/results.sqlite";
  }
  ~TemporaryFile() { fs::remove_all(directory); }
};

// Two metrics of every host each second, in turn, as a run records by default.
std::vector<Sample> second(int at) {
  std::vector<Sample> samples;
  samples.reserve(2 * kHosts);
  for (std::uint32_t turn = 0; turn < 2; ++turn) {
    const MetricId metric{(static_cast<std::uint32_t>(at) * 2 + turn) % kMetrics};
    for (HostId host = 0; host < kHosts; ++host) {
      samples.push_back({TimePoint(at * 1s), metric, host, static_cast<double>(at) * 10 + host % 7});
    }
  }
  return samples;
}

// Rows a second of processor time, of both threads together.
double ours(double* bytes_per_host_minute) {
  const TemporaryFile file;
  auto store = std::move(results::Store::open(file.path).value());
  store->begin({.name = "bench"});
  for (std::uint32_t id = 0; id < kMetrics; ++id) {
    store->metric(MetricId{id}, {fmt::format("m{}", id), "1", "", MetricKind::counter});
  }
  for (HostId host = 0; host < kHosts; ++host) {
    store->host({.id = host, .name = fmt::format("host-{}", host), .group = "all", .region = "somewhere"});
  }
  const double began = process_cpu_s();
  for (int at = 1; at <= kSeconds; ++at) store->samples(second(at));
  const Result<> finished = store->finish({});
  const double took = process_cpu_s() - began;
  demand(finished.has_value(), finished ? "" : std::string(finished.error().message()));
  store.reset();
  *bytes_per_host_minute = static_cast<double>(fs::file_size(file.path)) / kHosts / (kSeconds / 60.0);
  return kRows / took;
}

double plainly() {
  const TemporaryFile file;
  using results::Database;
  const Database database =
      std::move(Database::open_bare(file.path, {.access = results::DatabaseOptions::Access::write}).value());
  const auto execute = [&](const char* sql) { demand(database.execute(sql).has_value(), sql); };
  execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL");
  execute("CREATE TABLE samples (time_ns INTEGER, metric INTEGER, host INTEGER, value REAL)");
  execute("CREATE INDEX by_metric_and_host ON samples (metric, host, time_ns)");
  results::Statement insert = std::move(database.prepare("INSERT INTO samples VALUES (?1, ?2, ?3, ?4)").value());
  const double began = process_cpu_s();
  for (int at = 1; at <= kSeconds; ++at) {
    execute("BEGIN");
    for (const Sample& sample : second(at)) {
      const Result<> done =
          insert.run_with(to_ns(sample.time), std::to_underlying(sample.metric), sample.host, sample.value);
      demand(done.has_value(), "the rival's insert");
    }
    execute("COMMIT");
  }
  return kRows / (process_cpu_s() - began);
}

// Ten thousand hosts all over the world that ask each other, as those of scenarios/hello-mesh.yaml do.
constexpr std::string_view kMesh = R"(
seed: 42
duration: 5 s
network: { regions: ethereum, hosts: 10000, bandwidth: 50 Mbit/s, loss: 0.1 % }
groups:
  servers: { count: 1000, bandwidth: 1 Gbit/s }
protocols: { echo: , ping: }
workload:
  - echo: { rate: 5 /s, arrival: poisson, size: 400 B, timeout: 2 s }
  - ping: { from: servers, to: servers, rate: 1 /s, probes: 5, interval: 100 ms }
)";

// Processor time of the whole run, set-up and all threads included.
double run_cpu_s(bool recorded) {
  const TemporaryFile file;
  ServiceRegistry registry;
  demand(services::add_all(registry).has_value(), "services");
  const scenarios::LoadResult scenario = scenarios::load_scenario(kMesh, "mesh.yaml", registry);
  demand(scenario.has_value(), scenario ? "" : scenario.error().front().to_string());
  TextLogSink log(stderr);
  auto world = scenarios::make_simulated(*scenario, &sim::make_world, log, {.level = LogLevel::off});
  demand(world.has_value(), "a world");
  std::unique_ptr<results::Store> store;
  std::optional<scenarios::Recorder> recorder;
  if (recorded) {
    store = std::move(results::Store::open(file.path).value());
    recorder.emplace(*store, **world, *scenario);
    recorder->begin({.name = "mesh"});
  }
  scenarios::Runner runner(*scenario, **world);
  if (recorder) runner.record_with(*recorder);
  demand(runner.set_up().has_value(), "setting up");
  const scenarios::RunReport report = runner.run();
  if (recorder) demand(recorder->finish(report, {}).has_value(), "recording");
  store.reset();
  return process_cpu_s();
}

int bench_main(int argc, char** argv) {
  double bytes = 0;
  std::vector<BenchRow> rows;
  rows.push_back(compare(
      {.name = "series rows of 10,000 hosts, of one core",
       .unit = "rows/s",
       .rival = "SQLite, one table with an index",
       .goal_value = 300'000,
       .runs = kRuns},
      [&] { return ours(&bytes); }, plainly));
  rows.push_back({.name = "file for a host and simulated minute",
                  .value = bytes,
                  .unit = "bytes",
                  .higher_is_better = false,
                  .goal_value = 2'500});
  rows.push_back(compare(
      {.name = "a run of 10,000 hosts, recorded as by default",
       .unit = "s",
       .rival = "the same run, not recorded",
       .higher_is_better = false,
       .goal_ratio = 1.05,
       .runs = kRecordedRuns},
      [] { return in_child([] { return run_cpu_s(true); }); },
      [] { return in_child([] { return run_cpu_s(false); }); }));
  return report(rows, argc, argv);
}

}  // namespace
}  // namespace ghostnet::bench

int main(int argc, char** argv) { return ghostnet::bench::bench_main(argc, argv); }
