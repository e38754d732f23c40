#include "editor/run_process.hpp"

#include <signal.h>

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QTimer>

namespace ghostnet::gui {

namespace {

constexpr int kEndsWithin_ms = 2'000;

QString words_for(int exit_code, bool stopped) {
  if (stopped) return QObject::tr("stopped; what was recorded is kept");
  switch (exit_code) {
    case 0: return QObject::tr("passed: all expectations held");
    case 1: return QObject::tr("failed: some expectations did not hold");
    case 2: return QObject::tr("not run: the input was wrong");
    case 130: return QObject::tr("interrupted; what was recorded is kept");
    default: return QObject::tr("ended with exit code %1").arg(exit_code);
  }
}

}  // namespace

std::optional<double> progress_in(const QString& line) {
  static const QRegularExpression pattern("([0-9.]+) of ([0-9.]+) (s|runs)[, ]");
  const QRegularExpressionMatch match = pattern.match(line + ' ');
  if (!match.hasMatch()) return std::nullopt;
  const double all = match.captured(2).toDouble();
  return all > 0 ? std::optional(std::min(1.0, match.captured(1).toDouble() / all)) : std::nullopt;
}

QString find_program() {
  const QString beside = QDir(QCoreApplication::applicationDirPath()).filePath("ghostnet");
  return QFileInfo(beside).isExecutable() ? beside : QStandardPaths::findExecutable("ghostnet");
}

RunProcess::RunProcess(QObject* parent) : QObject(parent) {
  process_.setProcessChannelMode(QProcess::MergedChannels);
  connect(&process_, &QProcess::readyRead, this, &RunProcess::read);
  connect(&process_, &QProcess::finished, this, &RunProcess::end);
  connect(&process_, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error == QProcess::FailedToStart) {
      Q_EMIT ended(-1, tr("%1 could not be started: %2").arg(process_.program(), process_.errorString()));
    }
  });
}

RunProcess::~RunProcess() {
  if (!is_running()) return;
  process_.disconnect(this);
  kill(static_cast<pid_t>(process_.processId()), SIGINT);
  if (!process_.waitForFinished(kEndsWithin_ms)) process_.kill();
  process_.waitForFinished(kEndsWithin_ms);
}

void RunProcess::start(const QString& program, const QString& scenario, const QString& database,
                       const QStringList& more) {
  if (is_running()) return;
  output_.clear();
  line_.clear();
  stopped_ = false;
  process_.start(program, QStringList{"run", scenario, "--db", database} + more);
}

void RunProcess::stop() {
  if (!is_running() || stopped_) return;
  stopped_ = true;
  kill(static_cast<pid_t>(process_.processId()), SIGINT);
  QTimer::singleShot(kPatience_ms, this, [this] {
    if (is_running() && stopped_) process_.kill();
  });
}

void RunProcess::read() {
  const QString text = QString::fromUtf8(process_.readAll());
  if (output_.size() < kMaxOutput) output_ += text.left(kMaxOutput - output_.size());
  line_ += text;
  const QStringList lines = line_.split('\n');
  line_ = lines.back();
  for (qsizetype i = 0; i + 1 < lines.size(); ++i) {
    if (const std::optional<double> share = progress_in(lines[i])) Q_EMIT progressed(*share, lines[i]);
  }
}

void RunProcess::end(int exit_code, QProcess::ExitStatus status) {
  read();
  if (status == QProcess::CrashExit) return Q_EMIT ended(-1, tr("killed"));
  Q_EMIT ended(exit_code, words_for(exit_code, stopped_));
}

}  // namespace ghostnet::gui
