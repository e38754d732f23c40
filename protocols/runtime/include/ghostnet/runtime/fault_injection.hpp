// Fault injection: a Host whose I/O can be made to fail at any one point, and a driver that fails each point in turn.
//
// A test is written once, as a function that builds its world, runs it to the end and checks it:
//
//   auto report = for_each_io_point([](FaultPlan& plan) {
//     TestWorld world;
//     TestHost& host = world.add_host("client");
//     FaultyHost client(host, plan);                     // any Host; several may share a plan
//     client.scope().spawn(fetch(client, outcome));
//     world.run();
//     EXPECT_TRUE(outcome) << "it ended, whatever failed";
//     if (!plan.injected()) EXPECT_EQ(outcome->status, 200);
//   });
//   EXPECT_GT(report.points, 10u);
//
// The first run only counts the I/O points (each call of open_udp, listen, connect, accept, resolve, read, write,
// shutdown_send, send, recv that reaches the world). Then, for each point and each fault that makes sense there, the
// function runs again with that fault injected at that point. What a fault does:
//
//   - error: the call fails with a code. A stream is broken by it: it is aborted towards the peer, and goes on failing.
//   - partial: one byte is read or written, half a batch is sent, one datagram received.
//   - would_block: the call would block although it could go on; whoever waits is woken again in a later turn.
//   - delay: the same for a time.
//   - call: a function is called first (to drop a scope, to stop a host), then the call goes on. It must not destroy
//     the socket itself; dropping the running task does not, as that takes effect when it suspends.
//
// A run must repeat: where one differs from the first before its fault, for_each_io_point throws std::logic_error.
// The plan outlives its hosts, and the wrapped host the wrapper.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ghostnet/runtime/host.hpp"

namespace ghostnet {

enum class IoOp : std::uint8_t { open_udp, listen, connect, accept, resolve, read, write, shutdown_send, send, recv };
std::string_view to_string(IoOp op);

struct Fault {
  enum class Kind : std::uint8_t { error, partial, would_block, delay, call };

  static Fault error(Errc code) { return {.kind = Kind::error, .code = code}; }
  static Fault partial() { return {.kind = Kind::partial}; }
  static Fault would_block() { return {.kind = Kind::would_block}; }
  static Fault delayed(Duration by) { return {.kind = Kind::delay, .delay = by}; }
  static Fault call(std::function<void()> function) { return {.kind = Kind::call, .function = std::move(function)}; }

  Kind kind = Kind::error;
  Errc code = Errc::internal;
  Duration delay{};
  std::function<void()> function{};

  // Whether such a fault means anything there.
  bool fits(IoOp op) const;
  std::string to_string() const;
};

// The faults that a world may really produce at such a point.
std::vector<Fault> usual_faults(IoOp op);

// Counts I/O points, in the order in which they are reached, and says which of them fails and how.
class FaultPlan {
 public:
  struct Point {
    IoOp op;
    HostId host;

    friend bool operator==(const Point&, const Point&) = default;
  };

  // Nothing fails.
  FaultPlan() = default;
  // The point of this number fails, from 0.
  FaultPlan(std::size_t at, Fault fault) : at_(at), fault_(std::move(fault)) {}
  FaultPlan(const FaultPlan&) = delete;
  FaultPlan& operator=(const FaultPlan&) = delete;

  std::span<const Point> points() const { return points_; }
  // Whether the fault has happened. Not where it came to nothing, as half of a batch of one.
  bool injected() const { return injected_; }
  // "I/O point 7 (read of host 1): error reset".
  std::string to_string() const;

  // For the wrappers: one more point is reached. The fault for it, or null. The caller says when it was of effect.
  const Fault* reach(IoOp op, HostId host);
  void took_effect() { injected_ = true; }

 private:
  static constexpr std::size_t kNowhere = SIZE_MAX;

  std::size_t at_ = kNowhere;
  Fault fault_;
  std::vector<Point> points_;
  bool injected_ = false;
};

class FaultyHost final : public Host {
 public:
  FaultyHost(Host& host, FaultPlan& plan) : Host(Over{host}), host_(host), plan_(plan) {}

  std::string name() const override { return host_.name(); }
  std::vector<Interface> interfaces() const override { return host_.interfaces(); }
  Event& interfaces_changed() override { return host_.interfaces_changed(); }
  void fill_secret(MutableByteView bytes) override { host_.fill_secret(bytes); }
  void charge(const CpuWork& work) override { host_.charge(work); }
  Task<Result<std::vector<IpAddress>>> resolve(std::string name) override;
  Result<std::unique_ptr<UdpSocket>> open_udp(const UdpOptions& options) override;
  Result<std::unique_ptr<Listener>> listen(const ListenOptions& options) override;
  Task<Result<std::unique_ptr<Stream>>> connect(ConnectOptions options) override;
  Result<std::unique_ptr<Listener>> listen_local(const std::string& path) override;
  Task<Result<std::unique_ptr<Stream>>> connect_local(std::string path) override;

 protected:
  void submit(std::shared_ptr<ComputeJob> job) override { submit_to(host_, std::move(job)); }

 private:
  // Fails at once, or says how long to wait first.
  Result<Duration> reach(IoOp op, std::string_view doing);

  Host& host_;
  FaultPlan& plan_;
};

// The sockets of a FaultyHost; also for sockets that come from elsewhere.
std::unique_ptr<UdpSocket> make_faulty(std::unique_ptr<UdpSocket> socket, Host& host, FaultPlan& plan);
std::unique_ptr<Stream> make_faulty(std::unique_ptr<Stream> stream, Host& host, FaultPlan& plan);
std::unique_ptr<Listener> make_faulty(std::unique_ptr<Listener> listener, Host& host, FaultPlan& plan);

struct FaultReport {
  std::size_t points = 0;  // of the run without a fault
  std::size_t runs = 0;    // with a fault
  std::size_t injected = 0;
};

// Runs the scenario without a fault and then once for each of its points and each of the faults that fit there: the
// usual ones, or those given.
FaultReport for_each_io_point(const std::function<void(FaultPlan&)>& scenario,
                              const std::optional<std::vector<Fault>>& faults = std::nullopt);

}  // namespace ghostnet
