// WorkerPool: a few threads that run ComputeJobs, started when the first job comes.
//
// A finished job returns through the mailbox to the loop's thread, where its task is woken and the job is destroyed. A
// job that nobody waits for any more when its turn comes is not run. When `max_queued` jobs wait for a thread, the next
// one runs on the caller's thread: that slows down who asks for too much. Destroying the pool waits for the jobs that
// are running and forgets those that wait.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "ghostnet/realnet/mailbox.hpp"
#include "ghostnet/runtime/compute.hpp"

namespace ghostnet::realnet {

class WorkerPool {
 public:
  WorkerPool(Mailbox& mailbox, std::size_t threads, std::size_t max_queued);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  void submit(std::shared_ptr<ComputeJob> job);

  // Threads that were started.
  std::size_t size() const { return threads_.size(); }

 private:
  bool start_thread();
  void work();

  Mailbox& mailbox_;
  std::size_t max_threads_;
  std::size_t max_queued_;
  std::vector<std::thread> threads_;

  std::mutex mutex_;
  std::condition_variable wanted_;
  std::deque<std::shared_ptr<ComputeJob>> queue_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace ghostnet::realnet
