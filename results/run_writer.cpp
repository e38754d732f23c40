#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <tuple>

#include "ghostnet/runtime/text.hpp"
#include "run_rows.hpp"
#include "setting_number.hpp"

namespace ghostnet::results {

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string json_object(const Settings& settings) {
  std::string out = "{";
  for (const auto& [path, value] : settings) {
    if (out.size() > 1) out += ',';
    append_json_string(out, path);
    out += ':';
    append_json_string(out, value);
  }
  return out + '}';
}

std::string json_array(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    append_json_string(out, text);
  }
  return out + ']';
}

std::optional<std::int64_t> host_or_null(HostId host) {
  if (host == kNoHost) return std::nullopt;
  return host;
}
std::int64_t host_or_all(HostId host) { return host == kNoHost ? -1 : std::int64_t{host}; }

std::optional<std::string_view> text_or_null(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return text;
}

// What a histogram comes to, for those who do not read its buckets.
struct Summary {
  explicit Summary(const Histogram& h) : count(static_cast<std::int64_t>(h.count())) {
    if (h.empty()) return;
    mean = static_cast<double>(h.sum()) / static_cast<double>(h.count());
    min = static_cast<double>(h.min());
    p50 = static_cast<double>(h.percentile(50));
    p90 = static_cast<double>(h.percentile(90));
    p99 = static_cast<double>(h.percentile(99));
    max = static_cast<double>(h.max());
  }
  std::int64_t count;
  std::optional<double> mean, min, p50, p90, p99, max;
};

}  // namespace

std::size_t RunRows::size() const {
  return hosts.size() + metrics.size() + samples.size() + windows.size() + histograms.size() + events.size() +
         links.size() + messages.size() + positions.size() + link_samples.size() + totals.size() + expectations.size() +
         (outcome ? 1 : 0);
}

void RunRows::clear() {
  const std::uint64_t dropped = samples_dropped;
  std::vector<Sample> kept = std::move(samples);
  *this = {};
  samples_dropped = dropped;
  kept.clear();
  samples = std::move(kept);  // the one that is filled again and again keeps its memory
}

Result<Statement*> RunWriter::statement(const char* sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return &found->second;
  Result<Statement> prepared = database_.prepare(sql);
  if (!prepared) return fail(std::move(prepared));
  return &statements_.emplace(sql, std::move(*prepared)).first->second;
}

template <class Item, class Read, class... Values>
Result<> RunWriter::insert(const char* sql, std::span<const Item> items, Read read, const Values&... values) {
  if (items.empty()) return {};
  Result<Statement*> insert = statement(sql);
  if (!insert) return fail(std::move(insert));
  feed_.hold(items, read);
  return (*insert)->run_with(values...);
}

std::int64_t RunWriter::metric_id(MetricId metric) const {
  const std::size_t at = std::to_underlying(metric);
  if (at >= metric_ids_.size() || metric_ids_[at] == 0) {
    throw std::logic_error("results: a record names a metric that was not declared");
  }
  return metric_ids_[at];
}

// ---- the beginning ----

Result<std::int64_t> RunWriter::begin(const RunInfo& run) {
  if (Result<> offered = feed_.offer_to(database_); !offered) return fail(std::move(offered));
  Result<Transaction> transaction = Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction));
  Result<std::int64_t> id = enter_run(run);
  if (!id) return id;
  run_id_ = *id;
  if (Result<> entered = enter_parameters(run); !entered) return fail(std::move(entered));
  if (Result<> committed = transaction->commit(); !committed) return fail(std::move(committed));
  return run_id_;
}

Result<std::int64_t> RunWriter::enter_run(const RunInfo& run) {
  Result<std::optional<std::int64_t>> batch = enter_batch();
  if (!batch) return fail(std::move(batch));
  Result<std::int64_t> scenario = enter_scenario(run);
  if (!scenario) return scenario;
  Result<Statement*> insert = statement(
      "INSERT INTO runs (batch_id, scenario_id, name, mode, carrier, seed, repeat, revision, parameters, sweep_point, "
      "started_unix_ms, process_id, planned_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
  if (!insert) return fail(std::move(insert));
  const std::string seed = fmt::format("{}", run.seed);
  const std::string parameters = json_object(run.parameters);
  std::optional<std::string> point;
  if (!run.sweep_point.empty()) point = json_object(run.sweep_point);
  Result<> inserted = (*insert)->run_with(*batch, *scenario, run.name, run.mode, run.carrier, seed, run.repeat,
                                          run.revision, parameters, point, unix_ms(), getpid(), run.planned.count());
  if (!inserted) return fail(std::move(inserted));
  return database_.last_insert_id();
}

Result<std::optional<std::int64_t>> RunWriter::enter_batch() {
  if (options_.batch.empty()) return std::optional<std::int64_t>{};
  Result<Statement*> insert =
      statement("INSERT INTO batches (label, command, started_unix_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING");
  if (!insert) return fail(std::move(insert));
  if (Result<> done = (*insert)->run_with(options_.batch, options_.command, unix_ms()); !done) return fail(done);
  Result<Statement*> find = statement("SELECT batch_id FROM batches WHERE label = ?1");
  if (!find) return fail(std::move(find));
  Result<bool> found = (*find)->bind(options_.batch).step();
  if (!found) return fail(std::move(found));
  const std::int64_t id = (*find)->integer(0);
  (*find)->reset();
  return id;
}

Result<std::int64_t> RunWriter::enter_scenario(const RunInfo& run) {
  Result<Statement*> insert = statement("INSERT INTO scenarios (file, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING");
  if (!insert) return fail(std::move(insert));
  if (Result<> done = (*insert)->run_with(run.scenario_file, run.scenario_text); !done) return fail(done);
  Result<Statement*> find = statement("SELECT scenario_id FROM scenarios WHERE file = ?1 AND text = ?2");
  if (!find) return fail(std::move(find));
  Result<bool> found = (*find)->bind(run.scenario_file, run.scenario_text).step();
  if (!found) return fail(std::move(found));
  const std::int64_t id = (*find)->integer(0);
  (*find)->reset();
  return id;
}

Result<> RunWriter::enter_parameters(const RunInfo& run) {
  Result<Statement*> insert = statement(
      "INSERT OR REPLACE INTO run_parameters (run_id, path, value, number, swept) VALUES (?1, ?2, ?3, ?4, ?5)");
  if (!insert) return fail(std::move(insert));
  for (const auto& [path, value] : run.parameters) {
    const bool swept = std::ranges::any_of(run.sweep_point, [&](const auto& set) { return set.first == path; });
    if (Result<> done = (*insert)->run_with(run_id_, path, value, setting_number(value), swept); !done) return done;
  }
  return {};
}

// ---- batches ----

Result<> RunWriter::write(RunRows& rows) {
  Result<Transaction> transaction = Transaction::begin(database_);
  if (!transaction) return fail(std::move(transaction));
  if (Result<> written = write_rows(rows); !written) return written;
  return transaction->commit();
}

Result<> RunWriter::write_rows(RunRows& rows) {
  Result<> done = write_hosts(rows.hosts);
  if (done) done = write_metrics(rows.metrics);
  if (done) done = write_samples(rows.samples);
  if (done) done = write_windows(rows.windows);
  if (done) done = write_events(rows.events);
  if (done) done = write_links(rows.links);
  if (done) done = write_messages(rows.messages);
  if (done) done = write_positions(rows.positions);
  if (done) done = write_link_samples(rows.link_samples);
  if (done) done = write_histograms(rows.histograms);
  if (done) done = write_totals(rows.totals);
  if (done) done = write_expectations(rows.expectations);
  if (done) done = write_progress(rows);
  if (done && rows.outcome) done = write_outcome(*rows.outcome);
  return done;
}

Result<> RunWriter::write_hosts(const std::vector<HostInfo>& hosts) {
  if (hosts.empty()) return {};
  Result<> done = insert(
      "INSERT INTO hosts (run_id, host_id, name, group_name, region, longitude, latitude, x_m, y_m) "
      "SELECT ?1, c1, c2, c3, c4, c5, c6, c7, c8 FROM row_feed WHERE true ON CONFLICT DO NOTHING",
      std::span(hosts),
      [](const HostInfo& host, RowFeed::Row& row) {
        std::optional<double> longitude, latitude, x_m, y_m;
        if (const auto* map = std::get_if<OnMap>(&host.position)) longitude = map->longitude, latitude = map->latitude;
        if (const auto* plane = std::get_if<OnPlane>(&host.position)) x_m = plane->x_m, y_m = plane->y_m;
        row.set(host.id, host.name, host.group, text_or_null(host.region), longitude, latitude, x_m, y_m);
      },
      run_id_);
  if (!done) return done;
  Result<Statement*> count = statement("UPDATE runs SET hosts = hosts + ?2 WHERE run_id = ?1");
  if (!count) return fail(std::move(count));
  return (*count)->run_with(run_id_, hosts.size());
}

Result<> RunWriter::write_metrics(const std::vector<std::pair<MetricId, MetricInfo>>& metrics) {
  if (metrics.empty()) return {};
  Result<Statement*> insert = statement(
      "INSERT INTO metrics (name, kind, unit, help) VALUES (?1, ?2, ?3, ?4) "
      "ON CONFLICT DO UPDATE SET help = excluded.help WHERE help <> excluded.help");
  if (!insert) return fail(std::move(insert));
  Result<Statement*> find = statement("SELECT metric_id FROM metrics WHERE name = ?1 AND kind = ?2 AND unit = ?3");
  if (!find) return fail(std::move(find));
  for (const auto& [id, info] : metrics) {
    if (Result<> done = (*insert)->run_with(info.name, to_string(info.kind), info.unit, info.help); !done) return done;
    Result<bool> found = (*find)->bind(info.name, to_string(info.kind), info.unit).step();
    if (!found) return fail(std::move(found));
    const std::size_t at = std::to_underlying(id);
    if (at >= metric_ids_.size()) {
      metric_ids_.resize(at + 1);
      last_frame_.resize(at + 1);
    }
    metric_ids_[at] = (*find)->integer(0);
    (*find)->reset();
  }
  return {};
}

Result<std::int64_t> RunWriter::frame(MetricId metric, std::int64_t time_ns) {
  const std::int64_t id = metric_id(metric);
  std::optional<Frame>& last = last_frame_[std::to_underlying(metric)];
  if (last && last->time_ns == time_ns) return last->id;
  if (last && last->time_ns > time_ns) {
    // A straggler: its frame may be there.
    Result<Statement*> find =
        statement("SELECT frame_id FROM frames WHERE run_id = ?1 AND metric_id = ?2 AND time_ns = ?3");
    if (!find) return fail(std::move(find));
    Result<bool> found = (*find)->bind(run_id_, id, time_ns).step();
    if (!found) return fail(std::move(found));
    const std::int64_t known = *found ? (*find)->integer(0) : 0;
    (*find)->reset();
    if (known != 0) return known;
  }
  Result<Statement*> insert = statement("INSERT INTO frames (run_id, metric_id, time_ns) VALUES (?1, ?2, ?3)");
  if (!insert) return fail(std::move(insert));
  if (Result<> done = (*insert)->run_with(run_id_, id, time_ns); !done) return fail(std::move(done));
  const std::int64_t made = database_.last_insert_id();
  if (!last || last->time_ns < time_ns) last = Frame{time_ns, made};
  return made;
}

Result<> RunWriter::write_samples(std::vector<Sample>& samples) {
  if (samples.empty()) return {};
  const auto key = [](const Sample& s) { return std::tuple(s.time, s.metric, s.host); };
  if (!std::ranges::is_sorted(samples, {}, key)) std::ranges::sort(samples, {}, key);
  for (auto at = samples.begin(); at != samples.end();) {
    const auto end = std::find_if(
        at, samples.end(), [&](const Sample& each) { return each.time != at->time || each.metric != at->metric; });
    if (Result<> written = write_frame({at, end}); !written) return written;
    at = end;
  }
  reached_ns_ = std::max(reached_ns_, to_ns(samples.back().time));
  return {};
}

Result<> RunWriter::write_frame(std::span<const Sample> samples) {
  Result<std::int64_t> frame_id = frame(samples.front().metric, to_ns(samples.front().time));
  if (!frame_id) return fail(std::move(frame_id));
  // The value of no host is that of all; it comes last.
  const auto total = std::ranges::lower_bound(samples, kNoHost, {}, &Sample::host);
  Result<> done = insert(
      "INSERT INTO samples (frame_id, host_id, value) SELECT ?1, c1, c2 FROM row_feed WHERE true "
      "ON CONFLICT DO UPDATE SET value = excluded.value",
      std::span<const Sample>(samples.begin(), total),
      [](const Sample& sample, RowFeed::Row& row) { row.set(sample.host, sample.value); }, *frame_id);
  if (!done) return done;
  if (total == samples.end()) return {};
  Result<Statement*> update = statement("UPDATE frames SET total = ?2 WHERE frame_id = ?1");
  if (!update) return fail(std::move(update));
  return (*update)->run_with(*frame_id, samples.back().value);
}

Result<> RunWriter::write_windows(const std::vector<RunRows::HistogramRow>& rows) {
  if (rows.empty()) return {};
  Result<Statement*> insert = statement(
      "INSERT OR REPLACE INTO windows (run_id, metric_id, group_name, from_ns, to_ns, count, mean, min, p50, p90, p99, "
      "max, buckets) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
  if (!insert) return fail(std::move(insert));
  std::vector<std::uint8_t> bytes;
  for (const RunRows::HistogramRow& row : rows) {
    const Summary s(row.histogram);
    bytes.clear();
    row.histogram.serialize(bytes);
    Result<> done = (*insert)->run_with(run_id_, metric_id(row.metric), row.group, row.from_ns, row.to_ns, s.count,
                                        s.mean, s.min, s.p50, s.p90, s.p99, s.max, ByteView(bytes));
    if (!done) return done;
    reached_ns_ = std::max(reached_ns_, row.to_ns);
  }
  return {};
}

Result<> RunWriter::write_histograms(const std::vector<RunRows::HistogramRow>& rows) {
  if (rows.empty()) return {};
  Result<Statement*> insert = statement(
      "INSERT OR REPLACE INTO histograms (run_id, metric_id, group_name, host_id, count, mean, min, p50, p90, p99, "
      "max, "
      "buckets) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");
  if (!insert) return fail(std::move(insert));
  std::vector<std::uint8_t> bytes;
  for (const RunRows::HistogramRow& row : rows) {
    const Summary s(row.histogram);
    bytes.clear();
    row.histogram.serialize(bytes);
    Result<> done = (*insert)->run_with(run_id_, metric_id(row.metric), row.group, host_or_all(row.host), s.count,
                                        s.mean, s.min, s.p50, s.p90, s.p99, s.max, ByteView(bytes));
    if (!done) return done;
  }
  return {};
}

Result<> RunWriter::write_events(std::vector<RunRows::EventRow>& rows) {
  for (RunRows::EventRow& row : rows) row.number = ++events_written_;
  std::ranges::sort(rows, {}, [](const RunRows::EventRow& row) { return std::tuple(row.time, row.number); });
  return insert(
      "INSERT INTO events (run_id, time_ns, number, host_id, kind, text, fields) "
      "SELECT ?1, c1, c2, c3, c4, c5, c6 FROM row_feed",
      std::span<const RunRows::EventRow>(rows),
      [](const RunRows::EventRow& event, RowFeed::Row& row) {
        row.set(to_ns(event.time), event.number, host_or_null(event.host), event.kind, event.text,
                text_or_null(event.json));
      },
      run_id_);
}

Result<> RunWriter::write_links(std::vector<RunRows::LinkRow>& rows) {
  if (rows.empty()) return {};
  Result<Statement*> down = statement(
      "UPDATE links SET until_ns = ?5 WHERE run_id = ?1 AND kind = ?2 AND a = ?3 AND b = ?4 AND "
      "until_ns IS NULL AND fields IS ?6");
  if (!down) return fail(std::move(down));
  // In their order, since one that goes down may have come up just before, and come up again after.
  for (auto at = rows.begin(); at != rows.end();) {
    const auto up_end = std::find_if(at, rows.end(), [](const RunRows::LinkRow& row) { return !row.up; });
    for (RunRows::LinkRow& row : std::span(at, up_end)) row.number = ++links_written_;
    if (Result<> done = write_links_up({at, up_end}); !done) return done;
    at = up_end;
    for (; at != rows.end() && !at->up; ++at) {
      Result<> done = (*down)->run_with(run_id_, at->kind, host_or_all(at->a), host_or_all(at->b), to_ns(at->time),
                                        text_or_null(at->json));
      if (!done) return done;
    }
  }
  return {};
}

Result<> RunWriter::write_links_up(std::span<const RunRows::LinkRow> rows) {
  return insert(
      "INSERT INTO links (run_id, since_ns, number, kind, a, b, fields) "
      "SELECT ?1, c1, c2, c3, c4, c5, c6 FROM row_feed",
      rows,
      [](const RunRows::LinkRow& link, RowFeed::Row& row) {
        row.set(to_ns(link.time), link.number, link.kind, host_or_all(link.a), host_or_all(link.b),
                text_or_null(link.json));
      },
      run_id_);
}

Result<> RunWriter::write_messages(std::vector<RunRows::MessageRow>& rows) {
  for (RunRows::MessageRow& row : rows) row.number = ++messages_written_;
  std::ranges::sort(rows, {}, [](const RunRows::MessageRow& row) { return std::tuple(row.sent, row.number); });
  return insert(
      "INSERT INTO messages (run_id, sent_ns, number, received_ns, from_host, to_host, bytes, kind, trace) "
      "SELECT ?1, c1, c2, c3, c4, c5, c6, c7, c8 FROM row_feed",
      std::span<const RunRows::MessageRow>(rows),
      [](const RunRows::MessageRow& message, RowFeed::Row& row) {
        row.set(to_ns(message.sent), message.number, message.received.transform(to_ns), message.from, message.to,
                message.bytes, message.kind, message.trace);
      },
      run_id_);
}

Result<> RunWriter::write_positions(std::vector<HostPosition>& rows) {
  std::ranges::sort(rows, {}, [](const HostPosition& row) { return std::tuple(row.time, row.host); });
  return insert(
      "INSERT OR REPLACE INTO positions (run_id, time_ns, host_id, x_m, y_m) SELECT ?1, c1, c2, c3, c4 FROM row_feed",
      std::span<const HostPosition>(rows),
      [](const HostPosition& position, RowFeed::Row& row) {
        row.set(to_ns(position.time), position.host, position.at.x_m, position.at.y_m);
      },
      run_id_);
}

Result<> RunWriter::write_link_samples(std::vector<RunRows::LinkSampleRow>& rows) {
  if (rows.empty()) return {};
  std::ranges::sort(rows, {}, [](const RunRows::LinkSampleRow& row) {
    return std::tie(row.kind, row.a, row.b, row.metric, row.time);
  });
  Result<Statement*> insert = statement(
      "INSERT OR REPLACE INTO link_samples (run_id, time_ns, kind, a, b, metric_id, value) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  if (!insert) return fail(std::move(insert));
  for (const RunRows::LinkSampleRow& row : rows) {
    Result<> done = (*insert)->run_with(run_id_, to_ns(row.time), row.kind, host_or_all(row.a), host_or_all(row.b),
                                        metric_id(row.metric), row.value);
    if (!done) return done;
  }
  return {};
}

Result<> RunWriter::write_totals(const std::vector<RunRows::TotalRow>& rows) {
  if (rows.empty()) return {};
  Result<Statement*> insert = statement(
      "INSERT OR REPLACE INTO totals (run_id, metric_id, group_name, host_id, hosts, sum, min, max) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  if (!insert) return fail(std::move(insert));
  for (const auto& [total, group] : rows) {
    Result<> done = (*insert)->run_with(run_id_, metric_id(total.metric), group, host_or_all(total.host), total.hosts,
                                        total.sum, total.min, total.max);
    if (!done) return done;
  }
  return {};
}

Result<> RunWriter::write_expectations(const std::vector<Expectation>& rows) {
  if (rows.empty()) return {};
  Result<Statement*> insert =
      statement("INSERT INTO expectations (run_id, number, expression, value, held) VALUES (?1, ?2, ?3, ?4, ?5)");
  if (!insert) return fail(std::move(insert));
  for (const Expectation& row : rows) {
    Result<> done = (*insert)->run_with(run_id_, ++expectations_written_, row.expression, row.value, row.held);
    if (!done) return done;
  }
  return {};
}

Result<> RunWriter::write_progress(const RunRows& rows) {
  Result<Statement*> update =
      statement("UPDATE runs SET simulated_ns = max(simulated_ns, ?2), samples_dropped = ?3 WHERE run_id = ?1");
  if (!update) return fail(std::move(update));
  return (*update)->run_with(run_id_, reached_ns_, rows.samples_dropped);
}

Result<> RunWriter::write_outcome(const RunOutcome& outcome) {
  Result<Statement*> update = statement(
      "UPDATE runs SET status = ?2, error = ?3, digest = ?4, simulated_ns = ?5, setup_wall_s = ?6, wall_s = ?7, "
      "events = ?8, datagrams = ?9, peak_rss_bytes = ?10, warnings = ?11 WHERE run_id = ?1");
  if (!update) return fail(std::move(update));
  const auto seconds = [](Duration time) { return static_cast<double>(time.count()) / 1e9; };
  std::optional<std::string> digest;
  if (outcome.digest) digest = fmt::format("{:016x}", *outcome.digest);
  const std::string warnings = json_array(outcome.warnings);
  return (*update)->run_with(run_id_, to_string(outcome.status), text_or_null(outcome.error), digest,
                             outcome.simulated.count(), seconds(outcome.setup_wall), seconds(outcome.wall),
                             outcome.events, outcome.datagrams, outcome.peak_rss_bytes, warnings);
}

}  // namespace ghostnet::results
