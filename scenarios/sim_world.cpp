#include <dlfcn.h>

#include "ghostnet/scenarios/world.hpp"

namespace ghostnet::scenarios {

namespace {

class SimulatedWorld final : public RunWorld {
 public:
  SimulatedWorld(const Scenario& scenario, LogSink& log_sink, const LogOptions& log)
      : metrics_({.per_host_histograms = scenario.record.host_histograms}),
        log_(log_sink, [this] { return world_ ? world_->now() : TimePoint{}; }, log) {}

  Result<> make(const Scenario& scenario, MakeSimWorld make) {
    Result<std::unique_ptr<sim::World>> world = make(scenario.world(), metrics_, log_);
    if (!world) return fail(std::move(world));
    world_ = std::move(*world);
    return {};
  }

  std::size_t host_count() const override { return world_->host_count(); }
  Host& host(HostId id) override { return world_->host(id); }
  const std::string& group_of(HostId id) const override { return world_->group_of(id); }
  IpAddress address_of(HostId id) override {
    for (const Interface& interface : world_->host(id).interfaces()) {
      if (!interface.loopback && !interface.addresses.empty()) return interface.addresses[0].address;
    }
    return {};
  }
  Loop& loop() override { return world_->loop(); }
  TimePoint now() const override { return world_->now(); }
  void run_until(TimePoint end) override { world_->run_until(end); }
  void stop() override { world_->stop(); }
  std::optional<std::uint64_t> digest() const override { return world_->digest(); }
  sim::WorldCounters counters() const override { return world_->counters(); }
  MetricHub& metrics() override { return metrics_; }
  sim::World* simulated() override { return world_.get(); }

 private:
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
  auto world = std::make_unique<SimulatedWorld>(scenario, log_sink, log);
  if (Result<> made = world->make(scenario, make); !made) return fail(std::move(made));
  return world;
}

}  // namespace ghostnet::scenarios
