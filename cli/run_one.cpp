#include "run_one.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "ghostnet/build_info.hpp"
#include "ghostnet/results/store.hpp"
#include "interruption.hpp"
#include "resume.hpp"

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
  CaptureFiles() = default;
  ~CaptureFiles() { static_cast<void>(close()); }
  CaptureFiles(const CaptureFiles&) = delete;
  CaptureFiles& operator=(const CaptureFiles&) = delete;

  Result<> open(const std::string& directory, sim::World& world) {
    if (world.host_count() > kMaxFiles) {
      return fail(Errc::limit, "--pcap: {} hosts, and a file for each; at most {}", world.host_count(), kMaxFiles);
    }
    for (HostId id = 0; id < world.host_count(); ++id) {
      std::string path = fmt::format("{}/{}.pcapng", directory, world.host(id).name());
      std::FILE* open = std::fopen(path.c_str(), "wb");
      if (open == nullptr) return fail(error_from_errno(errno, fmt::format("--pcap: opening {}", path)));
      const File& file = *files_.emplace_back(std::make_unique<File>(open, std::move(path)));
      Result<> captured = world.capture(id, [&file](ByteView bytes) -> Result<> {
        // What hosts send while they are taken down is no part of the run.
        if (file.handle == nullptr || std::fwrite(bytes.data(), 1, bytes.size(), file.handle) == bytes.size())
          return {};
        return fail(file.error());
      });
      if (!captured) return captured;
    }
    return {};
  }

  // What could not be written: the first of them.
  Result<> close() {
    Result<> closed;
    for (const std::unique_ptr<File>& file : files_) {
      if (file->handle == nullptr || std::fclose(std::exchange(file->handle, nullptr)) == 0 || !closed) continue;
      closed = fail(file->error());
    }
    return closed;
  }

 private:
  struct File {
    std::FILE* handle;  // null: closed
    std::string path;
    Error error() const { return error_from_errno(errno, fmt::format("--pcap: writing {}", path)); }
  };

  static constexpr std::size_t kMaxFiles = 1000;
  std::vector<std::unique_ptr<File>> files_;  // the world's captures know where they are
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
    if (command_.verify_determinism) scenario.record.logs.clear();  // what is run twice leaves nothing
    if (!scenario.record.logs.empty()) scenario.record.logs = own(scenario.record.logs);
    if (!command_.pcap_directory.empty()) {
      scenario.pcap_directory = own(command_.pcap_directory);
      std::error_code error;
      std::filesystem::create_directories(scenario.pcap_directory, error);
      if (error)
        return fail(error_from_errno(error.value(), fmt::format("--pcap: making {}", scenario.pcap_directory)));
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
    runner_.reset();
    if (Result<> captured = end_captures(); !captured && !record_.report->error) {
      record_.report->status = RunStatus::error;
      record_.report->error = captured.error();
    }
    Result<> recorded;
    if (recorder_) {
      RunOutcome outcome;
      outcome.setup_wall = setup_wall_;
      outcome.wall = wall;
      outcome.peak_rss_bytes = peak_rss_bytes();
      recorded = recorder_->finish(*record_.report, outcome);
    }
    record_.peak_rss_bytes = peak_rss_bytes();
    return recorded;
  }

  // What could not be prepared is recorded as a run that failed, once there is a record.
  void abandon(const Error& why) {
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

 private:
  // Of several runs each has a directory of its own.
  std::string own(const std::string& directory) const {
    return planned_.directory.empty() ? directory : directory + "/" + planned_.directory;
  }

  Result<> end_captures() {
    sim::World* simulated = world_->simulated();
    Result<> flushed = simulated != nullptr ? simulated->flush_captures() : Result<>{};
    Result<> closed = captures_.close();
    return flushed ? closed : flushed;
  }

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
    return captures_.open(record_.scenario->pcap_directory, *world_->simulated());
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
                      .scenario_text = recorded_text(command_, scenario),
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
  if (done) {
    done = undertaking.carry_out(on_progress);
  } else {
    undertaking.abandon(done.error());
  }
  if (record.report) record.exit_code = exit_code_of(record.report->status);
  if (!done) {
    record.error = done.error();
    record.exit_code = worse(record.exit_code, exit_code_of(done.error()));
  }
  return record;
}

}  // namespace ghostnet::cli
