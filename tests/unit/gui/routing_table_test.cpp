// Routing tables: what the mesh, its legend and the inspector show of who stands in which bucket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QDockWidget>
#include <QTabWidget>
#include <QTest>

#include "panels/host_inspector.hpp"
#include "panels/panels.hpp"
#include "panels/routing_table_view.hpp"
#include "scene/marks.hpp"
#include "scene/vector_picture.hpp"
#include "window_fixture.hpp"

namespace ghostnet::gui::routing_table_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Of five hosts h0 has h1 and h2 in bucket 0 and h3 in bucket 4 of its table, and stands in that of h3; a connection
// leads from h0 to h1.
struct RoutingTableTest : WindowTest {
  RoutingTableTest() {
    auto store = std::move(results::Store::open(path).value());
    store->begin({.name = "dht", .mode = "sim", .carrier = "fabric", .planned = 10s});
    for (HostId id = 0; id < 5; ++id) store->host({.id = id, .name = fmt::format("h{}", id), .group = "servers"});
    store->metric(MetricId{0}, {"kademlia.table_size", "peers", "", MetricKind::gauge});
    store->samples(std::vector<Sample>{{TimePoint(1s), MetricId{0}, 0, 3}});
    const auto entry = [&](HostId of, HostId peer, const char* fields) {
      store->link({.time = TimePoint(1s), .a = of, .b = peer, .kind = "dht", .json = fields});
    };
    entry(0, 1, R"({"bucket":0})");
    entry(0, 2, R"({"bucket":0})");
    entry(0, 3, R"({"bucket":4})");
    entry(3, 0, R"({"bucket":4})");
    store->link({.time = TimePoint(1s), .a = 0, .b = 1, .kind = "tcp"});
    EXPECT_TRUE(store->finish({.simulated = 10s}));
    add_panels(window, document);
    open({1400, 900});
    document.set_time_ns(2'000'000'000);
    settle();
  }
  HostInspector& inspector() { return *window.findChild<HostInspector*>(); }
  void select(std::int64_t host) {
    document.select_host(host);
    settle();
    QTest::qWait(150);  // what refreshers gather
    settle();
  }
};

TEST(BucketOfALink, IsReadFromItsFields) {
  EXPECT_EQ(bucket_in(R"({"bucket":0})"), 0);
  EXPECT_EQ(bucket_in(R"({"bucket":17})"), 17);
  EXPECT_EQ(bucket_in(R"({ "since": 1, "bucket": 4 })"), 4) << "as JSON may be written, too";
  for (const char* none : {"", "{}", R"({"topic":"bucket"})", R"({"bucket":})", R"({"bucket":-2})",
                           R"({"bucket":99999})", R"({"bucket":"7"})", R"({"bucket":7)"}) {
    EXPECT_EQ(bucket_in(none), -1) << none;
  }
}

TEST_F(RoutingTableTest, TheOneThatIsSelectedShowsItsTable) {
  EXPECT_FALSE(model().scene().table);
  select(0);
  EXPECT_EQ(model().scene().table, (TableLook{.host = 0, .entries = 3, .held_by = 1, .deepest = 4}));
  document.select({.hosts = {0, 1}});
  settle();
  EXPECT_FALSE(model().scene().table) << "of two hosts neither";
}

TEST_F(RoutingTableTest, EntriesLieOverOtherLinksInTheColourOfTheirBucket) {
  select(0);
  const Camera& camera = window.mesh().camera();
  const Theme& theme = document.theme();
  const std::vector<Stroke> strokes = selected_strokes(model().scene(), camera);
  ASSERT_THAT(strokes, SizeIs(5));
  std::vector<QRgb> last;
  for (std::size_t at = 2; at < 5; ++at) last.push_back(strokes[at].colour);
  EXPECT_THAT(last, testing::UnorderedElementsAre(bucket_colour(theme, 0, 4).rgb(), bucket_colour(theme, 0, 4).rgb(),
                                                  bucket_colour(theme, 4, 4).rgb()));
  EXPECT_LT(std::min(strokes[0].opacity, strokes[1].opacity), strokes[4].opacity / 2) << "the table of another host";
  EXPECT_TRUE(svg_of(model().scene(), camera, {}).contains(bucket_colour(theme, 4, 4).name().toUtf8()));
}

TEST_F(RoutingTableTest, TheInspectorListsTheTableFromTheFarthestToTheNearest) {
  window.bring_up("host");
  select(0);
  RoutingTableView& view = inspector().routing_table();
  EXPECT_TRUE(inspector().tabs().isTabVisible(inspector().tabs().indexOf(&view)));
  const QAbstractItemModel& rows = *view.table().model();
  ASSERT_EQ(rows.rowCount(), 3);
  std::vector<std::string> peers;
  for (int row = 0; row < 3; ++row) {
    peers.push_back((rows.index(row, 0).data().toString() + " " + rows.index(row, 1).data().toString()).toStdString());
  }
  EXPECT_THAT(peers, ElementsAre("0 h1", "0 h2", "4 h3"));
  ASSERT_THAT(view.chart().figure().lines, SizeIs(1));
  EXPECT_THAT(view.chart().figure().lines[0].y, ElementsAre(2, 0, 0, 0, 1));
  Q_EMIT view.table().activated(rows.index(2, 1));
  EXPECT_EQ(document.selection().hosts, std::vector<std::int64_t>{3});
}

TEST_F(RoutingTableTest, AHostWithoutATableSaysHowToRecordOne) {
  window.bring_up("host");
  select(4);
  const auto* page = inspector().routing_table().findChild<PanelPage*>();
  ASSERT_NE(page, nullptr);
  EXPECT_TRUE(page->shows_words());
  EXPECT_TRUE(page->words().contains("routing_tables: [servers]")) << page->words().toStdString();
}

TEST(TableFigure, HasNoBarsWhereNoBucketIsKnown) {
  EXPECT_THAT(table_figure({}).lines, IsEmpty());
  EXPECT_THAT(table_figure({{.bucket = -1, .peer = 3}}).lines, IsEmpty());
}

}  // namespace
}  // namespace ghostnet::gui::routing_table_test
