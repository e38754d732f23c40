// A window on a database of the test's own, without a display, whose mesh is drawn where it is looked at.
#pragma once

#include <gtest/gtest.h>

#include <QCoreApplication>
#include <QElapsedTimer>
#include <functional>

#include "ghostnet/gui/main_window.hpp"
#include "ghostnet/gui/mesh_view.hpp"
#include "recorded_run.hpp"

namespace ghostnet::gui {

struct WindowTest : testing::Test {
  TemporaryDirectory directory;
  std::string path = directory.file("a.sqlite");
  DataSource data;
  Document document{data};
  MainWindow window{document};

  // What was recorded at `path`.
  void open(QSize size) {
    window.mesh().set_synchronous(true);
    window.resize(size);
    window.show();
    document.open(QString::fromStdString(path));
    settle();
  }
  // Until what was asked for is there, and drawn where a run is shown.
  void settle() {
    QElapsedTimer since;
    since.start();
    do {
      data.settle();
      QCoreApplication::processEvents(QEventLoop::AllEvents, 10);
    } while (document.run() != nullptr && !window.mesh().is_settled() && since.elapsed() < 10'000);
  }
  const SceneModel& model() { return window.mesh().model(); }
};

}  // namespace ghostnet::gui
