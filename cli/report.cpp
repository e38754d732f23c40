#include "report.hpp"

#include "ghostnet/build_info.hpp"
#include "units.hpp"

namespace ghostnet::cli {

namespace {

void print_metrics(const scenarios::RunReport& report) {
  fmt::print("\n  {:<28} {:>10} {:>12} {:>12} {:>12} {:>12} {:>12}\n", "", "count", "mean", "p50", "p90", "p99", "max");
  for (const MetricSnapshot& metric : report.metrics) {
    const MetricSummary& total = metric.total;
    if (metric.info.kind != MetricKind::histogram) {
      if (total.sum != 0) fmt::print("  {:<28} {:>10}\n", metric.info.name, total.sum);
      continue;
    }
    const Histogram& h = total.histogram;
    if (h.empty()) continue;
    auto cell = [&](std::uint64_t value) { return with_unit(static_cast<double>(value), metric.info.unit); };
    fmt::print("  {:<28} {:>10} {:>12} {:>12} {:>12} {:>12} {:>12}\n", metric.info.name, h.count(), cell(h.mean()),
               cell(h.percentile(50)), cell(h.percentile(90)), cell(h.percentile(99)), cell(h.max()));
  }
}

nlohmann::json summary_json(const MetricInfo& info, const MetricSummary& summary) {
  if (info.kind != MetricKind::histogram) return summary.sum;
  const Histogram& h = summary.histogram;
  nlohmann::json json = {{"unit", info.unit}, {"count", h.count()}};
  if (h.empty()) return json;
  json.update({{"mean", h.mean()},
               {"min", h.min()},
               {"p50", h.percentile(50)},
               {"p90", h.percentile(90)},
               {"p99", h.percentile(99)},
               {"max", h.max()}});
  return json;
}

void add_metrics(nlohmann::json& json, const scenarios::RunReport& report) {
  nlohmann::json metrics = nlohmann::json::object();
  nlohmann::json groups = nlohmann::json::object();
  for (const MetricSnapshot& metric : report.metrics) {
    metrics[metric.info.name] = summary_json(metric.info, metric.total);
    for (const MetricSummary& group : metric.groups) {
      groups[group.group][metric.info.name] = summary_json(metric.info, group);
    }
  }
  json["metrics"] = std::move(metrics);
  json["groups"] = std::move(groups);
}

nlohmann::json error_json(const RunRecord& record) {
  if (!record.diagnostics.empty()) {
    const scenarios::Diagnostic& first = record.diagnostics.front();
    return {{"file", first.file},
            {"line", first.at.line},
            {"column", first.at.column},
            {"key", first.key},
            {"message", first.message}};
  }
  if (!record.error) return nullptr;
  return {{"file", record.file}, {"line", 0}, {"column", 0}, {"key", ""}, {"message", record.error->message()}};
}

}  // namespace

std::string carrier_of(const RunCommand& command, const scenarios::Scenario& scenario) {
  if (command.mode == "live") return command.live;
  return scenario.network.carrier == sim::Carrier::fabric ? "fabric" : "ns3";
}

void print_for_people(const RunCommand& command, const RunRecord& record) {
  for (const scenarios::Diagnostic& diagnostic : record.diagnostics) fmt::print(stderr, "{}\n", diagnostic.to_string());
  if (record.error) fmt::print(stderr, "ghostnet: {}: {}\n", record.file, record.error->message());
  if (!record.report) return;
  const scenarios::RunReport& report = *record.report;
  for (const std::string& warning : report.warnings) fmt::print(stderr, "warning: {}\n", warning);
  if (report.error) fmt::print(stderr, "ghostnet: {}: {}\n", record.file, report.error->message());
  if (!command.quiet) {
    double simulated_s = static_cast<double>(report.simulated.count()) / 1e9;
    fmt::print("{}: {} hosts, {} {}, {:.1f} s in {:.2f} s", record.scenario->run.name, report.hosts, command.mode,
               carrier_of(command, *record.scenario), simulated_s, record.wall_s);
    if (report.counters.datagrams_delivered != 0) {
      fmt::print(", {} datagrams delivered ({:.2f} million a second)", report.counters.datagrams_delivered,
                 static_cast<double>(report.counters.datagrams_delivered) / record.wall_s / 1e6);
    }
    if (report.digest) fmt::print(", digest {:016x}", *report.digest);
    fmt::print("\n");
    print_metrics(report);
    fmt::print("\n");
  }
  for (const auto& [text, verdict] : report.expectations) {
    if (command.quiet && verdict.held) continue;
    fmt::print("  {} {}{}\n", verdict.held ? "ok    " : "FAILED", text,
               verdict.held    ? ""
               : verdict.value ? fmt::format("   (it is {})", *verdict.value)
                               : "   (nothing measured)");
  }
}

nlohmann::json to_json(const RunCommand& command, const RunRecord& record, std::size_t number) {
  nlohmann::json json = {{"id", number},      {"file", record.file},        {"mode", command.mode},
                         {"repeat", 0},       {"sweep_point", nullptr},     {"revision", build_info::revision()},
                         {"status", "error"}, {"error", error_json(record)}};
  if (record.scenario) {
    const scenarios::Scenario& scenario = *record.scenario;
    nlohmann::json parameters = nlohmann::json::object();
    for (const auto& [path, value] : scenario.parameters) parameters[path] = value;
    json.update({{"name", scenario.run.name},
                 {"seed", std::to_string(scenario.run.seed)},
                 {"carrier", carrier_of(command, scenario)},
                 {"parameters", std::move(parameters)}});
  }
  if (!record.report) return json;
  const scenarios::RunReport& report = *record.report;
  json["status"] = to_string(report.status);
  json["digest"] = report.digest ? nlohmann::json(fmt::format("{:016x}", *report.digest)) : nlohmann::json();
  json["simulated_s"] = static_cast<double>(report.simulated.count()) / 1e9;
  json["setup_wall_s"] = record.setup_wall_s;
  json["wall_s"] = record.wall_s;
  json["events"] = report.counters.turns;
  json["datagrams"] = report.counters.datagrams_delivered;
  json["peak_rss_bytes"] = record.peak_rss_bytes;
  json["hosts"] = report.hosts;
  json["warnings"] = report.warnings;
  add_metrics(json, report);
  nlohmann::json expectations = nlohmann::json::array();
  for (const auto& [text, verdict] : report.expectations) {
    expectations.push_back({{"expr", text},
                            {"value", verdict.value ? nlohmann::json(*verdict.value) : nlohmann::json()},
                            {"ok", verdict.held}});
  }
  json["expectations"] = std::move(expectations);
  if (report.error) json["error"]["message"] = report.error->message();
  return json;
}

}  // namespace ghostnet::cli
