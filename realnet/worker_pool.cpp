#include "ghostnet/realnet/worker_pool.hpp"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <system_error>
#include <utility>

namespace ghostnet::realnet {

struct WorkerPool::Queue {
  explicit Queue(Mailbox& mailbox) : mailbox(&mailbox) {}

  std::mutex mutex;
  std::condition_variable wanted;
  std::deque<std::shared_ptr<ComputeJob>> jobs;
  std::size_t idle = 0;
  Mailbox* mailbox;  // null: the pool has gone
};

WorkerPool::WorkerPool(Mailbox& mailbox, const Options& options)
    : options_(options), queue_(std::make_shared<Queue>(mailbox)) {
  if (options_.threads == 0) options_.threads = std::max(1U, std::thread::hardware_concurrency());
}

WorkerPool::~WorkerPool() {
  std::deque<std::shared_ptr<ComputeJob>> forgotten;
  {
    std::lock_guard lock(queue_->mutex);
    queue_->mailbox = nullptr;
    forgotten.swap(queue_->jobs);
  }
  queue_->wanted.notify_all();
  for (std::thread& thread : threads_) options_.at_end == AtEnd::wait ? thread.join() : thread.detach();
}

void WorkerPool::submit(std::shared_ptr<ComputeJob> job) {
  bool wants_thread;
  {
    std::lock_guard lock(queue_->mutex);
    wants_thread = queue_->idle <= queue_->jobs.size();
  }
  if (wants_thread && threads_.size() < options_.threads) start_thread();
  {
    std::lock_guard lock(queue_->mutex);
    if (queue_->jobs.size() < options_.max_queued && !threads_.empty()) {
      queue_->jobs.push_back(std::move(job));
      queue_->wanted.notify_one();
      return;
    }
  }
  job->execute();
  job->finish();
}

// Without one, where the machine gives none, jobs run on the caller's thread.
void WorkerPool::start_thread() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the loop's thread
  try {
    threads_.emplace_back(&WorkerPool::work, queue_);
  } catch (const std::system_error&) {
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void WorkerPool::work(std::shared_ptr<Queue> queue) {
  std::unique_lock lock(queue->mutex);
  while (true) {
    ++queue->idle;
    queue->wanted.wait(lock, [&] { return queue->mailbox == nullptr || !queue->jobs.empty(); });
    --queue->idle;
    if (queue->mailbox == nullptr) return;
    std::shared_ptr<ComputeJob> job = std::move(queue->jobs.front());
    queue->jobs.pop_front();
    lock.unlock();
    if (job.use_count() > 1) job->execute();  // else its task was dropped meanwhile
    lock.lock();
    if (queue->mailbox == nullptr) return;
    queue->mailbox->post([job = std::move(job)] { job->finish(); });
  }
}

}  // namespace ghostnet::realnet
