#include "run_one.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "ghostnet/build_info.hpp"
#include "ghostnet/results/store.hpp"
#include "interruption.hpp"

namespace ghostnet::cli {

namespace {

using Instant = std::chrono::steady_clock::time_point;

Duration since(Instant began) { return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began); }
double in_seconds(Duration time) { return static_cast<double>(time.count()) / 1e9; }

std::uint64_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

// The captures of one run: a file for each host.
class CaptureFiles {
 public:
  ~CaptureFiles() {
    for (std::FILE* file : files_) std::fclose(file);
  }

  Result<> open(const std::string& directory, sim::World& world) {
    if (world.host_count() > kMaxFiles) {
      return fail(Errc::limit, "--pcap: {} hosts, and a file for each; at most {}", world.host_count(), kMaxFiles);
    }
    for (HostId id = 0; id < world.host_count(); ++id) {
      std::string path = fmt::format("{}/{}.pcapng", directory, world.host(id).name());
      std::FILE* file = std::fopen(path.c_str(), "wb");
      if (file == nullptr) return fail(error_from_errno(errno, fmt::format("--pcap: opening {}", path)));
      files_.push_back(file);
      Result<> captured = world.capture(id, [file, path](ByteView bytes) -> Result<> {
        if (std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size()) return {};
        return fail(error_from_errno(errno, fmt::format("--pcap: writing {}", path)));
      });
      if (!captured) return captured;
    }
    return {};
  }

 private:
  static constexpr std::size_t kMaxFiles = 1000;
  std::vector<std::FILE*> files_;
};

int exit_code_of(RunStatus status) {
  switch (status) {
    case RunStatus::passed: return kOk;
    case RunStatus::failed: return kFailed;
    case RunStatus::interrupted: return kInterrupted;
    case RunStatus::error: return kBadInput;
  }
  return kInternal;
}

// A run under way: its world, its traces and where it is recorded.
class Undertaking {
 public:
  Undertaking(const RunCommand& command, const Program& program, const PlannedRun& planned, RunRecord& record)
      : command_(command), program_(program), planned_(planned), record_(record), log_sink_(stderr) {}

  Result<> prepare() {
    scenarios::Scenario& scenario = *record_.scenario;
    if (!command_.pcap_directory.empty()) {
      scenario.pcap_directory = command_.pcap_directory;
      std::error_code error;
      std::filesystem::create_directories(command_.pcap_directory, error);
    }
    auto world = make_world(scenario);
    if (!world) return fail(std::move(world));
    world_ = std::move(*world);
    if (Result<> captured = capture(); !captured) return captured;
    if (Result<> recording = begin_recording(); !recording) return recording;
    runner_.emplace(scenario, *world_);
    if (recorder_) runner_->record_with(*recorder_);
    if (Result<> ready = runner_->set_up(); !ready) return ready;
    setup_wall_ = since(began_);
    return {};
  }

  Result<> carry_out(const std::function<void(const scenarios::Progress&)>& on_progress) {
    const Instant began = std::chrono::steady_clock::now();
    runner_->on_progress([&](const scenarios::Progress& progress) {
      if (on_progress) on_progress(progress);
      if (interrupted()) runner_->interrupt();
    });
    record_.report = runner_->run();
    const Duration wall = since(began);
    record_.setup_wall_s = in_seconds(setup_wall_);
    record_.wall_s = in_seconds(wall);
    Result<> recorded;
    if (recorder_) {
      RunOutcome outcome;
      outcome.setup_wall = setup_wall_;
      outcome.wall = wall;
      outcome.peak_rss_bytes = peak_rss_bytes();
      recorded = recorder_->finish(*record_.report, outcome);
    }
    runner_.reset();
    record_.peak_rss_bytes = peak_rss_bytes();
    sim::World* simulated = world_->simulated();
    if (Result<> flushed = simulated != nullptr ? simulated->flush_captures() : Result<>{}; !flushed) return flushed;
    return recorded;
  }

 private:
  Result<std::unique_ptr<scenarios::RunWorld>> make_world(const scenarios::Scenario& scenario) {
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

  Result<> capture() {
    const bool traces_itself = record_.scenario->network.carrier == sim::Carrier::ns3 && command_.mode == "sim";
    if (command_.pcap_directory.empty() || traces_itself) return {};
    if (world_->simulated() == nullptr) {
      return fail(Errc::not_supported, "--pcap: live runs are captured with tcpdump (on loopback: tcpdump -i lo)");
    }
    return captures_.open(command_.pcap_directory, *world_->simulated());
  }

  Result<> begin_recording() {
    if (command_.db.empty()) return {};
    const scenarios::Scenario& scenario = *record_.scenario;
    results::StoreOptions options{.batch = command_.batch, .command = command_.command_line};
    // Simulated time waits for the disk; real time does not.
    if (command_.mode == "live") options.when_full = results::StoreOptions::WhenFull::drop_samples;
    auto store = results::Store::open(command_.db, options);
    if (!store) return fail(std::move(store));
    store_ = std::move(*store);
    recorder_.emplace(*store_, *world_, scenario);
    recorder_->begin({.name = scenario.run.name,
                      .scenario_text = scenario.text,
                      .scenario_file = scenario.file,
                      .parameters = scenario.parameters,
                      .sweep_point = planned_.sweep_point,
                      .seed = scenario.run.seed,
                      .repeat = planned_.repeat,
                      .mode = command_.mode,
                      .carrier = carrier_of(command_, scenario),
                      .revision = std::string(build_info::revision()),
                      .planned = scenario.run.duration});
    record_.recorded_as = store_->run_id();
    return store_->status();
  }

  const RunCommand& command_;
  const Program& program_;
  const PlannedRun& planned_;
  RunRecord& record_;
  Instant began_ = std::chrono::steady_clock::now();
  Duration setup_wall_{};
  TextLogSink log_sink_;
  CaptureFiles captures_;
  std::unique_ptr<scenarios::RunWorld> world_;
  std::unique_ptr<results::Store> store_;
  std::optional<scenarios::Recorder> recorder_;
  std::optional<scenarios::Runner> runner_;
};

}  // namespace

RunRecord run_one(const RunCommand& command, const Program& program, const PlannedRun& planned,
                  const std::function<void(const scenarios::Progress&)>& on_progress) {
  RunRecord record{
      .file = planned.file, .sweep_point = planned.sweep_point, .repeat = planned.repeat, .label = planned.label()};
  scenarios::LoadResult loaded =
      scenarios::load_scenario(*planned.text, planned.file, program.registry, planned.overrides);
  if (!loaded) {
    record.diagnostics = std::move(loaded).error();
    record.exit_code = kBadInput;
    return record;
  }
  record.scenario = std::move(*loaded);
  Undertaking undertaking(command, program, planned, record);
  Result<> done = undertaking.prepare();
  if (done) done = undertaking.carry_out(on_progress);
  if (record.report) record.exit_code = exit_code_of(record.report->status);
  if (!done) {
    record.error = done.error();
    record.exit_code = worse(record.exit_code, exit_code_of(done.error()));
  }
  return record;
}

}  // namespace ghostnet::cli
