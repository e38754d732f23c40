#include "ghostnet/results/schema.hpp"

#include <chrono>
#include <string>
#include <thread>

namespace ghostnet::results {

namespace {

// Everything large is clustered by what it is read by, so that no second index is kept while writing: the values of one
// metric at one instant lie beside each other (samples of a frame), and so do a run's events, messages and links in
// order of time. Instants are nanoseconds since the run began. Host ids are those of the run's world.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE batches (
  batch_id        INTEGER PRIMARY KEY,
  label           TEXT NOT NULL UNIQUE,
  command         TEXT NOT NULL,
  started_unix_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE scenarios (
  scenario_id INTEGER PRIMARY KEY,
  file        TEXT NOT NULL,
  text        TEXT NOT NULL,
  UNIQUE (file, text)
) STRICT;

CREATE TABLE runs (
  run_id          INTEGER PRIMARY KEY,
  batch_id        INTEGER REFERENCES batches,
  scenario_id     INTEGER NOT NULL REFERENCES scenarios,
  name            TEXT NOT NULL,
  mode            TEXT NOT NULL,
  carrier         TEXT NOT NULL,
  seed            TEXT NOT NULL,
  repeat          INTEGER NOT NULL,
  revision        TEXT NOT NULL,
  parameters      TEXT NOT NULL CHECK (json_valid(parameters)),
  sweep_point     TEXT CHECK (sweep_point IS NULL OR json_valid(sweep_point)),
  status          TEXT NOT NULL DEFAULT 'unfinished'
                  CHECK (status IN ('unfinished', 'passed', 'failed', 'interrupted', 'error')),
  error           TEXT,
  digest          TEXT,
  started_unix_ms INTEGER NOT NULL,
  process_id      INTEGER NOT NULL,
  planned_ns      INTEGER NOT NULL,
  simulated_ns    INTEGER NOT NULL DEFAULT 0,
  setup_wall_s    REAL,
  wall_s          REAL,
  events          INTEGER,
  datagrams       INTEGER,
  peak_rss_bytes  INTEGER,
  hosts           INTEGER NOT NULL DEFAULT 0,
  samples_dropped INTEGER NOT NULL DEFAULT 0,
  warnings        TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(warnings))
) STRICT;
CREATE INDEX runs_of_batch ON runs (batch_id);
CREATE INDEX runs_of_scenario ON runs (scenario_id, seed);

CREATE TABLE run_parameters (
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  path   TEXT NOT NULL,
  value  TEXT NOT NULL,
  number REAL,
  swept  INTEGER NOT NULL,
  PRIMARY KEY (run_id, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE hosts (
  run_id     INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  host_id    INTEGER NOT NULL,
  name       TEXT NOT NULL,
  group_name TEXT NOT NULL,
  region     TEXT,
  longitude  REAL,
  latitude   REAL,
  x_m        REAL,
  y_m        REAL,
  PRIMARY KEY (run_id, host_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE metrics (
  metric_id INTEGER PRIMARY KEY,
  name      TEXT NOT NULL,
  kind      TEXT NOT NULL CHECK (kind IN ('counter', 'gauge', 'histogram')),
  unit      TEXT NOT NULL,
  help      TEXT NOT NULL,
  UNIQUE (name, kind, unit)
) STRICT;

CREATE TABLE frames (
  frame_id  INTEGER PRIMARY KEY,
  run_id    INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  metric_id INTEGER NOT NULL REFERENCES metrics,
  time_ns   INTEGER NOT NULL,
  total     REAL,
  UNIQUE (run_id, metric_id, time_ns)
) STRICT;

CREATE TABLE samples (
  frame_id INTEGER NOT NULL REFERENCES frames ON DELETE CASCADE,
  host_id  INTEGER NOT NULL,
  value    REAL,
  PRIMARY KEY (frame_id, host_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE windows (
  run_id     INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  metric_id  INTEGER NOT NULL REFERENCES metrics,
  group_name TEXT NOT NULL,
  from_ns    INTEGER NOT NULL,
  to_ns      INTEGER NOT NULL,
  count      INTEGER NOT NULL,
  mean       REAL,
  min        REAL,
  p50        REAL,
  p90        REAL,
  p99        REAL,
  max        REAL,
  buckets    BLOB NOT NULL,
  PRIMARY KEY (run_id, metric_id, group_name, from_ns)
) STRICT, WITHOUT ROWID;

CREATE TABLE histograms (
  run_id     INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  metric_id  INTEGER NOT NULL REFERENCES metrics,
  group_name TEXT NOT NULL,
  host_id    INTEGER NOT NULL,
  count      INTEGER NOT NULL,
  mean       REAL,
  min        REAL,
  p50        REAL,
  p90        REAL,
  p99        REAL,
  max        REAL,
  buckets    BLOB NOT NULL,
  PRIMARY KEY (run_id, metric_id, group_name, host_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE totals (
  run_id     INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  metric_id  INTEGER NOT NULL REFERENCES metrics,
  group_name TEXT NOT NULL,
  host_id    INTEGER NOT NULL,
  hosts      INTEGER NOT NULL,
  sum        REAL,
  min        REAL,
  max        REAL,
  PRIMARY KEY (run_id, metric_id, group_name, host_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  run_id  INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  time_ns INTEGER NOT NULL,
  number  INTEGER NOT NULL,
  host_id INTEGER,
  kind    TEXT NOT NULL,
  text    TEXT NOT NULL,
  fields  TEXT CHECK (fields IS NULL OR json_valid(fields)),
  PRIMARY KEY (run_id, time_ns, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE links (
  run_id   INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  since_ns INTEGER NOT NULL,
  number   INTEGER NOT NULL,
  until_ns INTEGER,
  kind     TEXT NOT NULL,
  a        INTEGER NOT NULL,
  b        INTEGER NOT NULL,
  fields   TEXT CHECK (fields IS NULL OR json_valid(fields)),
  PRIMARY KEY (run_id, since_ns, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_that_are_up ON links (run_id, kind, a, b) WHERE until_ns IS NULL;

CREATE TABLE messages (
  run_id      INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  sent_ns     INTEGER NOT NULL,
  number      INTEGER NOT NULL,
  received_ns INTEGER,
  from_host   INTEGER NOT NULL,
  to_host     INTEGER NOT NULL,
  bytes       INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  PRIMARY KEY (run_id, sent_ns, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE expectations (
  run_id     INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  number     INTEGER NOT NULL,
  expression TEXT NOT NULL,
  value      REAL,
  held       INTEGER NOT NULL CHECK (held IN (0, 1)),
  PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

CREATE VIEW run_overview AS
  SELECT r.run_id, r.batch_id, r.name, r.status, r.mode, r.carrier, r.seed, r.repeat, r.sweep_point, r.hosts,
         r.simulated_ns / 1e9 AS simulated_s, r.wall_s, r.datagrams, r.peak_rss_bytes, r.digest, r.revision,
         count(e.run_id) AS expectations, count(CASE WHEN e.held = 1 THEN 1 END) AS held
  FROM runs r LEFT JOIN expectations e ON e.run_id = r.run_id
  GROUP BY r.run_id;

CREATE VIEW series AS
  SELECT f.run_id, m.name AS metric, m.unit, f.time_ns / 1e9 AS time_s, f.total AS value
  FROM frames f JOIN metrics m ON m.metric_id = f.metric_id
  WHERE f.total IS NOT NULL;

CREATE VIEW host_series AS
  SELECT f.run_id, m.name AS metric, m.unit, s.host_id, h.name AS host, h.group_name, h.region,
         f.time_ns / 1e9 AS time_s, s.value
  FROM frames f
  JOIN metrics m ON m.metric_id = f.metric_id
  JOIN samples s ON s.frame_id = f.frame_id
  JOIN hosts h ON h.run_id = f.run_id AND h.host_id = s.host_id;

CREATE VIEW percentile_series AS
  SELECT w.run_id, m.name AS metric, m.unit, w.group_name, w.from_ns / 1e9 AS from_s, w.to_ns / 1e9 AS to_s,
         w.count, w.mean, w.min, w.p50, w.p90, w.p99, w.max
  FROM windows w JOIN metrics m ON m.metric_id = w.metric_id;

CREATE VIEW percentiles AS
  SELECT g.run_id, m.name AS metric, m.unit, g.group_name, g.host_id, g.count, g.mean, g.min, g.p50, g.p90, g.p99,
         g.max
  FROM histograms g JOIN metrics m ON m.metric_id = g.metric_id;

CREATE VIEW final_values AS
  SELECT t.run_id, m.name AS metric, m.unit, t.group_name, t.host_id, t.hosts, t.sum, t.min, t.max
  FROM totals t JOIN metrics m ON m.metric_id = t.metric_id;

CREATE VIEW run_values AS
  SELECT t.run_id, m.name AS metric, 'sum' AS statistic, m.unit, t.sum AS value
  FROM totals t JOIN metrics m ON m.metric_id = t.metric_id WHERE t.group_name = '' AND t.host_id = -1
  UNION ALL
  SELECT g.run_id, m.name, 'mean', m.unit, g.mean
  FROM histograms g JOIN metrics m ON m.metric_id = g.metric_id WHERE g.group_name = '' AND g.host_id = -1
  UNION ALL
  SELECT g.run_id, m.name, 'p50', m.unit, g.p50
  FROM histograms g JOIN metrics m ON m.metric_id = g.metric_id WHERE g.group_name = '' AND g.host_id = -1
  UNION ALL
  SELECT g.run_id, m.name, 'p99', m.unit, g.p99
  FROM histograms g JOIN metrics m ON m.metric_id = g.metric_id WHERE g.group_name = '' AND g.host_id = -1;

CREATE VIEW sweep_values AS
  SELECT r.batch_id, r.name, p.path, p.value AS setting, p.number, r.repeat, v.run_id, v.metric, v.statistic, v.unit,
         v.value
  FROM run_parameters p
  JOIN runs r ON r.run_id = p.run_id
  JOIN run_values v ON v.run_id = p.run_id
  WHERE p.swept = 1 AND r.status IN ('passed', 'failed');

CREATE VIEW broken_expectations AS
  SELECT e.run_id, r.name, r.sweep_point, r.repeat, e.expression, e.value
  FROM expectations e JOIN runs r ON r.run_id = e.run_id
  WHERE e.held = 0;
)sql";

// What is seen of a run beyond its metrics: hops of one message, hosts that move, and connections and wires over time.
constexpr const char* kVersion2 = R"sql(
ALTER TABLE messages ADD COLUMN trace INTEGER NOT NULL DEFAULT 0;
CREATE INDEX messages_of_trace ON messages (run_id, trace, sent_ns) WHERE trace <> 0;

CREATE TABLE positions (
  run_id  INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  time_ns INTEGER NOT NULL,
  host_id INTEGER NOT NULL,
  x_m     REAL NOT NULL,
  y_m     REAL NOT NULL,
  PRIMARY KEY (run_id, time_ns, host_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE link_samples (
  run_id    INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  time_ns   INTEGER NOT NULL,
  kind      TEXT NOT NULL,
  a         INTEGER NOT NULL,
  b         INTEGER NOT NULL,
  metric_id INTEGER NOT NULL REFERENCES metrics,
  value     REAL,
  PRIMARY KEY (run_id, kind, a, b, metric_id, time_ns)
) STRICT, WITHOUT ROWID;

CREATE VIEW link_series AS
  SELECT l.run_id, l.kind, l.a, l.b, m.name AS metric, m.unit, l.time_ns / 1e9 AS time_s, l.value
  FROM link_samples l JOIN metrics m ON m.metric_id = l.metric_id;

CREATE VIEW hops AS
  SELECT run_id, trace, from_host, to_host, sent_ns / 1e9 AS sent_s, received_ns / 1e9 AS received_s, bytes, kind
  FROM messages WHERE trace <> 0;
)sql";

constexpr int kMakeAttempts = 100;
constexpr std::chrono::milliseconds kMakeAgainAfter(20);

constexpr const char* kMigrations[] = {kVersion1, kVersion2};
static_assert(std::size(kMigrations) == kSchemaVersion);

}  // namespace

std::span<const char* const> migrations() { return kMigrations; }

Result<std::int64_t> checked_version(const Database& database, DatabaseOptions::Access access) {
  Result<std::optional<std::int64_t>> id = database.integer("PRAGMA application_id");
  if (!id) return fail(std::move(id));
  Result<std::optional<std::int64_t>> version = database.integer("PRAGMA user_version");
  if (!version) return fail(std::move(version));
  Result<std::optional<std::int64_t>> tables = database.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return fail(std::move(tables));
  const bool empty = id->value_or(0) == 0 && version->value_or(0) == 0 && tables->value_or(0) == 0;
  if (empty && access == DatabaseOptions::Access::write) return std::int64_t{0};
  if (id->value_or(0) != kApplicationId) {
    return fail(Errc::invalid_argument, "{}: an SQLite database of another program, not ghostnet's results",
                database.path());
  }
  if (version->value_or(0) > kSchemaVersion) {
    return fail(Errc::invalid_argument,
                "{}: written by a newer ghostnet (schema {}; this one knows up to {}); use that one, or another file",
                database.path(), version->value_or(0), kSchemaVersion);
  }
  return version->value_or(0);
}

Result<> migrate(const Database& database, std::span<const char* const> steps) {
  // Asked before the lock is taken, so that a file that is up to date can be opened while somebody writes it.
  const auto wanted = static_cast<std::int64_t>(steps.size());
  Result<std::optional<std::int64_t>> version = database.integer("PRAGMA user_version");
  if (!version) return fail(std::move(version));
  if (**version == 0) {
    // Only an empty file can change these. Of several processes that make one file each may find it locked by another,
    // and SQLite does not wait here by itself.
    Result<> set = database.execute("PRAGMA page_size=8192; PRAGMA journal_mode=WAL");
    for (int attempt = 0; !set && set.error() == Errc::busy && attempt < kMakeAttempts; ++attempt) {
      std::this_thread::sleep_for(kMakeAgainAfter);
      set = database.execute("PRAGMA journal_mode=WAL");
    }
    if (!set) return set;
  }
  if (Result<> set = database.execute("PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=4000"); !set) return set;
  if (**version >= wanted) return {};
  Result<Transaction> transaction = Transaction::begin(database);
  if (!transaction) return fail(std::move(transaction));
  version = database.integer("PRAGMA user_version");  // another process may have been first
  if (!version) return fail(std::move(version));
  for (std::int64_t at = **version; at < wanted; ++at) {
    if (Result<> stepped = database.execute(steps[static_cast<std::size_t>(at)]); !stepped) return stepped;
  }
  const std::string marks = fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", kApplicationId, wanted);
  if (Result<> marked = database.execute(marks.c_str()); !marked) return marked;
  return transaction->commit();
}

}  // namespace ghostnet::results
