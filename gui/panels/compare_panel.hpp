// ComparePanel: two runs, or two points of a sweep, side by side: what differs beyond its noise, and how.
#pragma once

#include <QWidget>
#include <optional>

#include "charts/chart_widget.hpp"
#include "ghostnet/gui/document.hpp"
#include "panels/comparison.hpp"
#include "panels/panel_page.hpp"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QSortFilterProxyModel;
class QSplitter;
class QTableView;

namespace ghostnet::gui {

class ComparePanel : public QWidget {
  Q_OBJECT

 public:
  explicit ComparePanel(Document& document, QWidget* parent = nullptr);

  void compare(qint64 a, qint64 b);
  const std::optional<results::Comparison>& comparison() const { return comparison_; }
  chart::ChartWidget& chart() { return *chart_; }
  QTableView& table() { return *table_; }

 private:
  void build();
  QWidget* build_content();
  void offer_runs();
  void ask();
  void take(Result<results::Comparison> comparison);
  void give_room();
  void fill_table();
  void show_metric();

  Document& document_;
  Inquiry comparing_;
  Inquiry drawing_;
  std::optional<results::Comparison> comparison_;
  QComboBox* a_;
  QComboBox* b_;
  QLineEdit* filter_;
  QCheckBox* only_differences_;
  QLabel* summary_;
  CellModel* model_;
  QSortFilterProxyModel* sorted_;
  QTableView* table_;
  chart::ChartWidget* chart_;
  QSplitter* halves_;
  bool by_hand_ = false;  // how the halves share the width was chosen by hand
  PanelPage* page_;
};

}  // namespace ghostnet::gui
