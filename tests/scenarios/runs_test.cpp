// What happens when scenarios run on the fabric: what is measured when, and what faults do and undo.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

#include "ghostnet/scenarios/beginning.hpp"
#include "ghostnet/scenarios/runner.hpp"
#include "ghostnet/services/services.hpp"

namespace ghostnet::scenarios::runs_test {
namespace {

using testing::HasSubstr;

class Runs : public testing::Test {
 protected:
  Runs() { EXPECT_TRUE(services::add_all(registry_)); }
  ~Runs() override { std::fclose(nowhere_); }

  Scenario load(std::string_view text, const Settings& settings = {}) {
    Overrides overrides;
    overrides.set = settings;
    LoadResult loaded = load_scenario(text, "a.yaml", registry_, overrides);
    if (loaded) return std::move(*loaded);
    ADD_FAILURE() << loaded.error().front().to_string();
    return {};
  }

  Result<RunReport> try_to_run(std::string_view text, const Settings& settings = {}) {
    const Scenario scenario = load(text, settings);
    TextLogSink sink(nowhere_);
    Result<std::unique_ptr<RunWorld>> world =
        make_simulated(scenario, &sim::make_world, sink, {.level = LogLevel::error});
    if (!world) return fail(std::move(world));
    Runner runner(scenario, **world);
    if (Result<> ready = runner.set_up(); !ready) return fail(std::move(ready));
    return runner.run();
  }

  // All expectations of these must hold.
  RunReport run(std::string_view text, const Settings& settings = {}) {
    Result<RunReport> report = try_to_run(text, settings);
    if (!report) {
      ADD_FAILURE() << report.error().message();
      return {};
    }
    for (const auto& [expectation, verdict] : report->expectations) {
      EXPECT_TRUE(verdict.held) << expectation << ", but it was " << verdict.value.value_or(-1);
    }
    if (report->error) ADD_FAILURE() << report->error->message();
    return std::move(*report);
  }

  std::string refusal(std::string_view text) {
    Result<RunReport> report = try_to_run(text);
    return report ? "none" : std::string(report.error().message());
  }

  ServiceRegistry registry_;
  std::FILE* nowhere_ = std::fopen("/dev/null", "w");
};

// Every client asks the one server ten times a second.
std::string asking(std::string_view rest) {
  return fmt::format(R"(
duration: 20 s
network: {{ latency: 10 ms }}
groups: {{ server: {{ count: 1 }}, clients: {{ count: 4 }} }}
protocols: {{ echo: }}
workload: [ echo: {{ from: clients, to: server, rate: 10 /s, timeout: 500 ms, stop: 19 s }} ]
{})",
                     rest);
}

TEST_F(Runs, WhatHappensInTheWarmUpIsInNoMetric) {
  run(asking("expect: [ echo.requests == 760 ]"));
  run(asking("warm_up: 9 s\nexpect: [ echo.requests == 400, count(echo.rtt) == 400, max(echo.requests) == 100 ]"));
}

TEST_F(Runs, AWindowHasWhatHappenedInIt) {
  run(asking(R"(expect:
  - { that: echo.requests == 80, from: 3 s, until: 5 s }
  - { that: max(echo.requests) == 20, from: 3 s, until: 5 s }
  - { that: count(echo.rtt) > 70, from: 3 s, until: 5 s }
  - { that: echo.requests == 160, from: 15 s }
  - { that: echo.requests == 40, until: 1 s }
  - echo.requests == 760)"));
}

TEST_F(Runs, ACrashedHostIsSilentUntilItRestarts) {
  run(asking(R"(faults: [ { at: 5 s, for: 5 s, crash: server } ]
expect:
  - { that: echo.replies == echo.requests, until: 4900 ms }
  - { that: echo.replies == 0, from: 5100 ms, until: 10 s }
  - { that: echo.replies / echo.requests > 99 %, from: 11 s })"));
}

TEST_F(Runs, AHostIsDownAsLongAsAnyFaultHoldsItDown) {
  run(asking(R"(faults:
  - { at: 5 s, for: 5 s, crash: server }
  - { at: 8 s, for: 6 s, crash: all }
expect:
  - { that: echo.served_datagrams == 0, from: 5100 ms, until: 14 s }
  - { that: echo.served_datagrams > 100, from: 14 s })"));
}

TEST_F(Runs, HostsAreExpectedToEndUpOrDown) {
  const std::string text = R"(
duration: 10 s
groups: { a: { count: 3, end_state: down }, b: { count: 3, end_state: up } }
protocols: { echo: }
)";
  run(text + "faults: [ { at: 5 s, crash: a }, { at: 2 s, for: 3 s, crash: b } ]");
  Result<RunReport> report = try_to_run(text + "faults: [ { at: 5 s, crash: b } ]");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, RunStatus::failed);
  EXPECT_EQ(report->expectations[0].first, "hosts of a are down at the end");
  EXPECT_FALSE(report->expectations[0].second.held);
  EXPECT_FALSE(report->expectations[1].second.held);
}

TEST_F(Runs, PartitionsCutInTheirDirectionAndHeal) {
  run(asking(R"(faults: [ { at: 5 s, for: 5 s, partition: { sides: [server], direction: out } } ]
expect:
  - { that: echo.replies == 0, from: 5100 ms, until: 10 s }
  - { that: echo.served_datagrams > 150, from: 5100 ms, until: 10 s }
  - { that: echo.replies / echo.requests > 99 %, from: 11 s })"));
  run(asking(R"(faults: [ { at: 5 s, for: 5 s, partition: [server, clients] } ]
expect:
  - { that: echo.served_datagrams == 0, from: 5100 ms, until: 10 s }
  - { that: echo.replies / echo.requests > 99 %, from: 11 s })"));
}

TEST_F(Runs, OverlappingPartitionsCutWhatAnyOfThemCuts) {
  run(asking(R"(faults:
  - { at: 4 s, for: 6 s, partition: [server, clients] }
  - { at: 6 s, for: 2 s, partition: [clients] }
expect:
  - { that: echo.replies == 0, from: 4100 ms, until: 10 s }
  - { that: echo.replies / echo.requests > 99 %, from: 11 s })"));
}

TEST_F(Runs, LinksGetWorseAndAreAsBefore) {
  run(asking(R"(faults:
  - { at: 5 s, for: 5 s, degrade: { group: server, access_delay: 40 ms } }
  - { at: 12 s, for: 2 s, degrade: { group: server, loss: 100 % } }
expect:
  - { that: max(echo.rtt) < 21 ms, until: 5 s }
  - { that: p50(echo.rtt) > 59 ms, from: 5100 ms, until: 10 s }
  - { that: echo.replies == 0, from: 12100 ms, until: 14 s }
  - { that: p99(echo.rtt) < 21 ms, from: 15 s })"));
}

TEST_F(Runs, LinksGoDownAndFlap) {
  run(asking(R"(faults:
  - { at: 5 s, for: 2 s, offline: server }
  - { at: 10 s, for: 6 s, flap: { group: server, down: 1 s, up: 2 s } }
expect:
  - { that: echo.replies == 0, from: 5100 ms, until: 7 s }
  - { that: echo.replies == 0, from: 10100 ms, until: 11 s }
  - { that: echo.replies > 60, from: 11100 ms, until: 13 s }
  - { that: echo.replies == 0, from: 13100 ms, until: 14 s }
  - { that: echo.replies / echo.requests > 99 %, from: 17 s })"));
}

TEST_F(Runs, ChurnKeepsItsShareAway) {
  // Each is there for 20 s and away for 5 s on average: 80 %.
  run(R"(
duration: 20 min
warm_up: 2 min
groups: { asking: { count: 2 }, peers: { count: 50 } }
protocols: { echo: }
workload: [ echo: { from: asking, to: peers, rate: 5 /s, timeout: 200 ms } ]
faults: [ churn: { group: peers, leave: 3 /min, rejoin: 5 s } ]
expect: [ echo.replies / echo.requests > 77 %, echo.replies / echo.requests < 83 % ]
)");
}

TEST_F(Runs, ClocksRunAtAnotherSpeedForAWhile) {
  run(asking(R"(faults: [ { at: 5 s, for: 5 s, clock: { group: clients, drift: 100000 } } ]
expect:
  - { that: max(echo.rtt) < 21 ms, until: 5 s }
  - { that: mean(echo.rtt) > 21.9 ms, from: 5100 ms, until: 10 s }
  - { that: mean(echo.rtt) < 21 ms, from: 10500 ms })"));
}

TEST_F(Runs, CpusBecomeSlowerForAWhile) {
  run(R"(
duration: 15 s
network: { latency: 10 ms, cpu_per_packet: 100 us }
groups: { server: { count: 1 }, clients: { count: 4 } }
protocols: { echo: }
workload: [ echo: { from: clients, to: server, rate: 10 /s, stop: 14 s } ]
faults: [ { at: 5 s, for: 5 s, slow: { group: server, factor: 50 } } ]
expect:
  - { that: p50(echo.rtt) < 21 ms, until: 5 s }
  - { that: p50(echo.rtt) > 24 ms, from: 5100 ms, until: 10 s }
  - { that: p50(echo.rtt) < 21 ms, from: 11 s }
)");
}

// Thirty messages in a burst, of which each has to be deciphered: 10 ms of the CPU where a KiB costs that.
TEST_F(Runs, CpusPayForCryptography) {
  const auto gossip = [](std::string_view security, std::string_view price, std::string_view expectation) {
    return fmt::format(R"(
duration: 20 s
network: {{ latency: 10 ms, hosts: 4, cpu_per_aead_kib: {} }}
groups: {{ publisher: {{ count: 1 }} }}
protocols: {{ libp2p: {{ security: {}, peers: 3 }}, gossipsub: {{ topics: [news] }} }}
workload: [ publish: {{ from: publisher, topic: news, size: 1 KiB, rate: 1000 /s, start: 10 s, stop: 10030 ms }} ]
expect: [ gossipsub.delivered == gossipsub.expected, gossipsub.delivered > 0, "{}" ]
)",
                       price, security, expectation);
  };
  for (std::string_view security : {"noise", "tls"}) {
    run(gossip(security, "0 s", "max(gossipsub.delivery_latency) < 120 ms"));
    run(gossip(security, "10 ms", "max(gossipsub.delivery_latency) > 150 ms"));
  }
}

TEST_F(Runs, HostsAreFoundAtTheirOtherAddresses) {
  run(R"(
duration: 20 s
network: { latency: 200 ms }
groups: { server: { count: 1 }, clients: { count: 4 } }
protocols: { echo: }
workload: [ echo: { from: clients, to: server, rate: 10 /s, stop: 19 s } ]
faults: [ { at: 5 s, readdress: server }, { at: 10 s, readdress: all } ]
expect:
  - { that: echo.timeouts == 0, until: 5 s }
  - { that: echo.timeouts > 5, from: 5 s, until: 7 s } # what was under way
  - { that: echo.timeouts == 0, from: 7 s, until: 10 s }
  - { that: echo.timeouts > 10, from: 10 s, until: 12 s }
  - { that: echo.timeouts == 0, from: 12 s }
)");
}

TEST_F(Runs, PoissonArrivalsKeepTheirRate) {
  run(R"(
duration: 100 s
groups: { server: { count: 1 }, clients: { count: 10 } }
protocols: { echo: }
workload: [ echo: { from: clients, to: server, rate: 10 /s, arrival: poisson } ]
expect: [ echo.requests > 9700, echo.requests < 10300, min(echo.requests) != max(echo.requests) ]
)");
}

TEST_F(Runs, SelectionsAreDrawnFromTheSeed) {
  run(asking(
      R"(faults: [ { at: 5 s, crash: { group: clients, share: 50 % } }, { at: 5 s, crash: { group: clients, count: 1 } } ]
expect: [ { that: echo.requests <= 80, from: 16 s }, { that: echo.requests >= 30, from: 16 s } ])"));
}

TEST_F(Runs, RegionsAreStruckAlone) {
  run(R"(
duration: 10 s
regions: { near: , far: }
groups: { a: { count: 3, place: near }, b: { count: 3, place: far } }
protocols: { echo: }
workload: [ echo: { to: a, rate: 10 /s, timeout: 200 ms } ]
faults: [ { at: 5 s, crash: { region: far } } ]
expect:
  - that: echo.requests[b] == 0
    from: 5 s
  - that: echo.requests[a] > 100
    from: 5 s
)");
}

TEST_F(Runs, TheSameScenarioIsTheSameRun) {
  const std::string text = asking("faults: [ churn: { group: clients, leave: 100 %/min, rejoin: 2 s } ]");
  EXPECT_EQ(run(text).digest, run(text).digest);
  EXPECT_NE(run(text).digest, run(text + "\nseed: 2").digest);
}

// With one other in the directory nobody may miss it, whatever is drawn by chance.
TEST_F(Runs, TwoHostsFindEachOtherAtOnce) {
  for (int seed = 1; seed <= 20; ++seed) {
    run(fmt::format(R"(
seed: {}
duration: 10 s
network: {{ hosts: 2, latency: 20 ms }}
groups: {{ publisher: {{ count: 1 }} }}
protocols:
  libp2p: {{ security: plaintext, peers: 1 }}
  gossipsub: {{ topics: [news], signature_policy: strict_no_sign }}
workload:
  - publish: {{ from: publisher, topic: news, rate: 1 /s, start: 6 s }}
expect:
  - gossipsub.delivered == gossipsub.expected
)",
                    seed));
  }
}

// Everything that is under way when it goes on as another: connections, churn, a crash that is still to end.
TEST_F(Runs, ARunThatGoesOnAsAnotherIsThatRun) {
  constexpr std::string_view kText = R"(
duration: 30 s
network: { hosts: 20, regions: ethereum, loss: 1 % }
groups: { publishers: { count: 2, clock_drift: 300 } }
protocols:
  libp2p: { security: noise, peers: 4 }
  gossipsub: { topics: [news], d: 6, signature_policy: strict_no_sign }
  echo:
workload:
  - echo: { rate: 2 /s, arrival: poisson }
  - publish: { from: publishers, topic: news, size: 1 KiB, rate: 2 /s, start: 12 s }
faults:
  - churn: { group: rest, leave: 100 %/min, rejoin: 2 s }
  - { at: 10 s, for: 8 s, crash: { group: rest, count: 3 } }
  - { at: 15 s, degrade: { loss: 10 % } }
)";
  const Settings to_other = {{"workload.1.publish.size", "4 KiB"},
                             {"faults.2", "{ at: 15 s, for: 5 s, partition: [[region: europe]] }"}};
  Scenario scenario = load(kText);
  const std::optional<TimePoint> until = common_beginning(scenario, load(kText, to_other));
  ASSERT_TRUE(until && *until > TimePoint(11s) && *until < TimePoint(12s));
  std::uint64_t digest = 0;
  std::vector<MetricSnapshot> metrics;
  {
    TextLogSink sink(nowhere_);
    const auto world = std::move(make_simulated(scenario, &sim::make_world, sink, {.level = LogLevel::off}).value());
    Runner runner(scenario, *world);
    ASSERT_TRUE(runner.set_up());
    EXPECT_TRUE(runner.run_until(*until, [] { return false; }));
    EXPECT_EQ(world->now(), *until);
    go_on_as(scenario, load(kText, to_other), *until);
    RunReport report = runner.run();
    digest = report.digest.value_or(0);
    metrics = std::move(report.metrics);
  }
  const RunReport from_start = run(kText, to_other);
  EXPECT_EQ(digest, from_start.digest);
  EXPECT_NE(digest, run(kText).digest);
  ASSERT_EQ(metrics.size(), from_start.metrics.size());
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    EXPECT_EQ(metrics[i].total.sum, from_start.metrics[i].total.sum) << metrics[i].info.name;
    EXPECT_EQ(metrics[i].total.histogram.count(), from_start.metrics[i].total.histogram.count());
  }
}

// Our TCP, which is of no protocol, is measured like them: in total, by group, and in a part of the run.
TEST_F(Runs, HostsOfTheFabricMeasureTheirTcp) {
  const RunReport report = run(R"(
duration: 20 s
warm_up: 2 s
network: { latency: 5 ms }
groups:
  senders: { count: 2, bandwidth: 10 Mbit/s, access_delay: 20 ms, loss: 1 % }
  sinks: { count: 2 }
protocols: { bulk: }
workload:
  - bulk: { from: senders, to: sinks, rate: 1 /s, count: 1, duration: 5 s, transport: stream, start: 3 s }
expect:
  - tcp.opened[senders] == 2
  - tcp.accepted[sinks] == 2
  - tcp.opened[sinks] == 0
  - tcp.retransmits[senders] > 10
  - tcp.retransmits[sinks] == 0
  - tcp.retransmits == tcp.retransmits[senders]
  - min(tcp.smoothed_rtt[senders]) >= 30 ms
  - p50(tcp.handshake) < 1 s
  - max(tcp.window) > 14600 B
  - { that: tcp.opened == 0, from: 10 s, until: 20 s }
  - { that: tcp.retransmits == 0, from: 15 s, until: 20 s }
)");
  EXPECT_EQ(report.expectations.size(), 11U);
}

TEST_F(Runs, StreamsOfAnotherMakeHaveNoMetricsOfOurTcp) {
  const std::string text = "network: { carrier: ns3 }\nprotocols: { echo: }\n";
  EXPECT_EQ(refusal(text + "expect: [ echo.requests - tcp.retransmits == 0 ]\n"),
            "tcp.retransmits: streams of the ns3 carrier are ns-3's, see ns3.attributes");
  EXPECT_THAT(refusal(text + "record: { series: [tcp.connections] }\n"), HasSubstr("tcp.connections: streams"));
  EXPECT_THAT(refusal(text + "tcp: { sack: false }\n"), HasSubstr("tcp: streams"));
}

TEST_F(Runs, WhatACarrierCannotDoIsRefusedWithItsPlace) {
  const auto on_ns3 = [this](std::string_view fault) {
    return refusal(fmt::format("network: {{ carrier: ns3 }}\nprotocols: {{ echo: }}\nfaults:\n  - {}\n", fault));
  };
  EXPECT_EQ(on_ns3("{ clock: { step: 1 s } }"),
            "a.yaml:4:5: faults[0].clock: the ns3 carrier has no such fault; use `carrier: fabric`");
  EXPECT_THAT(on_ns3("{ partition: [all] }"), HasSubstr("faults[0].partition"));
  EXPECT_THAT(on_ns3("{ degrade: { corrupt: 1 % } }"), HasSubstr("bandwidth, loss and access_delay alone"));
  EXPECT_THAT(on_ns3("{ readdress: all }"), HasSubstr("faults[0].readdress"));
  EXPECT_THAT(on_ns3("{ slow: all }"), HasSubstr("faults[0].slow"));
  EXPECT_THAT(refusal("network: { carrier: ns3 }\nrouters: [a, b]\nprotocols: { echo: }\n"
                      "links: [ { from: a, to: b, bandwidth: 4 Mbit/s, discipline: fq_codel } ]\n"),
              HasSubstr("one queue discipline for all"));
}

}  // namespace
}  // namespace ghostnet::scenarios::runs_test
