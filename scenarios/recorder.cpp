#include "ghostnet/scenarios/recorder.hpp"

#include <algorithm>
#include <filesystem>

#include "ghostnet/scenarios/runner.hpp"

namespace ghostnet::scenarios {

Recorder::Recorder(ResultSink& sink, RunWorld& world, const Scenario& scenario)
    : sink_(sink),
      world_(world),
      options_(scenario.record),
      sightings_(sink, world, options_, scenario.run.seed, scenario.run.duration),
      landscape_(sink, world, scenario),
      link_meter_(sink, world, options_, sightings_),
      next_sample_(TimePoint(options_.interval)) {
  const bool all = std::ranges::find(options_.hosts, "all") != options_.hosts.end();
  for (HostId id = 0; id < world.host_count(); ++id) {
    sampled_.push_back(all || std::ranges::find(options_.hosts, world.group_of(id)) != options_.hosts.end());
  }
}

Recorder::~Recorder() { look_away(); }

void Recorder::begin(const RunInfo& run) {
  sink_.begin(run);
  for (HostId id = 0; id < world_.host_count(); ++id) {
    sink_.host({.id = id,
                .name = std::string(world_.host(id).name()),
                .group = world_.group_of(id),
                .region = world_.region_of(id),
                .position = world_.place_of(id)});
  }
  // Readers of the record may stand in another directory than the run.
  if (!options_.logs.empty())
    event("logs", kNoHost, std::filesystem::absolute(options_.logs).lexically_normal().string());
  link_meter_.begin();
  landscape_.begin();
  if (landscape_.moves()) next_look_ = TimePoint(options_.positions);
  world_.observe(&sightings_);
  looks_ = true;
}

void Recorder::look_away() {
  if (!std::exchange(looks_, false)) return;
  world_.observe(nullptr);
  sightings_.finish();
}

// Ids of a hub are dense and in order of first use, so the new ones are those past the last known.
void Recorder::declare_metrics() {
  const MetricHub& hub = world_.metrics();
  const std::size_t count = hub.metrics_by_name().size();
  for (; declared_ < count; ++declared_) {
    const MetricId id{static_cast<std::uint32_t>(declared_)};
    sink_.metric(in_sink(id), hub.info(id));
  }
  begun_.resize(count);
  moved_.resize(count);
  known_.resize(count);
}

void Recorder::sample() {
  const TimePoint now = world_.now();
  if (next_look_ <= now) {
    landscape_.look();
    while (next_look_ <= now) next_look_ += options_.positions;
  }
  if (now < next_sample_) return;
  declare_metrics();
  const std::vector<MetricSnapshot> metrics = world_.metrics().snapshot();
  samples_.clear();
  sample_values(metrics, now);
  if (!samples_.empty()) sink_.samples(samples_);
  sample_histograms(metrics, now);
  link_meter_.sample();
  last_sample_ = now;
  while (next_sample_ <= now) next_sample_ += options_.interval;
}

// While services stop, counters gain what was still under way; levels sink to nothing, which is not the run's.
bool Recorder::has_value(MetricId metric) const {
  const MetricKind kind = world_.metrics().info(metric).kind;
  return kind == MetricKind::counter || (kind == MetricKind::gauge && looks_);
}

// In the order in which they are kept, which spares the store sorting them: by metric, then host, its total last.
void Recorder::sample_values(std::span<const MetricSnapshot> metrics, TimePoint now) {
  const std::span<const MetricId> ids = world_.metrics().metrics_by_name();  // the order of a snapshot
  std::vector<double> sums(declared_);
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const MetricSummary& total = metrics[i].total;
    sums[std::to_underlying(ids[i])] = static_cast<double>(total.sum);
    if (total.min != 0 || total.max != 0) moved_[std::to_underlying(ids[i])] = true;
  }
  const std::vector<bool> of_hosts = sampled_by_host(now);
  for (std::size_t i = 0; i < declared_; ++i) {
    const MetricId metric{static_cast<std::uint32_t>(i)};
    if (!has_value(metric)) continue;
    if (of_hosts[i]) sample_hosts(metric, now);
    samples_.push_back({now, in_sink(metric), kNoHost, sums[i]});
  }
}

void Recorder::sample_hosts(MetricId metric, TimePoint now) {
  std::vector<bool>& begun = begun_[std::to_underlying(metric)];
  begun.resize(world_.host_count());
  world_.metrics().for_each_value(metric, [&](HostId host, std::int64_t value) {
    if (!sampled_[host] || (value == 0 && !begun[host])) return;
    begun[host] = true;
    samples_.push_back({now, in_sink(metric), host, static_cast<double>(value)});
  });
}

// Of which metrics the values of single hosts are taken now: those that were named, or in turn as many as are owed.
std::vector<bool> Recorder::sampled_by_host(TimePoint now) {
  const MetricHub& hub = world_.metrics();
  std::vector<bool> chosen(declared_);
  if (!options_.series.empty()) {
    for (const std::string& name : options_.series) {
      if (const auto metric = hub.find(name)) chosen[std::to_underlying(*metric)] = true;
    }
    return chosen;
  }
  std::vector<MetricId> in_turn;
  for (const MetricId metric : hub.metrics_by_name()) {
    if (has_value(metric) && moved_[std::to_underlying(metric)]) in_turn.push_back(metric);
  }
  if (in_turn.empty()) return chosen;
  constexpr std::int64_t kTurnNs = 1'000'000'000 / kHostSamplesPerSecond;
  owed_ns_ += (now - last_sample_).count();
  for (std::size_t taken = 0; owed_ns_ >= kTurnNs && taken < in_turn.size(); ++taken, owed_ns_ -= kTurnNs) {
    chosen[std::to_underlying(in_turn[turn_++ % in_turn.size()])] = true;
  }
  owed_ns_ = std::min(owed_ns_, kTurnNs - 1);
  return chosen;
}

void Recorder::sample_histograms(std::span<const MetricSnapshot> metrics, TimePoint now) {
  const std::span<const MetricId> ids = world_.metrics().metrics_by_name();
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const Histogram& total = metrics[i].total.histogram;
    Histogram& before = known_[std::to_underlying(ids[i])];
    if (total.count() == before.count()) continue;
    sink_.window({.metric = in_sink(ids[i]), .from = last_sample_, .to = now}, total.since(before));
    before = total;
  }
}

void Recorder::event(std::string_view kind, HostId host, std::string_view text, std::string_view json) {
  sink_.event({.time = world_.now(), .host = host, .kind = kind, .text = text, .json = json});
}

// As the report has them, which leaves out the warm-up, and what hosts have to themselves.
void Recorder::record_totals(const RunReport& report) {
  const MetricHub& hub = world_.metrics();
  for (const MetricSnapshot& metric : report.metrics) {
    const MetricId id = *hub.find(metric.info.name);
    const auto record_summary = [&](const MetricSummary& of) {
      if (metric.info.kind == MetricKind::histogram) {
        sink_.histogram(in_sink(id), of.group, kNoHost, of.histogram);
      } else {
        sink_.total({in_sink(id), of.group, kNoHost, of.hosts, static_cast<double>(of.sum), static_cast<double>(of.min),
                     static_cast<double>(of.max)});
      }
    };
    record_summary(metric.total);
    std::ranges::for_each(metric.groups, record_summary);
    hub.for_each_host_histogram(
        id, [&](HostId host, const Histogram& histogram) { sink_.histogram(in_sink(id), {}, host, histogram); });
  }
}

Result<> Recorder::finish(const RunReport& report, RunOutcome outcome) {
  look_away();
  declare_metrics();
  record_totals(report);
  for (const auto& [text, verdict] : report.expectations) sink_.expectation({text, verdict.value, verdict.held});
  outcome.status = report.status;
  if (report.error) outcome.error = report.error->message();
  outcome.digest = report.digest;
  outcome.simulated = report.simulated;
  outcome.events = report.counters.turns;
  outcome.datagrams = report.counters.datagrams_delivered;
  outcome.warnings = report.warnings;
  for (const FailedRequests& failed : report.failed_requests) outcome.warnings.push_back(failed.text());
  return sink_.finish(outcome);
}

}  // namespace ghostnet::scenarios
