#include "view/view_bar.hpp"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QShortcut>
#include <QSignalBlocker>
#include <algorithm>

#include "ghostnet/gui/mesh_view.hpp"

namespace ghostnet::gui {

namespace {

constexpr std::size_t kMostFound = 2'000;

void choose(QComboBox& box, const QString& data) {
  const int at = box.findData(data);
  const QSignalBlocker quiet(&box);
  box.setCurrentIndex(std::max(0, at));
}

}  // namespace

ViewBar::ViewBar(Document& document, MeshView& mesh, QWidget* parent)
    : QToolBar(tr("View"), parent), document_(document), mesh_(mesh) {
  setObjectName("view-bar");
  setMovable(false);
  colour_ = add_choice(tr("Colour"), tr("Colour of hosts"));
  size_ = add_choice(tr("Size"), tr("Size of hosts"));
  layout_ = add_choice(tr("Layout"), tr("Layout"));
  topic_ = add_choice(tr("Topic"), tr("Topic of mesh links"));
  topic_action_ = actions().back();
  topic_label_ = actions()[actions().size() - 2];
  const std::pair<QString, LayoutKind> layouts[] = {
      {tr("automatic"), LayoutKind::automatic}, {tr("map"), LayoutKind::map},
      {tr("coordinates"), LayoutKind::plane},   {tr("routers"), LayoutKind::network},
      {tr("forces"), LayoutKind::force},        {tr("radial"), LayoutKind::radial}};
  for (const auto& [name, kind] : layouts) layout_->addItem(name, static_cast<int>(kind));
  const auto change = [this](QComboBox* box, auto apply) {
    connect(box, &QComboBox::activated, this, [this, box, apply](int) {
      Look look = document_.look();
      apply(look, box->currentData());
      document_.set_look(std::move(look));
    });
  };
  change(colour_, [](Look& look, const QVariant& data) { look.colour_by = data.toString().toStdString(); });
  change(size_, [](Look& look, const QVariant& data) { look.size_by = data.toString().toStdString(); });
  change(topic_, [](Look& look, const QVariant& data) { look.topic = data.toString().toStdString(); });
  change(layout_, [](Look& look, const QVariant& data) { look.layout = static_cast<LayoutKind>(data.toInt()); });

  auto* stretch = new QWidget;
  stretch->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  addWidget(stretch);
  search_ = new QLineEdit;
  search_->setPlaceholderText(tr("Find a host: 4711, a name, a region"));
  search_->setAccessibleName(tr("Find a host"));
  search_->setClearButtonEnabled(true);
  search_->setFixedWidth(280);
  addWidget(search_);
  search_->setToolTip(tr("Return: the next of those that are found. Ctrl+Return: all of them"));
  connect(search_, &QLineEdit::returnPressed, this, [this] { find_host(true); });
  auto* all = new QShortcut(QKeySequence("Ctrl+Return"), search_);
  all->setContext(Qt::WidgetShortcut);
  connect(all, &QShortcut::activated, this, &ViewBar::select_found);
  connect(&document_, &Document::run_changed, this, &ViewBar::fill_metrics);
  connect(&document_, &Document::run_grew, this, &ViewBar::fill_metrics);
  connect(&document_, &Document::look_changed, this, &ViewBar::show_look);
  connect(&mesh_.model(), &SceneModel::changed, this, &ViewBar::fill_topics);
  fill_metrics();
  fill_topics();
}

QComboBox* ViewBar::add_choice(const QString& label, const QString& name) {
  auto* text = new QLabel(label);
  text->setContentsMargins(6, 0, 2, 0);
  addWidget(text);
  auto* box = new QComboBox;
  box->setAccessibleName(name);
  box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  box->setMinimumContentsLength(9);
  addWidget(box);
  return box;
}

void ViewBar::fill_metrics() {
  std::vector<QString> names;
  for (const results::SeriesName& series : document_.series()) {
    if (series.of_hosts) names.push_back(QString::fromStdString(series.name));
  }
  constexpr int kOthers = 4;  // three names and a line
  if (colour_->count() == static_cast<int>(names.size()) + kOthers) return show_look();
  colour_->clear();
  colour_->addItem(tr("group"), "group");
  colour_->addItem(tr("region"), "region");
  colour_->addItem(tr("state"), "state");
  colour_->insertSeparator(colour_->count());
  size_->clear();
  size_->addItem(tr("all the same"), "");
  for (const QString& name : names) {
    colour_->addItem(name, name);
    size_->addItem(name, name);
  }
  show_look();
}

void ViewBar::fill_topics() {
  const std::vector<std::string>& topics = mesh_.model().scene().edges->topics;
  const bool has_topics = topics.size() > 1;
  topic_label_->setVisible(has_topics);
  topic_action_->setVisible(has_topics);
  if (topic_->count() == static_cast<int>(topics.size())) return;
  topic_->clear();
  topic_->addItem(tr("all"), "");
  for (std::size_t at = 1; at < topics.size(); ++at)
    topic_->addItem(QString::fromStdString(topics[at]), QString::fromStdString(topics[at]));
  show_look();
}

void ViewBar::show_look() {
  const Look& look = document_.look();
  choose(*colour_, QString::fromStdString(look.colour_by));
  choose(*size_, QString::fromStdString(look.size_by));
  choose(*topic_, QString::fromStdString(look.topic));
  const QSignalBlocker quiet(layout_);
  layout_->setCurrentIndex(layout_->findData(static_cast<int>(look.layout)));
}

std::vector<std::size_t> ViewBar::found_hosts() {
  std::vector<std::size_t> found = document_.hosts()->find(search_->text(), kMostFound);
  if (found.empty()) document_.report_problem(tr("No host is called “%1”").arg(search_->text()));
  return found;
}

// Return selects the first of what was found, and again the next.
void ViewBar::find_host(bool next) {
  const HostTable& hosts = *document_.hosts();
  const std::vector<std::size_t> found = found_hosts();
  if (found.empty()) return;
  found_ = next && searched_ == search_->text() ? (found_ + 1) % found.size() : 0;
  searched_ = search_->text();
  const std::int64_t id = hosts[found[found_]].id;
  document_.select_host(id);
  mesh_.show_hosts({id});
}

void ViewBar::select_found() {
  Selection selection{.hosts = {}, .link = {}, .trace = document_.selection().trace};
  for (const std::size_t host : found_hosts()) selection.hosts.push_back((*document_.hosts())[host].id);
  if (!selection.hosts.empty()) document_.select(std::move(selection));
}

}  // namespace ghostnet::gui
