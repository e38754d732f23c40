#include "panels/host_inspector.hpp"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QSplitter>
#include <QTabWidget>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "charts/units.hpp"
#include "panels/figures.hpp"
#include "panels/metric_model.hpp"
#include "panels/routing_table_view.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kFactsWait_ms = 60;
constexpr int kHistoryWait_ms = 500;

QString degrees_text(double degrees, const QString& above, const QString& below) {
  return QString("%1° %2").arg(std::abs(degrees), 0, 'f', 1).arg(degrees < 0 ? below : above);
}

// Its metrics took turns: none has a course to speak of.
bool has_few_samples(const HostHistory& history, double end_s) {
  constexpr double kUsual_s = 2;  // from one sample of a metric to the next
  std::size_t most = 0;
  for (const auto& [metric, points] : history) most = std::max(most, points.size());
  return !history.empty() && static_cast<double>(most) * kUsual_s < end_s;
}

QString value_of(const Connection& connection, const char* name) {
  const auto found = connection.values.find(name);
  return found == connection.values.end() ? QString("–") : chart::value_text(found->second.first, found->second.second);
}

// Of a connection what is not acknowledged yet, of a wire what waits to be sent.
QString under_way(const Connection& connection) {
  if (connection.kind != "wire") return value_of(connection, "in_flight");
  const QString queue = value_of(connection, "queue");
  return connection.values.contains("queue") ? QObject::tr("%1 queued").arg(queue) : queue;
}

// Lines break between its parts, not within.
QString joined(QStringList parts) {
  for (QString& part : parts) part.replace(QLatin1Char(' '), QChar::Nbsp);
  return parts.join(QChar::Nbsp + QStringLiteral("· "));
}

}  // namespace

HostInspector::HostInspector(Document& document, QWidget* parent)
    : QWidget(parent),
      document_(document),
      facts_refresher_(
          *this, [this] { ask_facts(); }, kFactsWait_ms),
      history_refresher_(*this, [this] { ask_history(); }, kHistoryWait_ms) {
  build();
  connect(&document_, &Document::run_changed, this, &HostInspector::choose);
  connect(&document_, &Document::selection_changed, this, &HostInspector::choose);
  connect(&document_, &Document::time_changed, this, &HostInspector::show_time);
  connect(&document_, &Document::run_grew, this, [this] {
    if (host_) history_refresher_.request();
  });
  connect(&document_, &Document::theme_changed, this, [this] { facts_refresher_.request(); });
  choose();
}

HostInspector::~HostInspector() = default;

void HostInspector::build() {
  constexpr int kReadableWidth = 280;
  setMinimumWidth(kReadableWidth);
  name_ = new QLabel;
  QFont large = name_->font();
  large.setPointSizeF(large.pointSizeF() * 1.35);
  large.setWeight(QFont::DemiBold);
  name_->setFont(large);
  name_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  state_ = new QLabel;
  place_ = new QLabel;
  place_->setForegroundRole(QPalette::PlaceholderText);
  place_->setWordWrap(true);
  tabs_ = new QTabWidget;
  tabs_->setDocumentMode(true);
  tabs_->addTab(build_metrics(), tr("Metrics"));
  tabs_->addTab(build_connections(), tr("Connections"));
  tabs_->addTab(build_routing_table(), tr("Routing table"));

  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  column->setContentsMargins(8, 8, 8, 8);
  auto* heading = new QHBoxLayout;
  heading->addWidget(name_, 1);
  heading->addWidget(state_);
  column->addLayout(heading);
  column->addWidget(place_);
  column->addWidget(tabs_, 1);
  page_ = fill_with_page(*this, content);
}

QWidget* HostInspector::build_metrics() {
  metrics_ = new MetricModel(this);
  metric_table_ = make_table(metrics_, tr("Metrics of the host"));
  metric_table_->setSortingEnabled(false);
  metric_table_->setItemDelegateForColumn(MetricModel::over_time, new SparklineDelegate(metric_table_));
  metric_table_->verticalHeader()->setDefaultSectionSize(metric_table_->fontMetrics().height() + 14);
  connect(metric_table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &HostInspector::show_chart);
  chart_ = new chart::ChartWidget;
  connect(chart_, &chart::ChartWidget::picked, this,
          [this](double x) { document_.set_time_ns(static_cast<std::int64_t>(x * 1e9)); });
  few_samples_ = new QLabel;
  few_samples_->setWordWrap(true);
  few_samples_->setForegroundRole(QPalette::PlaceholderText);
  auto* above = new QWidget;
  auto* column = new QVBoxLayout(above);
  column->setContentsMargins(0, 0, 0, 0);
  column->addWidget(metric_table_, 1);
  column->addWidget(few_samples_);
  auto* halves = new QSplitter(Qt::Vertical);
  halves->addWidget(above);
  halves->addWidget(chart_);
  halves->setStretchFactor(0, 1);
  halves->setStretchFactor(1, 1);
  halves->setChildrenCollapsible(false);
  metric_page_ = new PanelPage(halves);
  return metric_page_;
}

QWidget* HostInspector::build_connections() {
  connections_ = new CellModel({tr("Kind"), tr("Peer"), tr("cwnd"), tr("RTT"), tr("In flight")}, this);
  connection_table_ = make_table(connections_, tr("Peers and connections of the host"));
  connection_table_->setSortingEnabled(false);
  connection_table_->setToolTip(tr("The panel Link shows the current one; Enter or a double click goes to the peer"));
  connect(connection_table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          [this](const QModelIndex& index) {
            if (!index.isValid() || !host_) return;
            const CellModel::Row& row = connections_->rows()[static_cast<std::size_t>(index.row())];
            Q_EMIT link_wanted(row.cells[0].text, *host_, row.key);
          });
  connect(connection_table_, &QTableView::activated, this, [this](const QModelIndex& index) {
    const qint64 peer = connections_->rows()[static_cast<std::size_t>(index.row())].key;
    if (peer >= 0) document_.select_host(peer);
  });
  not_sampled_ = new QLabel;
  not_sampled_->setWordWrap(true);
  not_sampled_->setForegroundRole(QPalette::PlaceholderText);
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  column->setContentsMargins(0, 0, 0, 0);
  column->addWidget(connection_table_, 1);
  column->addWidget(not_sampled_);
  connection_page_ = new PanelPage(content);
  return connection_page_;
}

QWidget* HostInspector::build_routing_table() {
  routing_table_ = new RoutingTableView(document_);
  connect(routing_table_, &RoutingTableView::entry_chosen, this, [this](qint64 peer) {
    if (host_) Q_EMIT link_wanted(QStringLiteral("dht"), *host_, peer);
  });
  connect(routing_table_, &RoutingTableView::peer_wanted, this, [this](qint64 peer) { document_.select_host(peer); });
  return routing_table_;
}

void HostInspector::show_tab(const QString& name) {
  const int tab = name == "metrics" ? 0 : name == "connections" ? 1 : tabs_->indexOf(routing_table_);
  if (tabs_->isTabVisible(tab)) tabs_->setCurrentIndex(tab);
}

void HostInspector::choose() {
  const std::vector<std::int64_t>& hosts = document_.selection().hosts;
  const bool one = hosts.size() == 1 && document_.hosts()->index_of(hosts.front());
  host_ = one ? std::optional(hosts.front()) : std::nullopt;
  if (!host_) {
    facts_inquiry_.withdraw();
    history_inquiry_.withdraw();
    return page_->show_words(hosts.size() > 1
                                 ? tr("%L1 hosts are selected. Select one of them to look inside.").arg(hosts.size())
                                 : tr("<p>No host is selected.</p><p>Click one in the mesh, or find it by "
                                      "its name with Ctrl+F.</p>"));
  }
  page_->show_content();
  facts_refresher_.request();
  history_refresher_.request();
  metrics_->set_history({}, {}, 0);
  chart_->set_zoom({});
  show_chart();
}

void HostInspector::ask_facts() {
  if (!host_) return;
  document_.data().ask(
      facts_inquiry_,
      [run = document_.run_id(), host = *host_, now = document_.time_ns()](const results::Database& database) {
        return host_facts(database, run, host, now);
      },
      [this](Result<HostFacts> facts) { show_facts(std::move(facts)); });
}

void HostInspector::ask_history() {
  if (!host_) return;
  document_.data().ask(
      history_inquiry_,
      [run = document_.run_id(), host = *host_](const results::Database& database) {
        return host_history(database, run, host);
      },
      [this](Result<HostHistory> history) { show_history(std::move(history)); });
}

void HostInspector::show_facts(Result<HostFacts> facts) {
  if (!facts) return page_->show_words(text_of(facts.error()));
  show_heading(*facts);
  show_connections(*facts);
  routing_table_->show_table(*facts);
  const bool has_table = document_.find_series("kademlia.table_size") != nullptr;
  if (!has_table && tabs_->currentWidget() == routing_table_) tabs_->setCurrentIndex(0);
  tabs_->setTabVisible(tabs_->indexOf(routing_table_), has_table);
}

void HostInspector::show_heading(const HostFacts& facts) {
  const std::optional<std::size_t> index = document_.hosts()->index_of(facts.host);
  if (!index) return;
  const results::HostRow& host = (*document_.hosts())[*index];
  const Theme& theme = document_.theme();
  name_->setText(host_text(*document_.hosts(), facts.host));
  const HostState state = state_of(facts);
  const QString since = facts.last_change
                            ? tr(" since %1").arg(chart::seconds_text(chart::seconds(facts.last_change->time_ns)))
                            : QString();
  const QString words = state == HostState::up     ? tr("● up")
                        : state == HostState::down ? tr("✗ down")
                                                   : tr("◌ link down");
  const QColor colour = state == HostState::up ? theme.good : state == HostState::down ? theme.bad : theme.warning;
  state_->setText(words + since);
  state_->setStyleSheet(QStringLiteral("color: %1").arg(colour.name()));
  QStringList place{tr("host %1").arg(host.id)};
  if (!host.group.empty()) place << tr("group %1").arg(text_of(host.group));
  if (!host.region.empty()) place << tr("region %1").arg(text_of(host.region));
  if (host.x && host.y) {
    place << (host.on_map ? degrees_text(*host.y, tr("N"), tr("S")) + ", " + degrees_text(*host.x, tr("E"), tr("W"))
                          : tr("at %1 m, %2 m").arg(*host.x, 0, 'f', 0).arg(*host.y, 0, 'f', 0));
  }
  std::map<std::string, int> degrees;
  for (const results::LinkAt& link : facts.links) {
    if (link.kind != "dht" || link.a == facts.host) ++degrees[link.kind];
  }
  QStringList links;
  for (const auto& [kind, degree] : degrees) links << tr("%1 × %2").arg(degree).arg(text_of(kind));
  place_->setText(links.isEmpty() ? joined(place) : joined(place) + '\n' + joined(links));
}

void HostInspector::show_connections(const HostFacts& facts) {
  const std::vector<Connection> connections = connections_of(facts);
  if (connections.empty()) {
    return connection_page_->show_words(facts.run_has_links
                                            ? tr("The host has no peers at this instant.")
                                            : tr("<p>This run recorded no links.</p>") + how_to_record_links());
  }
  std::vector<CellModel::Row> rows;
  for (const Connection& connection : connections) {
    rows.push_back({{{.text = text_of(connection.kind), .colour = link_colour(document_.theme(), connection.kind)},
                     {.text = host_text(*document_.hosts(), connection.peer)},
                     {.text = value_of(connection, "window"), .right = true},
                     {.text = value_of(connection, "smoothed_rtt"), .right = true},
                     {.text = under_way(connection), .right = true}},
                    connection.peer});
  }
  const std::optional<std::size_t> index = document_.hosts()->index_of(facts.host);
  const bool has_tcp = std::ranges::find(connections, "tcp", &Connection::kind) != connections.end();
  not_sampled_->setVisible(facts.link_values.empty() && has_tcp);
  not_sampled_->setText(how_to_sample_links("tcp", index ? (*document_.hosts())[*index].group : std::string()));
  const bool first = connections_->rows().empty();
  connections_->set_rows(std::move(rows));
  if (first) connection_table_->resizeColumnsToContents();
  connection_page_->show_content();
}

void HostInspector::show_history(Result<HostHistory> history) {
  if (!history) return page_->show_words(text_of(history.error()));
  const std::optional<std::size_t> index = document_.hosts()->index_of(*host_);
  const std::string group = index ? (*document_.hosts())[*index].group : std::string();
  few_samples_->setText(how_to_record_hosts(group));
  few_samples_->setVisible(has_few_samples(*history, chart::seconds(document_.end_ns())));
  if (history->empty()) {
    return metric_page_->show_words(tr("<p>Nothing of this host was sampled.</p>") + how_to_record_hosts(group));
  }
  const bool first = metrics_->metrics().empty();
  const int row = std::max(0, metric_table_->currentIndex().row());
  metrics_->set_history(std::move(*history), document_.series(), chart::seconds(document_.end_ns()));
  metrics_->set_time(chart::seconds(document_.time_ns()));
  metric_page_->show_content();
  if (first) {
    metric_table_->resizeColumnToContents(MetricModel::name);
    metric_table_->setColumnWidth(MetricModel::value, 0);
    metric_table_->selectRow(std::min(row, metrics_->rowCount() - 1));
  }
  widen_values();
  show_chart();
}

// As wide as values along the run need it, so that nothing moves while time goes on; of many points a few tell.
void HostInspector::widen_values() {
  constexpr int kAround = 18;
  constexpr std::size_t kFew = 12;
  int widest = 0;
  for (const MetricModel::Metric& metric : metrics_->metrics()) {
    const std::vector<results::Point>& points = *metric.points;
    for (std::size_t at = 0; at < points.size(); at += std::max<std::size_t>(1, points.size() / kFew)) {
      const QString text = chart::value_text(points[at].value, metric.series.unit);
      widest = std::max(widest, metric_table_->fontMetrics().horizontalAdvance(text) + kAround);
    }
  }
  widest = std::max(widest, metric_table_->horizontalHeader()->sectionSizeHint(MetricModel::value));
  if (widest > metric_table_->columnWidth(MetricModel::value))
    metric_table_->setColumnWidth(MetricModel::value, widest);
}

void HostInspector::show_time() {
  if (!host_) return;
  metrics_->set_time(chart::seconds(document_.time_ns()));
  chart_->set_cursor(chart::seconds(document_.time_ns()));
  facts_refresher_.request();
}

void HostInspector::show_chart() {
  const int row = metric_table_->currentIndex().row();
  if (row < 0 || row >= metrics_->rowCount()) return chart_->set_figure({.empty_text = tr("Choose a metric above.")});
  const MetricModel::Metric& metric = metrics_->metrics()[static_cast<std::size_t>(row)];
  chart::Figure figure{
      .title = tr("%1, %2").arg(text_of(metric.series.name), host_text(*document_.hosts(), *host_)),
      .x = {.label = tr("time"), .unit = "s", .fixed = chart::Range{0, chart::seconds(document_.end_ns())}},
      .y = {.unit = metric.series.unit}};
  figure.lines.push_back(line_of(text_of(metric.series.name), *metric.points, 0));
  figure.lines.back().shape = metric.series.kind == "gauge" ? chart::Line::Shape::steps : chart::Line::Shape::line;
  chart_->set_figure(std::move(figure));
  chart_->set_cursor(chart::seconds(document_.time_ns()));
}

}  // namespace ghostnet::gui
