// MessagePanel: the messages that were traced through the mesh. A click follows one: the mesh shows how it spreads, the
// chart how many hosts it has reached when, and the list its hops.
#pragma once

#include <QWidget>
#include <vector>

#include "charts/chart_widget.hpp"
#include "ghostnet/gui/document.hpp"
#include "ghostnet/results/inspect.hpp"
#include "panels/panel_page.hpp"
#include "panels/refresher.hpp"
#include "panels/table_kit.hpp"

class QLabel;
class QPushButton;
class QSortFilterProxyModel;

namespace ghostnet::gui {

std::vector<CellModel::Row> trace_rows(const std::vector<results::TraceSummary>& traces, const HostTable& hosts);
// In order of arrival: from, to, sent, how long the hop took, how long after publishing.
std::vector<CellModel::Row> hop_rows(const std::vector<results::MessageAt>& hops, const HostTable& hosts);
// The share of the reached hosts over the time since publishing.
chart::Figure spread_figure(const std::vector<results::MessageAt>& hops);

class MessagePanel : public QWidget {
  Q_OBJECT

 public:
  static constexpr std::int64_t kMaxTraces = 5'000;
  static constexpr std::int64_t kMaxHops = 200'000;

  explicit MessagePanel(Document& document, QWidget* parent = nullptr);
  QTableView& traces() { return *trace_table_; }
  chart::ChartWidget& chart() { return *chart_; }

 private:
  void build();
  void begin();
  void ask_traces();
  void ask_hops();
  void show_traces(Result<std::vector<results::TraceSummary>> traces);
  void show_hops(Result<std::vector<results::MessageAt>> hops);
  void follow(const QModelIndex& index);
  void show_time();

  Document& document_;
  Inquiry traces_inquiry_;
  Inquiry hops_inquiry_;
  std::vector<results::TraceSummary> traces_;
  std::vector<results::MessageAt> hops_;
  CellModel* trace_model_;
  QSortFilterProxyModel* trace_sorted_;
  QTableView* trace_table_;
  QLabel* followed_;
  QPushButton* stop_;
  chart::ChartWidget* chart_;
  CellModel* hop_model_;
  QSortFilterProxyModel* hop_sorted_;
  QTableView* hop_table_;
  QWidget* followed_half_;
  PanelPage* page_;
  Refresher refresher_;
};

}  // namespace ghostnet::gui
