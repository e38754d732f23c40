#include "progress_bar.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace ghostnet::cli {

namespace {

constexpr std::size_t kBarColumns = 30;
constexpr double kTerminalEvery_s = 0.1;
constexpr double kLineEvery_s = 5;

}  // namespace

ProgressBar::ProgressBar(bool shown) : shown_(shown), terminal_(isatty(STDERR_FILENO) != 0) {}

ProgressBar::~ProgressBar() { clear(); }

double ProgressBar::wall_s() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
}

bool ProgressBar::is_due() const { return shown_ && wall_s() >= next_at_s_; }

void ProgressBar::draw(double share, const std::string& text) {
  next_at_s_ = wall_s() + (terminal_ ? kTerminalEvery_s : kLineEvery_s);
  if (!terminal_) {
    fmt::print(stderr, "{}\n", text);
    return;
  }
  const auto filled = static_cast<std::size_t>(share * kBarColumns);
  fmt::print(stderr, "\r\033[K[{:<{}}] {}", std::string(filled, '#'), kBarColumns, text);
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::clear() {
  if (drawn_ && terminal_) fmt::print(stderr, "\r\033[K");
  drawn_ = false;
}

}  // namespace ghostnet::cli
