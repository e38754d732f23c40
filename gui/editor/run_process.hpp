// RunProcess: one `ghostnet run` that the window started. It records into a database, which is followed like that of
// any other run; what it prints is read for its progress and for what is wrong.
#pragma once

#include <QObject>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <optional>

namespace ghostnet::gui {

// "12.3 of 60.0 s, ..." or "3 of 15 runs, ...": the share that is done.
std::optional<double> progress_in(const QString& line);
// The program `ghostnet`: beside this one, or on the PATH. Empty: nowhere.
QString find_program();

class RunProcess : public QObject {
  Q_OBJECT

 public:
  explicit RunProcess(QObject* parent = nullptr);
  // Ends a run that is under way, cleanly.
  ~RunProcess() override;

  void start(const QString& program, const QString& scenario, const QString& database, const QStringList& more = {});
  bool is_running() const { return process_.state() != QProcess::NotRunning; }
  // As Ctrl-C does: the run keeps its results. What does not end within kPatience_ms is killed.
  void stop();
  // Everything it said, at most kMaxOutput characters of it.
  const QString& output() const { return output_; }

  static constexpr int kPatience_ms = 10'000;
  static constexpr qsizetype kMaxOutput = 256 * 1024;

 Q_SIGNALS:
  void progressed(double share, const QString& line);
  // `what`: for people. exit_code as that of `ghostnet`; -1: it could not be started, or was killed.
  void ended(int exit_code, const QString& what);

 private:
  void read();
  void end(int exit_code, QProcess::ExitStatus status);

  QProcess process_;
  QString output_;
  QString line_;
  bool stopped_ = false;
};

}  // namespace ghostnet::gui
