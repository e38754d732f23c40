// EventPanel: what happened in the run, filtered; a click goes there in time.
#pragma once

#include <QAbstractTableModel>
#include <QSortFilterProxyModel>
#include <QWidget>
#include <optional>

#include "ghostnet/gui/document.hpp"
#include "panels/panel_page.hpp"
#include "panels/refresher.hpp"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QTableView;

namespace ghostnet::gui {

// The events that were read so far, in order of time.
class EventModel : public QAbstractTableModel {
 public:
  enum Column { time, host, kind, text, kColumns };

  using QAbstractTableModel::QAbstractTableModel;

  void clear(std::shared_ptr<const HostTable> hosts);
  void append(std::vector<results::EventAt> events);
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

struct EventFilter {
  std::string kind{};                    // empty: all
  QString words{};                       // in host, kind, text or fields
  std::vector<std::int64_t> of_hosts{};  // ascending; empty: all

  bool passes(const results::EventAt& event, const QString& host) const;
};

class EventProxy : public QSortFilterProxyModel {
 public:
  explicit EventProxy(EventModel& events, QObject* parent = nullptr);
  void set_filter(EventFilter filter);

 protected:
  bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

 private:
  EventModel& events_;
  EventFilter filter_;
};

class EventPanel : public QWidget {
  Q_OBJECT

 public:
  static constexpr std::int64_t kMaxEvents = 200'000;
  static constexpr std::int64_t kMaxAtOnce = 20'000;

  explicit EventPanel(Document& document, QWidget* parent = nullptr);

  QTableView& table() { return *table_; }
  EventModel& model() { return *model_; }
  EventProxy& shown() { return *shown_; }

 private:
  void build();
  void begin();
  void ask();
  void take(Result<std::vector<results::EventAt>> events);
  void apply_filter();
  void offer_kinds();
  void show_time();
  void show_state();

  Document& document_;
  Inquiry inquiry_;
  EventModel* model_;
  EventProxy* shown_;
  QComboBox* kind_;
  QLineEdit* words_;
  QCheckBox* selected_only_;
  QLabel* count_;
  QTableView* table_;
  PanelPage* page_;
  Refresher refresher_;
};

}  // namespace ghostnet::gui
