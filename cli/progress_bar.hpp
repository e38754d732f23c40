// A bar on a terminal, a line every few seconds elsewhere; both on standard error.
#pragma once

#include <chrono>
#include <string>

namespace ghostnet::cli {

class ProgressBar {
 public:
  explicit ProgressBar(bool shown);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Whether it is time for the next drawing.
  bool is_due() const;
  // `share` of the whole, from 0 to 1.
  void draw(double share, const std::string& text);
  // Leaves the line free, for text that stays.
  void clear();
  double wall_s() const;
  double left_s(double share) const { return share > 0 ? wall_s() / share - wall_s() : 0; }

 private:
  bool shown_;
  bool terminal_;
  bool drawn_ = false;
  double next_at_s_ = 0.5;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace ghostnet::cli
