#include "editor/scenario_dock.hpp"

#include <QAction>
#include <QCloseEvent>
#include <QDockWidget>
#include <QMenu>

#include "editor/scenario_panel.hpp"

namespace ghostnet::gui {

namespace {

// A window with a scenario that was changed asks before it closes.
class CloseGuard : public QObject {
 public:
  CloseGuard(MainWindow& window, ScenarioPanel& panel) : QObject(&panel), panel_(panel) {
    window.installEventFilter(this);
  }

 protected:
  bool eventFilter(QObject*, QEvent* event) override {
    if (event->type() != QEvent::Close || panel_.may_discard()) return false;
    event->ignore();
    return true;
  }

 private:
  ScenarioPanel& panel_;
};

}  // namespace

void add_scenario_editor(MainWindow& window, Document& document) {
  auto* panel = new ScenarioPanel(document);
  QDockWidget* dock = window.add_panel({.id = "scenario",
                                        .title = "Scenario",
                                        .area = Qt::LeftDockWidgetArea,
                                        .shown = false,
                                        .shortcut = "Ctrl+K",
                                        .beside_tab = "expectations"},
                                       panel);
  new CloseGuard(window, *panel);
  QObject::connect(&window, &MainWindow::scenario_dropped, panel, [&window, panel](const QString& path) {
    window.bring_up("scenario");
    if (panel->may_discard()) panel->open_file(path);
  });
  QMenu& menu = window.run_menu();
  menu.addSeparator();
  const auto add = [&](const QString& text, const char* keys, auto&& act) {
    auto* action = new QAction(text, &window);
    if (keys != nullptr) action->setShortcut(QKeySequence(keys));
    QObject::connect(action, &QAction::triggered, panel, [dock, act] {
      dock->show();
      dock->raise();
      act();
    });
    menu.addAction(action);
    return action;
  };
  add(QObject::tr("&New scenario"), "Ctrl+N", [panel] { panel->new_scenario(); });
  add(QObject::tr("&Open scenario…"), "Ctrl+Shift+O", [panel] { panel->choose_file(); });
  add(QObject::tr("Scenario of this &run"), nullptr, [panel] { panel->take_from_run(); });
  add(QObject::tr("&Save scenario"), "Ctrl+S", [panel] { panel->save(); });
  add(QObject::tr("Save scenario &as…"), "Ctrl+Shift+S", [panel] { panel->save_as(); });
  menu.addSeparator();
  QAction* start = add(QObject::tr("R&un scenario"), "Ctrl+R", [panel] { panel->run(); });
  QAction* stop = add(QObject::tr("S&top run"), "Ctrl+.", [panel] { panel->stop(); });
  stop->setEnabled(false);
  QObject::connect(panel, &ScenarioPanel::running_changed, start, [start, stop](bool running) {
    start->setEnabled(!running);
    stop->setEnabled(running);
  });
}

}  // namespace ghostnet::gui
