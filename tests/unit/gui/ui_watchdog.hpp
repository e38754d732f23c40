// UiWatchdog: how long the thread of the window was blocked at most. A timer of no time is due in every turn of the
// loop; what passes between two of its turns is what somebody who drags a slider would have waited.
#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <algorithm>
#include <string>

namespace ghostnet::gui {

class UiWatchdog {
 public:
  UiWatchdog() {
    QObject::connect(&timer_, &QTimer::timeout, [this] { look(); });
  }
  void start() {
    since_.start();
    timer_.start(0);
  }

  // What is done from here on is called so.
  void doing(const char* what) {
    if (since_.isValid()) look();
    doing_ = what;
  }
  double longest_ms() const { return longest_ms_; }
  const std::string& longest_while() const { return longest_while_; }

 private:
  void look() {
    const double passed_ms = static_cast<double>(since_.nsecsElapsed()) / 1e6;
    since_.restart();
    if (passed_ms <= longest_ms_) return;
    longest_ms_ = passed_ms;
    longest_while_ = doing_;
  }

  QTimer timer_;
  QElapsedTimer since_;
  std::string doing_ = "idle";
  double longest_ms_ = 0;
  std::string longest_while_;
};

}  // namespace ghostnet::gui
