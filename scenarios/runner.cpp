#include "ghostnet/scenarios/runner.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "ghostnet/runtime/combine.hpp"

namespace ghostnet::scenarios {

namespace {

constexpr Duration kProgressStep = 100ms;      // of the run's time
constexpr Duration kStopLimit = 5s;            // for the graceful end
constexpr std::size_t kMaxOutstanding = 1024;  // operations of one workload that one host has under way

}  // namespace

class Runner::HostDirectory final : public Directory {
 public:
  explicit HostDirectory(RunWorld& world) : world_(world) {}
  std::size_t size() const override { return world_.host_count(); }
  Peer at(std::size_t index) const override {
    auto id = static_cast<HostId>(index);
    return {world_.address_of(id), id};
  }

 private:
  RunWorld& world_;
};

// What runs on a host: its services, and the scope of the workloads that use them.
struct Runner::Occupant {
  explicit Occupant(Loop& loop) : operations(loop) {}

  std::vector<std::unique_ptr<Service>> services;  // by protocol of the scenario; null where it does not run
  Scope operations;                                // dropped before the services
};

Runner::Runner(const Scenario& scenario, RunWorld& world)
    : scenario_(scenario), world_(world), directory_(std::make_unique<HostDirectory>(world)) {
  for (HostId id = 0; id < world.host_count(); ++id) {
    groups_[world.group_of(id)].push_back(id);
    groups_["all"].push_back(id);
    occupants_.push_back(std::make_unique<Occupant>(world.loop()));
  }
}

Runner::~Runner() = default;

bool Runner::in_group(HostId id, const std::string& group) const {
  return group == "all" || world_.group_of(id) == group;
}

// ---- beginning ----

Result<> Runner::set_up() {
  for (HostId id = 0; id < world_.host_count(); ++id) {
    if (Result<> started = start_services(id); !started) return started;
    start_workloads(id);
  }
  schedule_faults();
  return {};
}

Result<> Runner::start_services(HostId id) {
  Occupant& occupant = *occupants_[id];
  occupant.services.resize(scenario_.protocols.size());
  for (std::size_t i = 0; i < scenario_.protocols.size(); ++i) {
    const Scenario::Protocol& protocol = scenario_.protocols[i];
    if (!in_group(id, protocol.on)) continue;
    Host& host = world_.host(id);
    Result<std::unique_ptr<Service>> service = protocol.service->start({host, *directory_}, protocol.options);
    if (!service) {
      return fail(service.error().while_doing(fmt::format("starting {} on {}", protocol.service->name, host.name())));
    }
    occupant.services[i] = std::move(*service);
  }
  return {};
}

void Runner::start_workloads(HostId id) {
  for (const Scenario::Workload& workload : scenario_.workloads) {
    if (in_group(id, workload.when.from)) occupants_[id]->operations.spawn(repeat(id, workload));
  }
}

// ---- working ----

Task<> Runner::repeat(HostId id, const Scenario::Workload& workload) {
  Host& host = world_.host(id);
  Occupant& occupant = *occupants_[id];
  auto protocol = std::ranges::find_if(
      scenario_.protocols, [&](const Scenario::Protocol& p) { return p.service == workload.operation.service; });
  Service* service = occupant.services[static_cast<std::size_t>(protocol - scenario_.protocols.begin())].get();
  if (service == nullptr) co_return;  // the protocol does not run here
  Random random = Random::derive(scenario_.run.seed, id, "workload." + workload.operation.operation->name);
  TimePoint run_began = host.now() - world_.now().time_since_epoch();
  Duration interval = workload.when.rate.time_of(1);
  // The hosts of a group do not act in step: each starts at a moment of its own within the first interval.
  TimePoint first = run_began + workload.when.start + random.between(0ns, interval);
  if (first < host.now()) first = host.now();
  TimePoint last = run_began + workload.when.stop.value_or(scenario_.run.duration);
  const std::vector<HostId>& group = groups_[workload.when.to];
  Scope under_way(host.loop());
  for (std::uint64_t n = 0; workload.when.count == 0 || n < workload.when.count; ++n) {
    TimePoint at = first + workload.when.rate.time_of(n);
    if (at >= last) break;
    co_await host.clock().sleep_until(at);
    std::optional<Peer> peer{Peer{}};
    if (workload.operation.operation->needs_peer) peer = choose_peer(id, group, random);
    if (!peer) break;
    if (under_way.size() < kMaxOutstanding)
      under_way.spawn(perform(*service, *peer, workload));
    else
      note_failure(workload, {Errc::limit, "not begun, since too many of them are still under way on its host"});
  }
  co_await under_way.join();
}

Task<> Runner::perform(Service& service, Peer peer, const Scenario::Workload& workload) {
  Result<> done = co_await workload.operation.operation->perform(service, peer, workload.options);
  if (!done) note_failure(workload, done.error());
}

// The service's own metrics count failures; here the first of each kind is kept, for it says why.
void Runner::note_failure(const Scenario::Workload& workload, const Error& why) {
  Failures& failures = failures_[{workload.operation.operation->name, why.code()}];
  if (failures.count++ == 0) failures.first = why.message();
}

std::optional<Peer> Runner::choose_peer(HostId id, const std::vector<HostId>& group, Random& random) {
  std::size_t others = group.size() - static_cast<std::size_t>(std::ranges::count(group, id));
  if (others == 0) return std::nullopt;
  std::size_t choice = random.below(others);
  auto self = std::ranges::find(group, id);
  if (self != group.end() && choice >= static_cast<std::size_t>(self - group.begin())) ++choice;
  return directory_->at(group[choice]);
}

// ---- faults ----

void Runner::schedule_faults() {
  sim::World* world = world_.simulated();
  if (world == nullptr) return;
  for (const FaultOptions& fault : scenario_.faults) {
    TimePoint begins = TimePoint(fault.at);
    std::optional<TimePoint> ends;
    if (fault.for_) ends = begins + *fault.for_;
    if (fault.crash) {
      for (HostId id : groups_[*fault.crash]) {
        world->at(begins, [this, id] { crash(id); });
        if (ends) world->at(*ends, [this, id] { restart(id); });
      }
    }
    if (fault.partition) {
      world->at(begins, [this, &fault] { partition(*fault.partition); });
      if (ends) world->at(*ends, [this] { heal(); });
    }
  }
}

void Runner::crash(HostId id) {
  occupants_[id]->operations.drop_all();
  occupants_[id]->services.clear();
  world_.simulated()->crash(id);
  note("crash", id);
}

void Runner::restart(HostId id) {
  world_.simulated()->restart(id);
  note("restart", id);
  Result<> started = start_services(id);
  if (!started) {
    failure_ = started.error();
    return world_.stop();
  }
  start_workloads(id);
}

// Each named group against all others, both ways.
void Runner::partition(const std::vector<std::string>& groups) {
  std::vector<std::uint8_t> cells(world_.host_count(), 0);
  for (HostId id = 0; id < cells.size(); ++id) {
    if (std::ranges::find(groups, world_.group_of(id)) != groups.end()) cells[id] = 1;
  }
  Result<> cut = world_.simulated()->partition(std::move(cells), {{false, true}, {true, false}});
  if (cut) return note("partition", kNoHost, fmt::format("{} cut off from all others", fmt::join(groups, ", ")));
  failure_ = cut.error();
  world_.stop();
}

void Runner::heal() {
  (void)world_.simulated()->partition({}, {});
  note("heal");
}

// ---- the run ----

void Runner::interrupt() {
  interrupted_ = true;
  world_.stop();
}

RunReport Runner::run() {
  RunReport report;
  TimePoint end = TimePoint(scenario_.run.duration);
  while (!interrupted_ && !failure_ && world_.now() < end) {
    advance(std::min(end, world_.now() + kProgressStep));
    if (on_progress_) on_progress_({.now = world_.now(), .end = end, .turns = world_.counters().turns});
  }
  report.simulated = world_.now().time_since_epoch();
  stop_services();
  report.hosts = world_.host_count();
  report.digest = world_.digest();
  report.counters = world_.counters();
  report.warnings = world_.warnings();
  for (const auto& [kind, failures] : failures_) {
    report.warnings.push_back(fmt::format("{} failed {} times with {}; the first: {}", kind.first, failures.count,
                                          to_string(kind.second), failures.first));
  }
  report.metrics = world_.metrics().snapshot();
  report.error = failure_;
  judge(report);
  return report;
}

void Runner::advance(TimePoint end) {
  while (recorder_ != nullptr && recorder_->next_sample() <= end && !interrupted_ && !failure_) {
    world_.run_until(recorder_->next_sample());
    if (world_.now() < recorder_->next_sample()) return;  // stopped
    recorder_->sample();
  }
  if (world_.now() < end) world_.run_until(end);
}

void Runner::note(std::string_view kind, HostId host, std::string_view text) {
  if (recorder_ != nullptr) recorder_->event(kind, host, text);
}

void Runner::stop_services() {
  for (auto& occupant : occupants_) occupant->operations.close();
  bool all_stopped = false;
  Scope stopping(world_.loop());
  auto stop_all = [](Runner& runner, bool& done) -> Task<> {
    std::vector<Task<>> stops;
    for (HostId id = 0; id < runner.occupants_.size(); ++id) {
      TimePoint deadline = runner.world_.host(id).now() + kStopLimit;
      for (auto& service : runner.occupants_[id]->services) {
        if (service) stops.push_back(service->stop(deadline));
      }
    }
    co_await all_of(std::move(stops));
    done = true;
  };
  stopping.spawn(stop_all(*this, all_stopped));
  TimePoint limit = world_.now() + kStopLimit;
  while (!all_stopped && !interrupted_ && world_.now() < limit) {
    advance(std::min(limit, world_.now() + kProgressStep));
  }
  stopping.close();
  for (auto& occupant : occupants_) occupant->services.clear();
}

void Runner::judge(RunReport& report) {
  bool all_held = true;
  for (const ExpectationRule& rule : scenario_.expectations) {
    ExpectationRule::Verdict verdict = rule.judge(report.metrics);
    all_held = all_held && verdict.held;
    report.expectations.emplace_back(rule.text(), verdict);
  }
  report.status = report.error   ? RunStatus::error
                  : interrupted_ ? RunStatus::interrupted
                  : all_held     ? RunStatus::passed
                                 : RunStatus::failed;
}

}  // namespace ghostnet::scenarios
