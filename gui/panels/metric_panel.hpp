// MetricPanel: a chart of any metric, of all hosts, a group or the selected ones, with the present instant in it.
#pragma once

#include <QWidget>

#include "charts/chart_widget.hpp"
#include "ghostnet/gui/document.hpp"
#include "panels/metric_figure.hpp"
#include "panels/panel_page.hpp"
#include "panels/refresher.hpp"

class QCheckBox;
class QComboBox;

namespace ghostnet::gui {

class MetricPanel : public QWidget {
  Q_OBJECT

 public:
  explicit MetricPanel(Document& document, QWidget* parent = nullptr);

  void show_metric(const QString& name);
  void show_view(MetricQuestion::View view);
  chart::ChartWidget& chart() { return *chart_; }

 private:
  void build();
  void offer_metrics();
  void offer_groups();
  void metric_chosen();
  void ask();
  void take(Result<chart::Figure> figure);
  void show_time();
  MetricQuestion question() const;

  Document& document_;
  Inquiry inquiry_;
  QComboBox* metric_;
  QComboBox* group_;
  QComboBox* view_;
  QCheckBox* rate_;
  chart::ChartWidget* chart_;
  PanelPage* page_;
  Refresher refresher_;
  MetricQuestion::View drawn_ = MetricQuestion::View::over_time;
};

}  // namespace ghostnet::gui
