#include "ghostnet/gui/propagation_panel.hpp"

#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QSignalBlocker>
#include <QTreeView>
#include <QVBoxLayout>

#include "ghostnet/gui/scene/colouring.hpp"
#include "ghostnet/gui/scene/scene_model.hpp"
#include "ghostnet/gui/time_bar.hpp"

namespace ghostnet::gui {

PropagationPanel::PropagationPanel(Document& document, SceneModel& scene, QWidget* parent)
    : QWidget(parent), document_(document), scene_(scene) {
  traces_ = new QComboBox;
  traces_->setAccessibleName(tr("Message"));
  summary_ = new QLabel;
  summary_->setWordWrap(true);
  empty_ = new QLabel(tr(
      "No message was followed in this run.\n\nWhat gossipsub publishes is followed where the scenario asks for it:\n\n"
      "record: { traces: 20 }"));
  empty_->setWordWrap(true);
  empty_->setAlignment(Qt::AlignCenter);
  tree_ = new QTreeView;
  tree_->setModel(&model_);
  tree_->setUniformRowHeights(true);
  tree_->setAccessibleName(tr("How the message spread"));
  tree_->header()->setStretchLastSection(false);
  tree_->setIndentation(14);
  constexpr int kHostWidth = 118;
  tree_->header()->resizeSection(PropagationModel::host, kHostWidth);
  for (const int column : {PropagationModel::delay, PropagationModel::hop, PropagationModel::reached}) {
    tree_->header()->setSectionResizeMode(column, QHeaderView::ResizeToContents);
  }
  setMinimumWidth(kHostWidth + 230);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(10, 8, 10, 8);
  column->addWidget(traces_);
  column->addWidget(summary_);
  column->addWidget(tree_, 1);
  column->addWidget(empty_, 1);
  connect(traces_, &QComboBox::activated, this, &PropagationPanel::pick);
  connect(&document_, &Document::run_changed, this, &PropagationPanel::read_traces);
  connect(&document_, &Document::run_grew, this, &PropagationPanel::read_traces);
  connect(&scene_, &SceneModel::propagation_changed, this, &PropagationPanel::show_propagation);
  connect(tree_->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& index) {
    if (const Arrival* arrival = model_.arrival(index)) document_.select_host(arrival->host);
  });
  connect(tree_, &QTreeView::doubleClicked, this, [this](const QModelIndex& index) {
    if (const Arrival* arrival = model_.arrival(index)) document_.set_time_ns(arrival->arrived_ns);
  });
  show_traces({});
}

void PropagationPanel::read_traces() {
  const auto read = [run = document_.run_id()](const results::Database& database) {
    return results::traces(database, run, kMaxTraces);
  };
  document_.data().ask(inquiry_, read, [this](Result<std::vector<results::TraceRow>> traces) {
    if (traces) show_traces(std::move(*traces));
  });
}

void PropagationPanel::show_traces(std::vector<results::TraceRow> traces) {
  const QSignalBlocker quiet(traces_);
  traces_->clear();
  traces_->addItem(tr("No message is followed"), QVariant());
  for (const results::TraceRow& trace : traces) {
    traces_->addItem(tr("sent at %1, %L2 hops").arg(time_text(trace.first_sent_ns, document_.end_ns())).arg(trace.hops),
                     QVariant::fromValue<qlonglong>(trace.trace));
  }
  for (QWidget* widget :
       {static_cast<QWidget*>(traces_), static_cast<QWidget*>(summary_), static_cast<QWidget*>(tree_)}) {
    widget->setVisible(!traces.empty());
  }
  empty_->setVisible(traces.empty());
  show_propagation();
}

void PropagationPanel::pick(int at) {
  const QVariant trace = traces_->itemData(at);
  if (!trace.isValid()) return document_.follow_trace(std::nullopt);
  document_.follow_trace(trace.toLongLong());
}

void PropagationPanel::show_propagation() {
  const Propagation& spread = scene_.propagation();
  {
    const QSignalBlocker quiet(traces_);
    const auto& followed = document_.selection().trace;
    const int at = followed ? traces_->findData(QVariant::fromValue<qlonglong>(*followed)) : 0;
    traces_->setCurrentIndex(std::max(0, at));
  }
  model_.show(spread, document_.hosts());
  tree_->expandToDepth(1);
  if (spread.empty()) {
    summary_->setText(tr("Pick a message to see it spread."));
    return;
  }
  const std::size_t others = document_.hosts()->size() - 1;
  const auto delay = [&](double share) { return value_text(static_cast<double>(spread.delay_of_share(share)), "ns"); };
  summary_->setText(
      tr("Reached %L1 of %L2 other hosts in up to %3 hops: half of them after %4, 99 % after %5, all after %6. "
         "%L7 copies came again, %L8 were lost.")
          .arg(spread.arrivals.size() - 1)
          .arg(others)
          .arg(spread.deepest())
          .arg(delay(0.5), delay(0.99), delay(1))
          .arg(spread.duplicates)
          .arg(spread.lost));
}

}  // namespace ghostnet::gui
