// Mailbox: how other threads reach the loop's thread: functions to run there, in the order they were posted.
//
// post() may be called from any thread, also while the loop's thread sleeps: it wakes it. Everything else belongs to
// the loop's thread. What is still there when the mailbox goes is destroyed without having run.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "ghostnet/realnet/poller.hpp"

namespace ghostnet::realnet {

class Mailbox final : private Watch {
 public:
  using Letter = std::move_only_function<void()>;

  static Result<FileDescriptor> open();
  Mailbox(Poller& poller, FileDescriptor eventfd) : poller_(poller), eventfd_(std::move(eventfd)) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox();

  Result<> watch();

  void post(Letter letter);
  // Wakes the loop's thread without telling it anything. Also safe in a signal handler.
  void wake() const;

  // Runs what was posted so far.
  void deliver();

 private:
  void ready(std::uint32_t events) override;

  Poller& poller_;
  FileDescriptor eventfd_;
  bool woken_ = false;  // of the loop's thread
  std::mutex mutex_;
  std::vector<Letter> letters_;
};

}  // namespace ghostnet::realnet
