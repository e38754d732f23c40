// How the followed message spread, for the views of the panel of messages: as a tree of who brought it to whom first,
// and as a list of all its copies.
#pragma once

#include <QAbstractItemModel>
#include <memory>
#include <vector>

#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/scene/propagation.hpp"

namespace ghostnet::gui {

// The tree: host, delay since the beginning, delay of the hop, how many hosts got it by way of this one.
class PropagationModel : public QAbstractItemModel {
  Q_OBJECT

 public:
  enum Column : int { host, delay, hop, reached, columns };

  using QAbstractItemModel::QAbstractItemModel;
  void show(std::shared_ptr<const Propagation> propagation, std::shared_ptr<const HostTable> hosts);
  // The arrival that a row is about.
  const Arrival* arrival(const QModelIndex& index) const;
  QModelIndex index_of_host(std::int64_t host) const;

  QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  QModelIndex parent(const QModelIndex& index) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

 private:
  // Children of each arrival, and at the end those without a parent.
  const std::vector<std::size_t>& children_of(const QModelIndex& parent) const;

  std::shared_ptr<const Propagation> propagation_ = std::make_shared<Propagation>();
  std::shared_ptr<const HostTable> hosts_;
  std::vector<std::vector<std::size_t>> children_ = {{}};
  std::vector<std::size_t> below_;  // how many hosts got it by way of this one
  std::vector<int> row_;
};

// Every copy that was handed on, in order of sending: those that came again and those that were lost, too. Rows are
// written when they are looked at, since there may be hundreds of thousands.
class CopyModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  enum Column : int { from, to, sent, took, since, columns };

  using QAbstractTableModel::QAbstractTableModel;
  void show(std::shared_ptr<const Propagation> propagation, std::shared_ptr<const HostTable> hosts);
  const results::MessageAt* copy(const QModelIndex& index) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

 private:
  std::shared_ptr<const Propagation> propagation_ = std::make_shared<Propagation>();
  std::shared_ptr<const HostTable> hosts_;
};

}  // namespace ghostnet::gui
