#include "panels/propagation_model.hpp"

#include <algorithm>

#include "charts/units.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

// ---- PropagationModel ----

void PropagationModel::show(std::shared_ptr<const Propagation> propagation, std::shared_ptr<const HostTable> hosts) {
  beginResetModel();
  propagation_ = std::move(propagation);
  hosts_ = std::move(hosts);
  const std::vector<Arrival>& arrivals = propagation_->arrivals;
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
  return index.isValid() ? &propagation_->arrivals[index.internalId()] : nullptr;
}

QModelIndex PropagationModel::index_of_host(std::int64_t host) const {
  const auto found = propagation_->of.find(host);
  if (found == propagation_->of.end()) return {};
  return createIndex(row_[found->second], 0, found->second);
}

const std::vector<std::size_t>& PropagationModel::children_of(const QModelIndex& parent) const {
  return children_[parent.isValid() ? parent.internalId() : propagation_->arrivals.size()];
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
    case host: return host_text(*hosts_, got->host);
    case delay: return got->parent ? chart::duration_text(got->delay_ns) : tr("publishes");
    case hop: return got->parent ? chart::duration_text(got->hop_ns) : QString();
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

// ---- CopyModel ----

void CopyModel::show(std::shared_ptr<const Propagation> propagation, std::shared_ptr<const HostTable> hosts) {
  beginResetModel();
  propagation_ = std::move(propagation);
  hosts_ = std::move(hosts);
  endResetModel();
}

const results::MessageAt* CopyModel::copy(const QModelIndex& index) const {
  return index.isValid() ? &propagation_->hops[static_cast<std::size_t>(index.row())] : nullptr;
}

int CopyModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(propagation_->hops.size());
}

int CopyModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columns; }

QVariant CopyModel::data(const QModelIndex& index, int role) const {
  const results::MessageAt* hop = copy(index);
  if (hop == nullptr) return {};
  if (role == Qt::TextAlignmentRole && index.column() >= sent) return QVariant(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  switch (index.column()) {
    case from: return host_text(*hosts_, hop->from);
    case to: return host_text(*hosts_, hop->to);
    case sent: return chart::seconds_text(chart::seconds(hop->sent_ns));
    case took: return hop->received_ns ? chart::duration_text(*hop->received_ns - hop->sent_ns) : tr("lost");
    case since: return hop->received_ns ? chart::duration_text(*hop->received_ns - propagation_->began_ns) : tr("lost");
    default: return {};
  }
}

QVariant CopyModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole && section >= sent) return QVariant(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  const QString names[columns] = {tr("From"), tr("To"), tr("Sent"), tr("Took"), tr("After")};
  return section < columns ? names[section] : QVariant();
}

}  // namespace ghostnet::gui
