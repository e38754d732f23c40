// What a results file knows of one host, one link, one message, one group.
#include "ghostnet/results/inspect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "recorded_file.hpp"

namespace ghostnet::results::inspect_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kSecond_ns = 1'000'000'000;

// The made-up run, and in it a connection 0-1 with samples and a message from 0 that reaches 1 and, over it, 2.
class InspectTest : public RecordedFile {
 protected:
  InspectTest() {
    run_ = record({});
    const Database database = open(DatabaseOptions::Access::write);
    const std::string sql = fmt::format(
        "INSERT INTO metrics (metric_id, name, kind, unit, help) VALUES (90, 'tcp.cwnd', 'gauge', 'bytes', '');"
        "INSERT INTO links VALUES ({0}, 1000000000, 1, 9000000000, 'tcp', 0, 1, '{{\"port\": 7}}');"
        "INSERT INTO links VALUES ({0}, 20000000000, 2, NULL, 'tcp', 1, 0, NULL);"
        "INSERT INTO link_samples VALUES ({0}, 2000000000, 'tcp', 0, 1, 90, 100), ({0}, 4000000000, 'tcp', 0, 1, 90, "
        "200), "
        "({0}, 4000000000, 'tcp', 1, 0, 90, 55);"
        "INSERT INTO messages (run_id, sent_ns, number, received_ns, from_host, to_host, bytes, kind, trace) VALUES "
        "({0}, 100, 11, 150, 0, 1, 64, 'gossip', 5), ({0}, 160, 12, 190, 1, 2, 64, 'gossip', 5), "
        "({0}, 160, 13, 195, 1, 0, 64, 'gossip', 5), ({0}, 165, 14, NULL, 1, 2, 64, 'gossip', 5), "
        "({0}, 191, 16, 400, 2, 1, 64, 'gossip', 5), "
        "({0}, 50, 15, 60, 2, 1, 32, 'gossip', 8);",
        run_);
    const Result<> done = database.execute(sql.c_str());
    EXPECT_TRUE(done) << done.error().message();
  }

  std::int64_t run_ = 0;
};

// Ten crashes and restarts of hosts 0 to 2 in turn, one a second from second 100.
class EventsTest : public InspectTest {
 protected:
  EventsTest() {
    const Database database = open(DatabaseOptions::Access::write);
    EXPECT_TRUE(database.execute("DELETE FROM events"));
    for (int n = 0; n < 10; ++n) {
      const std::string sql =
          fmt::format("INSERT INTO events VALUES ({}, {}, 1, {}, '{}', '{}', NULL)", run_, (100 + n) * kSecond_ns,
                      n % 3, n % 2 == 0 ? "crash" : "restart", n == 4 ? "100 % of it" : "");
      EXPECT_TRUE(database.execute(sql.c_str()));
    }
  }
  static std::vector<std::int64_t> seconds_of(const EventsAround& around) {
    std::vector<std::int64_t> all;
    for (const EventAt& event : around.events) all.push_back(event.time_ns / kSecond_ns);
    return all;
  }
};

TEST_F(EventsTest, AreReadAroundAnInstant) {
  const Database database = open();
  const EventsAround around = events_around(database, run_, {}, 104 * kSecond_ns, 2).value();
  EXPECT_THAT(seconds_of(around), ElementsAre(103, 104, 105, 106));
  EXPECT_TRUE(around.more_before);
  EXPECT_TRUE(around.more_after);
  const EventsAround all = events_around(database, run_, {}, 104 * kSecond_ns, 5).value();
  EXPECT_THAT(all.events, SizeIs(10));
  EXPECT_FALSE(all.more_before);
  EXPECT_FALSE(all.more_after);
}

TEST_F(EventsTest, ChangesOfStateAreReadPieceByPiece) {
  const Database database = open();
  std::vector<std::int64_t> seconds;
  EventKey after;
  while (true) {
    const auto piece = state_changes(database, run_, after, 107 * kSecond_ns, 3).value();
    for (const EventAt& event : piece) seconds.push_back(event.time_ns / kSecond_ns);
    if (piece.size() < 3) break;
    after = {piece.back().time_ns, piece.back().number};
  }
  EXPECT_THAT(seconds, ElementsAre(100, 101, 102, 103, 104, 105, 106, 107));
}

TEST_F(EventsTest, AreFilteredByKindHostAndWords) {
  const Database database = open();
  const auto passing = [&](const EventFilter& filter) {
    return seconds_of(events_around(database, run_, filter, 0, 100).value());
  };
  EXPECT_THAT(passing({.kind = "restart"}), ElementsAre(101, 103, 105, 107, 109));
  EXPECT_THAT(passing({.hosts = {0, 2}}), ElementsAre(100, 102, 103, 105, 106, 108, 109));
  EXPECT_THAT(passing({.kind = "crash", .hosts = {1}}), ElementsAre(104));
  EXPECT_THAT(passing({.words = "100 % OF"}), ElementsAre(104)) << "a percent sign is no wildcard";
  EXPECT_THAT(passing({.words = "crash"}), ElementsAre(100, 102, 104, 106, 108));
  EXPECT_THAT(passing({.words = "H1"}), ElementsAre(101, 104, 107)) << "the name of a host";
  EXPECT_THAT(event_kinds(database, run_, 100).value(), ElementsAre("crash", "restart"));
}

TEST_F(InspectTest, GivesASeriesOfOneHost) {
  const Database database = open();
  const auto samples = samples_of_host(database, run_, 1).value();
  ASSERT_THAT(samples, SizeIs(kSeconds));
  EXPECT_DOUBLE_EQ(samples[1].time_s, 2);
  EXPECT_DOUBLE_EQ(samples[1].value, 100);
  EXPECT_THAT(samples_of_host(database, run_, 2).value(), IsEmpty());
  const auto series = series_of_host(database, run_, samples[0].metric_id, 1).value();
  EXPECT_THAT(series, SizeIs(kSeconds));
}

TEST_F(InspectTest, VisitsTheLastFrameOfEachPartOfTheRun) {
  const Database database = open();
  const std::int64_t metric = samples_of_host(database, run_, 1).value().front().metric_id;
  const auto times = [&](std::size_t parts) {
    std::set<double> all;
    EXPECT_TRUE(for_each_sample(database, run_, metric, parts,
                                [&](double time_s, std::int64_t, double) { all.insert(time_s); }));
    return all;
  };
  EXPECT_THAT(times(100), SizeIs(kSeconds));
  const std::set<double> two = times(2);
  ASSERT_THAT(two, SizeIs(2));
  EXPECT_LT(*two.begin(), kSeconds / 2.0 + 0.5);
  EXPECT_DOUBLE_EQ(*two.rbegin(), kSeconds);
}

TEST_F(InspectTest, GivesTheSpreadOverTheHostsOfAGroup) {
  const Database database = open();
  const std::int64_t metric = samples_of_host(database, run_, 1).value().front().metric_id;
  const auto clients = spread_over_hosts(database, run_, metric, "clients", 100).value();
  ASSERT_THAT(clients, SizeIs(kSeconds));
  EXPECT_EQ(clients[0].hosts, 1);
  EXPECT_DOUBLE_EQ(clients[0].mean, 50);
  EXPECT_THAT(spread_over_hosts(database, run_, metric, "servers", 100).value(), IsEmpty());
  EXPECT_THAT(spread_over_hosts(database, run_, metric, "", 100).value(), SizeIs(kSeconds));
  EXPECT_THAT(spread_over_hosts(database, run_, metric, "", 2).value(), SizeIs(2)) << "a frame for each half";
}

TEST_F(InspectTest, KnowsTheLinksOfAHostAtAnInstant) {
  const Database database = open();
  const auto kinds_at = [&](std::int64_t second) {
    std::vector<std::string> kinds;
    for (const LinkAt& link : links_of_host(database, run_, 1, second * kSecond_ns, 100).value()) {
      kinds.push_back(link.kind);
    }
    return kinds;
  };
  EXPECT_THAT(kinds_at(0), ElementsAre("wire"));
  EXPECT_THAT(kinds_at(5), ElementsAre("wire", "tcp"));
  EXPECT_THAT(kinds_at(9), ElementsAre("wire")) << "it went down at that instant";
  EXPECT_THAT(kinds_at(30), ElementsAre("wire", "tcp"));
  EXPECT_THAT(links_of_host(database, run_, 2, 5 * kSecond_ns, 100).value(), IsEmpty());
}

TEST_F(InspectTest, KnowsWhatLastHappenedToAHost) {
  const Database database = open();
  EXPECT_EQ(last_event_of_host(database, run_, 2, {"crash", "restart"}, 4 * kSecond_ns).value(), std::nullopt);
  EXPECT_EQ(last_event_of_host(database, run_, 2, {"crash", "restart"}, 5 * kSecond_ns).value()->kind, "crash");
  EXPECT_EQ(last_event_of_host(database, run_, 2, {"restart"}, 5 * kSecond_ns).value(), std::nullopt);
  EXPECT_EQ(last_event_of_host(database, run_, 1, {"crash"}, 5 * kSecond_ns).value(), std::nullopt);
}

TEST_F(InspectTest, GivesTheLastSamplesOfAHostsLinks) {
  const Database database = open();
  const auto at = [&](std::int64_t second) {
    return link_values_of_host(database, run_, 0, second * kSecond_ns).value();
  };
  EXPECT_THAT(at(1), IsEmpty());
  ASSERT_THAT(at(3), SizeIs(1));
  EXPECT_EQ(at(3)[0].value, 100);
  EXPECT_EQ(at(3)[0].b, 1);
  EXPECT_EQ(at(3)[0].metric, "tcp.cwnd");
  EXPECT_EQ(at(9)[0].value, 200);
}

TEST_F(InspectTest, GivesALinkInEitherDirection) {
  const Database database = open();
  const auto history = link_history(database, run_, "tcp", 1, 0, 10).value();
  ASSERT_THAT(history, SizeIs(2));
  EXPECT_EQ(history[0].until_ns, 9 * kSecond_ns);
  EXPECT_EQ(history[0].fields, R"({"port": 7})");
  EXPECT_EQ(history[1].until_ns, std::nullopt);
  EXPECT_THAT(link_series(database, run_, "tcp", 0, 1).value().at(0).points, SizeIs(2));
  EXPECT_THAT(link_series(database, run_, "tcp", 1, 0).value().at(0).points, SizeIs(1));
  EXPECT_THAT(link_series(database, run_, "wire", 0, 1).value(), IsEmpty());
}

TEST_F(InspectTest, SumsUpEachTracedMessage) {
  const Database database = open();
  const auto all = trace_summaries(database, run_, 10).value();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].trace, 8) << "sent first";
  EXPECT_EQ(all[1].from, 0);
  EXPECT_EQ(all[1].hops, 5);
  EXPECT_EQ(all[1].reached, 2) << "it came back to 0, too, which had it";
  EXPECT_EQ(all[1].lost, 1);
  EXPECT_EQ(all[1].sent_ns, 100);
  EXPECT_EQ(all[1].last_reached_ns, 190) << "what came later came again";
  EXPECT_THAT(trace_summaries(database, run_, 1).value(), SizeIs(1));
  EXPECT_THAT(hops_of(database, run_, 5, 100).value(), SizeIs(5));
  EXPECT_THAT(hops_of(database, run_, 0, 100).value(), IsEmpty()) << "0 is no trace";
}

TEST_F(InspectTest, GivesPercentilesOverTimeAndTheWholeHistogram) {
  const Database database = open();
  const std::int64_t metric = *database.integer("SELECT metric_id FROM metrics WHERE name = 'echo.rtt'").value();
  const auto parts = percentiles_over_time(database, run_, metric, "").value();
  ASSERT_THAT(parts, SizeIs(kSeconds));
  EXPECT_EQ(parts[0].count, 10);
  EXPECT_NEAR(parts[0].p50, 20'100'000, 20'100'000 * Histogram::kRelativeError);
  EXPECT_EQ(histogram_of(database, run_, metric, "").value().count(), 10 * kSeconds);
  EXPECT_EQ(histogram_of(database, run_, metric, "clients").value().count(), 10 * kSeconds);
  EXPECT_TRUE(histogram_of(database, run_, metric, "nobody").value().empty());
}

TEST_F(InspectTest, MergesTheWindowsOfARunUnderWay) {
  const Database writer = open(DatabaseOptions::Access::write);
  ASSERT_TRUE(writer.execute("DELETE FROM histograms"));
  const Database database = open();
  const std::int64_t metric = *database.integer("SELECT metric_id FROM metrics WHERE name = 'echo.rtt'").value();
  EXPECT_EQ(histogram_of(database, run_, metric, "").value().count(), 10 * kSeconds);
}

}  // namespace
}  // namespace ghostnet::results::inspect_test
