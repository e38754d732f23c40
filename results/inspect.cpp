#include "ghostnet/results/inspect.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "row_visit.hpp"

namespace ghostnet::results {

namespace {

double seconds(std::int64_t ns) { return static_cast<double>(ns) / 1e9; }

std::optional<std::int64_t> integer_if(const Statement& row, std::size_t column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.integer(column));
}

LinkAt link_of(const Statement& row) {
  return {row.integer(0), integer_if(row, 1), row.integer(2), row.integer(3), row.text(4), row.text(5)};
}

}  // namespace

Result<std::vector<HostSample>> samples_of_host(const Database& database, std::int64_t run, std::int64_t host) {
  const auto read = [](const Statement& row) -> HostSample {
    return {row.integer(0), seconds(row.integer(1)), row.real(2)};
  };
  return collect_rows(database,
                      "SELECT f.metric_id, f.time_ns, s.value FROM frames f "
                      "JOIN samples s ON s.frame_id = f.frame_id AND s.host_id = ?2 "
                      "WHERE f.run_id = ?1 AND s.value IS NOT NULL ORDER BY f.metric_id, f.time_ns",
                      read, run, host);
}

Result<std::vector<LinkAt>> links_of_host(const Database& database, std::int64_t run, std::int64_t host,
                                          std::int64_t time_ns, std::int64_t limit) {
  return collect_rows(database,
                      "SELECT since_ns, until_ns, a, b, kind, fields FROM links WHERE run_id = ?1 AND since_ns <= ?3 "
                      "AND (until_ns IS NULL OR until_ns > ?3) AND (a = ?2 OR b = ?2) ORDER BY since_ns, number "
                      "LIMIT ?4",
                      link_of, run, host, time_ns, limit);
}

Result<std::optional<EventAt>> last_event_of_host(const Database& database, std::int64_t run, std::int64_t host,
                                                  const std::vector<std::string>& kinds, std::int64_t time_ns) {
  std::optional<EventAt> last;
  const auto keep = [&](const Statement& row) -> Result<> {
    if (!last && std::ranges::find(kinds, row.text(2)) != kinds.end()) {
      last = EventAt{row.integer(0), row.integer(1), host, row.text(2), row.text(3), row.text(4)};
    }
    return {};
  };
  Result<> read = for_each_row(database,
                               "SELECT time_ns, number, kind, text, fields FROM events WHERE run_id = ?1 AND "
                               "time_ns <= ?3 AND host_id = ?2 ORDER BY time_ns DESC, number DESC",
                               keep, run, host, time_ns);
  if (!read) return fail(std::move(read));
  return last;
}

Result<std::vector<LinkValue>> link_values_of_host(const Database& database, std::int64_t run, std::int64_t host,
                                                   std::int64_t time_ns) {
  const auto read = [&](const Statement& row) -> LinkValue {
    return {row.text(0), host, row.integer(1), row.text(2), row.text(3), row.real_if(5)};
  };
  // Of an aggregate with max() SQLite takes the other columns from the row that has it.
  return collect_rows(database,
                      "SELECT l.kind, l.b, m.name, m.unit, max(l.time_ns), l.value FROM link_samples l "
                      "JOIN metrics m ON m.metric_id = l.metric_id "
                      "WHERE l.run_id = ?1 AND l.kind IN (SELECT DISTINCT kind FROM link_samples WHERE run_id = ?1) "
                      "AND l.a = ?2 AND l.time_ns <= ?3 GROUP BY l.kind, l.b, l.metric_id",
                      read, run, host, time_ns);
}

Result<std::vector<LinkAt>> link_history(const Database& database, std::int64_t run, const std::string& kind,
                                         std::int64_t a, std::int64_t b, std::int64_t limit) {
  return collect_rows(database,
                      "SELECT since_ns, until_ns, a, b, kind, fields FROM links WHERE run_id = ?1 AND kind = ?2 AND "
                      "((a = ?3 AND b = ?4) OR (a = ?4 AND b = ?3)) ORDER BY since_ns, number LIMIT ?5",
                      link_of, run, kind, a, b, limit);
}

Result<std::vector<LinkSeries>> link_series(const Database& database, std::int64_t run, const std::string& kind,
                                            std::int64_t a, std::int64_t b) {
  std::vector<LinkSeries> all;
  const auto keep = [&](const Statement& row) -> Result<> {
    if (all.empty() || all.back().metric != row.text(0)) all.push_back({row.text(0), row.text(1), {}});
    all.back().points.push_back({seconds(row.integer(2)), row.real(3)});
    return {};
  };
  Result<> read = for_each_row(database,
                               "SELECT m.name, m.unit, l.time_ns, l.value FROM link_samples l "
                               "JOIN metrics m ON m.metric_id = l.metric_id WHERE l.run_id = ?1 AND l.kind = ?2 AND "
                               "l.a = ?3 AND l.b = ?4 AND l.value IS NOT NULL ORDER BY l.metric_id, l.time_ns",
                               keep, run, kind, a, b);
  if (!read) return fail(std::move(read));
  return all;
}

Result<std::vector<TraceSummary>> trace_summaries(const Database& database, std::int64_t run, std::int64_t limit) {
  std::vector<TraceSummary> all;
  std::unordered_set<std::int64_t> reached;
  const auto add = [&](const Statement& row) -> Result<> {
    if (all.empty() || all.back().trace != row.integer(0)) {
      reached.clear();
      all.push_back({.trace = row.integer(0),
                     .kind = row.text(1),
                     .from = row.integer(2),
                     .bytes = row.integer(4),
                     .sent_ns = row.integer(5)});
    }
    TraceSummary& trace = all.back();
    ++trace.hops;
    if (row.is_null(6)) {
      ++trace.lost;
    } else {
      if (reached.insert(row.integer(3)).second) ++trace.reached;
      trace.last_received_ns = std::max(trace.last_received_ns, row.integer(6));
    }
    return {};
  };
  Result<> read = for_each_row(database,
                               "SELECT trace, kind, from_host, to_host, bytes, sent_ns, received_ns FROM messages "
                               "WHERE run_id = ?1 AND trace <> 0 AND trace IN (SELECT DISTINCT trace FROM messages "
                               "WHERE run_id = ?1 AND trace <> 0 LIMIT ?2) ORDER BY trace, sent_ns",
                               add, run, limit);
  if (!read) return fail(std::move(read));
  std::ranges::sort(all, {}, [](const TraceSummary& trace) { return std::pair(trace.sent_ns, trace.trace); });
  return all;
}

Result<std::vector<Spread>> spread_over_hosts(const Database& database, std::int64_t run, std::int64_t metric_id,
                                              const std::string& group) {
  const auto read = [](const Statement& row) -> Spread {
    return {seconds(row.integer(0)), row.integer(1), row.real(2), row.real(3), row.real(4)};
  };
  return collect_rows(database,
                      "SELECT f.time_ns, count(*), avg(s.value), min(s.value), max(s.value) FROM frames f "
                      "JOIN samples s ON s.frame_id = f.frame_id "
                      "LEFT JOIN hosts h ON h.run_id = f.run_id AND h.host_id = s.host_id "
                      "WHERE f.run_id = ?1 AND f.metric_id = ?2 AND s.value IS NOT NULL AND "
                      "(?3 = '' OR h.group_name = ?3) GROUP BY f.time_ns ORDER BY f.time_ns",
                      read, run, metric_id, group);
}

Result<std::vector<Point>> series_of_host(const Database& database, std::int64_t run, std::int64_t metric_id,
                                          std::int64_t host) {
  const auto read = [](const Statement& row) -> Point { return {seconds(row.integer(0)), row.real(1)}; };
  return collect_rows(database,
                      "SELECT f.time_ns, s.value FROM frames f JOIN samples s ON s.frame_id = f.frame_id AND "
                      "s.host_id = ?3 WHERE f.run_id = ?1 AND f.metric_id = ?2 AND s.value IS NOT NULL "
                      "ORDER BY f.time_ns",
                      read, run, metric_id, host);
}

Result<> for_each_sample(const Database& database, std::int64_t run, std::int64_t metric_id,
                         const std::function<void(double, std::int64_t, double)>& visit) {
  const auto tell = [&](const Statement& row) -> Result<> {
    visit(seconds(row.integer(0)), row.integer(1), row.real(2));
    return {};
  };
  return for_each_row(database,
                      "SELECT f.time_ns, s.host_id, s.value FROM frames f JOIN samples s ON s.frame_id = f.frame_id "
                      "WHERE f.run_id = ?1 AND f.metric_id = ?2 AND s.value IS NOT NULL ORDER BY f.time_ns, s.host_id",
                      tell, run, metric_id);
}

Result<std::vector<Percentiles>> percentiles_over_time(const Database& database, std::int64_t run,
                                                       std::int64_t metric_id, const std::string& group) {
  const auto read = [](const Statement& row) -> Percentiles {
    return {seconds(row.integer(0)),
            seconds(row.integer(1)),
            row.integer(2),
            row.real(3),
            row.real(4),
            row.real(5),
            row.real(6)};
  };
  return collect_rows(database,
                      "SELECT from_ns, to_ns, count, p50, p90, p99, max FROM windows WHERE run_id = ?1 AND "
                      "metric_id = ?2 AND group_name = ?3 AND count > 0 ORDER BY from_ns",
                      read, run, metric_id, group);
}

Result<Histogram> histogram_of(const Database& database, std::int64_t run, std::int64_t metric_id,
                               const std::string& group) {
  Histogram whole;
  const auto merge = [&](const Statement& row) -> Result<> {
    Result<Histogram> part = Histogram::parse(row.bytes(0));
    if (!part) return fail(part.error().while_doing(database.path()));
    whole.merge(*part);
    return {};
  };
  Result<> read = for_each_row(database,
                               "SELECT buckets FROM histograms WHERE run_id = ?1 AND metric_id = ?2 AND "
                               "group_name = ?3 AND host_id = -1",
                               merge, run, metric_id, group);
  if (read && whole.empty()) {
    read =
        for_each_row(database, "SELECT buckets FROM windows WHERE run_id = ?1 AND metric_id = ?2 AND group_name = ?3",
                     merge, run, metric_id, group);
  }
  if (!read) return fail(std::move(read));
  return whole;
}

}  // namespace ghostnet::results
