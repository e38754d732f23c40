#include "ghostnet/scenarios/world.hpp"

#ifdef GHOSTNET_HAS_REALNET
#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/world.hpp"
#endif

namespace ghostnet::scenarios {

#ifdef GHOSTNET_HAS_REALNET

namespace {

constexpr std::uint32_t kFirstAddress = 0x7f01'0001;  // 127.1.0.1
constexpr std::uint32_t kMaxHosts = 4096;             // descriptors, and what a machine can carry

class LoopbackWorld final : public RunWorld {
 public:
  LoopbackWorld(std::unique_ptr<realnet::World> world, const Scenario& scenario) : world_(std::move(world)) {
    for (const Scenario::Group& group : scenario.groups) {
      for (std::uint32_t i = 0; i < group.options.count; ++i) {
        auto id = static_cast<HostId>(hosts_.size());
        groups_.push_back(group.name);
        hosts_.push_back(
            std::make_unique<realnet::Host>(*world_, realnet::HostOptions{.id = id,
                                                                          .name = fmt::format("host-{}", id),
                                                                          .group = group.name,
                                                                          .seed = scenario.run.seed,
                                                                          .address = IpAddress::v4(kFirstAddress + id),
                                                                          .where = nullptr}));
      }
    }
    world_->turn(Duration::zero());
    began_at_ = world_->loop().now();
  }
  ~LoopbackWorld() override { hosts_.clear(); }

  std::size_t host_count() const override { return hosts_.size(); }
  Host& host(HostId id) override { return *hosts_[id]; }
  const std::string& group_of(HostId id) const override { return groups_[id]; }
  IpAddress address_of(HostId id) override { return IpAddress::v4(kFirstAddress + id); }
  Loop& loop() override { return world_->loop(); }
  TimePoint now() const override { return TimePoint(world_->loop().now() - began_at_); }

  void run_until(TimePoint end) override { world_->run(wait_until(began_at_ + end.time_since_epoch())); }
  void stop() override { world_->stop(); }
  std::optional<std::uint64_t> digest() const override { return std::nullopt; }
  sim::WorldCounters counters() const override { return {}; }
  MetricHub& metrics() override { return world_->metrics(); }
  std::vector<std::string> warnings() const override {
    return {"links are the machine's own loopback: latency, loss and bandwidth of the file do not apply"};
  }

 private:
  Task<> wait_until(TimePoint end) { co_await world_->clock().sleep_until(end); }

  std::unique_ptr<realnet::World> world_;
  std::vector<std::unique_ptr<realnet::Host>> hosts_;
  std::vector<std::string> groups_;
  TimePoint began_at_{};
};

}  // namespace

Result<std::unique_ptr<RunWorld>> make_loopback(const Scenario& scenario, LogSink& log_sink, const LogOptions& log) {
  if (scenario.host_count() > kMaxHosts) {
    return fail(Errc::limit, "{} hosts: a live run on loopback has at most {}", scenario.host_count(), kMaxHosts);
  }
  if (scenario.network.ground == Ground::wireless) {
    return fail(Errc::not_supported, "network.ground: wireless: loopback has no radio; run with --mode sim");
  }
  if (!scenario.faults.empty()) {
    return fail(Errc::not_supported, "faults: a live run on loopback has none yet; run with --mode sim");
  }
  realnet::WorldOptions options;
  options.log_sink = &log_sink;
  options.log = log;
  Result<std::unique_ptr<realnet::World>> world = realnet::World::create(std::move(options));
  if (!world) return fail(std::move(world));
  return std::make_unique<LoopbackWorld>(std::move(*world), scenario);
}

#else

Result<std::unique_ptr<RunWorld>> make_loopback(const Scenario&, LogSink&, const LogOptions&) {
  return fail(Errc::not_supported, "this build has no live world (GHOSTNET_REALNET is off)");
}

#endif

}  // namespace ghostnet::scenarios
