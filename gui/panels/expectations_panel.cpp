#include "panels/expectations_panel.hpp"

#include <QHeaderView>
#include <QLabel>
#include <QVBoxLayout>
#include <algorithm>

#include "charts/units.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

// Of a ratio a share where the expression speaks of one; of a metric alone its unit; a count has none.
std::string unit_of(const std::string& expression, const std::vector<results::SeriesName>& names) {
  if (expression.find('/') != std::string::npos) return expression.find('%') != std::string::npos ? "share" : "";
  const std::string name = metric_in(expression, names);
  const auto series = std::ranges::find(names, name, &results::SeriesName::name);
  if (series == names.end() || series->kind == "counter" || expression.starts_with("count(")) return "";
  return series->unit;
}

// Names of metrics are long words: they may be broken after a dot or a bracket.
QString breakable(const std::string& expression) {
  QString words;
  for (const QChar letter : text_of(expression)) {
    words += letter;
    if (letter == '.' || letter == '(' || letter == '_') words += QChar(0x200b);
  }
  return words;
}

}  // namespace

std::vector<CellModel::Row> expectation_rows(const std::vector<results::ExpectationRow>& expectations,
                                             const std::vector<results::SeriesName>& names, const Theme& theme) {
  std::vector<CellModel::Row> rows;
  for (const results::ExpectationRow& expectation : expectations) {
    const Cell verdict = expectation.held ? Cell{.text = QObject::tr("✓ held"), .colour = theme.good}
                                          : Cell{.text = QObject::tr("✗ broken"), .colour = theme.bad};
    const QString value = expectation.value
                              ? chart::value_text(*expectation.value, unit_of(expectation.expression, names))
                              : QObject::tr("not measured");
    rows.push_back({{verdict,
                     {.text = breakable(expectation.expression), .tip = text_of(expectation.expression)},
                     {.text = value, .right = true}},
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
  constexpr int kReadableWidth = 260;
  setMinimumWidth(kReadableWidth);
  summary_ = new QLabel;
  summary_->setWordWrap(true);
  model_ = new CellModel({tr("Verdict"), tr("Expectation"), tr("Measured")}, this);
  table_ = make_table(model_, tr("Expectations"));
  table_->setSortingEnabled(false);
  // An expectation may be longer than the panel is wide.
  table_->setWordWrap(true);
  table_->setItemDelegate(new RoomyDelegate(table_));
  table_->horizontalHeader()->setStretchLastSection(false);
  table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  table_->horizontalHeader()->setSectionResizeMode(1, QHeaderView::Stretch);
  table_->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  auto* content = new QWidget;
  auto* column = new QVBoxLayout(content);
  column->setContentsMargins(8, 8, 8, 8);
  column->addWidget(summary_);
  column->addWidget(table_, 1);
  page_ = fill_with_page(*this, content);
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
                  as_yaml(QStringLiteral("expect:\n  - echo.timeouts == 0\n  - p99(echo.rtt) < 800 ms")));
  }
  expectations_ = std::move(*expectations);
  const auto held = std::ranges::count(expectations_, true, &results::ExpectationRow::held);
  const bool all = held == std::ssize(expectations_);
  summary_->setText(
      all ? tr("All %1 expectations held.").arg(expectations_.size())
          : tr("%1 of %2 expectations are broken.").arg(std::ssize(expectations_) - held).arg(expectations_.size()));
  model_->set_rows(expectation_rows(expectations_, document_.series(), document_.theme()));
  page_->show_content();
}

}  // namespace ghostnet::gui
