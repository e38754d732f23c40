// A session with the keyboard alone: what is reached, pressed and switched without a mouse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QAction>
#include <QCheckBox>
#include <QDockWidget>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QTableView>
#include <QTest>
#include <map>

#include "ghostnet/gui/time_bar.hpp"
#include "habits/cheat_sheet.hpp"
#include "panels/event_panel.hpp"
#include "panels/host_inspector.hpp"
#include "panels/link_inspector.hpp"
#include "panels/panels.hpp"
#include "panels/run_browser.hpp"
#include "window_fixture.hpp"

namespace ghostnet::gui::keyboard_test {
namespace {

struct KeyboardTest : WindowTest {
  KeyboardTest() {
    record_run(path, 40);
    record_run(path, 40);
    add_panels(window, document);
    open({1500, 950});
    window.activateWindow();
    QTest::qWait(200);
    settle();
  }
  QAction* action_of(const char* keys) {
    for (QAction* action : window.shortcuts()) {
      if (action->shortcuts().contains(QKeySequence(keys))) return action;
    }
    ADD_FAILURE() << "nothing has the keys " << keys;
    return nullptr;
  }
  void press(const char* keys) {
    if (QAction* action = action_of(keys)) action->trigger();
    QTest::qWait(50);
  }
  bool is_within(const QWidget& part) const {
    return window.focusWidget() != nullptr && part.isAncestorOf(window.focusWidget());
  }
  template <class Panel>
  Panel& panel() {
    return *window.findChild<Panel*>();
  }
};

TEST_F(KeyboardTest, APanelsKeyPutsTheKeyboardIntoIt) {
  press("Ctrl+5");
  EXPECT_TRUE(is_within(panel<EventPanel>())) << "from behind the chart";
  press("Ctrl+8");
  EXPECT_FALSE(panel<RunBrowser>().isVisible()) << "it was in front";
  press("Ctrl+8");
  EXPECT_TRUE(is_within(panel<RunBrowser>()));
}

TEST_F(KeyboardTest, F6GoesRoundAllPartsThatAreSeen) {
  window.mesh().setFocus();
  std::vector<const QWidget*> seen;
  for (int turn = 0; turn < 20; ++turn) {
    press("F6");
    const QWidget* const at = window.focusWidget();
    ASSERT_NE(at, nullptr);
    if (at == &window.mesh()) break;
    seen.push_back(at);
  }
  EXPECT_EQ(window.focusWidget(), &window.mesh()) << "it comes back";
  EXPECT_GE(seen.size(), 3U) << "the toolbar, and panels that have controls";
  press("Shift+F6");
  EXPECT_NE(window.focusWidget(), &window.mesh());
}

TEST_F(KeyboardTest, SpacePressesAButtonAndPlaysElsewhere) {
  auto* selected_only = panel<EventPanel>().findChild<QCheckBox*>();
  ASSERT_NE(selected_only, nullptr);
  window.bring_up("events");
  selected_only->setFocus();
  QTest::keyClick(selected_only, Qt::Key_Space);
  EXPECT_TRUE(selected_only->isChecked());
  EXPECT_FALSE(window.time_bar().is_playing());
  document.set_time_ns(0);
  window.mesh().setFocus();
  QTest::keyClick(&window.mesh(), Qt::Key_Space);
  EXPECT_TRUE(window.time_bar().is_playing());
  QTest::keyClick(&window.mesh(), Qt::Key_Space);
  EXPECT_FALSE(window.time_bar().is_playing());
}

TEST_F(KeyboardTest, TheSearchSelectsOneByOneOrAll) {
  press("Ctrl+F");
  auto* search = qobject_cast<QLineEdit*>(window.focusWidget());
  ASSERT_NE(search, nullptr);
  QTest::keyClicks(search, "H1");
  QTest::keyClick(search, Qt::Key_Return);
  EXPECT_EQ(document.selection().hosts, std::vector<std::int64_t>{1});
  QTest::keyClick(search, Qt::Key_Return);
  EXPECT_EQ(document.selection().hosts, std::vector<std::int64_t>{10});
  QTest::keyClick(search, Qt::Key_Return, Qt::ControlModifier);
  EXPECT_EQ(document.selection().hosts.size(), 11U) << "h1, and h10 to h19";
}

TEST_F(KeyboardTest, KindsOfLinksAreHiddenFromTheMenu) {
  document.set_time_ns(2'000'000'000);
  settle();
  QMenu* links = nullptr;
  for (QMenu* menu : window.view_menu().findChildren<QMenu*>()) {
    if (menu->title().contains("Links")) links = menu;
  }
  ASSERT_NE(links, nullptr);
  Q_EMIT links->aboutToShow();
  ASSERT_EQ(links->actions().size(), 1);
  EXPECT_EQ(links->actions()[0]->text(), "tcp");
  links->actions()[0]->trigger();
  EXPECT_TRUE(document.look().hidden_link_kinds.contains("tcp"));
}

TEST_F(KeyboardTest, RowsOfConnectionsShowTheirLink) {
  document.set_time_ns(2'000'000'000);
  document.select_host(3);
  QTest::qWait(200);
  settle();
  QTableView* connections = nullptr;
  for (QTableView* table : panel<HostInspector>().findChildren<QTableView*>()) {
    if (table->accessibleName().contains("connections")) connections = table;
  }
  ASSERT_NE(connections, nullptr);
  ASSERT_EQ(connections->model()->rowCount(), 2);
  std::vector<qint64> peers;
  QObject::connect(&panel<HostInspector>(), &HostInspector::link_wanted, connections,
                   [&](const QString&, qint64, qint64 peer) { peers.push_back(peer); });
  panel<HostInspector>().tabs().setCurrentIndex(1);
  connections->setFocus();
  QTest::keyClick(connections, Qt::Key_Home);
  QTest::keyClick(connections, Qt::Key_Down);
  EXPECT_THAT(peers, testing::Contains(4));
}

TEST_F(KeyboardTest, EveryShortcutIsOfOneActionAndOnTheSheet) {
  std::map<std::string, std::string> owners;
  for (const QAction* action : window.shortcuts()) {
    for (const QKeySequence& keys : action->shortcuts()) {
      const auto [owner, is_new] = owners.emplace(keys.toString().toStdString(), action->text().toStdString());
      EXPECT_TRUE(is_new) << owner->first << " is of " << owner->second << " and " << action->text().toStdString();
    }
  }
  QString sheet = shortcuts_as_markdown(all_shortcuts(window.shortcuts()));
  for (const auto& [keys, owner] : owners) EXPECT_TRUE(sheet.contains(QString::fromStdString(keys))) << keys;
}

// Each that opens no dialog and starts no run.
void press_all(MainWindow& window) {
  for (QAction* action : window.shortcuts()) {
    const bool asks = action->text().contains("…") || action->text().contains("Quit") ||
                      action->text().contains("Save") || action->text().contains("un scenario");
    if (!asks && action->isEnabled()) action->trigger();
    QCoreApplication::processEvents();
  }
  window.time_bar().pause();
}

TEST_F(KeyboardTest, NoShortcutBreaksAnything) {
  press_all(window);
  EXPECT_EQ(document.run_id(), 2);
  DataSource nothing;
  Document empty(nothing);
  MainWindow without(empty);
  add_panels(without, empty);
  without.show();
  press_all(without);
  EXPECT_EQ(empty.run(), nullptr);
}

}  // namespace
}  // namespace ghostnet::gui::keyboard_test
