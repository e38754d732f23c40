// Following a run while it is written: how long after something happened the window shows it, and what being watched
// costs the run.
//
// The lag is measured twice. A writer whose events carry the time of the wall clock, of 10,000 hosts and 50,000 links,
// through the store that runs write to: that is exact. And a live run, whose instants are those of the wall clock since
// it began. The cost is the processor time of `ghostnet run` in user mode, and the wall time of its run, watched and
// alone in turn; and once more beside a window that is as busy but follows another file, since two programs on one
// machine share its caches whatever they do.
#include <spawn.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "gui_window.hpp"

extern char** environ;

namespace ghostnet::bench {
namespace {

constexpr double kWatched_s = 12;
constexpr double kSettled_s = 3;  // a window that opens in the middle of a run is not measured until then

constexpr const char* kSimulated = R"(name: watched
seed: 7
duration: 120 s
network: { hosts: 400, regions: ethereum, bandwidth: 50 Mbit/s, loss: 0.1 % }
groups: { servers: { count: 40 } }
protocols: { echo: }
workload: [ echo: { from: rest, to: servers, rate: 10 /s, size: 400 B, timeout: 2 s, stop: 118 s } ]
faults: [ churn: { group: rest, leave: 20 %/min, rejoin: 5 s } ]
)";
constexpr const char* kLive = R"(name: watched-live
duration: 12 s
network: { hosts: 20 }
groups: { servers: { count: 2 } }
protocols: { echo: }
workload: [ echo: { from: rest, to: servers, rate: 20 /s, timeout: 1 s, stop: 11 s } ]
)";

// The program beside this one, with these arguments.
class Child {
 public:
  explicit Child(std::vector<std::string> words) {
    words.insert(words.begin(), fs::read_symlink("/proc/self/exe").replace_filename("ghostnet").string());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    if (posix_spawn(&pid_, words.front().c_str(), nullptr, nullptr, pointers.data(), environ) != 0) pid_ = -1;
  }
  bool started() const { return pid_ > 0; }
  // Once it has ended: what it took.
  std::optional<rusage> ended() {
    int status = 0;
    rusage usage{};
    if (wait4(pid_, &status, WNOHANG, &usage) != pid_) return std::nullopt;
    failed_ = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    return usage;
  }
  bool failed() const { return failed_; }

 private:
  bool failed_ = false;
  pid_t pid_ = -1;
};

double user_s(const rusage& usage) {
  return static_cast<double>(usage.ru_utime.tv_sec) + static_cast<double>(usage.ru_utime.tv_usec) / 1e6;
}

// The instant that the mesh shows.
double shown_s(Opened& opened) { return static_cast<double>(opened.window.mesh().model().moment().time_ns) / 1e9; }

void write_file(const std::string& path, const char* text) { std::ofstream(path) << text; }

// ---- the lag behind a writer whose clock is the wall's ----

// Its median and the most of it.
std::vector<double> lag_behind_writer(const std::string& path) {
  // All that the window has to show is there before it opens; what is written from then on is timed.
  auto store = std::move(results::Store::open(path).value());
  begin_run(*store, {.hosts = 10'000, .links = 50'000, .seconds = 1'000, .metrics = 1, .messages_a_second = 0});
  const double began = seconds();
  std::atomic<bool> over = false;
  std::thread writer([&] {
    std::vector<Sample> samples;
    for (int turn = 0; !over; ++turn) {
      const TimePoint now{std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds() - began))};
      store->event({.time = now, .host = static_cast<HostId>(turn % 10'000), .kind = "tick", .text = ""});
      if (turn % 100 == 0) {  // twice a second, as a run does
        samples.clear();
        for (HostId host = 0; host < 10'000; ++host) samples.push_back({now, MetricId{0}, host, 1.0 * turn});
        store->samples(samples);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  std::vector<double> lags;
  {
    Opened opened(path);
    while (seconds() - began < kWatched_s) {
      QApplication::processEvents(QEventLoop::AllEvents, 5);
      if (seconds() - began < kSettled_s || opened.document.run() == nullptr) continue;
      lags.push_back(seconds() - began - shown_s(opened));
    }
  }
  over = true;
  writer.join();
  if (!store->finish({.simulated = 1'000s}) || lags.empty()) return {};
  return {median(lags), *std::ranges::max_element(lags)};
}

// ---- a run of its own ----

struct Watched {
  double user_s = -1;
  double wall_s = -1;           // of the run, without what comes before and after
  std::vector<double> lag_s{};  // its median and the most of it; of a live run
};

// Runs the scenario and, where there is one, lets a window on `shown` run until its end; empty: there is none.
Watched run_watched(const std::string& scenario, const std::string& database, bool live, const std::string& shown) {
  const bool watch = !shown.empty();
  fs::remove(database);
  std::vector<std::string> words = {"run", scenario, "--db", database, "--quiet"};
  if (live) words.insert(words.end(), {"--mode", "live"});
  // The file is there before the run is, so that the window has something to open.
  if (!results::Database::open(database, {.access = results::DatabaseOptions::Access::write})) return {};
  Child child(std::move(words));
  if (!child.started()) return {};
  std::optional<rusage> usage;
  std::optional<Opened> opened;
  if (watch) opened.emplace(shown);
  struct Seen {
    double wall_s;  // since 1970
    double run_s;
  };
  std::vector<Seen> seen;
  while (!usage) {
    usage = child.ended();
    if (!watch) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      continue;
    }
    QApplication::processEvents(QEventLoop::AllEvents, 5);
    const results::RunRow* run = opened->document.run();
    if (run == nullptr || run->finished()) continue;
    const auto wall = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    seen.push_back({wall, shown_s(*opened)});
  }
  if (child.failed()) return {};
  const auto file = results::Database::open(database, {});
  const auto runs = file ? results::runs(*file) : Result<std::vector<results::RunRow>>(fail(file));
  if (!runs || runs->empty()) return {};
  Watched watched{.user_s = user_s(*usage), .wall_s = runs->back().wall_s};
  if (!watch || !live || seen.empty()) return watched;
  const double began_s = static_cast<double>(runs->back().started_unix_ms) / 1e3 + runs->back().setup_wall_s;
  std::vector<double> lags;
  for (const Seen& one : seen) {
    const double since_s = one.wall_s - began_s;
    if (since_s > kSettled_s && since_s < runs->back().planned_s) lags.push_back(since_s - one.run_s);
  }
  if (lags.empty()) return watched;
  watched.lag_s = {median(lags), *std::ranges::max_element(lags)};
  return watched;
}

// Records what the window of the comparison follows, until it goes; as much a second as the run does.
class OtherWriter {
 public:
  explicit OtherWriter(const std::string& path) : store_(std::move(results::Store::open(path).value())) {
    begin_run(*store_, {.hosts = 400, .links = 2'000, .seconds = 1'000, .metrics = 1, .messages_a_second = 0});
    thread_ = std::thread([this] { write(); });
  }
  ~OtherWriter() {
    over_ = true;
    thread_.join();
    if (!store_->finish({.simulated = 1'000s})) std::exit(3);
  }

 private:
  void write() {
    constexpr double kSimulatedASecond = 40;
    const double began = seconds();
    for (HostId turn = 0; !over_; ++turn) {
      const std::chrono::duration<double> passed(kSimulatedASecond * (seconds() - began));
      const TimePoint now{std::chrono::duration_cast<Duration>(passed)};
      store_->event({.time = now, .host = turn % 400, .kind = turn % 2 == 0 ? "crash" : "restart", .text = ""});
      if (turn % 10 == 0) store_->samples(std::vector<Sample>{{now, MetricId{0}, turn % 400, 1.0 * turn}});
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  std::unique_ptr<results::Store> store_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

// What being watched costs a run.
void add_cost(std::vector<BenchRow>& rows, const std::string& directory) {
  constexpr int kTurns = 9;
  const std::string database = directory + "/run.sqlite";
  const std::string other = directory + "/other.sqlite";
  const auto cost = [&](const std::string& shown) {
    return all_alone(2, [&]() -> std::vector<double> {
      fs::remove(other);
      std::optional<OtherWriter> writer;
      if (shown == other) writer.emplace(other);
      const Watched watched = run_watched(directory + "/sim.yaml", database, false, shown);
      return {watched.user_s, watched.wall_s};
    });
  };
  struct Figures {
    std::vector<double> user_s{};
    std::vector<double> wall_s{};
  };
  Figures watched;
  Figures on_its_own;
  Figures beside;
  for (int turn = -1; turn < kTurns; ++turn) {  // the first warms up
    for (auto [figures, shown] : {std::pair{&watched, database}, {&on_its_own, std::string()}, {&beside, other}}) {
      const std::vector<double> taken = cost(shown);
      if (turn < 0) continue;
      figures->user_s.push_back(taken[0]);
      figures->wall_s.push_back(taken[1]);
    }
  }
  const auto add = [&](const char* name, const char* rival, const std::vector<double>& ours,
                       const std::vector<double>& rivals, std::optional<double> goal) {
    rows.push_back({.name = name,
                    .value = median(ours),
                    .unit = "s",
                    .rival = rival,
                    .rival_value = median(rivals),
                    .higher_is_better = false,
                    .goal_ratio = goal,
                    .runs = kTurns,
                    .spread = spread(ours)});
  };
  const char* const kUser = "user time of a run that is watched";
  add(kUser, "the same run alone", watched.user_s, on_its_own.user_s, 1.05);
  add(kUser, "the same beside a window on another file", watched.user_s, beside.user_s, std::nullopt);
  add("wall time of a run that is watched", "the same run alone", watched.wall_s, on_its_own.wall_s, 1.05);
}

int bench_main(int argc, char** argv) {
  use_no_display();
  const TemporaryDirectory directory;
  const std::string database = directory.path + "/run.sqlite";
  write_file(directory.path + "/sim.yaml", kSimulated);
  write_file(directory.path + "/live.yaml", kLive);
  std::vector<BenchRow> rows;
  const auto add_lag = [&](const char* behind, const std::function<std::vector<double>()>& measure) {
    const std::vector<double> lag = all_alone(2, measure);
    rows.push_back(at_most(fmt::format("lag behind {}, median", behind), lag[0], "s", 1));
    rows.push_back(at_most(fmt::format("lag behind {}, most", behind), lag[1], "s", 1));
  };
  add_lag("what is written, 10,000 hosts", [&] { return lag_behind_writer(directory.path + "/written.sqlite"); });
  add_lag("a live run", [&] { return run_watched(directory.path + "/live.yaml", database, true, database).lag_s; });
  add_cost(rows, directory.path);
  fail_those_without_a_figure(rows);
  return report(rows, argc, argv);
}

}  // namespace
}  // namespace ghostnet::bench

int main(int argc, char** argv) { return ghostnet::bench::bench_main(argc, argv); }
