// What a user expects of any window: it comes back as it was left, takes what is dropped on it, asks before it throws
// something away, and says what went wrong with the file that it shows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QDockWidget>
#include <QDragEnterEvent>
#include <QFile>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QTest>
#include <QTimer>
#include <filesystem>

#include "editor/scenario_edit.hpp"
#include "editor/scenario_panel.hpp"
#include "panels/panels.hpp"
#include "window_fixture.hpp"

namespace ghostnet::gui::window_test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

QDockWidget& dock(MainWindow& window, const char* id) { return *window.findChild<QDockWidget*>(id); }

QString content(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

void write(const QString& path, const char* text) {
  QFile file(path);
  ASSERT_TRUE(file.open(QIODevice::WriteOnly));
  file.write(text);
}

// Presses the button of the next dialog that begins with these words. Says whether there was one.
class Answer {
 public:
  explicit Answer(const char* button) {
    QObject::connect(&timer_, &QTimer::timeout, [this, button] {
      auto* box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
      if (box == nullptr) return;
      for (QAbstractButton* each : box->buttons()) {
        if (!each->text().remove('&').startsWith(button)) continue;
        given_ = true;
        timer_.stop();
        return each->click();
      }
    });
    timer_.start(20);
  }
  bool given() const { return given_; }

 private:
  QTimer timer_;
  bool given_ = false;
};

TEST(RememberedLayout, ComesBackWithTheNextWindow) {
  const TemporaryDirectory directory;
  QSettings settings(QString::fromStdString(directory.file("settings.ini")), QSettings::IniFormat);
  DataSource data;
  {
    Document document(data);
    MainWindow window(document, &settings);
    add_panels(window, document);
    window.restore_layout();
    window.show();
    dock(window, "runs").hide();
    window.addDockWidget(Qt::LeftDockWidgetArea, &dock(window, "metric"));
    document.set_theme(ThemeKind::light);
    window.close();
  }
  Document document(data);
  MainWindow window(document, &settings);
  add_panels(window, document);
  EXPECT_FALSE(dock(window, "runs").isHidden());
  window.restore_layout();
  EXPECT_TRUE(dock(window, "runs").isHidden());
  EXPECT_EQ(window.dockWidgetArea(&dock(window, "metric")), Qt::LeftDockWidgetArea);
  EXPECT_EQ(document.theme_kind(), ThemeKind::light);
}

TEST(RememberedLayout, ThatIsDamagedIsNotFollowed) {
  const TemporaryDirectory directory;
  QSettings settings(QString::fromStdString(directory.file("settings.ini")), QSettings::IniFormat);
  settings.setValue("window/geometry", QByteArray("nonsense"));
  settings.setValue("window/state", QByteArray(500, '\xff'));
  settings.setValue("theme", 17);
  DataSource data;
  Document document(data);
  MainWindow window(document, &settings);
  add_panels(window, document);
  window.restore_layout();
  EXPECT_FALSE(dock(window, "runs").isHidden());
}

struct DropTest : WindowTest {
  DropTest() {
    record_run(path, 8);
    add_panels(window, document);
    window.show();
  }
  // Whether the window would have it.
  bool drop(const QUrl& url) {
    QMimeData dragged;
    dragged.setUrls({url});
    QDragEnterEvent enter(QPoint(50, 50), Qt::CopyAction, &dragged, Qt::LeftButton, Qt::NoModifier);
    enter.ignore();
    QCoreApplication::sendEvent(&window, &enter);
    QDropEvent drop(QPointF(50, 50), Qt::CopyAction, &dragged, Qt::LeftButton, Qt::NoModifier);
    drop.ignore();
    QCoreApplication::sendEvent(&window, &drop);
    settle();
    return enter.isAccepted() && drop.isAccepted();
  }
};

TEST_F(DropTest, ADatabaseIsOpened) {
  EXPECT_TRUE(drop(QUrl::fromLocalFile(QString::fromStdString(path))));
  ASSERT_NE(document.run(), nullptr);
  EXPECT_EQ(document.hosts()->size(), 8U);
}

TEST_F(DropTest, AScenarioGoesToTheEditor) {
  const QString scenario = QString::fromStdString(directory.file("small.yaml"));
  write(scenario, "name: dropped\n");
  EXPECT_TRUE(drop(QUrl::fromLocalFile(scenario)));
  EXPECT_EQ(window.findChild<ScenarioPanel*>()->edit().toPlainText(), "name: dropped\n");
  EXPECT_FALSE(dock(window, "scenario").isHidden());
  EXPECT_EQ(document.run(), nullptr);
}

TEST_F(DropTest, AnAddressOfTheWebIsNotTaken) { EXPECT_FALSE(drop(QUrl("https://example.org/a.sqlite"))); }

struct EditorTest : WindowTest {
  QString file = QString::fromStdString(directory.file("mesh.yaml"));
  ScenarioPanel* panel = nullptr;

  EditorTest() {
    add_panels(window, document);
    window.show();
    window.bring_up("scenario");
    panel = window.findChild<ScenarioPanel*>();
    write(file, "name: mesh\n");
    panel->open_file(file);
  }
  void type(const QString& text) {
    panel->edit().selectAll();
    panel->edit().insertPlainText(text);
  }
};

TEST_F(EditorTest, AsksBeforeItWritesOverWhatAnotherProgramWrote) {
  type("name: mine\n");
  write(file, "name: theirs\n");
  {
    const Answer answer("Cancel");
    EXPECT_FALSE(panel->save());
    EXPECT_TRUE(answer.given());
  }
  EXPECT_EQ(content(file), "name: theirs\n");
  {
    const Answer answer("Overwrite");
    EXPECT_TRUE(panel->save());
    EXPECT_TRUE(answer.given());
  }
  EXPECT_EQ(content(file), "name: mine\n");
  const Answer answer("Cancel");
  EXPECT_TRUE(panel->save());
  EXPECT_FALSE(answer.given()) << "it is its own by now";
}

TEST_F(EditorTest, LoadsWhatAnotherProgramWroteWhereThatIsWanted) {
  type("name: mine\n");
  write(file, "name: theirs\n");
  const Answer answer("Load");
  EXPECT_FALSE(panel->save());
  EXPECT_TRUE(answer.given());
  EXPECT_EQ(panel->edit().toPlainText(), "name: theirs\n");
  EXPECT_FALSE(panel->edit().document()->isModified());
}

TEST_F(EditorTest, AFileThatIsGoneIsWrittenAgain) {
  type("name: mine\n");
  fs::remove(file.toStdString());
  EXPECT_TRUE(panel->save());
  EXPECT_EQ(content(file), "name: mine\n");
}

TEST_F(EditorTest, AWindowWithUnsavedWordsAsksBeforeItCloses) {
  type("# name: mesh\n");
  {
    const Answer answer("Cancel");
    EXPECT_FALSE(window.close());
    EXPECT_TRUE(answer.given());
  }
  EXPECT_TRUE(window.isVisible());
  {
    const Answer answer("Save");
    EXPECT_TRUE(window.close());
    EXPECT_TRUE(answer.given());
  }
  EXPECT_EQ(content(file), "# name: mesh\n");
}

TEST_F(EditorTest, WhatIsNoScenarioFileIsSaid) {
  panel->open_file(QString::fromStdString(directory.file("none.yaml")));
  EXPECT_THAT(panel->status().toStdString(), HasSubstr("cannot be read"));
  panel->open_file("/dev/zero");
  EXPECT_THAT(panel->status().toStdString(), HasSubstr("is no file"));
  EXPECT_EQ(panel->edit().toPlainText(), "name: mesh\n") << "what was there stays";
}

TEST_F(EditorTest, StopsARunAndRunsItAgain) {
  if (find_program().isEmpty()) GTEST_SKIP() << "the program ghostnet was not built";
  type(
      "name: long\nduration: 10000 s\nnetwork: { hosts: 20 }\nprotocols:\n  ping:\nworkload:\n  - ping: { rate: 50 /s "
      "}\n");
  panel->set_database(QString::fromStdString(path));
  const auto is_valid = [&] { return panel->status().contains("long: 20 hosts"); };
  ASSERT_TRUE(QTest::qWaitFor(is_valid, 20'000)) << panel->status().toStdString();
  for (std::int64_t run = 1; run <= 2; ++run) {
    panel->run();
    ASSERT_TRUE(QTest::qWaitFor([&] { return document.run_id() == run; }, 60'000)) << panel->status().toStdString();
    EXPECT_TRUE(panel->is_running());
    panel->stop();
    ASSERT_TRUE(QTest::qWaitFor([&] { return !panel->is_running(); }, 30'000));
    ASSERT_TRUE(QTest::qWaitFor([&] { return document.run()->status == "interrupted"; }, 20'000))
        << document.run()->status;
    EXPECT_THAT(panel->status().toStdString(), HasSubstr("what was recorded is kept"));
  }
  EXPECT_EQ(content(file).left(10), "name: long") << "what is run is saved first";
}

}  // namespace
}  // namespace ghostnet::gui::window_test
