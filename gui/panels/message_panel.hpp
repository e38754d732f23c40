// MessagePanel: the messages that were traced through the mesh. A click follows one: the mesh shows how it spreads, and
// below the list stand the tree of who brought it to whom first with the delay of every hop, the share of hosts reached
// over time, and all its copies.
#pragma once

#include <QWidget>
#include <vector>

#include "charts/chart_widget.hpp"
#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/scene/propagation.hpp"
#include "ghostnet/results/inspect.hpp"
#include "panels/panel_page.hpp"
#include "panels/propagation_model.hpp"
#include "panels/refresher.hpp"
#include "panels/table_kit.hpp"

class QLabel;
class QPushButton;
class QSortFilterProxyModel;
class QTreeView;

namespace ghostnet::gui {

class SceneModel;
class TimeBar;

std::vector<CellModel::Row> trace_rows(const std::vector<results::TraceSummary>& traces, const HostTable& hosts);
// The share of the reached hosts over the time since publishing.
chart::Figure spread_figure(const Propagation& spread);
// "Reached 999 of 999 other hosts in up to 8 hops: half of them after 19 ms, ..."
QString spread_summary(const Propagation& spread, std::size_t hosts);

class MessagePanel : public QWidget {
  Q_OBJECT

 public:
  static constexpr std::int64_t kMaxTraces = 1'000;  // more than a run records

  // All outlive it.
  MessagePanel(Document& document, SceneModel& scene, TimeBar& time, QWidget* parent = nullptr);
  QTableView& traces() { return *trace_table_; }
  chart::ChartWidget& chart() { return *chart_; }
  QTreeView& tree() { return *tree_; }
  QTableView& copies() { return *copy_table_; }

 private:
  void build();
  QWidget* build_followed();
  QWidget* build_tree();
  QWidget* build_copies();
  void begin();
  void ask_traces();
  void show_traces(Result<std::vector<results::TraceSummary>> traces);
  void show_spread();
  void mark_followed();
  void follow(const QModelIndex& index);
  void show_time();

  Document& document_;
  SceneModel& scene_;
  TimeBar& time_;
  Inquiry traces_inquiry_;
  std::vector<results::TraceSummary> traces_;
  CellModel* trace_model_;
  QSortFilterProxyModel* trace_sorted_;
  QTableView* trace_table_;
  QLabel* summary_;
  QPushButton* watch_;
  PropagationModel tree_model_;
  QTreeView* tree_;
  chart::ChartWidget* chart_;
  CopyModel copy_model_;
  QTableView* copy_table_;
  QWidget* followed_half_;
  PanelPage* page_;
  Refresher refresher_;
};

}  // namespace ghostnet::gui
