#include "run.hpp"

#include <chrono>
#include <cstdio>
#include <map>
#include <numeric>
#include <thread>

#include "beginnings.hpp"
#include "ghostnet/results/database.hpp"
#include "ghostnet/results/junit.hpp"
#include "interruption.hpp"
#include "mpi.hpp"
#include "output_file.hpp"
#include "plan.hpp"
#include "progress_bar.hpp"
#include "report.hpp"
#include "resume.hpp"
#include "run_one.hpp"
#include "run_pool.hpp"
#include "sweep_summary.hpp"

namespace ghostnet::cli {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxJobs = 256;
constexpr auto kTellEvery = std::chrono::milliseconds(200);  // how far a run is, from its process

void print_json(const json& all) { fmt::print("{}\n", all.dump(2, ' ', false, json::error_handler_t::replace)); }

// Prints what is said of runs as they come, and keeps what is printed at the end.
class Output {
 public:
  explicit Output(const RunCommand& command) : command_(command) {}

  void add(RunReply reply) {
    exit_code_ = worse(exit_code_, reply.exit_code);
    if (!command_.json) {
      fmt::print(stderr, "{}", reply.err);
      fmt::print("{}", reply.out);
      std::fflush(stdout);
    }
    if (sums_up_) summary_.add(reply.document);
    if (command_.json || !command_.junit.empty()) documents_.push_back(std::move(reply.document));
  }

  // That the runs are ones to be seen beside each other.
  void sum_up() { sums_up_ = !command_.json && !command_.quiet; }

  // The requests that failed in one of several runs. Of a sweep over a lossy network nearly every run has some:
  // each kind is told once, at the end.
  void note_failed_requests(const json& document) {
    ++runs_;
    for (const json& one : document["failed_requests"]) {
      FailedRequests& failed = failed_requests_[{one["operation"], one["error"]}];
      if (failed.runs++ > 0) continue;
      failed.count = one["count"];
      failed.first = one["first"];
    }
  }

  int finish() {
    if (!command_.junit.empty()) {
      if (Result<> written = write_junit(); !written) {
        fmt::print(stderr, "ghostnet: --junit: {}\n", written.error().message());
        exit_code_ = worse(exit_code_, kBadInput);
      }
    }
    if (command_.json) print_json({{"schema_version", 1}, {"runs", documents_}});
    fmt::print("{}", summary_.text());
    if (!command_.json) tell_failed_requests();
    return exit_code_;
  }

  // There are no runs, or no further ones, for this.
  int refuse(const Error& error) {
    fmt::print(stderr, "ghostnet: {}\n", error.message());
    if (command_.json) print_json({{"schema_version", 1}, {"runs", documents_}, {"error", error_json(error)}});
    return worse(exit_code_, exit_code_of(error));
  }

  void note(int exit_code) { exit_code_ = worse(exit_code_, exit_code); }

 private:
  struct FailedRequests {
    std::size_t runs = 0;
    std::uint64_t count = 0;  // in the first of them
    std::string first;
  };

  void tell_failed_requests() const {
    for (const auto& [kind, failed] : failed_requests_) {
      fmt::print(stderr, "warning: {} failed with {} in {} of {} runs, {} in the first of these: {}\n", kind.first,
                 kind.second, failed.runs, runs_, failed.count, failed.first);
    }
  }

  Result<> write_junit() const {
    OutputFile file(command_.junit);
    if (Result<> opened = file.open(); !opened) return opened;
    if (Result<> written = file.write(as_bytes(results::junit_xml(documents_))); !written) return written;
    return file.finish();
  }

  const RunCommand& command_;
  int exit_code_ = kOk;
  std::vector<json> documents_;
  bool sums_up_ = false;
  SweepSummary summary_;
  std::size_t runs_ = 0;
  std::map<std::pair<std::string, std::string>, FailedRequests> failed_requests_;  // by operation and error
};

// With the name of its run, where its process died before it could say.
RunReply named(RunReply reply, const PlannedRun& planned) {
  if (reply.document.contains("file") && !reply.document["file"].is_null()) return reply;
  json document = empty_document();
  document.update(reply.document.is_object() ? reply.document : json::object());
  document["file"] = planned.file;
  reply.document = std::move(document);
  return reply;
}

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

// Tells a pool how far a run is, some times a second; what others counted before it is not counted again.
OnProgress told_by(const RunPool::Report& report, std::uint64_t counted_before) {
  auto next = std::chrono::steady_clock::now() + kTellEvery;
  return [&report, counted_before, next](const scenarios::Progress& progress) mutable {
    if (std::chrono::steady_clock::now() < next) return;
    next = std::chrono::steady_clock::now() + kTellEvery;
    report(share_of(progress), progress.turns - counted_before);
  };
}

void run_in_pool(const RunCommand& command, const Program& program, const Plan& plan,
                 const std::vector<std::size_t>& open, Output& output) {
  std::size_t jobs = command.jobs;
  if (jobs == 0 && command.mode == "live") jobs = 1;
  const std::optional<MpiRank> mpi = mpi_rank();
  if (jobs == 0) jobs = std::max<std::size_t>(1, std::thread::hardware_concurrency() / (mpi ? mpi->ranks_here : 1));
  ProgressBar bar(!command.quiet);
  const Beginnings beginnings = find_beginnings(command, program, plan, open);
  if (const std::string words = beginnings.in_words(); !words.empty() && !command.quiet) {
    fmt::print(stderr, "{} (with --from-start each by itself)\n", words);
  }
  RunPool pool;
  pool.carry_out = [&](std::size_t index, const RunPool::Report& report) {
    return reply_of(command, run_one(command, program, plan.runs[index], told_by(report, 0)));
  };
  pool.begin_together = [&](const RunPool::Unit& unit, const RunPool::Report& report) -> RunPool::CarryOut {
    auto beginning = std::make_shared<CommonBeginning>(command, program, plan.runs[unit.front()]);
    auto counted = std::make_shared<std::uint64_t>();
    const OnProgress told = told_by(report, 0);
    const auto count = [&](const scenarios::Progress& progress) {
      *counted = progress.turns;
      told(progress);
    };
    if (!beginning->carry_out(beginnings.until.at(unit.front()), count)) return {};
    return [&command, &plan, beginning, counted](std::size_t index, const RunPool::Report& to) {
      return reply_of(command, beginning->go_on(plan.runs[index], told_by(to, *counted)));
    };
  };
  pool.on_reply = [&](std::size_t index, RunReply reply) {
    bar.clear();
    reply = named(std::move(reply), plan.runs[index]);
    if (!plan.runs[index].label().empty()) output.note_failed_requests(reply.document);
    output.add(std::move(reply));
  };
  pool.on_progress = [&](const PoolProgress& progress) {
    if (!bar.is_due()) return;
    bar.draw(progress.share,
             fmt::format("{} of {} runs, {} under way, {:.3g} events/s, {:.0f} s left", progress.finished,
                         progress.runs, progress.under_way, progress.turns_per_s, bar.left_s(progress.share)));
  };
  pool.interrupted = interrupted;
  const std::vector<std::size_t> left = pool.run(beginnings.units, std::min(jobs, kMaxJobs));
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
  Result<results::Database> database = results::Database::open(
      command.db, {.access = results::DatabaseOptions::Access::write, .on_wait = tell_of_waiting(command.db)});
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

// The same run twice, one after the other, in processes that record and capture nothing.
RunReply run_twice(const RunCommand& command, const Program& program, const PlannedRun& planned) {
  RunCommand bare = command;
  bare.db.clear();
  bare.pcap_directory.clear();
  bare.quiet = true;
  std::vector<RunReply> replies;
  RunPool pool;
  pool.carry_out = [&](std::size_t, const RunPool::Report&) {
    return reply_of(bare, run_one(bare, program, planned, {}));
  };
  pool.on_reply = [&](std::size_t, RunReply reply) { replies.push_back(named(std::move(reply), planned)); };
  pool.on_progress = [](const PoolProgress&) {};
  pool.interrupted = interrupted;
  pool.run({{0}, {1}}, 1);
  // Of one that did not come to its end there is that to say.
  for (RunReply& reply : replies) {
    if (reply.document["digest"].is_null() || reply.exit_code == kInterrupted) return std::move(reply);
  }
  if (replies.size() < 2) {
    RunReply neither = named({.exit_code = kInterrupted}, planned);
    neither.document["status"] = "interrupted";
    return neither;
  }
  const json digests = json::array({replies[0].document["digest"], replies[1].document["digest"]});
  const bool same = digests[0] == digests[1];
  RunReply verdict{.exit_code = same ? kOk : kFailed, .document = std::move(replies[0].document)};
  verdict.document["determinism"] = {{"digests", digests}, {"same", same}};
  verdict.err = std::move(replies[0].err);
  const std::string label = planned.label();
  if (!command.quiet || !same) {
    verdict.out =
        fmt::format("{}{}{}: {} and {}: {}\n", planned.file, label.empty() ? "" : " ", label,
                    digests[0].get<std::string>(), digests[1].get<std::string>(), same ? "the same" : "NOT the same");
  }
  return verdict;
}

int verify_determinism(const RunCommand& command, const Program& program, const Plan& plan, Output& output) {
  if (command.mode == "live") {
    return output.refuse(
        {Errc::invalid_argument, "--verify-determinism: a live run is never the same twice; use --mode sim"});
  }
  if (!command.quiet && (!command.pcap_directory.empty() || !(command.db.empty() || command.db == "none"))) {
    fmt::print(stderr, "--verify-determinism records and captures nothing\n");
  }
  watch_for_interruption();
  for (const PlannedRun& planned : plan.runs) {
    if (interrupted()) break;
    output.add(run_twice(command, program, planned));
  }
  return output.finish();
}

}  // namespace

int run(RunCommand command, const Program& program) {
  Output output(command);
  Result<Plan> plan = make_plan(command, program);
  if (!plan) return output.refuse(plan.error());
  if (!command.junit.empty()) {
    if (Result<> writable = check_writable(command.junit); !writable) {
      return output.refuse(writable.error().while_doing("--junit"));
    }
  }
  for (const UnplannedFile& file : plan->unplanned) {
    RunRecord record{.file = file.file, .diagnostics = file.diagnostics, .error = file.error};
    record.exit_code = kBadInput;
    output.add(reply_of(command, record));
  }
  if (command.verify_determinism) return verify_determinism(command, program, *plan, output);
  if (Result<> ready = prepare_db(command, *plan); !ready) return output.refuse(ready.error());
  const std::optional<MpiRank> mpi = mpi_rank();
  if (!mpi) output.sum_up();  // a rank knows of its own runs alone
  std::vector<std::size_t> open(plan->runs.size());
  std::iota(open.begin(), open.end(), std::size_t{0});
  if (command.resume) {
    Result<std::vector<FinishedRun>> finished = finished_runs(command, program, *plan);
    if (!finished) return output.refuse(finished.error());
    for (FinishedRun& known : *finished) {
      std::erase(open, known.index);
      output.add(std::move(known.reply));
    }
    if (!command.quiet) fmt::print(stderr, "{} of {} runs are finished\n", finished->size(), plan->runs.size());
  }
  const std::size_t of_all_ranks = open.size();
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
