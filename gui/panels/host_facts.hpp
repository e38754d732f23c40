// What is known of one host at an instant: asked on the worker, shown by the HostInspector.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ghostnet/results/inspect.hpp"

namespace ghostnet::gui {

struct HostFacts {
  std::int64_t host = 0;
  std::int64_t time_ns = 0;
  std::optional<results::EventAt> last_change{};  // crash, restart, link_down, link_up
  std::vector<results::LinkAt> links{};           // up at the instant
  std::vector<results::LinkValue> link_values{};  // of links out of the host
  bool run_has_links = false;                     // somebody's
};
Result<HostFacts> host_facts(const results::Database& database, std::int64_t run, std::int64_t host,
                             std::int64_t time_ns);

enum class HostState { up, down, link_down };
HostState state_of(const HostFacts& facts);

// Everything that was sampled of the host, by metric; over the whole run.
using HostHistory = std::map<std::int64_t, std::vector<results::Point>>;
Result<HostHistory> host_history(const results::Database& database, std::int64_t run, std::int64_t host);

// The last value at or before the instant.
std::optional<double> value_at(const std::vector<results::Point>& points, double time_s);

// A host's connection to one peer: what was sampled of it, by metric.
struct Connection {
  std::string kind{};
  std::int64_t peer = 0;
  std::map<std::string, std::pair<double, std::string>> values{};  // by the last part of the name; value, unit
};
// All links of the host but entries of routing tables, with the samples of those that have some; by kind, then peer.
std::vector<Connection> connections_of(const HostFacts& facts);

// Who stands in the host's routing table, from the farthest bucket to the nearest, the oldest first.
struct TableEntry {
  std::int16_t bucket = -1;  // -1: the record does not say
  std::int64_t peer = 0;
  std::int64_t since_ns = 0;
  bool operator==(const TableEntry&) const = default;
};
std::vector<TableEntry> table_of(const HostFacts& facts);
// How many hosts have it in theirs.
std::size_t held_by(const HostFacts& facts);

}  // namespace ghostnet::gui
