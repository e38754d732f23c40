#include "panels/event_panel.hpp"

#include <QCheckBox>
#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QTableView>
#include <algorithm>

#include "charts/units.hpp"
#include "panels/table_kit.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kEventsWait_ms = 200;
constexpr int kKindsWait_ms = 5'000;  // kinds seldom come to a run that is written

bool same(const results::EventAt& a, const results::EventAt& b) {
  return a.time_ns == b.time_ns && a.number == b.number;
}

}  // namespace

// ---- EventModel ----

void EventModel::set_events(std::vector<results::EventAt> events, std::shared_ptr<const HostTable> hosts) {
  const bool grows = !events_.empty() && events.size() >= events_.size() && hosts == hosts_ &&
                     same(events.front(), events_.front()) && same(events[events_.size() - 1], events_.back());
  if (grows && events.size() == events_.size()) return;
  if (grows) {
    beginInsertRows({}, rowCount(), static_cast<int>(events.size()) - 1);
    events_ = std::move(events);
    return endInsertRows();
  }
  beginResetModel();
  hosts_ = std::move(hosts);
  events_ = std::move(events);
  endResetModel();
}

int EventModel::row_at(std::int64_t time_ns) const {
  const auto after = std::ranges::upper_bound(events_, time_ns, {}, &results::EventAt::time_ns);
  return static_cast<int>(after - events_.begin()) - 1;
}

int EventModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(events_.size());
}

int EventModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : kColumns; }

QVariant EventModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const results::EventAt& event = events_[static_cast<std::size_t>(index.row())];
  if (role == Qt::ToolTipRole && !event.fields.empty()) return text_of(event.fields);
  if (role == Qt::TextAlignmentRole && index.column() == time) return int(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  switch (index.column()) {
    case time: return chart::seconds_text(chart::seconds(event.time_ns));
    case host: return event.host ? host_text(*hosts_, *event.host) : QString();
    case kind: return text_of(event.kind);
    case text: return text_of(event.text.empty() ? event.fields : event.text);
    default: return {};
  }
}

QVariant EventModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole && section == time) return int(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  static const QStringList names{QObject::tr("Time"), QObject::tr("Host"), QObject::tr("Event"), QObject::tr("Text")};
  return names.value(section);
}

// ---- EventPanel ----

EventPanel::EventPanel(Document& document, QWidget* parent)
    : QWidget(parent),
      document_(document),
      model_(new EventModel(this)),
      refresher_(
          *this, [this] { ask(); }, kEventsWait_ms),
      kinds_refresher_(*this, [this] { ask_kinds(); }, kKindsWait_ms) {
  build();
  connect(&document_, &Document::run_changed, this, &EventPanel::begin);
  connect(&document_, &Document::run_grew, this, [this] {
    refresher_.request();
    kinds_refresher_.request();
  });
  connect(&document_, &Document::time_changed, this, &EventPanel::show_time);
  connect(&document_, &Document::selection_changed, this, [this] {
    if (selected_only_->isChecked()) refresher_.request();
  });
  begin();
}

void EventPanel::build() {
  kind_ = new QComboBox;
  kind_->setAccessibleName(tr("Kind of event"));
  kind_->addItem(tr("All kinds"), QString());
  kind_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  words_ = make_filter(tr("Filter events"));
  selected_only_ = new QCheckBox(tr("Selected hosts"));
  selected_only_->setToolTip(tr("Only events of the hosts that are selected in the mesh"));
  count_ = new QLabel;
  table_ = make_table(model_, tr("Events of the run"));
  table_->setSortingEnabled(false);
  connect(kind_, &QComboBox::activated, this, [this] { refresher_.request(); });
  connect(words_, &QLineEdit::textChanged, this, [this] { refresher_.request(); });
  connect(selected_only_, &QCheckBox::toggled, this, [this] { refresher_.request(); });
  connect(table_, &QTableView::clicked, this, &EventPanel::go_to);
  connect(table_, &QTableView::activated, this, &EventPanel::go_to);
  page_ = fill_with_page(*this, with_controls({words_, kind_, selected_only_, count_}, table_));
}

void EventPanel::begin() {
  inquiry_.withdraw();
  kinds_inquiry_.withdraw();
  model_->set_events({}, document_.hosts());
  while (kind_->count() > 1) kind_->removeItem(1);
  count_->clear();
  if (document_.run() == nullptr) return page_->show_words(tr("Open a database to see what happened in its runs."));
  page_->show_content();
  refresher_.request();
  kinds_refresher_.request();
}

results::EventFilter EventPanel::filter() const {
  results::EventFilter filter{.kind = kind_->currentData().toString().toStdString(),
                              .words = words_->text().trimmed().toStdString()};
  if (!selected_only_->isChecked()) return filter;
  filter.hosts = document_.selection().hosts;
  if (filter.hosts.empty()) filter.hosts = {-2};  // of no host
  return filter;
}

void EventPanel::ask() {
  if (document_.run() == nullptr) return;
  const auto read = [run = document_.run_id(), filter = filter(),
                     now = document_.time_ns()](const results::Database& database) {
    return results::events_around(database, run, filter, now, kMaxEachSide);
  };
  document_.data().ask(inquiry_, read, [this](Result<results::EventsAround> around) { take(std::move(around)); });
}

void EventPanel::ask_kinds() {
  if (document_.run() == nullptr) return;
  const auto read = [run = document_.run_id()](const results::Database& database) {
    return results::event_kinds(database, run, kKindsAmong);
  };
  document_.data().ask(kinds_inquiry_, read, [this](const Result<std::vector<std::string>>& kinds) {
    if (!kinds) return;  // what is wrong with the file, the events tell
    for (const std::string& kind : *kinds) {
      if (kind_->findData(text_of(kind)) < 0) kind_->addItem(text_of(kind), text_of(kind));
    }
  });
}

void EventPanel::take(Result<results::EventsAround> around) {
  if (!around) return page_->show_words(text_of(around.error()));
  const bool first = model_->events().empty();
  more_before_ = around->more_before;
  more_after_ = around->more_after;
  model_->set_events(std::move(around->events), document_.hosts());
  if (first) table_->resizeColumnsToContents();
  show_state();
  show_time();
}

void EventPanel::go_to(const QModelIndex& index) {
  if (!index.isValid()) return;
  const results::EventAt event = model_->events()[static_cast<std::size_t>(index.row())];
  document_.set_time_ns(event.time_ns);
  if (event.host) document_.select_host(*event.host);
}

// Marks the last event up to the instant, and asks for others where the instant is about to leave those that are there.
void EventPanel::show_time() {
  const int row = model_->row_at(document_.time_ns());
  constexpr int kNear = kMaxEachSide / 5;
  if ((more_before_ && row < kNear) || (more_after_ && row >= model_->rowCount() - kNear)) refresher_.request();
  if (row < 0 || !isVisible() || table_->hasFocus()) return;
  table_->selectRow(row);
}

void EventPanel::show_state() {
  const results::EventFilter wanted = filter();
  const bool all = wanted.kind.empty() && wanted.words.empty() && wanted.hosts.empty();
  if (model_->events().empty() && all) {
    return page_->show_words(
        tr("<p>Nothing happened that is an event.</p><p>Faults, churn and what protocols report appear here:</p>") +
        as_yaml(QStringLiteral("faults:\n  - { at: 20 s, for: 10 s, partition: [ [region: europe], rest ] }")));
  }
  page_->show_content();
  const auto shown = model_->events().size();
  if (more_before_ || more_after_) return count_->setText(tr("%L1 events around this instant").arg(shown));
  count_->setText(all ? tr("%L1 events").arg(shown) : tr("%L1 events pass").arg(shown));
}

QString EventPanel::count() const { return count_->text(); }

}  // namespace ghostnet::gui
