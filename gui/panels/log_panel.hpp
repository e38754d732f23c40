// LogPanel: what the selected hosts logged, and what the world did, where the scenario had logs kept (`record: logs`);
// a click goes there in time.
#pragma once

#include <QAbstractTableModel>
#include <QWidget>
#include <memory>
#include <optional>
#include <vector>

#include "data/log_files.hpp"
#include "ghostnet/gui/background.hpp"
#include "ghostnet/gui/document.hpp"
#include "panels/panel_page.hpp"
#include "panels/refresher.hpp"

class QComboBox;
class QLabel;
class QLineEdit;
class QTableView;

namespace ghostnet::gui {

class LogModel : public QAbstractTableModel {
 public:
  enum Column { time, host, level, component, text, kColumns };

  using QAbstractTableModel::QAbstractTableModel;

  void set_lines(std::vector<LogLine> lines, std::shared_ptr<const HostTable> hosts);
  void set_theme(ThemeKind theme);
  const std::vector<LogLine>& lines() const { return lines_; }
  // The last line at or before the instant; -1: none.
  int row_at(std::int64_t time_ns) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  std::shared_ptr<const HostTable> hosts_ = std::make_shared<HostTable>();
  ThemeKind theme_ = ThemeKind::dark;
  std::vector<LogLine> lines_;
};

class LogPanel : public QWidget {
  Q_OBJECT

 public:
  explicit LogPanel(Document& document, QWidget* parent = nullptr);

  LogModel& model() { return *model_; }
  QLineEdit& words() { return *words_; }
  PanelPage& page() { return *page_; }

 private:
  void build();
  void begin();
  void ask();
  void ask_lines();
  void take(Result<LogAnswer> answer);
  void go_to(const QModelIndex& index);
  void show_time();

  Document& document_;
  Background reading_{this};
  Inquiry directory_inquiry_;
  Inquiry lines_inquiry_;
  std::optional<std::string> directory_;  // of the run's logs, once known; empty: it has none
  LogModel* model_;
  QComboBox* level_;
  QLineEdit* words_;
  QLabel* count_;
  QTableView* table_;
  PanelPage* page_;
  Refresher refresher_;
};

}  // namespace ghostnet::gui
