#include "editor/scenario_dock.hpp"

#include <QAction>
#include <QDockWidget>
#include <QMenu>

#include "editor/scenario_panel.hpp"

namespace ghostnet::gui {

void add_scenario_editor(MainWindow& window, Document& document) {
  auto* panel = new ScenarioPanel(document);
  QDockWidget* dock = window.add_panel({.id = "scenario",
                                        .title = "Scenario",
                                        .area = Qt::LeftDockWidgetArea,
                                        .shown = false,
                                        .shortcut = "Ctrl+K",
                                        .beside_tab = "runs"},
                                       panel);
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
