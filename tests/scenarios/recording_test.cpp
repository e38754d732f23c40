// What a run records beyond its metrics: links, packets, hops of messages, places, samples of links; and that recording
// changes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "ghostnet/runtime/result_sink.hpp"
#include "ghostnet/scenarios/places.hpp"
#include "ghostnet/scenarios/runner.hpp"
#include "ghostnet/scenarios/sightings.hpp"
#include "ghostnet/scenarios/source_files.hpp"
#include "ghostnet/services/services.hpp"

namespace ghostnet::scenarios::recording_test {
namespace {

using testing::ElementsAre;
using testing::Gt;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Lt;
using testing::Not;
using testing::SizeIs;

class Recording : public testing::Test {
 protected:
  Recording() { EXPECT_TRUE(services::add_all(registry_)); }
  ~Recording() override { std::fclose(nowhere_); }

  // The run's digest; nothing is recorded without a sink.
  std::uint64_t run(std::string_view text, MemorySink* sink) {
    LoadResult loaded = load_scenario(text, "a.yaml", registry_);
    if (!loaded) {
      ADD_FAILURE() << loaded.error().front().to_string();
      return 0;
    }
    TextLogSink log(nowhere_);
    Result<std::unique_ptr<RunWorld>> world = make_simulated(*loaded, &sim::make_world, log, {.level = LogLevel::off});
    if (!world) {
      ADD_FAILURE() << world.error().message();
      return 0;
    }
    std::optional<Recorder> recorder;
    if (sink != nullptr) {
      recorder.emplace(*sink, **world, *loaded);
      recorder->begin({.name = "a"});
    }
    Runner runner(*loaded, **world);
    if (recorder) runner.record_with(*recorder);
    if (Result<> ready = runner.set_up(); !ready) ADD_FAILURE() << ready.error().message();
    const RunReport report = runner.run();
    if (recorder) EXPECT_TRUE(recorder->finish(report, {}));
    return report.digest.value_or(0);
  }
  MemorySink recorded(std::string_view text) {
    MemorySink sink;
    run(text, &sink);
    return sink;
  }

  // The kinds of links that came up.
  static std::set<std::string> kinds(const MemorySink& sink) {
    std::set<std::string> kinds;
    for (const auto& link : sink.links()) kinds.insert(link.kind);
    return kinds;
  }
  static std::vector<MemorySink::OwnedMessage> messages(const MemorySink& sink, std::string_view kind) {
    std::vector<MemorySink::OwnedMessage> all;
    for (const auto& message : sink.messages()) {
      if (message.kind == kind) all.push_back(message);
    }
    return all;
  }

  ServiceRegistry registry_;
  std::FILE* nowhere_ = std::fopen("/dev/null", "w");
};

constexpr std::string_view kGossip = R"(
duration: 20 s
seed: 3
network: { hosts: 24, regions: ethereum, loss: 0.5 % }
groups: { publishers: { count: 2 } }
protocols:
  libp2p: { security: noise, peers: 4 }
  gossipsub: { topics: [news], d: 6, signature_policy: strict_no_sign }
workload: [ publish: { from: publishers, topic: news, size: 1 KiB, rate: 1 /s, start: 10 s, stop: 18 s } ]
)";

std::string gossip_with(std::string_view rest) { return std::string(kGossip) + std::string(rest); }

TEST_F(Recording, LeavesTheRunAsItIsToTheDigest) {
  MemorySink sink;
  const std::string all = "record: { messages: 100 %, connections: [all], wires: [all], interval: 100 ms }\n";
  EXPECT_EQ(run(kGossip, nullptr), run(gossip_with(all), &sink));
  EXPECT_THAT(sink.messages(), Not(IsEmpty()));
  EXPECT_THAT(sink.link_samples(), Not(IsEmpty()));
  constexpr std::string_view kRadio = R"(
duration: 5 s
network: { carrier: ns3, ground: wireless, wireless: adhoc, hosts: 6, spacing: 40, speed: 2 }
protocols: { ping: }
workload: [ ping: { rate: 1 /s } ]
)";
  MemorySink of_radio;
  EXPECT_EQ(run(kRadio, nullptr),
            run(std::string(kRadio) + "record: { messages: 100 %, positions: 100 ms }\n", &of_radio));
  EXPECT_THAT(of_radio.positions(), Not(IsEmpty()));
}

TEST_F(Recording, ConnectionsMeshesAndRoutingTablesAreLinks) {
  const MemorySink sink = recorded(R"(
duration: 15 s
network: { hosts: 10 }
protocols:
  libp2p: { security: noise, peers: 3 }
  gossipsub: { topics: [news, sport], d: 6, signature_policy: strict_no_sign }
  kademlia: { mode: server }
)");
  EXPECT_THAT(kinds(sink), ElementsAre("dht", "mesh", "tcp"));
  std::set<std::string> topics;
  for (const auto& link : sink.links()) {
    EXPECT_NE(link.a, link.b);
    EXPECT_LT(link.a, 10U);
    EXPECT_LT(link.b, 10U);
    if (link.kind == "mesh") topics.insert(link.json);
    if (link.kind != "dht") EXPECT_LT(link.a, link.b) << "both ends are one link";
  }
  EXPECT_THAT(topics, ElementsAre(R"({"topic":"news"})", R"({"topic":"sport"})"));
}

TEST_F(Recording, LevelsAreThoseOfTheRunNotOfItsServicesAsTheyStop) {
  const MemorySink sink = recorded(R"(
duration: 10 s
network: { hosts: 5, latency: 300 ms }
protocols:
  libp2p: { security: plaintext, peers: 2 }
record: { interval: 100 ms }
)");
  const auto connections = sink.series("libp2p.connections", kNoHost);
  ASSERT_THAT(connections, Not(IsEmpty()));
  EXPECT_THAT(connections.back().second, Gt(0));
}

TEST_F(Recording, ALinkOfAHostThatCrashesGoesDown) {
  const MemorySink sink = recorded(R"(
duration: 30 s
network: { hosts: 8 }
groups: { victim: { count: 1 } }
protocols:
  libp2p: { security: noise, peers: 3 }
  gossipsub: { topics: [news], d: 6, signature_policy: strict_no_sign }
faults: [ { at: 15 s, crash: victim } ]
)");
  std::map<std::tuple<std::string, HostId, HostId>, int> up;
  std::size_t of_victim = 0;
  for (const auto& link : sink.links()) {
    up[{link.kind, link.a, link.b}] += link.up ? 1 : -1;
    of_victim += link.a == 0 || link.b == 0 ? 1 : 0;
  }
  EXPECT_THAT(of_victim, Gt(1U));
  for (const auto& [link, count] : up) {
    EXPECT_THAT(count, testing::AnyOf(0, 1)) << "no link is up twice";
    if (std::get<0>(link) == "mesh" && (std::get<1>(link) == 0 || std::get<2>(link) == 0)) {
      EXPECT_EQ(count, 0) << "its neighbours find out by their connections";
    }
  }
}

TEST_F(Recording, TheHopsOfATracedMessageReachEverybodyFromItsPublisher) {
  const MemorySink sink = recorded(gossip_with("record: { traces: 3 }\n"));
  std::map<std::uint64_t, std::vector<MemorySink::OwnedMessage>> traces;
  for (const auto& hop : messages(sink, "gossip")) traces[hop.trace].push_back(hop);
  EXPECT_THAT(traces, SizeIs(3));
  for (auto& [trace, hops] : traces) {
    std::ranges::sort(hops, {}, &MemorySink::OwnedMessage::sent);
    std::map<HostId, TimePoint> has_it{{hops.front().from, hops.front().sent}};
    EXPECT_LT(hops.front().from, 2U) << "publishers are the first hosts";
    std::multimap<TimePoint, const MemorySink::OwnedMessage*> by_arrival;
    for (const auto& hop : hops) {
      if (hop.received) by_arrival.emplace(*hop.received, &hop);
    }
    for (const auto& [received, hop] : by_arrival) {
      EXPECT_GT(received, hop->sent);
      EXPECT_GT(hop->bytes, 1024U);
      ASSERT_TRUE(has_it.contains(hop->from)) << "who hands it on has it";
      EXPECT_LE(has_it[hop->from], hop->sent);
      has_it.try_emplace(hop->to, received);
    }
    EXPECT_THAT(has_it, SizeIs(24));
  }
}

TEST_F(Recording, PacketsAreFollowedFromHostToHost) {
  const MemorySink sink = recorded(R"(
duration: 10 s
network: { hosts: 3, latency: 25 ms, loss: 5 % }
protocols: { echo: }
workload: [ echo: { rate: 10 /s, size: 100 B, timeout: 500 ms } ]
record: { messages: 100 % }
)");
  const auto datagrams = messages(sink, "datagram");
  EXPECT_THAT(datagrams, SizeIs(testing::AllOf(Gt(500U), Lt(650U)))) << "30 requests a second and their answers";
  std::size_t lost = 0;
  for (const auto& datagram : datagrams) {
    EXPECT_EQ(datagram.bytes, 128U);
    EXPECT_NE(datagram.from, datagram.to);
    lost += datagram.received ? 0 : 1;
    if (datagram.received) EXPECT_EQ(*datagram.received - datagram.sent, 25ms);
  }
  EXPECT_THAT(lost, testing::AllOf(Gt(10U), Lt(70U)));
}

TEST_F(Recording, ABoundOfPacketsIsSpreadOverTheRun) {
  const MemorySink sink = recorded(R"(
duration: 20 s
network: { hosts: 4 }
protocols: { echo: }
workload: [ echo: { rate: 20 /s } ]
record: { messages: 100 %, max_messages: 40 }
)");
  EXPECT_THAT(sink.messages(), SizeIs(40));
  std::size_t late = 0;
  for (const auto& message : sink.messages()) late += message.sent > TimePoint(10s) ? 1 : 0;
  EXPECT_THAT(late, testing::AllOf(Gt(15U), Lt(25U)));
}

constexpr std::string_view kTables = R"(
duration: 15 s
network: { hosts: 14 }
groups: { watched: { count: 3 } }
protocols: { libp2p: { peers: 4 }, kademlia: { mode: server } }
)";

TEST_F(Recording, EntriesOfRoutingTablesNameTheirBucket) {
  const MemorySink sink = recorded(kTables);
  std::map<std::pair<HostId, HostId>, std::string> fields;
  std::size_t far = 0;
  for (const auto& link : sink.links()) {
    if (link.kind != "dht") continue;
    EXPECT_THAT(link.json, testing::MatchesRegex(R"(\{"bucket":[0-9]+\})"));
    if (fields.emplace(std::pair(link.a, link.b), link.json).second && link.json == R"({"bucket":0})") ++far;
  }
  EXPECT_THAT(fields, SizeIs(Gt(40U)));
  EXPECT_THAT(far, testing::AllOf(Gt(fields.size() / 10), Lt(fields.size() * 9 / 10))) << "half of all keys are there";
  for (const auto& [ends, json] : fields) {
    const auto back = fields.find({ends.second, ends.first});
    if (back != fields.end()) EXPECT_EQ(back->second, json) << "as far from here to there as from there to here";
  }
}

TEST_F(Recording, RoutingTablesAreThoseOfTheGroupsThatAreNamed) {
  MemorySink sink;
  const std::string chosen = std::string(kTables) + "record: { routing_tables: [watched] }\n";
  EXPECT_EQ(run(chosen, &sink), run(kTables, nullptr)) << "and the run is the same";
  std::set<HostId> watched;
  for (const auto& [id, host] : sink.hosts()) {
    if (host.group == "watched") watched.insert(id);
  }
  std::set<HostId> kept;
  for (const auto& link : sink.links()) {
    if (link.kind == "dht") kept.insert(link.a);
  }
  EXPECT_EQ(kept, watched);
  EXPECT_TRUE(std::ranges::any_of(sink.links(), [](const auto& link) { return link.kind == "tcp"; }));
}

TEST(RoutingTables, OfTooManyHostsAreThoseOfEverySoManieth) {
  EXPECT_EQ(Sightings::thinned({true, false, true}, 2), (std::vector<bool>{true, false, true}));
  EXPECT_EQ(Sightings::thinned({true, false, true, true, true}, 2),
            (std::vector<bool>{true, false, false, true, false}));
  const std::vector<bool> kept = Sightings::thinned(std::vector<bool>(2'500, true), Sightings::kMaxTables);
  EXPECT_EQ(std::ranges::count(kept, true), 834) << "every third";
  EXPECT_THAT(Sightings::thinned({}, 2), IsEmpty());
}

TEST_F(Recording, NothingIsSeenThatTheFileDoesNotWant) {
  const MemorySink sink = recorded(gossip_with("record: { links: false, messages: 0, traces: 0 }\n"));
  EXPECT_THAT(sink.links(), IsEmpty());
  EXPECT_THAT(sink.messages(), IsEmpty());
  EXPECT_THAT(sink.link_samples(), IsEmpty());
}

TEST_F(Recording, HostsOfARegionStandAboutItsPlace) {
  const MemorySink sink = recorded("duration: 1 s\nnetwork: { hosts: 40, regions: cloud }\nprotocols: { echo: }\n");
  std::set<std::pair<double, double>> points;
  for (const auto& [id, host] : sink.hosts()) {
    const auto* map = std::get_if<OnMap>(&host.position);
    ASSERT_NE(map, nullptr) << host.region;
    points.emplace(map->longitude, map->latitude);
    if (host.region == "tokyo") EXPECT_NEAR(map->latitude, 35.7, Places::kRadiusDegrees);
    if (host.region == "sao_paulo") EXPECT_NEAR(map->longitude, -46.6, 1.2 * Places::kRadiusDegrees);
  }
  EXPECT_THAT(points, SizeIs(40));
}

TEST_F(Recording, RadiosHavePositionsAndNeighbours) {
  const MemorySink sink = recorded(R"(
duration: 20 s
network: { carrier: ns3, ground: wireless, wireless: adhoc, hosts: 9, spacing: 40, speed: 4 }
protocols: { ping: }
workload: [ ping: { rate: 1 /s } ]
record: { messages: 100 %, positions: 500 ms }
)");
  for (const auto& [id, host] : sink.hosts()) EXPECT_TRUE(std::holds_alternative<OnPlane>(host.position));
  EXPECT_THAT(sink.positions(), SizeIs(Gt(20U)));
  for (const HostPosition& position : sink.positions()) {
    EXPECT_EQ(position.time.time_since_epoch() % 500ms, 0ns);
  }
  EXPECT_THAT(kinds(sink), ElementsAre("radio"));
  EXPECT_THAT(messages(sink, "datagram"), Not(IsEmpty()));
  EXPECT_TRUE(std::ranges::any_of(sink.links(), [](const auto& link) { return link.time > TimePoint() && !link.up; }))
      << "they walk out of each other's range";
}

TEST_F(Recording, WiresSayWhatTheFileDeclares) {
  const MemorySink sink = recorded(R"(
duration: 1 s
routers: [west, east]
links: [ { from: west, to: east, latency: 10 ms, bandwidth: 1 Gbit/s } ]
network: { hosts: 2, bandwidth: 10 Mbit/s }
protocols: { echo: }
)");
  std::vector<std::string> wires;
  for (const auto& link : sink.links()) {
    if (link.kind == "wire") wires.push_back(link.json);
  }
  ASSERT_THAT(wires, SizeIs(3));
  EXPECT_THAT(wires[0], testing::StartsWith(R"({"to":"west","up_bps":10000000)"));
  EXPECT_THAT(wires[1], testing::StartsWith(R"({"to":"east","up_bps":10000000)"));
  EXPECT_THAT(wires[2], testing::StartsWith(R"({"from":"west","to":"east","up_bps":1000000000)"));
}

TEST_F(Recording, APartitionSaysWhomItCutsFromWhom) {
  const MemorySink sink = recorded(R"(
duration: 4 s
network: { hosts: 12, regions: ethereum }
groups: { servers: { count: 2 } }
protocols: { echo: }
faults:
  - { at: 1 s, for: 2 s, partition: { sides: [[region: europe, servers], [region: east_asia]], direction: out } }
)");
  const std::vector<MemorySink::OwnedEvent> events = sink.events();
  const auto begins = std::ranges::find(events, "fault_begins", &MemorySink::OwnedEvent::kind);
  ASSERT_NE(begins, events.end());
  EXPECT_EQ(
      begins->json,
      R"({"sides":[[{"group":"all","region":"europe"},{"group":"servers"}],[{"group":"all","region":"east_asia"}]],)"
      R"("direction":"out"})");
}

TEST_F(Recording, SaysWhereTheLogsOfHostsAre) {
  const std::string directory = testing::TempDir() + "ghostnet-recording-logs";
  const MemorySink sink = recorded(fmt::format(
      "duration: 1 s\nnetwork: {{ hosts: 2 }}\nprotocols: {{ echo: }}\nrecord: {{ logs: {}/. }}\n", directory));
  const std::vector<MemorySink::OwnedEvent> events = sink.events();
  const auto logs = std::ranges::find(events, "logs", &MemorySink::OwnedEvent::kind);
  ASSERT_NE(logs, events.end());
  EXPECT_EQ(logs->text, directory + "/");
  EXPECT_EQ(logs->time, TimePoint());
  std::filesystem::remove_all(directory);
}

TEST_F(Recording, LogsOfHostsTellWhatBecameOfThem) {
  const std::string directory = testing::TempDir() + "ghostnet-recording-told";
  const auto text_of = [&](const char* file) {
    return read_text_file(directory + "/" + file, 1 << 20).value_or("there is no such file");
  };
  constexpr std::string_view kRun = R"(
duration: 4 s
groups: {{ servers: {{ count: 1 }}, clients: {{ count: 1 }} }}
protocols: {{ echo: }}
workload: [ echo: {{ from: clients, to: servers, rate: 2 /s, timeout: 200 ms }} ]
faults: [ {{ at: 1 s, for: 2 s, crash: servers }} ]
record: {{ logs: {}, log_level: {} }}
)";
  recorded(fmt::format(kRun, directory, "info"));
  EXPECT_THAT(text_of("host-0.log"), testing::AllOf(HasSubstr(" 1.000000000  #0  info   crash\n"),
                                                    HasSubstr(" 3.000000000  #0  info   restart\n")));
  EXPECT_THAT(text_of("world.log"),
              testing::AllOf(HasSubstr("fault_begins faults[0].crash\n"), HasSubstr("fault_ends faults[0].crash\n")));
  EXPECT_EQ(text_of("host-1.log"), "there is no such file") << "it had nothing to say";
  recorded(fmt::format(kRun, directory, "debug"));
  EXPECT_THAT(text_of("host-1.log"), testing::AllOf(HasSubstr("echo runs\n"), HasSubstr("echo with host-0: ")));
  std::filesystem::remove_all(directory);
}

TEST_F(Recording, ConnectionsAndWiresOfNamedGroupsAreSampled) {
  const MemorySink sink = recorded(R"(
duration: 10 s
network: { latency: 20 ms }
groups: { client: { count: 1, bandwidth: 10 Mbit/s, queue: 32 KiB }, server: { count: 1 } }
protocols: { bulk: }
workload: [ bulk: { from: client, to: server, transport: stream, count: 1, duration: 8 s } ]
record: { connections: [client], wires: [client], interval: 200 ms }
)");
  std::map<std::string, std::vector<double>> series;
  for (const auto& sample : sink.link_samples()) {
    EXPECT_EQ(sample.kind, sample.metric.starts_with("wire") ? "wire" : "tcp");
    if (sample.a == 0) series[sample.metric].push_back(sample.value);
    if (sample.kind == "tcp") EXPECT_EQ(sample.b, 1U);
  }
  const auto most = [&](const std::string& metric) { return *std::ranges::max_element(series[metric]); };
  ASSERT_THAT(series["connection.window"], SizeIs(Gt(30U)));
  EXPECT_THAT(most("connection.window"), Gt(50'000));
  EXPECT_THAT(most("connection.in_flight"), Gt(50'000));
  EXPECT_THAT(most("connection.smoothed_rtt"), testing::AllOf(Gt(40e6), Lt(200e6)));
  EXPECT_THAT(most("wire.queue"), testing::AllOf(Gt(10'000), Lt(34'000)));
  EXPECT_THAT(most("wire.utilisation"), testing::AllOf(Gt(0.95), Lt(1.2)));
  EXPECT_THAT(series["wire.drops"].back(), Gt(0));
}

TEST_F(Recording, AHostThatIsReaddressedIsStillItself) {
  const MemorySink sink = recorded(R"(
duration: 20 s
network: { hosts: 4, latency: 10 ms }
groups: { roaming: { count: 1 } }
protocols: { bulk: }
workload: [ bulk: { from: roaming, to: rest, transport: stream, duration: 1 s, rate: 0.5 /s } ]
faults: [ { at: 8 s, readdress: roaming } ]
record: { connections: [all], messages: 100 % }
)");
  const auto after = [](TimePoint at) { return at > TimePoint(10s); };
  std::size_t links = 0, samples = 0, segments = 0;
  for (const auto& link : sink.links()) links += link.kind == "tcp" && link.up && after(link.time) ? 1 : 0;
  for (const auto& sample : sink.link_samples()) samples += after(sample.time) && sample.b == 0 ? 1 : 0;
  for (const auto& message : messages(sink, "segment")) segments += after(message.sent) && message.to == 0 ? 1 : 0;
  EXPECT_THAT(links, Gt(2U));
  EXPECT_THAT(segments, Gt(2U));
  EXPECT_THAT(samples, Gt(0U)) << "its peers know it by its new address";
}

TEST_F(Recording, OnNs3LostDatagramsAndSegmentsAreSeenToo) {
  const MemorySink sink = recorded(R"(
duration: 12 s
network: { carrier: ns3, hosts: 3, latency: 25 ms, loss: 5 %, bandwidth: 5 Mbit/s }
groups: { talkers: { count: 1 } }
protocols: { echo: , bulk: }
workload:
  - echo: { rate: 10 /s, size: 100 B, timeout: 500 ms, stop: 10 s }
  - bulk: { from: talkers, to: rest, transport: stream, duration: 2 s, count: 1 }
record: { messages: 100 % }
)");
  std::size_t lost = 0, arrived = 0, segments_lost = 0, segments = 0;
  for (const auto& datagram : messages(sink, "datagram")) ++(datagram.received ? arrived : lost);
  for (const auto& segment : messages(sink, "segment")) ++(segment.received ? segments : segments_lost);
  EXPECT_THAT(arrived, testing::AllOf(Gt(450U), Lt(620U)));
  EXPECT_THAT(lost, testing::AllOf(Gt(10U), Lt(70U)));
  EXPECT_THAT(segments, Gt(100U));
  EXPECT_THAT(segments_lost, Gt(0U));
  for (const auto& segment : messages(sink, "segment")) {
    if (segment.received) EXPECT_GE(*segment.received - segment.sent, 25ms);
  }
}

}  // namespace
}  // namespace ghostnet::scenarios::recording_test
