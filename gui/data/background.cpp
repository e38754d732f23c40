#include "ghostnet/gui/background.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace ghostnet::gui {

class Background::Thread {
 public:
  explicit Thread(Background& owner) : owner_(owner), thread_([this] { work(); }) {}

  ~Thread() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void add(const Ticket& ticket, std::move_only_function<void()> job) {
    {
      const std::lock_guard lock(mutex_);
      owner_.pending_ -= std::erase_if(jobs_, [](const Entry& entry) { return !entry.ticket.wanted(); });
      jobs_.push_back({ticket, std::move(job)});
      ++owner_.pending_;
    }
    wake_.notify_one();
  }

 private:
  struct Entry {
    Ticket ticket;
    std::move_only_function<void()> job;
  };

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      Entry entry = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      if (entry.ticket.wanted()) entry.job();
      entry.job = nullptr;
      // Behind the answer, so that what is no longer pending was handed over.
      owner_.post([&owner = owner_] { --owner.pending_; });
      lock.lock();
    }
  }

  Background& owner_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Entry> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

Background::Background(QObject* parent) : QObject(parent), thread_(std::make_unique<Thread>(*this)) {}
Background::~Background() { thread_.reset(); }

void Background::add(const Ticket& ticket, std::move_only_function<void()> job) {
  thread_->add(ticket, std::move(job));
}

void Background::post(std::move_only_function<void()> call) {
  auto shared = std::make_shared<std::move_only_function<void()>>(std::move(call));
  QMetaObject::invokeMethod(this, [shared] { (*shared)(); }, Qt::QueuedConnection);
}

}  // namespace ghostnet::gui
