#include "ghostnet/scenarios/graph_file.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <queue>
#include <set>
#include <vector>

#include "ghostnet/scenarios/gml.hpp"
#include "ghostnet/scenarios/shadow_units.hpp"

namespace ghostnet::scenarios {

namespace {

struct Edge {
  std::size_t from;
  std::size_t to;
  Duration latency{};
  Duration jitter{};
  Probability loss;
  std::uint64_t bandwidth_bps = 0;
  Position at;
};

std::string cut(std::string_view text) { return std::string(text.substr(0, 60)); }

class GraphReader {
 public:
  explicit GraphReader(const std::vector<GmlEntry>& file) : file_(file) {}

  std::expected<GraphFile, Diagnostic> read(std::size_t max_regions, std::size_t max_routers, std::size_t max_links) {
    const auto graph =
        std::ranges::find_if(file_, [](const GmlEntry& entry) { return entry.key == "graph" && entry.list; });
    if (graph == file_.end()) return std::unexpected(diagnostic({}, "expected `graph [`"));
    const GmlEntry* directed = graph->find("directed");
    directed_ = directed != nullptr && directed->text == "1";
    for (const GmlEntry& entry : graph->entries) {
      if (entry.key == "node" && entry.list) read_node(entry);
    }
    for (const GmlEntry& entry : graph->entries) {
      if (entry.key == "edge" && entry.list && !wrong_) read_edge(entry);
    }
    if (nodes_.empty()) complain(graph->at, "a graph has at least one node");
    GraphFile result;
    const bool queues = std::ranges::any_of(edges_, [](const Edge& edge) { return edge.bandwidth_bps != 0; });
    if (!wrong_ && queues) make_routers(result.graph, max_routers, max_links);
    if (!wrong_ && !queues) make_regions(result.regions, max_regions);
    if (wrong_) return std::unexpected(*wrong_);
    return result;
  }

 private:
  struct GraphNode {
    std::string id;
    std::string label;
    std::uint64_t up_bps = 0;
    std::uint64_t down_bps = 0;
  };

  static Diagnostic diagnostic(Position at, std::string message) {
    return {.file = {}, .at = at, .key = {}, .message = std::move(message)};
  }
  void complain(Position at, std::string message) {
    if (!wrong_) wrong_ = diagnostic(at, std::move(message));
  }

  void read_node(const GmlEntry& entry) {
    const GmlEntry* id = entry.find("id");
    if (id == nullptr) return complain(entry.at, "a node without an id");
    if (!numbers_.emplace(id->text, nodes_.size()).second) {
      return complain(id->at, fmt::format("a second node of id {}", cut(id->text)));
    }
    GraphNode node{.id = id->text, .label = {}};
    if (const GmlEntry* label = entry.find("label")) node.label = label->text;
    // Before its version 3 Shadow called them without `host_`.
    node.up_bps = read_rate(entry, entry.find("bandwidth_up") != nullptr ? "bandwidth_up" : "host_bandwidth_up");
    node.down_bps =
        read_rate(entry, entry.find("bandwidth_down") != nullptr ? "bandwidth_down" : "host_bandwidth_down");
    nodes_.push_back(std::move(node));
  }

  std::uint64_t read_rate(const GmlEntry& entry, std::string_view key) {
    const GmlEntry* written = entry.find(key);
    if (written == nullptr) return 0;
    Result<DataRate> rate = parse_shadow_rate(written->text);
    if (rate && rate->bits_per_second != 0 && rate->bits_per_second <= link::kMaxRateBps) return rate->bits_per_second;
    complain(written->at, fmt::format("{}: '{}' is no bandwidth, such as \"100 Mbit\"", key, cut(written->text)));
    return 0;
  }

  Duration read_time(const GmlEntry& entry, std::string_view key) {
    const GmlEntry* written = entry.find(key);
    if (written == nullptr) return {};
    Result<Duration> time = parse_shadow_time(written->text);
    if (time && *time >= 0ns && *time <= 1h) return *time;
    complain(written->at, fmt::format("{}: '{}' is no time from 0 to 1 h, such as \"10 ms\"", key, cut(written->text)));
    return {};
  }

  std::optional<std::size_t> read_end(const GmlEntry& entry, std::string_view key) {
    const GmlEntry* written = entry.find(key);
    if (written == nullptr) {
      complain(entry.at, fmt::format("an edge without a {}", key));
      return std::nullopt;
    }
    const auto node = numbers_.find(written->text);
    if (node != numbers_.end()) return node->second;
    complain(written->at, fmt::format("{}: there is no node of id {}", key, cut(written->text)));
    return std::nullopt;
  }

  void read_edge(const GmlEntry& entry) {
    const std::optional<std::size_t> from = read_end(entry, "source");
    const std::optional<std::size_t> to = read_end(entry, "target");
    if (!from || !to) return;
    if (entry.find("latency") == nullptr) return complain(entry.at, "an edge without a latency");
    Edge edge{.from = *from, .to = *to, .loss = {}, .at = entry.at};
    edge.latency = read_time(entry, "latency");
    edge.jitter = read_time(entry, "jitter");
    edge.bandwidth_bps = read_rate(entry, "bandwidth");
    if (const GmlEntry* loss = entry.find("packet_loss")) {
      Result<Probability> share = parse_fraction(loss->text);
      if (!share) return complain(loss->at, fmt::format("packet_loss: '{}' is none from 0 to 1", cut(loss->text)));
      edge.loss = *share;
    }
    edges_.push_back(edge);
  }

  // Labels where they name each node, else ids.
  std::vector<std::string> names() const {
    std::set<std::string_view> labels;
    for (const GraphNode& node : nodes_) {
      if (!node.label.empty()) labels.insert(node.label);
    }
    std::vector<std::string> names;
    for (const GraphNode& node : nodes_) names.push_back(labels.size() == nodes_.size() ? node.label : node.id);
    return names;
  }

  void make_routers(sim::GraphSpec& graph, std::size_t max_routers, std::size_t max_links) {
    if (nodes_.size() > max_routers) return complain({}, fmt::format("more than {} nodes", max_routers));
    if (edges_.size() > max_links) return complain({}, fmt::format("more than {} edges", max_links));
    if (directed_) return complain({}, "edges with a bandwidth are used in both directions: expected `directed 0`");
    graph.routers = names();
    for (const Edge& edge : edges_) {
      if (edge.from == edge.to) {
        return complain(edge.at, "an edge from a node to itself, in a graph of links with bandwidths");
      }
      link::LinkParams link{.rate_bps = edge.bandwidth_bps, .delay = edge.latency, .jitter = edge.jitter};
      link.loss = edge.loss;
      if (Result<> valid = link.validate(); !valid) return complain(edge.at, std::string(valid.error().message()));
      graph.edges.push_back({graph.routers[edge.from], graph.routers[edge.to], link});
    }
  }

  // The shortest path from each node to each, by latency; to itself by an edge that says so, or else at once.
  void make_regions(sim::RegionsSpec& regions, std::size_t max_regions) {
    const std::size_t count = nodes_.size();
    if (count > max_regions)
      return complain({}, fmt::format("more than {} nodes without links of a bandwidth", max_regions));
    const std::vector<std::string> all = names();
    for (std::size_t i = 0; i < count; ++i) {
      regions.regions.push_back(
          {.name = all[i], .weight = 1, .up_bps = nodes_[i].up_bps, .down_bps = nodes_[i].down_bps});
    }
    std::vector<std::vector<Edge>> from(count);
    for (Edge edge : edges_) {
      from[edge.from].push_back(edge);
      if (directed_ || edge.from == edge.to) continue;
      std::swap(edge.from, edge.to);
      from[edge.from].push_back(edge);
    }
    regions.paths.resize(count * count);
    for (std::size_t start = 0; start < count && !wrong_; ++start) shortest_paths(start, from, all, regions.paths);
  }

  // Dijkstra's algorithm.
  void shortest_paths(std::size_t start, const std::vector<std::vector<Edge>>& from,
                      const std::vector<std::string>& all, std::vector<sim::PathParams>& paths) {
    constexpr Duration kUnreached = Duration::max();
    const std::size_t count = nodes_.size();
    std::vector<Duration> distance(count, kUnreached);
    std::vector<double> arrives(count, 1);
    std::vector<Duration> jitter(count);
    using Entry = std::pair<Duration, std::size_t>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
    distance[start] = {};
    open.emplace(Duration{}, start);
    while (!open.empty()) {
      const auto [reached, at] = open.top();
      open.pop();
      if (reached != distance[at]) continue;
      for (const Edge& edge : from[at]) {
        const Duration there = reached + edge.latency;
        if (there >= distance[edge.to]) continue;
        distance[edge.to] = there;
        arrives[edge.to] = arrives[at] * (1 - edge.loss.value());
        jitter[edge.to] = jitter[at] + edge.jitter;
        open.emplace(there, edge.to);
      }
    }
    for (std::size_t end = 0; end < count; ++end) {
      if (distance[end] == kUnreached || distance[end] > link::kMaxDelay) {
        return complain({}, fmt::format("there is no way from {} to {}", cut(all[start]), cut(all[end])));
      }
      paths[start * count + end] = {.delay = distance[end],
                                    .jitter = std::min(jitter[end], distance[end]),
                                    .loss = Probability::of(1 - arrives[end])};
    }
    const auto own = std::ranges::find(from[start], start, &Edge::to);
    if (own != from[start].end()) {
      paths[start * count + start] = {.delay = own->latency, .jitter = own->jitter, .loss = own->loss};
    }
  }

  const std::vector<GmlEntry>& file_;
  bool directed_ = false;
  std::vector<GraphNode> nodes_;
  std::map<std::string, std::size_t, std::less<>> numbers_;
  std::vector<Edge> edges_;
  std::optional<Diagnostic> wrong_;
};

}  // namespace

std::expected<GraphFile, Diagnostic> read_gml_graph(std::string_view text, std::size_t max_regions,
                                                    std::size_t max_routers, std::size_t max_links) {
  std::expected<std::vector<GmlEntry>, Diagnostic> file = parse_gml(text);
  if (!file) return std::unexpected(file.error());
  return GraphReader(*file).read(max_regions, max_routers, max_links);
}

}  // namespace ghostnet::scenarios
