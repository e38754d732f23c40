#include "panels/host_facts.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "ghostnet/gui/scene/moment.hpp"

namespace ghostnet::gui {

namespace {

constexpr std::int64_t kMaxLinks = 5'000;

std::string last_part(const std::string& name) { return name.substr(name.rfind('.') + 1); }

bool is_entry(const results::LinkAt& link) { return link.kind == "dht"; }

}  // namespace

Result<HostFacts> host_facts(const results::Database& database, std::int64_t run, std::int64_t host,
                             std::int64_t time_ns) {
  HostFacts facts{.host = host, .time_ns = time_ns};
  auto change = results::last_event_of_host(database, run, host, {"crash", "restart", "link_down", "link_up"}, time_ns);
  if (!change) return fail(std::move(change));
  facts.last_change = std::move(*change);
  auto links = results::links_of_host(database, run, host, time_ns, kMaxLinks);
  if (!links) return fail(std::move(links));
  facts.links = std::move(*links);
  facts.run_has_links = !facts.links.empty();
  if (!facts.run_has_links) {
    auto any = results::links(database, run, 1);
    if (!any) return fail(std::move(any));
    facts.run_has_links = !any->empty();
  }
  auto values = results::link_values_of_host(database, run, host, time_ns);
  if (!values) return fail(std::move(values));
  facts.link_values = std::move(*values);
  return facts;
}

HostState state_of(const HostFacts& facts) {
  if (!facts.last_change) return HostState::up;
  if (facts.last_change->kind == "crash") return HostState::down;
  return facts.last_change->kind == "link_down" ? HostState::link_down : HostState::up;
}

Result<HostHistory> host_history(const results::Database& database, std::int64_t run, std::int64_t host) {
  auto samples = results::samples_of_host(database, run, host);
  if (!samples) return fail(std::move(samples));
  HostHistory history;
  for (const results::HostSample& sample : *samples) history[sample.metric_id].push_back({sample.time_s, sample.value});
  return history;
}

std::optional<double> value_at(const std::vector<results::Point>& points, double time_s) {
  const auto after = std::ranges::upper_bound(points, time_s, {}, &results::Point::time_s);
  return after == points.begin() ? std::nullopt : std::optional(std::prev(after)->value);
}

std::vector<Connection> connections_of(const HostFacts& facts) {
  std::map<std::pair<std::string, std::int64_t>, Connection> all;
  for (const results::LinkAt& link : facts.links) {
    if (is_entry(link)) continue;
    const std::int64_t peer = link.a == facts.host ? link.b : link.a;
    all.try_emplace({link.kind, peer}, Connection{.kind = link.kind, .peer = peer});
  }
  for (const results::LinkValue& value : facts.link_values) {
    // Samples of a connection that has ended say nothing of this instant.
    const auto found = all.find({value.kind, value.b});
    if (found == all.end() || !value.value) continue;
    found->second.values[last_part(value.metric)] = {*value.value, value.unit};
  }
  std::vector<Connection> connections;
  for (auto& [key, connection] : all) connections.push_back(std::move(connection));
  return connections;
}

std::vector<TableEntry> table_of(const HostFacts& facts) {
  std::vector<TableEntry> table;
  for (const results::LinkAt& link : facts.links) {
    if (is_entry(link) && link.a == facts.host) table.push_back({bucket_in(link.fields), link.b, link.since_ns});
  }
  std::ranges::sort(table, {},
                    [](const TableEntry& entry) { return std::tuple(entry.bucket, entry.since_ns, entry.peer); });
  return table;
}

std::size_t held_by(const HostFacts& facts) {
  return static_cast<std::size_t>(std::ranges::count_if(
      facts.links, [&](const results::LinkAt& link) { return is_entry(link) && link.b == facts.host; }));
}

}  // namespace ghostnet::gui
