// EventPanel: what happened in the run, filtered; a click goes there in time.
//
// It holds the events around the document's instant, and reads others when the instant leaves them: a run may have
// millions. The filter is applied where they are read.
#pragma once

#include <QAbstractTableModel>
#include <QWidget>
#include <memory>
#include <vector>

#include "ghostnet/gui/document.hpp"
#include "ghostnet/results/inspect.hpp"
#include "panels/panel_page.hpp"
#include "panels/refresher.hpp"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QTableView;

namespace ghostnet::gui {

// Events in order of time.
class EventModel : public QAbstractTableModel {
 public:
  enum Column { time, host, kind, text, kColumns };

  using QAbstractTableModel::QAbstractTableModel;

  // Where the events are those that are there and some more, the view keeps its place.
  void set_events(std::vector<results::EventAt> events, std::shared_ptr<const HostTable> hosts);
  const std::vector<results::EventAt>& events() const { return events_; }
  // The last event at or before the instant; -1: none.
  int row_at(std::int64_t time_ns) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  std::shared_ptr<const HostTable> hosts_ = std::make_shared<HostTable>();
  std::vector<results::EventAt> events_;
};

class EventPanel : public QWidget {
  Q_OBJECT

 public:
  static constexpr std::int64_t kMaxEachSide = 5'000;  // of the instant
  static constexpr std::int64_t kKindsAmong = 100'000;

  explicit EventPanel(Document& document, QWidget* parent = nullptr);

  QTableView& table() { return *table_; }
  EventModel& model() { return *model_; }
  QLineEdit& words() { return *words_; }
  QString count() const;

 private:
  void build();
  void begin();
  void ask();
  void ask_kinds();
  void take(Result<results::EventsAround> around);
  void go_to(const QModelIndex& index);
  void show_time();
  void show_state();
  results::EventFilter filter() const;

  Document& document_;
  Inquiry inquiry_;
  Inquiry kinds_inquiry_;
  EventModel* model_;
  bool more_before_ = false;
  bool more_after_ = false;
  QComboBox* kind_;
  QLineEdit* words_;
  QCheckBox* selected_only_;
  QLabel* count_;
  QTableView* table_;
  PanelPage* page_;
  Refresher refresher_;
  Refresher kinds_refresher_;
};

}  // namespace ghostnet::gui
