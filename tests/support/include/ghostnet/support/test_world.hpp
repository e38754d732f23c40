// TestWorld: hosts in memory on a clock that is moved by hand.
//
//   TestWorld world;
//   TestHost& client = world.add_host("client");      // 10.0.0.1, fd00::1
//   TestHost& server = world.add_host("server");      // 10.0.0.2, fd00::2
//   server.scope().spawn(serve(server));
//   client.scope().spawn(ask(client, server.endpoint(80)));
//   world.run();                                      // until nothing is left to do
//   EXPECT_TRUE(world.failures().empty());
//
// A network without loss, order or rate of its own: datagrams and stream bytes arrive after TestWorldOptions::latency,
// at once by default. It is for tests of protocols; how networks behave is the business of the simulated world.
// Nothing moves unless the test says so: step() runs one resumption, run_ready() one instant, run_for() and run() move
// the clock from one deadline to the next. What a task of any scope failed with is collected in failures().
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ghostnet/runtime/host.hpp"
#include "ghostnet/support/courier.hpp"

namespace ghostnet::support {

class TestHost;
class TestListener;
class TestUdpSocket;

struct TestWorldOptions {
  std::uint64_t seed = 1;
  Duration latency{};                                // one way
  std::size_t stream_buffer_bytes = 64 * 1024;       // of each direction
  std::size_t datagram_bytes = kMaxUdpPayloadBytes;  // larger datagrams are refused
};

class TestWorld : private FailureHandler, private LogSink {
 public:
  using Options = TestWorldOptions;

  // Resumptions in one call of run() or run_for(); more is taken for a livelock and throws.
  static constexpr std::size_t kMaxResumptions = 20'000'000;

  explicit TestWorld(const Options& options = {});
  ~TestWorld();
  TestWorld(const TestWorld&) = delete;
  TestWorld& operator=(const TestWorld&) = delete;

  Loop& loop() { return loop_; }
  const Clock& clock() const { return clock_; }
  TimePoint now() const { return loop_.now(); }
  Courier& courier() { return courier_; }
  const Options& options() const { return options_; }

  // The n-th host is 10.0.0.n and fd00::n, and is found by its name ("h<n>" if none is given).
  TestHost& add_host(std::string name = {});
  TestHost& host(std::size_t index) { return *hosts_[index]; }

  // One resumption; where nothing is ready, first moves the clock to the next deadline. False: nothing is left to do.
  bool step();
  // What is ready at this instant and what becomes so.
  std::size_t run_ready();
  void run_for(Duration duration) { run_until(saturating_add(now(), duration)); }
  void run_until(TimePoint end);
  // Until nothing is ready and no timer is armed.
  void run();

  std::size_t resumptions() const { return resumptions_; }
  // Nothing is ready, armed or under way.
  bool at_rest() { return !loop_.has_ready() && loop_.timers().empty(); }

  // Messages of the tasks that failed with nobody else to tell.
  const std::vector<std::string>& failures() const { return failures_; }
  std::vector<std::string> take_failures() { return std::exchange(failures_, {}); }
  const std::vector<std::string>& log_lines() const { return log_lines_; }

  // Asked for every datagram; true loses it.
  void set_datagram_loss(std::function<bool(const Endpoint& from, const Datagram&)> lose) { lose_ = std::move(lose); }

 private:
  friend class TestHost;
  friend class TestListener;
  friend class TestUdpSocket;

  void child_failed(const Error& error) noexcept override;
  void write(const LogRecord& record) override;
  bool advance_to_next_deadline(TimePoint limit);
  void count(std::size_t resumptions, std::size_t& left);

  Options options_;
  Loop loop_;
  Clock clock_;
  MetricHub metrics_;
  LogHub log_;
  HostContext context_;
  Courier courier_;
  std::map<Endpoint, TestListener*> listeners_;
  std::map<std::string, TestListener*> local_listeners_;
  std::vector<TestUdpSocket*> sockets_;  // in the order in which they were opened
  std::uint16_t next_port_ = 49152;
  std::function<bool(const Endpoint&, const Datagram&)> lose_;
  std::vector<std::unique_ptr<TestHost>> hosts_;
  std::vector<std::string> failures_;
  std::vector<std::string> log_lines_;
  std::size_t resumptions_ = 0;
};

class TestHost final : public Host {
 public:
  TestHost(TestWorld& world, HostId id, std::string name);

  std::string name() const override { return name_; }
  IpAddress address(IpFamily family = IpFamily::v4) const;
  Endpoint endpoint(std::uint16_t port, IpFamily family = IpFamily::v4) const { return {address(family), port}; }

  std::vector<Interface> interfaces() const override;
  Event& interfaces_changed() override { return interfaces_changed_; }
  void set_up(bool up);

  // Names of hosts, and literal addresses.
  Task<Result<std::vector<IpAddress>>> resolve(std::string name) override;
  Result<std::unique_ptr<UdpSocket>> open_udp(const UdpOptions& options) override;
  Result<std::unique_ptr<Listener>> listen(const ListenOptions& options) override;
  Task<Result<std::unique_ptr<Stream>>> connect(ConnectOptions options) override;
  Result<std::unique_ptr<Listener>> listen_local(const std::string& path) override;
  Task<Result<std::unique_ptr<Stream>>> connect_local(std::string path) override;

  TestWorld& world() { return world_; }
  bool owns(const IpAddress& address) const;

 protected:
  // Runs at once; finishes after CpuWork::other.
  void submit(std::shared_ptr<ComputeJob> job) override;

 private:
  Result<Endpoint> bind(const Endpoint& wanted, bool shared);
  Result<std::unique_ptr<Stream>> reach(TestListener* listener, const Endpoint& from, const Endpoint& to);

  TestWorld& world_;
  std::string name_;
  Event interfaces_changed_;
  bool up_ = true;
};

}  // namespace ghostnet::support
