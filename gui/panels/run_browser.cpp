#include "panels/run_browser.hpp"

#include <QHeaderView>
#include <QLineEdit>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <algorithm>

#include "panels/table_kit.hpp"

namespace ghostnet::gui {

RunBrowser::RunBrowser(Document& document, QWidget* parent)
    : QWidget(parent), document_(document), model_(new RunsModel(this)), shown_(new QSortFilterProxyModel(this)) {
  build();
  connect(&document_, &Document::runs_changed, this, &RunBrowser::refresh);
  connect(&document_, &Document::run_changed, this, &RunBrowser::refresh);
  connect(&document_, &Document::theme_changed, this, &RunBrowser::refresh);
  refresh();
}

void RunBrowser::build() {
  shown_->setSourceModel(model_);
  shown_->setSortRole(Qt::UserRole);
  shown_->setFilterKeyColumn(-1);
  shown_->setFilterCaseSensitivity(Qt::CaseInsensitive);
  filter_ = make_filter(tr("Filter runs: name, status, setting, seed"));
  connect(filter_, &QLineEdit::textChanged, shown_, &QSortFilterProxyModel::setFilterFixedString);
  table_ = make_table(shown_, tr("Runs of the database"));
  table_->setSelectionMode(QAbstractItemView::ExtendedSelection);
  connect(table_, &QTableView::activated, this, &RunBrowser::open_selected);
  connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this, &RunBrowser::show_buttons);
  open_ = new QPushButton(tr("Show"));
  open_->setToolTip(tr("Shows the selected run (Enter)"));
  compare_ = new QPushButton(tr("Compare"));
  connect(open_, &QPushButton::clicked, this, &RunBrowser::open_selected);
  connect(compare_, &QPushButton::clicked, this, &RunBrowser::compare_selected);
  page_ = fill_with_page(*this, with_controls({filter_, open_, compare_}, table_));
  show_buttons();
}

void RunBrowser::refresh() {
  if (document_.path().isEmpty()) {
    return page_->show_words(tr("<p>No database is open.</p><p>Drop one on the window, or press Ctrl+O.</p>"));
  }
  if (document_.runs().empty()) {
    return page_->show_words(tr("<p>The database holds no runs yet.</p><p>Start one with <b>Run › Run scenario</b>, or "
                                "<code>ghostnet run FILE --db %1</code>.</p>")
                                 .arg(document_.path().toHtmlEscaped()));
  }
  const bool first = model_->rowCount() == 0;
  model_->set_theme(document_.theme_kind());
  model_->set_runs(document_.runs());
  model_->set_shown(document_.run_id());
  const results::RunRow& one = document_.runs().front();
  const bool differ = std::ranges::any_of(document_.runs(), [&](const results::RunRow& run) {
    return run.sweep_point != one.sweep_point || run.parameters != one.parameters;
  });
  table_->setColumnHidden(RunsModel::point, !differ);
  if (first) table_->resizeColumnsToContents();
  // A run that ends has another status, and the one that is shown is bold.
  for (const int column : {RunsModel::name, RunsModel::status, RunsModel::point}) {
    if (table_->isColumnHidden(column)) continue;
    table_->setColumnWidth(column, std::max(table_->columnWidth(column), needed_width(*table_, column)));
  }
  page_->show_content();
}

std::vector<std::int64_t> RunBrowser::selected() const {
  std::vector<std::int64_t> ids;
  for (const QModelIndex& index : table_->selectionModel()->selectedRows()) {
    if (const results::RunRow* run = model_->run_at(shown_->mapToSource(index).row())) ids.push_back(run->id);
  }
  std::ranges::sort(ids);
  return ids;
}

void RunBrowser::open_selected() {
  const std::vector<std::int64_t> ids = selected();
  if (!ids.empty()) document_.show_run(ids.front());
}

void RunBrowser::compare_selected() {
  const std::vector<std::int64_t> ids = selected();
  if (ids.size() == 2) return Q_EMIT compare_wanted(ids[0], ids[1]);
  if (ids.size() == 1 && document_.run() != nullptr) Q_EMIT compare_wanted(document_.run_id(), ids[0]);
}

void RunBrowser::show_buttons() {
  const std::vector<std::int64_t> ids = selected();
  const bool other = ids.size() == 1 && ids[0] != document_.run_id() && document_.run() != nullptr;
  open_->setEnabled(ids.size() == 1);
  compare_->setEnabled(ids.size() == 2 || other);
  compare_->setToolTip(other ? tr("Compares it with the run that is shown") : tr("Compares the two selected runs"));
}

}  // namespace ghostnet::gui
