// A host of our IP stack at one end of a pipe, for fuzzers: no clock but the one that run() moves, no log, and nothing
// below it.
#pragma once

#include <cstdlib>
#include <memory>
#include <vector>

#include "ghostnet/ip/host.hpp"
#include "ghostnet/ip/pipe.hpp"

namespace ghostnet::fuzz {

class NoLog final : public LogSink {
  void write(const LogRecord&) override {}
};

class Ground final : public Host {
 public:
  explicit Ground(const HostContext& context)
      : Host(context, 0, context.metrics.group("fuzz"), Random::derive(1, 0, "fuzz")), none_(loop()) {}
  std::string name() const override { return "ground"; }
  std::vector<Interface> interfaces() const override { return {}; }
  Event& interfaces_changed() override { return none_; }
  Task<Result<std::vector<IpAddress>>> resolve(std::string) override { co_return fail(Errc::not_found); }
  Result<std::unique_ptr<UdpSocket>> open_udp(const UdpOptions&) override { return fail(Errc::not_supported); }
  Result<std::unique_ptr<Listener>> listen(const ListenOptions&) override { return fail(Errc::not_supported); }
  Task<Result<std::unique_ptr<Stream>>> connect(ConnectOptions) override { co_return fail(Errc::not_supported); }

 protected:
  void submit(std::shared_ptr<ComputeJob> job) override {
    job->execute();
    job->finish();
  }

 private:
  Event none_;
};

class LateLoop final : public Loop {
 public:
  LateLoop() { set_now(TimePoint{1000s}); }
};

class SmallHost {
 public:
  explicit SmallHost(const ip::HostOptions& options) : host(ground_, options) {
    const auto attached = host.attach(pipe_.a(), {.addresses = {{IpAddress::v4(10, 0, 0, 1), 24},
                                                                {IpAddress::v6({0xfd00, 0, 0, 0, 0, 0, 0, 1}), 64}}});
    if (!attached) std::abort();
    interface = *attached;
  }

  IpLink& wire() { return pipe_.b(); }
  TimePoint now() const { return loop_.now(); }
  void run(Duration duration) {
    const TimePoint end = loop_.now() + duration;
    while (true) {
      loop_.run_ready();
      const TimePoint next = loop_.next_deadline();
      if (next > end) break;
      loop_.set_now(next);
      loop_.fire_due_timers();
    }
    loop_.set_now(end);
  }

 private:
  LateLoop loop_;
  NoLog no_log_;
  MetricHub metrics_;
  LogHub log_{no_log_, [this] { return loop_.now(); }};
  HostContext context_{loop_, metrics_, log_};
  Ground ground_{context_};
  ip::Pipe pipe_{loop_};

 public:
  ip::Host host;
  InterfaceIndex interface = 0;
};

}  // namespace ghostnet::fuzz
