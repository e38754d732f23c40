#include "panels/panels.hpp"

#include <QDockWidget>

#include "editor/scenario_dock.hpp"
#include "ghostnet/gui/mesh_view.hpp"
#include "habits/habits.hpp"
#include "panels/compare_panel.hpp"
#include "panels/event_panel.hpp"
#include "panels/expectations_panel.hpp"
#include "panels/host_inspector.hpp"
#include "panels/link_inspector.hpp"
#include "panels/log_panel.hpp"
#include "panels/message_panel.hpp"
#include "panels/metric_panel.hpp"
#include "panels/run_browser.hpp"
#include "panels/sweep_panel.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kSideWidth = 400;
constexpr int kBottomHeight = 280;
constexpr int kRunsHeight = 260;

}  // namespace

void add_panels(MainWindow& window, Document& document) {
  constexpr auto kLeft = Qt::LeftDockWidgetArea;
  constexpr auto kRight = Qt::RightDockWidgetArea;
  constexpr auto kBottom = Qt::BottomDockWidgetArea;
  auto* host = new HostInspector(document);
  auto* link = new LinkInspector(document);
  auto* runs = new RunBrowser(document);
  auto* expectations = new ExpectationsPanel(document);
  auto* metric = new MetricPanel(document);
  auto* compare = new ComparePanel(document);
  QDockWidget* host_dock =
      window.add_panel({.id = "host", .title = "Host", .area = kRight, .shortcut = "Ctrl+1"}, host);
  window.add_panel({.id = "link", .title = "Link", .area = kRight, .shortcut = "Ctrl+2", .beside_tab = "host"}, link);
  window.add_panel({.id = "messages", .title = "Messages", .area = kRight, .shortcut = "Ctrl+3", .beside_tab = "host"},
                   new MessagePanel(document, window.mesh().model(), window.time_bar()));
  QDockWidget* metric_dock =
      window.add_panel({.id = "metric", .title = "Chart", .area = kBottom, .shortcut = "Ctrl+4"}, metric);
  window.add_panel({.id = "events", .title = "Events", .area = kBottom, .shortcut = "Ctrl+5", .beside_tab = "metric"},
                   new EventPanel(document));
  window.add_panel({.id = "log", .title = "Log", .area = kBottom, .shortcut = "Ctrl+L", .beside_tab = "metric"},
                   new LogPanel(document));
  window.add_panel({.id = "compare", .title = "Compare", .area = kBottom, .shortcut = "Ctrl+6", .beside_tab = "metric"},
                   compare);
  window.add_panel({.id = "sweep", .title = "Sweep", .area = kBottom, .shortcut = "Ctrl+7", .beside_tab = "metric"},
                   new SweepPanel(document));
  QDockWidget* runs_dock = window.add_panel({.id = "runs", .title = "Runs", .area = kLeft, .shortcut = "Ctrl+8"}, runs);
  QDockWidget* expectations_dock = window.add_panel(
      {.id = "expectations", .title = "Expectations", .area = kLeft, .shortcut = "Ctrl+9"}, expectations);
  QObject::connect(host, &HostInspector::link_wanted, link,
                   [link](const QString& kind, qint64 a, qint64 b) { link->show_link({kind.toStdString(), a, b}); });
  QObject::connect(runs, &RunBrowser::compare_wanted, compare, [compare, &window](qint64 a, qint64 b) {
    compare->compare(a, b);
    window.bring_up("compare");
  });
  QObject::connect(expectations, &ExpectationsPanel::metric_wanted, metric, [metric, &window](const QString& name) {
    metric->show_metric(name);
    window.bring_up("metric");
  });
  add_scenario_editor(window, document);
  window.setCorner(Qt::BottomLeftCorner, kLeft);
  window.setCorner(Qt::BottomRightCorner, kRight);
  window.resizeDocks({runs_dock, host_dock}, {kSideWidth, kSideWidth}, Qt::Horizontal);
  window.resizeDocks({metric_dock}, {kBottomHeight}, Qt::Vertical);
  window.resizeDocks({runs_dock, expectations_dock}, {kRunsHeight, 2 * kRunsHeight}, Qt::Vertical);
  for (QDockWidget* first : {host_dock, metric_dock, runs_dock}) first->raise();
  add_habits(window, document);
}

}  // namespace ghostnet::gui
