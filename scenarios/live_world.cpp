#include "ghostnet/scenarios/host_logs.hpp"
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
  LoopbackWorld(std::unique_ptr<realnet::World> world, std::unique_ptr<HostLogs> host_logs, const Scenario& scenario)
      : host_logs_(std::move(host_logs)), world_(std::move(world)) {
    for (const Scenario::Group& group : scenario.groups) {
      for (std::uint32_t i = 0; i < group.options.count; ++i) {
        auto id = static_cast<HostId>(hosts_.size());
        addresses_.push_back(IpAddress::v4(kFirstAddress + id));
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
    down_.resize(hosts_.size());
    world_->turn(Duration::zero());
    began_at_ = world_->loop().now();
  }
  ~LoopbackWorld() override { hosts_.clear(); }

  std::size_t host_count() const override { return hosts_.size(); }
  Host& host(HostId id) override { return *hosts_[id]; }
  const std::string& group_of(HostId id) const override { return groups_[id]; }
  const IpAddress& address_of(HostId id) override { return addresses_[id]; }
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

  std::string refuses(const Fault& fault) const override {
    const Selection* selection = selection_of(fault.effect);
    const bool can = std::holds_alternative<Crash>(fault.effect) || std::holds_alternative<Churn>(fault.effect);
    if (!can) return "a live run on loopback has no such fault; run with --mode sim";
    if (!selection->region.empty()) return "hosts on loopback stand in no region; run with --mode sim";
    return {};
  }
  bool up(HostId id) const override { return !down_[id]; }
  void crash(HostId id) override {
    hosts_[id]->scope().drop_all();
    down_[id] = true;
  }
  void restart(HostId id) override { down_[id] = false; }

 private:
  Task<> wait_until(TimePoint end) { co_await world_->clock().sleep_until(end); }

  std::unique_ptr<HostLogs> host_logs_;
  std::unique_ptr<realnet::World> world_;
  std::vector<std::unique_ptr<realnet::Host>> hosts_;
  std::vector<std::string> groups_;
  std::vector<IpAddress> addresses_;
  std::vector<bool> down_;
  TimePoint began_at_{};
};

// What hosts on loopback cannot be.
Result<> check_groups(const Scenario& scenario) {
  for (const Scenario::Group& group : scenario.groups) {
    const GroupOptions& options = group.options;
    const std::string where = fmt::format("{}: groups.{}", scenario.place_of(group.at), group.name);
    if (options.clock_drift != 0 || options.clock_error != Duration::zero()) {
      return fail(Errc::not_supported, "{}: clocks of a live run are the machine's; run with --mode sim", where);
    }
    if (options.CpuOptions::over(scenario.network).any_cost()) {
      return fail(Errc::not_supported, "{}: CPUs of a live run are the machine's; run with --mode sim", where);
    }
    if (!group.interfaces.empty()) {
      return fail(Errc::not_supported, "{}: hosts on loopback have one interface; run with --mode sim", where);
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<RunWorld>> make_loopback(const Scenario& scenario, LogSink& log_sink, const LogOptions& log) {
  if (scenario.host_count() > kMaxHosts) {
    return fail(Errc::limit, "{} hosts: a live run on loopback has at most {}", scenario.host_count(), kMaxHosts);
  }
  if (scenario.network.ground == Ground::wireless) {
    return fail(Errc::not_supported, "network.ground: wireless: loopback has no radio; run with --mode sim");
  }
  if (Result<> can = check_groups(scenario); !can) return fail(std::move(can));
  realnet::WorldOptions options;
  options.log_sink = &log_sink;
  options.log = log;
  std::unique_ptr<HostLogs> host_logs;
  if (!scenario.record.logs.empty()) {
    Result<std::unique_ptr<HostLogs>> opened = HostLogs::open(scenario.record.logs, log_sink, log.level);
    if (!opened) return fail(std::move(opened));
    host_logs = std::move(*opened);
    options.log_sink = host_logs.get();
    options.log.level = std::min(log.level, scenario.record.log_level);
  }
  Result<std::unique_ptr<realnet::World>> world = realnet::World::create(std::move(options));
  if (!world) return fail(std::move(world));
  return std::make_unique<LoopbackWorld>(std::move(*world), std::move(host_logs), scenario);
}

#else

Result<std::unique_ptr<RunWorld>> make_loopback(const Scenario&, LogSink&, const LogOptions&) {
  return fail(Errc::not_supported, "this build has no live world (GHOSTNET_REALNET is off)");
}

#endif

}  // namespace ghostnet::scenarios
