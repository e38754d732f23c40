// ExpectationsPanel: what the scenario expected of the run, and what came of it.
#pragma once

#include <QWidget>

#include "ghostnet/gui/document.hpp"
#include "panels/panel_page.hpp"
#include "panels/table_kit.hpp"

class QLabel;

namespace ghostnet::gui {

// sign and word, expression, measured value in the unit of what the expression is about
std::vector<CellModel::Row> expectation_rows(const std::vector<results::ExpectationRow>& expectations,
                                             const std::vector<results::SeriesName>& names, const Theme& theme);
// The first of the names that an expression is about; empty: none of them.
std::string metric_in(const std::string& expression, const std::vector<results::SeriesName>& names);

class ExpectationsPanel : public QWidget {
  Q_OBJECT

 public:
  explicit ExpectationsPanel(Document& document, QWidget* parent = nullptr);
  CellModel& model() { return *model_; }

 Q_SIGNALS:
  void metric_wanted(const QString& name);

 private:
  void refresh();
  void take(Result<std::vector<results::ExpectationRow>> expectations);

  Document& document_;
  Inquiry inquiry_;
  std::vector<results::ExpectationRow> expectations_;
  QLabel* summary_;
  CellModel* model_;
  QTableView* table_;
  PanelPage* page_;
};

}  // namespace ghostnet::gui
