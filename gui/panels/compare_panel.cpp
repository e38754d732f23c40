#include "panels/compare_panel.hpp"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QSortFilterProxyModel>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>
#include <map>

#include "panels/runs_model.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kMostChoices = 2'000;
constexpr int kShare = 300;            // of the width: three for the table, two for the chart
constexpr double kMostForTable = 0.7;  // of the width, where its columns need more

QString label_of(const results::RunRow& run) {
  const QString point = short_point_text(run.sweep_point.empty() ? run.parameters : run.sweep_point);
  return QObject::tr("%1  %2, seed %3%4")
      .arg(run.id)
      .arg(text_of(run.name), text_of(run.seed), point.isEmpty() ? QString() : QStringLiteral(", ") + point);
}

// Every point of a batch that was run more than once, as `results compare` names it.
std::map<QString, int> points_of(const std::vector<results::RunRow>& runs) {
  std::map<QString, int> points;
  for (const results::RunRow& run : runs) {
    if (run.batch == 0 || !run.finished()) continue;
    QString words = QStringLiteral("batch:%1").arg(run.batch);
    for (const auto& [path, value] : run.sweep_point) {
      words += QStringLiteral("[%1=%2]").arg(text_of(path), text_of(value));
    }
    ++points[words];
  }
  return points;
}

QComboBox* make_choice(const QString& name) {
  auto* choice = new QComboBox;
  choice->setAccessibleName(name);
  choice->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  choice->setMinimumContentsLength(14);
  return choice;
}

}  // namespace

ComparePanel::ComparePanel(Document& document, QWidget* parent) : QWidget(parent), document_(document) {
  build();
  connect(&document_, &Document::runs_changed, this, &ComparePanel::offer_runs);
  connect(&document_, &Document::theme_changed, this, &ComparePanel::fill_table);
  offer_runs();
}

void ComparePanel::build() {
  page_ = fill_with_page(*this, build_content());
  connect(a_, &QComboBox::activated, this, &ComparePanel::ask);
  connect(b_, &QComboBox::activated, this, &ComparePanel::ask);
  connect(filter_, &QLineEdit::textChanged, this, &ComparePanel::fill_table);
  connect(only_differences_, &QCheckBox::toggled, this, &ComparePanel::fill_table);
  connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &ComparePanel::show_metric);
}

QWidget* ComparePanel::build_content() {
  a_ = make_choice(tr("Run A"));
  b_ = make_choice(tr("Run B"));
  filter_ = make_filter(tr("Filter metrics"));
  only_differences_ = new QCheckBox(tr("Only what differs"));
  summary_ = new QLabel;
  summary_->setWordWrap(true);
  model_ = new CellModel({tr("Metric"), tr("Statistic"), tr("A"), tr("B"), tr("Difference"), tr("Verdict")}, this);
  sorted_ = new QSortFilterProxyModel(this);
  sorted_->setSourceModel(model_);
  sorted_->setSortRole(Qt::UserRole);
  table_ = make_table(sorted_, tr("Statistics of both runs"));
  chart_ = new chart::ChartWidget;

  auto* choices = new QHBoxLayout;
  choices->addWidget(new QLabel(tr("A")));
  choices->addWidget(a_, 1);
  choices->addSpacing(8);
  choices->addWidget(new QLabel(tr("B")));
  choices->addWidget(b_, 1);
  choices->addSpacing(8);
  choices->addWidget(filter_, 1);
  choices->addWidget(only_differences_);
  halves_ = new QSplitter(Qt::Horizontal);
  halves_->addWidget(table_);
  halves_->addWidget(chart_);
  halves_->setStretchFactor(0, 3);
  halves_->setStretchFactor(1, 2);
  halves_->setSizes({3 * kShare, 2 * kShare});
  halves_->setChildrenCollapsible(false);
  connect(halves_, &QSplitter::splitterMoved, this, [this] { by_hand_ = true; });
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  column->setContentsMargins(8, 8, 8, 8);
  column->addLayout(choices);
  column->addWidget(summary_);
  column->addWidget(halves_, 1);
  return content;
}

void ComparePanel::offer_runs() {
  if (document_.runs().size() < 2) {
    return page_->show_words(
        tr("<p>A comparison takes two runs.</p><p>Record another with "
           "<code>ghostnet run FILE --db %1</code>, with another seed or a setting changed.</p>")
            .arg(document_.path().isEmpty() ? QStringLiteral("results.sqlite") : document_.path().toHtmlEscaped()));
  }
  page_->show_content();
  const std::map<QString, int> points = points_of(document_.runs());
  const int finished = static_cast<int>(std::ranges::count_if(document_.runs(), &results::RunRow::finished));
  const int wanted =
      std::min(finished, kMostChoices) +
      static_cast<int>(std::ranges::count_if(points, [](const auto& point) { return point.second > 1; }));
  if (a_->count() == wanted) return;
  for (QComboBox* choice : {a_, b_}) {
    const QString before = choice->currentData().toString();
    choice->clear();
    for (const auto& [words, repeats] : points) {
      if (repeats > 1) choice->addItem(tr("%1, %2 runs").arg(words).arg(repeats), words);
    }
    int offered = 0;
    for (const results::RunRow& run : document_.runs()) {
      if (run.finished() && offered++ < kMostChoices) choice->addItem(label_of(run), QString::number(run.id));
    }
    choice->setCurrentIndex(choice->findData(before));
  }
  if (!comparison_) summary_->setText(tr("Choose two runs, or select two in the list of runs and press Compare."));
}

void ComparePanel::compare(qint64 a, qint64 b) {
  offer_runs();
  a_->setCurrentIndex(a_->findData(QString::number(a)));
  b_->setCurrentIndex(b_->findData(QString::number(b)));
  ask();
}

void ComparePanel::ask() {
  const std::string a = a_->currentData().toString().toStdString();
  const std::string b = b_->currentData().toString().toStdString();
  if (a.empty() || b.empty()) return;
  summary_->setText(tr("Comparing…"));
  document_.data().ask(
      comparing_, [a, b](const results::Database& database) { return compare_sets(database, a, b); },
      [this](Result<results::Comparison> comparison) { take(std::move(comparison)); });
}

void ComparePanel::take(Result<results::Comparison> comparison) {
  if (!comparison) return summary_->setText(text_of(comparison.error()));
  comparison_ = std::move(*comparison);
  summary_->setText(comparison_summary(*comparison_));
  fill_table();
  table_->resizeColumnsToContents();
  give_room();
  if (comparison_->differs()) table_->sortByColumn(5, Qt::AscendingOrder);
  if (sorted_->rowCount() > 0) table_->selectRow(0);
}

// To the table what its columns need, until somebody moves the line between the halves.
void ComparePanel::give_room() {
  constexpr int kScrollBar = 14;
  const int whole = halves_->width();
  const auto most = static_cast<int>(whole * kMostForTable);
  int needed = kScrollBar;
  for (int column = 0; column < model_->columnCount(); ++column) needed += needed_width(*table_, column);
  if (by_hand_ || needed <= halves_->sizes().front()) return;
  halves_->setSizes({std::min(needed, most), whole - std::min(needed, most)});
}

void ComparePanel::fill_table() {
  if (!comparison_) return;
  model_->set_rows(comparison_rows(*comparison_, {filter_->text(), only_differences_->isChecked()}, document_.theme()));
}

// A set of runs is drawn as its first run.
void ComparePanel::show_metric() {
  const QModelIndex current = sorted_->mapToSource(table_->currentIndex());
  if (!comparison_ || !current.isValid()) return;
  const auto& row = model_->rows()[static_cast<std::size_t>(current.row())];
  const std::string metric = comparison_->statistics[static_cast<std::size_t>(row.key)].metric;
  const std::string a = a_->currentData().toString().toStdString();
  const std::string b = b_->currentData().toString().toStdString();
  document_.data().ask(
      drawing_,
      [a, b, metric](const results::Database& database) -> Result<chart::Figure> {
        Result<std::vector<results::RunRow>> runs_a = results::select_runs(database, a);
        if (!runs_a) return fail(std::move(runs_a));
        Result<std::vector<results::RunRow>> runs_b = results::select_runs(database, b);
        if (!runs_b) return fail(std::move(runs_b));
        return overlaid(database, runs_a->front().id, runs_b->front().id, metric);
      },
      [this](Result<chart::Figure> figure) {
        if (figure) return chart_->set_figure(std::move(*figure));
        chart_->set_figure({.empty_text = text_of(figure.error())});
      });
}

}  // namespace ghostnet::gui
