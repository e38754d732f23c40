#include "run.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>

#include "ghostnet/build_info.hpp"
#include "ghostnet/results/store.hpp"
#include "report.hpp"

namespace ghostnet::cli {

namespace {

constexpr std::size_t kMaxFileBytes = 4 * 1024 * 1024;

// Ctrl-C. The flag is looked at between the slices of a run; the second one ends the program as usual.
volatile std::sig_atomic_t interruptions = 0;

void note_interruption(int) {
  interruptions = interruptions + 1;
  if (interruptions > 1) std::_Exit(kInterrupted);
}

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

std::uint64_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

// A bar on a terminal, a line every few seconds elsewhere.
class ProgressBar {
 public:
  explicit ProgressBar(bool shown) : shown_(shown), terminal_(isatty(STDERR_FILENO) != 0) {}
  ~ProgressBar() {
    if (drawn_ && terminal_) std::fprintf(stderr, "\r\033[K");
  }

  void show(const scenarios::Progress& progress) {
    double wall_s = seconds_since(began_);
    if (!shown_ || wall_s < next_at_s_) return;
    next_at_s_ = wall_s + (terminal_ ? 0.1 : 5);
    double now_s = static_cast<double>(to_ns(progress.now)) / 1e9;
    double end_s = static_cast<double>(to_ns(progress.end)) / 1e9;
    double share = end_s > 0 ? now_s / end_s : 1;
    double left_s = share > 0 ? wall_s / share - wall_s : 0;
    std::string text = fmt::format("{:.1f} of {:.1f} s, {:.2g}x real time, {:.3g} events/s, {:.0f} s left", now_s,
                                   end_s, now_s / wall_s, static_cast<double>(progress.turns) / wall_s, left_s);
    if (!terminal_) {
      fmt::print(stderr, "{}\n", text);
      return;
    }
    auto filled = static_cast<std::size_t>(share * kBarColumns);
    fmt::print(stderr, "\r\033[K[{:<{}}] {}", std::string(filled, '#'), kBarColumns, text);
    std::fflush(stderr);
    drawn_ = true;
  }

 private:
  static constexpr std::size_t kBarColumns = 30;

  bool shown_;
  bool terminal_;
  bool drawn_ = false;
  double next_at_s_ = 0.5;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

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

Result<std::unique_ptr<scenarios::RunWorld>> make_world(const RunCommand& command, Program& program,
                                                        const scenarios::Scenario& scenario, LogSink& log_sink) {
  LogOptions log;
  log.level = command.log;
  if (command.mode == "live") return scenarios::make_loopback(scenario, log_sink, log);
  Result<scenarios::MakeSimWorld> make = sim_module(program);
  if (!make) return fail(std::move(make));
  return scenarios::make_simulated(scenario, *make, log_sink, log);
}

int exit_code_of(RunStatus status) {
  switch (status) {
    case RunStatus::passed: return kOk;
    case RunStatus::failed: return kFailed;
    case RunStatus::interrupted: return kInterrupted;
    case RunStatus::error: return kBadInput;
  }
  return kInternal;
}

Duration since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
}

RunInfo run_info(const RunCommand& command, const scenarios::Scenario& scenario) {
  return {.name = scenario.run.name,
          .scenario_text = scenario.text,
          .scenario_file = scenario.file,
          .parameters = scenario.parameters,
          .sweep_point = {},
          .seed = scenario.run.seed,
          .repeat = 0,
          .mode = command.mode,
          .carrier = carrier_of(command, scenario),
          .revision = std::string(build_info::revision()),
          .planned = scenario.run.duration};
}

Result<std::unique_ptr<results::Store>> open_store(const RunCommand& command) {
  results::StoreOptions options;
  // Simulated time waits for the disk; real time does not.
  if (command.mode == "live") options.when_full = results::StoreOptions::WhenFull::drop_samples;
  return results::Store::open(command.db, options);
}

void carry_out(const RunCommand& command, Program& program, RunRecord& record) {
  auto began = std::chrono::steady_clock::now();
  TextLogSink log_sink(stderr);
  auto refuse = [&record](Error error) {
    record.error = std::move(error);
    record.exit_code = record.error->code() == Errc::internal ? kInternal : kBadInput;
  };
  if (!command.pcap_directory.empty()) {
    record.scenario->pcap_directory = command.pcap_directory;
    std::error_code error;
    std::filesystem::create_directories(command.pcap_directory, error);
  }
  auto world = make_world(command, program, *record.scenario, log_sink);
  if (!world) return refuse(std::move(world).error());
  CaptureFiles captures;
  bool traces_itself = record.scenario->network.carrier == sim::Carrier::ns3 && command.mode == "sim";
  if (!command.pcap_directory.empty() && !traces_itself) {
    if ((*world)->simulated() == nullptr) {
      return refuse({Errc::not_supported, "--pcap: live runs on loopback are captured with tcpdump -i lo"});
    }
    Result<> opened = captures.open(command.pcap_directory, *(*world)->simulated());
    if (!opened) return refuse(opened.error());
  }
  {
    std::unique_ptr<results::Store> store;
    std::optional<scenarios::Recorder> recorder;
    if (!command.db.empty()) {
      auto opened = open_store(command);
      if (!opened) return refuse(opened.error());
      store = std::move(*opened);
      recorder.emplace(*store, **world, scenarios::RecordPlan{});
      recorder->begin(run_info(command, *record.scenario));
      if (Result<> begun = store->status(); !begun) return refuse(begun.error());
    }
    scenarios::Runner runner(*record.scenario, **world);
    if (recorder) runner.record_with(*recorder);
    if (Result<> ready = runner.set_up(); !ready) return refuse(ready.error());
    record.setup_wall_s = seconds_since(began);
    began = std::chrono::steady_clock::now();
    ProgressBar bar(!command.quiet);
    runner.on_progress([&](const scenarios::Progress& progress) {
      bar.show(progress);
      if (interruptions != 0) runner.interrupt();
    });
    record.report = runner.run();
    record.wall_s = seconds_since(began);
    if (recorder) {
      RunOutcome outcome;
      outcome.setup_wall = Duration(static_cast<std::int64_t>(record.setup_wall_s * 1e9));
      outcome.wall = since(began);
      outcome.peak_rss_bytes = peak_rss_bytes();
      if (Result<> recorded = recorder->finish(*record.report, outcome); !recorded) refuse(recorded.error());
    }
  }
  if (sim::World* simulated = (*world)->simulated()) {
    if (Result<> flushed = simulated->flush_captures(); !flushed) refuse(flushed.error());
  }
  record.peak_rss_bytes = peak_rss_bytes();
  record.exit_code = worse(record.exit_code, exit_code_of(record.report->status));
}

RunRecord run_file(const RunCommand& command, Program& program, const std::string& file) {
  RunRecord record;
  record.file = file;
  Result<std::string> text = read_file(file, kMaxFileBytes);
  if (!text) {
    record.error = text.error();
    record.exit_code = kBadInput;
    return record;
  }
  scenarios::LoadResult loaded = scenarios::load_scenario(*text, file, program.registry, command.overrides);
  if (!loaded) {
    record.diagnostics = std::move(loaded).error();
    record.exit_code = kBadInput;
    return record;
  }
  record.scenario = std::move(*loaded);
  carry_out(command, program, record);
  return record;
}

// Runs one file in a process of its own and returns its digest, or nothing when it did not pass.
std::optional<std::uint64_t> digest_in_child(const RunCommand& command, Program& program, const std::string& file) {
  int ends[2];
  if (pipe(ends) != 0) return std::nullopt;
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    RunCommand silent = command;
    silent.quiet = true;
    RunRecord record = run_file(silent, program, file);
    if (record.exit_code == kBadInput) print_for_people(silent, record);
    std::uint64_t digest = record.report ? record.report->digest.value_or(0) : 0;
    bool sent = record.report.has_value() && write(ends[1], &digest, sizeof digest) == sizeof digest;
    std::_Exit(sent ? kOk : kInternal);
  }
  close(ends[1]);
  std::uint64_t digest = 0;
  bool whole = child > 0 && read(ends[0], &digest, sizeof digest) == sizeof digest;
  close(ends[0]);
  int status = 0;
  if (child > 0) waitpid(child, &status, 0);
  if (!whole) return std::nullopt;
  return digest;
}

int verify_determinism(const RunCommand& command, Program& program, const std::string& file) {
  if (command.mode == "live") {
    fmt::print(stderr, "ghostnet: --verify-determinism: a live run is never the same twice; use --mode sim\n");
    return kBadInput;
  }
  auto first = digest_in_child(command, program, file);
  if (!first) return kBadInput;
  auto second = digest_in_child(command, program, file);
  if (!second) return kInternal;
  bool same = *first == *second;
  fmt::print("{}: {:016x} and {:016x}: {}\n", file, *first, *second, same ? "the same" : "NOT the same");
  return same ? kOk : kFailed;
}

}  // namespace

int run(const RunCommand& command, Program& program) {
  int exit_code = kOk;
  if (command.verify_determinism) {
    for (const std::string& file : command.files)
      exit_code = worse(exit_code, verify_determinism(command, program, file));
    return exit_code;
  }
  std::signal(SIGINT, note_interruption);
  std::signal(SIGTERM, note_interruption);
  nlohmann::json runs = nlohmann::json::array();
  for (const std::string& file : command.files) {
    if (interruptions != 0) break;
    RunRecord record = run_file(command, program, file);
    exit_code = worse(exit_code, record.exit_code);
    if (command.json) {
      runs.push_back(to_json(command, record, runs.size() + 1));
    } else {
      print_for_people(command, record);
    }
  }
  if (command.json) fmt::print("{}\n", nlohmann::json{{"schema_version", 1}, {"runs", std::move(runs)}}.dump(2));
  return exit_code;
}

int check(const std::vector<std::string>& files, bool json, Program& program) {
  int exit_code = kOk;
  nlohmann::json all = nlohmann::json::array();
  for (const std::string& file : files) {
    std::vector<scenarios::Diagnostic> diagnostics;
    Result<std::string> text = read_file(file, kMaxFileBytes);
    if (!text) {
      diagnostics.push_back({.file = file, .at = {}, .key = {}, .message = std::string(text.error().message())});
    } else if (scenarios::LoadResult loaded = scenarios::load_scenario(*text, file, program.registry); !loaded) {
      diagnostics = std::move(loaded).error();
    }
    if (!diagnostics.empty()) exit_code = kBadInput;
    for (const scenarios::Diagnostic& diagnostic : diagnostics) {
      if (json) {
        all.push_back({{"file", diagnostic.file},
                       {"line", diagnostic.at.line},
                       {"column", diagnostic.at.column},
                       {"key", diagnostic.key},
                       {"message", diagnostic.message}});
      } else {
        fmt::print(stderr, "{}\n", diagnostic.to_string());
      }
    }
    if (!json && diagnostics.empty()) fmt::print("{}: ok\n", file);
  }
  if (json) fmt::print("{}\n", nlohmann::json{{"schema_version", 1}, {"errors", std::move(all)}}.dump(2));
  return exit_code;
}

}  // namespace ghostnet::cli
