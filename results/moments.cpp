#include "ghostnet/results/moments.hpp"

#include "moment_rows.hpp"
#include "row_visit.hpp"

namespace ghostnet::results {

namespace {

MessageAt message_of(const Statement& row) {
  return {.sent_ns = row.integer(0),
          .number = row.integer(1),
          .received_ns = row.integer_if(2),
          .from = row.integer(3),
          .to = row.integer(4),
          .bytes = row.integer(5),
          .kind = row.text(6),
          .trace = row.integer(7)};
}

// Rows of run ?1 in order of time, as the functions above read them.
std::string events_where(std::string_view condition) {
  return fmt::format(
      "SELECT time_ns, number, host_id, kind, text, fields FROM events WHERE run_id = ?1 AND {} "
      "ORDER BY time_ns, number ",
      condition);
}

std::string links_where(std::string_view condition) {
  return fmt::format(
      "SELECT since_ns, until_ns, a, b, kind, fields FROM links WHERE run_id = ?1 AND {} ORDER BY since_ns, number ",
      condition);
}

std::string messages_where(std::string_view condition) {
  return fmt::format(
      "SELECT sent_ns, number, received_ns, from_host, to_host, bytes, kind, trace FROM messages "
      "WHERE run_id = ?1 AND {} ORDER BY sent_ns, number ",
      condition);
}

// One number about a run; 0 where there is no row.
Result<std::int64_t> number_of(const Database& database, const char* sql, std::int64_t run) {
  std::int64_t number = 0;
  const auto keep = [&](const Statement& row) -> Result<> {
    number = row.integer(0);
    return {};
  };
  if (Result<> read = for_each_row(database, sql, keep, run); !read) return fail(std::move(read));
  return number;
}

}  // namespace

Result<std::vector<SeriesName>> series_names(const Database& database, std::int64_t run) {
  // A metric is sampled host by host throughout or not at all, bar the first frames, where hosts may have none yet, and
  // those in which it was the turn of others. So its last frames tell.
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
      "SELECT m.metric_id, m.name, m.kind, m.unit, m.help, EXISTS (SELECT 1 FROM (SELECT frame_id FROM frames "
      "WHERE run_id = ?1 AND metric_id = m.metric_id ORDER BY time_ns DESC LIMIT 500) f WHERE EXISTS (SELECT 1 FROM "
      "samples s WHERE s.frame_id = f.frame_id)) FROM metrics m "
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

Result<std::vector<EventAt>> state_changes(const Database& database, std::int64_t run, EventKey after,
                                           std::int64_t until_ns, std::int64_t limit) {
  const std::string changes = events_where(
      "(time_ns, number) > (?2, ?3) AND time_ns <= ?4 AND kind IN ('crash', 'restart', 'link_down', 'link_up', "
      "'fault_begins', 'fault_ends')");
  return collect_rows(database, changes + "LIMIT ?5", event_of, run, after.time_ns, after.number, until_ns, limit);
}

Result<> visit_links(const Database& database, std::int64_t run, std::int64_t from_ns, std::int64_t to_ns,
                     const std::function<void(const LinkAt&)>& visit) {
  const auto read = [&](const Statement& row) -> Result<> {
    visit(link_of(row));
    return {};
  };
  return for_each_row(database, links_where("since_ns >= ?2 AND since_ns < ?3"), read, run, from_ns, to_ns);
}

Result<std::vector<MessageAt>> messages_between(const Database& database, std::int64_t run, std::int64_t from_ns,
                                                std::int64_t to_ns, std::int64_t limit) {
  return collect_rows(database, messages_where("sent_ns >= ?2 AND sent_ns < ?3") + "LIMIT ?4", message_of, run, from_ns,
                      to_ns, limit);
}

Result<std::vector<MessageAt>> messages_in_flight(const Database& database, std::int64_t run, std::int64_t time_ns,
                                                  std::int64_t ahead_ns, std::int64_t limit) {
  const std::string in_flight =
      messages_where("sent_ns >= ?2 - ?5 AND sent_ns <= ?2 + ?3 AND coalesce(received_ns, sent_ns + ?6) >= ?2");
  return collect_rows(database, in_flight + "LIMIT ?4", message_of, run, time_ns, ahead_ns, limit, kLongestFlightNs,
                      kLostShownNs);
}

Result<std::vector<MessageAt>> hops_of(const Database& database, std::int64_t run, std::int64_t trace,
                                       std::int64_t limit) {
  return collect_rows(database, messages_where("trace = ?2 AND trace <> 0") + "LIMIT ?3", message_of, run, trace,
                      limit);
}

Result<PositionsAt> positions_at(const Database& database, std::int64_t run, std::int64_t time_ns) {
  PositionsAt positions;
  const auto read_frame = [&](const char* which, std::int64_t& at,
                              std::vector<PositionsAt::Place>& places) -> Result<> {
    std::optional<std::int64_t> found;
    const auto keep = [&](const Statement& row) -> Result<> {
      found = row.integer_if(0);
      return {};
    };
    if (Result<> read = for_each_row(database, which, keep, run, time_ns); !read) return read;
    if (!found) return {};
    at = *found;
    const auto place_of = [](const Statement& row) {
      return PositionsAt::Place{.host = row.integer(0), .x_m = row.real(1), .y_m = row.real(2)};
    };
    auto all = collect_rows(
        database, "SELECT host_id, x_m, y_m FROM positions WHERE run_id = ?1 AND time_ns = ?2 ORDER BY host_id",
        place_of, run, at);
    if (!all) return fail(std::move(all));
    places = std::move(*all);
    return {};
  };
  Result<> read = read_frame("SELECT max(time_ns) FROM positions WHERE run_id = ?1 AND time_ns <= ?2",
                             positions.before_ns, positions.before);
  if (!read) return fail(std::move(read));
  read = read_frame("SELECT min(time_ns) FROM positions WHERE run_id = ?1 AND time_ns > ?2", positions.after_ns,
                    positions.after);
  if (!read) return fail(std::move(read));
  return positions;
}

Result<std::int64_t> host_count(const Database& database, std::int64_t run) {
  return number_of(database, "SELECT count(*) FROM hosts WHERE run_id = ?1", run);
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
    Result<std::int64_t> last = number_of(database, sql, run);
    if (!last) return last;
    until = std::max(until, *last);
  }
  return until;
}

}  // namespace ghostnet::results
