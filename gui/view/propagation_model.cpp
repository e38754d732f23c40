#include <algorithm>

#include "ghostnet/gui/propagation_panel.hpp"
#include "ghostnet/gui/scene/colouring.hpp"

namespace ghostnet::gui {

void PropagationModel::show(Propagation propagation, std::shared_ptr<const HostTable> hosts) {
  beginResetModel();
  propagation_ = std::move(propagation);
  hosts_ = std::move(hosts);
  const std::vector<Arrival>& arrivals = propagation_.arrivals;
  children_.assign(arrivals.size() + 1, {});
  below_.assign(arrivals.size(), 0);
  row_.assign(arrivals.size(), 0);
  for (std::size_t at = 0; at < arrivals.size(); ++at) {
    std::vector<std::size_t>& siblings = children_[arrivals[at].parent.value_or(arrivals.size())];
    row_[at] = static_cast<int>(siblings.size());
    siblings.push_back(at);
  }
  // Parents stand before their children.
  for (std::size_t at = arrivals.size(); at-- > 0;) {
    if (arrivals[at].parent) below_[*arrivals[at].parent] += below_[at] + 1;
  }
  endResetModel();
}

const Arrival* PropagationModel::arrival(const QModelIndex& index) const {
  return index.isValid() ? &propagation_.arrivals[index.internalId()] : nullptr;
}

QModelIndex PropagationModel::index_of_host(std::int64_t host) const {
  const auto found = propagation_.of.find(host);
  if (found == propagation_.of.end()) return {};
  return createIndex(row_[found->second], 0, found->second);
}

const std::vector<std::size_t>& PropagationModel::children_of(const QModelIndex& parent) const {
  return children_[parent.isValid() ? parent.internalId() : propagation_.arrivals.size()];
}

QModelIndex PropagationModel::index(int row, int column, const QModelIndex& parent) const {
  const std::vector<std::size_t>& children = children_of(parent);
  if (row < 0 || static_cast<std::size_t>(row) >= children.size() || column < 0 || column >= columns) return {};
  return createIndex(row, column, children[static_cast<std::size_t>(row)]);
}

QModelIndex PropagationModel::parent(const QModelIndex& index) const {
  const Arrival* got = arrival(index);
  if (got == nullptr || !got->parent) return {};
  return createIndex(row_[*got->parent], 0, *got->parent);
}

int PropagationModel::rowCount(const QModelIndex& parent) const {
  return parent.column() > 0 ? 0 : static_cast<int>(children_of(parent).size());
}

int PropagationModel::columnCount(const QModelIndex&) const { return columns; }

QVariant PropagationModel::data(const QModelIndex& index, int role) const {
  const Arrival* got = arrival(index);
  if (got == nullptr) return {};
  if (role == Qt::TextAlignmentRole && index.column() != host) return QVariant(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  switch (index.column()) {
    case host: {
      const auto at = hosts_->index_of(got->host);
      return at ? QString::fromStdString((*hosts_)[*at].name) : QString::number(got->host);
    }
    case delay: return got->parent ? value_text(static_cast<double>(got->delay_ns), "ns") : tr("publishes");
    case hop: return got->parent ? value_text(static_cast<double>(got->hop_ns), "ns") : QString();
    case reached: return QString("%L1").arg(below_[index.internalId()]);
    default: return {};
  }
}

QVariant PropagationModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole && section != host) return QVariant(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  const QString names[columns] = {tr("Host"), tr("After"), tr("Hop"), tr("Passed on")};
  return section < columns ? names[section] : QVariant();
}

}  // namespace ghostnet::gui
