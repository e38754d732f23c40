#include "ghostnet/realnet/worker_pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <system_error>
#include <utility>

namespace ghostnet::realnet {

WorkerPool::WorkerPool(Mailbox& mailbox, std::size_t threads, std::size_t max_queued)
    : mailbox_(mailbox),
      max_threads_(threads != 0 ? threads : std::max(1U, std::thread::hardware_concurrency())),
      max_queued_(max_queued) {}

WorkerPool::~WorkerPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  wanted_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::submit(std::shared_ptr<ComputeJob> job) {
  bool queued = false;
  bool more_threads = false;
  {
    std::lock_guard lock(mutex_);
    more_threads = idle_ <= queue_.size() && threads_.size() < max_threads_;
    if (queue_.size() < max_queued_) {
      queue_.push_back(job);
      queued = true;
    }
  }
  if (more_threads) start_thread();
  if (queued && !threads_.empty()) return wanted_.notify_one();
  if (queued) {  // the machine gives us no thread at all
    std::lock_guard lock(mutex_);
    queue_.pop_back();
  }
  job->execute();
  job->finish();
}

bool WorkerPool::start_thread() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the loop's thread
  bool started = true;
  try {
    threads_.emplace_back(&WorkerPool::work, this);
  } catch (const std::system_error&) {
    started = false;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    wanted_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (stopping_) return;
    std::shared_ptr<ComputeJob> job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    if (job.use_count() > 1) job->execute();  // else its task was dropped meanwhile
    mailbox_.post([job = std::move(job)] { job->finish(); });
    lock.lock();
  }
}

}  // namespace ghostnet::realnet
