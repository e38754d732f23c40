#include "panels/event_panel.hpp"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>
#include <limits>
#include <set>

#include "charts/units.hpp"
#include "panels/table_kit.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kWait_ms = 100;

}  // namespace

// ---- EventModel ----

void EventModel::clear(std::shared_ptr<const HostTable> hosts) {
  beginResetModel();
  hosts_ = std::move(hosts);
  events_.clear();
  endResetModel();
}

void EventModel::append(std::vector<results::EventAt> events) {
  if (events.empty()) return;
  beginInsertRows({}, rowCount(), rowCount() + static_cast<int>(events.size()) - 1);
  std::ranges::move(events, std::back_inserter(events_));
  endInsertRows();
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
  if (role == Qt::UserRole && index.column() == time) return QVariant::fromValue<qlonglong>(event.time_ns);
  if (role == Qt::TextAlignmentRole && index.column() == time) return int(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole && role != Qt::UserRole) return {};
  switch (index.column()) {
    case time: return chart::seconds_text(static_cast<double>(event.time_ns) / 1e9);
    case host: return event.host ? host_text(*hosts_, *event.host) : QString();
    case kind: return text_of(event.kind);
    case text: return text_of(event.text.empty() ? event.fields : event.text);
    default: return {};
  }
}

QVariant EventModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  static const QStringList names{QObject::tr("Time"), QObject::tr("Host"), QObject::tr("Event"), QObject::tr("Text")};
  return names.value(section);
}

// ---- EventFilter, EventProxy ----

bool EventFilter::passes(const results::EventAt& event, const QString& host) const {
  if (!kind.empty() && event.kind != kind) return false;
  if (!of_hosts.empty() && !(event.host && std::ranges::binary_search(of_hosts, *event.host))) return false;
  if (words.isEmpty()) return true;
  return host.contains(words, Qt::CaseInsensitive) || text_of(event.kind).contains(words, Qt::CaseInsensitive) ||
         text_of(event.text).contains(words, Qt::CaseInsensitive) ||
         text_of(event.fields).contains(words, Qt::CaseInsensitive);
}

EventProxy::EventProxy(EventModel& events, QObject* parent) : QSortFilterProxyModel(parent), events_(events) {
  setSourceModel(&events);
  setSortRole(Qt::UserRole);
}

void EventProxy::set_filter(EventFilter filter) {
  filter_ = std::move(filter);
  invalidateFilter();
}

bool EventProxy::filterAcceptsRow(int row, const QModelIndex& parent) const {
  const QString host = filter_.words.isEmpty()
                           ? QString()
                           : events_.index(row, EventModel::host, parent).data(Qt::DisplayRole).toString();
  return filter_.passes(events_.events()[static_cast<std::size_t>(row)], host);
}

// ---- EventPanel ----

EventPanel::EventPanel(Document& document, QWidget* parent)
    : QWidget(parent),
      document_(document),
      model_(new EventModel(this)),
      shown_(new EventProxy(*model_, this)),
      refresher_(*this, [this] { ask(); }, kWait_ms) {
  build();
  connect(&document_, &Document::run_changed, this, &EventPanel::begin);
  connect(&document_, &Document::run_grew, this, [this] { refresher_.request(); });
  connect(&document_, &Document::time_changed, this, &EventPanel::show_time);
  connect(&document_, &Document::selection_changed, this, [this] {
    if (selected_only_->isChecked()) apply_filter();
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
  table_ = make_table(shown_, tr("Events of the run"));
  table_->sortByColumn(EventModel::time, Qt::AscendingOrder);
  connect(kind_, &QComboBox::activated, this, &EventPanel::apply_filter);
  connect(words_, &QLineEdit::textChanged, this, &EventPanel::apply_filter);
  connect(selected_only_, &QCheckBox::toggled, this, &EventPanel::apply_filter);
  const auto go_there = [this](const QModelIndex& index) {
    const int row = shown_->mapToSource(index).row();
    if (row < 0) return;
    const results::EventAt& event = model_->events()[static_cast<std::size_t>(row)];
    document_.set_time_ns(event.time_ns);
    if (event.host) document_.select_host(*event.host);
  };
  connect(table_, &QTableView::clicked, this, go_there);
  connect(table_, &QTableView::activated, this, go_there);

  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  auto* row = new QHBoxLayout;
  row->addWidget(words_, 1);
  row->addWidget(kind_);
  row->addWidget(selected_only_);
  row->addWidget(count_);
  column->setContentsMargins(8, 8, 8, 8);
  column->addLayout(row);
  column->addWidget(table_, 1);
  page_ = new PanelPage(content);
  auto* whole = new QVBoxLayout(this);
  whole->setContentsMargins(0, 0, 0, 0);
  whole->addWidget(page_);
}

void EventPanel::begin() {
  inquiry_.withdraw();
  model_->clear(document_.hosts());
  while (kind_->count() > 1) kind_->removeItem(1);
  apply_filter();
  show_state();
  refresher_.request();
}

// What came after the events that are there; events of one instant are read again, in case some were written later.
void EventPanel::ask() {
  if (document_.run() == nullptr || std::ssize(model_->events()) >= kMaxEvents) return;
  const std::int64_t from = model_->events().empty() ? 0 : model_->events().back().time_ns;
  document_.data().ask(
      inquiry_,
      [run = document_.run_id(), from](const results::Database& database) {
        return results::events_between(database, run, from, std::numeric_limits<std::int64_t>::max(), kMaxAtOnce);
      },
      [this](Result<std::vector<results::EventAt>> events) { take(std::move(events)); });
}

void EventPanel::take(Result<std::vector<results::EventAt>> events) {
  if (!events) return page_->show_words(text_of(events.error()));
  const bool full = std::ssize(*events) == kMaxAtOnce;
  if (!model_->events().empty()) {
    const results::EventAt& last = model_->events().back();
    std::erase_if(*events, [&](const results::EventAt& event) {
      return event.time_ns == last.time_ns && event.number <= last.number;
    });
  }
  const bool first = model_->events().empty();
  const bool more = full && !events->empty();
  model_->append(std::move(*events));
  if (first) table_->resizeColumnsToContents();
  offer_kinds();
  show_state();
  show_time();
  if (more) refresher_.request();
}

void EventPanel::offer_kinds() {
  std::set<std::string> kinds;
  for (const results::EventAt& event : model_->events()) kinds.insert(event.kind);
  for (const std::string& kind : kinds) {
    if (kind_->findData(text_of(kind)) < 0) kind_->addItem(text_of(kind), text_of(kind));
  }
}

void EventPanel::apply_filter() {
  EventFilter filter{.kind = kind_->currentData().toString().toStdString(), .words = words_->text()};
  if (selected_only_->isChecked()) {
    filter.of_hosts = document_.selection().hosts;
    if (filter.of_hosts.empty()) filter.of_hosts = {-2};  // of no host
  }
  shown_->set_filter(std::move(filter));
  show_state();
}

void EventPanel::show_time() {
  const int row = model_->row_at(document_.time_ns());
  if (row < 0 || !isVisible() || table_->hasFocus()) return;
  for (int at = row; at >= std::max(0, row - 200); --at) {
    const QModelIndex index = shown_->mapFromSource(model_->index(at, 0));
    if (!index.isValid()) continue;
    table_->selectRow(index.row());
    return;
  }
}

void EventPanel::show_state() {
  if (document_.run() == nullptr) return page_->show_words(tr("Open a database to see what happened in its runs."));
  if (model_->events().empty()) {
    return page_->show_words(
        tr("<p>Nothing happened that is an event.</p><p>Faults, churn and what protocols report appear here:</p>") +
        as_yaml(QStringLiteral("faults:\n  - { at: 20 s, for: 10 s, partition: [ [region: europe], rest ] }")));
  }
  page_->show_content();
  const auto all = model_->events().size();
  const QString more = std::ssize(model_->events()) >= kMaxEvents ? tr(" (the first of more)") : QString();
  count_->setText(shown_->rowCount() == static_cast<int>(all) ? tr("%L1 events%2").arg(all).arg(more)
                                                              : tr("%L1 of %L2").arg(shown_->rowCount()).arg(all));
}

}  // namespace ghostnet::gui
