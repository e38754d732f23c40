// RoutingTableView: what stands in a host's Kademlia routing table at an instant: how full its buckets are, from the
// farthest to the nearest, and who is in them.
#pragma once

#include <QWidget>
#include <vector>

#include "charts/chart_widget.hpp"
#include "ghostnet/gui/document.hpp"
#include "panels/host_facts.hpp"
#include "panels/panel_page.hpp"
#include "panels/table_kit.hpp"

class QLabel;

namespace ghostnet::gui {

// Entries by bucket.
chart::Figure table_figure(const std::vector<TableEntry>& table);

class RoutingTableView : public QWidget {
  Q_OBJECT

 public:
  explicit RoutingTableView(Document& document, QWidget* parent = nullptr);

  void show_table(const HostFacts& facts);
  QTableView& table() { return *table_; }
  chart::ChartWidget& chart() { return *chart_; }

 Q_SIGNALS:
  // An entry became the current one; and its host is to be looked at.
  void entry_chosen(qint64 peer);
  void peer_wanted(qint64 peer);

 private:
  Document& document_;
  QLabel* summary_;
  chart::ChartWidget* chart_;
  CellModel* model_;
  QTableView* table_;
  PanelPage* page_;
};

}  // namespace ghostnet::gui
