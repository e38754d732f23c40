#include "panels/refresher.hpp"

#include <QEvent>
#include <QWidget>
#include <algorithm>

namespace ghostnet::gui {

Refresher::Refresher(QWidget& shown, std::function<void()> refresh, int wait_ms)
    : QObject(&shown), shown_(shown), refresh_(std::move(refresh)), wait_ms_(wait_ms) {
  timer_.setSingleShot(true);
  QObject::connect(&timer_, &QTimer::timeout, this, [this] {
    stale_ = false;
    since_.start();
    refresh_();
  });
  shown_.installEventFilter(this);
}

void Refresher::request() {
  stale_ = true;
  if (shown_.isVisible()) start();
}

void Refresher::start() {
  if (timer_.isActive()) return;
  const int passed_ms = since_.isValid() ? static_cast<int>(std::min<qint64>(since_.elapsed(), wait_ms_)) : wait_ms_;
  timer_.start(wait_ms_ - passed_ms);
}

bool Refresher::eventFilter(QObject* watched, QEvent* event) {
  if (watched == &shown_ && event->type() == QEvent::Show && stale_) start();
  return QObject::eventFilter(watched, event);
}

}  // namespace ghostnet::gui
