// What a moment of a run holds, how a message spreads, what colours say, and the view that shows it all.
#include <gtest/gtest.h>

#include <QMouseEvent>
#include <cmath>
#include <numeric>

#include "ghostnet/gui/scene/colouring.hpp"
#include "ghostnet/gui/scene/moment.hpp"
#include "ghostnet/gui/scene/propagation.hpp"
#include "ghostnet/gui/time_bar.hpp"
#include "panels/propagation_model.hpp"
#include "view/legend_card.hpp"
#include "window_fixture.hpp"

namespace ghostnet::gui::scene_test {
namespace {

struct MomentTest : testing::Test {
  TemporaryDirectory directory;
  std::string path = directory.file("a.sqlite");
  std::optional<results::Database> database;
  std::shared_ptr<HostTable> hosts;

  MomentTest() {
    record_run(path, 6);
    database.emplace(std::move(results::Database::open(path, {}).value()));
    hosts = std::make_shared<HostTable>(results::hosts(*database, 1).value());
  }
};

TEST_F(MomentTest, LinksAreUpFromTheirBeginningToTheirEnd) {
  MomentReader reader(1, hosts);
  const auto links_at = [&](std::int64_t seconds) {
    return reader.read(*database, {.time_ns = seconds * 1'000'000'000})->edges->edges.size();
  };
  EXPECT_EQ(links_at(0), 0U);
  EXPECT_EQ(links_at(1), 5U);
  EXPECT_EQ(links_at(4), 5U);
  EXPECT_EQ(links_at(5), 4U);
  EXPECT_EQ(links_at(2), 5U);  // back in time
}

TEST_F(MomentTest, GoingOnGivesWhatReadingAnewGives) {
  MomentReader going(1, hosts);
  for (std::int64_t ms = 0; ms <= 10'000; ms += 500) {
    MomentReader anew(1, hosts);
    const MomentWish wish{.time_ns = ms * 1'000'000, .colour_metric = 1};
    const Moment a = *going.read(*database, wish);
    const Moment b = *anew.read(*database, wish);
    EXPECT_EQ(a.edges->edges.size(), b.edges->edges.size()) << ms;
    EXPECT_EQ(*a.conditions, *b.conditions) << ms;
    EXPECT_EQ(a.flights.size(), b.flights.size()) << ms;
  }
}

// More changes than a reader reads at once, so that it keeps instants to go back to.
TEST(Moment, GoingBackGivesWhatReadingAnewGives) {
  const TemporaryDirectory directory;
  constexpr HostId kHosts = 50;
  {
    auto store = std::move(results::Store::open(directory.file("a.sqlite")).value());
    record_run(*store, kHosts, false);
    for (std::uint32_t n = 0; n < 3 * MomentReader::kSnapshotEvery; ++n) {
      const HostId host = n * 7 % kHosts;
      store->event(
          {.time = TimePoint(10s + n * 1ms / 10), .host = host, .kind = n / kHosts % 2 == 0 ? "crash" : "restart"});
    }
    ASSERT_TRUE(store->finish({.simulated = 20s}));
  }
  const auto database = std::move(results::Database::open(directory.file("a.sqlite"), {}).value());
  const auto hosts = std::make_shared<HostTable>(results::hosts(database, 1).value());
  MomentReader scrubbing(1, hosts);
  for (const std::int64_t ms : {16'000, 11'000, 15'999, 10'001, 3'500, 14'321, 12'345, 16'000}) {
    MomentReader anew(1, hosts);
    const Moment a = *scrubbing.read(database, {.time_ns = ms * 1'000'000});
    EXPECT_EQ(*a.conditions, *anew.read(database, {.time_ns = ms * 1'000'000})->conditions) << ms;
    if (ms == 14'321) scrubbing.forget();
  }
}

TEST_F(MomentTest, ABookThatKeepsFewLinksTellsTheSame) {
  LinkBook all(1, hosts);
  LinkBook few(1, hosts, 5);  // as many as are up at once: those that have ended are dropped
  for (const std::int64_t second : {0, 6, 2, 9, 4, 5, 1, 3}) {
    const auto expected = all.at(*database, second * 1'000'000'000);
    const auto seen = few.at(*database, second * 1'000'000'000);
    ASSERT_TRUE(expected && seen);
    EXPECT_EQ((*seen)->edges, (*expected)->edges) << second;
  }
  LinkBook too_few(1, hosts, 3);
  const auto cut = too_few.at(*database, 2'000'000'000);
  EXPECT_EQ((*cut)->edges.size(), 3U);
  EXPECT_TRUE((*cut)->cut_short);
}

TEST_F(MomentTest, UnchangedLinksAreTheSameObject) {
  MomentReader reader(1, hosts);
  const Moment a = *reader.read(*database, {.time_ns = 2'000'000'000});
  const Moment b = *reader.read(*database, {.time_ns = 4'000'000'000});
  EXPECT_EQ(a.edges, b.edges);
}

TEST_F(MomentTest, ReadAnewTheSameLinksAreTheSameObject) {
  MomentReader reader(1, hosts);
  const Moment a = *reader.read(*database, {.time_ns = 2'000'000'000});
  reader.forget();
  const Moment b = *reader.read(*database, {.time_ns = 2'000'000'000});
  EXPECT_EQ(a.edges, b.edges);
}

TEST_F(MomentTest, AHostIsDownFromItsCrashToItsRestart) {
  MomentReader reader(1, hosts);
  EXPECT_EQ(reader.read(*database, {.time_ns = 2'900'000'000})->down_count, 0U);
  EXPECT_EQ(reader.read(*database, {.time_ns = 3'000'000'000})->down_count, 1U);
  EXPECT_EQ(reader.read(*database, {.time_ns = 6'000'000'000})->down_count, 0U);
}

TEST_F(MomentTest, ValuesAreThoseOfTheLastFrame) {
  MomentReader reader(1, hosts);
  const std::int64_t metric = results::series_names(*database, 1)->front().metric_id;
  const Moment moment = *reader.read(*database, {.time_ns = 4'600'000'000, .colour_metric = metric});
  ASSERT_NE(moment.colour_values, nullptr);
  EXPECT_EQ((*moment.colour_values)[3], 43);
  EXPECT_TRUE(std::isnan((*reader.read(*database, {.time_ns = 0, .colour_metric = metric})->colour_values)[3]));
}

TEST_F(MomentTest, MessagesAreOnTheirWayFromSendingToReceiving) {
  MomentReader reader(1, hosts);
  const auto flights_at = [&](std::int64_t ms) {
    return reader.read(*database, {.time_ns = ms * 1'000'000})->flights.size();
  };
  EXPECT_EQ(flights_at(1'999), 0U);
  EXPECT_EQ(flights_at(2'050), 5U);
  EXPECT_EQ(flights_at(2'101), 0U);
}

// Hosts 0 to 5 by turns in europe and na_east; every fourth is of the servers.
TEST_F(MomentTest, APartitionCutsTheNetworkIntoParts) {
  const std::string europe = R"({"sides":[[{"group":"all","region":"europe"}]],"direction":"both"})";
  const std::string servers = R"({"sides":[[{"group":"servers"}],[{"group":"rest"}]],"direction":"out"})";
  EXPECT_EQ(parts_of({}, *hosts), nullptr);
  EXPECT_EQ(parts_of({"{}", "not json", R"({"sides":[]})"}, *hosts), nullptr);
  const auto two = parts_of({europe}, *hosts);
  ASSERT_NE(two, nullptr);
  EXPECT_EQ(two->of_host, (std::vector<std::uint8_t>{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(two->sizes, (std::vector<std::size_t>{3, 3}));
  const auto both = parts_of({europe, servers}, *hosts);
  ASSERT_NE(both, nullptr);
  EXPECT_EQ(both->sizes, (std::vector<std::size_t>{3, 2, 1})) << "na_east, servers of europe, the rest of europe";
  EXPECT_EQ(both->of_host, (std::vector<std::uint8_t>{1, 0, 2, 0, 1, 0}));
}

TEST(Moment, KnowsWhoIsCutOffAndWhoseLinkIsDown) {
  const TemporaryDirectory directory;
  {
    auto store = std::move(results::Store::open(directory.file("a.sqlite")).value());
    record_run(*store, 6, false);
    store->event({.time = TimePoint(7s),
                  .kind = "fault_begins",
                  .text = "faults[0].partition",
                  .json = R"({"sides":[[{"group":"all","region":"europe"}]],"direction":"both"})"});
    store->event({.time = TimePoint(7s), .host = 4, .kind = "link_down", .text = ""});
    store->event({.time = TimePoint(8s), .host = 4, .kind = "link_up", .text = ""});
    store->event({.time = TimePoint(9s), .kind = "fault_ends", .text = "faults[0].partition"});
    ASSERT_TRUE(store->finish({.simulated = 10s}));
  }
  const auto database = std::move(results::Database::open(directory.file("a.sqlite"), {}).value());
  const auto hosts = std::make_shared<HostTable>(results::hosts(database, 1).value());
  MomentReader reader(1, hosts);
  EXPECT_EQ(reader.read(database, {.time_ns = 6'900'000'000})->parts, nullptr);
  const Moment cut = *reader.read(database, {.time_ns = 7'000'000'000});
  ASSERT_NE(cut.parts, nullptr);
  EXPECT_EQ(cut.offline_count, 1U);
  EXPECT_EQ((*cut.conditions)[4], Condition::offline);
  EXPECT_EQ(cut.faults, std::vector<std::string>{"partition"});
  EXPECT_EQ(reader.read(database, {.time_ns = 8'000'000'000})->offline_count, 0U);
  EXPECT_EQ(reader.read(database, {.time_ns = 9'000'000'000})->parts, nullptr);
}

results::MessageAt hop(std::int64_t from, std::int64_t to, std::int64_t sent, std::optional<std::int64_t> received) {
  return {.sent_ns = sent, .received_ns = received, .from = from, .to = to, .trace = 1};
}

TEST(Propagation, IsTheTreeOfFirstArrivals) {
  // 1 sends to 2 and 3; both pass it on to 4, 3 is first; what 4 sends back comes again; one is lost.
  const Propagation spread = propagation_of(1, {hop(2, 4, 30, 60), hop(1, 2, 10, 25), hop(1, 3, 10, 20),
                                                hop(3, 4, 21, 50), hop(4, 2, 51, 70), hop(3, 5, 21, {})});
  ASSERT_EQ(spread.arrivals.size(), 4U);
  EXPECT_EQ(spread.arrivals[0].host, 1);
  const Arrival& last = spread.arrivals[spread.of.at(4)];
  EXPECT_EQ(spread.arrivals[*last.parent].host, 3);
  EXPECT_EQ(last.depth, 2);
  EXPECT_EQ(last.hop_ns, 29);
  EXPECT_EQ(last.delay_ns, 40);
  EXPECT_EQ(spread.duplicates, 2U);
  EXPECT_EQ(spread.lost, 1U);
  EXPECT_EQ(spread.deepest(), 2);
  EXPECT_EQ(spread.delay_of_share(0), 0);
  EXPECT_EQ(spread.delay_of_share(1), 40);
}

TEST(Propagation, BearsNothingAndASenderThatWasNotReached) {
  EXPECT_TRUE(propagation_of(1, {}).empty());
  const Propagation spread = propagation_of(1, {hop(1, 2, 0, 10), hop(8, 9, 5, 15)});
  EXPECT_EQ(spread.arrivals.size(), 3U);
  EXPECT_FALSE(spread.arrivals[spread.of.at(9)].parent);
}

TEST(PropagationModel, ShowsTheTree) {
  std::vector<results::HostRow> rows;
  for (std::int64_t id = 0; id < 6; ++id) rows.push_back({.id = id, .name = "h" + std::to_string(id)});
  PropagationModel model;
  EXPECT_EQ(model.rowCount(), 0);
  model.show(std::make_shared<const Propagation>(
                 propagation_of(1, {hop(1, 2, 0, 1'000'000), hop(2, 3, 1'000'000, 3'000'000)})),
             std::make_shared<HostTable>(std::move(rows)));
  ASSERT_EQ(model.rowCount(), 1);
  const QModelIndex root = model.index(0, 0);
  EXPECT_EQ(root.data().toString(), "h1");
  const QModelIndex leaf = model.index_of_host(3);
  EXPECT_EQ(leaf.parent().parent(), root);
  EXPECT_EQ(leaf.siblingAtColumn(PropagationModel::hop).data().toString(), "2 ms");
  EXPECT_EQ(leaf.siblingAtColumn(PropagationModel::delay).data().toString(), "3 ms");
  EXPECT_EQ(root.siblingAtColumn(PropagationModel::reached).data().toString(), "2");
}

TEST(Colouring, TellsCategoriesApartAndCountsThem) {
  std::vector<results::HostRow> rows;
  for (std::int64_t id = 0; id < 10; ++id) rows.push_back({.id = id, .group = id < 3 ? "servers" : "rest"});
  const HostTable hosts(std::move(rows));
  const Colouring colouring = colour_by_name(hosts, "group", {}, theme_of(ThemeKind::dark));
  EXPECT_NE(colouring.colours[0], colouring.colours[9]);
  EXPECT_EQ(colouring.colours[0], colouring.colours[2]);
  ASSERT_EQ(colouring.legend.categories.size(), 2U);
  EXPECT_EQ(colouring.legend.categories[0].text, "rest");
  EXPECT_EQ(colouring.legend.categories[0].hosts, 7U);
}

TEST(Colouring, LightnessGrowsWithTheValueOnDarkAndFallsOnLight) {
  for (const ThemeKind kind : {ThemeKind::dark, ThemeKind::light}) {
    double before = 0;
    for (int step = 0; step <= 20; ++step) {
      const QColor colour = sequential_colour(theme_of(kind), step / 20.0);
      // Luminance as the eye weighs it.
      const double luminance = 0.2126 * colour.redF() + 0.7152 * colour.greenF() + 0.0722 * colour.blueF();
      if (step > 0) EXPECT_TRUE(kind == ThemeKind::dark ? luminance > before : luminance < before) << step;
      before = luminance;
    }
  }
}

TEST(Colouring, OfHeatFadesIntoTheGround) {
  for (const ThemeKind kind : {ThemeKind::dark, ThemeKind::light}) {
    const auto contrast = [kind](double share) {
      return std::abs(heat_colour(theme_of(kind), share).lightnessF() - theme_of(kind).canvas.lightnessF());
    };
    EXPECT_LT(contrast(0), 0.2) << "nothing";
    EXPECT_GT(contrast(1), 0.4) << "the most";
    for (int step = 1; step <= 20; ++step)
      EXPECT_NE(heat_colour(theme_of(kind), step / 20.0), heat_colour(theme_of(kind), 0));
  }
}

struct ViewTest : WindowTest {
  ViewTest() {
    record_run(path, 40);
    open({1000, 700});
  }
  QPointF place_of(std::size_t host) {
    const Spot spot = window.mesh().camera().to_view((*window.mesh().model().scene().spots)[host]);
    return {spot.x, spot.y};
  }
  void expect_all_shown() {
    for (std::size_t host = 0; host < 40; ++host) EXPECT_TRUE(QRectF(window.mesh().rect()).contains(place_of(host)));
  }
  void click(QPointF place, Qt::KeyboardModifiers modifiers = {}) {
    for (const auto type : {QEvent::MouseButtonPress, QEvent::MouseButtonRelease}) {
      QMouseEvent event(type, place, window.mesh().mapToGlobal(place), Qt::LeftButton, Qt::LeftButton, modifiers);
      QCoreApplication::sendEvent(&window.mesh(), &event);
    }
  }
};

TEST_F(ViewTest, AClickSelectsTheHostThere) {
  click(place_of(7));
  EXPECT_EQ(document.selection().hosts, std::vector<std::int64_t>{7});
  click(place_of(9), Qt::ControlModifier);
  EXPECT_EQ(document.selection().hosts, (std::vector<std::int64_t>{7, 9}));
  click({3, 3});
  EXPECT_TRUE(document.selection().empty());
}

TEST_F(ViewTest, ALegendWithLittleRoomLeavesMessagesOut) {
  document.set_time_ns(2'050'000'000);  // while some are on their way
  settle();
  const auto* legend = window.mesh().findChild<LegendCard*>();
  ASSERT_TRUE(legend != nullptr && legend->isVisible());
  const int whole = legend->height();
  const int around = window.height() - window.mesh().height();
  window.resize(1000, around + static_cast<int>(whole / 0.6) - 20);
  settle();
  EXPECT_TRUE(legend->isVisible());
  EXPECT_LT(legend->height(), whole);
}

TEST_F(ViewTest, TheLegendTellsWhatSizesSay) {
  EXPECT_FALSE(model().size_legend());
  Look look = document.look();
  look.size_by = "requests";
  document.set_look(look);
  settle();
  ASSERT_TRUE(model().size_legend());
  EXPECT_EQ(model().size_legend()->metric, "requests");
  EXPECT_EQ(model().size_legend()->low, "0");
  look.size_by.clear();
  document.set_look(look);
  settle();
  EXPECT_FALSE(model().size_legend());
}

TEST_F(ViewTest, ShowsEveryHostWithinTheView) { expect_all_shown(); }

TEST_F(ViewTest, TakingBackRestoresTheView) {
  const Camera before = window.mesh().camera();
  window.mesh().show_hosts({5});
  EXPECT_NE(window.mesh().camera(), before);
  window.mesh().take_back();
  EXPECT_EQ(window.mesh().camera(), before);
}

TEST_F(ViewTest, PlayingMovesTheTimeByTheSpeed) {
  document.set_time_ns(0);
  window.time_bar().set_speed(0.5);
  window.time_bar().play();
  window.time_bar().advance(2'000'000'000);
  EXPECT_GE(document.time_ns(), 1'000'000'000);
  window.time_bar().pause();
  const std::int64_t paused = document.time_ns();
  window.time_bar().step_on();
  EXPECT_EQ(document.time_ns(), paused + 10'000'000);
  window.time_bar().advance(60'000'000'000);
  EXPECT_EQ(document.time_ns(), document.end_ns());
}

TEST_F(ViewTest, WatchingStopsAtTheEndOfTheSpan) {
  window.time_bar().watch(2'000'000'000, 2'500'000'000);
  EXPECT_TRUE(window.time_bar().is_playing());
  EXPECT_NEAR(window.time_bar().speed(), 0.1, 1e-9);
  window.time_bar().advance(1'000'000'000);
  EXPECT_GE(document.time_ns(), 2'100'000'000);
  window.time_bar().advance(60'000'000'000);
  EXPECT_EQ(document.time_ns(), 2'500'000'000);
  EXPECT_FALSE(window.time_bar().is_playing());
}

TEST_F(ViewTest, AViewThatWasChosenByHandStays) {
  window.mesh().show_hosts({5});
  const Camera chosen = window.mesh().camera();
  Look look = document.look();
  look.layout = LayoutKind::radial;
  document.set_look(look);
  settle();
  EXPECT_EQ(window.mesh().camera(), chosen);
  window.mesh().show_all();
  look.layout = LayoutKind::force;
  document.set_look(look);
  settle();
  expect_all_shown();
}

TEST_F(ViewTest, TheStripMarksCrashes) {
  const TimeMarks& marks = window.time_bar().strip().marks();
  EXPECT_EQ(marks.downs(200, document.end_ns())[60], 1);
  EXPECT_EQ(marks.ups(200, document.end_ns())[120], 1);
}

TEST_F(ViewTest, AFollowedMessageIsShownSpreading) {
  document.follow_trace(7);
  settle();
  EXPECT_EQ(window.mesh().model().propagation().arrivals.size(), 40U);
  ASSERT_NE(window.mesh().model().scene().trace, nullptr);
  document.follow_trace(std::nullopt);
  settle();
  EXPECT_EQ(window.mesh().model().scene().trace, nullptr);
}

TEST_F(ViewTest, AnotherThemeAndAnotherLayoutChangeThePicture) {
  const QImage dark = window.mesh().picture({400, 300});
  document.set_theme(ThemeKind::light);
  settle();
  const QImage light = window.mesh().picture({400, 300});
  EXPECT_GT(qGray(light.pixel(5, 5)), qGray(dark.pixel(5, 5)) + 100);
  Look look = document.look();
  look.layout = LayoutKind::force;
  document.set_look(look);
  settle();
  EXPECT_EQ(window.mesh().model().scene().placement->kind, LayoutKind::force);
  EXPECT_NE(window.mesh().picture({400, 300}), light);
}

TEST_F(ViewTest, APictureIsOfTheInstantAtWhichItWasAskedFor) {
  document.set_time_ns(2'000'000'000);
  settle();
  const QImage expected = window.mesh().picture({600, 400});
  std::optional<QImage> picture;
  window.mesh().ask_picture({600, 400}, [&](QImage image) { picture = std::move(image); });
  document.set_time_ns(7'000'000'000);
  document.select_host(3);
  QElapsedTimer since;
  since.start();
  while (!picture && since.elapsed() < 10'000) QCoreApplication::processEvents(QEventLoop::AllEvents, 10);
  ASSERT_TRUE(picture);
  EXPECT_EQ(*picture, expected);
}

TEST_F(ViewTest, AnotherRunFollowsNoMessage) {
  record_run(directory.file("a.sqlite"), 40);
  document.follow_trace(7);
  settle();
  ASSERT_FALSE(window.mesh().model().propagation().empty());
  int told = 0;
  QObject::connect(&window.mesh().model(), &SceneModel::propagation_changed, [&] { ++told; });
  document.show_run(2);
  settle();
  ASSERT_EQ(document.run_id(), 2);
  EXPECT_TRUE(window.mesh().model().propagation().empty());
  EXPECT_GE(told, 1);
}

TEST(TimeMarks, FaultsHaveTheirSpans) {
  TimeMarks marks;
  marks.add({{.time_ns = 10, .kind = "fault_begins", .text = "faults[0].partition"},
             {.time_ns = 20, .number = 1, .kind = "fault_begins", .text = "faults[1].churn"}});
  marks.add({{.time_ns = 30, .number = 2, .kind = "fault_ends", .text = "faults[0].partition"}});
  ASSERT_EQ(marks.faults().size(), 2U);
  EXPECT_EQ(marks.faults()[0].name(), "partition");
  EXPECT_EQ(marks.faults()[0].to_ns, 30);
  EXPECT_EQ(marks.faults()[1].to_ns, -1) << "it goes on";
  EXPECT_EQ(marks.last(), (results::EventKey{30, 2}));
}

TEST(TimeMarks, KeepTheirCountsAsTheRunGrows) {
  TimeMarks marks;
  for (std::int64_t second = 0; second < 1'000; ++second) {
    marks.add({{.time_ns = second * 1'000'000'000, .kind = second % 2 == 0 ? "crash" : "restart"}});
  }
  const std::vector<int> downs = marks.downs(10, 1'000'000'000'000);
  const std::vector<int> ups = marks.ups(10, 1'000'000'000'000);
  for (std::size_t bar = 0; bar < 10; ++bar) {
    EXPECT_NEAR(downs[bar], 50, 1) << bar;
    EXPECT_NEAR(ups[bar], 50, 1) << bar;
  }
  EXPECT_EQ(std::accumulate(downs.begin(), downs.end(), 0), 500);
}

TEST(TimeText, IsAsPreciseAsTheSpanAsksFor) {
  EXPECT_EQ(time_text(1'234'567'890, 5'000'000'000), "1.2346 s");
  EXPECT_EQ(time_text(12'345'000'000, 60'000'000'000), "12.345 s");
  EXPECT_EQ(time_text(127'500'000'000, 600'000'000'000), "2:07.5");
  EXPECT_EQ(time_text(3'723'000'000'000, 7'200'000'000'000), "1:02:03");
}

}  // namespace
}  // namespace ghostnet::gui::scene_test
