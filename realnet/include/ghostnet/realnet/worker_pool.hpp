// WorkerPool: a few threads that run ComputeJobs, started when the first job comes.
//
// A finished job returns through the mailbox to the loop's thread, where its task is woken and the job is destroyed. A
// job that nobody waits for any more when its turn comes is not run. When `max_queued` jobs wait for a thread, the next
// one runs on the caller's thread: that slows down who asks for too much.
//
// When the pool goes, jobs that wait are forgotten. Jobs that are running are waited for, or abandoned to finish by
// themselves: a name server that does not answer should not hold up the end of a program.
#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "ghostnet/realnet/mailbox.hpp"
#include "ghostnet/runtime/compute.hpp"

namespace ghostnet::realnet {

class WorkerPool {
 public:
  enum class AtEnd { wait, abandon };
  struct Options {
    std::size_t threads = 0;  // at most; 0: one for each processor
    std::size_t max_queued = 4096;
    AtEnd at_end = AtEnd::wait;
  };

  WorkerPool(Mailbox& mailbox, const Options& options);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  void submit(std::shared_ptr<ComputeJob> job);

  // Threads that were started.
  std::size_t size() const { return threads_.size(); }

 private:
  struct Queue;

  void start_thread();
  static void work(std::shared_ptr<Queue> queue);

  Options options_;
  std::shared_ptr<Queue> queue_;  // also of the threads, which may outlive this
  std::vector<std::thread> threads_;
};

}  // namespace ghostnet::realnet
