// LinkInspector: the selected link: what it is made of, when it was up, and what was sampled of it in either direction.
#pragma once

#include <QWidget>
#include <vector>

#include "charts/chart_widget.hpp"
#include "ghostnet/gui/document.hpp"
#include "ghostnet/results/inspect.hpp"
#include "panels/panel_page.hpp"
#include "panels/refresher.hpp"
#include "panels/table_kit.hpp"

class QLabel;
class QScrollArea;
class QVBoxLayout;

namespace ghostnet::gui {

struct LinkFacts {
  std::vector<results::LinkAt> history{};
  std::vector<results::LinkSeries> there{};  // from a to b
  std::vector<results::LinkSeries> back{};
  QString route{};  // the routers between its hosts, in a run on a graph
};
Result<LinkFacts> link_facts(const results::Database& database, std::int64_t run, const Selection::Link& link);

// One figure a metric, with a line for each direction.
std::vector<chart::Figure> link_figures(const LinkFacts& facts, const QString& a, const QString& b, double end_s);
// The members of the link's JSON fields, as rows of name and value with its unit.
std::vector<CellModel::Row> field_rows(const std::string& json);

// Empty where the run is on no graph, or there is no way.
Result<QString> route_of_link(const results::Database& database, const results::RunRow& run, const HostTable& hosts,
                              const Selection::Link& link);

class LinkInspector : public QWidget {
  Q_OBJECT

 public:
  explicit LinkInspector(Document& document, QWidget* parent = nullptr);
  // A link that is shown until another host or link is selected.
  void show_link(const Selection::Link& link);
  const std::vector<chart::ChartWidget*>& charts() const { return charts_; }

 private:
  void build();
  void choose();
  void ask();
  void take(Result<LinkFacts> facts);
  void show_charts(std::vector<chart::Figure> figures);
  void show_time();

  Document& document_;
  Inquiry inquiry_;
  std::optional<Selection::Link> link_;
  LinkFacts facts_;
  QLabel* name_;
  QLabel* state_;
  QLabel* route_;
  CellModel* fields_;
  QTableView* field_table_;
  QVBoxLayout* chart_column_;
  QLabel* no_samples_;
  std::vector<chart::ChartWidget*> charts_;
  PanelPage* page_;
  Refresher refresher_;
};

}  // namespace ghostnet::gui
