#include "panels/routing_table_view.hpp"

#include <QHeaderView>
#include <QLabel>
#include <QVBoxLayout>
#include <algorithm>

#include "charts/units.hpp"
#include "ghostnet/gui/scene/scene.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kChartHeight = 150;

QString bucket_text(std::int16_t bucket) { return bucket < 0 ? QStringLiteral("–") : QString::number(bucket); }

}  // namespace

chart::Figure table_figure(const std::vector<TableEntry>& table) {
  chart::Figure figure{.x = {.label = QObject::tr("bucket: leading bits of the key that are the same")},
                       .y = {.label = QObject::tr("entries"), .from_zero = true}};
  std::int16_t deepest = -1;
  for (const TableEntry& entry : table) deepest = std::max(deepest, entry.bucket);
  if (deepest < 0) return figure;
  chart::Line bars{.label = QObject::tr("entries"), .shape = chart::Line::Shape::bars, .in_legend = false};
  bars.y.resize(static_cast<std::size_t>(deepest) + 1);
  for (const TableEntry& entry : table) {
    if (entry.bucket >= 0) ++bars.y[static_cast<std::size_t>(entry.bucket)];
  }
  for (std::int16_t bucket = 0; bucket <= deepest; ++bucket) {
    bars.x.push_back(bucket);
    bars.shades.push_back(bucket_share(bucket, deepest));
    figure.x.names << QString::number(bucket);
  }
  figure.lines.push_back(std::move(bars));
  return figure;
}

RoutingTableView::RoutingTableView(Document& document, QWidget* parent) : QWidget(parent), document_(document) {
  summary_ = new QLabel;
  summary_->setWordWrap(true);
  summary_->setForegroundRole(QPalette::PlaceholderText);
  chart_ = new chart::ChartWidget;
  chart_->setFixedHeight(kChartHeight);
  model_ = new CellModel({tr("Bucket"), tr("Peer"), tr("Since")}, this);
  table_ = make_table(model_, tr("Routing table of the host"));
  table_->setSortingEnabled(false);
  table_->setToolTip(tr("Enter or a double click goes to the peer"));
  const auto peer_at = [this](const QModelIndex& index) { return model_->rows()[std::size_t(index.row())].key; };
  connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          [this, peer_at](const QModelIndex& index) {
            if (index.isValid()) Q_EMIT entry_chosen(peer_at(index));
          });
  connect(table_, &QTableView::activated, this,
          [this, peer_at](const QModelIndex& index) { Q_EMIT peer_wanted(peer_at(index)); });
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  column->setContentsMargins(0, 6, 0, 0);
  column->addWidget(summary_);
  column->addWidget(chart_);
  column->addWidget(table_, 1);
  page_ = fill_with_page(*this, content);
}

void RoutingTableView::show_table(const HostFacts& facts) {
  const std::vector<TableEntry> table = table_of(facts);
  const std::optional<std::size_t> index = document_.hosts()->index_of(facts.host);
  if (table.empty()) {
    return page_->show_words(how_to_record_tables(index ? (*document_.hosts())[*index].group : std::string()));
  }
  summary_->setText(tr("%L1 entries; it stands in the tables of %L2 hosts").arg(table.size()).arg(held_by(facts)));
  chart_->set_figure(table_figure(table));
  std::vector<CellModel::Row> rows;
  for (const TableEntry& entry : table) {
    rows.push_back({{{.text = bucket_text(entry.bucket), .right = true},
                     {.text = host_text(*document_.hosts(), entry.peer)},
                     {.text = chart::seconds_text(chart::seconds(entry.since_ns))}},
                    entry.peer});
  }
  const bool first = model_->rows().empty();
  model_->set_rows(std::move(rows));
  if (first) table_->resizeColumnsToContents();
  page_->show_content();
}

}  // namespace ghostnet::gui
