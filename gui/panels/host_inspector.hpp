// HostInspector: the selected host at the present instant: its state, its peers, its connections, its metrics over
// time.
//
// What the run did not record is said, with the lines of the scenario that record it.
#pragma once

#include <QWidget>

#include "charts/chart_widget.hpp"
#include "ghostnet/gui/document.hpp"
#include "panels/host_facts.hpp"
#include "panels/panel_page.hpp"
#include "panels/refresher.hpp"
#include "panels/table_kit.hpp"

class QLabel;
class QTabWidget;

namespace ghostnet::gui {

class MetricModel;
class RoutingTableView;

class HostInspector : public QWidget {
  Q_OBJECT

 public:
  explicit HostInspector(Document& document, QWidget* parent = nullptr);
  ~HostInspector() override;

  // The host that is shown; nothing while none is selected.
  std::optional<std::int64_t> host() const { return host_; }
  QTabWidget& tabs() { return *tabs_; }
  // "metrics", "connections" or "table".
  void show_tab(const QString& name);
  QTableView& metric_table() { return *metric_table_; }
  RoutingTableView& routing_table() { return *routing_table_; }

 Q_SIGNALS:
  void link_wanted(const QString& kind, qint64 a, qint64 b);

 private:
  void build();
  QWidget* build_metrics();
  QWidget* build_connections();
  QWidget* build_routing_table();
  void choose();
  void ask_facts();
  void ask_history();
  void show_facts(Result<HostFacts> facts);
  void show_history(Result<HostHistory> history);
  void show_heading(const HostFacts& facts);
  void show_connections(const HostFacts& facts);
  void widen_values();
  void show_time();
  void show_chart();

  Document& document_;
  Inquiry facts_inquiry_;
  Inquiry history_inquiry_;
  std::optional<std::int64_t> host_;
  QLabel* name_;
  QLabel* state_;
  QLabel* place_;
  QTabWidget* tabs_;
  MetricModel* metrics_;
  QTableView* metric_table_;
  chart::ChartWidget* chart_;
  QLabel* few_samples_;
  PanelPage* metric_page_;
  CellModel* connections_;
  QTableView* connection_table_;
  QLabel* not_sampled_;
  PanelPage* connection_page_;
  RoutingTableView* routing_table_;
  PanelPage* page_;
  Refresher facts_refresher_;
  Refresher history_refresher_;
};

}  // namespace ghostnet::gui
