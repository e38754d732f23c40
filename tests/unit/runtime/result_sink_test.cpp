#include "ghostnet/runtime/result_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <tuple>

namespace ghostnet::result_sink_test {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

constexpr MetricId kSent{0};
constexpr MetricId kLatency{1};

MetricInfo sent_info() { return {"udp.sent", "datagrams", "datagrams sent", MetricKind::counter}; }
MetricInfo latency_info() { return {"echo.latency", "ns", "round trip", MetricKind::histogram}; }

Histogram of(std::initializer_list<std::uint64_t> values) {
  Histogram histogram;
  for (const std::uint64_t value : values) histogram.record(value);
  return histogram;
}

MemorySink::Key key(std::string metric, std::string group, HostId host = kNoHost) {
  return {std::move(metric), std::move(group), host};
}

TEST(MemorySink, KeepsSeriesByMetricAndHostInOrderOfTime) {
  MemorySink sink;
  sink.metric(kSent, sent_info());
  const Sample samples[] = {{from_ns(20), kSent, 1, 5}, {from_ns(10), kSent, 1, 3}, {from_ns(10), kSent, 2, 9}};
  sink.samples(samples);
  EXPECT_THAT(sink.series("udp.sent", 1), ElementsAre(Pair(from_ns(10), 3), Pair(from_ns(20), 5)));
  EXPECT_THAT(sink.series("udp.sent", 2), ElementsAre(Pair(from_ns(10), 9)));
  EXPECT_THAT(sink.series("udp.sent", 3), IsEmpty());
}

TEST(MemorySink, KeepsEventsInOrderOfTimeThenHostThenArrival) {
  MemorySink sink;
  for (const auto& [at, host, kind] : {std::tuple(2, 0U, "c"), {1, 5U, "b"}, {1, 4U, "a"}, {2, 0U, "d"}}) {
    sink.event({.time = from_ns(at), .host = host, .kind = kind});
  }
  std::string kinds;
  for (const auto& event : sink.events()) kinds += event.kind;
  EXPECT_EQ(kinds, "abcd");
}

TEST(MemorySink, RefusesARecordOfAMetricThatWasNotDeclared) {
  MemorySink sink;
  const Sample sample{from_ns(0), kSent, 0, 1};
  EXPECT_THROW(sink.samples({&sample, 1}), std::logic_error);
}

TEST(MemorySink, IsUnfinishedUntilFinish) {
  MemorySink sink;
  sink.begin({.name = "mesh", .seed = 42});
  EXPECT_FALSE(sink.outcome().has_value());
  EXPECT_TRUE(sink.finish({.status = RunStatus::failed, .digest = 7}));
  EXPECT_EQ(sink.run().seed, 42U);
  EXPECT_EQ(sink.outcome()->status, RunStatus::failed);
}

TEST(MemorySinkMerge, UnitesTheRecordsOfTwoPartsOfARunInAnyOrder) {
  MemorySink left, right;
  left.begin({.name = "mesh"});
  // Each part numbers its metrics as it likes.
  left.metric(kSent, sent_info());
  left.metric(kLatency, latency_info());
  right.metric(MetricId{8}, latency_info());
  right.metric(MetricId{9}, sent_info());
  left.host({.id = 0, .name = "h0"});
  right.host({.id = 1, .name = "h1"});
  const Sample ours{from_ns(5), kSent, 0, 1}, theirs{from_ns(4), MetricId{9}, 1, 2};
  left.samples({&ours, 1});
  right.samples({&theirs, 1});
  left.event({.time = from_ns(9), .kind = "second"});
  right.event({.time = from_ns(8), .kind = "first"});
  left.window({.metric = kLatency, .from = from_ns(0), .to = from_ns(5)}, of({1}));
  right.window({.metric = MetricId{8}, .from = from_ns(0), .to = from_ns(5)}, of({2}));
  left.link({.time = from_ns(1), .a = 0, .b = 1, .kind = "mesh"});
  right.message({.sent = from_ns(1), .from = 1, .to = 0, .bytes = 5});
  left.position({.time = from_ns(1), .host = 0, .at = {1, 2}});
  const LinkSample window_of{from_ns(1), "tcp", 0, 1, MetricId{9}, 2};
  right.link_samples({&window_of, 1});
  left.histogram(kLatency, "all", kNoHost, of({10}));
  right.histogram(MetricId{8}, "all", kNoHost, of({30, 30}));
  left.total({.metric = kSent, .group = "all", .hosts = 1, .sum = 5, .min = 5, .max = 5});
  right.total({.metric = MetricId{9}, .group = "all", .hosts = 2, .sum = 4, .min = 1, .max = 3});

  MemorySink forward, backward;
  for (const MemorySink* part : {&left, &right}) forward.merge(*part);
  for (const MemorySink* part : {&right, &left}) backward.merge(*part);

  for (const MemorySink* whole : {&forward, &backward}) {
    EXPECT_EQ(whole->run().name, "mesh");
    EXPECT_EQ(whole->hosts().size(), 2U);
    EXPECT_EQ(whole->series("udp.sent", 0).size(), 1U);
    EXPECT_EQ(whole->series("udp.sent", 1).size(), 1U);
    ASSERT_EQ(whole->events().size(), 2U);
    EXPECT_EQ(whole->events()[0].kind, "first");
    EXPECT_EQ(whole->histograms().at(key("echo.latency", "all")), of({10, 30, 30}));
    EXPECT_EQ(whole->windows().at({"echo.latency", "", from_ns(0)}), of({1, 2}));
    EXPECT_EQ(whole->links().size(), 1U);
    EXPECT_EQ(whole->messages().size(), 1U);
    EXPECT_EQ(whole->positions().size(), 1U);
    ASSERT_EQ(whole->link_samples().size(), 1U);
    EXPECT_EQ(whole->link_samples()[0].metric, "udp.sent");
    const auto& total = whole->totals().at(key("udp.sent", "all"));
    EXPECT_EQ(total.hosts, 3U);
    EXPECT_EQ(total.sum, 9);
    EXPECT_EQ(total.min, 1);
    EXPECT_EQ(total.max, 5);
  }
}

struct RecordHub : testing::Test {
  MetricHub hub{{.per_host_histograms = {"own"}}};
  MemorySink sink;

  RecordHub() {
    for (HostId host = 0; host < 3; ++host) {
      const Metrics metrics = hub.host(host, hub.group(host == 0 ? "a" : "b"));
      metrics.counter({"sent", "datagrams", "help"}).add(host + 1);
      metrics.histogram({"shared", "ns", ""}).record(std::uint64_t{host});
      metrics.histogram({"own", "ns", ""}).record(std::uint64_t{host});
    }
  }
};

TEST_F(RecordHub, HandsOverTotalsAndHistogramsOfGroupsAndOfAll) {
  record(hub, sink);
  EXPECT_EQ(sink.metrics().at("sent").unit, "datagrams");
  EXPECT_EQ(sink.totals().at(key("sent", "")).sum, 6);
  EXPECT_EQ(sink.totals().at(key("sent", "a")).sum, 1);
  EXPECT_EQ(sink.totals().at(key("sent", "b")).hosts, 2U);
  EXPECT_EQ(sink.totals().size(), 3U);
  EXPECT_EQ(sink.histograms().at(key("shared", "")), of({0, 1, 2}));
  EXPECT_EQ(sink.histograms().at(key("shared", "b")), of({1, 2}));
}

TEST_F(RecordHub, HandsOverPerHostHistograms) {
  record(hub, sink);
  EXPECT_EQ(sink.histograms().at(key("own", "", 2)), of({2}));
  EXPECT_FALSE(sink.histograms().contains(key("shared", "", 2)));
}

TEST_F(RecordHub, HandsOverEveryHostsValuesOnRequest) {
  record(hub, sink, true);
  EXPECT_EQ(sink.totals().at(key("sent", "", 2)).sum, 3);
}

struct JsonLinesTest : testing::Test {
  std::string written;
  int writes = 0;
  JsonLinesSink sink{[this](ByteView bytes) -> Result<> {
                       ++writes;
                       written += as_text(bytes);
                       return {};
                     },
                     {.buffer_bytes = 1}};
};

TEST_F(JsonLinesTest, WritesTheRunWithItsSeedAsText) {
  sink.begin({.name = "mesh",
              .scenario_text = "a: \"b\"\n",
              .scenario_file = "mesh.yaml",
              .parameters = {{"network.loss", "1 %"}},
              .seed = UINT64_MAX,
              .repeat = 2,
              .mode = "sim",
              .carrier = "fabric",
              .revision = "abc"});
  EXPECT_EQ(written,
            R"({"record":"run","schema_version":1,"name":"mesh","file":"mesh.yaml","mode":"sim","carrier":"fabric",)"
            R"("seed":"18446744073709551615","repeat":2,"revision":"abc","parameters":{"network.loss":"1 %"},)"
            R"("scenario":"a: \"b\"\n"})"
            "\n");
}

TEST_F(JsonLinesTest, NamesMetricsInEveryLineSoThatFilesCanBeConcatenated) {
  sink.metric(kSent, sent_info());
  const Sample samples[] = {{from_ns(1'500'000'000), kSent, 3, 2.5}, {from_ns(2), kSent, kNoHost, NAN}};
  sink.samples(samples);
  EXPECT_EQ(written,
            R"({"record":"metric","name":"udp.sent","kind":"counter","unit":"datagrams","help":"datagrams sent"})"
            "\n"
            R"({"record":"sample","time_ns":1500000000,"metric":"udp.sent","host":3,"value":2.5})"
            "\n"
            R"({"record":"sample","time_ns":2,"metric":"udp.sent","value":null})"
            "\n");
}

TEST_F(JsonLinesTest, KeepsAnEventOnOneLineWhateverItsFields) {
  sink.host({.id = 4, .name = "h4", .group = "slow", .region = "europe"});
  sink.event({.time = from_ns(7), .host = 4, .kind = "link", .text = "down", .json = "{\"to\":\n 5}"});
  sink.event({.time = from_ns(8), .kind = "healed"});
  EXPECT_EQ(written, R"({"record":"host","host":4,"name":"h4","group":"slow","region":"europe"})"
                     "\n"
                     R"({"record":"event","time_ns":7,"host":4,"kind":"link","text":"down","fields":{"to":  5}})"
                     "\n"
                     R"({"record":"event","time_ns":8,"kind":"healed"})"
                     "\n");
}

TEST_F(JsonLinesTest, WritesHistogramsWithTheBytesThatMerge) {
  sink.metric(kLatency, latency_info());
  written.clear();
  sink.histogram(kLatency, "all", kNoHost, of({5, 5, 300}));
  EXPECT_EQ(written,
            R"({"record":"histogram","metric":"echo.latency","group":"all","count":3,"mean":103,"min":5,"p50":5,)"
            R"("p90":300,"p99":300,"max":300,"bytes":"010305ac02b602020502c50101"})"
            "\n");
}

TEST_F(JsonLinesTest, WritesWhatAHistogramGainedInAPartOfTheRun) {
  sink.metric(kLatency, latency_info());
  written.clear();
  sink.window({.metric = kLatency, .from = from_ns(1), .to = from_ns(9)}, of({5, 5}));
  EXPECT_THAT(written, StartsWith(R"({"record":"window","metric":"echo.latency","from_ns":1,"to_ns":9,"count":2,)"));
}

TEST_F(JsonLinesTest, WritesLinksMessagesAndWhereHostsStand) {
  sink.host({.id = 0, .name = "h0", .group = "g", .position = OnMap{13.4, 52.5}});
  sink.host({.id = 1, .name = "h1", .group = "g", .position = OnPlane{50, 0}});
  sink.link({.time = from_ns(3), .a = 0, .b = 1, .kind = "mesh", .up = false, .json = R"({"why":"pruned"})"});
  sink.message({.sent = from_ns(4), .received = from_ns(6), .from = 0, .to = 1, .bytes = 9, .kind = "datagram"});
  sink.message({.sent = from_ns(5), .from = 1, .to = 0, .bytes = 8, .kind = "datagram"});
  EXPECT_EQ(written, R"({"record":"host","host":0,"name":"h0","group":"g","longitude":13.4,"latitude":52.5})"
                     "\n"
                     R"({"record":"host","host":1,"name":"h1","group":"g","x_m":50,"y_m":0})"
                     "\n"
                     R"({"record":"link","time_ns":3,"a":0,"b":1,"kind":"mesh","up":false,"fields":{"why":"pruned"}})"
                     "\n"
                     R"({"record":"message","sent_ns":4,"received_ns":6,"from":0,"to":1,"bytes":9,"kind":"datagram"})"
                     "\n"
                     R"({"record":"message","sent_ns":5,"from":1,"to":0,"bytes":8,"kind":"datagram"})"
                     "\n");
}

TEST_F(JsonLinesTest, WritesTracesPositionsAndSamplesOfLinks) {
  sink.metric(kSent, sent_info());
  written.clear();
  sink.message({.sent = from_ns(5), .from = 1, .to = 0, .bytes = 8, .kind = "gossip", .trace = 0xab});
  sink.position({.time = from_ns(6), .host = 1, .at = {50, 0.5}});
  const LinkSample samples[] = {{from_ns(7), "wire", 1, kNoHost, kSent, 2}};
  sink.link_samples(samples);
  EXPECT_EQ(written, R"({"record":"message","sent_ns":5,"from":1,"to":0,"bytes":8,"kind":"gossip",)"
                     R"("trace":"00000000000000ab"})"
                     "\n"
                     R"({"record":"position","time_ns":6,"host":1,"x_m":50,"y_m":0.5})"
                     "\n"
                     R"({"record":"link_sample","time_ns":7,"kind":"wire","a":1,"metric":"udp.sent","value":2})"
                     "\n");
}

TEST_F(JsonLinesTest, WritesTotalsExpectationsAndTheOutcome) {
  sink.metric(kSent, sent_info());
  written.clear();
  sink.total({.metric = kSent, .group = "all", .hosts = 2, .sum = 4, .min = 1, .max = 3});
  sink.expectation({"delivery_ratio >= 0.999", 0.5, false});
  sink.expectation({"p99(x) < 1 s", std::nullopt, false});
  EXPECT_TRUE(sink.finish(
      {.status = RunStatus::interrupted, .digest = 0xabc, .simulated = 2s, .events = 9, .warnings = {"slow", "late"}}));
  EXPECT_EQ(written,
            R"({"record":"total","metric":"udp.sent","group":"all","hosts":2,"sum":4,"min":1,"max":3})"
            "\n"
            R"({"record":"expectation","expr":"delivery_ratio >= 0.999","value":0.5,"ok":false})"
            "\n"
            R"({"record":"expectation","expr":"p99(x) < 1 s","value":null,"ok":false})"
            "\n"
            R"({"record":"outcome","status":"interrupted","digest":"0000000000000abc","simulated_ns":2000000000,)"
            R"("setup_wall_ns":0,"wall_ns":0,"events":9,"datagrams":0,"peak_rss_bytes":0,"warnings":["slow","late"]})"
            "\n");
}

TEST(JsonLinesSink, GathersLinesUntilItsBufferIsFull) {
  int writes = 0;
  JsonLinesSink sink([&](ByteView) -> Result<> { return ++writes, Result<>{}; }, {.buffer_bytes = 1'000});
  for (int i = 0; i < 20; ++i) sink.host({.id = 1, .name = "abc"});  // 52 bytes a line
  EXPECT_EQ(writes, 1);
  EXPECT_TRUE(sink.finish({}));
  EXPECT_EQ(writes, 2);
}

TEST(JsonLinesSink, StopsAtTheFirstFailureAndReportsItToTheEnd) {
  int writes = 0;
  JsonLinesSink sink(
      [&](ByteView) -> Result<> {
        ++writes;
        return fail(Errc::no_buffers, "disk full");
      },
      {.buffer_bytes = 1});
  EXPECT_TRUE(sink.status());
  sink.host({.id = 1});
  sink.host({.id = 2});
  EXPECT_FALSE(sink.status());
  const auto finished = sink.finish({});
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().message(), "disk full");
  EXPECT_EQ(writes, 1);
}

}  // namespace
}  // namespace ghostnet::result_sink_test
