#include "ghostnet/results/inspect.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "ghostnet/runtime/text.hpp"
#include "moment_rows.hpp"
#include "row_visit.hpp"

namespace ghostnet::results {

namespace {

double seconds(std::int64_t ns) { return static_cast<double>(ns) / 1e9; }

struct Frame {
  std::int64_t id = 0;
  double time_s = 0;
};

// Of the frames of a metric that have values of hosts the last one in each of so many equal parts of the time.
Result<std::vector<Frame>> sampled_frames(const Database& database, std::int64_t run, std::int64_t metric_id,
                                          std::size_t parts) {
  const auto read = [](const Statement& row) -> Frame { return {row.integer(0), seconds(row.integer(1))}; };
  auto all = collect_rows(database,
                          "SELECT frame_id, time_ns FROM frames f WHERE run_id = ?1 AND metric_id = ?2 AND EXISTS "
                          "(SELECT 1 FROM samples s WHERE s.frame_id = f.frame_id) ORDER BY time_ns",
                          read, run, metric_id);
  if (!all || all->size() <= parts) return all;
  const double end_s = all->back().time_s;
  std::vector<Frame> last;
  std::size_t part_of_last = 0;
  for (const Frame& frame : *all) {
    const auto part = static_cast<std::size_t>(static_cast<double>(parts) * frame.time_s / std::max(end_s, 1e-9));
    if (last.empty() || std::min(part, parts - 1) != part_of_last) last.emplace_back();
    last.back() = frame;
    part_of_last = std::min(part, parts - 1);
  }
  return last;
}

// A pattern for LIKE that finds the words anywhere, with `\\` before what would be a wildcard.
std::string pattern_of(const std::string& words) {
  if (words.empty()) return {};
  std::string pattern = "%";
  for (const char c : words) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + '%';
}

std::string json_of(const std::vector<std::int64_t>& numbers) {
  return numbers.empty() ? std::string() : fmt::format("[{}]", fmt::join(numbers, ","));
}

}  // namespace

Result<EventsAround> events_around(const Database& database, std::int64_t run, const EventFilter& filter,
                                   std::int64_t time_ns, std::int64_t limit) {
  const auto read_side = [&](std::string_view side) {
    const std::string sql = fmt::format(
        "SELECT e.time_ns, e.number, e.host_id, e.kind, e.text, e.fields FROM events e "
        "LEFT JOIN hosts h ON h.run_id = e.run_id AND h.host_id = e.host_id WHERE e.run_id = ?1 "
        "AND (?2 = '' OR e.kind = ?2) AND (?3 = '' OR e.host_id IN (SELECT value FROM json_each(?3))) "
        "AND (?4 = '' OR e.kind LIKE ?4 ESCAPE '\\' OR e.text LIKE ?4 ESCAPE '\\' OR e.fields LIKE ?4 ESCAPE '\\' "
        "OR h.name LIKE ?4 ESCAPE '\\') AND {} LIMIT ?6",
        side);
    // One more, to know whether there are more.
    return collect_rows(database, sql, event_of, run, filter.kind, json_of(filter.hosts), pattern_of(filter.words),
                        time_ns, limit + 1);
  };
  EventsAround around;
  Result<std::vector<EventAt>> before = read_side("e.time_ns <= ?5 ORDER BY e.time_ns DESC, e.number DESC");
  if (!before) return fail(std::move(before));
  Result<std::vector<EventAt>> after = read_side("e.time_ns > ?5 ORDER BY e.time_ns, e.number");
  if (!after) return fail(std::move(after));
  around.more_before = std::ssize(*before) > limit;
  around.more_after = std::ssize(*after) > limit;
  if (around.more_before) before->pop_back();
  if (around.more_after) after->pop_back();
  std::ranges::reverse(*before);
  around.events = std::move(*before);
  std::ranges::move(*after, std::back_inserter(around.events));
  return around;
}

Result<std::vector<std::string>> event_kinds(const Database& database, std::int64_t run, std::int64_t limit) {
  const auto read = [](const Statement& row) { return row.text(0); };
  return collect_rows(database,
                      "SELECT DISTINCT kind FROM (SELECT kind FROM events WHERE run_id = ?1 LIMIT ?2) ORDER BY kind",
                      read, run, limit);
}

Result<std::string> log_directory(const Database& database, std::int64_t run) {
  std::string directory;
  const auto keep = [&](const Statement& row) -> Result<> {
    directory = row.text(0);
    return {};
  };
  // It is told as the run begins.
  Result<> read = for_each_row(
      database, "SELECT text FROM events WHERE run_id = ?1 AND time_ns <= 0 AND kind = 'logs' LIMIT 1", keep, run);
  if (!read) return fail(std::move(read));
  return directory;
}

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
    last = EventAt{row.integer(0), row.integer(1), host, row.text(2), row.text(3), row.text(4)};
    return {};
  };
  std::string wanted;
  for (const std::string& kind : kinds) {
    wanted += wanted.empty() ? "[" : ",";
    append_json_string(wanted, kind);
  }
  Result<> read = for_each_row(database,
                               "SELECT time_ns, number, kind, text, fields FROM events WHERE run_id = ?1 AND "
                               "time_ns <= ?3 AND host_id = ?2 AND kind IN (SELECT value FROM json_each(?4)) "
                               "ORDER BY time_ns DESC, number DESC LIMIT 1",
                               keep, run, host, time_ns, wanted + "]");
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
  std::unordered_map<std::int64_t, std::int64_t> had_it_ns;  // by host, of the trace that is being read
  const auto conclude = [&] {
    if (all.empty()) return;
    all.back().reached = std::ssize(had_it_ns);
    for (const auto& [host, at_ns] : had_it_ns)
      all.back().last_reached_ns = std::max(all.back().last_reached_ns, at_ns);
    had_it_ns.clear();
  };
  const auto add = [&](const Statement& row) -> Result<> {
    if (all.empty() || all.back().trace != row.integer(0)) {
      conclude();
      all.push_back({.trace = row.integer(0),
                     .kind = row.text(1),
                     .from = row.integer(2),
                     .bytes = row.integer(4),
                     .sent_ns = row.integer(5)});
    }
    TraceSummary& trace = all.back();
    ++trace.hops;
    if (row.is_null(6)) ++trace.lost;
    const std::int64_t to = row.integer(3);
    if (row.is_null(6) || to == trace.from) return {};
    const auto [known, is_first] = had_it_ns.emplace(to, row.integer(6));
    if (!is_first) known->second = std::min(known->second, row.integer(6));
    return {};
  };
  Result<> read = for_each_row(database,
                               "SELECT trace, kind, from_host, to_host, bytes, sent_ns, received_ns FROM messages "
                               "WHERE run_id = ?1 AND trace <> 0 AND trace IN (SELECT DISTINCT trace FROM messages "
                               "WHERE run_id = ?1 AND trace <> 0 LIMIT ?2) ORDER BY trace, sent_ns",
                               add, run, limit);
  if (!read) return fail(std::move(read));
  conclude();
  std::ranges::sort(all, {}, [](const TraceSummary& trace) { return std::pair(trace.sent_ns, trace.trace); });
  return all;
}

Result<std::vector<Spread>> spread_over_hosts(const Database& database, std::int64_t run, std::int64_t metric_id,
                                              const std::string& group, std::size_t parts) {
  Result<std::vector<Frame>> frames = sampled_frames(database, run, metric_id, parts);
  if (!frames) return fail(std::move(frames));
  std::vector<Spread> all;
  for (const Frame& frame : *frames) {
    const auto keep = [&](const Statement& row) -> Result<> {
      if (row.integer(0) > 0) all.push_back({frame.time_s, row.integer(0), row.real(1), row.real(2), row.real(3)});
      return {};
    };
    Result<> read = for_each_row(database,
                                 "SELECT count(*), avg(s.value), min(s.value), max(s.value) FROM samples s "
                                 "LEFT JOIN hosts h ON h.run_id = ?2 AND h.host_id = s.host_id WHERE s.frame_id = ?1 "
                                 "AND s.value IS NOT NULL AND (?3 = '' OR h.group_name = ?3)",
                                 keep, frame.id, run, group);
    if (!read) return fail(std::move(read));
  }
  return all;
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

Result<> for_each_sample(const Database& database, std::int64_t run, std::int64_t metric_id, std::size_t parts,
                         const std::function<void(double, std::int64_t, double)>& visit) {
  Result<std::vector<Frame>> frames = sampled_frames(database, run, metric_id, parts);
  if (!frames) return fail(std::move(frames));
  for (const Frame& frame : *frames) {
    const auto tell = [&](const Statement& row) -> Result<> {
      visit(frame.time_s, row.integer(0), row.real(1));
      return {};
    };
    Result<> read = for_each_row(
        database, "SELECT host_id, value FROM samples WHERE frame_id = ?1 AND value IS NOT NULL ORDER BY host_id", tell,
        frame.id);
    if (!read) return read;
  }
  return {};
}

Result<std::vector<EventAt>> fault_changes(const Database& database, std::int64_t run, std::int64_t limit) {
  const auto read = [](const Statement& row) -> EventAt {
    return {row.integer(0), row.integer(1), std::nullopt, row.text(2), row.text(3), row.text(4)};
  };
  return collect_rows(database,
                      "SELECT time_ns, number, kind, text, fields FROM events WHERE run_id = ?1 AND kind IN "
                      "('fault_begins', 'fault_ends') ORDER BY time_ns, number LIMIT ?2",
                      read, run, limit);
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
