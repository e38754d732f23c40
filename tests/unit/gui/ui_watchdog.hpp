// UiWatchdog: how long the thread of the window was blocked at most. A timer of no time is due in every turn of the
// loop; what passes between two of its turns is what somebody who drags a slider would have waited. Beside the time it
// tells what the thread had of the processor meanwhile: on a busy machine the rest was spent by others.
#pragma once

#include <time.h>

#include <QElapsedTimer>
#include <QTimer>
#include <algorithm>
#include <string>
#include <utility>

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
  double busiest_ms() const { return busiest_ms_; }
  const std::string& busiest_while() const { return busiest_while_; }
  const std::string& longest_while() const { return longest_while_; }

 private:
  void look() {
    const double passed_ms = static_cast<double>(since_.nsecsElapsed()) / 1e6;
    since_.restart();
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    const double used_ms = static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
    const double busy_ms = used_ms - std::exchange(used_ms_, used_ms);
    if (busy_ms > busiest_ms_ && busy_ms <= passed_ms + 1) {
      busiest_ms_ = busy_ms;
      busiest_while_ = doing_;
    }
    if (passed_ms <= longest_ms_) return;
    longest_ms_ = passed_ms;
    longest_while_ = doing_;
  }

  QTimer timer_;
  QElapsedTimer since_;
  std::string doing_ = "idle";
  double longest_ms_ = 0;
  std::string longest_while_;
  double used_ms_ = 0;
  double busiest_ms_ = 0;
  std::string busiest_while_;
};

}  // namespace ghostnet::gui
