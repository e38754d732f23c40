// What the core of the runtime costs, beside the same in Boost.Asio: starting a task, awaiting one, handing an item
// from task to task, and timers with 100,000 pending. Asio runs in its own best setting for one thread.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <time.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "bench_row.hpp"
#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/runtime/sync.hpp"
#include "ghostnet/runtime/task.hpp"

namespace asio = boost::asio;

namespace ghostnet {
namespace {

constexpr int kNoLocks = BOOST_ASIO_CONCURRENCY_HINT_UNSAFE;

// Nanoseconds of this thread's processor time that one of `count` operations of `body` takes: nothing here waits for
// anything, and neighbours on the machine count less so.
double cpu_ns() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}
template <class Body>
double ns_each(std::int64_t count, Body body) {
  double start_ns = cpu_ns();
  body();
  return (cpu_ns() - start_ns) / static_cast<double>(count);
}

void keep(std::uint64_t value) { asm volatile("" : : "r"(value) : "memory"); }

// ---- spawn, run, destroy ----

constexpr int kSpawns = 200'000;
constexpr int kSpawnsAtOnce = 100;

Task<> count_one(std::uint64_t& counter) {
  ++counter;
  co_return;
}
asio::awaitable<void> asio_count_one(std::uint64_t& counter) {
  ++counter;
  co_return;
}

double spawn() {
  Loop loop;
  Scope scope(loop);
  std::uint64_t counter = 0;
  double ns = ns_each(kSpawns, [&] {
    for (int i = 0; i < kSpawns; i += kSpawnsAtOnce) {
      for (int j = 0; j < kSpawnsAtOnce; ++j) scope.spawn(count_one(counter));
      loop.run_ready();
    }
  });
  keep(counter);
  return ns;
}

double asio_spawn() {
  asio::io_context context(kNoLocks);
  std::uint64_t counter = 0;
  double ns = ns_each(kSpawns, [&] {
    for (int i = 0; i < kSpawns; i += kSpawnsAtOnce) {
      for (int j = 0; j < kSpawnsAtOnce; ++j) asio::co_spawn(context, asio_count_one(counter), asio::detached);
      context.restart();
      context.run();
    }
  });
  keep(counter);
  return ns;
}

// ---- an await that completes at once ----

constexpr int kAwaits = 2'000'000;

template <class T>
[[gnu::noinline]] Task<T> value(int i) {
  co_return i;
}
template <class T>
[[gnu::noinline]] asio::awaitable<T> asio_value(int i) {
  co_return i;
}
int number(int value) { return value; }
int number(const Result<int>& value) { return *value; }

template <class T>
Task<> await_values(std::uint64_t& sum) {
  for (int i = 0; i < kAwaits; ++i) sum += static_cast<std::uint64_t>(number(co_await value<T>(i)));
}
template <class T>
asio::awaitable<void> asio_await_values(std::uint64_t& sum) {
  for (int i = 0; i < kAwaits; ++i) sum += static_cast<std::uint64_t>(number(co_await asio_value<T>(i)));
}

template <class T>
double nested_await() {
  Loop loop;
  Scope scope(loop);
  std::uint64_t sum = 0;
  scope.spawn(await_values<T>(sum));
  double ns = ns_each(kAwaits, [&] { loop.run_ready(); });
  keep(sum);
  return ns;
}
template <class T>
double asio_nested_await() {
  asio::io_context context(kNoLocks);
  std::uint64_t sum = 0;
  asio::co_spawn(context, asio_await_values<T>(sum), asio::detached);
  double ns = ns_each(kAwaits, [&] { context.run(); });
  keep(sum);
  return ns;
}

// ---- channel ----

constexpr int kHops = 400'000;

Task<> echo_items(Channel<int>& in, Channel<int>& out) {
  while (std::optional<int> item = co_await in.recv()) {
    if (!co_await out.send(*item)) co_return;
  }
}
Task<> send_and_receive(Channel<int>& out, Channel<int>& in) {
  for (int i = 0; i < kHops / 2; ++i) {
    if (!co_await out.send(i)) co_return;
    keep(static_cast<std::uint64_t>((co_await in.recv()).value_or(0)));
  }
  out.close();
}

using AsioChannel = asio::experimental::channel<void(boost::system::error_code, int)>;

asio::awaitable<void> asio_echo_items(AsioChannel& in, AsioChannel& out) {
  for (int i = 0; i < kHops / 2; ++i) {
    int item = co_await in.async_receive(asio::use_awaitable);
    co_await out.async_send({}, item, asio::use_awaitable);
  }
}
asio::awaitable<void> asio_send_and_receive(AsioChannel& out, AsioChannel& in) {
  for (int i = 0; i < kHops / 2; ++i) {
    co_await out.async_send({}, i, asio::use_awaitable);
    keep(static_cast<std::uint64_t>(co_await in.async_receive(asio::use_awaitable)));
  }
}

double channel_hop() {
  Loop loop;
  Channel<int> there(loop, 1);
  Channel<int> back(loop, 1);
  Scope scope(loop);
  scope.spawn(echo_items(there, back));
  scope.spawn(send_and_receive(there, back));
  return ns_each(kHops, [&] { loop.run_ready(); });
}
double asio_channel_hop() {
  asio::io_context context(kNoLocks);
  AsioChannel there(context, 1);
  AsioChannel back(context, 1);
  asio::co_spawn(context, asio_echo_items(there, back), asio::detached);
  asio::co_spawn(context, asio_send_and_receive(there, back), asio::detached);
  return ns_each(kHops, [&] { context.run(); });
}

// ---- timers ----

constexpr std::size_t kPending = 100'000;
constexpr int kRearms = 300'000;
constexpr int kFires = 300'000;

// Deadlines between one and ten seconds ahead, and an order in which to visit the timers.
struct Plan {
  Plan() {
    Random random = Random::derive(1, 0, "bench");
    for (std::size_t i = 0; i < kPending; ++i) order.push_back(static_cast<std::uint32_t>(i));
    random.shuffle(order);
    for (std::size_t i = 0; i < kPending; ++i) delays.push_back(random.between(Duration{1s}, Duration{10s}));
  }
  std::vector<std::uint32_t> order;
  std::vector<Duration> delays;
};

double rearm(const Plan& plan) {
  Loop loop;
  Clock clock(loop);
  std::vector<Timer> timers;
  timers.reserve(kPending);
  for (std::size_t i = 0; i < kPending; ++i) timers.emplace_back(clock).arm_after(plan.delays[i]);
  std::size_t at = 0;
  return ns_each(kRearms, [&] {
    for (int i = 0; i < kRearms; ++i) {
      loop.set_now(loop.now() + 1us);
      timers[plan.order[at]].arm_after(plan.delays[at]);
      if (++at == kPending) at = 0;
    }
  });
}

double asio_rearm(const Plan& plan) {
  asio::io_context context(kNoLocks);
  std::vector<asio::steady_timer> timers;
  timers.reserve(kPending);
  auto arm = [](asio::steady_timer& timer, Duration delay) {
    timer.expires_after(delay);
    timer.async_wait([](const boost::system::error_code&) {});
  };
  for (std::size_t i = 0; i < kPending; ++i) arm(timers.emplace_back(context), plan.delays[i]);
  std::size_t at = 0;
  return ns_each(kRearms, [&] {
    for (int i = 0; i < kRearms; ++i) {
      arm(timers[plan.order[at]], plan.delays[at]);
      if (++at == kPending) at = 0;
      if (i % 100 == 99) context.poll();  // the handlers of what was cancelled
    }
  });
}

struct Sleepers {
  Random random = Random::derive(1, 0, "sleepers");
  int left = 0;
  Duration delay() { return random.between(Duration{1ms}, Duration{1s}); }
};

Task<> sleep_on(const Clock& clock, Sleepers& sleepers) {
  while (true) {
    co_await clock.sleep(sleepers.delay());
    --sleepers.left;
  }
}

double fire() {
  Loop loop;
  Clock clock(loop);
  Sleepers sleepers;
  Scope scope(loop);
  for (std::size_t i = 0; i < kPending; ++i) scope.spawn(sleep_on(clock, sleepers));
  auto run = [&](int fires) {
    sleepers.left = fires;
    TimerQueue& timers = loop.timers();
    while (sleepers.left > 0) {
      if (!timers.settled()) {
        timers.settle();
        continue;
      }
      loop.set_now(from_ns(timers.head().at_ns));
      loop.fire_head_timer();
      loop.run_ready();
    }
  };
  loop.run_ready();
  run(kFires);  // until the calendar has found its bucket width
  return ns_each(kFires, [&] { run(kFires); });
}

// A clock that the bench moves, so that Asio's timers fire as fast as it can.
struct HandClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<HandClock, duration>;
  static time_point now() { return at; }
  static inline time_point at{};
};
struct AtOnce {
  static HandClock::duration to_wait_duration(const HandClock::duration&) { return HandClock::duration::zero(); }
  static HandClock::duration to_wait_duration(const HandClock::time_point&) { return HandClock::duration::zero(); }
};
using HandTimer = asio::basic_waitable_timer<HandClock, AtOnce>;

asio::awaitable<void> asio_sleep_on(asio::io_context& context, Sleepers& sleepers) {
  HandTimer timer(context);
  while (true) {
    timer.expires_after(sleepers.delay());
    co_await timer.async_wait(asio::use_awaitable);
    --sleepers.left;
  }
}

double asio_fire() {
  HandClock::at = {};
  Sleepers sleepers;
  asio::io_context context(kNoLocks);
  for (std::size_t i = 0; i < kPending; ++i) {
    asio::co_spawn(context, asio_sleep_on(context, sleepers), asio::detached);
  }
  context.poll();
  // Some hundred expire at once, which spreads the cost of looking over them.
  auto run = [&](int fires) {
    sleepers.left = fires;
    while (sleepers.left > 0) {
      HandClock::at += 1ms;
      context.poll();
    }
  };
  run(kFires);
  return ns_each(kFires, [&] { run(kFires); });
}

}  // namespace
}  // namespace ghostnet

// The goals are shares of the rival's time; the comments say what that is in nanoseconds on the machine that they were
// set on, at rest.
int main(int argc, char** argv) {
  using namespace ghostnet;
  const Plan plan;
  std::vector<bench::BenchRow> rows;
  auto compare = [&](std::string name, double goal_ratio, auto ours, auto rivals) {
    bench::BenchRow row{.name = std::move(name),
                        .unit = "ns",
                        .rival = "Boost.Asio 1.81",
                        .higher_is_better = false,
                        .goal_ratio = goal_ratio,
                        .runs = 9};
    rows.push_back(bench::compare(std::move(row), ours, rivals));
  };
  compare("spawn, run and destroy a task", 1 / 10.0, spawn, asio_spawn);                                 // 35
  compare("await a task that ends at once: int", 12 / 18.0, nested_await<int>, asio_nested_await<int>);  // 12
  compare("await a task that ends at once: Result", 18 / 22.0, nested_await<Result<int>>,
          asio_nested_await<Result<int>>);                                           // 18
  compare("channel hop between two tasks", 1 / 8.0, channel_hop, asio_channel_hop);  // 30
  compare(
      "cancel and re-arm a timer, 100k pending", 1 / 25.0, [&] { return rearm(plan); },
      [&] { return asio_rearm(plan); });                                    // 30
  compare("arm, fire and resume, 100k pending", 1 / 3.0, fire, asio_fire);  // 350
  return bench::report(rows, argc, argv);
}
