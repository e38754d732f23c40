// A session of the whole window, without a display: open, look around, play, select, compare, export, run a scenario.
//
// What the session measures (the longest block of the window's thread) is printed, not judged: it depends on the
// machine.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QFile>
#include <QFileInfo>
#include <QHeaderView>
#include <QImageReader>
#include <QLabel>
#include <QLineEdit>
#include <QMenuBar>
#include <QPushButton>
#include <QScrollBar>
#include <QSpinBox>
#include <QSplitter>
#include <QSvgRenderer>
#include <QTabBar>
#include <QTabWidget>
#include <QTableView>
#include <QTest>
#include <QTreeView>
#include <fstream>
#include <set>

#include "editor/scenario_edit.hpp"
#include "editor/scenario_panel.hpp"
#include "ghostnet/gui/main_window.hpp"
#include "ghostnet/gui/mesh_view.hpp"
#include "ghostnet/gui/time_bar.hpp"
#include "habits/export_view.hpp"
#include "habits/play_through.hpp"
#include "panels/compare_panel.hpp"
#include "panels/event_panel.hpp"
#include "panels/host_inspector.hpp"
#include "panels/log_panel.hpp"
#include "panels/message_panel.hpp"
#include "panels/metric_panel.hpp"
#include "panels/panels.hpp"
#include "panels/refresher.hpp"
#include "panels/run_browser.hpp"
#include "recorded_run.hpp"
#include "ui_watchdog.hpp"

namespace ghostnet::gui::session_test {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

class SessionTest : public testing::Test {
 protected:
  SessionTest() : window_(document_) {
    add_panels(window_, document_);
    window_.resize(1400, 900);
    window_.show();
    QApplication::processEvents();
    watchdog_.start();
  }
  ~SessionTest() override {
    fmt::print("longest block of the window's thread: {:.1f} ms, {}; busiest turn: {:.1f} ms of the processor, {}\n",
               watchdog_.longest_ms(), watchdog_.longest_while(), watchdog_.busiest_ms(), watchdog_.busiest_while());
  }

  void open(int runs) {
    for (int run = 0; run < runs; ++run) record_run(directory_.file("runs.sqlite"), 40);
    watchdog_.doing("opening");
    document_.open(QString::fromStdString(directory_.file("runs.sqlite")));
    settle();
  }
  void settle() {
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(data_.settle());
      QTest::qWait(150);  // what refreshers gather
    }
  }
  // Shows the panel's dock, so that it is asked for.
  template <class Panel>
  Panel& panel() {
    Panel* found = window_.findChild<Panel*>();
    EXPECT_NE(found, nullptr);
    for (QWidget* at = found; at != nullptr; at = at->parentWidget()) {
      if (auto* dock = qobject_cast<QDockWidget*>(at)) {
        dock->show();
        dock->raise();
      }
    }
    settle();
    return *found;
  }

  // Exports the view, and waits until it is there.
  QString written(const char* name) {
    const QString path = QString::fromStdString(directory_.file(name));
    std::optional<Result<>> saved;
    write_view(window_.mesh(), path, [&](Result<> result) { saved = std::move(result); });
    EXPECT_TRUE(QTest::qWaitFor([&] { return saved.has_value(); }, 20'000));
    EXPECT_TRUE(saved && *saved) << name;
    return path;
  }

  TemporaryDirectory directory_;
  DataSource data_;
  Document document_{data_};
  MainWindow window_;
  UiWatchdog watchdog_;
};

TEST_F(SessionTest, OpensPlaysSelectsAndExports) {
  open(1);
  ASSERT_NE(document_.run(), nullptr);

  watchdog_.doing("playing");
  document_.set_time_ns(0);
  window_.time_bar().play();
  EXPECT_TRUE(QTest::qWaitFor([&] { return document_.time_ns() > 200'000'000; }, 20'000));
  window_.time_bar().pause();

  watchdog_.doing("selecting a host");
  document_.select_host(0);
  HostInspector& inspector = panel<HostInspector>();
  EXPECT_EQ(inspector.host(), 0);
  EXPECT_GT(inspector.metric_table().model()->rowCount(), 0) << "its metric was sampled";

  watchdog_.doing("clicking an event");
  EventPanel& events = panel<EventPanel>();
  ASSERT_EQ(events.model().rowCount(), 2);
  QTableView& table = events.table();
  QTest::mouseClick(table.viewport(), Qt::LeftButton, {}, table.visualRect(events.model().index(1, 0)).center());
  EXPECT_EQ(document_.time_ns(), 6'000'000'000) << "the restart";

  watchdog_.doing("charting");
  MetricPanel& metric = panel<MetricPanel>();
  for (const auto view :
       {MetricQuestion::View::heat_map, MetricQuestion::View::distribution, MetricQuestion::View::over_time}) {
    metric.show_view(view);
    settle();
    EXPECT_FALSE(metric.chart().figure().empty());
  }
  QTest::keyClick(&metric.chart(), Qt::Key_Plus);
  EXPECT_FALSE(metric.chart().zoom().none());
  EXPECT_THAT(metric.chart().exported("csv").toStdString(), Not(IsEmpty()));

  watchdog_.doing("exporting");
  const QString png = written("mesh.png");
  QFile svg(written("mesh.svg"));
  watchdog_.doing("reading what was exported");
  EXPECT_EQ(QImage(png).size(), 2 * window_.mesh().size());
  ASSERT_TRUE(svg.open(QIODevice::ReadOnly));
  const QByteArray text = svg.readAll();
  EXPECT_EQ(text.count("<circle"), 40) << "a circle for each host";
  EXPECT_TRUE(text.contains("europe")) << "the regions are named";
  EXPECT_FALSE(text.contains("<image")) << "no picture within the picture";
  QSvgRenderer reader(text);
  EXPECT_TRUE(reader.isValid());
}

TEST_F(SessionTest, ListsEventsAsSoonAsTheRunIsShown) {
  EventPanel& events = panel<EventPanel>();
  record_run(directory_.file("runs.sqlite"), 4);
  const auto* page = events.findChild<PanelPage*>();
  std::vector<std::string> said;
  QObject::connect(&document_, &Document::run_changed, &events, [&] {
    if (page->shows_words()) said.push_back(page->words().toStdString());
  });
  document_.open(QString::fromStdString(directory_.file("runs.sqlite")));
  // Until the answer is there, nobody may say that nothing happened.
  EXPECT_TRUE(QTest::qWaitFor([&] { return events.model().rowCount() == 2; }, 20'000));
  EXPECT_THAT(said, IsEmpty());
  EXPECT_EQ(events.count(), "2 events");
}

TEST_F(SessionTest, FiltersEventsByWords) {
  open(1);
  EventPanel& events = panel<EventPanel>();
  events.words().setText("REST");
  EXPECT_TRUE(QTest::qWaitFor([&] { return events.model().rowCount() == 1; }, 20'000));
  EXPECT_EQ(events.model().events().front().kind, "restart");
  EXPECT_EQ(events.count(), "1 events pass");
  events.words().setText("h9");
  EXPECT_TRUE(QTest::qWaitFor([&] { return events.model().rowCount() == 0; }, 20'000));
}

TEST_F(SessionTest, APictureWaitsForWhatPanelsAreAboutToAsk) {
  open(1);
  EventPanel& events = panel<EventPanel>();
  events.words().setText("h1");
  const auto* refresher = events.findChild<Refresher*>();
  ASSERT_NE(refresher, nullptr);
  EXPECT_TRUE(refresher->is_due());
  EXPECT_TRUE(QTest::qWaitFor([&] { return !refresher->is_due(); }, 20'000));
}

TEST_F(SessionTest, ComparesTwoRuns) {
  open(3);
  RunBrowser& runs = panel<RunBrowser>();
  ComparePanel& compare = panel<ComparePanel>();
  EXPECT_EQ(runs.table().model()->rowCount(), 3);
  watchdog_.doing("comparing");
  Q_EMIT runs.compare_wanted(1, 2);
  settle();
  ASSERT_TRUE(compare.comparison());
  EXPECT_FALSE(compare.comparison()->differs()) << "they are the same";
}

TEST_F(SessionTest, KeepsTheTreeOfAMessageWhileTheRunGrows) {
  open(1);
  MessagePanel& messages = panel<MessagePanel>();
  document_.follow_trace(7);
  settle();
  ASSERT_TRUE(messages.tree().isVisible());
  int built = 0;
  QObject::connect(messages.tree().model(), &QAbstractItemModel::modelReset, [&] { ++built; });
  Q_EMIT document_.run_grew();
  QTest::qWait(1'500);
  settle();
  EXPECT_EQ(built, 0) << "it did not change";
}

TEST_F(SessionTest, ReadsLogsOnceForAllColours) {
  const std::string logs = directory_.file("logs");
  std::filesystem::create_directory(logs);
  std::ofstream(logs + "/world.log") << "     1.000000000  world  warn   one\n";
  {
    auto store = std::move(results::Store::open(directory_.file("runs.sqlite")).value());
    record_run(*store, 4, false);
    store->event({.time = TimePoint(), .kind = "logs", .text = logs});
    ASSERT_TRUE(store->finish({.simulated = 10s}));
  }
  document_.open(QString::fromStdString(directory_.file("runs.sqlite")));
  settle();
  LogPanel& panel_of_logs = panel<LogPanel>();
  ASSERT_EQ(panel_of_logs.model().rowCount(), 1);
  std::filesystem::remove_all(logs);
  const QModelIndex level = panel_of_logs.model().index(0, LogModel::level);
  const QVariant dark = panel_of_logs.model().data(level, Qt::ForegroundRole);
  document_.set_theme(ThemeKind::light);
  settle();
  EXPECT_FALSE(panel_of_logs.page().shows_words()) << "the directory was not looked for again";
  EXPECT_NE(panel_of_logs.model().data(level, Qt::ForegroundRole), dark);
}

TEST_F(SessionTest, UndoesAViewChange) {
  open(1);
  QTest::qWait(600);
  document_.select_host(7);
  QTest::qWait(600);
  for (QAction* action : window_.shortcuts()) {
    if (action->shortcut() == QKeySequence::Undo) action->trigger();
  }
  EXPECT_TRUE(document_.selection().empty());
}

TEST_F(SessionTest, WritesAPlayThrough) {
  open(1);
  PlayThrough play(document_, {.take = [&](auto done) { window_.mesh().ask_picture(QSize(400, 300), std::move(done)); },
                               .is_ready = [&] { return window_.mesh().is_settled(); }});
  std::optional<QString> problem;
  QObject::connect(&play, &PlayThrough::finished, [&](const QString& what) { problem = what; });
  watchdog_.doing("drawing frames");
  const QString gif = QString::fromStdString(directory_.file("run.gif"));
  play.start({.from_ns = 0, .to_ns = 10'000'000'000, .frames = 6, .target = gif});
  ASSERT_TRUE(QTest::qWaitFor([&] { return problem.has_value(); }, 60'000));
  EXPECT_EQ(*problem, "");
  EXPECT_EQ(QImageReader(gif).imageCount(), 6);

  problem.reset();
  const QString frames = QString::fromStdString(directory_.file("frames"));
  play.start({.from_ns = 0, .to_ns = 10'000'000'000, .frames = 3, .target = frames});
  ASSERT_TRUE(QTest::qWaitFor([&] { return problem.has_value(); }, 60'000));
  EXPECT_TRUE(QFileInfo::exists(frames + "/frame-00002.png"));
  EXPECT_FALSE(QFileInfo::exists(frames + "/frame-00003.png"));
}

TEST_F(SessionTest, RunsAScenarioAndFollowsIt) {
  if (find_program().isEmpty()) GTEST_SKIP() << "the program ghostnet was not built";
  ScenarioPanel& scenario = panel<ScenarioPanel>();
  scenario.edit().setPlainText(
      "name: small\nduration: 4 s\ngroups: { servers: { count: 1 }, clients: { count: 3 } }\nprotocols:\n  echo:\n"
      "workload:\n  - echo: { from: clients, to: servers, rate: 10 /s, stop: 3 s }\nexpect:\n  - echo.replies > 50\n");
  scenario.set_database(QString::fromStdString(directory_.file("own.sqlite")));
  auto* run = scenario.findChildren<QPushButton*>().front();
  ASSERT_TRUE(QTest::qWaitFor([&] { return run->isEnabled(); }, 20'000)) << scenario.status().toStdString();
  watchdog_.doing("running a scenario");
  scenario.run();
  ASSERT_TRUE(QTest::qWaitFor([&] { return document_.run() != nullptr && document_.run()->finished(); }, 60'000))
      << scenario.status().toStdString();
  EXPECT_EQ(document_.run()->name, "small");
  ASSERT_TRUE(QTest::qWaitFor([&] { return !scenario.is_running(); }, 20'000));
  EXPECT_EQ(document_.run()->status, "passed");

  // Another, which is over before anybody looks.
  scenario.edit().setPlainText(
      "name: short\nduration: 1 s\nnetwork: { hosts: 2 }\nprotocols:\n  ping:\nworkload:\n  - ping: { rate: 1 /s }\n");
  ASSERT_TRUE(QTest::qWaitFor([&] { return scenario.status().contains("short"); }, 20'000));
  scenario.run();
  EXPECT_TRUE(QTest::qWaitFor([&] { return document_.run()->name == "short"; }, 60'000))
      << scenario.status().toStdString();
}

TEST_F(SessionTest, LeadsTheKeyboardFromTheSearchOverTheMeshToTheTime) {
  open(1);
  QLineEdit* search = nullptr;
  for (QLineEdit* edit : window_.findChildren<QLineEdit*>()) {
    if (edit->accessibleName() == "Find a host") search = edit;
  }
  ASSERT_NE(search, nullptr);
  window_.activateWindow();
  search->setFocus();
  QTest::keyClick(search, Qt::Key_Tab);
  EXPECT_EQ(window_.focusWidget(), &window_.mesh());  // also where nobody makes the window the active one
  QTest::keyClick(&window_.mesh(), Qt::Key_Tab);
  TimeStrip& strip = window_.time_bar().strip();
  ASSERT_EQ(window_.focusWidget(), &strip);
  document_.set_time_ns(5'000'000'000);
  QTest::keyClick(&strip, Qt::Key_Right);
  EXPECT_EQ(document_.time_ns(), 5'100'000'000);
  QTest::keyClick(&strip, Qt::Key_PageDown);
  EXPECT_EQ(document_.time_ns(), 4'100'000'000);
  QTest::keyClick(&strip, Qt::Key_End);
  EXPECT_EQ(document_.time_ns(), document_.end_ns());
}

TEST_F(SessionTest, EveryControlIsReachedByTheKeyboard) {
  open(1);
  std::set<const QWidget*> reached;
  for (QWidget* at = &window_.mesh(); reached.insert(at).second; at = at->nextInFocusChain()) {
  }
  for (const QWidget* widget : window_.findChildren<QWidget*>()) {
    if ((widget->focusPolicy() & Qt::TabFocus) != 0 && widget->window() == &window_)
      EXPECT_TRUE(reached.contains(widget)) << widget->metaObject()->className();
  }
  for (const QComboBox* box : window_.findChildren<QComboBox*>()) {
    if (box->accessibleName() == "Speed") continue;  // [ and ] are its keys
    EXPECT_NE(box->focusPolicy() & Qt::TabFocus, 0) << box->accessibleName().toStdString();
  }
}

TEST_F(SessionTest, GivesEveryControlAName) {
  open(1);
  for (const QWidget* widget : window_.findChildren<QWidget*>()) {
    // Parts of Qt's own controls speak for those.
    const bool is_part =
        widget->objectName().startsWith("qt_") || qobject_cast<const QScrollBar*>(widget) != nullptr ||
        qobject_cast<const QHeaderView*>(widget) != nullptr || qobject_cast<const QTabBar*>(widget) != nullptr ||
        qobject_cast<const QSplitterHandle*>(widget) != nullptr || qobject_cast<const QMenuBar*>(widget) != nullptr ||
        qobject_cast<const QMenu*>(widget) != nullptr ||
        qobject_cast<const QAbstractSpinBox*>(widget->parentWidget()) != nullptr ||
        qobject_cast<const QComboBox*>(widget->parentWidget()) != nullptr ||
        qobject_cast<const QTabWidget*>(widget) != nullptr || widget->inherits("QComboBoxPrivateContainer") ||
        widget->inherits("QComboBoxListView");
    if (widget->focusPolicy() == Qt::NoFocus || is_part) continue;
    const auto* button = qobject_cast<const QAbstractButton*>(widget);
    const auto* label = qobject_cast<const QLabel*>(widget);
    const bool named =
        !widget->accessibleName().isEmpty() || (button != nullptr && !button->text().isEmpty()) || label != nullptr;
    EXPECT_TRUE(named) << widget->metaObject()->className() << " " << widget->objectName().toStdString();
  }
}

}  // namespace
}  // namespace ghostnet::gui::session_test
