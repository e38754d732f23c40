#include "results.hpp"

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "ghostnet/results/compare.hpp"
#include "ghostnet/results/document.hpp"
#include "ghostnet/results/export.hpp"
#include "ghostnet/results/html_report.hpp"
#include "ghostnet/results/measured.hpp"
#include "ghostnet/results/reader.hpp"
#include "ghostnet/runtime/quantity.hpp"
#include "output_file.hpp"
#include "plan.hpp"
#include "report.hpp"
#include "units.hpp"

namespace ghostnet::cli {

namespace {

using nlohmann::json;
using results::Database;
using results::MetricRow;
using results::RunRow;

constexpr std::int64_t kShownEvents = 20;

std::string local_time(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000;
  std::tm fields{};
  localtime_r(&seconds, &fields);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &fields);
  return text;
}

// What the file calls unfinished may be under way: its process is there.
std::string status_of(const RunRow& run) {
  if (run.status != "unfinished") return run.status;
  const bool alive = ::kill(static_cast<pid_t>(run.process_id), 0) == 0 || errno == EPERM;
  return alive ? "running" : "unfinished";
}

void print_metrics(const std::vector<MetricRow>& metrics) {
  fmt::print("\n  {:<28} {:>12} {:>12} {:>12} {:>12} {:>12} {:>12}\n", "", "count", "mean", "p50", "p90", "p99", "max");
  for (const MetricRow& metric : metrics) {
    if (metric.kind != "histogram") {
      if (metric.sum.value_or(0) != 0) {
        fmt::print("  {:<28} {:>12}\n", metric.name, with_unit(*metric.sum, metric.unit == "ns" ? "ns" : ""));
      }
      continue;
    }
    const Histogram& h = metric.histogram;
    if (h.empty()) continue;
    const auto cell = [&](std::uint64_t value) { return with_unit(static_cast<double>(value), metric.unit); };
    fmt::print("  {:<28} {:>12} {:>12} {:>12} {:>12} {:>12} {:>12}\n", metric.name, h.count(), cell(h.mean()),
               cell(h.percentile(50)), cell(h.percentile(90)), cell(h.percentile(99)), cell(h.max()));
  }
}

Result<int> list(const ResultsCommand& command) {
  Result<Database> database = Database::open(command.db, {});
  if (!database) return fail(std::move(database));
  Result<std::vector<RunRow>> runs = results::runs(*database);
  if (!runs) return fail(std::move(runs));
  if (command.json) {
    json all = json::array();
    for (const RunRow& run : *runs) {
      json summary = results::run_summary(run);
      summary["status"] = status_of(run);
      all.push_back(std::move(summary));
    }
    fmt::print("{}\n", json{{"schema_version", 1}, {"runs", std::move(all)}}.dump(2));
    return kOk;
  }
  if (runs->empty()) {
    fmt::print("{}: no runs\n", command.db);
    return kOk;
  }
  fmt::print("{:>5} {:>5}  {:<20} {:<12} {:<19} {:>8} {:>10} {:>9}  {}\n", "run", "batch", "name", "status", "began",
             "hosts", "simulated", "wall", "parameters, seed");
  for (const RunRow& run : *runs) {
    const std::string settings = settings_in_words(run.parameters);
    fmt::print("{:>5} {:>5}  {:<20} {:<12} {:<19} {:>8} {:>8.1f} s {:>7.2f} s  {}{}seed={}\n", run.id,
               run.batch == 0 ? "-" : fmt::format("{}", run.batch), run.name, status_of(run),
               local_time(run.started_unix_ms), run.hosts, run.simulated_s, run.wall_s, settings,
               settings.empty() ? "" : ", ", run.seed);
  }
  return kOk;
}

// Unlike select_runs(), also one that is not finished.
Result<RunRow> chosen_run(const Database& database, const std::string& which) {
  if (which != "last") {
    Result<std::int64_t> id = parse_integer(which);
    if (!id) return fail(Errc::invalid_argument, "'{}' is no run: expected its number, or last", which);
    return results::run(database, *id);
  }
  Result<std::optional<std::int64_t>> last = database.integer("SELECT max(run_id) FROM runs");
  if (!last) return fail(std::move(last));
  if (!*last) return fail(Errc::not_found, "{}: no runs", database.path());
  return results::run(database, **last);
}

Result<int> show_json(const Database& database, const RunRow& run) {
  Result<json> document = results::run_document(database, run);
  if (!document) return fail(std::move(document));
  Result<std::string> text = results::scenario_text(database, run.id);
  if (!text) return fail(std::move(text));
  (*document)["status"] = status_of(run);
  (*document)["scenario"] = *text;
  const json all = {{"schema_version", 1}, {"runs", {std::move(*document)}}};
  fmt::print("{}\n", all.dump(2, ' ', false, json::error_handler_t::replace));
  return kOk;
}

void show_run(const RunRow& run) {
  fmt::print("run {}: {} ({}), {}\n", run.id, run.name, run.file, status_of(run));
  fmt::print("  {} {}, {} hosts, seed {}, repeat {}{}{}\n", run.mode, run.carrier, run.hosts, run.seed, run.repeat,
             run.parameters.empty() ? "" : ", ", settings_in_words(run.parameters));
  fmt::print("  began {}, {:.1f} of {:.1f} s in {:.2f} s after {:.2f} s of set-up, at most {} MiB\n",
             local_time(run.started_unix_ms), run.simulated_s, run.planned_s, run.wall_s, run.setup_wall_s,
             run.peak_rss_bytes >> 20);
  fmt::print("  ghostnet {}{}{}\n", run.revision, run.digest.empty() ? "" : ", digest ", run.digest);
  if (!run.error.empty()) fmt::print("  error: {}\n", run.error);
  if (run.samples_dropped != 0) fmt::print("  {} samples were dropped\n", run.samples_dropped);
  for (const std::string& warning : run.warnings) fmt::print("  warning: {}\n", warning);
}

Result<int> show(const ResultsCommand& command) {
  Result<Database> database = Database::open(command.db, {});
  if (!database) return fail(std::move(database));
  Result<RunRow> run = chosen_run(*database, command.runs.empty() ? "last" : command.runs.front());
  if (!run) return fail(std::move(run));
  if (command.json) return show_json(*database, *run);
  Result<std::vector<MetricRow>> metrics = results::metrics(*database, run->id, false);
  if (!metrics) return fail(std::move(metrics));
  Result<std::vector<results::ExpectationRow>> expectations = results::expectations(*database, run->id);
  if (!expectations) return fail(std::move(expectations));
  show_run(*run);
  print_metrics(*metrics);
  fmt::print("\n");
  for (const auto& [expression, value, held] : *expectations) {
    fmt::print("  {} {}{}\n", held ? "ok    " : "FAILED", expression,
               held    ? ""
               : value ? fmt::format("   (it is {})", results::measured_text(expression, *value))
                       : "   (nothing measured)");
  }
  Result<std::vector<results::EventRow>> events = results::events(*database, run->id, kShownEvents);
  if (!events) return fail(std::move(events));
  if (!events->empty()) fmt::print("\n");
  for (const results::EventRow& event : *events) {
    fmt::print("  {:>9.3f} s  {}{}{}{}\n", event.time_s, event.kind,
               event.host ? fmt::format(" host {}", *event.host) : "", event.text.empty() ? "" : ": ", event.text);
  }
  return kOk;
}

// The chosen runs; without a choice those of the last batch, or the last run.
Result<std::vector<RunRow>> chosen_runs(const Database& database, const std::vector<std::string>& words) {
  std::vector<RunRow> chosen;
  for (const std::string& word : words) {
    Result<std::vector<RunRow>> more = results::select_runs(database, word);
    if (!more) return more;
    for (RunRow& run : *more) {
      if (std::ranges::find(chosen, run.id, &RunRow::id) == chosen.end()) chosen.push_back(std::move(run));
    }
  }
  if (!words.empty()) return chosen;
  Result<std::vector<RunRow>> last = results::select_runs(database, "last");
  if (!last || last->front().batch == 0) return last;
  return results::select_runs(database, fmt::format("batch:{}", last->front().batch));
}

Result<> export_as(const ResultsCommand& command, const Database& database, const std::vector<RunRow>& runs,
                   const ByteSink& out) {
  if (command.format == "json") return results::export_json(database, runs, out);
  if (command.format == "junit") return results::export_junit(database, runs, out);
  if (command.format == "markdown") return results::export_markdown(database, runs, out);
  if (command.format == "prometheus") return results::export_prometheus(database, runs, out);
  if (command.format == "chrome") return results::export_chrome(database, runs, out);
  return results::export_csv(database, runs, command.table, out);
}

Result<int> write_out(const ResultsCommand& command, const std::string& path,
                      Result<> (*write)(const ResultsCommand&, const Database&, const std::vector<RunRow>&,
                                        const ByteSink&)) {
  Result<Database> database = Database::open(command.db, {});
  if (!database) return fail(std::move(database));
  Result<std::vector<RunRow>> runs = chosen_runs(*database, command.runs);
  if (!runs) return fail(std::move(runs));
  OutputFile file(path);
  if (Result<> opened = file.open(); !opened) return fail(std::move(opened));
  Result<> written = write(command, *database, *runs, [&](ByteView bytes) { return file.write(bytes); });
  if (written) written = file.finish();
  if (!written) return fail(std::move(written));
  if (!path.empty()) fmt::print(stderr, "{}: {} run{}\n", path, runs->size(), runs->size() == 1 ? "" : "s");
  return kOk;
}

Result<> report_on(const ResultsCommand&, const Database& database, const std::vector<RunRow>& runs,
                   const ByteSink& out) {
  Result<std::string> page = results::html_report(database, runs);
  if (!page) return fail(std::move(page));
  return out(as_bytes(*page));
}

}  // namespace

int results_export(const ResultsCommand& command) {
  const Result<int> done = write_out(command, command.output, export_as);
  return done ? *done : refuse(done.error(), command.json);
}

int results_report(const ResultsCommand& command) {
  const Result<int> done = write_out(command, command.output.empty() ? "report.html" : command.output, report_on);
  return done ? *done : refuse(done.error(), command.json);
}

int results_list(const ResultsCommand& command) {
  const Result<int> done = list(command);
  return done ? *done : refuse(done.error(), command.json);
}

int results_show(const ResultsCommand& command) {
  const Result<int> done = show(command);
  return done ? *done : refuse(done.error(), command.json);
}

}  // namespace ghostnet::cli
