#include "results.hpp"

#include <signal.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "ghostnet/results/reader.hpp"
#include "ghostnet/runtime/quantity.hpp"
#include "units.hpp"

namespace ghostnet::cli {

namespace {

using nlohmann::json;
using results::Database;
using results::MetricRow;
using results::RunRow;

constexpr std::int64_t kShownEvents = 20;

int refuse(const Error& error) {
  fmt::print(stderr, "ghostnet: {}\n", error.message());
  return exit_code_of(error);
}

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

std::string in_words(const results::Settings& settings) {
  std::string text;
  for (const auto& [path, value] : settings) text += fmt::format("{}{}={}", text.empty() ? "" : " ", path, value);
  return text;
}

json to_json(const results::Settings& settings) {
  json object = json::object();
  for (const auto& [path, value] : settings) object[path] = value;
  return object;
}

json to_json(const RunRow& run) {
  return {{"id", run.id},
          {"batch", run.batch == 0 ? json() : json(run.batch)},
          {"name", run.name},
          {"file", run.file},
          {"mode", run.mode},
          {"carrier", run.carrier},
          {"seed", run.seed},
          {"parameters", to_json(run.parameters)},
          {"sweep_point", run.sweep_point.empty() ? json() : to_json(run.sweep_point)},
          {"repeat", run.repeat},
          {"revision", run.revision},
          {"digest", run.digest.empty() ? json() : json(run.digest)},
          {"status", status_of(run)},
          {"error", run.error.empty() ? json() : json(run.error)},
          {"started_unix_ms", run.started_unix_ms},
          {"planned_s", run.planned_s},
          {"simulated_s", run.simulated_s},
          {"setup_wall_s", run.setup_wall_s},
          {"wall_s", run.wall_s},
          {"events", run.events},
          {"datagrams", run.datagrams},
          {"peak_rss_bytes", run.peak_rss_bytes},
          {"hosts", run.hosts},
          {"samples_dropped", run.samples_dropped},
          {"warnings", run.warnings}};
}

json to_json(const MetricRow& metric) {
  if (metric.kind != "histogram") return metric.sum ? json(*metric.sum) : json();
  const Histogram& h = metric.histogram;
  json summary = {{"unit", metric.unit}, {"count", h.count()}};
  if (h.empty()) return summary;
  summary.update({{"mean", h.mean()},
                  {"min", h.min()},
                  {"p50", h.percentile(50)},
                  {"p90", h.percentile(90)},
                  {"p99", h.percentile(99)},
                  {"max", h.max()}});
  return summary;
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
    for (const RunRow& run : *runs) all.push_back(to_json(run));
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
    const std::string settings = in_words(run.parameters);
    fmt::print("{:>5} {:>5}  {:<20} {:<12} {:<19} {:>8} {:>8.1f} s {:>7.2f} s  {}{}seed={}\n", run.id,
               run.batch == 0 ? "-" : fmt::format("{}", run.batch), run.name, status_of(run),
               local_time(run.started_unix_ms), run.hosts, run.simulated_s, run.wall_s, settings,
               settings.empty() ? "" : " ", run.seed);
  }
  return kOk;
}

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

Result<json> show_json(const Database& database, const RunRow& run, const std::vector<MetricRow>& metrics,
                       const std::vector<results::ExpectationRow>& expectations) {
  json shown = to_json(run);
  json all = json::object();
  json groups = json::object();
  for (const MetricRow& metric : metrics) {
    (metric.group.empty() ? all : groups[metric.group])[metric.name] = to_json(metric);
  }
  shown["metrics"] = std::move(all);
  shown["groups"] = std::move(groups);
  json verdicts = json::array();
  for (const auto& [expression, value, held] : expectations) {
    verdicts.push_back({{"expr", expression}, {"value", value ? json(*value) : json()}, {"ok", held}});
  }
  shown["expectations"] = std::move(verdicts);
  Result<std::string> text = results::scenario_text(database, run.id);
  if (!text) return fail(std::move(text));
  shown["scenario"] = *text;
  return shown;
}

void show_run(const RunRow& run) {
  fmt::print("run {}: {} ({}), {}\n", run.id, run.name, run.file, status_of(run));
  fmt::print("  {} {}, {} hosts, seed {}, repeat {}{}{}\n", run.mode, run.carrier, run.hosts, run.seed, run.repeat,
             run.parameters.empty() ? "" : ", ", in_words(run.parameters));
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
  Result<RunRow> run = chosen_run(*database, command.run);
  if (!run) return fail(std::move(run));
  Result<std::vector<MetricRow>> metrics = results::metrics(*database, run->id, command.json);
  if (!metrics) return fail(std::move(metrics));
  Result<std::vector<results::ExpectationRow>> expectations = results::expectations(*database, run->id);
  if (!expectations) return fail(std::move(expectations));
  if (command.json) {
    Result<json> shown = show_json(*database, *run, *metrics, *expectations);
    if (!shown) return fail(std::move(shown));
    fmt::print("{}\n", json{{"schema_version", 1}, {"runs", {std::move(*shown)}}}.dump(2));
    return kOk;
  }
  show_run(*run);
  print_metrics(*metrics);
  fmt::print("\n");
  for (const auto& [expression, value, held] : *expectations) {
    fmt::print("  {} {}{}\n", held ? "ok    " : "FAILED", expression,
               held    ? ""
               : value ? fmt::format("   (it is {})", *value)
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

}  // namespace

int results_list(const ResultsCommand& command) {
  const Result<int> done = list(command);
  return done ? *done : refuse(done.error());
}

int results_show(const ResultsCommand& command) {
  const Result<int> done = show(command);
  return done ? *done : refuse(done.error());
}

}  // namespace ghostnet::cli
