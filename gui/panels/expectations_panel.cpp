#include "panels/expectations_panel.hpp"

#include <QLabel>
#include <QVBoxLayout>
#include <algorithm>

#include "panels/words.hpp"

namespace ghostnet::gui {

std::vector<CellModel::Row> expectation_rows(const std::vector<results::ExpectationRow>& expectations,
                                             const Theme& theme) {
  std::vector<CellModel::Row> rows;
  for (const results::ExpectationRow& expectation : expectations) {
    const Cell verdict = expectation.held ? Cell{.text = QObject::tr("✓ held"), .colour = theme.good}
                                          : Cell{.text = QObject::tr("✗ broken"), .colour = theme.bad};
    const QString value = expectation.value ? QString::number(*expectation.value, 'g', 6) : QObject::tr("not measured");
    rows.push_back({{verdict, {.text = text_of(expectation.expression)}, {.text = value, .right = true}},
                    static_cast<qint64>(rows.size())});
  }
  return rows;
}

std::string metric_in(const std::string& expression, const std::vector<results::SeriesName>& names) {
  std::string found;
  std::size_t at = std::string::npos;
  for (const results::SeriesName& series : names) {
    const std::size_t here = expression.find(series.name);
    // Of two that begin at one place the longer is meant: gossipsub.delivered_bytes, not gossipsub.delivered.
    if (here < at || (here == at && here != std::string::npos && series.name.size() > found.size())) {
      found = series.name;
      at = here;
    }
  }
  return found;
}

ExpectationsPanel::ExpectationsPanel(Document& document, QWidget* parent) : QWidget(parent), document_(document) {
  summary_ = new QLabel;
  summary_->setWordWrap(true);
  model_ = new CellModel({tr("Verdict"), tr("Expectation"), tr("Measured")}, this);
  table_ = make_table(model_, tr("Expectations"));
  table_->setSortingEnabled(false);
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  column->setContentsMargins(8, 8, 8, 8);
  column->addWidget(summary_);
  column->addWidget(table_, 1);
  page_ = new PanelPage(content);
  auto* whole = new QVBoxLayout(this);
  whole->setContentsMargins(0, 0, 0, 0);
  whole->addWidget(page_);
  connect(table_, &QTableView::activated, this, [this](const QModelIndex& index) {
    const auto row = static_cast<std::size_t>(index.row());
    const std::string name = metric_in(expectations_[row].expression, document_.series());
    if (!name.empty()) Q_EMIT metric_wanted(text_of(name));
  });
  connect(&document_, &Document::run_changed, this, &ExpectationsPanel::refresh);
  connect(&document_, &Document::run_grew, this, &ExpectationsPanel::refresh);
  connect(&document_, &Document::theme_changed, this, &ExpectationsPanel::refresh);
  refresh();
}

void ExpectationsPanel::refresh() {
  if (document_.run() == nullptr) return page_->show_words(tr("Open a database to see what its runs were to show."));
  document_.data().ask(
      inquiry_,
      [run = document_.run_id()](const results::Database& database) { return results::expectations(database, run); },
      [this](Result<std::vector<results::ExpectationRow>> expectations) { take(std::move(expectations)); });
}

void ExpectationsPanel::take(Result<std::vector<results::ExpectationRow>> expectations) {
  if (!expectations) return page_->show_words(text_of(expectations.error()));
  if (expectations->empty()) {
    return page_->show_words(
        document_.is_live()
            ? tr("The verdicts are given at the end of the run.")
            : tr("<p>The scenario expects nothing. To make it a test, add to it:</p>") +
                  as_yaml(QStringLiteral("expect:\n  - gossipsub.delivered / gossipsub.expected >= 99.9 %\n"
                                         "  - p99(gossipsub.delivery_latency) < 800 ms")));
  }
  const bool first = expectations_.size() != expectations->size();
  expectations_ = std::move(*expectations);
  const auto held = std::ranges::count(expectations_, true, &results::ExpectationRow::held);
  const bool all = held == std::ssize(expectations_);
  summary_->setText(
      all ? tr("All %1 expectations held.").arg(expectations_.size())
          : tr("%1 of %2 expectations are broken.").arg(std::ssize(expectations_) - held).arg(expectations_.size()));
  model_->set_rows(expectation_rows(expectations_, document_.theme()));
  if (first) table_->resizeColumnsToContents();
  page_->show_content();
}

}  // namespace ghostnet::gui
