#include "ghostnet/realnet/world.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <ctime>

#include "ghostnet/realnet/asio_bridge.hpp"
#include "ghostnet/realnet/linger_set.hpp"
#include "ghostnet/realnet/send_batch.hpp"
#include "ghostnet/realnet/socket_address.hpp"

namespace ghostnet::realnet {

namespace {

constexpr Duration kWallRefresh = 100ms;  // a step of civil time is seen after so long at the latest

std::int64_t read_clock_ns(clockid_t clock) {
  timespec time;
  ::clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

class NoLog final : public LogSink {
 public:
  void write(const LogRecord&) override {}
};

LogOptions log_options(const WorldOptions& options) {
  return options.log_sink != nullptr ? options.log : LogOptions{.level = LogLevel::off};
}

}  // namespace

struct World::Descriptors {
  FileDescriptor epoll;
  FileDescriptor mailbox;
};

class World::FailureLog final : public FailureHandler {
 public:
  explicit FailureLog(LogHub& log) : log_(log.world()) {}

  void child_failed(const Error& error) noexcept override {
    ++failures;
    log_.error("a task failed: {}", error.message());
  }

  std::uint64_t failures = 0;

 private:
  Log log_;
};

Result<std::unique_ptr<World>> World::create(WorldOptions options) {
  Result<FileDescriptor> epoll = Poller::open();
  if (!epoll) return fail(std::move(epoll));
  Result<FileDescriptor> mailbox = Mailbox::open();
  if (!mailbox) return fail(std::move(mailbox));
  std::unique_ptr<World> world(new World(std::move(options), {std::move(*epoll), std::move(*mailbox)}));
  if (Result<> watched = world->mailbox_.watch(); !watched) return fail(std::move(watched));
  return world;
}

Result<std::unique_ptr<World>> World::create(boost::asio::io_context& context, WorldOptions options) {
  Result<std::unique_ptr<World>> world = create(std::move(options));
  if (!world) return world;
  if (Result<> joined = (*world)->become_guest(context); !joined) return fail(std::move(joined));
  return world;
}

World::World(WorldOptions options, Descriptors descriptors)
    : options_(std::move(options)),
      no_log_(options_.log_sink == nullptr ? std::make_unique<NoLog>() : nullptr),
      metrics_(options_.metrics),
      log_(
          no_log_ ? *no_log_ : *options_.log_sink, [this] { return loop_.now(); }, log_options(options_)),
      context_{loop_, metrics_, log_},
      failure_log_(std::make_unique<FailureLog>(log_)),
      poller_(std::move(descriptors.epoll), options_.calls_per_turn),
      mailbox_(poller_, std::move(descriptors.mailbox)),
      receive_batch_(options_.receive),
      send_batch_(std::make_unique<SendBatch>()),
      lingering_(std::make_unique<LingerSet>(*this)),
      workers_(mailbox_, {.threads = options_.compute_threads, .max_queued = options_.max_queued_jobs}),
      resolvers_(mailbox_, {.threads = options_.resolver_threads,
                            .max_queued = options_.max_queued_jobs,
                            .at_end = WorkerPool::AtEnd::abandon}) {
  loop_.set_failure_handler(failure_log_.get());
  set_time();
}

World::~World() = default;

std::uint64_t World::task_failures() const { return failure_log_->failures; }

Result<boost::asio::io_context*> World::io_context() {
  if (bridge_) return &bridge_->context();
  if (!own_context_) own_context_ = std::make_unique<boost::asio::io_context>(1);
  if (Result<> joined = become_guest(*own_context_); !joined) return fail(std::move(joined));
  return own_context_.get();
}

// Asio opens its own epoll descriptor, timer and pipe with the first object that wants them, and throws where it
// cannot.
Result<> World::become_guest(boost::asio::io_context& context) {
  try {
    bridge_ = std::make_unique<AsioBridge>(*this, context);
  } catch (const boost::system::system_error& error) {
    return system_failure(error.code().value(), "joining an io_context of Asio");
  }
  return {};
}

void World::run() {
  const bool never = false;
  run_until(never);
}

void World::stop() {
  stopped_ = true;
  wake();
}

bool World::run_until(const bool& done) {
  if (bridge_ != nullptr) wake();  // Asio knows nothing of the task that we are here for
  while (!done) {
    if (stopped_.exchange(false)) return false;
    if (bridge_ == nullptr) {
      turn(Duration::max());
    } else if (!bridge_->run_one()) {
      return false;
    }
  }
  return true;
}

void World::turn(Duration at_most) {
  poller_.wait(at_most > Duration{} ? std::min(at_most, idle_time()) : Duration{});
  set_time();
  poller_.dispatch();
  mailbox_.deliver();
  loop_.fire_due_timers();
  loop_.run_ready(options_.resumes_per_turn);
}

Duration World::idle_time() {
  if (loop_.has_ready() || poller_.has_deferred()) return {};
  const TimePoint deadline = loop_.next_deadline();
  if (deadline == kNever) return Duration::max();
  return std::max(deadline - from_ns(read_clock_ns(CLOCK_MONOTONIC)), Duration{});
}

void World::set_time() {
  const TimePoint now = from_ns(read_clock_ns(CLOCK_MONOTONIC));
  loop_.set_now(now);
  if (now - wall_read_at_ < kWallRefresh) return;
  wall_read_at_ = now;
  loop_.set_wall_offset(Duration(read_clock_ns(CLOCK_REALTIME)) - now.time_since_epoch());
}

void World::add_name(std::string name, std::vector<IpAddress> addresses) {
  names_.insert_or_assign(std::move(name), std::move(addresses));
}

const std::vector<IpAddress>* World::find_name(const std::string& name) const {
  const auto found = names_.find(name);
  return found != names_.end() ? &found->second : nullptr;
}

}  // namespace ghostnet::realnet
