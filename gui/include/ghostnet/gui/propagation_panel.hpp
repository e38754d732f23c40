// PropagationPanel: the messages that were followed hop by hop; the one that is picked as a tree of who brought it to
// whom, with the delay of every hop, while the mesh shows it spread.
#pragma once

#include <QAbstractItemModel>
#include <QWidget>
#include <memory>
#include <vector>

#include "ghostnet/gui/document.hpp"
#include "ghostnet/gui/scene/propagation.hpp"

class QComboBox;
class QLabel;
class QTreeView;

namespace ghostnet::gui {

class SceneModel;

// The tree of a propagation: host, delay since the beginning, delay of the hop.
class PropagationModel : public QAbstractItemModel {
  Q_OBJECT

 public:
  enum Column : int { host, delay, hop, reached, columns };

  using QAbstractItemModel::QAbstractItemModel;
  void show(Propagation propagation, std::shared_ptr<const HostTable> hosts);
  const Propagation& propagation() const { return propagation_; }
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

  Propagation propagation_;
  std::shared_ptr<const HostTable> hosts_;
  std::vector<std::vector<std::size_t>> children_ = {{}};
  std::vector<std::size_t> below_;  // how many hosts got it by way of this one
  std::vector<int> row_;
};

class PropagationPanel : public QWidget {
  Q_OBJECT

 public:
  static constexpr std::int64_t kMaxTraces = 2'000;

  PropagationPanel(Document& document, SceneModel& scene, QWidget* parent = nullptr);

 private:
  void read_traces();
  void show_traces(std::vector<results::TraceRow> traces);
  void show_propagation();
  void pick(int at);

  Document& document_;
  SceneModel& scene_;
  Inquiry inquiry_;
  PropagationModel model_;
  QComboBox* traces_ = nullptr;
  QLabel* summary_ = nullptr;
  QLabel* empty_ = nullptr;
  QTreeView* tree_ = nullptr;
};

}  // namespace ghostnet::gui
