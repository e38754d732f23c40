#include "ghostnet/support/test_world.hpp"

#include <fmt/core.h>

#include <stdexcept>
#include <utility>

#include "ghostnet/support/memory_stream.hpp"
#include "test_sockets.hpp"

namespace ghostnet::support {

TestWorld::TestWorld(const Options& options)
    : options_(options),
      clock_(loop_),
      log_(*this, [this] { return loop_.now(); }),
      context_{loop_, metrics_, log_},
      courier_(loop_, options.latency) {
  loop_.set_failure_handler(this);
}

TestWorld::~TestWorld() = default;

TestHost& TestWorld::add_host(std::string name) {
  auto id = static_cast<HostId>(hosts_.size());
  if (name.empty()) name = fmt::format("h{}", id + 1);
  return *hosts_.emplace_back(std::make_unique<TestHost>(*this, id, std::move(name)));
}

bool TestWorld::step() {
  while (!loop_.has_ready()) {
    if (!advance_to_next_deadline(kNever)) return false;
  }
  resumptions_ += loop_.run_ready(1);
  return true;
}

std::size_t TestWorld::run_ready() {
  std::size_t left = kMaxResumptions;
  std::size_t ran = loop_.run_ready(left);
  count(ran, left);
  return ran;
}

void TestWorld::run_until(TimePoint end) {
  std::size_t left = kMaxResumptions;
  count(loop_.run_ready(left), left);
  while (advance_to_next_deadline(end)) count(loop_.run_ready(left), left);
  if (end != kNever) loop_.set_now(end);
}

void TestWorld::run() { run_until(kNever); }

bool TestWorld::advance_to_next_deadline(TimePoint limit) {
  TimerQueue& timers = loop_.timers();
  while (!timers.empty() && !timers.settled() && from_ns(timers.lower_bound_ns()) <= limit) timers.settle();
  if (timers.empty() || from_ns(timers.lower_bound_ns()) > limit) return false;
  loop_.set_now(from_ns(timers.head().at_ns));
  loop_.fire_due_timers();
  return true;
}

void TestWorld::count(std::size_t resumptions, std::size_t& left) {
  resumptions_ += resumptions;
  left -= resumptions;
  if (left == 0) throw std::runtime_error("the world under test does not come to rest");
}

void TestWorld::child_failed(const Error& error) noexcept { failures_.emplace_back(error.message()); }

void TestWorld::write(const LogRecord& record) { log_lines_.emplace_back(record.text); }

TestHost::TestHost(TestWorld& world, HostId id, std::string name)
    : Host(world.context_, id, world.metrics_.group("test"), Random::derive(world.options_.seed, id, "host")),
      world_(world),
      name_(std::move(name)),
      interfaces_changed_(world.loop_) {}

IpAddress TestHost::address(IpFamily family) const {
  return family == IpFamily::v4 ? IpAddress::v4(0x0a00'0001 + id()) : IpAddress::v6(0xfd00'0000'0000'0000, id() + 1);
}

bool TestHost::owns(const IpAddress& address) const {
  return address == this->address(address.family()) || address.is_loopback();
}

std::vector<Interface> TestHost::interfaces() const {
  return {{.index = 1,
           .name = "test0",
           .up = up_,
           .multicast = true,
           .mtu_bytes = 1500,
           .addresses = {{address(IpFamily::v4), 24}, {address(IpFamily::v6), 64}}}};
}

void TestHost::set_up(bool up) {
  up_ = up;
  interfaces_changed_.pulse();
}

Task<Result<std::vector<IpAddress>>> TestHost::resolve(std::string name) {
  if (Result<IpAddress> literal = IpAddress::parse(name)) co_return std::vector{*literal};
  co_await clock().sleep(world_.options().latency * 2);
  for (const auto& host : world_.hosts_) {
    if (host->name() == name) co_return std::vector{host->address(IpFamily::v6), host->address(IpFamily::v4)};
  }
  co_return fail(Errc::not_found, "resolving {}: no host of that name", name);
}

Result<std::unique_ptr<UdpSocket>> TestHost::open_udp(const UdpOptions& options) {
  Result<Endpoint> local = bind(options.local, options.reuse_address || options.reuse_port);
  if (!local) return fail(std::move(local));
  return std::make_unique<TestUdpSocket>(*this, options, *local);
}

Result<Endpoint> TestHost::bind(const Endpoint& wanted, bool shared) {
  IpAddress address = wanted.address();
  if (!address.is_unspecified() && !address.is_multicast() && !owns(address)) {
    return fail(Errc::address_not_available, "binding {}: {} has no such address", wanted.to_string(), name_);
  }
  if (wanted.port() == 0) return wanted.with_port(world_.next_port_++);
  for (TestUdpSocket* socket : world_.sockets_) {
    if (socket->keeps_out(*this, wanted, shared)) {
      return fail(Errc::address_in_use, "binding {}", wanted.to_string());
    }
  }
  return wanted;
}

Result<std::unique_ptr<Listener>> TestHost::listen(const ListenOptions& options) {
  Endpoint local = options.local;
  if (local.address().is_unspecified()) local = Endpoint(address(local.family()), local.port());
  if (!owns(local.address())) return fail(Errc::address_not_available, "listening at {}", local.to_string());
  if (local.port() == 0) local = local.with_port(world_.next_port_++);
  if (world_.listeners_.contains(local)) return fail(Errc::address_in_use, "listening at {}", local.to_string());
  return std::make_unique<TestListener>(world_, local, "", options.backlog);
}

Task<Result<std::unique_ptr<Stream>>> TestHost::connect(ConnectOptions options) {
  IpAddress source = options.local.address();
  if (source.is_unspecified()) source = address(options.peer.family());
  Endpoint local(source, options.local.port() == 0 ? world_.next_port_++ : options.local.port());
  co_await clock().sleep(world_.courier_.latency());
  auto found = world_.listeners_.find(options.peer);
  auto stream = reach(found == world_.listeners_.end() ? nullptr : found->second, local, options.peer);
  co_await clock().sleep(world_.courier_.latency());
  co_return stream;
}

Result<std::unique_ptr<Listener>> TestHost::listen_local(const std::string& path) {
  if (world_.local_listeners_.contains(path)) return fail(Errc::address_in_use, "listening at {}", path);
  return std::make_unique<TestListener>(world_, Endpoint(), path, 16);
}

Task<Result<std::unique_ptr<Stream>>> TestHost::connect_local(std::string path) {
  co_await clock().sleep(Duration{});
  auto found = world_.local_listeners_.find(path);
  co_return reach(found == world_.local_listeners_.end() ? nullptr : found->second, {}, {});
}

Result<std::unique_ptr<Stream>> TestHost::reach(TestListener* listener, const Endpoint& from, const Endpoint& to) {
  if (listener == nullptr) return fail(Errc::refused, "connecting to {}: nobody listens there", to.to_string());
  MemoryStream::Pair pair = MemoryStream::make_pair(
      world_.courier_, {.client = from, .server = to, .buffer_bytes = world_.options().stream_buffer_bytes});
  if (!listener->offer(std::move(pair.second))) {
    return fail(Errc::timed_out, "connecting to {}: its backlog is full", to.to_string());
  }
  return std::move(pair.first);
}

void TestHost::submit(std::shared_ptr<ComputeJob> job) {
  job->execute();
  Duration duration = std::max(job->work().other, Duration{1});
  world_.courier_.send_after(duration, [job = std::move(job)] { job->finish(); });
}

}  // namespace ghostnet::support
