#include "ghostnet/results/store.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <thread>

#include "ghostnet/results/reader.hpp"
#include "results_file.hpp"

namespace ghostnet::results::store_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr MetricId kSent{0};
constexpr MetricId kLatency{1};

struct StoreTest : ResultsFile {
  std::unique_ptr<Store> open_store(StoreOptions options = {}) {
    return std::move(Store::open(path_, std::move(options)).value());
  }
  std::unique_ptr<Store> begun(StoreOptions options = {}) {
    auto store = open_store(std::move(options));
    store->begin({.name = "mesh",
                  .scenario_text = "name: mesh\n",
                  .scenario_file = "mesh.yaml",
                  .seed = UINT64_MAX,
                  .mode = "sim",
                  .carrier = "fabric",
                  .planned = 2s});
    store->metric(kSent, {"udp.sent", "datagrams", "datagrams sent", MetricKind::counter});
    store->metric(kLatency, {"echo.latency", "ns", "round trip", MetricKind::histogram});
    return store;
  }
  static void sample(Store& store, Duration at, HostId host, double value, MetricId metric = kSent) {
    const Sample one{TimePoint(at), metric, host, value};
    store.samples({&one, 1});
  }
};

TEST_F(StoreTest, ARunIsUnfinishedFromItsBeginningUntilItsOutcomeIsWritten) {
  auto store = begun();
  EXPECT_EQ(store->run_id(), 1);
  EXPECT_THAT(rows("SELECT run_id, name, status FROM runs"), ElementsAre("1|mesh|unfinished"));
  ASSERT_TRUE(store->finish({.status = RunStatus::failed, .digest = 0xabc, .simulated = 2s, .warnings = {"slow"}}));
  EXPECT_THAT(rows("SELECT status, digest, simulated_ns, warnings, seed FROM runs"),
              ElementsAre("failed|0000000000000abc|2000000000|[\"slow\"]|18446744073709551615"));
}

TEST_F(StoreTest, ARunThatIsDroppedKeepsWhatItHandedOverAndStaysUnfinished) {
  {
    auto store = begun();
    sample(*store, 1s, kNoHost, 5);
  }
  EXPECT_THAT(rows("SELECT status, simulated_ns FROM runs"), ElementsAre("unfinished|1000000000"));
  EXPECT_THAT(rows("SELECT metric, time_s, value FROM series"), ElementsAre("udp.sent|1.0|5.0"));
}

TEST_F(StoreTest, SamplesOfOneInstantMakeAFrameWithItsTotalAndItsHosts) {
  auto store = begun();
  store->host({.id = 3, .name = "h3", .group = "slow", .region = "asia"});
  store->host({.id = 4, .name = "h4", .group = "rest"});
  const Sample batch[] = {{TimePoint(2s), kSent, 4, 9},
                          {TimePoint(1s), kSent, kNoHost, 12},
                          {TimePoint(1s), kSent, 4, 5},
                          {TimePoint(1s), kSent, 3, 7}};
  store->samples(batch);
  ASSERT_TRUE(store->finish({}));
  EXPECT_THAT(rows("SELECT time_s, value FROM series"), ElementsAre("1.0|12.0"));
  EXPECT_THAT(rows("SELECT time_s, host, group_name, region, value FROM host_series ORDER BY time_s, host_id"),
              ElementsAre("1.0|h3|slow|asia|7.0", "1.0|h4|rest||5.0", "2.0|h4|rest||9.0"));
}

TEST_F(StoreTest, AStragglerJoinsTheFrameOfItsInstant) {
  auto store = begun({.batch_rows = 1, .batch_interval = 0ns});
  sample(*store, 1s, 0, 1);
  sample(*store, 2s, 0, 2);
  sample(*store, 1s, 1, 3);
  sample(*store, 1s, kNoHost, 4);
  sample(*store, 1s, 1, 5);  // the same again: the last one counts
  ASSERT_TRUE(store->finish({}));
  EXPECT_THAT(rows("SELECT time_ns, total FROM frames ORDER BY time_ns"), ElementsAre("1000000000|4.0", "2000000000|"));
  EXPECT_THAT(rows("SELECT host_id, value FROM samples WHERE frame_id = 1"), ElementsAre("0|1.0", "1|5.0"));
}

TEST_F(StoreTest, AHostTwiceInOneFrameHasItsLastValue) {
  auto store = begun();
  const Sample batch[] = {{TimePoint(1s), kSent, 3, 7}, {TimePoint(1s), kSent, 4, 1}, {TimePoint(1s), kSent, 4, 2}};
  store->samples(batch);
  ASSERT_TRUE(store->finish({}));
  EXPECT_THAT(rows("SELECT host_id, value FROM samples"), ElementsAre("3|7.0", "4|2.0"));
}

TEST_F(StoreTest, WhatIsNotANumberIsNull) {
  auto store = begun();
  sample(*store, 1s, 0, NAN);
  ASSERT_TRUE(store->finish({}));
  EXPECT_THAT(rows("SELECT value IS NULL FROM samples"), ElementsAre("1"));
}

TEST_F(StoreTest, HistogramsAndWindowsKeepTheBytesThatMerge) {
  Histogram gained;
  for (const std::uint64_t value : {5U, 5U, 300U}) gained.record(value);
  auto store = begun();
  store->window({.metric = kLatency, .from = TimePoint(0s), .to = TimePoint(1s)}, gained);
  store->histogram(kLatency, "slow", kNoHost, gained);
  store->histogram(kLatency, "", kNoHost, gained);
  ASSERT_TRUE(store->finish({}));
  EXPECT_THAT(rows("SELECT metric, from_s, to_s, count, p50, max FROM percentile_series"),
              ElementsAre("echo.latency|0.0|1.0|3|5.0|300.0"));
  const Database database = open();
  EXPECT_EQ(windows(database, 1, "echo.latency").value().at(0).histogram, gained);
  EXPECT_EQ(metrics(database, 1, true).value().size(), 2U);
  EXPECT_EQ(metrics(database, 1, false).value().at(0).histogram, gained);
}

TEST_F(StoreTest, EventsStandInOrderOfTimeThenArrival) {
  auto store = begun();
  store->event({.time = TimePoint(2s), .host = 1, .kind = "c"});
  store->event({.time = TimePoint(1s), .host = kNoHost, .kind = "b", .text = "all", .json = R"({"n":1})"});
  store->event({.time = TimePoint(1s), .host = 1, .kind = "a"});
  ASSERT_TRUE(store->finish({}));
  EXPECT_EQ(events(open(), 1, 10).value().at(0).kind, "a") << "a reader puts hosts before the world";
  EXPECT_THAT(rows("SELECT kind, host_id, text, json_extract(fields, '$.n') FROM events"),
              ElementsAre("b||all|1", "a|1||", "c|1||"));
}

TEST_F(StoreTest, ALinkStandsFromComingUpToGoingDown) {
  auto store = begun();
  store->link({.time = TimePoint(1s), .a = 0, .b = 1, .kind = "mesh"});
  store->link({.time = TimePoint(1s), .a = 0, .b = 2, .kind = "mesh", .json = R"({"score":2})"});
  store->link({.time = TimePoint(3s), .a = 0, .b = 1, .kind = "mesh", .up = false});
  store->link({.time = TimePoint(4s), .a = 0, .b = 1, .kind = "mesh"});
  ASSERT_TRUE(store->finish({}));
  EXPECT_THAT(rows("SELECT a, b, since_ns / 1000000000, until_ns / 1000000000 FROM links"),
              ElementsAre("0|1|1|3", "0|2|1|", "0|1|4|"));
}

TEST_F(StoreTest, MessagesStandInOrderOfSending) {
  auto store = begun();
  store->message({.sent = TimePoint(2s), .from = 1, .to = 0, .bytes = 9, .kind = "datagram"});
  store->message(
      {.sent = TimePoint(1s), .received = TimePoint(3s), .from = 0, .to = 1, .bytes = 8, .kind = "datagram"});
  ASSERT_TRUE(store->finish({}));
  EXPECT_THAT(rows("SELECT from_host, to_host, bytes, received_ns FROM messages"),
              ElementsAre("0|1|8|3000000000", "1|0|9|"));
}

TEST_F(StoreTest, LinksOfOneKindBetweenTheSameTwoAreToldApartByTheirFields) {
  auto store = begun();
  for (const char* topic : {R"({"topic":"a"})", R"({"topic":"b"})"}) {
    store->link({.time = TimePoint(1s), .a = 0, .b = 1, .kind = "mesh", .json = topic});
  }
  store->link({.time = TimePoint(2s), .a = 0, .b = 1, .kind = "mesh", .up = false, .json = R"({"topic":"b"})"});
  ASSERT_TRUE(store->finish({}));
  EXPECT_THAT(rows("SELECT fields ->> 'topic', until_ns FROM links"), ElementsAre("a|", "b|2000000000"));
}

TEST_F(StoreTest, ALinkMayLeadIntoTheNetworkAroundTheHosts) {
  auto store = begun();
  store->link({.time = TimePoint(0s), .a = 0, .b = kNoHost, .kind = "wire"});
  store->link({.time = TimePoint(0s), .a = 0, .b = 1, .kind = "tcp"});
  ASSERT_TRUE(store->finish({}));
  EXPECT_THAT(rows("SELECT a, b FROM links"), ElementsAre("0|-1", "0|1"));
  EXPECT_EQ(links(open(), 1, 10).value().size(), 1U) << "a reader sees those between hosts";
}

TEST_F(StoreTest, AReaderSeesOneKindOfEachPairThoseOfMeshesFirst) {
  auto store = begun();
  for (const char* kind : {"dht", "tcp", "mesh"}) store->link({.a = 0, .b = 2, .kind = kind});
  store->link({.a = 0, .b = 1, .kind = "tcp"});
  store->message({.sent = TimePoint(1s), .from = 1, .to = 0, .kind = "datagram"});
  store->message({.sent = TimePoint(2s), .from = 0, .to = 1, .kind = "datagram"});
  ASSERT_TRUE(store->finish({}));
  const auto all = links(open(), 1, 10).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].kind, "mesh");
  EXPECT_EQ(all[1].kind, "tcp");
  EXPECT_EQ(links(open(), 1, 1).value().at(0).b, 2);
  const auto pairs = talks(open(), 1, 10).value();
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs[0].a, 0);
  EXPECT_EQ(pairs[0].b, 1);
}

TEST_F(StoreTest, HopsOfOneMessageShareATrace) {
  auto store = begun();
  store->message({.sent = TimePoint(2s), .received = TimePoint(3s), .from = 1, .to = 2, .kind = "gossip", .trace = 7});
  store->message({.sent = TimePoint(1s), .received = TimePoint(2s), .from = 0, .to = 1, .kind = "gossip", .trace = 7});
  store->message({.sent = TimePoint(1s), .from = 0, .to = 1, .kind = "datagram"});
  ASSERT_TRUE(store->finish({}));
  EXPECT_THAT(rows("SELECT from_host, to_host, sent_s FROM hops WHERE trace = 7"), ElementsAre("0|1|1.0", "1|2|2.0"));
  std::vector<std::int64_t> traces;
  ASSERT_TRUE(for_each_message(open(), 1, [&](const MessageRow& message) { traces.push_back(message.trace); }));
  EXPECT_THAT(traces, ElementsAre(7, 0, 7));
}

TEST_F(StoreTest, PositionsStandInOrderOfTimeThenHost) {
  auto store = begun();
  store->position({.time = TimePoint(2s), .host = 0, .at = {1.5, 2}});
  store->position({.time = TimePoint(1s), .host = 1, .at = {3, 4}});
  store->position({.time = TimePoint(1s), .host = 0, .at = {1, 2}});
  ASSERT_TRUE(store->finish({}));
  std::vector<std::string> seen;
  ASSERT_TRUE(for_each_position(open(), 1, [&](const PositionRow& row) {
    seen.push_back(fmt::format("{} {}: {} {}", row.time_s, row.host, row.x_m, row.y_m));
  }));
  EXPECT_THAT(seen, ElementsAre("1 0: 1 2", "1 1: 3 4", "2 0: 1.5 2"));
}

TEST_F(StoreTest, SamplesOfLinksMakeASeriesForEachDirection) {
  auto store = begun();
  const LinkSample samples[] = {{TimePoint(2s), "tcp", 0, 1, kSent, 20},
                                {TimePoint(1s), "tcp", 1, 0, kSent, 30},
                                {TimePoint(1s), "tcp", 0, 1, kSent, 10},
                                {TimePoint(1s), "wire", 0, kNoHost, kSent, NAN}};
  store->link_samples(samples);
  ASSERT_TRUE(store->finish({}));
  EXPECT_THAT(rows("SELECT kind, a, b, metric, time_s, value FROM link_series"),
              ElementsAre("tcp|0|1|udp.sent|1.0|10.0", "tcp|0|1|udp.sent|2.0|20.0", "tcp|1|0|udp.sent|1.0|30.0",
                          "wire|0|-1|udp.sent|1.0|"));
  std::size_t read = 0;
  ASSERT_TRUE(for_each_link_sample(open(), 1, [&](const LinkSampleRow& row) {
    EXPECT_EQ(row.unit, "datagrams");
    ++read;
  }));
  EXPECT_EQ(read, 4U);
}

TEST_F(StoreTest, ParametersStandAsTextAndInTheirBaseUnits) {
  auto store = open_store({.batch = "b1", .command = "ghostnet run mesh.yaml"});
  store->begin({.name = "mesh",
                .parameters = {{"network.loss", "5 %"}, {"network.latency", "20 ms"}, {"workload.0.echo.to", "all"}},
                .sweep_point = {{"network.loss", "5 %"}}});
  ASSERT_TRUE(store->finish({}));
  EXPECT_THAT(rows("SELECT path, value, number, swept FROM run_parameters"),
              ElementsAre("network.latency|20 ms|0.02|0", "network.loss|5 %|0.05|1", "workload.0.echo.to|all||0"));
  EXPECT_THAT(rows("SELECT sweep_point, label, command FROM runs JOIN batches USING (batch_id)"),
              ElementsAre(R"({"network.loss":"5 %"}|b1|ghostnet run mesh.yaml)"));
}

TEST_F(StoreTest, RunsOfOneScenarioShareItsTextAndItsMetrics) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(begun()->finish({}));
  EXPECT_THAT(rows("SELECT count(*) FROM runs"), ElementsAre("3"));
  EXPECT_THAT(rows("SELECT count(*) FROM scenarios"), ElementsAre("1"));
  EXPECT_THAT(rows("SELECT count(*) FROM metrics"), ElementsAre("2"));
}

TEST_F(StoreTest, ASimulationWaitsForTheWriterAndLosesNothing) {
  auto store = begun({.max_pending_rows = 100, .batch_rows = 10});
  std::vector<Sample> batch;
  for (HostId host = 0; host < 5'000; ++host) batch.push_back({TimePoint(1s), kSent, host, 1.0 * host});
  store->samples(batch);
  ASSERT_TRUE(store->finish({}));
  EXPECT_THAT(rows("SELECT count(*), max(value) FROM samples"), ElementsAre("5000|4999.0"));
  EXPECT_EQ(store->dropped_samples(), 0U);
}

TEST_F(StoreTest, ALiveRunDropsSamplesAndCountsThemWhileTheWriterIsHeldUp) {
  auto store = begun({.when_full = StoreOptions::WhenFull::drop_samples, .max_pending_rows = 100, .batch_rows = 10});
  {
    const Database other = open(DatabaseOptions::Access::write);
    auto lock = Transaction::begin(other);
    ASSERT_TRUE(lock);
    for (HostId host = 0; host < 1'000; ++host) sample(*store, 1s, host, 1);
    store->event({.time = TimePoint(1s), .kind = "kept"});
  }
  ASSERT_TRUE(store->finish({}));
  EXPECT_GE(store->dropped_samples(), 700U);
  EXPECT_THAT(rows("SELECT samples_dropped + (SELECT count(*) FROM samples) FROM runs"), ElementsAre("1000"));
  EXPECT_THAT(rows("SELECT kind FROM events"), ElementsAre("kept"));
}

TEST_F(StoreTest, SeveralStoresTakeTurnsInOneFile) {
  auto one = begun({.batch_rows = 10});
  auto two = begun({.batch_rows = 10});
  for (HostId host = 0; host < 500; ++host) {
    sample(*one, 1s, host, 1);
    sample(*two, 1s, host, 2);
  }
  ASSERT_TRUE(one->finish({}));
  ASSERT_TRUE(two->finish({}));
  EXPECT_THAT(rows("SELECT f.run_id, count(*), sum(value) FROM samples JOIN frames f USING (frame_id) GROUP BY 1"),
              ElementsAre("1|500|500.0", "2|500|1000.0"));
}

TEST_F(StoreTest, ARunThatLostAPartFailsForGoodAndStaysUnfinished) {
  auto store = begun({.batch_rows = 1, .busy_timeout = 1ms});
  {
    const Database other = open(DatabaseOptions::Access::write);
    auto lock = Transaction::begin(other);
    ASSERT_TRUE(lock);
    sample(*store, 1s, 0, 1);
    while (store->status()) std::this_thread::yield();
  }
  const Result<> finished = store->finish({});
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error(), Errc::busy);
  EXPECT_THAT(std::string(finished.error().message()), testing::HasSubstr("locked by another program"));
  EXPECT_THAT(rows("SELECT status FROM runs"), ElementsAre("unfinished"));
}

TEST_F(StoreTest, DeletingARunTakesAllOfItAlong) {
  for (int i = 0; i < 2; ++i) {
    auto store = begun();
    store->host({.id = 0, .name = "h0", .group = "g"});
    sample(*store, 1s, 0, 1);
    store->event({.time = TimePoint(1s), .kind = "x"});
    ASSERT_TRUE(store->finish({}));
  }
  const Database database = open(DatabaseOptions::Access::write);
  ASSERT_TRUE(database.execute("DELETE FROM runs WHERE run_id = 1"));
  for (const char* table : {"runs", "hosts", "frames", "samples", "events"}) {
    EXPECT_THAT(rows(database, fmt::format("SELECT count(*) FROM {}", table)), ElementsAre("1")) << table;
  }
  EXPECT_THAT(rows(database, "PRAGMA foreign_key_check"), IsEmpty());
}

}  // namespace
}  // namespace ghostnet::results::store_test
