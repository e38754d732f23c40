#include "run.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <thread>

#include "ghostnet/results/database.hpp"
#include "ghostnet/results/junit.hpp"
#include "interruption.hpp"
#include "mpi.hpp"
#include "plan.hpp"
#include "progress_bar.hpp"
#include "report.hpp"
#include "resume.hpp"
#include "run_one.hpp"
#include "run_pool.hpp"

namespace ghostnet::cli {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxJobs = 256;

// Prints what is said of runs as they come, and keeps what is printed at the end.
class Output {
 public:
  explicit Output(const RunCommand& command) : command_(command) {}

  void add(RunReply reply) {
    exit_code_ = worse(exit_code_, reply.exit_code);
    if (reply.document["id"].is_null()) reply.document["id"] = documents_.size() + 1;
    if (!command_.json) {
      fmt::print(stderr, "{}", reply.err);
      fmt::print("{}", reply.out);
      std::fflush(stdout);
    }
    if (command_.json || !command_.junit.empty()) documents_.push_back(std::move(reply.document));
  }

  int finish() {
    if (!command_.junit.empty()) {
      std::ofstream file(command_.junit);
      file << results::junit_xml(documents_);
      if (!file.flush()) {
        fmt::print(stderr, "ghostnet: --junit: {} cannot be written\n", command_.junit);
        exit_code_ = worse(exit_code_, kBadInput);
      }
    }
    if (command_.json) {
      const json all = {{"schema_version", 1}, {"runs", documents_}};
      fmt::print("{}\n", all.dump(2, ' ', false, json::error_handler_t::replace));
    }
    return exit_code_;
  }
  void note(int exit_code) { exit_code_ = worse(exit_code_, exit_code); }

 private:
  const RunCommand& command_;
  int exit_code_ = kOk;
  std::vector<json> documents_;
};

std::string in_words(const scenarios::Progress& progress, const ProgressBar& bar, double share) {
  const double now_s = static_cast<double>(to_ns(progress.now)) / 1e9;
  const double end_s = static_cast<double>(to_ns(progress.end)) / 1e9;
  return fmt::format("{:.1f} of {:.1f} s, {:.2g}x real time, {:.3g} events/s, {:.0f} s left", now_s, end_s,
                     now_s / bar.wall_s(), static_cast<double>(progress.turns) / bar.wall_s(), bar.left_s(share));
}

double share_of(const scenarios::Progress& progress) {
  const auto end = static_cast<double>(to_ns(progress.end));
  return end > 0 ? static_cast<double>(to_ns(progress.now)) / end : 1;
}

void run_here(const RunCommand& command, const Program& program, const PlannedRun& planned, Output& output) {
  ProgressBar bar(!command.quiet);
  const auto show = [&](const scenarios::Progress& progress) {
    if (bar.is_due()) bar.draw(share_of(progress), in_words(progress, bar, share_of(progress)));
  };
  const RunRecord record = run_one(command, program, planned, show);
  bar.clear();
  output.add(reply_of(command, record));
}

void run_in_pool(const RunCommand& command, const Program& program, const Plan& plan,
                 const std::vector<std::size_t>& open, Output& output) {
  std::size_t jobs = command.jobs;
  if (jobs == 0 && command.mode == "live") jobs = 1;
  const std::optional<MpiRank> mpi = mpi_rank();
  if (jobs == 0) jobs = std::max<std::size_t>(1, std::thread::hardware_concurrency() / (mpi ? mpi->ranks_here : 1));
  ProgressBar bar(!command.quiet);
  RunPool pool;
  pool.carry_out = [&](std::size_t index, const RunPool::Report& report) {
    constexpr auto kEvery = std::chrono::milliseconds(200);
    auto next = std::chrono::steady_clock::now() + kEvery;
    const auto tell = [&](const scenarios::Progress& progress) {
      if (std::chrono::steady_clock::now() < next) return;
      next = std::chrono::steady_clock::now() + kEvery;
      report(share_of(progress), progress.turns);
    };
    return reply_of(command, run_one(command, program, plan.runs[index], tell));
  };
  pool.on_reply = [&](std::size_t index, RunReply reply) {
    if (reply.document["file"].is_null()) {  // its process died before it could say
      json document = empty_document();
      document.update(reply.document);
      document["file"] = plan.runs[index].file;
      reply.document = std::move(document);
    }
    bar.clear();
    output.add(std::move(reply));
  };
  pool.on_progress = [&](const PoolProgress& progress) {
    if (!bar.is_due()) return;
    bar.draw(progress.share,
             fmt::format("{} of {} runs, {} under way, {:.3g} events/s, {:.0f} s left", progress.finished,
                         progress.runs, progress.under_way, progress.turns_per_s, bar.left_s(progress.share)));
  };
  pool.interrupted = interrupted;
  const std::vector<std::size_t> left = pool.run(open, std::min(jobs, kMaxJobs));
  bar.clear();
  if (left.empty()) return;
  fmt::print(stderr, "ghostnet: interrupted, {} runs were not begun; --resume goes on\n", left.size());
  output.note(kInterrupted);
}

// Where the runs are recorded, made ready before the first of them. Said, when it was not asked for.
Result<> prepare_db(RunCommand& command, const Plan& plan) {
  const std::optional<MpiRank> mpi = mpi_rank();
  if (mpi && (command.json || !command.junit.empty())) {
    return fail(Errc::not_supported,
                "under MPI each rank knows its own runs alone: leave out --json and --junit, and export afterwards");
  }
  if (command.db == "none") {
    command.db.clear();
  } else if (command.db.empty() && (plan.runs.size() > plan.files() || command.resume)) {
    command.db = kDefaultDb;
    if (!command.quiet && (!mpi || mpi->rank == 0))
      fmt::print(stderr, "recording in {} (--db FILE for another, --db none for nowhere)\n", command.db);
  }
  if (command.db.empty()) {
    if (command.resume)
      return fail(Errc::invalid_argument, "--resume: needs the results file to go on with, --db FILE");
    return {};
  }
  command.batch = mpi ? mpi->job : batch_label();
  Result<results::Database> database =
      results::Database::open(command.db, {.access = results::DatabaseOptions::Access::write});
  if (!database) return fail(std::move(database));
  return {};
}

void meet_other_ranks(const RunCommand& command, const MpiRank& mpi, std::size_t runs, Output& output) {
  const Result<std::size_t> missing = wait_for_ranks(mpi, command.db, command.batch, runs);
  if (missing && *missing == 0) return;
  output.note(missing ? kInternal : exit_code_of(missing.error()));
  if (!missing) return fmt::print(stderr, "ghostnet: rank {}: {}\n", mpi.rank, missing.error().message());
  fmt::print(stderr,
             "ghostnet: rank {}: {} of {} runs are missing: their ranks were lost or stopped; --resume makes them\n",
             mpi.rank, *missing, runs);
}

// Runs one file in a process of its own and returns its digest, or nothing when it did not pass.
std::optional<std::uint64_t> digest_in_child(const RunCommand& command, const Program& program, const PlannedRun& run) {
  int ends[2];
  if (pipe(ends) != 0) return std::nullopt;
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    RunCommand silent = command;
    silent.quiet = true;
    const RunRecord record = run_one(silent, program, run, {});
    if (record.exit_code == kBadInput) fmt::print(stderr, "{}", reply_of(silent, record).err);
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

int verify_determinism(const RunCommand& command, const Program& program, const PlannedRun& run) {
  if (command.mode == "live") {
    fmt::print(stderr, "ghostnet: --verify-determinism: a live run is never the same twice; use --mode sim\n");
    return kBadInput;
  }
  auto first = digest_in_child(command, program, run);
  if (!first) return kBadInput;
  auto second = digest_in_child(command, program, run);
  if (!second) return kInternal;
  bool same = *first == *second;
  const std::string label = run.label();
  fmt::print("{}{}{}: {:016x} and {:016x}: {}\n", run.file, label.empty() ? "" : " ", label, *first, *second,
             same ? "the same" : "NOT the same");
  return same ? kOk : kFailed;
}

}  // namespace

int run(RunCommand command, const Program& program) {
  Result<Plan> plan = make_plan(command, program);
  if (!plan) {
    fmt::print(stderr, "ghostnet: {}\n", plan.error().message());
    return exit_code_of(plan.error());
  }
  Output output(command);
  for (const UnplannedFile& file : plan->unplanned) {
    RunRecord record{.file = file.file, .diagnostics = file.diagnostics, .error = file.error};
    record.exit_code = kBadInput;
    output.add(reply_of(command, record));
  }
  if (command.verify_determinism) {
    for (const PlannedRun& planned : plan->runs) output.note(verify_determinism(command, program, planned));
    return output.finish();
  }
  if (Result<> ready = prepare_db(command, *plan); !ready) {
    fmt::print(stderr, "ghostnet: {}\n", ready.error().message());
    return exit_code_of(ready.error());
  }
  std::vector<std::size_t> open(plan->runs.size());
  std::iota(open.begin(), open.end(), std::size_t{0});
  if (command.resume) {
    Result<std::vector<FinishedRun>> finished = finished_runs(command, program, *plan);
    if (!finished) {
      fmt::print(stderr, "ghostnet: {}\n", finished.error().message());
      return exit_code_of(finished.error());
    }
    for (FinishedRun& known : *finished) {
      std::erase(open, known.index);
      output.add(std::move(known.reply));
    }
    if (!command.quiet) fmt::print(stderr, "{} of {} runs are finished\n", finished->size(), plan->runs.size());
  }
  const std::size_t of_all_ranks = open.size();
  const std::optional<MpiRank> mpi = mpi_rank();
  if (mpi) {
    std::erase_if(open, [&](std::size_t index) { return index % mpi->ranks != mpi->rank; });
  }
  watch_for_interruption();
  if (plan->runs.size() == 1 && open.size() == 1) {
    run_here(command, program, plan->runs.front(), output);
  } else if (!open.empty()) {
    run_in_pool(command, program, *plan, open, output);
  }
  if (mpi && !command.db.empty()) meet_other_ranks(command, *mpi, of_all_ranks, output);
  return output.finish();
}

int check(const std::vector<std::string>& files, bool json_wanted, const Program& program) {
  int exit_code = kOk;
  json all = json::array();
  for (const std::string& file : files) {
    std::vector<scenarios::Diagnostic> diagnostics;
    Result<std::string> text = read_file(file, kMaxScenarioBytes);
    if (!text) {
      diagnostics.push_back({.file = file, .at = {}, .key = {}, .message = std::string(text.error().message())});
    } else if (scenarios::LoadResult loaded = scenarios::load_scenario(*text, file, program.registry); !loaded) {
      diagnostics = std::move(loaded).error();
    }
    if (!diagnostics.empty()) exit_code = kBadInput;
    for (const scenarios::Diagnostic& diagnostic : diagnostics) {
      if (json_wanted) {
        all.push_back({{"file", diagnostic.file},
                       {"line", diagnostic.at.line},
                       {"column", diagnostic.at.column},
                       {"key", diagnostic.key},
                       {"message", diagnostic.message}});
      } else {
        fmt::print(stderr, "{}\n", diagnostic.to_string());
      }
    }
    if (!json_wanted && diagnostics.empty()) fmt::print("{}: ok\n", file);
  }
  if (json_wanted) fmt::print("{}\n", json{{"schema_version", 1}, {"errors", std::move(all)}}.dump(2));
  return exit_code;
}

}  // namespace ghostnet::cli
