// RunBrowser: all runs of the open database. A double click shows one; two selected ones are compared.
#pragma once

#include <QWidget>

#include "ghostnet/gui/document.hpp"
#include "panels/panel_page.hpp"
#include "panels/runs_model.hpp"

class QLineEdit;
class QPushButton;
class QSortFilterProxyModel;
class QTableView;

namespace ghostnet::gui {

class RunBrowser : public QWidget {
  Q_OBJECT

 public:
  explicit RunBrowser(Document& document, QWidget* parent = nullptr);

  // The numbers of the selected runs, ascending.
  std::vector<std::int64_t> selected() const;
  QTableView& table() { return *table_; }

 Q_SIGNALS:
  void compare_wanted(qint64 a, qint64 b);

 private:
  void build();
  void refresh();
  void open_selected();
  void compare_selected();
  void show_buttons();

  Document& document_;
  RunsModel* model_;
  QSortFilterProxyModel* shown_;
  QLineEdit* filter_;
  QTableView* table_;
  QPushButton* open_;
  QPushButton* compare_;
  PanelPage* page_;
};

}  // namespace ghostnet::gui
