// Reader: what a results file holds, as values. What `ghostnet results` and the report are made from.
//
// Every function is one or a few queries; none keeps anything. Large things (the values of single hosts) are visited
// row by row. A run that is neither finished nor interrupted is `unfinished`: it is under way, or was killed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ghostnet/results/database.hpp"
#include "ghostnet/runtime/histogram.hpp"

namespace ghostnet::results {

using Settings = std::vector<std::pair<std::string, std::string>>;  // path, value

struct RunRow {
  std::int64_t id = 0;
  std::int64_t batch = 0;  // 0: none
  std::string name;
  std::string file;
  std::string mode;
  std::string carrier;
  std::string seed;
  std::int64_t repeat = 0;
  std::string revision;
  Settings parameters;
  Settings sweep_point;
  std::string status;
  std::string error;
  std::string digest;
  std::int64_t started_unix_ms = 0;
  std::int64_t process_id = 0;
  double planned_s = 0;
  double simulated_s = 0;
  double setup_wall_s = 0;
  double wall_s = 0;
  std::int64_t events = 0;
  std::int64_t datagrams = 0;
  std::int64_t peak_rss_bytes = 0;
  std::int64_t hosts = 0;
  std::int64_t samples_dropped = 0;
  std::vector<std::string> warnings;

  bool finished() const { return status == "passed" || status == "failed"; }
};

// A metric over everything (no group, no host), over a group, or over one host.
struct MetricRow {
  std::string name;
  std::string kind;
  std::string unit;
  std::string help;
  std::string group;
  std::int64_t host = -1;
  std::int64_t hosts = 0;       // of a counter or gauge
  std::optional<double> sum{};  // of a counter or gauge
  std::optional<double> min{};
  std::optional<double> max{};
  Histogram histogram{};  // of a histogram
};

struct ExpectationRow {
  std::string expression;
  std::optional<double> value;
  bool held = false;
};

struct EventRow {
  double time_s = 0;
  std::optional<std::int64_t> host;
  std::string kind;
  std::string text;
};

struct Point {
  double time_s;
  double value;
};

// A histogram's gain in a part of the run.
struct WindowRow {
  double from_s = 0;
  double to_s = 0;
  Histogram histogram;
};

struct MessageRow {
  double sent_s = 0;
  std::optional<double> received_s{};  // nothing: lost
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::int64_t bytes = 0;
  std::string kind;
  std::int64_t trace = 0;  // hops of one and the same message share one; 0: not traced
};

struct LinkRow {
  std::int64_t a = 0;
  std::int64_t b = 0;
  std::string kind;
};

struct PositionRow {
  double time_s = 0;
  std::int64_t host = 0;
  double x_m = 0;
  double y_m = 0;
};

// A value of a connection or a wire, of the direction from a to b.
struct LinkSampleRow {
  double time_s = 0;
  std::string kind;
  std::int64_t a = 0;  // -1: the network around the hosts
  std::int64_t b = 0;  // likewise
  std::string metric;
  std::string unit;
  std::optional<double> value{};
};

struct HostRow {
  std::int64_t id = 0;
  std::string name;
  std::string group;
  std::string region;
  std::optional<double> x{};  // longitude, or metres
  std::optional<double> y{};
  bool on_map = false;  // in degrees
};

Result<std::vector<RunRow>> runs(const Database& database);
// not_found where there is no such run.
Result<RunRow> run(const Database& database, std::int64_t id);
Result<std::string> scenario_text(const Database& database, std::int64_t run);
// Over everything and, with `groups`, over groups; by name, then group.
Result<std::vector<MetricRow>> metrics(const Database& database, std::int64_t run, bool groups);
Result<std::vector<ExpectationRow>> expectations(const Database& database, std::int64_t run);
// In order of time, at most `limit`.
Result<std::vector<EventRow>> events(const Database& database, std::int64_t run, std::int64_t limit);
// In order of sending.
Result<> for_each_message(const Database& database, std::int64_t run,
                          const std::function<void(const MessageRow&)>& visit);
// Pairs of hosts that had a link at some time, at most `limit`, each with one kind: those of meshes first, then radio
// and wires, connections, all others.
Result<std::vector<LinkRow>> links(const Database& database, std::int64_t run, std::int64_t limit);
// Pairs of hosts of which one was seen to send to the other, at most `limit`, with the kind of what it sent.
Result<std::vector<LinkRow>> talks(const Database& database, std::int64_t run, std::int64_t limit);
// Of hosts that move, in order of time, then host; where they started is in their HostRow.
Result<> for_each_position(const Database& database, std::int64_t run,
                           const std::function<void(const PositionRow&)>& visit);
// By kind, a, b and metric, then in order of time.
Result<> for_each_link_sample(const Database& database, std::int64_t run,
                              const std::function<void(const LinkSampleRow&)>& visit);
Result<std::vector<HostRow>> hosts(const Database& database, std::int64_t run);
// The sum over all hosts of a counter or gauge, over time.
Result<std::vector<Point>> series(const Database& database, std::int64_t run, const std::string& metric);
Result<std::vector<WindowRow>> windows(const Database& database, std::int64_t run, const std::string& metric);

}  // namespace ghostnet::results
