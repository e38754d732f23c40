// Inspect: what a results file knows of one host, one link, one message or one group. What a visualizer's panels show.
//
// Every function is one query, bounded by what it is asked about or by `limit`. Hosts are ids of the run's world,
// instants nanoseconds since the run began.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/results/database.hpp"
#include "ghostnet/results/moments.hpp"
#include "ghostnet/results/reader.hpp"

namespace ghostnet::results {

// ---- Events ----

struct EventFilter {
  std::string kind{};                 // empty: all
  std::string words{};                // in the name of the host, kind, text or fields; letters of ASCII in either case
  std::vector<std::int64_t> hosts{};  // empty: all, and what is of no host
};
struct EventsAround {
  std::vector<EventAt> events{};  // in order of time
  bool more_before = false;       // than `limit` passed the filter
  bool more_after = false;
};
// Those that pass the filter: `limit` of them up to the instant, and as many after it.
Result<EventsAround> events_around(const Database& database, std::int64_t run, const EventFilter& filter,
                                   std::int64_t time_ns, std::int64_t limit);
// Among the first `limit` events of the run.
Result<std::vector<std::string>> event_kinds(const Database& database, std::int64_t run, std::int64_t limit);

// Where the files with the logs of the run's hosts are; empty: none were kept.
Result<std::string> log_directory(const Database& database, std::int64_t run);

// ---- One host ----

struct HostSample {
  std::int64_t metric_id = 0;
  double time_s = 0;
  double value = 0;
};
// All that was sampled of the host, by metric, then in order of time.
Result<std::vector<HostSample>> samples_of_host(const Database& database, std::int64_t run, std::int64_t host);
// Those links of the host that are up at the instant, in order of when they came up.
Result<std::vector<LinkAt>> links_of_host(const Database& database, std::int64_t run, std::int64_t host,
                                          std::int64_t time_ns, std::int64_t limit);
// The last event of one of these kinds that concerns the host, at or before the instant.
Result<std::optional<EventAt>> last_event_of_host(const Database& database, std::int64_t run, std::int64_t host,
                                                  const std::vector<std::string>& kinds, std::int64_t time_ns);

// ---- One link ----

struct LinkValue {
  std::string kind{};
  std::int64_t a = 0;
  std::int64_t b = 0;
  std::string metric{};
  std::string unit{};
  std::optional<double> value{};
};
// The last sample of each metric of each link out of the host, at or before the instant.
Result<std::vector<LinkValue>> link_values_of_host(const Database& database, std::int64_t run, std::int64_t host,
                                                   std::int64_t time_ns);
// When it was up, and its fields: links of a kind between two hosts, in whichever direction they were declared.
Result<std::vector<LinkAt>> link_history(const Database& database, std::int64_t run, const std::string& kind,
                                         std::int64_t a, std::int64_t b, std::int64_t limit);
struct LinkSeries {
  std::string metric{};
  std::string unit{};
  std::vector<Point> points{};
};
// What was sampled of the direction from a to b, by metric.
Result<std::vector<LinkSeries>> link_series(const Database& database, std::int64_t run, const std::string& kind,
                                            std::int64_t a, std::int64_t b);

// ---- Messages ----

// A message that was followed hop by hop, in short; moments.hpp has its hops.
struct TraceSummary {
  std::int64_t trace = 0;
  std::string kind{};
  std::int64_t from = 0;  // who sent the first hop
  std::int64_t bytes = 0;
  std::int64_t sent_ns = 0;
  std::int64_t last_reached_ns = 0;  // when the last of the hosts had it
  std::int64_t hops = 0;
  std::int64_t reached = 0;  // hosts, other than the first
  std::int64_t lost = 0;     // hops that did not arrive
};
// In order of sending.
Result<std::vector<TraceSummary>> trace_summaries(const Database& database, std::int64_t run, std::int64_t limit);

// ---- A metric over time ----

// Of the hosts of a group (all, when empty) that were sampled at an instant.
struct Spread {
  double time_s = 0;
  std::int64_t hosts = 0;
  double mean = 0;
  double min = 0;
  double max = 0;
};
// Of so many parts of the run as are asked for, each by its last frame.
Result<std::vector<Spread>> spread_over_hosts(const Database& database, std::int64_t run, std::int64_t metric_id,
                                              const std::string& group, std::size_t parts);
Result<std::vector<Point>> series_of_host(const Database& database, std::int64_t run, std::int64_t metric_id,
                                          std::int64_t host);
// visit(time in s, host, value), in order of time, then host, of so many parts of the run as are asked for, each by its
// last frame: a run may hold more samples than anybody can wait for.
Result<> for_each_sample(const Database& database, std::int64_t run, std::int64_t metric_id, std::size_t parts,
                         const std::function<void(double, std::int64_t, double)>& visit);

// Faults that begin and end, in order of time.
Result<std::vector<EventAt>> fault_changes(const Database& database, std::int64_t run, std::int64_t limit);

struct Percentiles {
  double from_s = 0;
  double to_s = 0;
  std::int64_t count = 0;
  double p50 = 0;
  double p90 = 0;
  double p99 = 0;
  double max = 0;
};
// Of what a histogram gained, part by part of the run; of a group or, when empty, of everything.
Result<std::vector<Percentiles>> percentiles_over_time(const Database& database, std::int64_t run,
                                                       std::int64_t metric_id, const std::string& group);
// All that a histogram has, of a group or of everything; of a run under way, as far as it was written.
Result<Histogram> histogram_of(const Database& database, std::int64_t run, std::int64_t metric_id,
                               const std::string& group);

}  // namespace ghostnet::results
