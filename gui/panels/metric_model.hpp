// MetricModel: a host's metrics as rows of name, value at the present instant, and a sparkline.
#pragma once

#include <QAbstractTableModel>
#include <memory>
#include <string>
#include <vector>

#include "panels/host_facts.hpp"
#include "panels/sparkline.hpp"

namespace ghostnet::gui {

class MetricModel : public QAbstractTableModel {
 public:
  enum Column { name, value, over_time, kColumns };
  struct Metric {
    results::SeriesName series;
    std::shared_ptr<const std::vector<results::Point>> points;
  };

  using QAbstractTableModel::QAbstractTableModel;

  // Of those metrics that the host has samples of, in order of their names.
  void set_history(HostHistory history, const std::vector<results::SeriesName>& series, double end_s);
  void set_time(double now_s);
  const std::vector<Metric>& metrics() const { return metrics_; }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  std::vector<Metric> metrics_;
  double end_s_ = 0;
  double now_s_ = 0;
};

}  // namespace ghostnet::gui
