// What panels show, without a window: comparison, expectations, events, messages, hosts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "panels/comparison.hpp"
#include "panels/event_panel.hpp"
#include "panels/expectations_panel.hpp"
#include "panels/host_facts.hpp"
#include "panels/link_inspector.hpp"
#include "panels/message_panel.hpp"
#include "panels/runs_model.hpp"

namespace ghostnet::gui::panel_models_test {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;
using ::testing::SizeIs;
using Verdict = results::ComparedStatistic::Verdict;

std::vector<std::string> column(const std::vector<CellModel::Row>& rows, std::size_t number) {
  std::vector<std::string> texts;
  for (const CellModel::Row& row : rows) texts.push_back(row.cells.at(number).text.toStdString());
  return texts;
}

results::ComparedStatistic statistic(const char* metric, double a, double b, Verdict verdict) {
  return {.metric = metric,
          .statistic = "p99",
          .unit = "ns",
          .a = results::Estimate{.value = a},
          .b = results::Estimate{.value = b},
          .difference = {.value = b - a},
          .verdict = verdict};
}

TEST(ComparisonRows, GiveDifferenceAndVerdict) {
  results::Comparison comparison;
  comparison.statistics = {statistic("echo.rtt", 2e6, 3e6, Verdict::differs),
                           statistic("tcp.rtt", 0, 5e6, Verdict::unknown),
                           statistic("tcp.srtt", 4e6, 3e6, Verdict::same)};
  comparison.statistics[2].b.reset();
  const auto rows = comparison_rows(comparison, {}, theme_of(ThemeKind::dark));
  EXPECT_THAT(column(rows, 2), ElementsAre("2 ms", "0 ns", "4 ms"));
  EXPECT_THAT(column(rows, 3), ElementsAre("3 ms", "5 ms", "–"));
  EXPECT_THAT(column(rows, 4), ElementsAre("+50 %", "+5 ms", "–"));
  EXPECT_THAT(column(rows, 5), ElementsAre("≠ differs", "? too little to tell", "= within noise"));
  EXPECT_EQ(comparison_summary(comparison), "1 of 3 statistics differ beyond their noise.");
}

TEST(ComparisonRows, AreFilteredByNameAndVerdict) {
  results::Comparison comparison;
  comparison.statistics = {statistic("echo.rtt", 2, 3, Verdict::differs), statistic("echo.bytes", 2, 2, Verdict::same),
                           statistic("tcp.rtt", 1, 2, Verdict::differs)};
  const Theme& theme = theme_of(ThemeKind::light);
  EXPECT_THAT(column(comparison_rows(comparison, {.words = "ECHO"}, theme), 0), ElementsAre("echo.rtt", "echo.bytes"));
  EXPECT_THAT(column(comparison_rows(comparison, {.words = "echo", .only_differences = true}, theme), 0),
              ElementsAre("echo.rtt"));
}

TEST(ExpectationRows, SayWithoutColourWhatHeld) {
  const auto rows =
      expectation_rows({{"a >= 1", 2.5, true}, {"p99(b) < 1 s", {}, false}}, {}, theme_of(ThemeKind::dark));
  EXPECT_THAT(column(rows, 0), ElementsAre("✓ held", "✗ broken"));
  EXPECT_THAT(column(rows, 2), ElementsAre("2.5", "not measured"));
}

TEST(ExpectationRows, WriteWhatWasMeasuredWithItsUnit) {
  const std::vector<results::SeriesName> names{{.name = "echo.rtt", .kind = "histogram", .unit = "ns"},
                                               {.name = "echo.replies", .kind = "counter", .unit = "replies"}};
  const auto rows = expectation_rows({{"p99(echo.rtt) < 1 s", 261e6, true},
                                      {"echo.replies / echo.requests > 90 %", 0.955, true},
                                      {"echo.replies > 10", 1200, true},
                                      {"count(echo.rtt) > 3", 7, true}},
                                     names, theme_of(ThemeKind::dark));
  EXPECT_THAT(column(rows, 2), ElementsAre("261 ms", "95.5 %", "1200", "7"));
}

TEST(ExpectationRows, NameTheirMetric) {
  const std::vector<results::SeriesName> names{
      {.name = "gossip.delivered"}, {.name = "gossip.delivered_bytes"}, {.name = "echo.rtt"}};
  EXPECT_EQ(metric_in("gossip.delivered_bytes / gossip.delivered > 3", names), "gossip.delivered_bytes");
  EXPECT_EQ(metric_in("p99(echo.rtt) < 1 s", names), "echo.rtt");
  EXPECT_EQ(metric_in("1 < 2", names), "");
}

TEST(EventModel, FindsTheEventOfAnInstant) {
  EventModel model;
  model.set_events({{.time_ns = 10}, {.time_ns = 20}, {.time_ns = 20, .number = 1}, {.time_ns = 30}},
                   std::make_shared<HostTable>());
  EXPECT_EQ(model.row_at(9), -1);
  EXPECT_EQ(model.row_at(10), 0);
  EXPECT_EQ(model.row_at(25), 2);
  EXPECT_EQ(model.row_at(1000), 3);
}

TEST(EventModel, GrowsWithoutForgettingWhereTheViewIs) {
  EventModel model;
  int resets = 0;
  QObject::connect(&model, &QAbstractItemModel::modelReset, [&] { ++resets; });
  const auto hosts = std::make_shared<const HostTable>();
  model.set_events({{.time_ns = 10}, {.time_ns = 20}}, hosts);
  model.set_events({{.time_ns = 10}, {.time_ns = 20}, {.time_ns = 20, .number = 1}}, hosts);
  EXPECT_EQ(resets, 1);
  EXPECT_EQ(model.rowCount(), 3);
  model.set_events({{.time_ns = 11}, {.time_ns = 20}, {.time_ns = 20, .number = 1}, {.time_ns = 30}}, hosts);
  EXPECT_EQ(resets, 2) << "it begins elsewhere";
}

TEST(HostFacts, TellTheStateFromTheLastChange) {
  HostFacts facts;
  EXPECT_EQ(state_of(facts), HostState::up);
  facts.last_change = results::EventAt{.kind = "crash"};
  EXPECT_EQ(state_of(facts), HostState::down);
  facts.last_change->kind = "restart";
  EXPECT_EQ(state_of(facts), HostState::up);
  facts.last_change->kind = "link_down";
  EXPECT_EQ(state_of(facts), HostState::link_down);
}

TEST(HostFacts, JoinLinksWithTheirSamples) {
  HostFacts facts{.host = 7};
  facts.links = {{.a = 7, .b = 2, .kind = "tcp"}, {.a = 9, .b = 7, .kind = "mesh"}, {.a = 1, .b = 7, .kind = "tcp"}};
  facts.link_values = {{.kind = "tcp", .a = 7, .b = 2, .metric = "connection.window", .unit = "bytes", .value = 14600},
                       {.kind = "tcp", .a = 7, .b = 5, .metric = "connection.window", .unit = "bytes", .value = 1}};
  const std::vector<Connection> connections = connections_of(facts);
  ASSERT_THAT(connections, SizeIs(3)) << "the one to 5 has ended";
  EXPECT_EQ(connections[0].kind, "mesh");
  EXPECT_EQ(connections[0].peer, 9);
  EXPECT_EQ(connections[1].peer, 1);
  EXPECT_EQ(connections[2].peer, 2);
  EXPECT_EQ(connections[2].values.at("window").first, 14600);
}

TEST(HostFacts, GiveTheLastValueBeforeAnInstant) {
  const std::vector<results::Point> points{{1, 10}, {2, 20}};
  EXPECT_EQ(value_at(points, 0.5), std::nullopt);
  EXPECT_THAT(value_at(points, 1), Optional(10));
  EXPECT_THAT(value_at(points, 99), Optional(20));
}

TEST(LinkFields, AreWrittenWithTheirUnits) {
  const auto rows = field_rows(R"({"delay_ms": 12.5, "queue_bytes": 2048, "loss": 0.001, "topic": "news"})");
  EXPECT_THAT(column(rows, 0), ElementsAre("delay", "loss", "queue", "topic"));
  EXPECT_THAT(column(rows, 1), ElementsAre("12.5 ms", "0.1 %", "2 KiB", "news"));
  EXPECT_TRUE(field_rows("").empty());
  EXPECT_TRUE(field_rows("not json").empty());
}

TEST(MessageSpread, CountsEachHostAtItsFirstArrival) {
  const std::vector<results::MessageAt> hops{{.sent_ns = 100, .received_ns = 150, .from = 1, .to = 2},
                                             {.sent_ns = 100, .received_ns = 180, .from = 1, .to = 3},
                                             {.sent_ns = 160, .received_ns = 170, .from = 2, .to = 3},
                                             {.sent_ns = 171, .received_ns = 190, .from = 3, .to = 1},
                                             {.sent_ns = 172, .from = 3, .to = 4}};
  const auto spread = std::make_shared<const Propagation>(propagation_of(1, hops));
  const chart::Figure figure = spread_figure(*spread);
  ASSERT_THAT(figure.lines, SizeIs(1));
  EXPECT_THAT(figure.lines[0].x, ElementsAre(0, 50, 70)) << "not the publisher itself, and not what was lost";
  EXPECT_THAT(figure.lines[0].y, ElementsAre(0, 0.5, 1));
  CopyModel copies;
  copies.show(spread, std::make_shared<HostTable>());
  std::vector<std::string> since;
  for (int row = 0; row < copies.rowCount(); ++row) {
    since.push_back(copies.index(row, CopyModel::since).data().toString().toStdString());
  }
  EXPECT_THAT(since, ElementsAre("50 ns", "80 ns", "70 ns", "90 ns", "lost"));
  EXPECT_EQ(spread_summary(*spread, 5).toStdString(),
            "Reached 2 of 4 other hosts in up to 2 hops: half of them after 50 ns, 99 % after 70 ns, all after 70 ns. "
            "2 copies came again, 1 were lost.");
}

TEST(RunsModel, GrowsWithoutForgettingWhatIsSelected) {
  RunsModel model;
  int resets = 0;
  QObject::connect(&model, &QAbstractItemModel::modelReset, [&] { ++resets; });
  model.set_runs({{.id = 1, .status = "passed"}});
  model.set_runs({{.id = 1, .status = "passed"}, {.id = 2, .status = "unfinished"}});
  EXPECT_EQ(resets, 0);
  EXPECT_EQ(model.rowCount(), 2);
  EXPECT_EQ(model.index(1, RunsModel::status).data().toString(), "◌ cut short");
  model.set_runs({{.id = 2, .status = "failed"}});
  EXPECT_EQ(resets, 1) << "the first was deleted";
  EXPECT_EQ(model.index(0, RunsModel::status).data().toString(), "✗ failed");
}

TEST(RunsModel, WritesWhatWasChangedAsShortAsItIsClear) {
  EXPECT_EQ(short_point_text({{"network.loss", "1 %"}, {"network.latency", "5 ms"}}).toStdString(),
            "loss=1 % latency=5 ms");
  EXPECT_EQ(short_point_text({{"echo.port", "7"}, {"ping.port", "8"}, {"seed", "1"}}).toStdString(),
            "echo.port=7 ping.port=8 seed=1");
}

TEST(ExpectationRows, BreakLongNamesAtTheirParts) {
  const auto rows = expectation_rows({{"p99(echo.rtt) < 1 s", 1, true}}, {}, theme_of(ThemeKind::dark));
  EXPECT_THAT(column(rows, 1), ElementsAre("p99(\u200becho.\u200brtt) < 1 s"));
  EXPECT_EQ(rows[0].cells[1].tip, "p99(echo.rtt) < 1 s") << "to be copied";
}

}  // namespace
}  // namespace ghostnet::gui::panel_models_test
