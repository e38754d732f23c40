#include "ghostnet/results/document.hpp"

namespace ghostnet::results {

namespace {

using nlohmann::json;

json settings_json(const Settings& settings) {
  json object = json::object();
  for (const auto& [path, value] : settings) object[path] = value;
  return object;
}

json text_or_null(const std::string& text) { return text.empty() ? json() : json(text); }

json error_json(const RunRow& run) {
  if (run.error.empty()) return nullptr;
  return {{"file", run.file}, {"line", 0}, {"column", 0}, {"key", ""}, {"message", run.error}};
}

json metric_json(const MetricRow& metric) {
  if (metric.kind != "histogram") {
    if (!metric.sum) return nullptr;
    // Counts are whole numbers, and read as such.
    const auto whole = static_cast<std::int64_t>(*metric.sum);
    return static_cast<double>(whole) == *metric.sum ? json(whole) : json(*metric.sum);
  }
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

}  // namespace

json run_summary(const RunRow& run) {
  return {{"id", run.id},
          {"batch", run.batch == 0 ? json() : json(run.batch)},
          {"name", run.name},
          {"file", run.file},
          {"mode", run.mode},
          {"carrier", run.carrier},
          {"seed", run.seed},
          {"parameters", settings_json(run.parameters)},
          {"sweep_point", run.sweep_point.empty() ? json() : settings_json(run.sweep_point)},
          {"repeat", run.repeat},
          {"revision", run.revision},
          {"digest", text_or_null(run.digest)},
          {"status", run.status},
          {"error", error_json(run)},
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

Result<json> run_document(const Database& database, const RunRow& run) {
  Result<std::vector<MetricRow>> all = metrics(database, run.id, true);
  if (!all) return fail(std::move(all));
  Result<std::vector<ExpectationRow>> verdicts = expectations(database, run.id);
  if (!verdicts) return fail(std::move(verdicts));
  json document = run_summary(run);
  document["metrics"] = json::object();
  document["groups"] = json::object();
  document["expectations"] = json::array();
  for (const MetricRow& metric : *all) {
    (metric.group.empty() ? document["metrics"] : document["groups"][metric.group])[metric.name] = metric_json(metric);
  }
  for (const auto& [expression, value, held] : *verdicts) {
    document["expectations"].push_back({{"expr", expression}, {"value", value ? json(*value) : json()}, {"ok", held}});
  }
  return document;
}

}  // namespace ghostnet::results
