// ScenarioPanel: writes, checks, starts and stops a scenario. The run that it starts is shown while it is written.
#pragma once

#include <QTemporaryDir>
#include <QWidget>
#include <optional>

#include "editor/run_process.hpp"
#include "editor/scenario_checker.hpp"
#include "ghostnet/gui/document.hpp"

class QLabel;
class QLineEdit;
class QListWidget;
class QProgressBar;
class QPushButton;
class QToolButton;

namespace ghostnet::gui {

class ScenarioEdit;

class ScenarioPanel : public QWidget {
  Q_OBJECT

 public:
  explicit ScenarioPanel(Document& document, QWidget* parent = nullptr);
  ~ScenarioPanel() override;

  // A scenario to begin with.
  void new_scenario();
  void choose_file();
  // Errors: not_found, permission: said under the text.
  void open_file(const QString& path);
  // Asks first where another program wrote the file since it was opened or saved here. False: it is not saved.
  bool save();
  bool save_as();
  // The scenario of the run that is shown, as it was recorded.
  void take_from_run();
  // Asks whether what was changed is to be kept, where anything was. False: the user would rather go on.
  bool may_discard();

  // Saves the file, where it has one, and runs it. Not while another run of the window's is under way.
  void run();
  void stop() { process_.stop(); }
  bool is_running() const { return process_.is_running(); }
  void set_database(const QString& path);

  ScenarioEdit& edit() { return *edit_; }
  QListWidget& problems() { return *problems_; }
  QString status() const;

 Q_SIGNALS:
  void running_changed(bool running);

 private:
  void build();
  QWidget* build_bar();
  QWidget* build_foot();
  void begin_anew();
  void set_file(const QString& path);
  void set_text(const QString& text);
  bool may_overwrite();
  void show_checked(const CheckedScenario& scenario);
  // The path of a file that holds the text; empty: it could not be written.
  QString file_to_run();
  void start(const QString& file, const QString& database);
  void look_for_run();
  void show_progress();
  void run_ended(int exit_code, const QString& what);
  void say(const QString& words, const QColor& colour);
  void show_buttons();

  Document& document_;
  ScenarioChecker checker_;
  RunProcess process_;
  QTemporaryDir unsaved_;
  QString file_;
  std::optional<QByteArray> on_disk_;  // what the file held when it was opened or saved here
  QString running_database_;
  std::int64_t runs_before_ = 0;         // the highest number there was
  std::optional<std::int64_t> own_run_;  // the first that this window started and found
  Inquiry scenario_inquiry_;
  bool valid_ = false;
  ScenarioEdit* edit_;
  QLabel* title_;
  QListWidget* problems_;
  QLabel* status_;
  QProgressBar* progress_;
  QLineEdit* database_;
  QPushButton* run_;
  QPushButton* stop_;
};

}  // namespace ghostnet::gui
