#include "report.hpp"

#include <algorithm>

#include "ghostnet/build_info.hpp"
#include "ghostnet/results/measured.hpp"
#include "units.hpp"

namespace ghostnet::cli {

namespace {

using nlohmann::json;

// Text that grows line by line.
class Lines {
 public:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void add_metrics(Lines& out, const scenarios::RunReport& report) {
  out.add("\n  {:<28} {:>10} {:>12} {:>12} {:>12} {:>12} {:>12}\n", "", "count", "mean", "p50", "p90", "p99", "max");
  for (const MetricSnapshot& metric : report.metrics) {
    const MetricSummary& total = metric.total;
    if (metric.info.kind != MetricKind::histogram) {
      if (total.sum != 0) out.add("  {:<28} {:>10}\n", metric.info.name, total.sum);
      continue;
    }
    const Histogram& h = total.histogram;
    if (h.empty()) continue;
    auto cell = [&](std::uint64_t value) { return with_unit(static_cast<double>(value), metric.info.unit); };
    out.add("  {:<28} {:>10} {:>12} {:>12} {:>12} {:>12} {:>12}\n", metric.info.name, h.count(), cell(h.mean()),
            cell(h.percentile(50)), cell(h.percentile(90)), cell(h.percentile(99)), cell(h.max()));
  }
}

void add_verdicts(Lines& out, const scenarios::RunReport& report, bool with_held, const std::string& beginning) {
  for (const auto& [text, verdict] : report.expectations) {
    if (verdict.held && !with_held) continue;
    out.add("{}  {} {}{}\n", beginning, verdict.held ? "ok    " : "FAILED", text,
            verdict.held    ? ""
            : verdict.value ? fmt::format("   (it is {})", results::measured_text(text, *verdict.value))
                            : "   (nothing measured)");
  }
}

void add_place_of_record(Lines& out, const RunRecord& record) {
  if (record.recorded_as == 0) return;
  out.add(", recorded {}as run {}", record.error ? "in part " : "", record.recorded_as);
}

void add_whole(Lines& out, const RunCommand& command, const RunRecord& record) {
  const scenarios::RunReport& report = *record.report;
  const double simulated_s = static_cast<double>(report.simulated.count()) / 1e9;
  out.add("{}: {} hosts, {} {}, {:.1f} s in {:.2f} s", record.scenario->run.name, report.hosts, command.mode,
          carrier_of(command, *record.scenario), simulated_s, record.wall_s);
  if (report.counters.datagrams_delivered != 0) {
    const double per_s = static_cast<double>(report.counters.datagrams_delivered) / std::max(record.wall_s, 1e-9);
    out.add(", {} datagrams delivered ({} a second)", report.counters.datagrams_delivered,
            per_s >= 1e6 ? fmt::format("{:.2f} million", per_s / 1e6) : fmt::format("{:.0f}", per_s));
  }
  if (report.digest) out.add(", digest {:016x}", *report.digest);
  add_place_of_record(out, record);
  out.add("\n");
  add_metrics(out, report);
  out.add("\n");
  if (report.status == RunStatus::interrupted) out.add("  not judged, for it was interrupted\n");
  add_verdicts(out, report, true, "");
}

// One of several: a line, and what did not hold. The rest is summed up after the last of them.
void add_line(Lines& out, const RunRecord& record) {
  const scenarios::RunReport& report = *record.report;
  out.add("{} {}: {} in {:.2f} s", record.scenario->run.name, record.label, to_string(report.status), record.wall_s);
  if (report.digest) out.add(", digest {:016x}", *report.digest);
  add_place_of_record(out, record);
  out.add("\n");
  add_verdicts(out, report, false, "");
}

std::string text_of(const RunCommand& command, const RunRecord& record) {
  if (!record.report) return {};
  Lines out;
  if (command.quiet) {
    if (record.report->status == RunStatus::interrupted) out.add("  not judged, for it was interrupted\n");
    const std::string& label = record.label;
    add_verdicts(out, *record.report, false, label.empty() ? "" : record.scenario->run.name + " " + label + ":");
  } else if (record.label.empty()) {
    add_whole(out, command, record);
  } else {
    add_line(out, record);
  }
  return out.take();
}

std::string complaints_of(const RunRecord& record) {
  Lines err;
  for (const scenarios::Diagnostic& diagnostic : record.diagnostics) err.add("{}\n", diagnostic.to_string());
  // What concerns a place in the file begins with it.
  const auto complain = [&](const Error& error) {
    const bool is_placed = error.message().starts_with(record.file + ":");
    err.add("ghostnet: {}{}{}\n", is_placed ? "" : record.file, is_placed ? "" : ": ", error.message());
  };
  if (record.error) complain(*record.error);
  if (!record.report) return err.take();
  const std::string label = record.label.empty() ? "" : record.label + ": ";
  for (const std::string& warning : record.report->warnings) err.add("warning: {}{}\n", label, warning);
  if (label.empty()) {  // of several runs they are told together
    for (const auto& failed : record.report->failed_requests) err.add("warning: {}\n", failed.text());
  }
  if (record.report->error) complain(*record.report->error);
  return err.take();
}

json summary_json(const MetricInfo& info, const MetricSummary& summary) {
  if (info.kind != MetricKind::histogram) return summary.sum;
  const Histogram& h = summary.histogram;
  json document = {{"unit", info.unit}, {"count", h.count()}};
  if (h.empty()) return document;
  document.update({{"mean", h.mean()},
                   {"min", h.min()},
                   {"p50", h.percentile(50)},
                   {"p90", h.percentile(90)},
                   {"p99", h.percentile(99)},
                   {"max", h.max()}});
  return document;
}

void add_metrics(json& document, const scenarios::RunReport& report) {
  for (const MetricSnapshot& metric : report.metrics) {
    document["metrics"][metric.info.name] = summary_json(metric.info, metric.total);
    for (const MetricSummary& group : metric.groups) {
      document["groups"][group.group][metric.info.name] = summary_json(metric.info, group);
    }
  }
}

json settings_json(const scenarios::Settings& settings) {
  json object = json::object();
  for (const auto& [path, value] : settings) object[path] = value;
  return object;
}

json error_of(const RunRecord& record) {
  const auto as_json = [](const std::string& file, std::size_t line, std::size_t column, const std::string& key,
                          std::string_view message) -> json {
    return {{"file", file}, {"line", line}, {"column", column}, {"key", key}, {"message", message}};
  };
  if (!record.diagnostics.empty()) {
    const scenarios::Diagnostic& first = record.diagnostics.front();
    return as_json(first.file, first.at.line, first.at.column, first.key, first.message);
  }
  if (record.error) return as_json(record.file, 0, 0, "", record.error->message());
  if (record.report && record.report->error) return as_json(record.file, 0, 0, "", record.report->error->message());
  return nullptr;
}

json document_of(const RunCommand& command, const RunRecord& record) {
  json document = empty_document();
  if (record.recorded_as != 0) document["id"] = record.recorded_as;
  document["file"] = record.file;
  document["mode"] = command.mode;
  document["repeat"] = record.repeat;
  if (!record.sweep_point.empty()) document["sweep_point"] = settings_json(record.sweep_point);
  document["error"] = error_of(record);
  if (record.scenario) {
    const scenarios::Scenario& scenario = *record.scenario;
    document["name"] = scenario.run.name;
    document["seed"] = std::to_string(scenario.run.seed);
    document["carrier"] = carrier_of(command, scenario);
    document["parameters"] = settings_json(scenario.parameters);
  }
  if (!record.report) return document;
  const scenarios::RunReport& report = *record.report;
  document["status"] = record.error ? "error" : to_string(report.status);
  if (report.digest) document["digest"] = fmt::format("{:016x}", *report.digest);
  document["simulated_s"] = static_cast<double>(report.simulated.count()) / 1e9;
  document["setup_wall_s"] = record.setup_wall_s;
  document["wall_s"] = record.wall_s;
  if (record.shared_s) document["shared_s"] = *record.shared_s;
  document["events"] = report.counters.turns;
  document["datagrams"] = report.counters.datagrams_delivered;
  document["peak_rss_bytes"] = record.peak_rss_bytes;
  document["hosts"] = report.hosts;
  document["warnings"] = report.warnings;
  for (const scenarios::FailedRequests& failed : report.failed_requests) {
    document["failed_requests"].push_back({{"operation", failed.operation},
                                           {"error", to_string(failed.why)},
                                           {"count", failed.count},
                                           {"first", failed.first}});
  }
  add_metrics(document, report);
  for (const auto& [text, verdict] : report.expectations) {
    document["expectations"].push_back(
        {{"expr", text}, {"value", verdict.value ? json(*verdict.value) : json()}, {"ok", verdict.held}});
  }
  return document;
}

}  // namespace

std::string carrier_of(const RunCommand& command, const scenarios::Scenario& scenario) {
  if (command.mode == "live") return command.live;
  return scenario.network.carrier == sim::Carrier::fabric ? "fabric" : "ns3";
}

json empty_document() {
  json document = {{"status", "error"},
                   {"parameters", json::object()},
                   {"warnings", json::array()},
                   {"failed_requests", json::array()},
                   {"metrics", json::object()},
                   {"groups", json::object()},
                   {"expectations", json::array()},
                   {"revision", build_info::revision()},
                   {"repeat", 0}};
  for (const char* field : {"id", "name", "file", "mode", "carrier", "seed", "sweep_point", "digest", "simulated_s",
                            "setup_wall_s", "wall_s", "events", "datagrams", "peak_rss_bytes", "hosts", "error"}) {
    document[field] = nullptr;
  }
  return document;
}

json error_json(const Error& error) {
  return {{"file", ""}, {"line", 0}, {"column", 0}, {"key", ""}, {"message", error.message()}};
}

void print_failure(const Error& error) {
  const json all = {{"schema_version", 1}, {"runs", json::array()}, {"error", error_json(error)}};
  fmt::print("{}\n", all.dump(2, ' ', false, json::error_handler_t::replace));
}

int refuse(const Error& error, bool json_wanted) {
  fmt::print(stderr, "ghostnet: {}\n", error.message());
  if (json_wanted) print_failure(error);
  return exit_code_of(error);
}

RunReply reply_of(const RunCommand& command, const RunRecord& record) {
  return {.exit_code = record.exit_code,
          .document = document_of(command, record),
          .out = text_of(command, record),
          .err = complaints_of(record)};
}

}  // namespace ghostnet::cli
