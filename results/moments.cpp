#include "ghostnet/results/moments.hpp"

#include "row_visit.hpp"

namespace ghostnet::results {

namespace {

std::optional<std::int64_t> integer_if(const Statement& row, std::size_t column) {
  if (row.is_null(column)) return std::nullopt;
  return row.integer(column);
}

LinkAt link_of(const Statement& row) {
  return {.since_ns = row.integer(0),
          .until_ns = integer_if(row, 1),
          .a = row.integer(2),
          .b = row.integer(3),
          .kind = row.text(4),
          .fields = row.text(5)};
}

// The last instant of one table, which its key finds at once.
Result<std::int64_t> last_of(const Database& database, const char* sql, std::int64_t run) {
  std::int64_t last = 0;
  const auto keep = [&](const Statement& row) -> Result<> {
    last = row.integer(0);
    return {};
  };
  if (Result<> read = for_each_row(database, sql, keep, run); !read) return fail(std::move(read));
  return last;
}

}  // namespace

Result<std::vector<SeriesName>> series_names(const Database& database, std::int64_t run) {
  // A metric is sampled host by host throughout or not at all, bar the first frames, where hosts may have none yet.
  const auto read = [](const Statement& row) {
    return SeriesName{.metric_id = row.integer(0),
                      .name = row.text(1),
                      .kind = row.text(2),
                      .unit = row.text(3),
                      .help = row.text(4),
                      .of_hosts = row.integer(5) != 0};
  };
  return collect_rows(
      database,
      "SELECT m.metric_id, m.name, m.kind, m.unit, m.help, EXISTS (SELECT 1 FROM frames f WHERE f.run_id = ?1 AND "
      "f.metric_id = m.metric_id AND EXISTS (SELECT 1 FROM samples s WHERE s.frame_id = f.frame_id)) FROM metrics m "
      "WHERE EXISTS (SELECT 1 FROM frames f WHERE f.run_id = ?1 AND f.metric_id = m.metric_id) OR EXISTS (SELECT 1 "
      "FROM "
      "windows w WHERE w.run_id = ?1 AND w.metric_id = m.metric_id) ORDER BY m.name",
      read, run);
}

Result<ValuesAt> values_at(const Database& database, std::int64_t run, std::int64_t metric_id, std::int64_t time_ns) {
  ValuesAt at;
  std::int64_t frame = 0;
  const auto keep_frame = [&](const Statement& row) -> Result<> {
    frame = row.integer(0);
    at.time_ns = row.integer(1);
    return {};
  };
  Result<> found = for_each_row(database,
                                "SELECT frame_id, time_ns FROM frames f WHERE run_id = ?1 AND metric_id = ?2 AND "
                                "time_ns <= ?3 AND EXISTS (SELECT 1 FROM samples s WHERE s.frame_id = f.frame_id) "
                                "ORDER BY time_ns DESC LIMIT 1",
                                keep_frame, run, metric_id, time_ns);
  if (!found) return fail(std::move(found));
  if (!at.time_ns) return at;
  const auto keep_value = [&](const Statement& row) -> Result<> {
    if (const auto value = row.real_if(1)) at.values.emplace_back(row.integer(0), *value);
    return {};
  };
  Result<> read = for_each_row(database, "SELECT host_id, value FROM samples WHERE frame_id = ?1 ORDER BY host_id",
                               keep_value, frame);
  if (!read) return fail(std::move(read));
  return at;
}

Result<std::vector<EventAt>> events_between(const Database& database, std::int64_t run, std::int64_t from_ns,
                                            std::int64_t to_ns, std::int64_t limit) {
  const auto read = [](const Statement& row) {
    return EventAt{.time_ns = row.integer(0),
                   .number = row.integer(1),
                   .host = integer_if(row, 2),
                   .kind = row.text(3),
                   .text = row.text(4),
                   .fields = row.text(5)};
  };
  return collect_rows(
      database,
      "SELECT time_ns, number, host_id, kind, text, fields FROM events WHERE run_id = ?1 AND time_ns >= "
      "?2 AND time_ns < ?3 ORDER BY time_ns, number LIMIT ?4",
      read, run, from_ns, to_ns, limit);
}

Result<std::vector<LinkAt>> links_since(const Database& database, std::int64_t run, std::int64_t from_ns,
                                        std::int64_t to_ns, std::int64_t limit) {
  return collect_rows(database,
                      "SELECT since_ns, until_ns, a, b, kind, fields FROM links WHERE run_id = ?1 AND since_ns >= ?2 "
                      "AND since_ns < ?3 ORDER BY since_ns, number LIMIT ?4",
                      link_of, run, from_ns, to_ns, limit);
}

Result<std::vector<LinkAt>> links_at(const Database& database, std::int64_t run, std::int64_t time_ns,
                                     std::int64_t limit) {
  return collect_rows(database,
                      "SELECT since_ns, until_ns, a, b, kind, fields FROM links WHERE run_id = ?1 AND since_ns <= ?2 "
                      "AND (until_ns IS NULL OR until_ns > ?2) ORDER BY since_ns, number LIMIT ?3",
                      link_of, run, time_ns, limit);
}

Result<std::vector<MessageAt>> messages_between(const Database& database, std::int64_t run, std::int64_t from_ns,
                                                std::int64_t to_ns, std::int64_t limit) {
  const auto read = [](const Statement& row) {
    return MessageAt{.sent_ns = row.integer(0),
                     .number = row.integer(1),
                     .received_ns = integer_if(row, 2),
                     .from = row.integer(3),
                     .to = row.integer(4),
                     .bytes = row.integer(5),
                     .kind = row.text(6)};
  };
  return collect_rows(
      database,
      "SELECT sent_ns, number, received_ns, from_host, to_host, bytes, kind FROM messages WHERE run_id = "
      "?1 AND sent_ns >= ?2 AND sent_ns < ?3 ORDER BY sent_ns, number LIMIT ?4",
      read, run, from_ns, to_ns, limit);
}

Result<std::int64_t> recorded_until(const Database& database, std::int64_t run) {
  std::int64_t until = 0;
  for (const char* sql :
       {"SELECT simulated_ns FROM runs WHERE run_id = ?1",
        "SELECT max(t) FROM (SELECT (SELECT max(time_ns) FROM frames f WHERE f.run_id = ?1 AND f.metric_id = "
        "m.metric_id) AS t FROM metrics m)",
        "SELECT time_ns FROM events WHERE run_id = ?1 ORDER BY time_ns DESC LIMIT 1",
        "SELECT since_ns FROM links WHERE run_id = ?1 ORDER BY since_ns DESC LIMIT 1",
        "SELECT sent_ns FROM messages WHERE run_id = ?1 ORDER BY sent_ns DESC LIMIT 1"}) {
    Result<std::int64_t> last = last_of(database, sql, run);
    if (!last) return last;
    until = std::max(until, *last);
  }
  return until;
}

}  // namespace ghostnet::results
