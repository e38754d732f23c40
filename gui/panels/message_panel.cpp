#include "panels/message_panel.hpp"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QSplitter>
#include <QTabWidget>
#include <QTableView>
#include <QTreeView>
#include <QVBoxLayout>
#include <algorithm>

#include "charts/units.hpp"
#include "ghostnet/gui/scene/scene_model.hpp"
#include "ghostnet/gui/time_bar.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kTracesWait_ms = 1'000;
constexpr int kHostWidth = 126;
constexpr int kReadableWidth = 340;
constexpr int kTracesHeight = 190;

QVariant key(std::int64_t number) { return QVariant::fromValue<qlonglong>(number); }

Cell time_cell(std::int64_t ns) {
  return {.text = chart::seconds_text(chart::seconds(ns)), .sort_by = key(ns), .right = true};
}

Cell count_cell(std::int64_t count) {
  return {.text = QStringLiteral("%L1").arg(count), .sort_by = key(count), .right = true};
}

}  // namespace

std::vector<CellModel::Row> trace_rows(const std::vector<results::TraceSummary>& traces, const HostTable& hosts) {
  std::vector<CellModel::Row> rows;
  for (const results::TraceSummary& trace : traces) {
    const std::int64_t took_ns = std::max<std::int64_t>(0, trace.last_reached_ns - trace.sent_ns);
    rows.push_back({{time_cell(trace.sent_ns),
                     {.text = host_text(hosts, trace.from)},
                     count_cell(trace.reached),
                     {.text = chart::duration_text(took_ns), .sort_by = key(took_ns), .right = true},
                     count_cell(trace.hops),
                     count_cell(trace.lost),
                     {.text = chart::value_text(static_cast<double>(trace.bytes), "bytes"),
                      .sort_by = key(trace.bytes),
                      .right = true},
                     {.text = text_of(trace.kind)}},
                    trace.trace});
  }
  return rows;
}

chart::Figure spread_figure(const Propagation& spread) {
  chart::Figure figure{
      .x = {.label = QObject::tr("since it was published"), .unit = "ns"},
      .y = {.label = QObject::tr("of the hosts reached"), .unit = "share", .fixed = chart::Range{0, 1}},
      .empty_text = QObject::tr("No hop of it arrived.")};
  if (spread.arrivals.size() < 2) return figure;
  const auto others = static_cast<double>(spread.arrivals.size() - 1);
  chart::Line line{.shape = chart::Line::Shape::steps};
  line.label = QObject::tr("%L1 hosts").arg(spread.arrivals.size() - 1);
  line.x.push_back(0);
  line.y.push_back(0);
  for (std::size_t at = 1; at < spread.arrivals.size(); ++at) {
    line.x.push_back(static_cast<double>(spread.arrivals[at].delay_ns));
    line.y.push_back(static_cast<double>(at) / others);
  }
  figure.lines.push_back(std::move(line));
  return figure;
}

QString spread_summary(const Propagation& spread, std::size_t hosts) {
  const auto delay = [&](double share) { return chart::duration_text(spread.delay_of_share(share)); };
  return QObject::tr(
             "Reached %L1 of %L2 other hosts in up to %3 hops: half of them after %4, 99 % after %5, all after %6. "
             "%L7 copies came again, %L8 were lost.")
      .arg(spread.arrivals.size() - 1)
      .arg(hosts - 1)
      .arg(spread.deepest())
      .arg(delay(0.5), delay(0.99), delay(1))
      .arg(spread.duplicates)
      .arg(spread.lost);
}

MessagePanel::MessagePanel(Document& document, SceneModel& scene, TimeBar& time, QWidget* parent)
    : QWidget(parent),
      document_(document),
      scene_(scene),
      time_(time),
      refresher_(*this, [this] { ask_traces(); }, kTracesWait_ms) {
  build();
  connect(&document_, &Document::run_changed, this, &MessagePanel::begin);
  connect(&document_, &Document::run_grew, this, [this] { refresher_.request(); });
  connect(&scene_, &SceneModel::propagation_changed, this, &MessagePanel::show_spread);
  connect(&document_, &Document::time_changed, this, &MessagePanel::show_time);
  begin();
  show_spread();
}

void MessagePanel::build() {
  setMinimumWidth(kReadableWidth);
  trace_model_ = new CellModel(
      {tr("Published"), tr("By"), tr("Reached"), tr("Until last"), tr("Copies"), tr("Lost"), tr("Size"), tr("Kind")},
      this);
  trace_sorted_ = new QSortFilterProxyModel(this);
  trace_sorted_->setSourceModel(trace_model_);
  trace_sorted_->setSortRole(Qt::UserRole);
  trace_table_ = make_table(trace_sorted_, tr("Traced messages"));
  connect(trace_table_, &QTableView::clicked, this, &MessagePanel::follow);
  connect(trace_table_, &QTableView::activated, this, &MessagePanel::follow);
  followed_half_ = build_followed();
  auto* halves = new QSplitter(Qt::Vertical);
  halves->addWidget(trace_table_);
  halves->addWidget(followed_half_);
  halves->setStretchFactor(1, 1);
  halves->setSizes({kTracesHeight, 3 * kTracesHeight});
  halves->setChildrenCollapsible(false);
  page_ = fill_with_page(*this, halves);
}

QWidget* MessagePanel::build_followed() {
  summary_ = new QLabel;
  summary_->setWordWrap(true);
  summary_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  watch_ = new QPushButton(tr("Watch it spread"));
  watch_->setToolTip(tr("Plays the time it took in five seconds"));
  connect(watch_, &QPushButton::clicked, this, [this] {
    const Propagation& spread = scene_.propagation();
    if (!spread.empty()) time_.watch(spread.began_ns, spread.arrivals.back().arrived_ns);
  });
  auto* stop = new QPushButton(tr("Stop following"));
  connect(stop, &QPushButton::clicked, this, [this] { document_.follow_trace(std::nullopt); });
  chart_ = new chart::ChartWidget;
  connect(chart_, &chart::ChartWidget::picked, this,
          [this](double x) { document_.set_time_ns(scene_.propagation().began_ns + static_cast<std::int64_t>(x)); });
  auto* tabs = new QTabWidget;
  tabs->setDocumentMode(true);
  tabs->addTab(build_tree(), tr("Tree"));
  tabs->addTab(chart_, tr("Reach"));
  tabs->addTab(build_copies(), tr("Copies"));

  auto* half = new QWidget;
  auto* column = new QVBoxLayout(half);
  column->setContentsMargins(8, 8, 8, 8);
  column->addWidget(summary_);
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(watch_, 1);
  buttons->addWidget(stop);
  column->addLayout(buttons);
  column->addWidget(tabs, 1);
  return half;
}

QWidget* MessagePanel::build_tree() {
  tree_ = new QTreeView;
  tree_->setModel(&tree_model_);
  tree_->setUniformRowHeights(true);
  tree_->setAccessibleName(tr("Who brought the message to whom first"));
  tree_->setToolTip(tr("Enter or a double click goes to the instant of the arrival"));
  tree_->header()->setStretchLastSection(false);
  tree_->header()->setResizeContentsPrecision(100);
  tree_->setIndentation(14);
  tree_->header()->setSectionResizeMode(PropagationModel::host, QHeaderView::Stretch);
  tree_->header()->setMinimumSectionSize(kHostWidth / 3);
  for (const int column : {PropagationModel::delay, PropagationModel::hop, PropagationModel::reached}) {
    tree_->header()->setSectionResizeMode(column, QHeaderView::ResizeToContents);
  }
  connect(tree_->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& index) {
    if (const Arrival* arrival = tree_model_.arrival(index)) document_.select_host(arrival->host);
  });
  connect(tree_, &QTreeView::activated, this, [this](const QModelIndex& index) {
    if (const Arrival* arrival = tree_model_.arrival(index)) document_.set_time_ns(arrival->arrived_ns);
  });
  return tree_;
}

QWidget* MessagePanel::build_copies() {
  copy_table_ = make_table(&copy_model_, tr("All copies of the followed message"));
  copy_table_->setSortingEnabled(false);
  connect(copy_table_, &QTableView::activated, this, [this](const QModelIndex& index) {
    if (const results::MessageAt* copy = copy_model_.copy(index)) {
      document_.set_time_ns(copy->received_ns.value_or(copy->sent_ns));
    }
  });
  return copy_table_;
}

void MessagePanel::begin() {
  traces_inquiry_.withdraw();
  traces_.clear();
  if (document_.run() == nullptr) return page_->show_words(tr("Open a database to see the messages of its runs."));
  refresher_.request();
}

void MessagePanel::ask_traces() {
  if (document_.run() == nullptr) return;
  document_.data().ask(
      traces_inquiry_,
      [run = document_.run_id()](const results::Database& database) {
        return results::trace_summaries(database, run, kMaxTraces);
      },
      [this](Result<std::vector<results::TraceSummary>> traces) { show_traces(std::move(traces)); });
}

void MessagePanel::show_traces(Result<std::vector<results::TraceSummary>> traces) {
  if (!traces) return page_->show_words(text_of(traces.error()));
  if (traces->empty()) {
    return page_->show_words(tr("<p>No message was traced through the mesh in this run.</p>") +
                             how_to_record_messages());
  }
  const bool first = traces_.empty();
  traces_ = std::move(*traces);
  trace_model_->set_rows(trace_rows(traces_, *document_.hosts()));
  if (first) trace_table_->resizeColumnsToContents();
  page_->show_content();
  mark_followed();
}

void MessagePanel::follow(const QModelIndex& index) {
  const auto& row = trace_model_->rows()[static_cast<std::size_t>(trace_sorted_->mapToSource(index).row())];
  const auto trace = std::ranges::find(traces_, row.key, &results::TraceSummary::trace);
  if (trace == traces_.end()) return;
  document_.follow_trace(row.key);
  document_.set_time_ns(trace->sent_ns);
}

void MessagePanel::show_spread() {
  const Propagation& spread = scene_.propagation();
  followed_half_->setVisible(!spread.empty());
  tree_model_.show(scene_.shared_propagation(), document_.hosts());
  copy_model_.show(scene_.shared_propagation(), document_.hosts());
  mark_followed();
  if (spread.empty()) return;
  tree_->expandToDepth(1);
  copy_table_->resizeColumnsToContents();
  summary_->setText(spread_summary(spread, document_.hosts()->size()));
  chart_->set_figure(spread_figure(spread));
  show_time();
}

void MessagePanel::mark_followed() {
  const Propagation& spread = scene_.propagation();
  if (spread.empty()) return trace_table_->clearSelection();
  for (std::size_t row = 0; row < traces_.size(); ++row) {
    if (trace_model_->rows()[row].key != spread.trace) continue;
    trace_table_->selectRow(trace_sorted_->mapFromSource(trace_model_->index(static_cast<int>(row), 0)).row());
  }
}

void MessagePanel::show_time() {
  const Propagation& spread = scene_.propagation();
  if (!spread.empty()) chart_->set_cursor(static_cast<double>(document_.time_ns() - spread.began_ns));
}

}  // namespace ghostnet::gui
