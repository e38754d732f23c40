#include "undertaking.hpp"

#include <sys/resource.h>

#include <cstdio>
#include <filesystem>

#include "ghostnet/build_info.hpp"
#include "ghostnet/scenarios/beginning.hpp"
#include "interruption.hpp"
#include "resume.hpp"

namespace ghostnet::cli {

namespace {

Duration since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
}
double in_seconds(Duration time) { return static_cast<double>(time.count()) / 1e9; }

std::uint64_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace

Undertaking::Undertaking(const RunCommand& command, const Program& program, const PlannedRun& planned,
                         RunRecord& record)
    : command_(command),
      program_(program),
      planned_(&planned),
      record_(record),
      began_(std::chrono::steady_clock::now()),
      log_sink_(stderr) {}

// ---- beginning ----

Result<> Undertaking::prepare(Recording recording) {
  scenarios::Scenario& scenario = *record_.scenario;
  if (command_.verify_determinism) scenario.record.logs.clear();  // what is run twice leaves nothing
  if (!scenario.record.logs.empty()) scenario.record.logs = own(scenario.record.logs);
  if (!command_.pcap_directory.empty()) {
    scenario.pcap_directory = own(command_.pcap_directory);
    std::error_code error;
    std::filesystem::create_directories(scenario.pcap_directory, error);
    if (error) return fail(error_from_errno(error.value(), fmt::format("--pcap: making {}", scenario.pcap_directory)));
  }
  auto world = make_world(scenario);
  if (!world) return fail(std::move(world));
  world_ = std::move(*world);
  if (Result<> captured = capture(); !captured) return captured;
  if (Result<> begun = begin_recording(recording); !begun) return begun;
  runner_.emplace(scenario, *world_);
  if (recorder_) runner_->record_with(*recorder_);
  if (Result<> ready = runner_->set_up(); !ready) return ready;
  setup_wall_ = since(began_);
  return {};
}

// Of several runs each has a directory of its own.
std::string Undertaking::own(const std::string& directory) const {
  return planned_->directory.empty() ? directory : directory + "/" + planned_->directory;
}

Result<std::unique_ptr<scenarios::RunWorld>> Undertaking::make_world(const scenarios::Scenario& scenario) {
  LogOptions log;
  log.level = command_.log;
  if (command_.mode == "live") {
    return command_.live == "netns" ? scenarios::make_namespaces(scenario, log_sink_, log)
                                    : scenarios::make_loopback(scenario, log_sink_, log);
  }
  Result<scenarios::MakeSimWorld> make = sim_module(program_);
  if (!make) return fail(std::move(make));
  return scenarios::make_simulated(scenario, *make, log_sink_, log);
}

Result<> Undertaking::capture() {
  const bool traces_itself = record_.scenario->network.carrier == sim::Carrier::ns3 && command_.mode == "sim";
  if (command_.pcap_directory.empty() || traces_itself) return {};
  if (world_->simulated() == nullptr) {
    return fail(Errc::not_supported, "--pcap: live runs are captured with tcpdump (on loopback: tcpdump -i lo)");
  }
  return captures_.open(record_.scenario->pcap_directory, *world_->simulated());
}

Result<> Undertaking::begin_recording(Recording recording) {
  if (command_.db.empty()) return {};
  results::StoreOptions options{.batch = command_.batch, .command = command_.command_line};
  // Simulated time waits for the disk; real time does not.
  if (command_.mode == "live") options.when_full = results::StoreOptions::WhenFull::drop_samples;
  // Runs of one command take turns among themselves.
  if (planned_->is_single) options.on_wait = tell_of_waiting(command_.db);
  if (recording == Recording::detached) {
    store_ = results::Store::detached(options);
  } else {
    auto store = results::Store::open(command_.db, options);
    if (!store) return fail(std::move(store));
    store_ = std::move(*store);
  }
  recorder_.emplace(*store_, *world_, *record_.scenario);
  recorder_->begin(info());
  record_.recorded_as = store_->run_id();
  return store_->status();
}

RunInfo Undertaking::info() const {
  const scenarios::Scenario& scenario = *record_.scenario;
  return {.name = scenario.run.name,
          .scenario_text = recorded_text(command_, scenario),
          .scenario_file = scenario.file,
          .parameters = scenario.parameters,
          .sweep_point = planned_->sweep_point,
          .seed = scenario.run.seed,
          .repeat = planned_->repeat,
          .mode = command_.mode,
          .carrier = carrier_of(command_, scenario),
          .revision = std::string(build_info::revision()),
          .planned = scenario.run.duration};
}

// ---- running ----

void Undertaking::watch(const OnProgress& on_progress) {
  runner_->on_progress([this, on_progress](const scenarios::Progress& progress) {
    if (on_progress) on_progress(progress);
    if (interrupted()) runner_->interrupt();
  });
}

bool Undertaking::run_until(TimePoint until, const OnProgress& on_progress) {
  const Instant began = std::chrono::steady_clock::now();
  watch(on_progress);
  const auto enough = [this] { return store_ != nullptr && store_->gathered() >= kMaxGatheredRows; };
  const bool sound = runner_->run_until(until, enough);
  wall_ = since(began);
  return sound;
}

Result<> Undertaking::go_on_as(const PlannedRun& planned, scenarios::Scenario&& scenario) {
  planned_ = &planned;
  record_.sweep_point = planned.sweep_point;
  record_.repeat = planned.repeat;
  record_.label = planned.label();
  record_.shared_s = in_seconds(world_->now().time_since_epoch());
  scenarios::go_on_as(*record_.scenario, std::move(scenario), world_->now());
  if (!store_) return {};
  Result<> attached = store_->attach(command_.db, info());
  record_.recorded_as = store_->run_id();
  return attached;
}

Result<> Undertaking::carry_out(const OnProgress& on_progress) {
  const Instant began = std::chrono::steady_clock::now();
  watch(on_progress);
  record_.report = runner_->run();
  wall_ += since(began);
  record_.setup_wall_s = in_seconds(setup_wall_);
  record_.wall_s = in_seconds(wall_);
  runner_.reset();
  if (Result<> captured = end_captures(); !captured && !record_.report->error) {
    record_.report->status = RunStatus::error;
    record_.report->error = captured.error();
  }
  Result<> recorded;
  if (recorder_) {
    RunOutcome outcome;
    outcome.setup_wall = setup_wall_;
    outcome.wall = wall_;
    outcome.peak_rss_bytes = peak_rss_bytes();
    recorded = recorder_->finish(*record_.report, outcome);
  }
  record_.peak_rss_bytes = peak_rss_bytes();
  return recorded;
}

Result<> Undertaking::end_captures() {
  sim::World* simulated = world_->simulated();
  Result<> flushed = simulated != nullptr ? simulated->flush_captures() : Result<>{};
  Result<> closed = captures_.close();
  return flushed ? closed : flushed;
}

void Undertaking::abandon(const Error& why) {
  if (!recorder_ || record_.recorded_as == 0) return;
  runner_.reset();
  scenarios::RunReport report;
  report.status = RunStatus::error;
  report.hosts = world_->host_count();
  report.error = why;
  RunOutcome outcome;
  outcome.setup_wall = since(began_);
  outcome.peak_rss_bytes = peak_rss_bytes();
  static_cast<void>(recorder_->finish(report, outcome));  // the first error is the one that is told
}

}  // namespace ghostnet::cli
