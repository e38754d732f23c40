// A results file with runs of a small made-up world, for the tests of what reads it.
#pragma once

#include "ghostnet/results/reader.hpp"
#include "ghostnet/results/store.hpp"
#include "results_file.hpp"

namespace ghostnet::results {

struct MadeUpRun {
  std::string name = "made <up>";
  std::uint64_t seed = 1;
  double requests_per_s = 100;
  double noise = 0;  // of each second, at most, and 0 in the mean
  std::uint64_t latency_ns = 20'000'000;
  std::vector<std::pair<std::string, std::string>> sweep_point{};
  std::uint32_t repeat = 0;
  bool finished = true;
  std::string batch{};
  std::vector<RunEvent> events{};
};

class RecordedFile : public ResultsFile {
 protected:
  static constexpr int kSeconds = 40;

  std::int64_t record(const MadeUpRun& made) {
    constexpr MetricId kRequests{0}, kOpen{1}, kLatency{2};
    auto store = std::move(Store::open(path_, {.batch = made.batch}).value());
    store->begin({.name = made.name,
                  .scenario_text = "name: made & up\n",
                  .scenario_file = "made.yaml",
                  .parameters = made.sweep_point,
                  .sweep_point = made.sweep_point,
                  .seed = made.seed,
                  .repeat = made.repeat,
                  .mode = "sim",
                  .carrier = "fabric",
                  .revision = "abc",
                  .planned = kSeconds * 1s});
    store->metric(kRequests, {"echo.requests", "requests", "requests sent", MetricKind::counter});
    store->metric(kOpen, {"tcp.open", "streams", "streams open", MetricKind::gauge});
    store->metric(kLatency, {"echo.rtt", "ns", "round trip", MetricKind::histogram});
    for (HostId id = 0; id < 3; ++id) {
      store->host({.id = id, .name = fmt::format("h{}", id), .group = id == 0 ? "servers" : "clients", .region = "eu"});
    }
    double requests = 0;
    Histogram all;
    for (int second = 1; second <= kSeconds; ++second) {
      const double swing = made.noise * (second * 7 % 5 - 2) / 2;
      requests += made.requests_per_s + swing;
      const Sample samples[] = {{TimePoint(second * 1s), kRequests, kNoHost, requests},
                                {TimePoint(second * 1s), kRequests, 1, requests / 2},
                                {TimePoint(second * 1s), kOpen, kNoHost, 7 + swing / 100}};
      store->samples(samples);
      Histogram gained;
      gained.record(made.latency_ns + static_cast<std::uint64_t>(second % 7) * 100'000, 10);
      all.merge(gained);
      store->window({.metric = kLatency, .from = TimePoint((second - 1) * 1s), .to = TimePoint(second * 1s)}, gained);
    }
    store->event({.time = TimePoint(5s), .host = 2, .kind = "crash", .text = "said \"so\""});
    for (const RunEvent& event : made.events) store->event(event);
    store->message(
        {.sent = TimePoint(1s), .received = TimePoint(2s), .from = 0, .to = 1, .bytes = 9, .kind = "datagram"});
    store->link({.time = TimePoint(0s), .a = 0, .b = 1, .kind = "wire"});
    store->histogram(kLatency, "", kNoHost, all);
    store->histogram(kLatency, "clients", kNoHost, all);
    store->total({.metric = kRequests, .group = "", .hosts = 3, .sum = requests, .min = 0, .max = requests});
    store->total({.metric = kOpen, .group = "", .hosts = 3, .sum = 7, .min = 0, .max = 7});
    store->expectation({"echo.requests > 1000", requests, requests > 1000});
    store->expectation({"p99(echo.other) < 1 s", std::nullopt, false});
    if (made.finished) {
      RunOutcome outcome{.status = RunStatus::failed, .digest = made.seed, .simulated = kSeconds * 1s, .wall = 2s};
      EXPECT_TRUE(store->finish(outcome));
    }
    return store->run_id();
  }
};

}  // namespace ghostnet::results
