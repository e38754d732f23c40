#include <dlfcn.h>

#include "ghostnet/scenarios/host_logs.hpp"
#include "ghostnet/scenarios/host_metrics.hpp"
#include "ghostnet/scenarios/places.hpp"
#include "ghostnet/scenarios/world.hpp"

namespace ghostnet::scenarios {

namespace {

class SimulatedWorld final : public RunWorld {
 public:
  SimulatedWorld(const Scenario& scenario, LogSink& log_sink, const LogOptions& log)
      : places_(scenario.regions, scenario.run.seed),
        metrics_({.per_host_histograms = scenario.record.host_histograms}),
        log_(log_sink, [this] { return world_ ? world_->now() : ended_at_; }, log) {}
  // The hub outlives the world, and what is logged while the world ends is of its last moment.
  ~SimulatedWorld() override {
    if (world_) ended_at_ = world_->now();
    world_.reset();
  }

  Result<> make(const Scenario& scenario, MakeSimWorld make) {
    carrier_ = scenario.network.carrier;
    Result<std::unique_ptr<sim::World>> world = make(scenario.world(), metrics_, log_);
    if (!world) return fail(std::move(world));
    world_ = std::move(*world);
    addresses_.resize(world_->host_count());
    return {};
  }

  void keep(std::unique_ptr<HostLogs> logs) { host_logs_ = std::move(logs); }

  std::size_t host_count() const override { return world_->host_count(); }
  Host& host(HostId id) override { return world_->host(id); }
  const std::string& group_of(HostId id) const override { return world_->group_of(id); }
  const IpAddress& address_of(HostId id) override {
    if (addresses_[id].is_unspecified()) addresses_[id] = find_address(id);
    return addresses_[id];
  }
  std::string region_of(HostId id) const override { return world_->region_of(id); }
  Loop& loop() override { return world_->loop(); }
  TimePoint now() const override { return world_->now(); }
  void run_until(TimePoint end) override { world_->run_until(end); }
  void stop() override { world_->stop(); }
  std::optional<std::uint64_t> digest() const override { return world_->digest(); }
  sim::WorldCounters counters() const override { return world_->counters(); }
  MetricHub& metrics() override { return metrics_; }
  sim::World* simulated() override { return world_.get(); }
  Log log() override { return log_.world(); }

  void observe(Observer* observer) override { world_->observe(observer); }
  HostPlace place_of(HostId id) const override {
    if (const std::optional<OnPlane> plane = world_->position_of(id)) return *plane;
    return places_.of(id, world_->region_of(id));
  }
  void watch_wires(HostId id) override { world_->watch_wires(id); }
  std::vector<sim::WireReading> wires(HostId id) const override { return world_->wires(id); }
  std::vector<sim::ConnectionReading> connections(HostId id) const override { return world_->connections(id); }

  std::string refuses(const Fault& fault) const override {
    if (carrier_ == sim::Carrier::fabric) return {};
    const bool can = std::holds_alternative<Crash>(fault.effect) || std::holds_alternative<Churn>(fault.effect) ||
                     std::holds_alternative<Offline>(fault.effect) || std::holds_alternative<Flap>(fault.effect);
    if (can) return {};
    if (const auto* degrade = std::get_if<Degrade>(&fault.effect)) {
      const bool wire = !degrade->uplink && !degrade->downlink && !degrade->loss_burst && !degrade->duplicate &&
                        !degrade->corrupt && !degrade->reorder && !degrade->access_jitter;
      if (wire) return {};
      return "links of the ns3 carrier change their bandwidth, loss and access_delay alone; use `carrier: fabric`";
    }
    return "the ns3 carrier has no such fault; use `carrier: fabric`";
  }
  bool up(HostId id) const override { return world_->up(id); }
  void crash(HostId id) override { world_->crash(id); }
  void restart(HostId id) override { world_->restart(id); }
  Result<> partition(std::vector<std::uint8_t> cell_of_host, std::vector<std::vector<bool>> blocked) override {
    return world_->partition(std::move(cell_of_host), std::move(blocked));
  }
  Result<> set_links(HostId id, InterfaceIndex interface, const sim::LinkPair& links) override {
    return world_->set_links(id, interface, links);
  }
  Result<> set_interface_up(HostId id, InterfaceIndex interface, bool up) override {
    return world_->set_interface_up(id, interface, up);
  }
  Result<> set_clock(HostId id, std::int64_t drift_ppb, Duration wall_error) override {
    return world_->set_clock(id, drift_ppb, wall_error);
  }
  Result<> set_cpu(HostId id, const sim::CpuModel& cpu) override { return world_->set_cpu(id, cpu); }
  Result<> readdress(HostId id) override {
    Result<> done = world_->readdress(id);
    if (done) addresses_[id] = find_address(id);
    return done;
  }

 private:
  IpAddress find_address(HostId id) const {
    for (const Interface& interface : world_->host(id).interfaces()) {
      if (!interface.loopback && !interface.addresses.empty()) return interface.addresses[0].address;
    }
    return {};
  }

  sim::Carrier carrier_{};
  Places places_;
  std::vector<IpAddress> addresses_;     // by host; unspecified until asked for
  std::unique_ptr<HostLogs> host_logs_;  // outlives the hub that writes to it
  TimePoint ended_at_{};
  MetricHub metrics_;
  LogHub log_;
  std::unique_ptr<sim::World> world_;
};

}  // namespace

Result<MakeSimWorld> load_sim_module(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // never unloaded: its code may be anywhere
  if (library == nullptr) {
    return fail(Errc::not_found,
                "loading the simulated world from {}: {}; install ns-3 (libns3) or run with --mode live", path,
                dlerror());
  }
  auto entry = reinterpret_cast<sim::ModuleEntry>(dlsym(library, sim::Module::kSymbol));
  if (entry == nullptr) {
    return fail(Errc::invalid_argument, "{} is not the simulated world: it has no {}", path, sim::Module::kSymbol);
  }
  const sim::Module* module = entry();
  if (module->version != sim::Module::kVersion) {
    return fail(Errc::invalid_argument, "{} is of version {}, this program of version {}: install both from one build",
                path, module->version, sim::Module::kVersion);
  }
  return module->make;
}

Result<std::unique_ptr<RunWorld>> make_simulated(const Scenario& scenario, MakeSimWorld make, LogSink& log_sink,
                                                 const LogOptions& log) {
  const std::optional<std::string> of_tcp = asked_of_our_tcp(scenario);
  if (scenario.network.carrier == sim::Carrier::ns3 && of_tcp) {
    return fail(Errc::not_supported, "{}: streams of the ns3 carrier are ns-3's, see ns3.attributes", *of_tcp);
  }
  if (scenario.record.logs.empty()) {
    auto world = std::make_unique<SimulatedWorld>(scenario, log_sink, log);
    if (Result<> made = world->make(scenario, make); !made) return fail(std::move(made));
    return world;
  }
  Result<std::unique_ptr<HostLogs>> logs = HostLogs::open(scenario.record.logs, log_sink, log.level);
  if (!logs) return fail(std::move(logs));
  LogOptions options = log;
  options.level = std::min(log.level, scenario.record.log_level);
  auto world = std::make_unique<SimulatedWorld>(scenario, **logs, options);
  world->keep(std::move(*logs));
  if (Result<> made = world->make(scenario, make); !made) return fail(std::move(made));
  return world;
}

}  // namespace ghostnet::scenarios
