// Refresher: brings a widget up to date, once for many causes, and only while it is shown.
//
// A run that is being written, a scrubbed time bar and a window with twelve panels would otherwise ask the database for
// what nobody looks at.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>
#include <functional>

class QWidget;

namespace ghostnet::gui {

class Refresher : public QObject {
  Q_OBJECT

 public:
  // Both outlive it. The first cause is answered at once; those that come within `wait_ms` of an answer, together.
  Refresher(QWidget& shown, std::function<void()> refresh, int wait_ms = 0);

  void request();
  // Whether an answer is to come: a picture waits for it.
  bool is_due() const { return timer_.isActive(); }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void start();

  QWidget& shown_;
  std::function<void()> refresh_;
  int wait_ms_;
  QTimer timer_;
  QElapsedTimer since_;  // the last answer
  bool stale_ = false;
};

}  // namespace ghostnet::gui
