#include "panels/metric_model.hpp"

#include <algorithm>

#include "charts/units.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

void MetricModel::set_history(HostHistory history, const std::vector<results::SeriesName>& series, double end_s) {
  std::vector<Metric> metrics;
  for (const results::SeriesName& named : series) {
    const auto found = history.find(named.metric_id);
    if (found == history.end()) continue;
    metrics.push_back({named, std::make_shared<const std::vector<results::Point>>(std::move(found->second))});
  }
  std::ranges::sort(metrics, {}, [](const Metric& metric) { return metric.series.name; });
  end_s_ = end_s;
  const auto same_name = [](const Metric& a, const Metric& b) { return a.series.name == b.series.name; };
  const bool same = std::ranges::equal(metrics, metrics_, same_name);
  if (!same) beginResetModel();
  metrics_ = std::move(metrics);
  if (!same) endResetModel();
  if (same && !metrics_.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, kColumns - 1));
}

void MetricModel::set_time(double now_s) {
  now_s_ = now_s;
  if (!metrics_.empty()) Q_EMIT dataChanged(index(0, value), index(rowCount() - 1, over_time));
}

int MetricModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(metrics_.size());
}

int MetricModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : kColumns; }

QVariant MetricModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const Metric& metric = metrics_[static_cast<std::size_t>(index.row())];
  if (role == Qt::ToolTipRole) return text_of(metric.series.help);
  if (role == Qt::TextAlignmentRole && index.column() == value) return int(Qt::AlignRight | Qt::AlignVCenter);
  if (role == SparklineDelegate::kRole && index.column() == over_time) {
    return QVariant::fromValue(Sparkline{metric.points, end_s_, now_s_});
  }
  if (role != Qt::DisplayRole) return {};
  if (index.column() == name) return text_of(metric.series.name);
  if (index.column() != value) return {};
  const std::optional<double> now = value_at(*metric.points, now_s_);
  return now ? chart::value_text(*now, metric.series.unit) : QStringLiteral("–");
}

QVariant MetricModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole && section == value) return int(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  static const QStringList names{QObject::tr("Metric"), QObject::tr("Now"), QObject::tr("Over time")};
  return names.value(section);
}

}  // namespace ghostnet::gui
