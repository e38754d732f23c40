// RunsModel: the runs of a database as a table.
#pragma once

#include <QAbstractTableModel>
#include <optional>
#include <vector>

#include "ghostnet/gui/theme.hpp"
#include "ghostnet/results/reader.hpp"

namespace ghostnet::gui {

class RunsModel : public QAbstractTableModel {
 public:
  enum Column { number, name, status, point, simulated, hosts, seed, wall, started, kColumns };

  using QAbstractTableModel::QAbstractTableModel;

  void set_runs(std::vector<results::RunRow> runs);
  // Drawn in bold; 0: none.
  void set_shown(std::int64_t run_id);
  void set_theme(ThemeKind kind) { theme_ = kind; }
  const results::RunRow* run_at(int row) const;
  std::optional<int> row_of(std::int64_t run_id) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  // Qt::UserRole: what rows are sorted by.
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  QString text(const results::RunRow& run, int column) const;
  QVariant sort_key(const results::RunRow& run, int column) const;

  std::vector<results::RunRow> runs_;
  std::int64_t shown_ = 0;
  ThemeKind theme_ = ThemeKind::dark;
};

// "network.loss=1 % gossipsub.d=8"
QString point_text(const results::Settings& point);
// Each setting by the last part of its path, where that tells it from the others: "loss=1 % latency=5 ms".
QString short_point_text(const results::Settings& point);

}  // namespace ghostnet::gui
