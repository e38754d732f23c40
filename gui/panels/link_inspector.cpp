#include "panels/link_inspector.hpp"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QJsonValue>
#include <QLabel>
#include <QRegularExpression>
#include <QScrollArea>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>
#include <iterator>

#include "charts/units.hpp"
#include "ghostnet/gui/scene/ground.hpp"
#include "panels/figures.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

constexpr std::int64_t kMaxHistory = 1'000;
constexpr int kLinkWait_ms = 250;
constexpr int kChartHeight = 190;

// Fields are named as ours are: the unit comes last.
QString field_text(const QString& name, const QJsonValue& value) {
  if (value.isString()) return value.toString();
  if (value.isBool()) return value.toBool() ? QObject::tr("yes") : QObject::tr("no");
  if (!value.isDouble()) {
    const QJsonDocument document = value.isArray() ? QJsonDocument(value.toArray()) : QJsonDocument(value.toObject());
    return value.isNull() ? QStringLiteral("–") : QString::fromUtf8(document.toJson(QJsonDocument::Compact));
  }
  const double number = value.toDouble();
  if (name.endsWith(QLatin1String("_ns"))) return chart::value_text(number, "ns");
  if (name.endsWith(QLatin1String("_us"))) return chart::value_text(number * 1e3, "ns");
  if (name.endsWith(QLatin1String("_ms"))) return chart::value_text(number * 1e6, "ns");
  if (name.endsWith(QLatin1String("_s"))) return chart::value_text(number * 1e9, "ns");
  if (name.endsWith(QLatin1String("_bytes"))) return chart::value_text(number, "bytes");
  if (name.contains(QLatin1String("bit_s")) || name.endsWith(QLatin1String("_bps")))
    return chart::value_text(number, "bit/s");
  if (name.contains(QLatin1String("loss"))) return chart::value_text(number, "share");
  return chart::value_text(number, "");
}

std::string label_of(const results::LinkSeries& series) { return series.metric; }

}  // namespace

Result<LinkFacts> link_facts(const results::Database& database, std::int64_t run, const Selection::Link& link) {
  LinkFacts facts;
  auto history = results::link_history(database, run, link.kind, link.a, link.b, kMaxHistory);
  if (!history) return fail(std::move(history));
  facts.history = std::move(*history);
  auto there = results::link_series(database, run, link.kind, link.a, link.b);
  if (!there) return fail(std::move(there));
  facts.there = std::move(*there);
  if (link.a == link.b) return facts;
  auto back = results::link_series(database, run, link.kind, link.b, link.a);
  if (!back) return fail(std::move(back));
  facts.back = std::move(*back);
  return facts;
}

Result<QString> route_of_link(const results::Database& database, const results::RunRow& run, const HostTable& hosts,
                              const Selection::Link& link) {
  const auto a = hosts.index_of(link.a);
  const auto b = hosts.index_of(link.b);
  if (!a || !b) return QString();
  Result<results::Topology> topology = results::topology(database, run.id);
  if (!topology) return fail(std::move(topology));
  const auto ground = ground_of(std::move(*topology), run.carrier, hosts);
  if (ground == nullptr) return QString();
  const auto route = RouteFinder(ground).between(static_cast<std::uint32_t>(*a), static_cast<std::uint32_t>(*b));
  return route ? routers_text(*route, ground->topology) + ": " + cost_text(*route) : QString();
}

std::vector<chart::Figure> link_figures(const LinkFacts& facts, const QString& a, const QString& b, double end_s) {
  std::vector<chart::Figure> figures;
  const auto add = [&](const std::vector<results::LinkSeries>& all, const QString& label, std::size_t colour) {
    for (const results::LinkSeries& series : all) {
      const QString title = text_of(label_of(series));
      auto found = std::ranges::find(figures, title, &chart::Figure::title);
      if (found == figures.end()) {
        figures.push_back({.title = title,
                           .x = {.label = QObject::tr("time"), .unit = "s", .fixed = chart::Range{0, end_s}},
                           .y = {.unit = series.unit, .from_zero = true}});
        found = std::prev(figures.end());
      }
      found->lines.push_back(line_of(label, series.points, colour));
    }
  };
  add(facts.there, QStringLiteral("%1 → %2").arg(a, b), 0);
  add(facts.back, QStringLiteral("%1 → %2").arg(b, a), 1);
  return figures;
}

std::vector<CellModel::Row> field_rows(const std::string& json) {
  std::vector<CellModel::Row> rows;
  const QJsonObject fields = QJsonDocument::fromJson(QByteArray::fromStdString(json)).object();
  for (auto field = fields.begin(); field != fields.end(); ++field) {
    QString name = field.key();
    const QString value = field_text(name, field.value());
    // The value is written with its unit.
    static const QRegularExpression unit("_(ns|us|ms|s|bytes|bps)$");
    rows.push_back({{{.text = name.remove(unit).replace(QLatin1Char('_'), QLatin1Char(' '))}, {.text = value}}, 0});
  }
  return rows;
}

LinkInspector::LinkInspector(Document& document, QWidget* parent)
    : QWidget(parent), document_(document), refresher_(*this, [this] { ask(); }, kLinkWait_ms) {
  build();
  connect(&document_, &Document::run_changed, this, &LinkInspector::choose);
  connect(&document_, &Document::selection_changed, this, &LinkInspector::choose);
  connect(&document_, &Document::run_grew, this, [this] { refresher_.request(); });
  connect(&document_, &Document::time_changed, this, &LinkInspector::show_time);
  choose();
}

void LinkInspector::build() {
  name_ = new QLabel;
  QFont large = name_->font();
  large.setPointSizeF(large.pointSizeF() * 1.2);
  large.setWeight(QFont::DemiBold);
  name_->setFont(large);
  name_->setWordWrap(true);
  state_ = new QLabel;
  state_->setWordWrap(true);
  state_->setForegroundRole(QPalette::PlaceholderText);
  route_ = new QLabel;
  route_->setWordWrap(true);
  route_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  fields_ = new CellModel({tr("Property"), tr("Value")}, this);
  field_table_ = make_table(fields_, tr("Properties of the link"));
  field_table_->setSortingEnabled(false);
  no_samples_ = new QLabel;
  no_samples_->setWordWrap(true);
  no_samples_->setForegroundRole(QPalette::PlaceholderText);

  auto* content = new QWidget;
  chart_column_ = new QVBoxLayout(content);
  chart_column_->setContentsMargins(8, 8, 8, 8);
  chart_column_->addWidget(name_);
  chart_column_->addWidget(state_);
  chart_column_->addWidget(route_);
  chart_column_->addWidget(field_table_);
  chart_column_->addWidget(no_samples_);
  chart_column_->addStretch(1);
  auto* scroll = new QScrollArea;
  scroll->setWidget(content);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setAccessibleName(tr("The selected link"));
  page_ = fill_with_page(*this, scroll);
}

void LinkInspector::choose() {
  link_ = document_.run() == nullptr ? std::nullopt : document_.selection().link;
  if (!link_) {
    inquiry_.withdraw();
    return page_->show_words(tr("<p>No link is selected.</p><p>Click one in the mesh.</p>"));
  }
  facts_ = {};
  refresher_.request();
}

void LinkInspector::show_link(const Selection::Link& link) {
  link_ = link;
  facts_ = {};
  refresher_.request();
}

void LinkInspector::ask() {
  if (!link_) return;
  document_.data().ask(
      inquiry_,
      [run = *document_.run(), hosts = document_.hosts(),
       link = *link_](const results::Database& database) -> Result<LinkFacts> {
        Result<LinkFacts> facts = link_facts(database, run.id, link);
        if (!facts) return facts;
        Result<QString> route = route_of_link(database, run, *hosts, link);
        if (!route) return fail(std::move(route));
        facts->route = std::move(*route);
        return facts;
      },
      [this](Result<LinkFacts> facts) { take(std::move(facts)); });
}

void LinkInspector::take(Result<LinkFacts> facts) {
  if (!facts) return page_->show_words(text_of(facts.error()));
  facts_ = std::move(*facts);
  const QString a = host_text(*document_.hosts(), link_->a);
  const QString b = host_text(*document_.hosts(), link_->b);
  name_->setText(QStringLiteral("%1:  %2 – %3").arg(text_of(link_->kind), a, b));
  route_->setText(tr("route  %1").arg(facts_.route));
  route_->setVisible(!facts_.route.isEmpty());
  fields_->set_rows(facts_.history.empty() ? std::vector<CellModel::Row>() : field_rows(facts_.history.back().fields));
  field_table_->setVisible(fields_->rowCount() > 0);
  field_table_->resizeColumnToContents(0);
  const int rows = std::min(fields_->rowCount(), 10);
  field_table_->setFixedHeight(field_table_->horizontalHeader()->sizeHint().height() + 4 +
                               rows * field_table_->verticalHeader()->defaultSectionSize());
  show_charts(link_figures(facts_, a, b, chart::seconds(document_.end_ns())));
  const std::optional<std::size_t> from = document_.hosts()->index_of(link_->a);
  no_samples_->setText(how_to_sample_links(link_->kind, from ? (*document_.hosts())[*from].group : std::string()));
  no_samples_->setVisible(charts_.empty());
  page_->show_content();
  show_time();
}

void LinkInspector::show_charts(std::vector<chart::Figure> figures) {
  while (charts_.size() > figures.size()) {
    delete charts_.back();
    charts_.pop_back();
  }
  while (charts_.size() < figures.size()) {
    auto* chart = new chart::ChartWidget;
    chart->setFixedHeight(kChartHeight);
    connect(chart, &chart::ChartWidget::picked, this,
            [this](double x) { document_.set_time_ns(static_cast<std::int64_t>(x * 1e9)); });
    chart_column_->insertWidget(chart_column_->count() - 1, chart);
    charts_.push_back(chart);
  }
  for (std::size_t i = 0; i < figures.size(); ++i) charts_[i]->set_figure(std::move(figures[i]));
}

void LinkInspector::show_time() {
  if (!link_) return;
  const std::int64_t now = document_.time_ns();
  for (chart::ChartWidget* chart : charts_) chart->set_cursor(chart::seconds(now));
  QString state = tr("It does not exist at this instant.");
  for (const results::LinkAt& link : facts_.history) {
    if (link.since_ns > now || (link.until_ns && *link.until_ns <= now)) continue;
    state = tr("up since %1").arg(chart::seconds_text(chart::seconds(link.since_ns)));
    if (link.until_ns) state += tr(", until %1").arg(chart::seconds_text(chart::seconds(*link.until_ns)));
  }
  if (facts_.history.size() > 1) state += tr("  ·  came up %1 times").arg(facts_.history.size());
  state_->setText(state);
}

}  // namespace ghostnet::gui
