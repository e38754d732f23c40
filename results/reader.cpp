#include "ghostnet/results/reader.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "row_visit.hpp"

namespace ghostnet::results {

namespace {

using nlohmann::json;

Settings settings_of(const std::string& text) {
  Settings settings;
  const nlohmann::ordered_json object = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!object.is_object()) return settings;
  for (const auto& [path, value] : object.items()) {
    settings.emplace_back(path, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return settings;
}

std::vector<std::string> texts_of(const std::string& text) {
  std::vector<std::string> texts;
  const json array = json::parse(text, nullptr, false);
  if (!array.is_array()) return texts;
  for (const json& item : array) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

constexpr std::string_view kRun =
    "SELECT r.run_id, r.batch_id, r.name, s.file, r.mode, r.carrier, r.seed, r.repeat, r.revision, r.parameters, "
    "r.sweep_point, r.status, r.error, r.digest, r.started_unix_ms, r.process_id, r.planned_ns / 1e9, "
    "r.simulated_ns / 1e9, r.setup_wall_s, r.wall_s, r.events, r.datagrams, r.peak_rss_bytes, r.hosts, "
    "r.samples_dropped, r.warnings FROM runs r JOIN scenarios s ON s.scenario_id = r.scenario_id ";

RunRow run_row(const Statement& row) {
  RunRow run;
  std::size_t at = 0;
  run.id = row.integer(at++);
  run.batch = row.integer(at++);
  run.name = row.text(at++);
  run.file = row.text(at++);
  run.mode = row.text(at++);
  run.carrier = row.text(at++);
  run.seed = row.text(at++);
  run.repeat = row.integer(at++);
  run.revision = row.text(at++);
  run.parameters = settings_of(row.text(at++));
  run.sweep_point = settings_of(row.text(at++));
  run.status = row.text(at++);
  run.error = row.text(at++);
  run.digest = row.text(at++);
  run.started_unix_ms = row.integer(at++);
  run.process_id = row.integer(at++);
  run.planned_s = row.real(at++);
  run.simulated_s = row.real(at++);
  run.setup_wall_s = row.real(at++);
  run.wall_s = row.real(at++);
  run.events = row.integer(at++);
  run.datagrams = row.integer(at++);
  run.peak_rss_bytes = row.integer(at++);
  run.hosts = row.integer(at++);
  run.samples_dropped = row.integer(at++);
  run.warnings = texts_of(row.text(at++));
  return run;
}

Result<Histogram> histogram_of(const Database& database, const Statement& row, std::size_t column) {
  Result<Histogram> histogram = Histogram::parse(row.bytes(column));
  if (!histogram) return fail(histogram.error().while_doing(database.path()));
  return histogram;
}

}  // namespace

Result<std::vector<RunRow>> runs(const Database& database) {
  std::vector<RunRow> all;
  Result<> read =
      for_each_row(database, std::string(kRun) + "ORDER BY r.run_id", [&](const Statement& row) -> Result<> {
        all.push_back(run_row(row));
        return {};
      });
  if (!read) return fail(std::move(read));
  return all;
}

Result<RunRow> run(const Database& database, std::int64_t id) {
  std::optional<RunRow> found;
  const auto keep = [&](const Statement& row) -> Result<> {
    found = run_row(row);
    return {};
  };
  if (Result<> read = for_each_row(database, std::string(kRun) + "WHERE r.run_id = ?1", keep, id); !read) {
    return fail(std::move(read));
  }
  if (!found) return fail(Errc::not_found, "{}: there is no run {}", database.path(), id);
  return std::move(*found);
}

Result<std::string> scenario_text(const Database& database, std::int64_t run) {
  std::string text;
  const auto keep = [&](const Statement& row) -> Result<> {
    text = row.text(0);
    return {};
  };
  Result<> read = for_each_row(
      database, "SELECT s.text FROM runs r JOIN scenarios s ON s.scenario_id = r.scenario_id WHERE r.run_id = ?1", keep,
      run);
  if (!read) return fail(std::move(read));
  return text;
}

Result<std::vector<MetricRow>> metrics(const Database& database, std::int64_t run, bool groups) {
  std::vector<MetricRow> all;
  const auto describe = [](const Statement& row) {
    return MetricRow{.name = row.text(0),
                     .kind = row.text(1),
                     .unit = row.text(2),
                     .help = row.text(3),
                     .group = row.text(4),
                     .host = row.integer(5)};
  };
  const auto keep_total = [&](const Statement& row) -> Result<> {
    MetricRow metric = describe(row);
    metric.hosts = row.integer(6);
    metric.sum = row.real_if(7);
    metric.min = row.real_if(8);
    metric.max = row.real_if(9);
    all.push_back(std::move(metric));
    return {};
  };
  const auto keep_histogram = [&](const Statement& row) -> Result<> {
    MetricRow metric = describe(row);
    Result<Histogram> histogram = histogram_of(database, row, 6);
    if (!histogram) return fail(std::move(histogram));
    metric.histogram = std::move(*histogram);
    all.push_back(std::move(metric));
    return {};
  };
  Result<> read = for_each_row(
      database,
      "SELECT m.name, m.kind, m.unit, m.help, t.group_name, t.host_id, t.hosts, t.sum, t.min, t.max FROM totals t "
      "JOIN metrics m ON m.metric_id = t.metric_id WHERE t.run_id = ?1 AND t.host_id = -1 AND (?2 OR t.group_name = "
      "'')",
      keep_total, run, groups);
  if (read) {
    read = for_each_row(database,
                        "SELECT m.name, m.kind, m.unit, m.help, h.group_name, h.host_id, h.buckets FROM histograms h "
                        "JOIN metrics m ON m.metric_id = h.metric_id WHERE h.run_id = ?1 AND h.host_id = -1 "
                        "AND (?2 OR h.group_name = '')",
                        keep_histogram, run, groups);
  }
  if (!read) return fail(std::move(read));
  std::ranges::sort(all, {}, [](const MetricRow& row) { return std::tie(row.name, row.group); });
  return all;
}

Result<std::vector<ExpectationRow>> expectations(const Database& database, std::int64_t run) {
  std::vector<ExpectationRow> all;
  const auto keep = [&](const Statement& row) -> Result<> {
    all.push_back({row.text(0), row.real_if(1), row.integer(2) != 0});
    return {};
  };
  Result<> read = for_each_row(
      database, "SELECT expression, value, held FROM expectations WHERE run_id = ?1 ORDER BY number", keep, run);
  if (!read) return fail(std::move(read));
  return all;
}

Result<std::vector<EventRow>> events(const Database& database, std::int64_t run, std::int64_t limit) {
  std::vector<EventRow> all;
  const auto keep = [&](const Statement& row) -> Result<> {
    all.push_back({.time_s = row.real(0), .host = row.integer_if(1), .kind = row.text(2), .text = row.text(3)});
    return {};
  };
  Result<> read = for_each_row(database,
                               "SELECT time_ns / 1e9, host_id, kind, text FROM events WHERE run_id = ?1 "
                               "ORDER BY time_ns, host_id IS NULL, host_id, number LIMIT ?2",
                               keep, run, limit);
  if (!read) return fail(std::move(read));
  return all;
}

Result<> for_each_message(const Database& database, std::int64_t run,
                          const std::function<void(const MessageRow&)>& visit) {
  const auto show = [&](const Statement& row) -> Result<> {
    visit({row.real(0), row.real_if(1), row.integer(2), row.integer(3), row.integer(4), row.text(5), row.integer(6)});
    return {};
  };
  return for_each_row(database,
                      "SELECT sent_ns / 1e9, received_ns / 1e9, from_host, to_host, bytes, kind, trace FROM messages "
                      "WHERE run_id = ?1 ORDER BY sent_ns, number",
                      show, run);
}

namespace {

Result<std::vector<LinkRow>> pairs(const Database& database, std::string_view sql, std::int64_t run,
                                   std::int64_t limit) {
  std::vector<LinkRow> all;
  const auto keep = [&](const Statement& row) -> Result<> {
    all.push_back({row.integer(0), row.integer(1), row.text(2)});
    return {};
  };
  if (Result<> read = for_each_row(database, sql, keep, run, limit); !read) return fail(std::move(read));
  return all;
}

}  // namespace

// Of the columns beside min() SQLite takes the row that has the least.
Result<std::vector<LinkRow>> links(const Database& database, std::int64_t run, std::int64_t limit) {
  return pairs(database,
               "SELECT a, b, kind, min(CASE kind WHEN 'mesh' THEN 0 WHEN 'radio' THEN 1 WHEN 'wire' THEN 2 "
               "WHEN 'tcp' THEN 3 ELSE 4 END) AS rank FROM links WHERE run_id = ?1 AND a >= 0 AND b >= 0 "
               "GROUP BY a, b ORDER BY rank, a, b LIMIT ?2",
               run, limit);
}

Result<std::vector<LinkRow>> talks(const Database& database, std::int64_t run, std::int64_t limit) {
  return pairs(database,
               "SELECT DISTINCT min(from_host, to_host), max(from_host, to_host), kind FROM messages WHERE run_id = ?1 "
               "LIMIT ?2",
               run, limit);
}

Result<> for_each_position(const Database& database, std::int64_t run,
                           const std::function<void(const PositionRow&)>& visit) {
  const auto show = [&](const Statement& row) -> Result<> {
    visit({row.real(0), row.integer(1), row.real(2), row.real(3)});
    return {};
  };
  return for_each_row(database,
                      "SELECT time_ns / 1e9, host_id, x_m, y_m FROM positions WHERE run_id = ?1 "
                      "ORDER BY time_ns, host_id",
                      show, run);
}

Result<> for_each_link_sample(const Database& database, std::int64_t run,
                              const std::function<void(const LinkSampleRow&)>& visit) {
  const auto show = [&](const Statement& row) -> Result<> {
    visit({row.real(0), row.text(1), row.integer(2), row.integer(3), row.text(4), row.text(5), row.real_if(6)});
    return {};
  };
  return for_each_row(database,
                      "SELECT l.time_ns / 1e9, l.kind, l.a, l.b, m.name, m.unit, l.value FROM link_samples l "
                      "JOIN metrics m ON m.metric_id = l.metric_id WHERE l.run_id = ?1 "
                      "ORDER BY l.kind, l.a, l.b, l.metric_id, l.time_ns",
                      show, run);
}

Result<std::vector<HostRow>> hosts(const Database& database, std::int64_t run) {
  std::vector<HostRow> all;
  const auto keep = [&](const Statement& row) -> Result<> {
    all.push_back(
        {row.integer(0), row.text(1), row.text(2), row.text(3), row.real_if(4), row.real_if(5), row.integer(6) != 0});
    return {};
  };
  Result<> read = for_each_row(database,
                               "SELECT host_id, name, group_name, region, coalesce(longitude, x_m), coalesce(latitude, "
                               "y_m), longitude IS NOT NULL FROM hosts WHERE run_id = ?1 ORDER BY host_id",
                               keep, run);
  if (!read) return fail(std::move(read));
  return all;
}

Result<std::vector<Point>> series(const Database& database, std::int64_t run, const std::string& metric) {
  std::vector<Point> all;
  const auto keep = [&](const Statement& row) -> Result<> {
    all.push_back({row.real(0), row.real(1)});
    return {};
  };
  Result<> read = for_each_row(database,
                               "SELECT f.time_ns / 1e9, f.total FROM frames f JOIN metrics m ON "
                               "m.metric_id = f.metric_id WHERE f.run_id = ?1 AND m.name = ?2 AND f.total IS NOT NULL "
                               "ORDER BY f.time_ns",
                               keep, run, metric);
  if (!read) return fail(std::move(read));
  return all;
}

Result<std::vector<WindowRow>> windows(const Database& database, std::int64_t run, const std::string& metric) {
  std::vector<WindowRow> all;
  const auto keep = [&](const Statement& row) -> Result<> {
    Result<Histogram> histogram = histogram_of(database, row, 2);
    if (!histogram) return fail(std::move(histogram));
    all.push_back({row.real(0), row.real(1), std::move(*histogram)});
    return {};
  };
  Result<> read = for_each_row(database,
                               "SELECT w.from_ns / 1e9, w.to_ns / 1e9, w.buckets FROM windows w JOIN metrics m ON "
                               "m.metric_id = w.metric_id WHERE w.run_id = ?1 AND m.name = ?2 AND w.group_name = '' "
                               "ORDER BY w.from_ns",
                               keep, run, metric);
  if (!read) return fail(std::move(read));
  return all;
}

}  // namespace ghostnet::results
