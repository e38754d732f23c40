#include "editor/scenario_panel.hpp"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMessageBox>
#include <QPointer>
#include <QProgressBar>
#include <QPushButton>
#include <QThreadPool>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "charts/figure_export.hpp"
#include "charts/units.hpp"
#include "editor/scenario_edit.hpp"
#include "panels/words.hpp"

namespace ghostnet::gui {

namespace {

constexpr qint64 kMaxFileBytes = 4 * 1024 * 1024;  // what the loader takes
constexpr int kProblemsHeight = 92;

constexpr const char* kBeginning = R"(# Hosts that exchange messages with servers;
# for some seconds a region is cut off.
schema: 1
name: first-mesh
seed: 1
duration: 30 s

network:
  hosts: 60
  regions: ethereum
  loss: 0.5 %

groups:
  servers: { count: 4 }

protocols:
  echo:

workload:
  - echo: { from: rest, to: servers, rate: 5 /s, timeout: 1 s, stop: 28 s }

faults:
  - { at: 10 s, for: 5 s, partition: [ [region: europe], rest ] }

expect:
  - p99(echo.rtt) < 800 ms
)";

QToolButton* make_button(const QString& text, const QString& tip) {
  auto* button = new QToolButton;
  button->setText(text);
  button->setToolTip(tip);
  button->setAccessibleName(tip);
  return button;
}

// Nothing: it is gone, cannot be read, or is no file that a scenario could be in.
std::optional<QByteArray> content_of(const QString& path) {
  QFile file(path);
  if (!QFileInfo(path).isFile() || file.size() > kMaxFileBytes || !file.open(QIODevice::ReadOnly)) return std::nullopt;
  return file.readAll();
}

}  // namespace

ScenarioPanel::ScenarioPanel(Document& document, QWidget* parent) : QWidget(parent), document_(document) {
  build();
  connect(&checker_, &ScenarioChecker::checked, this, &ScenarioPanel::show_checked);
  connect(edit_, &QPlainTextEdit::textChanged, this, [this] { checker_.check(edit_->toPlainText(), file_); });
  connect(&process_, &RunProcess::progressed, this, [this](double share, const QString& line) {
    progress_->setValue(static_cast<int>(share * progress_->maximum()));
    say(line, document_.theme().faint_text);
  });
  connect(&process_, &RunProcess::ended, this, &ScenarioPanel::run_ended);
  connect(&document_, &Document::runs_changed, this, &ScenarioPanel::look_for_run);
  connect(&document_, &Document::run_grew, this, &ScenarioPanel::show_progress);
  connect(&document_, &Document::theme_changed, this, [this] { edit_->set_theme(document_.theme()); });
  connect(&document_.data(), &DataSource::opened, this, [this] {
    if (!is_running()) set_database(document_.path());
  });
  edit_->set_theme(document_.theme());
  begin_anew();
  set_database(document_.path().isEmpty() ? QDir::current().filePath("results.sqlite") : document_.path());
  show_buttons();
}

ScenarioPanel::~ScenarioPanel() = default;

void ScenarioPanel::build() {
  edit_ = new ScenarioEdit;
  edit_->setMinimumHeight(120);
  problems_ = new QListWidget;
  problems_->setAccessibleName(tr("What is wrong with the scenario"));
  problems_->setMaximumHeight(kProblemsHeight);
  problems_->setWordWrap(true);
  problems_->hide();
  connect(problems_, &QListWidget::itemActivated, this, [this](const QListWidgetItem* item) {
    const QPoint at = item->data(Qt::UserRole).toPoint();
    edit_->go_to(static_cast<std::size_t>(at.y()), static_cast<std::size_t>(at.x()));
  });
  connect(problems_, &QListWidget::itemClicked, problems_, &QListWidget::itemActivated);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(8, 8, 8, 8);
  column->addWidget(build_bar());
  column->addWidget(edit_, 1);
  column->addWidget(problems_);
  column->addWidget(build_foot());
}

QWidget* ScenarioPanel::build_bar() {
  title_ = new QLabel;
  title_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  QToolButton* make = make_button(tr("New"), tr("Begins a scenario"));
  QToolButton* open = make_button(tr("Open…"), tr("Opens a scenario file"));
  QToolButton* from_run = make_button(tr("From run"), tr("Takes the scenario of the run that is shown"));
  QToolButton* keep = make_button(tr("Save"), tr("Saves the scenario"));
  connect(make, &QToolButton::clicked, this, &ScenarioPanel::new_scenario);
  connect(open, &QToolButton::clicked, this, &ScenarioPanel::choose_file);
  connect(from_run, &QToolButton::clicked, this, &ScenarioPanel::take_from_run);
  connect(keep, &QToolButton::clicked, this, &ScenarioPanel::save);
  auto* bar = new QWidget;
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(0, 0, 0, 0);
  row->addWidget(title_, 1);
  for (QToolButton* button : {make, open, from_run, keep}) row->addWidget(button);
  return bar;
}

QWidget* ScenarioPanel::build_foot() {
  status_ = new QLabel;
  status_->setWordWrap(true);
  status_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  progress_ = new QProgressBar;
  progress_->setMaximum(1000);
  progress_->setTextVisible(false);
  progress_->setFixedHeight(6);
  progress_->setAccessibleName(tr("Progress of the run"));
  progress_->hide();
  database_ = new QLineEdit;
  database_->setAccessibleName(tr("Database that the run is recorded in"));
  database_->setToolTip(tr("The run is recorded in this database"));
  run_ = new QPushButton(tr("▶ Run"));
  run_->setToolTip(tr("Saves the file, where it has one, and runs the scenario"));
  stop_ = new QPushButton(tr("■ Stop"));
  stop_->setToolTip(tr("Ends the run cleanly; its results are kept"));
  connect(run_, &QPushButton::clicked, this, &ScenarioPanel::run);
  connect(stop_, &QPushButton::clicked, this, &ScenarioPanel::stop);
  auto* foot = new QWidget;
  auto* column = new QVBoxLayout(foot);
  column->setContentsMargins(0, 0, 0, 0);
  column->addWidget(progress_);
  column->addWidget(status_);
  auto* row = new QHBoxLayout;
  row->addWidget(new QLabel(tr("into")));
  row->addWidget(database_, 1);
  row->addWidget(run_);
  row->addWidget(stop_);
  column->addLayout(row);
  return foot;
}

QString ScenarioPanel::status() const { return status_->text(); }

void ScenarioPanel::say(const QString& words, const QColor& colour) {
  status_->setText(words);
  status_->setStyleSheet(QString("color: %1").arg(colour.name()));
}

void ScenarioPanel::set_database(const QString& path) { database_->setText(path); }

void ScenarioPanel::set_file(const QString& path) {
  file_ = path;
  on_disk_.reset();
  title_->setText(path.isEmpty() ? tr("Not saved yet") : QFileInfo(path).fileName());
  title_->setToolTip(path);
}

void ScenarioPanel::set_text(const QString& text) {
  edit_->setPlainText(text);
  edit_->document()->setModified(false);
  checker_.check(text, file_);
}

bool ScenarioPanel::may_discard() {
  if (!edit_->document()->isModified()) return true;
  using Answer = QMessageBox::StandardButton;
  const Answer answer =
      QMessageBox::question(this, tr("The scenario was changed"), tr("Save what was changed in the scenario?"),
                            QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, QMessageBox::Save);
  return answer == QMessageBox::Discard || (answer == QMessageBox::Save && save());
}

void ScenarioPanel::new_scenario() {
  if (may_discard()) begin_anew();
}

void ScenarioPanel::begin_anew() {
  set_file({});
  set_text(kBeginning);
}

void ScenarioPanel::choose_file() {
  const QString path =
      QFileDialog::getOpenFileName(this, tr("Open a scenario"), file_, tr("Scenarios (*.yaml *.yml);;All files (*)"));
  if (!path.isEmpty() && may_discard()) open_file(path);
}

void ScenarioPanel::open_file(const QString& path) {
  QFile file(path);
  const QFileInfo info(path);
  if (info.exists() && !info.isFile()) return say(tr("%1 is no file").arg(path), document_.theme().bad);
  if (file.size() > kMaxFileBytes) return say(tr("%1 is too large for a scenario").arg(path), document_.theme().bad);
  if (!file.open(QIODevice::ReadOnly)) {
    return say(tr("%1 cannot be read: %2").arg(path, file.errorString()), document_.theme().bad);
  }
  set_file(path);
  on_disk_ = file.readAll();
  set_text(QString::fromUtf8(*on_disk_));
}

bool ScenarioPanel::may_overwrite() {
  const std::optional<QByteArray> now = content_of(file_);
  if (!now || now == on_disk_) return true;
  QMessageBox box(QMessageBox::Question, tr("The file was changed"),
                  tr("%1 was written by another program since it was opened here.").arg(file_), QMessageBox::Cancel,
                  this);
  const auto* overwrite = box.addButton(tr("Overwrite it"), QMessageBox::DestructiveRole);
  const auto* load = box.addButton(tr("Load it"), QMessageBox::ResetRole);
  box.exec();
  if (box.clickedButton() == load) open_file(file_);
  return box.clickedButton() == overwrite;
}

bool ScenarioPanel::save() {
  if (file_.isEmpty()) return save_as();
  if (!may_overwrite()) return false;
  const QByteArray text = edit_->toPlainText().toUtf8();
  const Result<> saved = chart::save_meanwhile(file_, text);
  if (!saved) {
    say(text_of(saved.error()), document_.theme().bad);
    return false;
  }
  on_disk_ = text;
  edit_->document()->setModified(false);
  return true;
}

bool ScenarioPanel::save_as() {
  const QString path =
      QFileDialog::getSaveFileName(this, tr("Save the scenario"), file_.isEmpty() ? QString("scenario.yaml") : file_,
                                   tr("Scenarios (*.yaml *.yml)"));
  if (path.isEmpty()) return false;
  set_file(path);
  on_disk_ = content_of(path);  // the dialog has asked whether it may go
  return save();
}

void ScenarioPanel::take_from_run() {
  if (document_.run() == nullptr) return say(tr("No run is shown."), document_.theme().warning);
  document_.data().ask(
      scenario_inquiry_,
      [run = document_.run_id()](const results::Database& database) { return results::scenario_text(database, run); },
      [this](Result<std::string> text) {
        if (!text) return say(text_of(text.error()), document_.theme().bad);
        if (!may_discard()) return;
        set_file({});
        set_text(text_of(*text));
      });
}

void ScenarioPanel::show_checked(const CheckedScenario& scenario) {
  valid_ = scenario.ok();
  edit_->set_diagnostics(scenario.diagnostics, file_.toStdString());
  problems_->clear();
  for (const scenarios::Diagnostic& each : scenario.diagnostics) {
    const QString where = each.at.line == 0 ? QString() : tr("line %1: ").arg(each.at.line);
    // Most messages begin with the last part of the key.
    const std::string part = each.key.substr(each.key.rfind('.') + 1);
    const bool named = each.key.empty() || each.message.starts_with(part);
    const QString key = named ? QString() : text_of(each.key) + ": ";
    auto* item = new QListWidgetItem("✗ " + where + key + text_of(each.message), problems_);
    item->setData(Qt::UserRole, QPoint(static_cast<int>(each.at.column), static_cast<int>(each.at.line)));
  }
  problems_->setVisible(!valid_);
  show_buttons();
  if (is_running()) return;
  const ScenarioSummary& summary = scenario.summary;
  if (!valid_) {
    const int mistakes = problems_->count();
    return say(mistakes == 1 ? tr("One mistake; a click on it goes to its line")
                             : tr("%1 mistakes; a click on one goes to its line").arg(mistakes),
               document_.theme().bad);
  }
  say(tr("✓ %1: %L2 hosts for %3 s%4")
          .arg(summary.name)
          .arg(summary.hosts)
          .arg(summary.duration_s)
          .arg(summary.runs > 1 ? tr(", %L1 runs").arg(summary.runs) : QString()),
      document_.theme().good);
}

QString ScenarioPanel::file_to_run() {
  if (!file_.isEmpty()) {
    // What is run is what is seen.
    const bool differs = edit_->document()->isModified() || content_of(file_) != on_disk_;
    return differs && !save() ? QString() : file_;
  }
  const QString path = unsaved_.filePath("scenario.yaml");
  const Result<> saved = chart::save_meanwhile(path, edit_->toPlainText().toUtf8());
  if (saved) return path;
  say(text_of(saved.error()), document_.theme().bad);
  return {};
}

void ScenarioPanel::run() {
  if (is_running() || !valid_) return;
  const QString file = file_to_run();
  const QString database = QFileInfo(database_->text()).absoluteFilePath();
  if (file.isEmpty()) return;
  say(tr("Starting…"), document_.theme().faint_text);
  run_->setEnabled(false);
  // The database is made first, so that it can be opened at once; not here, since a disk may be slow.
  QThreadPool::globalInstance()->start([self = QPointer(this), file, database] {
    const auto made = std::make_shared<Result<results::Database>>(
        results::Database::open(database.toStdString(), {.access = results::DatabaseOptions::Access::write}));
    const QString problem = *made ? QString() : text_of(made->error());
    QMetaObject::invokeMethod(
        qApp,
        [self, file, database, problem] {
          if (!self) return;
          if (problem.isEmpty()) return self->start(file, database);
          self->say(problem, self->document_.theme().bad);
          self->show_buttons();
        },
        Qt::QueuedConnection);
  });
}

void ScenarioPanel::start(const QString& file, const QString& database) {
  const QString program = find_program();
  if (program.isEmpty()) {
    return say(tr("The program ghostnet was found neither beside this one nor on the PATH."), document_.theme().bad);
  }
  own_run_.reset();
  running_database_ = database;
  const bool is_open = document_.path() == database;
  runs_before_ = 0;
  for (const results::RunRow& run : document_.runs()) runs_before_ = std::max(runs_before_, run.id);
  if (!is_open) {
    runs_before_ = -1;  // known when the database is open
    document_.open(database);
  }
  process_.start(program, file, database);
  progress_->setValue(0);
  progress_->show();
  show_buttons();
  Q_EMIT running_changed(true);
}

void ScenarioPanel::look_for_run() {
  if (running_database_.isEmpty() || own_run_ || document_.path() != running_database_) return;
  for (const results::RunRow& run : document_.runs()) {
    const bool is_own = runs_before_ < 0 ? run.status == "unfinished" : run.id > runs_before_;
    if (!is_own) continue;
    own_run_ = run.id;
    if (!is_running()) running_database_.clear();
    document_.show_run(run.id);
    return;
  }
}

// What the run has written says sooner than what it prints how far it is.
void ScenarioPanel::show_progress() {
  const results::RunRow* run = document_.run();
  if (!is_running() || run == nullptr || own_run_ != run->id || run->planned_s <= 0) return;
  const double now_s = chart::seconds(document_.end_ns());
  progress_->setValue(static_cast<int>(now_s / run->planned_s * progress_->maximum()));
  say(tr("Running: %1 of %2 s").arg(now_s, 0, 'f', 1).arg(run->planned_s, 0, 'f', 1), document_.theme().faint_text);
}

void ScenarioPanel::run_ended(int exit_code, const QString& what) {
  progress_->hide();
  const Theme& theme = document_.theme();
  const QString sign = exit_code == 0 ? "✓ " : exit_code == 130 ? "◐ " : "✗ ";
  QString words = sign + what;
  if (exit_code == 2 || exit_code == 3 || exit_code < 0) words += "\n" + process_.output().trimmed().right(600);
  say(words, exit_code == 0 ? theme.good : exit_code == 130 ? theme.warning : theme.bad);
  // A short run has ended before its row was seen.
  const bool has_row = exit_code == 0 || exit_code == 1 || exit_code == 130;
  if (own_run_ || !has_row || runs_before_ < 0) running_database_.clear();
  show_buttons();
  Q_EMIT running_changed(false);
}

void ScenarioPanel::show_buttons() {
  run_->setEnabled(valid_ && !is_running());
  stop_->setEnabled(is_running());
}

}  // namespace ghostnet::gui
