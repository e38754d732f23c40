#include "panels/runs_model.hpp"

#include <QDateTime>
#include <QFont>
#include <algorithm>

#include "charts/units.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

const results::Settings& changed(const results::RunRow& run) {
  return run.sweep_point.empty() ? run.parameters : run.sweep_point;
}

}  // namespace

QString point_text(const results::Settings& point) {
  QStringList parts;
  for (const auto& [path, value] : point) parts << QStringLiteral("%1=%2").arg(text_of(path), text_of(value));
  return parts.join(QLatin1Char(' '));
}

QString short_point_text(const results::Settings& point) {
  const auto last_part = [](const std::string& path) { return path.substr(path.rfind('.') + 1); };
  QStringList parts;
  for (const auto& [path, value] : point) {
    const auto same =
        std::ranges::count_if(point, [&](const auto& other) { return last_part(other.first) == last_part(path); });
    parts << QStringLiteral("%1=%2").arg(text_of(same == 1 ? last_part(path) : path), text_of(value));
  }
  return parts.join(QLatin1Char(' '));
}

void RunsModel::set_runs(std::vector<results::RunRow> runs) {
  // Rows that only grew stay selected: the view is told of a reset only where other runs stand there.
  const auto same = [](const results::RunRow& a, const results::RunRow& b) { return a.id == b.id; };
  if (runs.size() >= runs_.size() && std::equal(runs_.begin(), runs_.end(), runs.begin(), same)) {
    const int before = static_cast<int>(runs_.size());
    const int after = static_cast<int>(runs.size());
    if (after > before) beginInsertRows({}, before, after - 1);
    runs_ = std::move(runs);
    if (after > before) endInsertRows();
    if (before > 0) Q_EMIT dataChanged(index(0, 0), index(before - 1, kColumns - 1));
    return;
  }
  beginResetModel();
  runs_ = std::move(runs);
  endResetModel();
}

void RunsModel::set_shown(std::int64_t run_id) {
  shown_ = run_id;
  if (!runs_.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, kColumns - 1));
}

const results::RunRow* RunsModel::run_at(int row) const {
  return row >= 0 && static_cast<std::size_t>(row) < runs_.size() ? &runs_[static_cast<std::size_t>(row)] : nullptr;
}

std::optional<int> RunsModel::row_of(std::int64_t run_id) const {
  const auto found = std::ranges::find(runs_, run_id, &results::RunRow::id);
  return found == runs_.end() ? std::nullopt : std::optional(static_cast<int>(found - runs_.begin()));
}

int RunsModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(runs_.size());
}

int RunsModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : kColumns; }

QString RunsModel::text(const results::RunRow& run, int column) const {
  switch (column) {
    case number: return QString::number(run.id);
    case name: return text_of(run.name);
    case status: return status_text(run, is_written(run));
    case point: return short_point_text(changed(run));
    case seed: return text_of(run.seed);
    case simulated: return chart::seconds_text(run.status == "unfinished" ? run.planned_s : run.simulated_s);
    case wall: return run.wall_s > 0 ? chart::seconds_text(run.wall_s) : QString();
    case hosts: return QStringLiteral("%L1").arg(run.hosts);
    case started:
      return QDateTime::fromMSecsSinceEpoch(run.started_unix_ms).toString(QStringLiteral("yyyy-MM-dd hh:mm:ss"));
    default: return {};
  }
}

QVariant RunsModel::sort_key(const results::RunRow& run, int column) const {
  switch (column) {
    case number: return QVariant::fromValue<qlonglong>(run.id);
    case seed: return text_of(run.seed).toULongLong();
    case simulated: return run.simulated_s;
    case wall: return run.wall_s;
    case hosts: return QVariant::fromValue<qlonglong>(run.hosts);
    case started: return QVariant::fromValue<qlonglong>(run.started_unix_ms);
    default: return text(run, column);
  }
}

QVariant RunsModel::data(const QModelIndex& index, int role) const {
  const results::RunRow* run = run_at(index.row());
  if (run == nullptr) return {};
  const int column = index.column();
  switch (role) {
    case Qt::DisplayRole: return text(*run, column);
    case Qt::UserRole: return sort_key(*run, column);
    case Qt::ToolTipRole: {
      QStringList lines{column == point ? point_text(changed(*run)) : text(*run, column)};
      if (!run->error.empty()) lines << text_of(run->error);
      for (const std::string& warning : run->warnings) lines << QObject::tr("warning: %1").arg(text_of(warning));
      return lines.join(QLatin1Char('\n'));
    }
    case Qt::ForegroundRole: return column == status ? QVariant(status_colour(theme_of(theme_), *run)) : QVariant();
    case Qt::TextAlignmentRole:
      if (column >= simulated && column <= wall) return int(Qt::AlignRight | Qt::AlignVCenter);
      return {};
    case Qt::FontRole: {
      QFont bold;
      bold.setBold(true);
      return run->id == shown_ ? QVariant(bold) : QVariant();
    }
    default: return {};
  }
}

QVariant RunsModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole && section >= simulated && section <= wall)
    return int(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  static const QStringList names{QObject::tr("Run"),     QObject::tr("Name"),     QObject::tr("Status"),
                                 QObject::tr("Changed"), QObject::tr("Duration"), QObject::tr("Hosts"),
                                 QObject::tr("Seed"),    QObject::tr("Wall"),     QObject::tr("Started")};
  return names.value(section);
}

}  // namespace ghostnet::gui
