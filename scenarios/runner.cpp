#include "ghostnet/scenarios/runner.hpp"

#include <algorithm>

#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/scenarios/beginning.hpp"

namespace ghostnet::scenarios {

namespace {

std::string with_whom(const Peer& peer) { return peer.id == kNoHost ? "" : fmt::format(" with host-{}", peer.id); }

constexpr Duration kProgressStep = 100ms;      // of the run's time
constexpr Duration kStopLimit = 5s;            // for the graceful end
constexpr std::size_t kMaxOutstanding = 1024;  // operations of one workload that one host has under way

}  // namespace

std::string FailedRequests::text() const {
  const std::string times = count == 1 ? "once" : fmt::format("{} times", count);
  const std::string example = first == to_string(why) ? "" : "; the first: " + first;
  return fmt::format("{} failed {} with {}{}", operation, times, to_string(why), example);
}

// Those of one group.
class Runner::HostDirectory final : public Directory {
 public:
  HostDirectory(RunWorld& world, std::vector<HostId> members) : world_(world), members_(std::move(members)) {}
  std::size_t size() const override { return members_.size(); }
  Peer at(std::size_t index) const override { return {world_.address_of(members_[index]), members_[index]}; }

 private:
  RunWorld& world_;
  std::vector<HostId> members_;
};

// What runs on a host: its services, and the scope of the workloads that use them.
struct Runner::Occupant {
  explicit Occupant(Loop& loop) : operations(loop) {}
  ~Occupant() {
    operations.close();
    drop_services();
  }

  // Those that stand on others first.
  void drop_services() {
    while (!services.empty()) services.pop_back();
  }

  std::vector<std::unique_ptr<Service>> services;  // by protocol of the scenario; null where it does not run
  Scope operations;                                // dropped before the services
};

// What stands on a host already, for the services that are started after it.
class Runner::Neighbours final : public Siblings {
 public:
  Neighbours(const Scenario& scenario, const Occupant& occupant) : scenario_(scenario), occupant_(occupant) {}

  Service* find(std::string_view name) const override {
    for (std::size_t i = 0; i < occupant_.services.size(); ++i) {
      if (scenario_.protocols[i].service->name == name) return occupant_.services[i].get();
    }
    return nullptr;
  }

 private:
  const Scenario& scenario_;
  const Occupant& occupant_;
};

Runner::Runner(const Scenario& scenario, RunWorld& world)
    : scenario_(scenario),
      world_(world),
      begun_(scenario.workloads.size()),
      windows_(world.metrics(), scenario.run.warm_up, scenario.expectations),
      faults_(scenario, world, *this) {
  for (HostId id = 0; id < world.host_count(); ++id) {
    groups_[world.group_of(id)].push_back(id);
    groups_["all"].push_back(id);
    occupants_.push_back(std::make_unique<Occupant>(world.loop()));
  }
  for (const Scenario::Protocol& protocol : scenario_.protocols) {
    std::vector<HostId> members;
    for (const HostId id : groups_["all"]) {
      if (in_one_of(id, protocol.on)) members.push_back(id);
    }
    directories_.push_back(std::make_unique<HostDirectory>(world, std::move(members)));
  }
}

Runner::~Runner() = default;

bool Runner::in_group(HostId id, const std::string& group) const {
  return group == "all" || world_.group_of(id) == group;
}

bool Runner::in_one_of(HostId id, const std::vector<std::string>& groups) const {
  return std::ranges::any_of(groups, [&](const std::string& group) { return in_group(id, group); });
}

// ---- beginning ----

Result<> Runner::set_up() {
  if (Result<> able = faults_.check(); !able) return able;
  for (HostId id = 0; id < world_.host_count(); ++id) {
    if (Result<> started = start_services(id); !started) return started;
  }
  return {};
}

Result<> Runner::start_services(HostId id) {
  Occupant& occupant = *occupants_[id];
  occupant.services.resize(scenario_.protocols.size());
  const Neighbours neighbours(scenario_, occupant);
  for (std::size_t i = 0; i < scenario_.protocols.size(); ++i) {
    const Scenario::Protocol& protocol = scenario_.protocols[i];
    if (!in_one_of(id, protocol.on)) continue;
    Host& host = world_.host(id);
    Result<std::unique_ptr<Service>> service =
        protocol.service->start({host, *directories_[i], neighbours}, protocol.options);
    if (!service) {
      return ghostnet::fail(
          service.error().while_doing(fmt::format("starting {} on {}", protocol.service->name, host.name())));
    }
    occupant.services[i] = std::move(*service);
    host.log().debug("{} runs", protocol.service->name);
  }
  return {};
}

void Runner::start_workloads(HostId id) {
  for (std::size_t i = 0; i < begun_.size(); ++i) {
    if (begun_[i]) start_workload(id, scenario_.workloads[i]);
  }
}

void Runner::start_workload(HostId id, const Scenario::Workload& workload) {
  if (in_group(id, workload.when.from)) occupants_[id]->operations.spawn(repeat(id, workload));
}

TimePoint Runner::next_beginning() const {
  TimePoint next = faults_.next_beginning();
  for (std::size_t i = 0; i < begun_.size(); ++i) {
    if (!begun_[i]) next = std::min(next, begin_of(scenario_, scenario_.workloads[i]));
  }
  return next;
}

void Runner::begin_due() {
  const TimePoint now = world_.now();
  if (next_beginning() > now) return;
  std::vector<std::size_t> due;
  for (std::size_t i = 0; i < begun_.size(); ++i) {
    if (!begun_[i] && begin_of(scenario_, scenario_.workloads[i]) <= now) due.push_back(i);
  }
  for (const std::size_t i : due) begun_[i] = true;
  for (HostId id = 0; id < world_.host_count(); ++id) {
    if (!world_.up(id)) continue;  // when it is up again
    for (const std::size_t i : due) start_workload(id, scenario_.workloads[i]);
  }
  faults_.begin_due();
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
  const Duration interval = workload.when.rate.time_of(1);
  const bool by_chance = workload.when.arrival == Arrival::poisson;
  // The hosts of a group do not act in step: each starts at a moment of its own within the first interval.
  TimePoint first =
      run_began + workload.when.start + (by_chance ? random.exponential(interval) : random.between(0ns, interval));
  if (first < host.now()) first = host.now();
  TimePoint last = run_began + workload.when.stop.value_or(scenario_.run.duration);
  const std::vector<HostId>& group = groups_[workload.when.to];
  Scope under_way(host.loop());
  for (std::uint64_t n = 0; workload.when.count == 0 || n < workload.when.count; ++n) {
    if (by_chance && n != 0) first += random.exponential(interval);
    const TimePoint at = by_chance ? first : first + workload.when.rate.time_of(n);
    if (at >= last) break;
    co_await host.clock().sleep_until(at);
    std::optional<Peer> peer{Peer{}};
    if (workload.operation.operation->needs_peer) peer = choose_peer(id, group, random);
    if (!peer) break;
    if (under_way.size() < kMaxOutstanding)
      under_way.spawn(perform(id, *service, *peer, workload));
    else
      note_failure(workload, {Errc::limit, "not begun, since too many of them are still under way on its host"});
  }
  co_await under_way.join();
}

Task<> Runner::perform(HostId id, Service& service, Peer peer, const Scenario::Workload& workload) {
  const OperationDescriptor& operation = *workload.operation.operation;
  Result<> done = co_await operation.perform(service, peer, workload.options);
  const Log log = world_.host(id).log();
  const std::string with = log.on(LogLevel::debug) ? with_whom(peer) : "";
  if (done) {
    log.trace("{}{}: done", operation.name, with);
  } else {
    log.debug("{}{}: {}", operation.name, with, done.error().message());
    note_failure(workload, done.error());
  }
}

// The service's own metrics count failures; here the first of each kind is kept, for it says why.
void Runner::note_failure(const Scenario::Workload& workload, const Error& why) {
  const std::string& operation = workload.operation.operation->name;
  FailedRequests& failures = failures_[{operation, why.code()}];
  if (failures.count++ == 0) {
    failures = {.operation = operation, .why = why.code(), .count = 1, .first = std::string(why.message())};
  }
}

std::optional<Peer> Runner::choose_peer(HostId id, const std::vector<HostId>& group, Random& random) {
  const auto self = std::ranges::lower_bound(group, id);  // a group is in order of its hosts
  const bool is_member = self != group.end() && *self == id;
  const std::size_t others = group.size() - (is_member ? 1 : 0);
  if (others == 0) return std::nullopt;
  std::size_t choice = random.below(others);
  if (is_member && choice >= static_cast<std::size_t>(self - group.begin())) ++choice;
  return Peer{world_.address_of(group[choice]), group[choice]};
}

// ---- faults ----

void Runner::crash(HostId id) {
  occupants_[id]->operations.drop_all();
  occupants_[id]->drop_services();
  world_.crash(id);
}

void Runner::restart(HostId id) {
  world_.restart(id);
  Result<> started = start_services(id);
  if (!started) return fail(started.error());
  start_workloads(id);
}

void Runner::readdressed(HostId id) {
  if (recorder_ != nullptr) recorder_->readdressed(id);
}

void Runner::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
  world_.stop();
}

void Runner::happened(std::string_view kind, HostId id, std::string_view text, std::string_view json) {
  note(kind, id, text, json);
  const Log log = id == kNoHost ? world_.log() : world_.host(id).log();
  log.info("{}{}{}", kind, text.empty() ? "" : " ", text);
}

// ---- the run ----

void Runner::interrupt() {
  interrupted_ = true;
  world_.stop();
}

bool Runner::run_until(TimePoint end, const std::function<bool()>& enough) {
  while (!interrupted_ && !failure_ && world_.now() < end && !enough()) {
    begin_due();
    advance(std::min({end, world_.now() + kProgressStep, next_beginning()}));
    tell_progress();
  }
  return !interrupted_ && !failure_;
}

void Runner::tell_progress() {
  if (!on_progress_) return;
  on_progress_({.now = world_.now(), .end = TimePoint(scenario_.run.duration), .turns = world_.counters().turns});
}

RunReport Runner::run() {
  RunReport report;
  TimePoint end = TimePoint(scenario_.run.duration);
  run_until(end, [] { return false; });
  report.simulated = world_.now().time_since_epoch();
  judge_end_states(report);
  windows_.note_levels();
  faults_.stop();
  if (recorder_ != nullptr) recorder_->look_away();
  stop_services();
  windows_.finish();
  report.hosts = world_.host_count();
  report.digest = world_.digest();
  report.counters = world_.counters();
  report.warnings = world_.warnings();
  for (const auto& [kind, failures] : failures_) report.failed_requests.push_back(failures);
  report.metrics = windows_.measured();
  report.error = failure_;
  judge(report);
  return report;
}

void Runner::advance(TimePoint end) {
  windows_.pass(world_.now());
  while (world_.now() < end && !interrupted_ && !failure_) {
    TimePoint stop = std::min(end, windows_.next());
    if (recorder_ != nullptr) stop = std::min(stop, recorder_->next_sample());
    world_.run_until(stop);
    if (world_.now() < stop) return;  // it was stopped
    windows_.pass(world_.now());
    if (recorder_ != nullptr && recorder_->next_sample() <= world_.now()) recorder_->sample();
  }
}

void Runner::note(std::string_view kind, HostId host, std::string_view text, std::string_view json) {
  if (recorder_ != nullptr) recorder_->event(kind, host, text, json);
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
  for (auto& occupant : occupants_) occupant->drop_services();
}

void Runner::judge_end_states(RunReport& report) {
  for (const Scenario::Group& group : scenario_.groups) {
    if (group.options.end_state == EndState::any) continue;
    const bool wanted_up = group.options.end_state == EndState::up;
    std::size_t as_wanted = 0;
    for (const HostId id : groups_[group.name]) as_wanted += world_.up(id) == wanted_up ? 1 : 0;
    const std::size_t count = groups_[group.name].size();
    report.expectations.emplace_back(
        fmt::format("hosts of {} are {} at the end", group.name, wanted_up ? "up" : "down"),
        ExpectationRule::Verdict{.value = static_cast<double>(as_wanted), .held = as_wanted == count});
  }
}

void Runner::judge(RunReport& report) {
  if (interrupted_) {  // of a part of the run nothing was expected
    report.expectations.clear();
  } else {
    for (const ExpectationRule& rule : scenario_.expectations) {
      report.expectations.emplace_back(rule.text(), windows_.judge(rule));
    }
  }
  const bool all_held = std::ranges::all_of(report.expectations, [](const auto& one) { return one.second.held; });
  report.status = report.error   ? RunStatus::error
                  : interrupted_ ? RunStatus::interrupted
                  : all_held     ? RunStatus::passed
                                 : RunStatus::failed;
}

}  // namespace ghostnet::scenarios
