// RunWorld: a world as the runner needs it, simulated or live.
//
// The simulated one is a sim::World from the module. Live ones hold a host for each of the scenario's, joined by the
// links of the file: with an address of its own in 127.0.0.0/8 (`loopback`), or with a kernel's network stack of its
// own in a namespace (`netns`). What a world cannot do is refused when it is made, or named in warnings().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/observer.hpp"
#include "ghostnet/scenarios/scenario.hpp"
#include "ghostnet/sim/world.hpp"

namespace ghostnet::scenarios {

class RunWorld {
 public:
  virtual ~RunWorld() = default;

  virtual std::size_t host_count() const = 0;
  virtual Host& host(HostId id) = 0;
  virtual const std::string& group_of(HostId id) const = 0;
  virtual const IpAddress& address_of(HostId id) = 0;
  // Where the host stands: a region or router; empty where there is none.
  virtual std::string region_of(HostId) const { return {}; }
  virtual Loop& loop() = 0;
  // Since the world began.
  virtual TimePoint now() const = 0;

  // Runs up to and including `end`, or until stop(), which may come from a signal handler's thread of control.
  virtual void run_until(TimePoint end) = 0;
  virtual void stop() = 0;

  virtual std::optional<std::uint64_t> digest() const = 0;
  virtual sim::WorldCounters counters() const = 0;
  virtual MetricHub& metrics() = 0;
  // Null for a live world.
  virtual sim::World* simulated() { return nullptr; }
  virtual std::vector<std::string> warnings() const { return {}; }
  // Of what concerns no single host.
  virtual Log log() { return {}; }

  // ---- what there is to see; looking changes nothing ----

  // Null ends it; the observer outlives the world, or the time until then.
  virtual void observe(Observer*) {}
  // Where the host stands, for who draws it; of one that moves, at this moment.
  virtual HostPlace place_of(HostId) const { return {}; }
  // wires() of this host is going to be asked.
  virtual void watch_wires(HostId) {}
  virtual std::vector<sim::WireReading> wires(HostId) const { return {}; }
  virtual std::vector<sim::ConnectionReading> connections(HostId) const { return {}; }

  // ---- faults ----

  // Why the world cannot let this happen, and which can; empty where it can. What follows is for faults that it can.
  virtual std::string refuses(const Fault& fault) const = 0;
  virtual bool up(HostId id) const = 0;
  virtual void crash(HostId id) = 0;
  virtual void restart(HostId id) = 0;
  // A world that has partitions keeps what it is given.
  virtual Result<> partition(std::vector<std::uint8_t>, std::vector<std::vector<bool>>) {  // NOLINT: by value
    return no_such_fault();
  }
  virtual Result<> set_links(HostId, InterfaceIndex, const sim::LinkPair&) { return no_such_fault(); }
  virtual Result<> set_interface_up(HostId, InterfaceIndex, bool) { return no_such_fault(); }
  virtual Result<> set_clock(HostId, std::int64_t, Duration) { return no_such_fault(); }
  virtual Result<> set_cpu(HostId, const sim::CpuModel&) { return no_such_fault(); }
  virtual Result<> readdress(HostId) { return no_such_fault(); }

 private:
  static Result<> no_such_fault() { return fail(Errc::not_supported, "this world has no such fault"); }
};

using MakeSimWorld = Result<std::unique_ptr<sim::World>> (*)(const sim::WorldSpec&, MetricHub&, LogHub&);

// Loads the module beside the program. Errors: not_found with what to install, invalid_argument for another version.
Result<MakeSimWorld> load_sim_module(const std::string& path);

Result<std::unique_ptr<RunWorld>> make_simulated(const Scenario& scenario, MakeSimWorld make, LogSink& log_sink,
                                                 const LogOptions& log);
// not_supported where this build has no live world.
Result<std::unique_ptr<RunWorld>> make_loopback(const Scenario& scenario, LogSink& log_sink, const LogOptions& log);
// The same; permission where we may make no namespaces.
Result<std::unique_ptr<RunWorld>> make_namespaces(const Scenario& scenario, LogSink& log_sink, const LogOptions& log);

}  // namespace ghostnet::scenarios
