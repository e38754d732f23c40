#include "panels/message_panel.hpp"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QSplitter>
#include <QTabWidget>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>
#include <limits>
#include <unordered_map>

#include "charts/units.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kWait_ms = 1'000;

QVariant key(std::int64_t number) { return QVariant::fromValue<qlonglong>(number); }

Cell time_cell(std::int64_t ns) {
  return {.text = chart::seconds_text(static_cast<double>(ns) / 1e9), .sort_by = key(ns), .right = true};
}

Cell delay_cell(std::int64_t ns) {
  return {.text = chart::value_text(static_cast<double>(ns), "ns"), .sort_by = key(ns), .right = true};
}

Cell count_cell(std::int64_t count) {
  return {.text = QStringLiteral("%L1").arg(count), .sort_by = key(count), .right = true};
}

QSortFilterProxyModel* sorted_of(CellModel* model, QObject* parent) {
  auto* sorted = new QSortFilterProxyModel(parent);
  sorted->setSourceModel(model);
  sorted->setSortRole(Qt::UserRole);
  return sorted;
}

// When each host had the message first.
std::vector<double> arrivals_ns(const std::vector<results::MessageAt>& hops) {
  std::unordered_map<std::int64_t, std::int64_t> first;
  for (const results::MessageAt& hop : hops) {
    if (!hop.received_ns) continue;
    const auto [at, is_new] = first.try_emplace(hop.to, *hop.received_ns);
    if (!is_new) at->second = std::min(at->second, *hop.received_ns);
  }
  first.erase(hops.empty() ? -1 : hops.front().from);
  std::vector<double> all;
  for (const auto& [host, at_ns] : first) all.push_back(static_cast<double>(at_ns - hops.front().sent_ns));
  std::ranges::sort(all);
  return all;
}

}  // namespace

std::vector<CellModel::Row> trace_rows(const std::vector<results::TraceSummary>& traces, const HostTable& hosts) {
  std::vector<CellModel::Row> rows;
  for (const results::TraceSummary& trace : traces) {
    rows.push_back({{time_cell(trace.sent_ns),
                     {.text = host_text(hosts, trace.from)},
                     {.text = chart::value_text(static_cast<double>(trace.bytes), "bytes"),
                      .sort_by = key(trace.bytes),
                      .right = true},
                     count_cell(trace.reached),
                     count_cell(trace.hops),
                     count_cell(trace.lost),
                     delay_cell(std::max<std::int64_t>(0, trace.last_received_ns - trace.sent_ns)),
                     {.text = text_of(trace.kind)}},
                    trace.trace});
  }
  return rows;
}

std::vector<CellModel::Row> hop_rows(const std::vector<results::MessageAt>& hops, const HostTable& hosts) {
  std::vector<CellModel::Row> rows;
  if (hops.empty()) return rows;
  const std::int64_t published_ns = hops.front().sent_ns;
  for (const results::MessageAt& hop : hops) {
    const Cell lost{
        .text = QObject::tr("lost"), .sort_by = key(std::numeric_limits<std::int64_t>::max()), .right = true};
    rows.push_back({{{.text = host_text(hosts, hop.from)},
                     {.text = host_text(hosts, hop.to)},
                     time_cell(hop.sent_ns),
                     hop.received_ns ? delay_cell(*hop.received_ns - hop.sent_ns) : lost,
                     hop.received_ns ? delay_cell(*hop.received_ns - published_ns) : lost},
                    static_cast<qint64>(rows.size())});
  }
  return rows;
}

chart::Figure spread_figure(const std::vector<results::MessageAt>& hops) {
  chart::Figure figure{.title = QObject::tr("Hosts reached since publishing"),
                       .x = {.unit = "ns"},
                       .y = {.label = QObject::tr("of those reached"), .unit = "share", .fixed = chart::Range{0, 1}},
                       .empty_text = QObject::tr("No hop of it arrived.")};
  const std::vector<double> arrivals = arrivals_ns(hops);
  if (arrivals.empty()) return figure;
  chart::Line line{.shape = chart::Line::Shape::steps};
  line.label = QObject::tr("%L1 hosts").arg(arrivals.size());
  line.x.push_back(0);
  line.y.push_back(0);
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    line.x.push_back(arrivals[i]);
    line.y.push_back(static_cast<double>(i + 1) / static_cast<double>(arrivals.size()));
  }
  figure.lines.push_back(std::move(line));
  return figure;
}

MessagePanel::MessagePanel(Document& document, QWidget* parent)
    : QWidget(parent), document_(document), refresher_(*this, [this] { ask_traces(); }, kWait_ms) {
  build();
  connect(&document_, &Document::run_changed, this, &MessagePanel::begin);
  connect(&document_, &Document::run_grew, this, [this] { refresher_.request(); });
  connect(&document_, &Document::selection_changed, this, &MessagePanel::ask_hops);
  connect(&document_, &Document::time_changed, this, &MessagePanel::show_time);
  begin();
}

void MessagePanel::build() {
  trace_model_ = new CellModel(
      {tr("Published"), tr("By"), tr("Size"), tr("Reached"), tr("Hops"), tr("Lost"), tr("Until last"), tr("Kind")},
      this);
  trace_sorted_ = sorted_of(trace_model_, this);
  trace_table_ = make_table(trace_sorted_, tr("Traced messages"));
  trace_table_->sortByColumn(0, Qt::AscendingOrder);
  connect(trace_table_, &QTableView::clicked, this, &MessagePanel::follow);
  connect(trace_table_, &QTableView::activated, this, &MessagePanel::follow);
  followed_ = new QLabel;
  stop_ = new QPushButton(tr("Stop following"));
  connect(stop_, &QPushButton::clicked, this, [this] { document_.follow_trace(std::nullopt); });
  chart_ = new chart::ChartWidget;
  hop_model_ = new CellModel({tr("From"), tr("To"), tr("Sent"), tr("Hop took"), tr("Since publishing")}, this);
  hop_sorted_ = sorted_of(hop_model_, this);
  hop_table_ = make_table(hop_sorted_, tr("Hops of the followed message"));
  hop_table_->sortByColumn(4, Qt::AscendingOrder);
  connect(hop_table_, &QTableView::activated, this, [this](const QModelIndex& index) {
    const auto& row = hop_model_->rows()[static_cast<std::size_t>(hop_sorted_->mapToSource(index).row())];
    const results::MessageAt& hop = hops_[static_cast<std::size_t>(row.key)];
    document_.set_time_ns(hop.received_ns.value_or(hop.sent_ns));
  });

  followed_half_ = new QWidget;
  auto* half = new QVBoxLayout(followed_half_);
  half->setContentsMargins(0, 4, 0, 0);
  auto* heading = new QHBoxLayout;
  heading->addWidget(followed_, 1);
  heading->addWidget(stop_);
  half->addLayout(heading);
  auto* tabs = new QTabWidget;
  tabs->setDocumentMode(true);
  tabs->addTab(chart_, tr("Spread"));
  tabs->addTab(hop_table_, tr("Hops"));
  half->addWidget(tabs, 1);
  auto* halves = new QSplitter(Qt::Vertical);
  halves->addWidget(trace_table_);
  halves->addWidget(followed_half_);
  halves->setChildrenCollapsible(false);
  followed_half_->hide();
  page_ = new PanelPage(halves);
  auto* whole = new QVBoxLayout(this);
  whole->setContentsMargins(8, 8, 8, 8);
  whole->addWidget(page_);
}

void MessagePanel::begin() {
  traces_inquiry_.withdraw();
  traces_.clear();
  if (document_.run() == nullptr) return page_->show_words(tr("Open a database to see the messages of its runs."));
  refresher_.request();
  ask_hops();
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
}

void MessagePanel::follow(const QModelIndex& index) {
  const auto& row = trace_model_->rows()[static_cast<std::size_t>(trace_sorted_->mapToSource(index).row())];
  const auto trace = std::ranges::find(traces_, row.key, &results::TraceSummary::trace);
  if (trace == traces_.end()) return;
  document_.follow_trace(row.key);
  document_.set_time_ns(trace->sent_ns);
}

void MessagePanel::ask_hops() {
  const std::optional<std::int64_t> trace = document_.selection().trace;
  followed_half_->setVisible(trace.has_value());
  if (!trace || document_.run() == nullptr) return hops_inquiry_.withdraw();
  document_.data().ask(
      hops_inquiry_,
      [run = document_.run_id(), trace = *trace](const results::Database& database) {
        return results::hops_of(database, run, trace, kMaxHops);
      },
      [this](Result<std::vector<results::MessageAt>> hops) { show_hops(std::move(hops)); });
}

void MessagePanel::show_hops(Result<std::vector<results::MessageAt>> hops) {
  if (!hops) return followed_->setText(text_of(hops.error()));
  hops_ = std::move(*hops);
  const bool first = hop_model_->rows().empty();
  hop_model_->set_rows(hop_rows(hops_, *document_.hosts()));
  if (first) hop_table_->resizeColumnsToContents();
  chart_->set_figure(spread_figure(hops_));
  if (hops_.empty()) return followed_->setText(tr("The run has no such message."));
  const std::vector<double> arrivals = arrivals_ns(hops_);
  QString words = tr("Published by %1").arg(host_text(*document_.hosts(), hops_.front().from));
  if (!arrivals.empty()) {
    words += tr("  ·  half of %L1 hosts after %2, the last after %3")
                 .arg(arrivals.size())
                 .arg(chart::value_text(arrivals[(arrivals.size() - 1) / 2], "ns"),
                      chart::value_text(arrivals.back(), "ns"));
  }
  followed_->setText(words);
  show_time();
}

void MessagePanel::show_time() {
  if (hops_.empty()) return;
  chart_->set_cursor(static_cast<double>(document_.time_ns() - hops_.front().sent_ns));
}

}  // namespace ghostnet::gui
