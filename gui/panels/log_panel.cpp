#include "panels/log_panel.hpp"

#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QTableView>
#include <algorithm>
#include <ranges>

#include "charts/units.hpp"
#include "ghostnet/results/inspect.hpp"
#include "panels/table_kit.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kLogWait_ms = 300;

}  // namespace

// ---- LogModel ----

void LogModel::set_lines(std::vector<LogLine> lines, std::shared_ptr<const HostTable> hosts) {
  beginResetModel();
  lines_ = std::move(lines);
  hosts_ = std::move(hosts);
  endResetModel();
}

void LogModel::set_theme(ThemeKind theme) {
  theme_ = theme;
  if (!lines_.empty()) Q_EMIT dataChanged(index(0, level), index(rowCount() - 1, level), {Qt::ForegroundRole});
}

int LogModel::row_at(std::int64_t time_ns) const {
  const auto after = std::ranges::upper_bound(lines_, time_ns, {}, &LogLine::time_ns);
  return static_cast<int>(after - lines_.begin()) - 1;
}

int LogModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(lines_.size());
}

int LogModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : kColumns; }

QVariant LogModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const LogLine& line = lines_[static_cast<std::size_t>(index.row())];
  if (role == Qt::TextAlignmentRole && index.column() == time) return int(Qt::AlignRight | Qt::AlignVCenter);
  if (role == Qt::ToolTipRole && index.column() == text) return text_of(line.text);
  if (role == Qt::ForegroundRole && index.column() == level) {
    const Theme& theme = theme_of(theme_);
    return line.level == "error" ? theme.bad : line.level == "warn" ? theme.warning : theme.faint_text;
  }
  if (role != Qt::DisplayRole) return {};
  switch (index.column()) {
    case time: return chart::seconds_text(chart::seconds(line.time_ns));
    case host: return line.host ? host_text(*hosts_, *line.host) : QObject::tr("world");
    case level: return text_of(line.level);
    case component: return text_of(line.component);
    case text: return text_of(line.text);
    default: return {};
  }
}

QVariant LogModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole && section == time) return int(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  static const QStringList names{QObject::tr("Time"), QObject::tr("Host"), QObject::tr("Level"), QObject::tr("Part"),
                                 QObject::tr("Text")};
  return names.value(section);
}

// ---- LogPanel ----

LogPanel::LogPanel(Document& document, QWidget* parent)
    : QWidget(parent),
      document_(document),
      model_(new LogModel(this)),
      refresher_(*this, [this] { ask(); }, kLogWait_ms) {
  build();
  connect(&document_, &Document::run_changed, this, &LogPanel::begin);
  const auto again = [this] { refresher_.request(); };
  connect(&document_, &Document::run_grew, this, again);
  connect(&document_, &Document::selection_changed, this, again);
  connect(&document_, &Document::theme_changed, this, [this] { model_->set_theme(document_.theme_kind()); });
  connect(&document_, &Document::time_changed, this, &LogPanel::show_time);
  begin();
}

void LogPanel::build() {
  words_ = make_filter(tr("Filter the log"));
  level_ = new QComboBox;
  level_->setAccessibleName(tr("Least level"));
  level_->addItem(tr("All levels"), QString());
  for (const std::string_view level : kLogLevels | std::views::drop(1)) {
    const QString name = text_of(std::string(level));
    level_->addItem(tr("from %1").arg(name), name);
  }
  count_ = new QLabel;
  table_ = make_table(model_, tr("Log of the selected hosts"));
  table_->setSortingEnabled(false);
  connect(words_, &QLineEdit::textChanged, this, [this] { refresher_.request(); });
  connect(level_, &QComboBox::activated, this, [this] { refresher_.request(); });
  connect(table_, &QTableView::clicked, this, &LogPanel::go_to);
  connect(table_, &QTableView::activated, this, &LogPanel::go_to);
  page_ = fill_with_page(*this, with_controls({words_, level_, count_}, table_));
}

void LogPanel::begin() {
  directory_inquiry_.withdraw();
  lines_inquiry_.withdraw();
  directory_.reset();
  model_->set_lines({}, document_.hosts());
  model_->set_theme(document_.theme_kind());
  if (document_.run() == nullptr) return page_->show_words(tr("Open a database to see the logs of its runs."));
  page_->show_content();
  refresher_.request();
}

void LogPanel::ask() {
  if (document_.run() == nullptr) return;
  if (directory_) return ask_lines();
  document_.data().ask(
      directory_inquiry_,
      [run = document_.run_id()](const results::Database& database) { return results::log_directory(database, run); },
      [this](Result<std::string> directory) {
        if (!directory) return page_->show_words(text_of(directory.error()));
        directory_ = std::move(*directory);
        ask_lines();
      });
}

void LogPanel::ask_lines() {
  if (directory_->empty()) {
    return page_->show_words(tr("<p>This run kept no logs of its hosts. To have a file for each, add to the "
                                "scenario:</p>") +
                             as_yaml(QStringLiteral("record:\n  logs: logs       # a directory\n  log_level: debug")));
  }
  LogQuestion question{.directory = *directory_,
                       .hosts = document_.selection().hosts,
                       .words = words_->text().trimmed().toStdString(),
                       .least_level = level_->currentData().toString().toStdString()};
  reading_.ask(
      lines_inquiry_, [question = std::move(question)](const Ticket& ticket) { return read_logs(question, ticket); },
      [this](Result<LogAnswer> answer) { take(std::move(answer)); });
}

void LogPanel::take(Result<LogAnswer> answer) {
  if (!answer) return page_->show_words(text_of(answer.error()));
  const bool first = model_->lines().empty();
  const std::size_t selected = document_.selection().hosts.size();
  QString words = tr("%L1 lines").arg(answer->lines.size());
  if (answer->cut_short) words = tr("the last %L1 lines").arg(answer->lines.size());
  if (selected == 0) words += tr(", of the world; select hosts to see theirs");
  if (selected > LogQuestion::kMaxFiles) words += tr(", of the first %1 selected hosts").arg(LogQuestion::kMaxFiles);
  if (!answer->none.empty()) words += tr(", %1 selected hosts logged nothing").arg(answer->none.size());
  count_->setText(words);
  model_->set_lines(std::move(answer->lines), document_.hosts());
  if (first) table_->resizeColumnsToContents();
  page_->show_content();
  show_time();
}

void LogPanel::go_to(const QModelIndex& index) {
  if (index.isValid()) document_.set_time_ns(model_->lines()[static_cast<std::size_t>(index.row())].time_ns);
}

void LogPanel::show_time() {
  const int row = model_->row_at(document_.time_ns());
  if (row >= 0 && isVisible() && !table_->hasFocus()) table_->selectRow(row);
}

}  // namespace ghostnet::gui
