#include "panels/sweep_panel.hpp"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>
#include <algorithm>
#include <limits>
#include <set>

#include "panels/runs_model.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

constexpr double kConfidence = 0.95;
constexpr int kWait_ms = 500;

// The number of a setting as it is written: "1 %", "40 ms", "8". NaN: it has none.
double leading_number(const std::string& setting) {
  const QString text = text_of(setting).trimmed();
  qsizetype digits = 0;
  while (digits < text.size() && (text[digits].isDigit() || QStringLiteral(".-+").contains(text[digits]))) ++digits;
  bool ok = false;
  const double number = text.left(digits).toDouble(&ok);
  return ok ? number : std::numeric_limits<double>::quiet_NaN();
}

// What follows the number, when it is the same for all: "%", "ms". Numbers of different units are no scale.
std::optional<std::string> common_unit(const Sweep& sweep, const std::string& path) {
  std::optional<std::string> unit;
  for (const Sweep::Point& point : sweep.points) {
    for (const auto& [name, setting] : point.settings) {
      if (name != path) continue;
      QString rest = text_of(setting).trimmed();
      while (!rest.isEmpty() && (rest[0].isDigit() || QStringLiteral(".-+ ").contains(rest[0]))) rest.remove(0, 1);
      if (unit && *unit != rest.toStdString()) return std::nullopt;
      unit = rest.toStdString();
    }
  }
  return unit;
}

}  // namespace

Result<Sweep> sweep_of_batch(const results::Database& database, std::vector<results::RunRow> runs) {
  Sweep sweep;
  for (results::RunRow& run : runs) {
    if (!run.finished()) continue;
    for (const auto& [path, value] : run.sweep_point) {
      if (std::ranges::find(sweep.paths, path) == sweep.paths.end()) sweep.paths.push_back(path);
    }
    auto point = std::ranges::find(sweep.points, run.sweep_point, &Sweep::Point::settings);
    if (point == sweep.points.end()) {
      sweep.points.push_back({.settings = run.sweep_point});
      point = std::prev(sweep.points.end());
    }
    point->runs.push_back(std::move(run));
  }
  for (Sweep::Point& point : sweep.points) {
    auto statistics = results::statistics_of({"", &database, point.runs});
    if (!statistics) return fail(std::move(statistics));
    point.statistics = std::move(*statistics);
  }
  return sweep;
}

chart::Figure sweep_chart(const Sweep& sweep, const std::string& path, const std::string& metric,
                          const std::string& statistic) {
  const std::optional<std::string> setting_unit = common_unit(sweep, path);
  std::map<QString, std::vector<SweepPoint>> curves;
  std::string unit;
  for (const Sweep::Point& point : sweep.points) {
    const auto found = std::ranges::find_if(point.statistics, [&](const results::Statistic& each) {
      return each.metric == metric && each.name == statistic;
    });
    if (found == point.statistics.end()) continue;
    if (statistic != "count") unit = found->unit;
    results::Settings others = point.settings;
    std::erase_if(others, [&](const auto& setting) { return setting.first == path; });
    const auto own = std::ranges::find(point.settings, path, &std::pair<std::string, std::string>::first);
    if (own == point.settings.end()) continue;
    const double number = setting_unit ? leading_number(own->second) : std::numeric_limits<double>::quiet_NaN();
    curves[others.empty() ? text_of(metric) : point_text(others)].push_back(
        {text_of(own->second), number, found->estimate});
  }
  std::vector<std::pair<QString, std::vector<SweepPoint>>> list(curves.begin(), curves.end());
  chart::Figure figure =
      sweep_figure(QObject::tr("%1 of %2, mean and 95 % confidence interval").arg(text_of(statistic), text_of(metric)),
                   text_of(path), unit, std::move(list), kConfidence);
  if (setting_unit && figure.x.names.isEmpty()) figure.x.unit = *setting_unit;
  figure.empty_text = QObject::tr("No run of this sweep measured it.");
  return figure;
}

SweepPanel::SweepPanel(Document& document, QWidget* parent)
    : QWidget(parent), document_(document), refresher_(*this, [this] { ask(); }, kWait_ms) {
  build();
  connect(&document_, &Document::runs_changed, this, &SweepPanel::offer_batches);
  connect(&document_, &Document::run_changed, this, &SweepPanel::offer_batches);
  offer_batches();
}

void SweepPanel::build() {
  batch_ = new QComboBox;
  batch_->setAccessibleName(tr("Sweep"));
  path_ = new QComboBox;
  path_->setAccessibleName(tr("Swept parameter"));
  statistic_ = new QComboBox;
  statistic_->setAccessibleName(tr("Statistic"));
  statistic_->setMaxVisibleItems(24);
  for (QComboBox* choice : {batch_, path_, statistic_}) {
    choice->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    choice->setMinimumContentsLength(10);
  }
  chart_ = new chart::ChartWidget;
  connect(batch_, &QComboBox::activated, this, &SweepPanel::ask);
  connect(path_, &QComboBox::activated, this, &SweepPanel::draw);
  connect(statistic_, &QComboBox::activated, this, &SweepPanel::draw);
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  auto* row = new QHBoxLayout;
  row->addWidget(batch_, 1);
  row->addWidget(statistic_, 2);
  row->addWidget(new QLabel(tr("over")));
  row->addWidget(path_, 1);
  column->setContentsMargins(8, 8, 8, 8);
  column->addLayout(row);
  column->addWidget(chart_, 1);
  page_ = fill_with_page(*this, content);
}

void SweepPanel::offer_batches() {
  std::map<std::int64_t, int> runs_of;
  for (const results::RunRow& run : document_.runs()) {
    if (run.batch != 0 && !run.sweep_point.empty()) ++runs_of[run.batch];
  }
  if (runs_of.empty()) {
    return page_->show_words(
        tr("<p>The database holds no sweep.</p><p>A scenario with <code>sweep:</code>, or</p>") +
        as_yaml(
            QStringLiteral("ghostnet run FILE --db results.sqlite \\\n  --sweep network.loss=0%,1%,5% --repeat 5")));
  }
  page_->show_content();
  const QVariant before = batch_->currentData();
  batch_->clear();
  for (const auto& [batch, runs] : runs_of) {
    batch_->addItem(tr("Sweep %1, %2 runs").arg(batch).arg(runs), QVariant::fromValue<qlonglong>(batch));
  }
  const int same = batch_->findData(before);
  batch_->setCurrentIndex(same >= 0 ? same : batch_->count() - 1);
  refresher_.request();
}

void SweepPanel::ask() {
  std::vector<results::RunRow> runs;
  for (const results::RunRow& run : document_.runs()) {
    if (run.batch == batch_->currentData().toLongLong()) runs.push_back(run);
  }
  if (runs.empty()) return;
  document_.data().ask(
      inquiry_, [runs = std::move(runs)](const results::Database& database) { return sweep_of_batch(database, runs); },
      [this](Result<Sweep> sweep) { take(std::move(sweep)); });
}

void SweepPanel::take(Result<Sweep> sweep) {
  if (!sweep) return chart_->set_figure({.empty_text = text_of(sweep.error())});
  sweep_ = std::move(*sweep);
  const QString path = path_->currentText();
  path_->clear();
  for (const std::string& each : sweep_.paths) path_->addItem(text_of(each));
  path_->setCurrentIndex(std::max(0, path_->findText(path)));
  const QString statistic = statistic_->currentText();
  statistic_->clear();
  std::set<std::pair<std::string, std::string>> names;
  for (const Sweep::Point& point : sweep_.points) {
    for (const results::Statistic& each : point.statistics) {
      if (each.estimate.value != 0) names.insert({each.metric, each.name});  // what never happened has no curve
    }
  }
  for (const auto& [metric, name] : names) {
    statistic_->addItem(tr("%1 of %2").arg(text_of(name), text_of(metric)),
                        QStringList{text_of(metric), text_of(name)});
  }
  statistic_->setCurrentIndex(std::max(0, statistic_->findText(statistic)));
  draw();
}

void SweepPanel::show_statistic(const QString& metric, const QString& statistic) {
  const int index = statistic_->findData(QStringList{metric, statistic});
  if (index >= 0) statistic_->setCurrentIndex(index);
  draw();
}

void SweepPanel::draw() {
  const QStringList chosen = statistic_->currentData().toStringList();
  if (chosen.size() != 2) return chart_->set_figure({.empty_text = tr("No run of this sweep is finished yet.")});
  chart_->set_figure(
      sweep_chart(sweep_, path_->currentText().toStdString(), chosen[0].toStdString(), chosen[1].toStdString()));
}

}  // namespace ghostnet::gui
