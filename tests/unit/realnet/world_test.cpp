// The world itself: turns, time, embedding in an io_context of Asio, other threads, signals, worker threads.
#include <sys/time.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <thread>

#include "ghostnet/realnet/signals.hpp"
#include "live_world.hpp"

namespace ghostnet::realnet::world_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class WorldTurns : public LiveWorld {};

Task<int> answer(Clock clock) {
  co_await clock.sleep(1us);
  co_return 42;
}

Task<int> failing(Clock clock) {
  co_await clock.sleep(1us);
  throw std::logic_error("a bug of ours");
}

Task<> forever(Clock clock) {
  while (true) co_await clock.sleep(1ms);
}

TEST_F(WorldTurns, RunGivesTheOutcomeOfATask) { EXPECT_EQ(world().run(answer(a().clock())), 42); }

TEST_F(WorldTurns, RunRethrows) { EXPECT_THROW(world().run(failing(a().clock())), std::logic_error); }

TEST_F(WorldTurns, StopEndsARunAndDropsItsTask) {
  world().stop();
  EXPECT_FALSE(world().run(forever(a().clock())));
  EXPECT_EQ(world().run(answer(a().clock())), 42) << "one stop ends one run";
}

TEST_F(WorldTurns, StopWorksFromAnotherThread) {
  std::thread stopper([&] { world().stop(); });
  EXPECT_FALSE(world().run(forever(a().clock())));
  stopper.join();
}

TEST_F(WorldTurns, PostRunsInOrderOnTheWorldsThread) {
  std::vector<int> order;
  const auto here = std::this_thread::get_id();
  std::thread poster([&] {
    for (int i = 0; i < 3; ++i) {
      world().post([&, i] {
        EXPECT_EQ(std::this_thread::get_id(), here);
        order.push_back(i);
        if (i == 2) world().stop();
      });
    }
  });
  world().run();
  poster.join();
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
}

Task<> note(Clock clock, Duration delay, std::vector<int>& order, int number, TimePoint& woken) {
  const TimePoint due = clock.now() + delay;
  co_await clock.sleep(delay);
  EXPECT_GE(clock.now(), due);
  EXPECT_GE(clock.now(), woken);
  woken = clock.now();
  order.push_back(number);
}

Task<> three_sleepers(Clock clock, std::vector<int>& order) {
  TimePoint woken{};
  co_await all_of(note(clock, 3ms, order, 3, woken), note(clock, 1ms, order, 1, woken),
                  note(clock, 2ms, order, 2, woken));
}

TEST_F(WorldTurns, TimersFireInOrderAndNotEarly) {
  std::vector<int> order;
  run(three_sleepers(a().clock(), order));
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST_F(WorldTurns, CivilTimeIsTheMachines) {
  timeval machine;
  ::gettimeofday(&machine, nullptr);
  const auto ours = std::chrono::duration_cast<std::chrono::seconds>(a().clock().wall_now().time_since_epoch()).count();
  EXPECT_NEAR(static_cast<double>(ours), static_cast<double>(machine.tv_sec), 3600.0);
}

Task<> yield_often(Clock clock, int times, int& done) {
  for (int i = 0; i < times; ++i) co_await clock.sleep(0ns);
  ++done;
}

TEST_F(WorldTurns, ManyReadyTasksYieldToSockets) {
  auto world = make_world({.resumes_per_turn = 10});
  Host host(*world, {.name = "host"});
  int done = 0;
  Scope scope(world->loop());
  for (int i = 0; i < 100; ++i) scope.spawn(yield_often(host.clock(), 3, done));
  world->turn(0ns);
  EXPECT_EQ(done, 0);
  EXPECT_EQ(world->idle_time(), 0ns);
  while (!scope.empty()) world->turn(kPatience);
  EXPECT_EQ(done, 100);
}

class Lines final : public LogSink {
 public:
  void write(const LogRecord& record) override { lines.emplace_back(record.text); }
  std::vector<std::string> lines;
};

Task<Result<>> refused() { co_return fail(Errc::refused, "nobody there"); }

TEST_F(WorldTurns, FailedTasksAreLoggedAndCounted) {
  Lines lines;
  auto world = make_world({.log_sink = &lines});
  Host host(*world, {.name = "host"});
  host.scope().spawn(refused());
  world->turn(0ns);
  EXPECT_EQ(world->task_failures(), 1u);
  EXPECT_THAT(lines.lines, ElementsAre(HasSubstr("nobody there")));
}

Task<> ping_pong(Host& host, int rounds, int& done) {
  auto one = std::move(*host.open_udp({.local = Endpoint(IpAddress::v4(127, 0, 0, 1), 0)}));
  auto two = std::move(*host.open_udp({.local = Endpoint(IpAddress::v4(127, 0, 0, 1), 0)}));
  for (int i = 0; i < rounds; ++i) {
    EXPECT_TRUE(one->send_to(two->local(), as_bytes("ping")));
    Result<ReceivedDatagram> received = co_await two->recv();
    CO_ASSERT_OK(received);
    co_await host.clock().sleep(10us);
    ++done;
  }
}

TEST(AsioGuest, RunsOnTheCallersContextBesideItsHandlers) {
  boost::asio::io_context context;
  auto world = std::move(*World::create(context));
  Host host(*world, {.name = "host"});
  int done = 0;
  int ticks = 0;
  boost::asio::steady_timer timer(context);
  std::function<void(boost::system::error_code)> tick = [&](boost::system::error_code error) {
    if (error) return;
    ++ticks;
    timer.expires_after(std::chrono::microseconds(50));
    timer.async_wait(tick);
  };
  tick({});
  world->post([&] { host.scope().spawn(ping_pong(host, 50, done)); });
  while (done < 50 || ticks < 10) context.run_one();
  EXPECT_EQ(done, 50);
}

TEST(AsioGuest, TasksSpawnedByACallersHandlerRunAfterWake) {
  boost::asio::io_context context;
  auto world = std::move(*World::create(context));
  Host host(*world, {.name = "host"});
  int done = 0;
  boost::asio::post(context, [&] {
    host.scope().spawn(ping_pong(host, 1, done));
    world->wake();
  });
  while (done == 0) context.run_one();
  EXPECT_EQ(done, 1);
}

TEST(AsioGuest, ItsContextLivesOnWhenItGoes) {
  boost::asio::io_context context;
  auto world = std::move(*World::create(context));
  context.poll();
  world.reset();
  bool ran = false;
  boost::asio::post(context, [&] { ran = true; });
  context.restart();
  context.run();  // returns: nothing of the world is left to wait for
  EXPECT_TRUE(ran);
}

TEST(AsioGuest, AWorldOfItsOwnBecomesAGuestWhenAskedForItsContext) {
  auto world = make_world();
  Host host(*world, {.name = "host"});
  int done = 0;
  bool ran = false;
  boost::asio::post(**world->io_context(), [&] { ran = true; });
  EXPECT_TRUE(world->run(ping_pong(host, 20, done)));
  EXPECT_EQ(done, 20);
  EXPECT_TRUE(ran);
  world->stop();
  EXPECT_FALSE(world->run(forever(host.clock())));
}

class SignalsTest : public LiveWorld {};

Task<> wait_for(Event& event) { co_await event; }

TEST_F(SignalsTest, ComeAsAnEventOnce) {
  auto signals = std::move(*Signals::watch(world(), {SIGUSR1, SIGUSR2}));
  EXPECT_EQ(signals->which(), 0);
  ::raise(SIGUSR2);
  run(wait_for(signals->received()));
  EXPECT_EQ(signals->which(), SIGUSR2);
  struct sigaction now{};
  ::sigaction(SIGUSR2, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL) << "the next one does what it did before";
}

TEST_F(SignalsTest, AreWatchedByOneAtATime) {
  auto signals = std::move(*Signals::watch(world(), {SIGUSR1}));
  EXPECT_EQ(Signals::watch(world(), {SIGUSR1}).error(), Errc::busy);
  signals.reset();
  EXPECT_TRUE(Signals::watch(world(), {SIGUSR1}));
  EXPECT_EQ(Signals::watch(world(), {SIGKILL}).error(), Errc::invalid_argument);
}

class Compute : public LiveWorld {};

Task<> compute_squares(Host& host, std::vector<int>& squares) {
  for (int i = 0; i < 5; ++i) {
    auto square = [i] { return i * i; };
    squares.push_back(co_await host.compute({}, square));
  }
}

TEST_F(Compute, RunsOnAnotherThreadAndReturnsItsResult) {
  std::vector<int> squares;
  run(compute_squares(a(), squares));
  EXPECT_THAT(squares, ElementsAre(0, 1, 4, 9, 16));
  EXPECT_GE(world().workers().size(), 1u);
}

Task<> where_am_i(Host& host, std::thread::id& thread) {
  auto ask = [] { return std::this_thread::get_id(); };
  thread = co_await host.compute({}, ask);
}

TEST_F(Compute, ThreadsStartWhenFirstNeeded) {
  EXPECT_EQ(world().workers().size(), 0u);
  std::thread::id thread;
  run(where_am_i(a(), thread));
  EXPECT_NE(thread, std::this_thread::get_id());
  EXPECT_EQ(world().workers().size(), 1u);
}

TEST_F(Compute, RunsHereWhenTooManyWait) {
  auto world = make_world({.compute_threads = 1, .max_queued_jobs = 0});
  Host host(*world, {.name = "host"});
  std::thread::id thread;
  EXPECT_TRUE(world->run(where_am_i(host, thread)));
  EXPECT_EQ(thread, std::this_thread::get_id());
}

Task<> throwing(Host& host) {
  auto bad = []() -> int { throw std::runtime_error("in a worker"); };
  co_await host.compute({}, bad);
}

TEST_F(Compute, ExceptionsComeBack) { EXPECT_THROW(world().run(throwing(a())), std::runtime_error); }

Task<> count_up(Host& host, std::atomic<int>& count, int& finished) {
  auto increment = [&count] { return count.fetch_add(1); };
  co_await host.compute({}, increment);
  ++finished;
}

TEST_F(Compute, ManyAtOnce) {
  std::atomic<int> count = 0;
  int finished = 0;
  for (int i = 0; i < 500; ++i) a().scope().spawn(count_up(a(), count, finished));
  while (!a().scope().empty()) world().turn(kPatience);
  EXPECT_EQ(count, 500);
  EXPECT_EQ(finished, 500);
}

Task<> wait_for_gate(Host& host, std::atomic<bool>& entered, std::atomic<bool>& gate) {
  auto block = [&] {
    entered = true;
    while (!gate) std::this_thread::yield();
  };
  co_await host.compute({}, block);
}

TEST_F(Compute, DroppedWaitsAbandonTheirJobs) {
  auto world = make_world({.compute_threads = 1});
  Host host(*world, {.name = "host"});
  std::atomic<bool> entered = false;
  std::atomic<bool> gate = false;
  std::atomic<int> count = 0;
  int finished = 0;
  host.scope().spawn(wait_for_gate(host, entered, gate));
  for (int i = 0; i < 20; ++i) host.scope().spawn(count_up(host, count, finished));
  world->turn(0ns);
  while (!entered) std::this_thread::yield();
  host.scope().drop_all();  // the first runs already; the others need not any more
  gate = true;
  host.scope().spawn(count_up(host, count, finished));
  while (!host.scope().empty()) world->turn(kPatience);
  EXPECT_EQ(finished, 1);
  EXPECT_EQ(count, 1);
}

TEST_F(Compute, AWorldMayGoWhileJobsAreRunning) {
  std::atomic<bool> entered = false;
  std::atomic<bool> gate = false;
  auto world = make_world({.compute_threads = 1});
  auto host = std::make_unique<Host>(*world, HostOptions{.name = "host"});
  host->scope().spawn(wait_for_gate(*host, entered, gate));
  world->turn(0ns);
  while (!entered) std::this_thread::yield();
  host.reset();
  gate = true;
  world.reset();
}

}  // namespace
}  // namespace ghostnet::realnet::world_test
