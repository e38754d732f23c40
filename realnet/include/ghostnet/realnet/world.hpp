// World: the live world: real time, real sockets, one thread of control.
//
// A World drives a runtime Loop. Alone, it waits in its own epoll descriptor. Given an io_context of the caller, or
// once io_context() was asked for one, it is a guest of Boost.Asio: Asio watches the world's epoll descriptor and its
// next deadline as one descriptor and one timer, and the caller's handlers and ours take turns on the same thread.
// Measured on the echo of 64 bytes: Asio's own sockets 23.7 us for one connection and 19.5 us for each of 64, a world
// alone 23.1 and 16.3, a world as a guest 24.1 and 17.7; one Asio wait for every socket and read 23.9 and 18.9. (Two
// processes on one core; a guest pays one epoll_ctl and one epoll_wait more for each turn, whatever the number of
// sockets.)
//
// One turn: wait for events or the next deadline, read the clock once, tell the sockets, fire timers, run what is
// ready. Long queues of ready tasks yield to the sockets after `resumes_per_turn`.
//
// Everything belongs to the thread that runs the world, but post(), stop() and wake(). As a guest, code that touches
// hosts or tasks from outside a turn (from an Asio handler) does so within post(), or calls wake() afterwards. The
// io_context of the caller outlives the world; the world outlives its hosts. It is made by create(), since the system
// may refuse it descriptors.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ghostnet/realnet/mailbox.hpp"
#include "ghostnet/realnet/poller.hpp"
#include "ghostnet/realnet/receive_batch.hpp"
#include "ghostnet/realnet/stream_register.hpp"
#include "ghostnet/realnet/worker_pool.hpp"
#include "ghostnet/runtime/host.hpp"

namespace boost::asio {
class io_context;
}

namespace ghostnet::realnet {

class AsioBridge;
class LingerSet;
class SendBatch;

struct WorldOptions {
  std::size_t compute_threads = 0;     // 0: one for each processor; started when first needed
  std::size_t max_queued_jobs = 4096;  // more run on the loop's thread
  std::size_t resolver_threads = 2;    // name resolution blocks, and must not hold up compute()
  std::size_t resumes_per_turn = 4096;
  std::uint32_t calls_per_turn = 16;  // system calls of one socket in one turn
  ReceiveBatchOptions receive{};
  Duration accept_backoff = 100ms;   // after an accept for which there was no descriptor or no memory
  std::size_t max_lingering = 1024;  // streams that were shut down and dropped, and still deliver
  Duration linger_limit = 30s;
  LogSink* log_sink = nullptr;  // null: nothing is logged
  LogOptions log{};
  MetricHubOptions metrics{};
};

class World {
 public:
  static Result<std::unique_ptr<World>> create(WorldOptions options = {});
  // As a guest from the beginning. The caller runs the context.
  static Result<std::unique_ptr<World>> create(boost::asio::io_context& context, WorldOptions options = {});
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  Loop& loop() { return loop_; }
  MetricHub& metrics() { return metrics_; }
  LogHub& log() { return log_; }
  const HostContext& context() const { return context_; }
  // Who is told what may be seen of the hosts of this world; null ends it. It outlives the world, or the time until
  // then.
  void observe(Observer* observer) { context_.observer = observer; }
  const WorldOptions& options() const { return options_; }
  // Tasks that ended with an error or an exception; each was logged.
  std::uint64_t task_failures() const;

  // Where Asio's own objects of this thread live: the caller's, or one of the world's own. From now on run() runs it.
  // Errors: too_many_files, when the system has no descriptors for it.
  Result<boost::asio::io_context*> io_context();

  // Takes turns until stop(). Not from within a task or a handler.
  void run();
  // Takes turns until the task has finished, and gives its outcome: nothing (or false) when stop() came first, which
  // drops it.
  template <class T>
  auto run(Task<T> task) -> std::conditional_t<std::is_void_v<T>, bool, std::optional<T>>;
  // Ends run(), soon. From any thread.
  void stop();
  // Runs the function on the world's thread. From any thread.
  void post(Mailbox::Letter letter) { mailbox_.post(std::move(letter)); }
  // Has a turn taken soon. From any thread, and from a signal handler.
  void wake() const { mailbox_.wake(); }

  // A name that resolve() of all hosts of this world answers itself.
  void add_name(std::string name, std::vector<IpAddress> addresses);
  const std::vector<IpAddress>* find_name(const std::string& name) const;

  // ---- for the sockets of this world ----

  Poller& poller() { return poller_; }
  ReceiveBatch& receive_batch() { return receive_batch_; }
  SendBatch& send_batch() { return *send_batch_; }
  LingerSet& lingering() { return *lingering_; }
  StreamRegister& streams() { return streams_; }
  const StreamRegister& streams() const { return streams_; }
  WorkerPool& workers() { return workers_; }
  WorkerPool& resolvers() { return resolvers_; }
  // Its time is the machine's.
  const Clock& clock() const { return clock_; }

  // ---- for who drives it ----

  // Waits for events, at most so long and no longer than idle_time(), and takes one turn.
  void turn(Duration at_most);
  // How long nothing will happen by itself; Duration::max(): ever.
  Duration idle_time();

 private:
  struct Descriptors;
  class FailureLog;

  World(WorldOptions options, Descriptors descriptors);
  Result<> become_guest(boost::asio::io_context& context);
  void set_time();
  // Takes turns until `done` or stop(); false: stopped.
  bool run_until(const bool& done);

  template <class T>
  struct Outcome;
  template <class T>
  static Task<> keep(Task<T> task, Outcome<T>& outcome);

  WorldOptions options_;
  Loop loop_;
  Clock clock_{loop_};
  std::unique_ptr<LogSink> no_log_;
  MetricHub metrics_;
  LogHub log_;
  HostContext context_;
  std::unique_ptr<FailureLog> failure_log_;
  TimePoint wall_read_at_{};
  std::atomic<bool> stopped_ = false;
  Poller poller_;
  Mailbox mailbox_;
  ReceiveBatch receive_batch_;
  std::unique_ptr<SendBatch> send_batch_;
  StreamRegister streams_;  // before all that may hold a stream
  std::unique_ptr<LingerSet> lingering_;
  WorkerPool workers_;
  WorkerPool resolvers_;
  std::map<std::string, std::vector<IpAddress>> names_;
  std::unique_ptr<boost::asio::io_context> own_context_;
  std::unique_ptr<AsioBridge> bridge_;
};

template <class T>
struct World::Outcome {
  bool done = false;
  std::exception_ptr exception;
  std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value;
};

template <class T>
Task<> World::keep(Task<T> task, Outcome<T>& outcome) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      outcome.value = true;
    } else {
      outcome.value.emplace(co_await std::move(task));
    }
  } catch (...) {
    outcome.exception = std::current_exception();
  }
  outcome.done = true;
}

template <class T>
auto World::run(Task<T> task) -> std::conditional_t<std::is_void_v<T>, bool, std::optional<T>> {
  Outcome<T> outcome;
  Scope scope(loop_);
  scope.spawn(keep(std::move(task), outcome));
  run_until(outcome.done);
  if (outcome.exception) std::rethrow_exception(outcome.exception);
  if constexpr (std::is_void_v<T>) {
    return outcome.value.has_value();
  } else {
    return std::move(outcome.value);
  }
}

}  // namespace ghostnet::realnet
