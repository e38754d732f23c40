// SweepPanel: how a statistic answers to a swept parameter, with confidence intervals from the repeats.
#pragma once

#include <QWidget>
#include <map>
#include <string>
#include <vector>

#include "charts/chart_widget.hpp"
#include "ghostnet/gui/document.hpp"
#include "ghostnet/results/compare.hpp"
#include "panels/figures.hpp"
#include "panels/panel_page.hpp"
#include "panels/refresher.hpp"

class QComboBox;

namespace ghostnet::gui {

// The finished runs of a batch, and what each of them measured.
struct Sweep {
  struct Point {
    results::Settings settings{};
    std::vector<results::RunRow> runs{};
    std::vector<results::Statistic> statistics{};
  };
  std::vector<std::string> paths{};  // that were swept
  std::vector<Point> points{};
};
Result<Sweep> sweep_of_batch(const results::Database& database, std::vector<results::RunRow> runs);
// One curve for each combination of the other paths' settings.
chart::Figure sweep_chart(const Sweep& sweep, const std::string& path, const std::string& metric,
                          const std::string& statistic);

class SweepPanel : public QWidget {
  Q_OBJECT

 public:
  explicit SweepPanel(Document& document, QWidget* parent = nullptr);
  void show_statistic(const QString& metric, const QString& statistic);
  chart::ChartWidget& chart() { return *chart_; }

 private:
  void build();
  void offer_batches();
  void ask();
  void take(Result<Sweep> sweep);
  void draw();

  Document& document_;
  Inquiry inquiry_;
  Sweep sweep_;
  QComboBox* batch_;
  QComboBox* path_;
  QComboBox* statistic_;
  chart::ChartWidget* chart_;
  PanelPage* page_;
  Refresher refresher_;
};

}  // namespace ghostnet::gui
