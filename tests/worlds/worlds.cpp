#include "ghostnet/worlds/worlds.hpp"

#include <stdexcept>

#include "ghostnet/ip/host.hpp"
#include "ghostnet/ip/pipe.hpp"
#include "ghostnet/ip/shaped_link.hpp"
#include "ghostnet/support/test_world.hpp"
#ifdef GHOSTNET_HAS_REALNET
#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/world.hpp"
#endif
#ifdef GHOSTNET_HAS_SIM
#include "ghostnet/sim/world.hpp"
#endif

namespace ghostnet::worlds {
namespace {

template <class T>
T or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(std::string(result.error().message()));
  return std::move(*result);
}

class MemoryWorld final : public WorldUnderTest {
 public:
  Host& add_host() override { return world_.add_host(); }
  IpAddress address_of(const Host& host) const override {
    return static_cast<const support::TestHost&>(host).address();
  }
  bool run_until(const std::function<bool()>& done, Duration limit) override {
    const TimePoint end = world_.now() + limit;
    while (!done()) {
      if (world_.now() > end || !world_.step()) return done();
    }
    return true;
  }

 private:
  support::TestWorld world_{{.latency = 1ms}};
};

// Our own IP stack: hosts around a router, each on a wire of its own.
class StackWorld final : public WorldUnderTest {
 public:
  StackWorld() {
    router_ = std::make_unique<ip::Host>(world_.add_host(), ip::HostOptions{.network = {.forwarding = true}});
  }
  ~StackWorld() override { hosts_.clear(); }

  Host& add_host() override {
    const auto subnet = static_cast<std::uint8_t>(hosts_.size() + 1);
    ip::Host& host = *hosts_.emplace_back(std::make_unique<ip::Host>(world_.add_host()));
    ip::Pipe& pipe = *pipes_.emplace_back(std::make_unique<ip::Pipe>(world_.loop()));
    or_throw(host.attach(shaped(pipe.a()), {.addresses = {{IpAddress::v4(10, 7, subnet, 1), 24}},
                                            .routes = {IpPrefix(IpAddress::any(IpFamily::v4), 0)}}));
    or_throw(router_->attach(shaped(pipe.b()), {.addresses = {{IpAddress::v4(10, 7, subnet, 254), 24}}}));
    return host;
  }
  IpAddress address_of(const Host& host) const override {
    return static_cast<const ip::Host&>(host).network().interfaces()[1].addresses.front().address;
  }
  bool run_until(const std::function<bool()>& done, Duration limit) override {
    const TimePoint end = world_.now() + limit;
    while (!done()) {
      if (world_.now() > end || !world_.step()) return done();
    }
    return true;
  }

 private:
  IpLink& shaped(IpLink& link) {
    const auto profile = std::make_shared<link::LinkProfile>(or_throw(link::LinkProfile::make({.delay = 250us})));
    return *shaped_.emplace_back(std::make_unique<ip::ShapedLink>(
        link, world_.clock(), Random::derive(1, shaped_.size(), "wire"), ip::ShapedLinkOptions{.outgoing = profile}));
  }

  support::TestWorld world_;
  std::vector<std::unique_ptr<ip::Pipe>> pipes_;
  std::vector<std::unique_ptr<ip::ShapedLink>> shaped_;
  std::unique_ptr<ip::Host> router_;
  std::vector<std::unique_ptr<ip::Host>> hosts_;
};

#ifdef GHOSTNET_HAS_SIM

class NoLog final : public LogSink {
  void write(const LogRecord&) override {}
};

class SimulatedWorld final : public WorldUnderTest {
 public:
  explicit SimulatedWorld(sim::Carrier carrier) {
    sim::WorldSpec spec;
    spec.carrier = carrier;
    spec.ground = sim::LanSpec{.delay = 1ms};
    spec.groups = {{.count = kMaxHosts}};
    world_ = or_throw(sim::make_world(spec, metrics_, log_));
  }
  ~SimulatedWorld() override { world_.reset(); }  // the log asks it for the time

  Host& add_host() override { return world_->host(next_++); }
  IpAddress address_of(const Host& host) const override {
    for (const Interface& interface : host.interfaces()) {
      if (interface.loopback) continue;
      for (const InterfaceAddress& address : interface.addresses) {
        if (address.address.is_v4()) return address.address;
      }
    }
    throw std::runtime_error("a host without an address");
  }
  bool run_until(const std::function<bool()>& done, Duration limit) override {
    constexpr Duration kStep = 1ms;
    const TimePoint end = world_->now() + limit;
    while (!done() && world_->now() < end) world_->run_until(world_->now() + kStep);
    return done();
  }

 private:
  NoLog no_log_;
  MetricHub metrics_;
  LogHub log_{no_log_, [this] { return world_ ? world_->now() : TimePoint{}; }};
  std::unique_ptr<sim::World> world_;
  HostId next_ = 0;
};

#endif
#ifdef GHOSTNET_HAS_REALNET

class LoopbackWorld final : public WorldUnderTest {
 public:
  Host& add_host() override {
    const auto id = static_cast<HostId>(hosts_.size());
    realnet::HostOptions options;
    options.id = id;
    options.seed = 1;
    options.address = IpAddress::v4(kFirstAddress + id);
    return *hosts_.emplace_back(std::make_unique<realnet::Host>(*world_, std::move(options)));
  }
  IpAddress address_of(const Host& host) const override { return IpAddress::v4(kFirstAddress + host.id()); }
  bool run_until(const std::function<bool()>& done, Duration limit) override {
    return world_->run(wait_for(world_->clock(), done, limit)).value_or(false);
  }

 private:
  static constexpr std::uint32_t kFirstAddress = 0x7f37'0001;  // 127.55.0.1

  static Task<bool> wait_for(const Clock& clock, const std::function<bool()>& done, Duration limit) {
    const TimePoint end = clock.now() + limit;
    while (!done() && clock.now() < end) co_await clock.sleep(1ms);
    co_return done();
  }

  std::unique_ptr<realnet::World> world_ = or_throw(realnet::World::create());
  std::vector<std::unique_ptr<realnet::Host>> hosts_;
};

#endif

}  // namespace

std::vector<WorldKind> every_world() {
  std::vector<WorldKind> kinds;
  kinds.push_back({"memory", [] { return std::make_unique<MemoryWorld>(); }});
  kinds.push_back({"stack", [] { return std::make_unique<StackWorld>(); }});
#ifdef GHOSTNET_HAS_SIM
  kinds.push_back({"fabric", [] { return std::make_unique<SimulatedWorld>(sim::Carrier::fabric); }});
  kinds.push_back({"ns3", [] { return std::make_unique<SimulatedWorld>(sim::Carrier::ns3); }});
#endif
#ifdef GHOSTNET_HAS_REALNET
  kinds.push_back({"live", [] { return std::make_unique<LoopbackWorld>(); }});
#endif
  return kinds;
}

}  // namespace ghostnet::worlds
