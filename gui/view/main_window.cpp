#include "ghostnet/gui/main_window.hpp"

#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QCloseEvent>
#include <QDockWidget>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenuBar>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QStackedWidget>
#include <QStatusBar>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "ghostnet/gui/mesh_view.hpp"
#include "ghostnet/gui/time_bar.hpp"
#include "view/view_bar.hpp"

namespace ghostnet::gui {

namespace {

constexpr int kLayoutVersion = 1;
constexpr int kIndent = 12;  // of words at the left edge, as deep as those of the menus and controls above

// What a window without a database says, and what can be done there.
QWidget* make_welcome(QWidget* parent, const std::vector<QPushButton*>& buttons) {
  auto* page = new QWidget(parent);
  auto* title = new QLabel(QObject::tr("See the mesh think"));
  QFont large = title->font();
  large.setPointSizeF(large.pointSizeF() * 2.2);
  large.setWeight(QFont::DemiBold);
  title->setFont(large);
  auto* text = new QLabel(
      QObject::tr("<p>Drop a results database here, open one, or run a scenario from this window.</p>"
                  "<p>On the command line: <code>ghostnet run scenarios/gossip-mesh.yaml --db results.sqlite</code><br>"
                  "A run can be watched while it is written.</p>"));
  text->setAlignment(Qt::AlignCenter);
  auto* column = new QVBoxLayout(page);
  column->addStretch(2);
  column->addWidget(title, 0, Qt::AlignHCenter);
  column->addSpacing(12);
  column->addWidget(text, 0, Qt::AlignHCenter);
  column->addSpacing(16);
  auto* row = new QHBoxLayout;
  row->setSpacing(12);
  row->addStretch(1);
  for (QPushButton* button : buttons) row->addWidget(button);
  row->addStretch(1);
  column->addLayout(row);
  column->addStretch(3);
  return page;
}

// To the first control of a part that takes it; false: none does.
bool give_keyboard(QWidget* part) {
  QWidget* at = part;
  do {
    const bool takes = at->isVisible() && at->isEnabled() && (at->focusPolicy() & Qt::TabFocus) != 0;
    if (takes && (at == part || part->isAncestorOf(at))) {
      at->setFocus(Qt::ShortcutFocusReason);
      return true;
    }
    at = at->nextInFocusChain();
  } while (at != part);
  return false;
}

bool is_scenario(const QString& path) {
  return path.endsWith(".yaml", Qt::CaseInsensitive) || path.endsWith(".yml", Qt::CaseInsensitive);
}

// The first file among what is dragged; empty: there is none.
QString file_in(const QMimeData& data) {
  for (const QUrl& url : data.urls()) {
    if (url.isLocalFile()) return url.toLocalFile();
  }
  return {};
}

}  // namespace

MainWindow::MainWindow(Document& document, QSettings* settings) : document_(document), settings_(settings) {
  setWindowTitle("ghostnet");
  setAcceptDrops(true);
  setDockNestingEnabled(true);
  setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
  build_centre();
  build_menus();
  status_ = new QLabel;
  status_->setContentsMargins(kIndent, 0, 0, 0);
  statusBar()->addWidget(status_);
  connect(&document_, &Document::problem, this, &MainWindow::show_problem);
  connect(&document_, &Document::run_changed, this, &MainWindow::show_state);
  connect(&document_, &Document::run_grew, this, &MainWindow::show_state);
  connect(&document_, &Document::runs_changed, this, &MainWindow::show_state);
  connect(&document_, &Document::theme_changed, this, [this] { apply_theme(*qApp, document_.theme()); });
  apply_theme(*qApp, document_.theme());
  show_state();
}

MainWindow::~MainWindow() {
  // Docks tell that they vanish when this is no main window any more.
  for (QDockWidget* dock : docks_) dock->disconnect(this);
}

void MainWindow::build_centre() {
  mesh_ = new MeshView(document_);
  time_bar_ = new TimeBar(document_);
  auto* mesh_page = new QWidget;
  auto* column = new QVBoxLayout(mesh_page);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(mesh_, 1);
  column->addWidget(time_bar_);
  pages_ = new QStackedWidget;
  auto* open = new QPushButton(tr("Open a database…"));
  connect(open, &QPushButton::clicked, this, &MainWindow::choose_file);
  auto* write = new QPushButton(tr("Write a scenario"));
  connect(write, &QPushButton::clicked, this, [this] { bring_up("scenario"); });
  welcome_ = make_welcome(pages_, {open, write});
  pages_->addWidget(welcome_);
  pages_->addWidget(mesh_page);

  banner_ = new QWidget;
  banner_text_ = new QLabel;
  banner_text_->setWordWrap(true);
  banner_text_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  auto* dismiss = new QToolButton;
  dismiss->setText(tr("Dismiss"));
  connect(dismiss, &QToolButton::clicked, banner_, &QWidget::hide);
  auto* row = new QHBoxLayout(banner_);
  row->setContentsMargins(kIndent, 8, 8, 8);
  row->addWidget(banner_text_, 1);
  row->addWidget(dismiss);
  banner_->hide();

  auto* centre = new QWidget;
  auto* whole = new QVBoxLayout(centre);
  whole->setContentsMargins(0, 0, 0, 0);
  whole->setSpacing(0);
  whole->addWidget(banner_);
  whole->addWidget(pages_, 1);
  setCentralWidget(centre);
  view_bar_ = new ViewBar(document_, *mesh_, this);
  addToolBar(view_bar_);
  setTabOrder(&view_bar_->search(), mesh_);
  setTabOrder(mesh_, &time_bar_->strip());
  connect(&mesh_->model(), &SceneModel::propagation_changed, this, [this] {
    const Propagation& spread = mesh_->model().propagation();
    time_bar_->strip().mark_span(
        spread.empty() ? std::nullopt : std::optional(std::pair(spread.began_ns, spread.arrivals.back().arrived_ns)));
  });
}

void MainWindow::build_menus() {
  file_menu_ = menuBar()->addMenu(tr("&File"));
  view_menu_ = menuBar()->addMenu(tr("&View"));
  run_menu_ = menuBar()->addMenu(tr("&Run"));
  help_menu_ = menuBar()->addMenu(tr("&Help"));
  QAction* open = file_menu_->addAction(tr("&Open…"), this, &MainWindow::choose_file);
  open->setShortcut(QKeySequence::Open);
  QAction* quit = file_menu_->addAction(tr("&Quit"), this, &QWidget::close);
  quit->setShortcut(QKeySequence::Quit);
  build_view_menu();
  const auto add = [this](const QString& text, const QKeySequence& keys, void (TimeBar::*slot)()) {
    run_menu_->addAction(text, time_bar_, slot)->setShortcut(keys);
  };
  add(tr("&Play or pause"), QKeySequence(Qt::Key_Space), &TimeBar::toggle);
  add(tr("Step &on"), QKeySequence("."), &TimeBar::step_on);
  add(tr("Step &back"), QKeySequence(","), &TimeBar::step_back);
  add(tr("&Faster"), QKeySequence("]"), &TimeBar::faster);
  add(tr("&Slower"), QKeySequence("["), &TimeBar::slower);
  add(tr("To the be&ginning"), QKeySequence("Ctrl+Home"), &TimeBar::to_begin);
  add(tr("To the &end"), QKeySequence("Ctrl+End"), &TimeBar::to_end);
}

void MainWindow::build_view_menu() {
  QAction* theme = view_menu_->addAction(tr("&Dark"));
  theme->setCheckable(true);
  theme->setChecked(document_.theme_kind() == ThemeKind::dark);
  theme->setShortcut(QKeySequence("Ctrl+D"));
  connect(theme, &QAction::toggled, this,
          [this](bool dark) { document_.set_theme(dark ? ThemeKind::dark : ThemeKind::light); });
  connect(&document_, &Document::theme_changed, theme,
          [this, theme] { theme->setChecked(document_.theme_kind() == ThemeKind::dark); });
  view_menu_->addSeparator();
  const auto add = [this](const QString& text, const QKeySequence& keys, auto* receiver, auto slot) {
    view_menu_->addAction(text, receiver, slot)->setShortcut(keys);
  };
  add(tr("Show &all"), QKeySequence("Ctrl+0"), mesh_, &MeshView::show_all);
  add(tr("&Take back a change of view"), QKeySequence("Alt+Left"), mesh_, &MeshView::take_back);
  add(tr("&Find a host"), QKeySequence::Find, this, [this] { view_bar_->search().setFocus(Qt::ShortcutFocusReason); });
  links_menu_ = view_menu_->addMenu(tr("&Links"));
  connect(links_menu_, &QMenu::aboutToShow, this, &MainWindow::fill_links_menu);
  fill_links_menu();
  view_menu_->addSeparator();
  add(tr("&Next part of the window"), QKeySequence("F6"), this, [this] { go_to_part(1); });
  add(tr("P&revious part of the window"), QKeySequence("Shift+F6"), this, [this] { go_to_part(-1); });
  view_menu_->addSeparator();
}

// What a click on the legend does, for those without a mouse.
void MainWindow::fill_links_menu() {
  links_menu_->clear();
  const Scene& scene = mesh_->model().scene();
  std::vector<std::string> kinds = scene.edges->kinds;
  if (scene.ground != nullptr) kinds.insert(kinds.begin(), {"wire", "route"});
  for (const std::string& kind : kinds) {
    QAction* shown = links_menu_->addAction(QString::fromStdString(kind));
    shown->setCheckable(true);
    shown->setChecked(!document_.look().hidden_link_kinds.contains(kind));
    connect(shown, &QAction::toggled, this, [this, kind](bool is_shown) {
      Look look = document_.look();
      if (is_shown) {
        look.hidden_link_kinds.erase(kind);
      } else {
        look.hidden_link_kinds.insert(kind);
      }
      document_.set_look(std::move(look));
    });
  }
  if (kinds.empty()) links_menu_->addAction(tr("There are none"))->setEnabled(false);
}

std::vector<QWidget*> MainWindow::parts() const {
  std::vector<QWidget*> parts = {view_bar_, pages_};
  for (QDockWidget* dock : docks_) {
    if (dock->isVisible() && !dock->visibleRegion().isEmpty()) parts.push_back(dock->widget());
  }
  return parts;
}

void MainWindow::go_to_part(int step) {
  const std::vector<QWidget*> all = parts();
  const QWidget* const focus = QApplication::focusWidget() != nullptr ? QApplication::focusWidget() : focusWidget();
  const auto here = std::ranges::find_if(
      all, [&](const QWidget* part) { return focus != nullptr && (part == focus || part->isAncestorOf(focus)); });
  const auto count = static_cast<std::ptrdiff_t>(all.size());
  // From nowhere the first is next.
  std::ptrdiff_t at = here == all.end() ? (step > 0 ? -1 : count) : here - all.begin();
  for (std::ptrdiff_t tried = 0; tried < count; ++tried) {
    at = (at + step + count) % count;
    if (give_keyboard(all[static_cast<std::size_t>(at)])) return;
  }
}

QDockWidget* MainWindow::add_panel(const PanelPlace& place, QWidget* panel) {
  auto* dock = new QDockWidget(place.title, this);
  dock->setObjectName(place.id);
  dock->setWidget(panel);
  if (panel->accessibleName().isEmpty()) panel->setAccessibleName(place.title);
  addDockWidget(place.area, dock);
  const auto neighbour = std::ranges::find(docks_, place.beside_tab, &QDockWidget::objectName);
  if (!place.beside_tab.isEmpty() && neighbour != docks_.end()) tabifyDockWidget(*neighbour, dock);
  dock->setVisible(place.shown);
  connect(dock, &QDockWidget::dockLocationChanged, this, &MainWindow::show_titles);
  connect(dock, &QDockWidget::topLevelChanged, this, &MainWindow::show_titles);
  connect(dock, &QDockWidget::visibilityChanged, this, &MainWindow::show_titles);
  docks_.push_back(dock);
  // Behind another tab a panel is not seen: its key brings it to the front, and hides it only from there.
  QAction* toggle = view_menu_->addAction(place.title);
  toggle->setCheckable(true);
  if (!place.shortcut.isEmpty()) toggle->setShortcut(QKeySequence(place.shortcut));
  connect(dock->toggleViewAction(), &QAction::toggled, toggle, &QAction::setChecked);
  toggle->setChecked(dock->toggleViewAction()->isChecked());
  connect(toggle, &QAction::triggered, this, [this, dock, toggle, id = place.id] {
    const bool is_seen = dock->isVisible() && !dock->visibleRegion().isEmpty();
    is_seen ? dock->hide() : bring_up(id);
    toggle->setChecked(!is_seen);
  });
  return dock;
}

void MainWindow::bring_up(const QString& id) {
  const auto dock = std::ranges::find(docks_, id, &QDockWidget::objectName);
  if (dock == docks_.end()) return;
  (*dock)->show();
  (*dock)->raise();
  give_keyboard((*dock)->widget());
}

void MainWindow::show_titles() {
  for (QDockWidget* dock : docks_) {
    const QList<QDockWidget*> beside = tabifiedDockWidgets(dock);
    const bool has_tab = !dock->isFloating() && std::ranges::any_of(beside, [](const QDockWidget* other) {
      return other->toggleViewAction()->isChecked();
    });
    QWidget* const before = dock->titleBarWidget();
    if (has_tab == (before != nullptr)) continue;
    dock->setTitleBarWidget(has_tab ? new QWidget(dock) : nullptr);
    if (before != nullptr) before->deleteLater();
  }
}

void MainWindow::restore_layout() {
  if (settings_ == nullptr) return;
  restoreGeometry(settings_->value("window/geometry").toByteArray());
  restoreState(settings_->value("window/state").toByteArray(), kLayoutVersion);
  document_.set_theme(settings_->value("theme").toString() == "light" ? ThemeKind::light : ThemeKind::dark);
}

std::vector<QAction*> MainWindow::shortcuts() const {
  std::vector<QAction*> found;
  for (QAction* action : findChildren<QAction*>()) {
    if (!action->shortcut().isEmpty()) found.push_back(action);
  }
  return found;
}

void MainWindow::show_problem(const QString& message) { show_banner(message, document_.theme().bad); }

void MainWindow::show_notice(const QString& message) { show_banner(message, document_.theme().text); }

void MainWindow::show_banner(const QString& message, const QColor& colour) {
  banner_->setStyleSheet(QString("background: %1; color: %2;").arg(document_.theme().raised.name(), colour.name()));
  banner_text_->setText(message);
  banner_text_->setAccessibleName(message);
  banner_->show();
  QAccessibleEvent alert(banner_text_, QAccessible::Alert);
  QAccessible::updateAccessibility(&alert);
}

void MainWindow::choose_file() {
  const QString path =
      QFileDialog::getOpenFileName(this, tr("Open a results database"), QFileInfo(document_.path()).path(),
                                   tr("Results (*.sqlite *.db);;All files (*)"));
  if (!path.isEmpty()) document_.open(path);
}

void MainWindow::show_state() {
  const results::RunRow* run = document_.run();
  if (run != nullptr && pages_->currentIndex() == 0) mesh_->setFocus();
  pages_->setCurrentIndex(run == nullptr ? 0 : 1);
  if (run == nullptr) {
    status_->setText(document_.path().isEmpty() ? QString() : tr("%1 holds no runs yet").arg(document_.path()));
    return;
  }
  setWindowTitle(QString("%1 – run %2 – ghostnet").arg(QString::fromStdString(run->name)).arg(run->id));
  status_->setText(QString("%1   ·   run %2 of %3   ·   %4   ·   %L5 hosts")
                       .arg(QFileInfo(document_.path()).fileName())
                       .arg(run->id)
                       .arg(document_.runs().size())
                       .arg(QString::fromStdString(run->status))
                       .arg(document_.hosts()->size()));
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (!file_in(*event->mimeData()).isEmpty()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  const QString path = file_in(*event->mimeData());
  if (path.isEmpty()) return;
  event->acceptProposedAction();
  if (is_scenario(path)) return Q_EMIT scenario_dropped(path);
  document_.open(path);
}

void MainWindow::closeEvent(QCloseEvent* event) {
  if (settings_ != nullptr) {
    settings_->setValue("window/geometry", saveGeometry());
    settings_->setValue("window/state", saveState(kLayoutVersion));
    settings_->setValue("theme", document_.theme_kind() == ThemeKind::light ? "light" : "dark");
  }
  QMainWindow::closeEvent(event);
}

}  // namespace ghostnet::gui
