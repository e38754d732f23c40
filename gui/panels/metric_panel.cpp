#include "panels/metric_panel.hpp"

#include <QCheckBox>
#include <QComboBox>
#include <QCompleter>
#include <QHBoxLayout>
#include <QVBoxLayout>
#include <algorithm>

#include "charts/units.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kMetricWait_ms = 250;

QString icon_of(const std::string& kind) {
  if (kind == "counter") return QStringLiteral("Σ");
  return kind == "gauge" ? QStringLiteral("≈") : QStringLiteral("▂");
}

}  // namespace

MetricPanel::MetricPanel(Document& document, QWidget* parent)
    : QWidget(parent), document_(document), refresher_(*this, [this] { ask(); }, kMetricWait_ms) {
  build();
  connect(&document_, &Document::run_changed, this, [this] {
    offer_metrics();
    offer_groups();
    refresher_.request();
  });
  connect(&document_, &Document::run_grew, this, [this] {
    offer_metrics();
    refresher_.request();
  });
  connect(&document_, &Document::selection_changed, this, [this] { refresher_.request(); });
  connect(&document_, &Document::time_changed, this, &MetricPanel::show_time);
  offer_metrics();
  offer_groups();
}

void MetricPanel::build() {
  metric_ = new QComboBox;
  metric_->setAccessibleName(tr("Metric"));
  metric_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  metric_->setMinimumContentsLength(18);
  metric_->setMaxVisibleItems(24);
  group_ = new QComboBox;
  group_->setAccessibleName(tr("Group of hosts"));
  view_ = new QComboBox;
  view_->setAccessibleName(tr("Kind of chart"));
  view_->addItem(tr("Over time"));
  view_->addItem(tr("Distribution"));
  view_->addItem(tr("Hosts × time"));
  rate_ = new QCheckBox(tr("a second"));
  rate_->setToolTip(tr("What each second brought, rather than the running total"));
  chart_ = new chart::ChartWidget;
  connect(metric_, &QComboBox::activated, this, &MetricPanel::metric_chosen);
  connect(group_, &QComboBox::activated, this, &MetricPanel::ask);
  connect(view_, &QComboBox::activated, this, [this] {
    chart_->set_zoom({});
    ask();
  });
  connect(rate_, &QCheckBox::toggled, this, &MetricPanel::ask);
  connect(chart_, &chart::ChartWidget::picked, this, [this](double x) {
    if (drawn_ != MetricQuestion::View::distribution) document_.set_time_ns(static_cast<std::int64_t>(x * 1e9));
  });

  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  auto* row = new QHBoxLayout;
  row->addWidget(metric_, 3);
  row->addWidget(view_, 1);
  row->addWidget(group_, 1);
  row->addWidget(rate_);
  column->setContentsMargins(8, 8, 8, 8);
  column->addLayout(row);
  column->addWidget(chart_, 1);
  page_ = fill_with_page(*this, content);
}

void MetricPanel::offer_metrics() {
  if (document_.run() == nullptr) return page_->show_words(tr("Open a database to chart the metrics of its runs."));
  if (document_.series().empty()) {
    return page_->show_words(document_.is_live() ? tr("The first samples come after record.interval.")
                                                 : tr("This run recorded no metrics over time."));
  }
  page_->show_content();
  if (metric_->count() == static_cast<int>(document_.series().size()) &&
      metric_->itemData(0).toString() == text_of(document_.series().front().name)) {
    return;
  }
  const QString before = metric_->currentData().toString();
  metric_->clear();
  for (const results::SeriesName& series : document_.series()) {
    metric_->addItem(QStringLiteral("%1  %2").arg(icon_of(series.kind), text_of(series.name)), text_of(series.name));
    metric_->setItemData(metric_->count() - 1, text_of(series.help), Qt::ToolTipRole);
  }
  const int same = metric_->findData(before);
  const auto histogram = std::ranges::find(document_.series(), "histogram", &results::SeriesName::kind);
  const auto first = histogram == document_.series().end() ? 0 : histogram - document_.series().begin();
  metric_->setCurrentIndex(same >= 0 ? same : static_cast<int>(first));
  if (same < 0) metric_chosen();
}

void MetricPanel::offer_groups() {
  std::vector<std::string> groups = document_.hosts()->groups();
  std::ranges::sort(groups);
  group_->clear();
  group_->addItem(tr("All hosts"), QString());
  for (const std::string& group : groups) group_->addItem(text_of(group), text_of(group));
  group_->setVisible(groups.size() > 1);
}

void MetricPanel::metric_chosen() {
  const results::SeriesName* series = document_.find_series(metric_->currentData().toString().toStdString());
  if (series == nullptr) return;
  const QSignalBlocker quiet(rate_);
  rate_->setChecked(series->kind == "counter");
  rate_->setVisible(series->kind == "counter");
  ask();
}

void MetricPanel::show_metric(const QString& name) {
  const int index = metric_->findData(name);
  if (index < 0) return;
  metric_->setCurrentIndex(index);
  metric_chosen();
}

void MetricPanel::show_view(MetricQuestion::View view) {
  view_->setCurrentIndex(static_cast<int>(view));
  ask();
}

MetricQuestion MetricPanel::question() const {
  MetricQuestion question{.run = document_.run_id(),
                          .view = static_cast<MetricQuestion::View>(view_->currentIndex()),
                          .rate = rate_->isChecked() && rate_->isVisibleTo(this),
                          .group = group_->currentData().toString().toStdString(),
                          .hosts = document_.selection().hosts,
                          .end_s = chart::seconds(document_.end_ns())};
  if (const auto* series = document_.find_series(metric_->currentData().toString().toStdString())) {
    question.metric = *series;
  }
  return question;
}

void MetricPanel::ask() {
  const MetricQuestion wanted = question();
  if (wanted.metric.name.empty()) return;
  document_.data().ask(
      inquiry_,
      [wanted, hosts = document_.hosts()](const results::Database& database) {
        return metric_figure(database, wanted, *hosts);
      },
      [this, view = wanted.view](Result<chart::Figure> figure) {
        drawn_ = view;
        take(std::move(figure));
      });
}

void MetricPanel::take(Result<chart::Figure> figure) {
  if (!figure) return chart_->set_figure({.empty_text = text_of(figure.error())});
  chart_->set_figure(std::move(*figure));
  show_time();
}

void MetricPanel::show_time() {
  const bool over_time = drawn_ != MetricQuestion::View::distribution;
  chart_->set_cursor(over_time ? std::optional(chart::seconds(document_.time_ns())) : std::nullopt);
}

}  // namespace ghostnet::gui
